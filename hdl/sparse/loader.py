"""The way of operands into the store: recoded once, and listed by the planes in which they have digits."""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib.wiring import In, Out

from hdl.arith.encoding import Recoder
from hdl.lib import roles
from hdl.lib.shared import Part, place
from hdl.params import Dataflow, EngineParams
from hdl.params.sparse import SparseShape

__all__ = ["Loader"]


class Loader(Part):
    """Takes beats of operands, recodes A, and says where in the store they go.

    The store has two halves, of a segment each: one is filled while the other is worked off.

    Members
    -------
    wanted, a_data, b_data, take
        Beats, as of :class:`hdl.engine.body.Body`.
    have, last : In(1)
        One waits on both streams; it is the last of its tile.
    ready : Out(1)
        A beat would be taken.
    full : In(2)
        The halves that are not yet worked off.
    write : Out(1)
        A beat goes into half ``half``, bank ``bank`` of each lane, word ``word``; one cycle after it was taken.
    a : Out
        Its digits: for each lane, for each plane, for each row three bits: not zero, +-2, negative.
    b : Out
        Its operands of B, for each lane those of all columns.
    occupied : Out
        For each lane, for each plane, or for all planes together: some row's digit is not zero.
    close, close_last : Out(1)
        It is the segment's last beat, the tile's last beat.
    """

    module = "loader"
    role = roles.SPARSE
    resets = True

    def __init__(self, params: EngineParams, recoder: Recoder) -> None:
        self.params = params
        self.recoder = recoder
        self.shape = shape = SparseShape(params)
        self.flow = flow = Dataflow(params)
        planes = recoder.encoding.digits
        super().__init__(
            {
                **{name: In(1) for name in ("wanted", "last", "have")},
                "a_data": In(flow.a.payload_bits),
                "b_data": In(flow.b.payload_bits),
                "full": In(2),
                **{name: Out(1) for name in ("take", "ready", "write", "half", "close", "close_last")},
                "bank": Out(shape.group),
                "word": Out((shape.words - 1).bit_length()),
                "a": Out(shape.lanes * planes * params.rows * 3),
                "b": Out(flow.b.payload_bits),
                "occupied": Out(shape.lanes * shape.passes),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        shape, params = self.shape, self.params
        half = Signal()
        step = Signal(range(max(shape.beats, 2)))
        full = Signal()
        closing = Signal()
        m.d.comb += [
            full.eq(Mux(half, self.full[1], self.full[0])),
            self.ready.eq(self.wanted & ~full),
            self.take.eq(self.ready & self.have),
            closing.eq(self.last | (step == shape.beats - 1)),
        ]
        with m.If(self.take):
            m.d.sync += [step.eq(Mux(closing, 0, step + 1)), half.eq(half ^ closing)]
        banks = (shape.group - 1).bit_length()
        one_hot = Cat(step[:banks] == i for i in range(shape.group)) if banks else Const(1, 1)
        digits, occupied = self._digits(m)
        columns = [
            self.b_data.word_select(j * shape.lanes + lane, params.b.width)
            for lane in range(shape.lanes)
            for j in range(params.cols)
        ]
        m.d.sync += [
            self.write.eq(self.take),
            self.half.eq(half),
            self.bank.eq(one_hot),
            self.word.eq(step[banks:]),
            self.close.eq(self.take & closing),
            self.close_last.eq(self.last),
        ]
        with m.If(self.take):
            m.d.sync += [self.a.eq(digits), self.b.eq(Cat(columns)), self.occupied.eq(Cat(occupied))]
        return m

    def _digits(self, m: Module) -> tuple[Value, list[Value]]:
        """The digits of a beat, in the order of ``a``; and where some row's is not zero, in that of ``occupied``."""
        params, lanes = self.params, self.shape.lanes
        codes: dict[tuple[int, int], list[Value]] = {}  # (lane, plane) -> bits of all rows
        for i in range(params.rows):
            for lane in range(lanes):
                value = self.a_data.word_select(i * lanes + lane, params.a.width)
                wires = place(m, f"recode{i}_{lane}", self.recoder, value=value).digits
                for plane, digit in enumerate(self.recoder.encoding.split(wires)):
                    bits = [digit.nonzero, *(Const(0, 1) if bit is None else bit for bit in (digit.two, digit.neg))]
                    codes.setdefault((lane, plane), []).extend(bits)
        digits = Cat(bit for key in sorted(codes) for bit in codes[key])
        occupied = [Cat(codes[key][0::3]).any() for key in sorted(codes)]
        together = self.shape.together
        if together == 1:
            return digits, occupied
        return digits, [Cat(occupied[i : i + together]).any() for i in range(0, len(occupied), together)]
