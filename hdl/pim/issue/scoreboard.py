"""The scoreboard: which SRAM words instructions at work still read or write."""

from __future__ import annotations

from amaranth.hdl import Array, Cat, Module, Signal, Value
from amaranth.lib.wiring import In, Out

from hdl.lib.shared import Part
from hdl.pim.channel.feeder import ADDRESS_BITS

__all__ = ["BOUNDS", "SOURCES", "Scoreboard"]

#: Ranges of a vector instruction.
SOURCES = ("a", "b", "beta", "d")
#: A range of SRAM words: its first one, and the first one past it.
BOUNDS = {"first": ADDRESS_BITS, "past": ADDRESS_BITS + 1}
#: Jobs that feeder and collector have at most: one at work, two waiting, one about to be reported.
JOBS = 4


class Scoreboard(Part):
    """Says whether a range of SRAM words is in the way of what is going on.

    A read must wait for writes to the same words, a write for reads and writes. What the collector writes need not wait
    for what it writes before, as it keeps the order.

    Members
    -------
    first, past : In, write, collects : In(1), conflict : Out(1)
        A range in question; it is to be written, by the collector.
    feed, collect, move : In(1)
        A job of the feeder, the collector or the data mover begins, with range ``job_first`` and ``job_past``;
        ``move_writes`` says which way. The first two end, in their order, with ``feed_done`` and ``collect_done``; the
        mover is at work while ``moving``.
    vector : In(1), vector_slot : In, vector_has : In, {source}_first, {source}_past
        A vector instruction begins, by its number, with the ranges (``SOURCES``) that it has; at work while its bit of
        ``calculating`` is high. Of ``late`` ones, ``vector_late`` : In(1), range b is a result, too.
    """

    module = "scoreboard"
    resets = True

    def __init__(self, contexts: int, late: bool = False) -> None:
        self.contexts, self.late = contexts, late
        flags = ("write", "collects", "feed", "collect", "move", "move_writes", "feed_done", "collect_done", "moving")
        owners = ("", "job_", *(f"{source}_" for source in SOURCES))
        super().__init__(
            {
                **{name: In(1) for name in (*flags, "vector")},
                **{f"{owner}{end}": In(width) for owner in owners for end, width in BOUNDS.items()},
                "vector_has": In(len(SOURCES)),
                **({"vector_late": In(1)} if late else {}),
                "vector_slot": In(range(contexts)),
                "calculating": In(contexts),
                "conflict": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        reads = self._jobs(m, "feed")
        collected = Cat(*self._jobs(m, "collect")).any() & ~(self.write & self.collects)
        writes = [collected]
        moved = self._latch(m, "move", self.move, self.job_first, self.job_past)
        direction = Signal()
        with m.If(self.move):
            m.d.sync += direction.eq(self.move_writes)
        reads.append(moved & self.moving & ~direction)
        writes.append(moved & self.moving & direction)
        for slot in range(self.contexts):
            begins, has = self.vector & (self.vector_slot == slot), Signal(len(SOURCES), name=f"has{slot}")
            with m.If(begins):
                m.d.sync += has.eq(self.vector_has)
            for i, name in enumerate(SOURCES):
                first, past = getattr(self, f"{name}_first"), getattr(self, f"{name}_past")
                meets = self._latch(m, f"{name}{slot}", begins, first, past) & self.calculating[slot] & has[i]
                (writes if name == "d" else reads).append(meets)
                if name == "b" and self.late:
                    result = Signal(name=f"late{slot}")
                    with m.If(begins):
                        m.d.sync += result.eq(self.vector_late)
                    writes.append(meets & result)
        m.d.comb += self.conflict.eq(Cat(*writes).any() | (self.write & Cat(*reads).any()))
        return m

    def _latch(self, m: Module, name: str, begin: Value, first: Value, past: Value) -> Value:
        """Keep a range; the result says whether it meets the one in question."""
        kept_first, kept_past = (Signal(width, name=f"{name}_{end}") for end, width in BOUNDS.items())
        with m.If(begin):
            m.d.sync += [kept_first.eq(first), kept_past.eq(past)]
        return (self.first < kept_past) & (kept_first < self.past)

    def _jobs(self, m: Module, name: str) -> list[Value]:
        """A ring of ranges."""
        begin, done = getattr(self, name), getattr(self, f"{name}_done")
        valid = Signal(JOBS, name=f"{name}_valid")
        newest, oldest = Signal(range(JOBS), name=f"{name}_newest"), Signal(range(JOBS), name=f"{name}_oldest")
        with m.If(done):
            m.d.sync += [Array(valid)[oldest].eq(0), oldest.eq(oldest + 1)]
        with m.If(begin):
            m.d.sync += [Array(valid)[newest].eq(1), newest.eq(newest + 1)]
        meets = []
        for i in range(JOBS):
            here = begin & (newest == i)
            meets.append(self._latch(m, f"{name}{i}", here, self.job_first, self.job_past) & valid[i])
        return meets
