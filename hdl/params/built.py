"""Which axes the hardware library builds together, as rules: each is a property that it has no hardware for.

No rule knows a name, and :func:`unbuilt` finds none for the presets.
"""

from __future__ import annotations

from collections.abc import Callable

from hdl.params.axes import Adders, Axes, Carries, KForm, Order, Recoded, Skip, Sum, Travel

__all__ = ["unbuilt"]


def _by_planes(axes: Axes) -> bool:
    return axes.digits.order is Order.PLANES


def _dense(axes: Axes) -> bool:
    return axes.skip is Skip.NONE


#: Whether some axes have the property, and what it is.
RULES: tuple[tuple[Callable[[Axes], bool], str], ...] = (
    (
        lambda axes: axes.recoded is Recoded.B and (axes.weights_stay or not _dense(axes)),
        "B is recoded alone where it stays, or zeros are skipped",
    ),
    (
        lambda axes: axes.b is Travel.BROADCAST and not _dense(axes),
        "operands of B are broadcast over m where zeros are skipped: columns hand them from row to row",
    ),
    (lambda axes: _dense(axes) and axes.digits.order is not None, "digits in time without a skipped zero"),
    (lambda axes: axes.skip is Skip.COMMON, "zeros are skipped only where all rows have one"),
    (
        lambda axes: axes.skips_by_row and not _by_planes(axes),
        "zeros are skipped within an operand: rows skip them in a digit's plane",
    ),
    (
        lambda axes: axes.skips_by_row and axes.chain,
        "a chain over k skips zeros: its copies would wait for each other; lanes have a tree",
    ),
    (
        lambda axes: axes.skips_by_row and axes.sum != Sum(Carries.SAVE, per_weight=True),
        "zeros are skipped without a carry-save sum for each weight",
    ),
    (
        lambda axes: axes.skips_by_row and axes.adders is not Adders.ROW,
        "rows that skip their own zeros have final adders that do not take the columns in turn",
    ),
    (
        lambda axes: axes.recodes_both and (axes.hands_a_over or axes.weights_stay),
        "digits of both operands with systolic hand-over, or a block of B that stays: lanes end together",
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
        lambda axes: axes.weights_stay and axes.tree and axes.hands_a_over,
        "systolic hand-over with a tree over k where B stays: its inputs would come from steps that lie apart",
    ),
    (
        lambda axes: axes.weights_stay and axes.chain and not axes.hands_a_over,
        "a chain over k with operands of A broadcast where B stays: sums move, operands do not",
    ),
    (
        lambda axes: axes.weights_stay and axes.k.form is KForm.NONE,
        "a block of B of a single step of K stays: k must be in space",
    ),
    (
        lambda axes: axes.weights_stay and axes.sum.per_weight and (axes.hands_a_over or not axes.saves_carries),
        "a sum for each weight where B stays, but for carry-save sums of a tree",
    ),
    (
        lambda axes: axes.weights_stay and axes.saves_carries is axes.recodes_in_pe,
        "where B stays, multipliers have encoders of their own, and all others stand at the edge of the array",
    ),
    (
        lambda axes: not axes.skips_by_row and not axes.sums_in_one_step and axes.adders is not Adders.COLUMN,
        "dense sums whose final adders do not take the rows of a column in turn",
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
        "one final adder for all columns: each column has its own below it",
    ),
)


def unbuilt(axes: Axes) -> list[str]:
    """Why the hardware library has no engine with these axes: every property that it does not build; none if it has."""
    return [text for has, text in RULES if has(axes)]
