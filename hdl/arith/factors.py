"""What PEs multiply: the digits of one operand, and the other operand."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Signal, Value

from hdl.arith.heap import BitHeap
from hdl.arith.step import Step, StepDigits
from hdl.params import EngineParams
from hdl.params.axes import Recoded

__all__ = ["Factors", "chosen"]

#: Gates of the recoder, in XOR delays.
RECODE_DELAY = 2.0


class Factors:
    """The two operands of a product as they reach a PE, and its partial products.

    Axes say which operand is recoded, and whether that is done in the PE or before.

    Attributes
    ----------
    encoding : Encoding
        The encoding of the operand that is recoded.
    products : PartialProducts
        The products of its digits and the other operand.
    most : int
        The greatest product, with its excess.
    a_bits, b_bits : int
        Wires of an operand of A, and of B, as they reach the PE: the operand, or its digits. The number of the step
        comes before those of A where the PE selects the step's digits or shifts the other operand to their weight.
    index_bits : int
        Bits of that number.
    arrival : float
        XOR delays after which the digits are there.
    """

    def __init__(self, params: EngineParams) -> None:
        axes, self.step = params.axes, Step.of(params)
        self.products, self.most = self.step.products, self.step.most
        self.encoding = self.products.encoding
        self.of_b = axes.recoded is Recoded.B
        self.in_pe = axes.recodes_in_pe
        recoded, other = (params.b, params.a) if self.of_b else (params.a, params.b)
        whole = self.encoding
        #: The way from the operands of a PE to a step, where digits follow each other in time and B stays.
        self.selects = self.shifts = False
        if isinstance(whole, StepDigits) and axes.weights_stay and whole.steps > 1:
            self.selects = self.in_pe or self.of_b
            self.shifts = self.step.b.width > other.width
        self.index_bits = 0
        if isinstance(whole, StepDigits):
            if self.selects or self.shifts:
                self.index_bits = (whole.steps - 1).bit_length()
            if self.selects or whole.steps == 1:
                whole = whole.whole
        form = other if self.shifts else self.step.b
        wires = recoded.width if self.in_pe else whole.bits
        self.whole = whole
        self.a_bits, self.b_bits = (form.width, wires) if self.of_b else (wires, form.width)
        self.a_bits += self.index_bits
        self.arrival = RECODE_DELAY if self.in_pe and not whole.plain else 0.0

    def digits(self, m: Module, a: Value, b: Value, name: str = "") -> tuple[Value, Value]:
        """The wires of the digits, and the operand that they choose multiples of; ``name`` tells products apart."""
        index, a = a[: self.index_bits], a[self.index_bits :]
        recoded, other = (b, a) if self.of_b else (a, b)
        if self.in_pe:
            digits = Cat(Signal(name=f"digit_wire{name}{i}") for i in range(self.whole.bits))
            m.d.comb += digits.eq(self.whole.recode(m, recoded, name))
            recoded = digits
        if self.selects:
            assert isinstance(self.encoding, StepDigits)
            recoded = chosen(m, f"step_digits{name}", index, self.encoding.groups(recoded))
        if self.shifts:
            assert isinstance(self.encoding, StepDigits)
            value, form = other.as_signed() if self.step.b.signed else other, self.step.b
            below = form.width - form.signed  # the sign is the same at every weight
            shifted = [value.shift_left(self.encoding.step_bits * i) for i in range(self.encoding.steps)]
            other = Cat(chosen(m, f"weighted{name}", index, shifted, below), *([value[-1]] if form.signed else []))
        return recoded, other

    def add(self, m: Module, heap: BitHeap, a: Value, b: Value) -> None:
        """Put the product, with the excess of its partial products, on a heap."""
        digits, other = self.digits(m, a, b)
        self.products.add(m, heap, digits, other, self.arrival)


def chosen(m: Module, name: str, index: Value, choices: list[Value], width: int | None = None) -> Signal:
    """The choice of this number."""
    picked = Signal(width or len(choices[0]), name=name)
    with m.Switch(index):
        for number, choice in enumerate(choices[:-1]):
            with m.Case(number):
                m.d.comb += picked.eq(choice)
        with m.Default():
            m.d.comb += picked.eq(choices[-1])
    return picked
