"""Which axes the hardware library builds together, as rules: each is a property that it has no hardware for.

No rule knows a name, and :func:`unbuilt` finds none for the presets.
"""

from __future__ import annotations

from collections.abc import Callable

from hdl.params.axes import Adders, Axes, Encode, Order, Recoded, Skip, Stays, Sum, Travel

__all__ = ["unbuilt", "unbuilt_of_floats"]


def _by_planes(axes: Axes) -> bool:
    return axes.digits.order is Order.PLANES


def _dense(axes: Axes) -> bool:
    """All rows keep step: a step that is left out is left out for all of them."""
    return axes.skip in (Skip.NONE, Skip.COMMON)


def _results_stay(axes: Axes) -> bool:
    return axes.stays is Stays.RESULTS


#: Whether some axes have the property, and what it is.
RULES: tuple[tuple[Callable[[Axes], bool], str], ...] = (
    (
        lambda axes: axes.recoded is Recoded.B and not _dense(axes),
        "B is recoded alone, and rows skip zeros of their own: digits of B are those of all rows",
    ),
    (
        lambda axes: axes.b is Travel.BROADCAST and axes.skips_by_row,
        "operands of B are broadcast over m to rows that run apart",
    ),
    (
        lambda axes: (
            axes.recoded is Recoded.B and axes.weights_stay and axes.encode is Encode.EDGE and axes.chain | axes.tree
        ),
        "B is recoded at the edge of the array, which it does not pass while rows of A do: it stays in the PEs",
    ),
    (
        lambda axes: axes.weights_stay and axes.skip is Skip.COMMON and axes.recodes_in_pe,
        "steps are skipped, and every PE recodes: whether one has a digit must be known in front of the array",
    ),
    (
        lambda axes: axes.weights_stay and axes.skip is Skip.COMMON and axes.recoded is Recoded.B,
        "steps are skipped in which B that stays has no digit: every column has others, and all work at once",
    ),
    (
        lambda axes: _by_planes(axes) and axes.skip is Skip.NONE,
        "planes of which no step is left out: operands are stored to leave some out",
    ),
    (
        lambda axes: axes.stores_operands and axes.chain,
        "a chain over k of planes: its copies take the steps of a plane at different times; lanes have a tree",
    ),
    (
        lambda axes: (
            axes.stores_operands
            and axes.skip is Skip.COMMON
            and not axes.sums_in_one_step
            and axes.adders is not Adders.COLUMN
        ),
        "sums of planes that leave row after row: what adds them up in a column takes the rows in turn",
    ),
    (
        lambda axes: axes.digits.order is not None and _dense(axes) and axes.recodes_in_pe and _results_stay(axes),
        "digits in time that every PE makes: each would hold the operand, and count its digits",
    ),
    (
        lambda axes: axes.skips_by_row and axes.weights_stay,
        "rows that skip zeros of their own follow each other where a block of B stays: none runs apart from another",
    ),
    (
        lambda axes: axes.skips_by_row and axes.sum.per_weight and axes.adders is Adders.OWN,
        "a final adder for each result of rows that run apart: it would add for a cycle at the end of each plane",
    ),
    (
        lambda axes: (
            axes.skips_by_row and axes.saves_carries and not axes.sum.per_weight and axes.adders is not Adders.COLUMN
        ),
        "one sum of all weights leaves once a tile: a column's final adder takes the rows in turn, as they are through",
    ),
    (
        lambda axes: axes.recodes_both and axes.weights_stay,
        "digits of both operands where a block of B stays: lanes end together",
    ),
    (
        lambda axes: axes.recodes_both and not axes.tree,
        "digits of both operands without a tree over k: lanes are added up in the PE",
    ),
    (
        lambda axes: axes.recodes_both and (_by_planes(axes) or axes.recodes_in_pe or axes.sum != Sum()),
        "digits of both operands are made at the edge, taken operand by operand, and added at their weight",
    ),
    (
        lambda axes: axes.sums_in_one_step and axes.adders not in (Adders.OWN, Adders.COLUMN),
        "an adder that works in every step of k is shared by columns",
    ),
    (
        lambda axes: axes.sums_in_one_step and not axes.weights_stay and axes.adders is Adders.COLUMN,
        "an adder that works in every step of k is shared by rows that have each their sum",
    ),
    (
        lambda axes: axes.weights_stay and axes.adders is Adders.ONE,
        "one final adder for all columns where B stays: in every step each of them has a sum to be added",
    ),
)

#: The same of floating-point operands.
RULES_OF_FLOATS: tuple[tuple[Callable[[Axes], bool], str], ...] = (
    (
        lambda axes: axes.digits.order is not None,
        "digits of a significand that follow each other in time: a sum would be aligned and rounded for each of them",
    ),
    (
        lambda axes: not axes.sums_in_one_step,
        "sums that keep carries, or weights of digits, apart: a sum is normalised and rounded in every step of k",
    ),
    (
        lambda axes: not axes.recodes_in_pe,
        "digits that are made outside of the PEs: what enters the array is a number with its exponent",
    ),
    (
        lambda axes: axes.tree and _results_stay(axes),
        "a tree over k in front of sums that stay: every sum has an adder of its own, which takes products in turn",
    ),
    (
        lambda axes: axes.b is Travel.BROADCAST,
        "operands of B that are broadcast over m: a sum leaves as several, one a step, for which rows work in turn",
    ),
    (
        lambda axes: axes.chain,
        "a chain over k: each of its links would be an adder that aligns and rounds, where a tree has fewer levels",
    ),
)


def unbuilt_of_floats(axes: Axes) -> list[str]:
    """Why the hardware library has no engine of floating-point operands with these axes; none if it has."""
    return [text for has, text in RULES_OF_FLOATS if has(axes)]


def unbuilt(axes: Axes) -> list[str]:
    """Why the hardware library has no engine with these axes: every property that it does not build; none if it has."""
    return [text for has, text in RULES if has(axes)]
