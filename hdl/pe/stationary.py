"""What is common to PEs that hold a weight while rows of A pass by: ports, operands and weights."""

from __future__ import annotations

from amaranth.hdl import Module, Signal, Value
from amaranth.lib.wiring import In, Out

from hdl.lib import roles
from hdl.lib.shared import Part
from hdl.params import EngineParams

__all__ = ["StationaryPE"]


class StationaryPE(Part):
    """A PE with a weight, an operand of B, and a shadow register behind it, into which the next weight is loaded.

    Where operands of A are handed over, ``a``, ``swap`` and ``load`` move through the PE along its row, and each is a
    pair of ports, ``a_in`` and ``a_out``, one step apart; elsewhere they reach all columns at once.

    Parameters
    ----------
    a_bits, b_bits : int
        Wires of an operand of A and of B, as they reach it.
    ports : dict
        Further ports.

    Members
    -------
    en : In(1)
        Advance by one step; otherwise nothing changes.
    a : In(a_bits)
        Operand of A.
    swap : In(1)
        The weight is the shadow register's from the next step on: where A is handed over, with the operand that enters
        now.
    load : In(1)
        The shadow register takes ``b``. With ``swap``, the weight is still the one that it held before.
    b : In(b_bits)
        Operand of B that is being loaded in the column.
    """

    module = "pe"
    role = roles.PE

    def __init__(self, params: EngineParams, a_bits: int, b_bits: int, ports: dict) -> None:
        self.params = params
        self.systolic = params.axes.hands_a_over
        self.a_bits = a_bits
        bits = {"a": a_bits, "swap": 1, "load": 1}
        if self.systolic:
            along = {f"{name}_in": In(width) for name, width in bits.items()}
            along |= {f"{name}_out": Out(width) for name, width in bits.items()}
        else:
            along = {name: In(width) for name, width in bits.items()}
        super().__init__({"en": In(1), **along, "b": In(b_bits), **ports})

    def operands(self, m: Module) -> tuple[Value, Value]:
        """Operand of A and weight of this step."""
        shadow = Signal(len(self.b), reset_less=True)
        weight = Signal(len(self.b), reset_less=True)
        if self.systolic:
            a = Signal(len(self.a_in), name="a", reset_less=True)
            passed = Signal(2, reset_less=True)
            swap, load = self.swap_in, self.load_in
            m.d.comb += [self.a_out.eq(a), self.swap_out.eq(passed[0]), self.load_out.eq(passed[1])]
            with m.If(self.en):
                m.d.sync += [a.eq(self.a_in), passed[0].eq(swap), passed[1].eq(load)]
        else:
            a, swap, load = self.a, self.swap, self.load
        with m.If(self.en & swap):
            m.d.sync += weight.eq(shadow)
        with m.If(self.en & load):
            m.d.sync += shadow.eq(self.b)
        return a, weight
