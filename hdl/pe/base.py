"""What all PEs share: their ports, and the registers of their operands."""

from __future__ import annotations

from amaranth.hdl import Module, Signal, Value
from amaranth.lib.wiring import In, Out

from hdl.lib import roles
from hdl.lib.shared import Part
from hdl.params import EngineParams

__all__ = ["ProcessingElement"]


class ProcessingElement(Part):
    """A PE: operands, an accumulator that is begun anew with ``clear``, and the enable.

    In a systolic array operands of A and ``clear`` move through the PE, which holds them in registers; in a 2D matrix
    the row holds them. Operands of B move through the PE in both.

    Members
    -------
    en : In(1)
        Advance by one step; otherwise nothing changes.
    clear_in, clear_out : In(1), Out(1)
        Begin a new sum with this step's product. While ``clear_out`` is high, ``acc`` holds the finished sum.
    a_in, a_out
        Operand of A in the scheme's form, one step from input to output.
    clear, a
        The same without a register, in a 2D matrix. While ``clear`` is high, ``acc`` holds the finished sum.
    b_in, b_out
        Operand of B, in ``b_bits`` wires if not its own, one step from input to output.
    acc : Out(acc_bits)
        The accumulator.
    """

    module = "pe"
    role = roles.PE

    def __init__(self, params: EngineParams, a_bits: int, acc_bits: int, b_bits: int | None = None) -> None:
        self.params = params
        if params.axes.hands_a_over:
            a_ports = {"clear_in": In(1), "clear_out": Out(1), "a_in": In(a_bits), "a_out": Out(a_bits)}
        else:
            a_ports = {"clear": In(1), "a": In(a_bits)}
        b_bits = b_bits or params.b.width
        super().__init__({"en": In(1), **a_ports, "b_in": In(b_bits), "b_out": Out(b_bits), "acc": Out(acc_bits)})

    def operands(self, m: Module) -> tuple[Value, Value, Value]:
        """``a``, ``b`` and ``clear`` of this step."""
        b = Signal(len(self.b_in), name="b", reset_less=True)
        m.d.comb += self.b_out.eq(b)
        with m.If(self.en):
            m.d.sync += b.eq(self.b_in)
        if not self.params.axes.hands_a_over:
            return self.a, b, self.clear
        a = Signal(len(self.a_in), name="a", reset_less=True)
        clear = Signal(name="clear", reset_less=True)
        m.d.comb += [self.a_out.eq(a), self.clear_out.eq(clear)]
        with m.If(self.en):
            m.d.sync += [a.eq(self.a_in), clear.eq(self.clear_in)]
        return a, b, clear
