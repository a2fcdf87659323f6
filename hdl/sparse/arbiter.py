"""Grants of the result buses."""

from __future__ import annotations

from amaranth.hdl import Module, Signal
from amaranth.lib.wiring import In, Out

from hdl.lib import roles
from hdl.lib.shared import Part

__all__ = ["Arbiter"]


class Arbiter(Part):
    """Grants one request a cycle, the lowest row's first.

    No row waits forever: the window soon stops the others.

    Members
    -------
    request : In(rows)
        Stays until it is granted.
    grant : Out(rows)
        One row, in the next cycle.
    """

    module = "arbiter"
    role = roles.SPARSE
    resets = True

    def __init__(self, rows: int) -> None:
        self.rows = rows
        super().__init__({"request": In(rows), "grant": Out(rows)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        grant = Signal(self.rows)
        asking = Signal(self.rows)
        m.d.comb += [asking.eq(self.request & ~grant), self.grant.eq(grant)]
        m.d.sync += grant.eq(asking & ~(asking - 1)[: self.rows])
        return m
