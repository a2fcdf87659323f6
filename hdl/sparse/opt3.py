"""A PE that selects the digits that are not zero by itself, as in OPT3 (Wu et al., HPCA 2025)."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib.wiring import In, Out

from hdl.lib import roles
from hdl.lib.shared import Part
from hdl.params import EngineParams
from hdl.params.sparse import SparseShape
from hdl.sparse.opt4 import Pick
from hdl.sparse.picker import Picks
from hdl.sparse.plane import PlaneSum

__all__ = ["Opt3PE"]


class Opt3PE(Part):
    """Take groups of digits of equal weight, one a lane, and add in each cycle the next digit of each that is not zero.

    Its pipeline: digits of the groups; selected digits and the places of their operands, which the row looks up;
    operands and digits; sum. For the sum see :class:`hdl.sparse.plane.PlaneSum`.

    Members
    -------
    load_in : In
        Bits: ``clear`` (it goes through the pipeline behind the digits before it); for each lane ``load`` and a group
        of digits (see :class:`hdl.sparse.picker.Picker`); and, a cycle later than those, for each lane ``load`` again
        and a slot in the window.
    load_out : Out
        In a systolic array: the same for the next PE, one step later.
    picks : Out(1), last : Out(lanes)
        A digit is being selected; in a lane, none is left after it.
    step, valid : Out(1)
        The selected digits add to the sum, or ``clear`` begins a new one; there is a selected digit.
    index : Out
        The place of each lane's selected digit's operand.
    b_in : In(lanes * operand.width)
        Those operands, in the same cycle.
    clear, acc : Out
        While ``clear`` is high, ``acc`` holds a finished sum.
    """

    module = "pe"
    role = roles.PE
    resets = True

    def __init__(self, params: EngineParams) -> None:
        self.params = params
        self.shape = shape = SparseShape(params)
        self.plane = PlaneSum(params)
        self.systolic = params.axes.hands_a_over
        bits = self.load_bits(shape)
        super().__init__(
            {
                "load_in": In(bits),
                **({"load_out": Out(bits)} if self.systolic else {}),
                **{name: Out(1) for name in ("picks", "step", "valid", "clear")},
                "last": Out(shape.lanes),
                "index": Out(shape.lanes * shape.index_bits),
                "b_in": In(shape.lanes * shape.operand.width),
                "acc": Out(self.plane.acc_bits),
            }
        )

    @staticmethod
    def load_bits(shape: SparseShape) -> int:
        """Bits of ``load_in``."""
        return 1 + shape.lanes * (2 + 3 * shape.group_digits + shape.shared_bits)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        lanes = range(self.shape.lanes)
        end = 1 + len(lanes) * (1 + 3 * self.shape.group_digits)
        clear = self.load_in[0]
        groups = [self.load_in[1:end].word_select(lane, 1 + 3 * self.shape.group_digits) for lane in lanes]
        slots = [self.load_in[end:].word_select(lane, 1 + self.shape.shared_bits) for lane in lanes]
        if self.systolic:
            passed = Signal(len(self.load_in))
            m.d.sync += passed.eq(self.load_in)
            m.d.comb += self.load_out.eq(passed)
        picks = [Picks(m, self.shape, group[0], group[1:]) for group in groups]
        there = Cat(pick.valid for pick in picks)
        # The selected digits and their groups' slots.
        begins = Signal(2)
        valid = Signal(len(lanes))
        codes = Signal(2 * len(lanes), reset_less=True)
        index = []
        for lane, (pick, slot) in enumerate(zip(picks, slots, strict=True)):
            digit = Signal(len(pick.digit), name=f"digit{lane}", reset_less=True)
            place = Signal(self.shape.shared_bits, name=f"place{lane}", reset_less=True)
            m.d.sync += digit.eq(pick.digit)
            with m.If(slot[0]):
                m.d.sync += place.eq(slot[1:])
            index.append(pick.place(digit, place))
        selected = Pick.pack(begins[0], begins[1], list(codes[0::2]), list(codes[1::2]), list(valid), index)
        action = Signal(Pick.action_bits(self.shape), reset_less=True)
        now = Pick(self.shape, selected)
        m.d.sync += [
            begins.eq(Cat(clear | there.any(), clear)),
            valid.eq(there),
            codes.eq(Cat(bit for pick in picks for bit in (pick.two, pick.neg))),
            action.eq(now.action),
        ]
        operands = []
        for lane in lanes:
            b = Signal(self.shape.operand.width, name=f"b{lane}", reset_less=True)
            m.d.sync += b.eq(Mux(now.valid[lane], self.b_in.word_select(lane, len(b)), 0))
            operands.append(b)
        m.d.comb += [
            self.last.eq(Cat(pick.last for pick in picks)),
            self.step.eq(now.step),
            self.valid.eq(Cat(now.valid).any()),
            self.picks.eq(there.any()),
            self.index.eq(Cat(now.index)),
            self.clear.eq(action[1]),
            self.acc.eq(self.plane.add(m, action[0], action[1], Pick.terms(action, operands))),
        ]
        return m
