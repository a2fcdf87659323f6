"""OPT3: a PE that selects the digits that are not zero by itself (Wu et al., HPCA 2025)."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib.wiring import In, Out

from hdl.lib import roles
from hdl.lib.shared import Part
from hdl.params import EngineParams
from hdl.params.sparse import SparseShape
from hdl.pe.opt4 import Pick
from hdl.pe.plane import PlaneSum
from hdl.sparse.picker import Picks

__all__ = ["Opt3PE"]


class Opt3PE(Part):
    """Take a group of digits of equal weight, and add one product a cycle: that of the next digit that is not zero.

    Its pipeline: digits of the group; selected digit and the place of its operand, which the row looks up; operand
    and digit; sum. For the sum see :class:`hdl.pe.plane.PlaneSum`.

    Members
    -------
    load_in : In
        Bits: ``clear`` (it goes through the pipeline behind the digits before it), ``load``, group of digits (see
        :class:`hdl.sparse.picker.Picker`); and, a cycle later than those, ``load`` again, slot in the window.
    load_out : Out
        In a systolic array: the same for the next PE, one step later.
    picks, last : Out(1)
        A digit is being selected; none is left after it.
    step, valid : Out(1)
        The selected digit adds to the sum, or ``clear`` begins a new one; there is a selected digit.
    index : Out
        The place of the selected digit's operand.
    b_in : In(b.width)
        That operand, in the same cycle.
    clear, acc : Out
        While ``clear`` is high, ``acc`` holds a finished sum.
    """

    module = "pe"
    role = roles.PE
    resets = True

    def __init__(self, params: EngineParams) -> None:
        self.params = params
        self.shape = SparseShape(params)
        self.plane = PlaneSum(params)
        self.systolic = params.axes.hands_a_over
        bits = self.load_bits(self.shape)
        super().__init__(
            {
                "load_in": In(bits),
                **({"load_out": Out(bits)} if self.systolic else {}),
                **{name: Out(1) for name in ("picks", "last", "step", "valid", "clear")},
                "index": Out(self.shape.index_bits),
                "b_in": In(params.b.width),
                "acc": Out(self.plane.acc_bits),
            }
        )

    @staticmethod
    def load_bits(shape: SparseShape) -> int:
        """Bits of ``load_in``."""
        return 3 + shape.slot_bits + 3 * shape.group

    def elaborate(self, platform: object) -> Module:
        m = Module()
        end = 2 + 3 * self.shape.group
        clear, load, group = self.load_in[0], self.load_in[1], self.load_in[2:end]
        loaded, slot = self.load_in[end], self.load_in[end + 1 :]
        if self.systolic:
            passed = Signal(len(self.load_in))
            m.d.sync += passed.eq(self.load_in)
            m.d.comb += self.load_out.eq(passed)
        picks = Picks(m, self.shape, load, group)
        # The selected digit and its group's slot.
        begins, valid = Signal(2), Signal()
        codes = Signal(2, reset_less=True)
        digit = Signal(len(picks.digit), name="digit", reset_less=True)
        place = Signal(len(slot), reset_less=True)
        with m.If(loaded):
            m.d.sync += place.eq(slot)
        selected = Pick.pack(begins[0], begins[1], [codes[0]], [codes[1]], [valid], [Cat(digit, place)])
        action = Signal(Pick.action_bits(self.shape), reset_less=True)
        b = Signal(self.params.b.width, reset_less=True)
        now = Pick(self.shape, selected)
        m.d.sync += [
            begins.eq(Cat(clear | picks.valid, clear)),
            valid.eq(picks.valid),
            codes.eq(Cat(picks.two, picks.neg)),
            digit.eq(picks.digit),
            action.eq(now.action),
            b.eq(Mux(now.valid[0], self.b_in, 0)),
        ]
        m.d.comb += [
            self.last.eq(picks.last),
            self.step.eq(now.step),
            self.valid.eq(now.valid[0]),
            self.picks.eq(picks.valid),
            self.index.eq(now.index[0]),
            self.clear.eq(action[1]),
            self.acc.eq(self.plane.add(m, action[0], action[1], Pick.digits(action), [b])),
        ]
        return m
