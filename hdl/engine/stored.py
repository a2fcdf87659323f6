"""What engines share whose digits come plane after plane: operands are stored, and read again for each plane."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from operator import or_

from amaranth.hdl import Cat, Module, Mux, Signal, Value

from hdl.arith.encoding import Recoder
from hdl.engine.body import Body
from hdl.lib.shared import Shared, place
from hdl.params import EngineParams
from hdl.params.sparse import SparseShape
from hdl.sparse.bank import Bank
from hdl.sparse.collector import Collector
from hdl.sparse.loader import Loader
from hdl.sparse.reader import Reader
from hdl.sparse.rotate import Rotate
from hdl.sparse.row import Tag

__all__ = ["Store", "Stored"]


@dataclass(frozen=True)
class Store:
    """What fills the store, and what reads it.

    Parameters
    ----------
    streams : Shared
        The :class:`hdl.engine.pair.Pair` of operand streams.
    loader, reader : Shared
    entries : dict of Signal
        What the reader must know of the banks' lists, by name; driven by the banks.
    """

    streams: Shared
    loader: Shared
    reader: Shared
    entries: dict[str, Signal]


class Stored(Body):
    """An engine with a store in front of the array, and collectors behind it.

    Operands of A, or B, are recoded once, when they come. For every plane the store lists the steps of K in which some
    row, or column, has a digit; only these are read.
    """

    def __init__(self, params: EngineParams) -> None:
        super().__init__(params)
        self.shape = SparseShape(params)
        self.recoder = Recoder(params.encoder, params.recoded)
        self.planes = self.recoder.encoding.digits
        whole = not params.axes.sum.per_weight
        tags = Tag(params.rows, 1 if whole else self.planes, self.shape.step_bits, whole)
        self.collector = Collector(params, tags, self.recoder.encoding.digit_bits)
        self.core = {"pe": params.rows * params.cols, "recode": self.shape.holders * self.shape.lanes}

    def _store(self, m: Module, slot_free: Value) -> Store:
        """Operands on their way into the store and out of it; the reader goes on where ``slot_free``."""
        full = Signal(2)
        take = Signal()
        bits = {**dict.fromkeys(("some", "several", "many"), 2 * self.shape.passes), "third": 1}
        entries = {name: Signal(count, name=name) for name, count in bits.items()}
        streams = self.pair(m, take)
        loader = place(
            m,
            "loader",
            Loader(self.params, self.recoder),
            wanted=self.wanted,
            a_data=self.a_data,
            last=streams.last,
            b_data=self.b_data,
            have=streams.have,
            full=full,
        )
        reader = place(
            m,
            "reader",
            Reader(self.params),
            close=loader.close,
            close_half=loader.half,
            close_last=loader.close_last,
            **entries,
            slot_free=slot_free,
        )
        m.d.comb += [full.eq(reader.full), take.eq(loader.take)]
        return Store(streams, loader, reader, entries)

    def _events(self, m: Module, store: Store, blocked: Value) -> None:
        """What counters see; ``blocked``: a row of results finds no room."""
        take = store.loader.take
        m.d.comb += [
            self.beat.eq(take),
            self.active.eq(take),
            self.starved.eq(store.loader.ready & ~store.streams.have & ~blocked),
            self.blocked.eq(blocked & ~take),
        ]

    def _banks(self, m: Module, store: Store) -> list[list[Shared]]:
        """The banks of the store, by lane."""
        part, loader, reader = Bank(self.params), store.loader, store.reader
        banks = [
            [
                place(
                    m,
                    f"bank{lane}_{bank}",
                    part,
                    write=loader.write & loader.bank[bank],
                    half=loader.half,
                    word=loader.word,
                    digits=loader.digits.word_select(lane, len(loader.digits) // self.shape.lanes),
                    operands=loader.operands.word_select(lane, len(loader.operands) // self.shape.lanes),
                    occupied=loader.occupied.word_select(lane, self.shape.passes),
                    start=reader.start,
                    issue=reader.issue,
                    read_half=reader.half,
                    plane=reader.plane,
                    entry=reader.entry,
                    free=reader.free,
                    free_half=reader.half,
                )
                for bank in range(self.shape.group)
            ]
            for lane in range(self.shape.lanes)
        ]
        every = [bank for lane in banks for bank in lane]
        for name, entry in store.entries.items():
            domain = m.d.comb if name == "third" else m.d.sync  # a list is complete long before it is begun
            domain += entry.eq(reduce(or_, (getattr(bank, name) for bank in every)))
        return banks

    def _rotated(self, m: Module, banks: list[list[Shared]], by: Value) -> tuple[Value, Value]:
        """What the banks give: digits and operands, for each lane those of all rows, or columns.

        Those of a row, or column, from all banks stand together.
        """
        shape = self.shape
        digits = [
            Cat(
                bank.digits_out.word_select(digit * shape.holders + i, 3)[field]
                for i in range(shape.holders)
                for field in range(3)
                for digit in range(self.shape.together)
                for bank in lane
            )
            for lane in banks
        ]
        operands = [
            Cat(bank.operands_out.word_select(j, shape.factor.width) for j in range(shape.sharers) for bank in lane)
            for lane in banks
        ]
        if not len(by):
            return Cat(digits), Cat(operands)
        rotated = [
            place(m, f"rotate_{name}", Rotate(self.shape.lanes, self.shape.turns, len(words[0])), by=by, i=Cat(words)).o
            for name, words in (("digits", digits), ("operands", operands))
        ]
        return rotated[0], rotated[1]

    def _part(self, words: Value, count: int, number: int) -> Value:
        """Part ``number`` of ``count`` of each lane's words."""
        size = len(words) // self.shape.lanes // count
        return Cat(words.word_select(lane * count + number, size) for lane in range(self.shape.lanes))

    def _collect(self, m: Module, tag: Value, sums: Value, output: Shared) -> None:
        """Results, one column after the other, from sums of planes and what they are."""
        collector = self.collector
        results = []
        for j in range(self.params.cols):
            acc = sums.word_select(j, collector.plane.acc_bits)
            column = place(m, f"collector{j}", collector, acc=acc, tag=tag, read=output.read)
            if self.params.axes.hands_a_over:
                tag = column.tag_out
            results.append(Mux(output.zero, 0, column.result))
        m.d.comb += [
            self.row_data.eq(Cat(results)),
            self.row_valid.eq(output.valid),
            self.row_last.eq(output.last),
        ]
