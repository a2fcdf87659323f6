"""The encoders by name, and how many digits an operand has under each."""

from __future__ import annotations

from hdl.params.formats import OperandFormat

__all__ = ["CAPTIONS", "DIGIT_BITS", "ENCODERS", "digit_count"]

#: Bits of weight from one digit to the next.
DIGIT_BITS = {"booth": 2, "ent": 2, "naf": 2, "bit_serial": 1, "sign_magnitude": 1}
ENCODERS = tuple(DIGIT_BITS)
#: What a drawing calls them.
CAPTIONS = {"booth": "Booth", "ent": "EN-T", "naf": "NAF", "bit_serial": "bits", "sign_magnitude": "magnitude"}


def digit_count(encoder: str, operand: OperandFormat) -> int:
    """Digits that hold every value of a format: an unsigned one may need a digit more for its carry."""
    if DIGIT_BITS[encoder] == 1:
        return operand.width
    return -(-operand.width // 2) if operand.signed else operand.width // 2 + 1
