"""What PEs share: how their operands arrive."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Module, Signal, Value
from amaranth.lib.wiring import In, Out

from hdl.lib import roles
from hdl.lib.shared import Part
from hdl.params import EngineParams
from hdl.params.axes import Travel

__all__ = ["ProcessingElement", "Traveller"]


class Traveller(Part):
    """A part that operands reach, each in one of two ways.

    One that is handed over moves through the part, which holds it in a register: ``a_in``, and one step later
    ``a_out``. One that is broadcast comes from a register at the edge of the array: ``a``. Flags that accompany
    an operand do as it does.

    Parameters
    ----------
    params : EngineParams
    a, b : dict
        Name and bits of operand, or flag, of A and of B.
    ports : dict
        Further ports.
    """

    def __init__(self, params: EngineParams, a: dict[str, int], b: dict[str, int], ports: dict[str, Any]) -> None:
        self.params = params
        self.handed: dict[str, int] = {}
        along: dict[str, Any] = {}
        for travel, bits in ((params.axes.a, a), (params.axes.b, b)):
            for name, width in bits.items():
                if travel is Travel.HAND_OVER:
                    self.handed[name] = width
                    along |= {f"{name}_in": In(width), f"{name}_out": Out(width)}
                else:
                    along[name] = In(width)
        super().__init__({"en": In(1), **along, **ports})

    def operand(self, name: str) -> Value:
        """The port through which an operand, or flag, comes."""
        return getattr(self, f"{name}_in" if name in self.handed else name)

    def arrived(self, m: Module, *names: str) -> list[Value]:
        """Operands, or flags, as they are in this step."""
        values = []
        for name in names:
            if name not in self.handed:
                values.append(self.operand(name))
                continue
            register = Signal(self.handed[name], name=name, reset_less=True)
            m.d.comb += getattr(self, f"{name}_out").eq(register)
            with m.If(self.en):
                m.d.sync += register.eq(self.operand(name))
            values.append(register)
        return values


class ProcessingElement(Traveller):
    """What gives a sum: operands, an accumulator that is begun anew with ``clear``, and the enable.

    ``a`` and ``clear`` travel as operands of A do, ``b`` as those of B: see :class:`Traveller`.

    Members
    -------
    en : In(1)
        Advance by one step; otherwise nothing changes.
    clear, or clear_in and clear_out
        Begin a new sum with this step's products, or with those that enter. While ``clear``, or ``clear_out``, is high,
        ``acc`` holds the finished sum.
    a, or a_in and a_out : a_bits
        Operands of A, as the PE takes them.
    b, or b_in and b_out : b_bits
        Operands of B.
    acc : Out(acc_bits)
        The accumulator.

    Attributes
    ----------
    columns : tuple of int
        The column of each bit of ``acc``.
    excess : int
        What each step adds to a sum beyond its products.
    steps : int
        From the entry of operands to the sum that they complete: their registers, and the accumulator.
    finish : int
        Steps of the final addition, outside of the PE, that makes a number of ``acc``.
    gates : bool
        ``acc`` is zero where it is no finished sum.
    ahead : int
        Steps by which ``clear`` comes earlier than that: it has registers in the PE where one of the row would be slow,
        as it has a long way to every PE and much in each that depends on it.
    """

    module = "pe"
    role = roles.PE
    columns: tuple[int, ...]
    excess: int
    steps = 2
    finish = 2
    gates = False
    ahead = 0

    def __init__(self, params: EngineParams, a_bits: int, b_bits: int, acc_bits: int) -> None:
        super().__init__(params, {"clear": 1, "a": a_bits}, {"b": b_bits}, {"acc": Out(acc_bits)})

    def operands(self, m: Module) -> tuple[Value, Value, Value]:
        """``a``, ``b`` and ``clear`` of this step."""
        b, a, clear = self.arrived(m, "b", "a", "clear")
        return a, b, clear
