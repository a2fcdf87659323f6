"""OPT4C and OPT4E: a PE takes digits that are not zero, selected for the whole row (Wu et al., HPCA 2025)."""

from __future__ import annotations

from collections.abc import Sequence

from amaranth.hdl import Cat, Module, Mux, Signal, Value
from amaranth.lib.wiring import In, Out

from hdl.lib import roles
from hdl.lib.shared import Part
from hdl.params import EngineParams
from hdl.params.sparse import SparseShape
from hdl.sparse.plane import PlaneSum, Term

__all__ = ["Opt4PE", "Pick"]


class Pick:
    """A step of a row: for each lane a digit that is not zero, or none, and where its operand of B is.

    Parameters
    ----------
    shape : SparseShape
    word : Value
        ``bits(shape)`` bits, see :meth:`join`.

    Attributes
    ----------
    step, clear : Value
        There is something to do: a digit, or new sums begin.
    action : Value
        What a PE must know once it has the operands: ``step``, ``clear``, ``two`` and ``neg`` of each lane.
    valid, index : list of Value
        For each lane: it has a digit; the place of its operand.
    """

    def __init__(self, shape: SparseShape, word: Value) -> None:
        lanes = shape.lanes
        self.step, self.clear = word[0], word[1]
        self.action = word[: self.action_bits(shape)]
        rest = word[self.action_bits(shape) :]
        self.valid = [rest[lane] for lane in range(lanes)]
        self.index = [rest[lanes:].word_select(lane, shape.index_bits) for lane in range(lanes)]

    @staticmethod
    def join(clear: Value, valid: list[Value], two: list[Value], neg: list[Value], index: list[Value]) -> Value:
        """The word of a step."""
        return Pick.pack(clear | Cat(valid).any(), clear, two, neg, valid, index)

    @staticmethod
    def pack(
        step: Value, clear: Value, two: list[Value], neg: list[Value], valid: list[Value], index: list[Value]
    ) -> Value:
        """The word of these fields."""
        codes = [bit for pair in zip(two, neg, strict=True) for bit in pair]
        return Cat(step, clear, *codes, *valid, *index)

    @staticmethod
    def action_bits(shape: SparseShape) -> int:
        """Bits of ``action``."""
        return 2 + 2 * shape.lanes

    @staticmethod
    def bits(shape: SparseShape) -> int:
        """Bits of a step."""
        return Pick.action_bits(shape) + shape.lanes * (1 + shape.index_bits)

    @staticmethod
    def terms(action: Value, operands: Sequence[Value]) -> list[Term]:
        """What each lane adds, with its operand: zero where it has no digit."""
        codes = action[2:]
        return [Term(codes[2 * lane], codes[2 * lane + 1], b) for lane, b in enumerate(operands)]


class Opt4PE(Part):
    """Multiply the operand of each lane by a digit in {-2, -1, 1, 2} and add the products to the sum of a plane.

    OPT4C has one lane; OPT4E has four, which share one accumulator. The map from digits to products has no zero: a lane
    without a digit takes zero as its operand. The sum is that of ``acc``'s bits in their columns (see
    :class:`hdl.sparse.plane.PlaneSum`), minus ``excess`` for every step since (and with) ``clear``.

    Members
    -------
    load, valid : In(1), In(lanes)
        Take the operands ``b_in`` for the next step, of these lanes; zero for the others.
    b_in : In(lanes * operand.width)
    action : In
        What to do with the operands taken, see :class:`Pick`. While its ``clear`` is high, ``acc`` holds a finished
        sum.
    pick_in, pick_out : In, Out
        Instead of ``load``, ``valid`` and ``action`` in a systolic array: the step whose operands ``b_in`` holds, and,
        one cycle later, what this PE does and the next one takes. ``clear`` : Out(1) is that of ``action``.
    acc : Out(acc_bits)
    """

    module = "pe"
    role = roles.PE

    def __init__(self, params: EngineParams) -> None:
        self.params = params
        self.shape = SparseShape(params)
        self.plane = PlaneSum(params)
        self.systolic = params.axes.hands_a_over
        bits, lanes = Pick.bits(self.shape), self.shape.lanes
        picks = (
            {"pick_in": In(bits), "pick_out": Out(bits), "clear": Out(1)}
            if self.systolic
            else {"load": In(1), "valid": In(lanes), "action": In(Pick.action_bits(self.shape))}
        )
        super().__init__({**picks, "b_in": In(lanes * self.shape.operand.width), "acc": Out(self.plane.acc_bits)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        if self.systolic:
            word = Signal(len(self.pick_in), name="pick", reset_less=True)
            m.d.sync += word.eq(self.pick_in)
            m.d.comb += [self.pick_out.eq(word), self.clear.eq(word[1])]
            now = Pick(self.shape, self.pick_in)
            load, valid, action = now.step, now.valid, Pick(self.shape, word).action
        else:
            load, valid, action = self.load, list(self.valid), self.action
        operands: list[Value] = []
        for lane, there in enumerate(valid):
            b = Signal(self.shape.operand.width, name=f"b{lane}", reset_less=True)
            with m.If(load):
                m.d.sync += b.eq(Mux(there, self.b_in.word_select(lane, len(b)), 0))
            operands.append(b)
        m.d.comb += self.acc.eq(self.plane.add(m, action[0], action[1], Pick.terms(action, operands)))
        return m
