"""The product of one digit out of {-2, -1, 1, 2} and an operand, as bits for a heap."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Mux, Signal, Value

from hdl.params.formats import IntegerFormat

__all__ = ["digit_product", "sign_column"]


def sign_column(b: IntegerFormat) -> int:
    """The column of the inverted sign bit, and so log2 of what each product adds in excess."""
    return b.width + (not b.signed)


def digit_product(
    m: Module, name: str, two: Value, neg: Value, b: Value, form: IntegerFormat, one: Value | None = None
) -> Value:
    """A digit times b, in one's complement with its sign bit inverted; ``neg`` is to be added in column 0.

    No sign needs to be extended: the value is the product, plus 2**sign_column, minus ``neg``.

    Parameters
    ----------
    two, neg : Value
        The digit: +-2 or +-1, and its sign.
    b : Value
        The operand, in format ``form``.
    one : Value, optional
        The digit is +-1: without ``one`` and ``two`` it is zero, and not negative. Where this isn't given there is no
        zero, but b may be.

    Returns
    -------
    Value
        ``sign_column(form) + 1`` bits.
    """
    column = sign_column(form)
    magnitude = Signal(column, name=f"{name}_magnitude")
    product = Signal(column + 1, name=name)
    negative = b[-1] if one is None else b[-1] & (one | two)
    sign = negative ^ neg if form.signed else neg
    single = Mux(two, b << 1, b) if one is None else (b & one.replicate(len(b))) | ((b & two.replicate(len(b))) << 1)
    m.d.comb += [
        magnitude.eq(single),
        product.eq(Cat(magnitude ^ neg.replicate(column), ~sign)),
    ]
    return product
