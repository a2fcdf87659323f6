"""What a PE multiplies in a step: all digits of an operand, or some of them where digits follow each other in time."""

from __future__ import annotations

from dataclasses import dataclass

from amaranth.hdl import Cat, Const, Module, Value

from hdl.arith.digits import Digit, Encoding, wires_of
from hdl.arith.encoding import encoding
from hdl.arith.partial_products import PartialProducts
from hdl.params import EngineParams
from hdl.params.axes import Order, Recoded
from hdl.params.formats import IntegerFormat, OperandFormat

__all__ = ["Step", "StepDigits", "step_digits", "step_weights"]


class StepDigits(Encoding):
    """The digits of an operand that are done in one step, ``at_once`` neighbours of them.

    Steps differ in the weight of their digits, and in the values that these take: each has the wires that it needs in
    any step. Digit i counts 2**(digit_bits * i) times the weight of the step.

    Parameters
    ----------
    whole : Encoding
        All digits.
    at_once : int
        A divisor of their number.

    Attributes
    ----------
    steps : int
        Steps of an operand.
    """

    def __init__(self, whole: Encoding, at_once: int) -> None:
        super().__init__(whole.operand)
        self.whole = whole
        self.digit_bits = whole.digit_bits  # type: ignore[misc]
        self.steps = whole.digits // at_once
        if self.steps == 1:
            self.fields = whole.fields
            return
        self.fields = []
        for place in range(at_once):
            self.fields.append(wires_of(whole.fields[place::at_once]))

    @property
    def step_bits(self) -> int:
        """Bits of weight from one step to the next."""
        return self.digit_bits * len(self.fields)

    def weighted(self, other: OperandFormat) -> IntegerFormat:
        """The format of an operand that is shifted to the weight of any step."""
        return IntegerFormat(other.width + (self.steps - 1) * self.step_bits, other.signed)

    def recode(self, m: Module, value: Value, name: str = "") -> Value:
        raise NotImplementedError("the digits of a step are selected of those of the whole operand")

    def groups(self, wires: Value) -> list[Value]:
        """The wires of each step's digits, the lowest step's first, of those that the whole operand has."""
        if self.steps == 1:
            return [wires]
        digits, count = self.whole.split(wires), len(self.fields)
        return [
            Cat(_wire(digit, name) for fields, digit in zip(self.fields, group, strict=True) for name in fields)
            for group in (digits[first : first + count] for first in range(0, len(digits), count))
        ]


def _wire(digit: Digit, name: str) -> Value:
    wire = getattr(digit, name)
    return Const(0, 1) if wire is None else wire


def step_digits(params: EngineParams) -> StepDigits:
    """The digits of a step of an engine in which digits follow each other in time."""
    at_once = params.axes.digits.at_once
    if at_once is None:
        raise ValueError("all digits are done at once")
    return StepDigits(encoding(params.encoder, params.recoded), at_once)


def step_weights(params: EngineParams) -> tuple[int, ...]:
    """By how many places the sum of several lanes is shifted in each step; none where operands are shifted before.

    Operands of lanes whose results stay are not: they, their products and the tree would all be as much wider.
    """
    axes = params.axes
    in_time = axes.digits.order is Order.OPERANDS and not axes.weights_stay and not axes.stores_operands
    if not in_time or not axes.tree or params.k_step == 1:
        return ()
    digits = step_digits(params)
    return tuple(digits.step_bits * step for step in range(digits.steps)) if digits.steps > 1 else ()


@dataclass(frozen=True)
class Step:
    """The digits and the operand that meet in a PE, and their products.

    Parameters
    ----------
    products : PartialProducts
    b : IntegerFormat
        The format of the operand that is not recoded, as it meets digits: where these follow each other in time, and
        are not summed by weight or over lanes first, it is shifted to the weight of the step.
    most : int
        The greatest sum of all products, with their excess.
    span : tuple of int, or None
        The least and the greatest sum of all products, where digits follow each other in time: it may be negative even
        if operands are not.
    """

    products: PartialProducts
    b: IntegerFormat
    most: int
    span: tuple[int, int] | None = None

    @classmethod
    def of(cls, params: EngineParams) -> Step:
        """The step of an engine. A PE that is a whole multiplier has Booth's digits."""
        axes = params.axes
        recoded, other = (params.b, params.a) if axes.recoded is Recoded.B else (params.a, params.b)
        if axes.digits.order is None:
            whole = encoding("booth" if axes.multiplies else params.encoder, recoded)
            products = PartialProducts(whole, other)
            return cls(products, other, params.product_range[1] + products.excess)
        digits = step_digits(params)
        form = other if axes.sum.per_weight or step_weights(params) else digits.weighted(other)
        products = PartialProducts(digits, form)
        most = sum(each.most << products.offset(i) for i, each in enumerate(products.planes))
        scale = 2 ** (form.width - other.width)
        low, high = min(other.min, -other.max) * scale, max(other.max, -other.min) * scale
        tops = [(2 if "two" in each.fields else 1) << products.offset(i) for i, each in enumerate(products.planes)]
        return cls(products, form, most, (low * sum(tops), high * sum(tops)))

    def sum_bits(self, params: EngineParams, count: int) -> int:
        """Bits of a sum over ``count`` steps of K; no more than those of the accumulator count.

        Where digits follow each other in time it has a sign, and is that of one step.
        """
        if self.span is None:
            return min(params.sum_bits(count), params.block_bits)
        low, high = (count * end for end in self.span)
        return min(max(high.bit_length(), (~low).bit_length()) + 1, params.accumulator)

    def signed(self, params: EngineParams) -> bool:
        """Sums are two's complement."""
        return params.result_signed or self.span is not None
