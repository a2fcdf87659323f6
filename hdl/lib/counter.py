"""Wide counters that are as fast as narrow ones."""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Module, Signal
from amaranth.lib.wiring import In, Out

from hdl.lib import roles
from hdl.lib.shared import Part

__all__ = ["Counter"]


class Counter(Part):
    """Count up from 0, or down from any number: ``value`` is right in every cycle, and no carry runs through more than
    ``PART`` bits.

    Each part of the number has a register that says whether the next step passes it on, so that a part is clocked only
    where it changes.

    Parameters
    ----------
    bits : int
    down : bool
        It counts down; otherwise up.

    Members
    -------
    step : In(1)
        Count, modulo 2**bits.
    set : In(1)
        The value becomes 0 instead; where it counts down, ``to`` : In(bits). It is 0 after reset.
    value : Out(bits)
        One cycle later.
    """

    role = roles.JOBS
    sized = True
    resets = True

    #: Bits of a part.
    PART = 8

    def __init__(self, bits: int, *, down: bool = False) -> None:
        self.bits, self.down = bits, down
        self.module = f"count_{'down' if down else 'up'}_{bits}"
        to = {"to": In(bits)} if down else {}
        super().__init__({"step": In(1), "set": In(1), **to, "value": Out(bits)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        moves, parts = self.step, []
        for first in range(0, self.bits, self.PART):
            bits = min(self.PART, self.bits - first)
            to = self.to[first : first + bits] if self.down else Const(0, bits)
            by, last = (-1, 0) if self.down else (1, (1 << bits) - 1)
            part = Signal(bits, name=f"part{first}")
            passes = Signal(name=f"passes{first}", init=last == 0)  # the part is at its end
            with m.If(self.set):
                m.d.sync += [part.eq(to), passes.eq(to == Const(last, bits))]
            with m.Elif(moves):
                m.d.sync += [part.eq(part + by), passes.eq(part == Const(last - by, bits))]
            parts.append(part)
            moves = moves & passes
        m.d.comb += self.value.eq(Cat(parts))
        return m
