"""Kinds of engines among which the best one for a network is searched."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace

from hdl.params import MULTIPLIERS, ConfigError, EngineParams
from hdl.params.axes import Axes, KForm, KSpace, Skip
from hdl.params.presets import name_of, named_axes
from hdl.params.title import Title

__all__ = ["SIDES", "Kind", "kinds"]

#: Rows and columns of engines, and steps of K in a beat where results stay.
SIDES = (4, 6, 8, 10, 12, 14, 16, 20, 24, 28, 32, 40, 48, 56, 64, 80, 96, 112, 128)
LANES = (2, 4, 8)
#: Groups of columns, each with operands of A of its own.
GROUPS = 4


@dataclass(frozen=True)
class Kind:
    """Engines that differ in rows and columns only.

    Parameters
    ----------
    base : EngineParams
        One of them.
    """

    base: EngineParams

    @property
    def named(self) -> bool:
        """It is a preset: array and scheme are all that it says."""
        return self.base.point is None and self.base.column_groups == 1

    @property
    def words(self) -> str:
        """What it is called."""
        lanes = "" if self.base.weight_stationary or self.base.k_step == 1 else f", {self.base.k_step} steps of K"
        return f"{Title(self.base).names}{lanes}"

    def sized(self, rows: int, cols: int) -> EngineParams:
        """Its engine of so many rows and columns of PEs.

        Where a block of B stays, rows are steps of K, and as many rows of A meet the block: fewer would wait for the
        next one.
        """
        depth = rows if self.base.weight_stationary else self.base.depth
        return replace(self.base.sized(rows, cols), depth=depth)


def kinds(base: EngineParams, *, skipping: bool = False, groups: bool = False) -> list[Kind]:
    """Presets, and what comes of them with steps of K in space, of the formats of ``base``.

    Parameters
    ----------
    skipping : bool
        Those whose cycles depend on operands, too.
    groups : bool
        Presets with groups of columns, too, whose stream of A is as many times as wide.
    """
    found: dict[EngineParams, None] = {}
    for axes in _points():
        if axes.skip is not Skip.NONE and not skipping:
            continue
        forms = MULTIPLIERS if axes.multiplies and name_of(axes) else (base.multiplier,)
        for form in forms:
            try:
                params = replace(base, array="", scheme="", point=axes, multiplier=form, depth=axes.k.steps)
            except ConfigError:
                continue  # not built, or its digits don't fit the formats
            found[params] = None
            if groups and params.point is None:
                with suppress(ConfigError):  # not where columns hand operands over
                    found[replace(params, column_groups=GROUPS)] = None
    return [Kind(params) for params in found]


def _points() -> Iterator[Axes]:
    """Axes of presets; where results stay also with several steps of K in space, as a tree if there were none."""
    for axes in named_axes(4):
        form = KForm.TREE if axes.k.form is KForm.NONE else axes.k.form
        yield axes
        for lanes in () if axes.weights_stay else LANES:
            with suppress(ConfigError):  # several steps of K would contradict it
                yield replace(axes, k=KSpace(form, lanes))
