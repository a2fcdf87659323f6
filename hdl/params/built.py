"""Which axes the hardware library builds together, as rules: each is a property that it has no hardware for.

No rule knows a name, and :func:`unbuilt` finds none for the presets.
"""

from __future__ import annotations

from collections.abc import Callable

from hdl.params.axes import Adders, Axes, Encode, KForm, Order, Recoded, Skip, Stays, Sum, Travel

__all__ = ["unbuilt"]


def _by_planes(axes: Axes) -> bool:
    return axes.digits.order is Order.PLANES


def _dense(axes: Axes) -> bool:
    return axes.skip is Skip.NONE


#: Whether some axes have the property, and what it is.
RULES: tuple[tuple[Callable[[Axes], bool], str], ...] = (
    (lambda axes: axes.recoded is Recoded.B, "B is recoded alone: encoders stand in front of operands of A, or both"),
    (
        lambda axes: axes.b is Travel.BROADCAST and not (axes.skip is Skip.COMMON and axes.stores_operands),
        "operands of B are broadcast over m: columns hand them from row to row",
    ),
    (lambda axes: _dense(axes) and axes.digits.order is not None, "digits in time without a skipped zero"),
    (
        lambda axes: axes.skip is Skip.COMMON and not axes.stores_operands,
        "zeros are skipped only where all rows have one, operand by operand",
    ),
    (
        lambda axes: axes.skip is Skip.COMMON and axes.chain,
        "a chain over k leaves out common zeros: its copies take their steps at different times",
    ),
    (
        lambda axes: axes.skip is Skip.COMMON and axes.encode is Encode.PE,
        "steps without a digit in any row are known before operands reach a PE: they are recoded in front of the store",
    ),
    (
        lambda axes: axes.skip is Skip.COMMON and axes.stores_operands and not axes.sum.per_weight,
        "planes with sums of all weights",
    ),
    (
        lambda axes: axes.skip is Skip.COMMON and axes.sum.per_weight and axes.adders is not Adders.COLUMN,
        "rows that keep step send their sums one after the other: final adders take the rows of a column in turn",
    ),
    (
        lambda axes: axes.skips_by_row and not _by_planes(axes),
        "zeros are skipped within an operand: rows skip them in a digit's plane",
    ),
    (
        lambda axes: axes.skips_by_row and axes.chain,
        "a chain over k skips zeros: its copies would wait for each other; lanes have a tree",
    ),
    (
        lambda axes: axes.skips_by_row and not axes.sum.per_weight,
        "zeros are skipped without a sum for each weight",
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
        lambda axes: _dense(axes) and axes.tree and axes.hands_a_over,
        "systolic hand-over with a dense tree over k: its inputs would come from steps that lie apart",
    ),
    (
        lambda axes: _dense(axes) and axes.chain and not axes.hands_a_over,
        "a dense chain over k with operands of A broadcast: sums move, operands do not",
    ),
    (
        lambda axes: _dense(axes) and axes.tree and axes.stays is Stays.RESULTS,
        "a dense tree over k where results stay",
    ),
    (
        lambda axes: axes.weights_stay and axes.k.form is KForm.NONE,
        "a block of B of a single step of K stays: k must be in space",
    ),
    (
        lambda axes: _dense(axes) and axes.sum.per_weight and axes.hands_a_over,
        "dense sums for each weight with systolic hand-over",
    ),
    (
        lambda axes: axes.sum.per_weight and not axes.saves_carries and not axes.stores_operands,
        "a sum for each weight in which carries propagate",
    ),
    (
        lambda axes: not axes.saves_carries and not axes.recodes_in_pe and not axes.stores_operands,
        "encoders at the edge of the array with sums in which carries propagate: a multiplier has its own",
    ),
    (
        lambda axes: _dense(axes) and axes.saves_carries and axes.encode is not Encode.EDGE,
        "encoders in every PE with dense carry-save sums: they stand at the edge of the array",
    ),
    (
        lambda axes: axes.skip in (Skip.NONE, Skip.LANES) and axes.saves_carries and axes.adders is not Adders.COLUMN,
        "dense carry-save sums whose final adders do not take the rows of a column in turn",
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
