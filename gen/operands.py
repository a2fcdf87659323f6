"""The operands that figures rest on where they depend on operands: those of `explain`, throughput and power alike."""

from __future__ import annotations

from hdl.params.formats import OperandFormat

__all__ = ["USUAL_SIGMA", "operands_in_words", "usual_sigma"]

#: Standard deviation of operands of eight signed bits where none is given.
USUAL_SIGMA = 20.0


def usual_sigma(operand: OperandFormat) -> float:
    """The standard deviation of operands A where none is given: `USUAL_SIGMA` in proportion to the range."""
    return USUAL_SIGMA * (operand.max + 1) / 128


def operands_in_words(sigma: float) -> str:
    """What is said of a figure that rests on operands with this standard deviation of A."""
    return f"normal operands (sigma {sigma:g} of A, of B in proportion to its range)"
