"""One bank of the operand store, with the lists of the operands that have a digit in a plane."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Mux, Signal, Value
from amaranth.lib.wiring import In, Out

from hdl.lib import roles
from hdl.lib.ram import Ram
from hdl.lib.shared import Part, place
from hdl.params import EngineParams
from hdl.params.sparse import SparseShape

__all__ = ["Bank"]


class Bank(Part):
    """The operands of some steps of K, and for each plane (or for all together) the list of those to visit.

    A step is on a plane's list if some row's digit is not zero. The lists are written while operands are loaded, so
    that nothing is ever searched for: entry i of a list says where the i-th such step is. An empty list costs nothing.

    Members
    -------
    write : In(1)
        Store ``a`` (for each plane and row three bits: not zero, +-2, negative) and ``b`` in word ``word`` of half
        ``half``, and put the word on the lists of the planes ``occupied``.
    start : In(1)
        Begin with the list of ``plane`` in half ``read_half``.
    issue, entry : In
        Visit what entry ``entry`` says, if the list is that long.
    has, more : Out(1)
        The list is not at its end; not even after one more.
    a_out, b_out : Out
        Two cycles after ``issue``: the rows' digits (all zero after the end of the list), and the operands of B.
    free, free_half : In
        Empty the lists of a half.
    """

    module = "bank"
    role = roles.SPARSE
    resets = True

    def __init__(self, params: EngineParams) -> None:
        self.params = params
        self.shape = shape = SparseShape(params)
        self.planes = planes = shape.passes
        self.word_bits = (shape.words - 1).bit_length()
        digits, b_bits = 3 * params.rows * shape.together, params.cols * params.b.width
        super().__init__(
            {
                **{name: In(1) for name in ("write", "half", "start", "issue", "read_half", "free", "free_half")},
                "word": In(self.word_bits),
                "a": In(planes * digits),
                "b": In(b_bits),
                "occupied": In(planes),
                "plane": In(range(planes)),
                "entry": In(self.word_bits),
                "has": Out(1),
                "more": Out(1),
                "a_out": Out(digits),
                "b_out": Out(b_bits),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        depth, planes = 2 * self.shape.words, self.planes
        count_bits = self.word_bits + 1
        counts = [Signal(count_bits, name=f"count{plane}_{half}") for plane in range(planes) for half in range(2)]
        store = Cat(self.word, self.half)
        lists, digits = [], []
        plane1 = Signal(range(planes), reset_less=True)
        plane2 = Signal(range(planes), reset_less=True)
        half1, has1, has2 = (Signal(name=name, reset_less=True) for name in ("half1", "has1", "has2"))
        visit = Signal(self.word_bits)
        for plane in range(planes):
            count = Mux(self.half, counts[2 * plane + 1], counts[2 * plane])
            listed = self.write & self.occupied[plane]
            place_in_list = Cat(count[: self.word_bits], self.half)
            part = Ram(depth, self.word_bits)
            address = Cat(self.entry, self.read_half)
            ram = place(m, f"list{plane}", part, w_en=listed, w_addr=place_in_list, w_data=self.word, r0_addr=address)
            lists.append(ram.r0_data)
            for half in range(2):
                register = counts[2 * plane + half]
                with m.If(self.free & (self.free_half == half)):
                    m.d.sync += register.eq(0)
                with m.Elif(listed & (self.half == half)):
                    m.d.sync += register.eq(register + 1)
        fetch = Cat(visit, half1)
        width = len(self.a_out)
        for plane in range(planes):
            part = Ram(depth, width)
            a = self.a.word_select(plane, width)
            name = f"digits{plane}"
            ram = place(m, name, part, w_en=self.write, w_addr=store, w_data=a, r0_addr=fetch)
            digits.append(ram.r0_data)
        part = Ram(depth, len(self.b))
        operands = place(m, "operands", part, w_en=self.write, w_addr=store, w_data=self.b, r0_addr=fetch)
        m.d.comb += [visit.eq(self._select(m, "visit", plane1, lists)), self.b_out.eq(operands.r0_data)]
        out = self._select(m, "digit", plane2, digits)
        m.d.comb += self.a_out.eq(out & has2.replicate(width))
        m.d.sync += [
            plane1.eq(self.plane),
            plane2.eq(plane1),
            half1.eq(self.read_half),
            has1.eq(self.has & self.issue),
            has2.eq(has1),
        ]
        self._left(m, counts)
        return m

    def _left(self, m: Module, counts: list[Signal]) -> None:
        """Entries of the list that are still to be visited."""
        left = Signal(self.word_bits + 1)
        m.d.comb += [self.has.eq(left.any()), self.more.eq(left[1:].any())]
        length = self._select(m, "length", Cat(self.read_half, self.plane), counts)
        with m.If(self.start):
            m.d.sync += left.eq(length)
        with m.Elif(self.issue & self.has):
            m.d.sync += left.eq(left - 1)

    def _select(self, m: Module, name: str, number: Value, words: list[Signal]) -> Signal:
        """One of several words."""
        selected = Signal(len(words[0]), name=f"selected_{name}")
        with m.Switch(number):
            for i, word in enumerate(words):
                with m.Case(i):
                    m.d.comb += selected.eq(word)
        return selected
