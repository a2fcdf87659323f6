"""The PE of engines whose rows keep step: the sum of a plane, of the same step of K in all rows."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Mux, Signal, Value
from amaranth.lib.wiring import In, Out

from hdl.lib import roles
from hdl.lib.shared import Part
from hdl.params import EngineParams
from hdl.params.axes import Travel
from hdl.params.sparse import SparseShape
from hdl.sparse.plane import PlaneSum, Term

__all__ = ["PlanePE", "Step"]


class Step:
    """A step of a row: what to do, and with which digits, or, where B is recoded, with which operands of A.

    Parameters
    ----------
    word : Value
        ``bits(shape)`` bits.

    Attributes
    ----------
    en, clear : Value
        Add the digits; to a new sum.
    leave : Value
        The finished sum leaves.
    along : Value
        What the row has of each lane: a digit (three bits: +-1, +-2, negative), or an operand.
    """

    def __init__(self, word: Value) -> None:
        self.en, self.clear, self.leave, self.along = word[0], word[1], word[2], word[3:]

    @staticmethod
    def bits(shape: SparseShape) -> int:
        """Bits of a step."""
        return 3 + Step.lanes(shape)[0]

    @staticmethod
    def lanes(shape: SparseShape) -> tuple[int, int]:
        """Bits that a row has of all lanes, and a column."""
        digits, operands = 3 * shape.lanes, shape.operand.width * shape.lanes
        return (operands, digits) if shape.params.recodes_b else (digits, operands)


class PlanePE(Part):
    """Add the product of a digit and an operand, of each lane, to the sum of a plane; a digit may be zero.

    For the sum see :class:`hdl.sparse.plane.PlaneSum`.

    Members
    -------
    step, or step_in and step_out
        What to do, see :class:`Step`. Where operands of A are handed over a step is done one cycle after ``step_in``,
        and handed over in that cycle.
    b, or b_in and b_out
        What the column has of each lane, operands or digits, in the same cycle as the step, in the same way.
    acc : Out
        The finished sum where the step says so, and otherwise zero.
    """

    module = "pe"
    role = roles.PE

    def __init__(self, params: EngineParams) -> None:
        self.params = params
        self.plane = PlaneSum(params)
        shape = SparseShape(params)
        self.hands_b_over = params.axes.b is Travel.HAND_OVER
        members: dict[str, In | Out] = {}
        for name, bits, passed in (
            ("step", Step.bits(shape), params.axes.hands_a_over),
            ("b", Step.lanes(shape)[1], self.hands_b_over),
        ):
            members |= {f"{name}_in": In(bits), f"{name}_out": Out(bits)} if passed else {name: In(bits)}
        super().__init__({**members, "acc": Out(self.plane.acc_bits)})

    def _arrived(self, m: Module, name: str, passed: bool) -> Value:
        """An operand in the cycle in which it is used."""
        if not passed:
            return getattr(self, name)
        arriving = getattr(self, f"{name}_in")
        register = Signal(len(arriving), name=f"{name}_register", reset_less=True)
        m.d.sync += register.eq(arriving)
        m.d.comb += getattr(self, f"{name}_out").eq(register)
        return register

    def elaborate(self, platform: object) -> Module:
        m = Module()
        step = Step(self._arrived(m, "step", self.params.axes.hands_a_over))
        digits, operands = step.along, self._arrived(m, "b", self.hands_b_over)
        if self.params.recodes_b:
            digits, operands = operands, digits
        width = self.plane.form.width
        terms = []
        for lane in range(self.plane.lanes):
            one, two, neg = digits.word_select(lane, 3)
            terms.append(Term(two, neg, operands.word_select(lane, width), one))
        control: Value = Cat(step.en, step.clear, step.leave)
        for number in range(1, self.plane.steps):
            register = Signal(len(control), name=f"control{number}", reset_less=True)
            m.d.sync += register.eq(control)
            control = register
        en, clear, leave = control
        acc = self.plane.add(m, en, clear, terms)
        m.d.comb += self.acc.eq(Mux(leave, acc, 0))
        return m
