"""The way of operands into the store: recoded once, and listed by the planes in which they have digits."""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib.wiring import In, Out

from hdl.arith.encoding import Recoder
from hdl.lib import roles
from hdl.lib.delay import register
from hdl.lib.shared import Part, place
from hdl.params import Dataflow, EngineParams
from hdl.params.sparse import SparseShape

__all__ = ["Loader"]


class Loader(Part):
    """Takes beats of operands, recodes A or B, and says where in the store they go.

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
    digits : Out
        What banks keep: for each lane, for each plane, for each row, or column, three bits: not zero, +-2, negative.
    operands : Out
        What digits are multiplied by: for each lane the operands of all columns, or rows.
    occupied : Out
        For each lane, for each plane, or for all planes together: some digit is not zero.
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
        super().__init__(
            {
                **{name: In(1) for name in ("wanted", "last", "have")},
                "a_data": In(flow.a.payload_bits),
                "b_data": In(flow.b.payload_bits),
                "full": In(2),
                **{name: Out(1) for name in ("take", "ready", "write", "half", "close", "close_last")},
                "bank": Out(shape.group),
                "word": Out((shape.words - 1).bit_length()),
                "digits": Out(shape.lanes * recoder.encoding.digits * shape.holders * 3),
                "operands": Out(shape.lanes * shape.sharers * shape.factor.width),
                "occupied": Out(shape.lanes * shape.passes),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        shape = self.shape
        recoded, others = (self.b_data, self.a_data) if self.params.recodes_b else (self.a_data, self.b_data)
        half = Signal(name="filling")
        step = Signal(range(max(shape.beats, 2)))
        full = Signal(name="filling_full")
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
        digits, occupied = self._digits(m, recoded)
        operands = [
            others.word_select(j * shape.lanes + lane, shape.factor.width)
            for lane in range(shape.lanes)
            for j in range(shape.sharers)
        ]
        m.d.sync += [self.write.eq(self.take), self.close.eq(self.take & closing)]
        # What these say of a beat that isn't taken is not looked at.
        beat = {"half": half, "bank": one_hot, "word": step[banks:], "close_last": self.last}
        beat |= {"operands": Cat(operands), "occupied": Cat(occupied)}
        for name, value in beat.items():
            m.d.comb += getattr(self, name).eq(register(m, f"{name}_register", value))
        m.d.comb += self.digits.eq(self._codes(register(m, "digits_register", digits)))
        return m

    def _codes(self, digits: Value) -> Value:
        """What banks keep of the wires of a beat's digits."""
        encoding, holders = self.recoder.encoding, self.shape.holders
        each = [encoding.split(digits.word_select(i, encoding.bits)) for i in range(self.shape.lanes * holders)]
        return Cat(
            bit
            for lane in range(self.shape.lanes)
            for plane in zip(*each[lane * holders : (lane + 1) * holders], strict=True)
            for digit in plane
            for bit in (digit.nonzero, *(Const(0, 1) if wire is None else wire for wire in (digit.two, digit.neg)))
        )

    def _digits(self, m: Module, recoded: Value) -> tuple[Value, list[Value]]:
        """The wires of a beat's digits, for each lane, for each row, or column; and ``occupied``, in its order."""
        lanes, encoding = self.shape.lanes, self.recoder.encoding
        wires, occupied = [], []
        for lane in range(lanes):
            rows = []
            for i in range(self.shape.holders):
                value = recoded.word_select(i * lanes + lane, self.params.recoded.width)
                rows.append(place(m, f"recode{i}_{lane}", self.recoder, value=value).digits)
            wires += rows
            planes = zip(*map(encoding.split, rows), strict=True)
            occupied += [Cat(digit.nonzero for digit in plane).any() for plane in planes]
        together = self.shape.together
        if together == 1:
            return Cat(wires), occupied
        return Cat(wires), [Cat(occupied[i : i + together]).any() for i in range(0, len(occupied), together)]
