"""Axes in words, for lists and reports: one short text for each choice."""

from __future__ import annotations

from collections.abc import Iterator

from hdl.params.axes import Adders, Axes, Carries, Encode, KForm, Order, Recoded, Skip, Stays, Sum, Travel

__all__ = ["AXES", "arrangement", "in_short", "in_words"]

_ALL, _SOME, _ONE = "all at once", "some at a time", "one at a time"
_IN_TIME = "rows follow each other in time"
_APART, _MIXED = "a sum for each weight", "one sum for all weights"


def _digits() -> Iterator[str]:
    yield _ALL
    for count in (_SOME, _ONE):
        yield from (f"{count}: {order.value}" for order in Order)


#: What every axis may be, by the name of the axis.
AXES: dict[str, tuple[str, ...]] = {
    "what stays": tuple(each.value for each in Stays),
    "operands of A": tuple(each.value for each in Travel),
    "operands of B": (*(each.value for each in Travel), _IN_TIME),
    "k in space": tuple(each.value for each in KForm),
    "digits": tuple(_digits()),
    "zeros": tuple(each.value for each in Skip),
    "encoders": tuple(each.value for each in Encode),
    "recoded": tuple(each.value for each in Recoded),
    "carries": tuple(each.value for each in Carries),
    "weights": (_MIXED, _APART),
    "final adders": tuple(each.value for each in Adders),
}


def in_words(axes: Axes) -> dict[str, str]:
    """The text of each axis, by its name; of ``AXES``."""
    order = axes.digits.order
    count = _ONE if axes.digits.at_once == 1 else _SOME
    values = (
        axes.stays.value,
        axes.a.value,
        axes.b.value if axes.b is not None else _IN_TIME,
        axes.k.form.value,
        _ALL if order is None else f"{count}: {order.value}",
        axes.skip.value,
        axes.encode.value,
        axes.recoded.value,
        axes.sum.carries.value,
        _weights(axes.sum),
        axes.adders.value,
    )
    return dict(zip(AXES, values, strict=True))


def _weights(total: Sum) -> str:
    return _APART if total.per_weight else _MIXED


#: Axes whose values do not say what they are about.
_UNSAID = ("operands of A", "operands of B", "digits", "encoders", "final adders")


def in_short(axes: Axes) -> dict[str, str]:
    """The text of each axis as it reads beside those of others."""
    words = in_words(axes)
    told = {axis: f"{axis} {value}" if axis in _UNSAID else value for axis, value in words.items()}
    return told | {"recoded": f"{words['recoded']} recoded"}


def arrangement(axes: Axes) -> str:
    """How PEs are arranged."""
    if axes.has_cells:
        return "cube of PEs"
    if axes.hands_a_over:
        return f"{'weight' if axes.weights_stay else 'output'}-stationary systolic array"
    if not axes.weights_stay:
        return "2D matrix of PEs"
    return "multipliers and adder trees" if axes.tree else "weight-stationary array with operands broadcast"
