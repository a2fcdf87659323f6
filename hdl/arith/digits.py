"""Digits of an operand, and what an encoding of operands as digits is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from amaranth.hdl import Module, Value

from hdl.params import OperandFormat

__all__ = ["Digit", "Encoding", "wires_of"]


@dataclass(frozen=True)
class Digit:
    """A digit: its magnitude one-hot, and its sign; None where the digit never takes that value.

    A zero digit is never negative.
    """

    one: Value
    two: Value | None
    neg: Value | None

    @property
    def nonzero(self) -> Value:
        """The digit is not zero. Then ``two`` and ``neg`` alone say whether it is 1, -1, 2 or -2."""
        return self.one if self.two is None else self.one | self.two


def wires_of(digits: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """Those of ``one``, ``two`` and ``neg`` that these digits need; ``minus`` is ``one`` and ``neg`` in one wire."""
    taken = {wire for fields in digits for wire in (("one", "neg") if "minus" in fields else fields)}
    return tuple(wire for wire in ("one", "two", "neg") if wire in taken)


class Encoding(ABC):
    """An encoder for operands of one format: a value is the sum of digit i times 2**(digit_bits * i).

    Parameters
    ----------
    operand : OperandFormat

    Attributes
    ----------
    digit_bits : int
        Bits of weight from one digit to the next.
    plain : bool
        The wires of the digits are the operand itself; no recoder is needed.
    fields : sequence of tuple of str
        The wires of each digit, the lowest digit first: ``one``, ``two`` and ``neg`` as in :class:`Digit`, as far as
        the digit takes such values; or ``minus`` alone for a digit that is 0 or -1.
    """

    digit_bits: ClassVar[int]
    plain: bool = False
    fields: Sequence[tuple[str, ...]]

    def __init__(self, operand: OperandFormat) -> None:
        self.operand = operand

    @abstractmethod
    def recode(self, m: Module, value: Value, name: str = "") -> Value:
        """The wires of the digits of ``value``, ``bits`` of them, the lowest digit's first; see :meth:`split`.

        ``name`` tells the operands of one module apart.
        """

    @property
    def digits(self) -> int:
        """Digits of an operand."""
        return len(self.fields)

    @property
    def bits(self) -> int:
        """Wires of all digits."""
        return sum(map(len, self.fields))

    @property
    def wires(self) -> tuple[str, ...]:
        """See :func:`wires_of`."""
        return wires_of(self.fields)

    def split(self, wires: Value) -> list[Digit]:
        """The digits that :meth:`recode` gives, the lowest first."""
        result, place = [], 0
        for fields in self.fields:
            wire = dict(zip(fields, wires[place : place + len(fields)], strict=True))
            if "minus" in wire:
                wire = {"one": wire["minus"], "neg": wire["minus"]}
            result.append(Digit(wire["one"], wire.get("two"), wire.get("neg")))
            place += len(fields)
        return result
