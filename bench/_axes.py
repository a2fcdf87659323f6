"""Axes of engines that have no name, and that more than one benchmark measures."""

from __future__ import annotations

from hdl.params.axes import Axes, Digits, KForm, KSpace, Order, Recoded, Skip, Sum, Travel

__all__ = ["planes", "tree"]


def tree(lanes: int) -> KSpace:
    """Steps of K that a PE adds up in a tree."""
    return KSpace(KForm.TREE, lanes)


def planes(k: KSpace, recoded: Recoded = Recoded.A) -> Axes:
    """Digits go plane by plane; rows keep step, and skip only what none of them has."""
    return Axes(
        k=k,
        digits=Digits(1, Order.PLANES),
        skip=Skip.COMMON,
        sum=Sum(per_weight=True),
        recoded=recoded,
        a=Travel.BROADCAST if recoded is Recoded.B else Travel.HAND_OVER,
    )
