"""When a channel owes refreshes."""

from __future__ import annotations

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib.wiring import In, Out

from hdl.lib.shared import Part
from hdl.params.pim import PimParams
from hdl.params.pim.system import MAX_POSTPONED

__all__ = ["URGENT", "Refresh"]

#: Refreshes owed from which on one may cut in anywhere, so that MAX_POSTPONED is never exceeded.
URGENT = MAX_POSTPONED - 1


class Refresh(Part):
    """Counts the refreshes that are due: one every tREFI clocks since reset.

    Members
    -------
    done : In(1)
        A refresh command leaves in this clock.
    due : Out(1)
        At least one refresh is owed.
    urgent : Out(1)
        At least ``URGENT`` are.
    """

    module = "refresh"
    resets = True

    def __init__(self, params: PimParams) -> None:
        self.interval = params.timing.trefi
        super().__init__({"done": In(1), "due": Out(1), "urgent": Out(1)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        if not self.interval:  # never
            m.d.comb += [self.due.eq(0), self.urgent.eq(0)]
            return m
        clock = Signal(range(self.interval))
        owed = Signal(range(MAX_POSTPONED + 1))
        passed = Signal()
        m.d.comb += [passed.eq(clock == self.interval - 1), self.due.eq(owed.any()), self.urgent.eq(owed >= URGENT)]
        m.d.sync += clock.eq(Mux(passed, 0, clock + 1))
        with m.If(passed & ~self.done):
            m.d.sync += owed.eq(owed + 1)
        with m.If(self.done & ~passed):
            m.d.sync += owed.eq(owed - 1)
        return m
