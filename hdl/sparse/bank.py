"""One bank of the operand store, with the lists of the operands that have a digit in a plane."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Mux, Signal, Value
from amaranth.lib.wiring import In, Out

from hdl.lib import roles
from hdl.lib.delay import register
from hdl.lib.ram import Ram
from hdl.lib.shared import Part, place
from hdl.params import EngineParams
from hdl.params.sparse import SparseShape

__all__ = ["Bank"]


class Bank(Part):
    """The operands of some steps of K, and for each plane (or for all together) the list of those to visit.

    A step is on a plane's list if some row's digit is not zero, or some column's where B is recoded. The lists are
    written while operands are loaded, so that nothing is ever searched for: entry i of a list says where the i-th such
    step is. An empty list costs nothing.

    Members
    -------
    write : In(1)
        Store ``digits`` (for each plane and row, or column, three bits: not zero, +-2, negative) and ``operands`` in
        word ``word`` of half ``half``, and put the word on the lists of the planes ``occupied``.
    start : In(1)
        Begin with the list of ``plane`` in half ``read_half``.
    issue, entry : In
        Visit what entry ``entry`` says, if the list is that long.
    some, several, many : Out(2 * planes)
        The list of plane p in half h has an entry, more than one, or more than two: bit 2 p + h.
    third : Out(1)
        The list that was begun has more than two entries that were not visited. Two cycles after ``start``.
    digits_out, operands_out : Out
        Two cycles after ``issue``, or three where rows keep step: the digits (all zero after the end of the list),
        and the operands that they are multiplied by.
    free, free_half : In
        Empty the lists of a half, in the cycle after this one.
    """

    module = "bank"
    role = roles.SPARSE
    resets = True

    def __init__(self, params: EngineParams) -> None:
        self.params = params
        self.shape = shape = SparseShape(params)
        self.planes = planes = shape.passes
        self.in_step = not params.axes.skips_by_row
        self.word_bits = (shape.words - 1).bit_length()
        digits, operands = 3 * shape.holders * shape.together, shape.sharers * shape.factor.width
        super().__init__(
            {
                **{name: In(1) for name in ("write", "half", "start", "issue", "read_half", "free", "free_half")},
                "word": In(self.word_bits),
                "digits": In(planes * digits),
                "operands": In(operands),
                "occupied": In(planes),
                "plane": In(range(planes)),
                "entry": In(self.word_bits),
                "some": Out(2 * planes),
                "several": Out(2 * planes),
                "many": Out(2 * planes),
                "third": Out(1),
                "digits_out": Out(digits),
                "operands_out": Out(operands),
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
        half1, has2 = (Signal(name=name, reset_less=True) for name in ("half1", "has2"))
        visit = Signal(self.word_bits)
        free = Signal(name="free_register")
        free_half = register(m, "free_half_register", self.free_half)
        m.d.sync += free.eq(self.free)
        has = self._left(m, counts)
        for plane in range(planes):
            count = Mux(self.half, counts[2 * plane + 1], counts[2 * plane])
            listed = self.write & self.occupied[plane]
            place_in_list = Cat(count[: self.word_bits], self.half)
            part = Ram(depth, self.word_bits)
            ports = self._entry(m, plane, listed, place_in_list)
            ram = place(m, f"list{plane}", part, **ports, r0_addr=Cat(self.entry, self.read_half))
            lists.append(ram.r0_data)
            for half in range(2):
                entries = counts[2 * plane + half]
                with m.If(free & (free_half == half)):
                    m.d.sync += entries.eq(0)
                with m.Elif(listed & (self.half == half)):
                    m.d.sync += entries.eq(entries + 1)
        fetch = Cat(visit, half1)
        width = len(self.digits_out)
        for plane in range(planes):
            part = Ram(depth, width)
            own = self.digits.word_select(plane, width)
            name = f"digits{plane}"
            ram = place(m, name, part, w_en=self.write, w_addr=store, w_data=own, r0_addr=fetch)
            digits.append(ram.r0_data)
        part = Ram(depth, len(self.operands))
        operands = place(m, "operand_memory", part, w_en=self.write, w_addr=store, w_data=self.operands, r0_addr=fetch)
        m.d.comb += visit.eq(self._select(m, "visit", plane1, lists))
        out = self._select(m, "digit", plane2, digits) & has2.replicate(width)
        for name, value in (("digits_out", out), ("operands_out", operands.r0_data)):
            m.d.comb += getattr(self, name).eq(register(m, f"{name}_register", value) if self.in_step else value)
        m.d.sync += [
            plane1.eq(self.plane),
            plane2.eq(plane1),
            half1.eq(self.read_half),
            has2.eq(has),
        ]
        return m

    def _entry(self, m: Module, plane: int, listed: Value, address: Value) -> dict[str, Value]:
        """The write port of a list: one cycle later where rows keep step, as it may not set the clock."""
        ports = {"w_en": listed, "w_addr": address, "w_data": self.word}
        if not self.in_step:
            return ports
        return {name: register(m, f"{name}{plane}_register", value) for name, value in ports.items()}

    def _left(self, m: Module, counts: list[Signal]) -> Signal:
        """Count the entries of the list that are still to be visited; gives whether there was one to be issued.

        All that is a cycle behind ``start`` and ``issue``, which are decided late.
        """
        left = Signal(self.word_bits + 1)
        has = Signal(name="has")
        started, issued = Signal(name="started"), Signal(name="issued")
        length = self._select(m, "length", Cat(self.read_half, self.plane), counts)
        m.d.comb += [
            has.eq(issued & left.any()),
            self.some.eq(Cat(count.any() for count in counts)),
            self.several.eq(Cat(count[1:].any() for count in counts)),
            self.many.eq(Cat(count[2:].any() | count[:2].all() for count in counts)),
            self.third.eq(left[2:].any() | (~issued & left[:2].all())),
        ]
        m.d.sync += [started.eq(self.start), issued.eq(self.issue)]
        with m.If(started):
            m.d.sync += left.eq(length)
        with m.Elif(has):
            m.d.sync += left.eq(left - 1)
        return has

    def _select(self, m: Module, name: str, number: Value, words: list[Signal]) -> Signal:
        """One of several words."""
        selected = Signal(len(words[0]), name=f"selected_{name}")
        with m.Switch(number):
            for i, word in enumerate(words):
                with m.Case(i):
                    m.d.comb += selected.eq(word)
        return selected
