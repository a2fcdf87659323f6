"""OPT4C and OPT4E: a PE takes digits that are not zero, selected for the whole row (Wu et al., HPCA 2025)."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Signal, Value
from amaranth.lib.wiring import In, Out

from hdl.lib.shared import Part
from hdl.params import EngineParams
from hdl.params.sparse import SparseShape
from hdl.pe.plane import PlaneSum

__all__ = ["Opt4PE", "Pick"]


class Pick:
    """A step of a row: for each lane a digit that is not zero, or none, and where its operand of B is.

    Parameters
    ----------
    shape : SparseShape
    word : Value
        ``bits(shape)`` bits: ``clear``, then for each lane ``valid``, ``two``, ``neg`` and the index in the window.
    """

    def __init__(self, shape: SparseShape, word: Value) -> None:
        lanes = word[1:]
        size = 3 + shape.index_bits
        self.clear = word[0]
        self.valid = [lanes[i * size] for i in range(shape.lanes)]
        self.digits = [
            (lanes[i * size] & ~lanes[i * size + 1], lanes[i * size + 1], lanes[i * size + 2])
            for i in range(shape.lanes)
        ]
        self.index = [lanes[i * size + 3 : (i + 1) * size] for i in range(shape.lanes)]

    @staticmethod
    def bits(shape: SparseShape) -> int:
        """Bits of a step."""
        return 1 + shape.lanes * (3 + shape.index_bits)

    @property
    def step(self) -> Value:
        """A PE has something to do."""
        return self.clear | Cat(self.valid).any()


class Opt4PE(Part):
    """Multiply the operand of each lane by a digit in {-2, -1, 1, 2} and add the products to the sum of a plane.

    OPT4C has one lane; OPT4E has four, which share one accumulator. The sum is that of ``acc``'s bits in their columns
    (see :class:`hdl.pe.plane.PlaneSum`), minus ``excess`` for every step since (and with) ``clear``.

    Members
    -------
    pick : In
        The step whose operands ``b`` holds, see :class:`Pick`. In a systolic array it is a register of this PE, and
        moves on: ``pick_in``, ``pick_out``. While its ``clear`` is high, ``acc`` holds a finished sum.
    load : In(lanes)
        Take ``b_in`` of these lanes, for the next step.
    b_in : In(lanes * b.width)
    acc : Out(acc_bits)
    """

    module = "pe"

    def __init__(self, params: EngineParams) -> None:
        self.params = params
        self.shape = SparseShape(params)
        self.plane = PlaneSum(params)
        self.systolic = params.array == "systolic_os"
        bits, lanes = Pick.bits(self.shape), self.shape.lanes
        picks = {"pick_in": In(bits), "pick_out": Out(bits)} if self.systolic else {"pick": In(bits), "load": In(lanes)}
        super().__init__({**picks, "b_in": In(lanes * params.b.width), "acc": Out(self.plane.acc_bits)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        if self.systolic:
            word = Signal(len(self.pick_in), name="pick", reset_less=True)
            m.d.sync += word.eq(self.pick_in)
            m.d.comb += self.pick_out.eq(word)
            load: list[Value] = Pick(self.shape, self.pick_in).valid
        else:
            word, load = self.pick, list(self.load)
        pick = Pick(self.shape, word)
        operands: list[Value] = []
        for lane, take in enumerate(load):
            b = Signal(self.params.b.width, name=f"b{lane}", reset_less=True)
            with m.If(take):
                m.d.sync += b.eq(self.b_in.word_select(lane, len(b)))
            operands.append(b)
        m.d.comb += self.acc.eq(self.plane.add(m, pick.step, pick.clear, pick.digits, operands))
        return m
