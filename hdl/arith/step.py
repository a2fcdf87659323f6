"""The digits of a step where the digits of an operand follow each other in time."""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Module, Value

from hdl.arith.digits import Digit, Encoding
from hdl.params.formats import IntegerFormat, OperandFormat

__all__ = ["StepDigits"]

#: The wires of a digit that may be negative only together with others.
_WIRES = ("one", "two", "neg")


class StepDigits(Encoding):
    """The digits of an operand that are done in one step, ``at_once`` neighbours of them.

    Steps differ in the weight of their digits, and in the values that these take: each has the wires that it needs in
    any step. Digit i counts 2**(digit_bits * i) times the weight of the step.

    Parameters
    ----------
    whole : Encoding
        All digits.
    at_once : int
        A divisor of their number.

    Attributes
    ----------
    steps : int
        In how many steps an operand is done.
    """

    def __init__(self, whole: Encoding, at_once: int) -> None:
        super().__init__(whole.operand)
        self.whole = whole
        self.digit_bits = whole.digit_bits  # type: ignore[misc]
        self.steps = whole.digits // at_once
        if self.steps == 1:
            self.fields = whole.fields
            return
        self.fields = []
        for place in range(at_once):
            taken = {wire for fields in whole.fields[place::at_once] for wire in _wires(fields)}
            self.fields.append(tuple(wire for wire in _WIRES if wire in taken))

    @property
    def step_bits(self) -> int:
        """Bits of weight from one step to the next."""
        return self.digit_bits * len(self.fields)

    def weighted(self, other: OperandFormat) -> IntegerFormat:
        """The format of an operand that is shifted to the weight of any step."""
        return IntegerFormat(other.width + (self.steps - 1) * self.step_bits, other.signed)

    def recode(self, m: Module, value: Value) -> Value:
        raise NotImplementedError("the digits of a step are selected of those of the whole operand")

    def groups(self, wires: Value) -> list[Value]:
        """The wires of each step's digits, the lowest step's first, of those that the whole operand has."""
        if self.steps == 1:
            return [wires]
        digits, count = self.whole.split(wires), len(self.fields)
        return [
            Cat(_wire(digit, name) for fields, digit in zip(self.fields, group, strict=True) for name in fields)
            for group in (digits[first : first + count] for first in range(0, len(digits), count))
        ]


def _wires(fields: tuple[str, ...]) -> tuple[str, ...]:
    return ("one", "neg") if "minus" in fields else fields


def _wire(digit: Digit, name: str) -> Value:
    wire = getattr(digit, name)
    return Const(0, 1) if wire is None else wire
