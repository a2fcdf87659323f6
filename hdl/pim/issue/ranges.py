"""The ranges that an instruction touches: how long they are, whether they exist, and whether they are free."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib.wiring import In, Out

from hdl.lib.shared import Part
from hdl.params.pim import PimParams
from hdl.pim.channel.feeder import ADDRESS_BITS
from hdl.pim.channel.operation import COUNT_BITS
from hdl.pim.issue.decode import LENGTHS, RANGES
from hdl.pim.issue.scoreboard import BOUNDS
from hdl.pim.mover import MOVE_BITS

__all__ = ["Ranges", "has_more"]

#: Of the product of chunks, pitch and slots, or of a count and a stride, and what is added to it.
SPAN_BITS = max(2 * COUNT_BITS, MOVE_BITS) + ADDRESS_BITS + 2
#: Of what several accumulators or vectors add to a range.
MORE_BITS = ADDRESS_BITS + 4


def has_more(params: PimParams) -> bool:
    """Ranges may be longer than their lengths say."""
    return params.accumulators > 1 or params.int8


class Ranges(Part):
    """Walks over the ranges of an instruction, one a clock; a range in SRAM waits until nothing is in its way.

    A range is measured in one clock and looked at in the next: sums and the scoreboard's comparisons share none.

    Members
    -------
    check : In(1)
        Begin; everything else stays as it is until ``done`` : Out(1).
    has, in_place : In, lengths : In
        Which ranges there are (``RANGES``), which of them a result may begin with, and what each one's length is
        (``LENGTHS``, one-hot, side by side).
    multiplies, spreads : In(1)
        A length is a product; namely that of a stride and the highest channel of ``mask``.
    n, value, mask, pitch, a, b, d, imm, row, col, gb, more : In
        Fields of the instruction; ``value`` is the factor of the product, ``gb`` where the range in the global buffer
        begins. With a ``pitch`` every chunk of n counts as that many. Ranges that are not in banks are longer by
        ``more`` words.
    bytes, half, quantises : In(1), where there is int8
        A slot has one byte a unit and begins in the upper ``half`` of a word; the vector d has a byte an element, and
        the range b is a result.
    first, past, write : Out, conflict : In(1), waits : Out(1)
        The present range in SRAM, to the scoreboard; it waits.
    {a,b,beta,d}_first, {a,b,beta,d}_past : Out
        The ranges in SRAM.
    buffers : Out
        Where there are several global buffers, those of the last range in them, a bit for each.
    sram, row_fault, buffer, overlap : Out(1)
        Faults found, valid with ``done``.
    """

    module = "ranges"
    resets = True

    def __init__(self, params: PimParams) -> None:
        self.params = params
        inputs = dict.fromkeys(("value", "a", "b", "d", "imm", "row", "gb"), ADDRESS_BITS)
        faults = ("sram", "row_fault", "buffer", "overlap")
        super().__init__(
            {
                **{name: In(1) for name in ("check", "multiplies", "spreads", "conflict")},
                "has": In(len(RANGES)),
                "in_place": In(len(RANGES)),
                "lengths": In(len(RANGES) * len(LENGTHS)),
                "n": In(MOVE_BITS),
                "mask": In(24),
                "pitch": In(COUNT_BITS),
                **({"more": In(MORE_BITS)} if has_more(params) else {}),
                **({name: In(1) for name in ("bytes", "half", "quantises")} if params.int8 else {}),
                "col": In(8),
                **{name: In(width) for name, width in inputs.items()},
                **{name: Out(1) for name in ("done", "write", "waits", *faults)},
                **{name: Out(width) for name, width in BOUNDS.items()},
                **{f"{name}_{end}": Out(width) for name in RANGES[:4] for end, width in BOUNDS.items()},
                **({"buffers": Out(params.buffers)} if params.buffers > 1 else {}),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        product = Signal(SPAN_BITS)
        term = Signal(SPAN_BITS)
        factor = Signal(ADDRESS_BITS)
        # The ranges that are left, the one that is measured, and the one before it, which is looked at meanwhile.
        todo, measured, present = (Signal(len(RANGES), name=name) for name in ("todo", "measured", "present"))
        left = Signal(len(RANGES))
        walking = Signal()
        steps = Signal()
        words = Signal(COUNT_BITS, reset_less=True)
        m.d.comb += left.eq(Mux(walking, todo, self.has))
        with m.FSM():
            with m.State("idle"), m.If(self.check):
                strided = self.lengths[len(LENGTHS) * RANGES.index("a") + LENGTHS.index("strided")]
                m.d.sync += product.eq(Mux(self.spreads, self.n, Mux(strided, self.params.lanes, 0)))
                m.d.sync += factor.eq(self.value)
                m.d.sync += [self.sram.eq(0), self.row_fault.eq(0), self.buffer.eq(0), self.overlap.eq(0)]
                m.d.sync += term.eq(Mux(self.spreads, self._highest(), Mux(strided, self.n - 1, self.n)))
                m.next = "walk"
                m.d.sync += words.eq(self.n)
                with m.If(self.multiplies):
                    m.next = "multiply"
                with m.If(self.pitch.any()):
                    m.d.sync += term.eq(0)
                    m.next = "chunks"
            with m.State("chunks"):
                m.d.sync += [term.eq(term + self.pitch), words.eq(words - self.params.gb_words)]
                with m.If(words <= self.params.gb_words):
                    m.next = "multiply"
            with m.State("multiply"):
                m.d.sync += [product.eq(product + Mux(factor[0], term, 0)), term.eq(term << 1), factor.eq(factor >> 1)]
                with m.If(~factor.any()):
                    m.next = "walk"
            with m.State("walk"):
                m.d.comb += [walking.eq(1), self.done.eq(~measured.any() & ~present.any())]
                with m.If(self.done):
                    m.next = "idle"
        with m.If(self.check | (walking & steps)):
            lowest = left & (~left + 1)
            m.d.sync += [measured.eq(lowest), todo.eq(left & ~lowest)]
            m.d.sync += present.eq(Mux(walking, measured, 0))
        self._measure(m, measured, product, steps)
        self._look(m, present, steps)
        return m

    def _measure(self, m: Module, measured: Signal, product: Signal, steps: Signal) -> None:
        """Where a range begins and ends, a clock later."""
        self.begin = Signal(24, name="range_begin", reset_less=True)
        self.end = Signal(SPAN_BITS + 1, name="range_end", reset_less=True)
        kind = Signal(len(LENGTHS))
        length = Signal(SPAN_BITS)
        first = Signal(24, name="begins_at")
        column = self.row * self.params.row_cols + self.col
        starts = {"a": self.a, "b": self.b, "beta": self.imm, "d": self.d, "dram": column, "buffer": self.gb}
        packed = measured[RANGES.index("d")] & self.quantises if self.params.int8 else Const(0, 1)
        kinds = [self.lengths[len(LENGTHS) * i :][: len(LENGTHS)] for i in range(len(RANGES))]
        m.d.comb += [
            kind.eq(_any(Mux(measured[i], each, 0) for i, each in enumerate(kinds))),
            first.eq(_any(Mux(measured[RANGES.index(name)], where, 0) for name, where in starts.items())),
            length.eq(_any(Mux(kind[i], value, 0) for i, value in enumerate(self._lengths(product, packed)))),
        ]
        with m.If(steps):
            more = Mux(measured[RANGES.index("dram")], 0, self.more) if has_more(self.params) else 0
            m.d.sync += [self.begin.eq(first), self.end.eq(first + length + more)]

    def _look(self, m: Module, present: Signal, steps: Signal) -> None:
        """Whether a range exists and is free."""
        params, begin, end = self.params, self.begin, self.end
        in_sram = Signal()
        beyond = Signal()
        meets = Signal()
        is_ = {name: present[i] for i, name in enumerate(RANGES)}
        limits = {"dram": params.bank_cols, "buffer": params.buffer_words}
        m.d.comb += [
            in_sram.eq((present[:4]).any()),
            beyond.eq(end > Mux(in_sram, params.sram_words, Mux(is_["dram"], limits["dram"], limits["buffer"]))),
            self.first.eq(begin),
            self.past.eq(end),
            self.write.eq(is_["d"] | (is_["b"] & self.quantises) if params.int8 else is_["d"]),
            meets.eq((self.d_first < end) & (begin < self.d_past) & self.has[0] & in_sram & ~is_["d"]),
            self.waits.eq(in_sram & ~beyond & self.conflict),
            steps.eq(~self.waits),
        ]
        allowed = (present & self.in_place).any() & (self.d_first == begin)
        with m.If(steps):
            for name in RANGES[:4]:
                with m.If(is_[name]):
                    m.d.sync += getattr(self, f"{name}_first").eq(self.first)
                    m.d.sync += getattr(self, f"{name}_past").eq(self.past)
            with m.If(beyond & present.any()):
                m.d.sync += [self.sram.eq(self.sram | in_sram), self.row_fault.eq(self.row_fault | is_["dram"])]
                m.d.sync += self.buffer.eq(self.buffer | is_["buffer"])
            if params.buffers > 1:
                words = [params.gb_words * i for i in range(params.buffers + 1)]
                meet = [(begin < past) & (end > first) for first, past in pairwise(words)]
                with m.If(is_["buffer"]):
                    m.d.sync += self.buffers.eq(Cat(*meet))
            with m.If(meets & ~allowed):
                m.d.sync += self.overlap.eq(1)

    def _lengths(self, product: Value, packed: Value) -> list[Value]:
        """The lengths, in the order of ``LENGTHS``; a product begins with what is added to it."""
        params = self.params
        shift = (params.lanes - 1).bit_length()
        found = {
            "count": self.n,
            "slot": Const(params.slot_words),
            "vector": (self.n + (params.lanes - 1)) >> shift,
            "one": Const(1),
            "slots": self.value * params.slot_words,
            "strided": product >> shift,
            "spread": product,
            "matrix": product,
        }
        if params.int8:
            found["slot"] = Mux(self.bytes, (self.half + (params.slot_words + 1)) >> 1, params.slot_words)
            found["vector"] = Mux(packed, (self.n + (2 * params.lanes - 1)) >> shift + 1, found["vector"])
        return [found[name] for name in LENGTHS]

    def _highest(self) -> Value:
        """The highest channel of the mask."""
        found: Value = Const(0, 5)
        for channel in range(1, self.params.channels):
            found = Mux(self.mask[channel], channel, found)
        return found


def _any(values: Iterable[Value]) -> Value:
    found: Value = Const(0, 1)
    for value in values:
        found = found | value
    return found
