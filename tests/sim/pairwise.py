"""Pairwise coverage: engines such that any two settings that can meet do meet in one of them.

Most faults that depend on settings depend on one of them or on two. Settings are the values of all axes, of every
engine that the rules build, and classes of all other parameters, see :func:`settings`. So whatever structure is built
next, engines that cover it are among those that the tests run.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from dataclasses import replace
from functools import cache
from itertools import combinations
from typing import Any

from hdl.params import ENCODERS, Axes, ConfigError, EngineParams, OperandFormat
from hdl.params.axes import KForm, Recoded
from hdl.params.axis_words import in_words
from hdl.params.encoders import digit_count
from hdl.params.plain_axes import plain
from hdl.params.points import buildable, structures

__all__ = ["complete", "covering", "pairs", "possible", "settings", "uncovered", "values_of"]

Setting = tuple[str, Any]
Pair = frozenset[Setting]

#: What stands for a class of operand formats, of sizes, of steps of K in space.
FORMATS = {"signed 8": "s8", "signed other": "s5", "unsigned": "u6"}
SIZES = {"a single row": (1, 3), "a single column": (3, 1), "square": (2, 2), "not square": (3, 5)}
DEPTHS = {"one": 1, "up to the rows": 2, "above the rows": 6}
#: Structures that are looked at for an engine that covers a pair, and the seed by which they are drawn.
DRAWN, SEED = 40, 3
#: Bits of an accumulator beyond those of a product: a tile at the limit of K is short enough to be sent from Python.
SPARE = 6


def settings(params: EngineParams) -> frozenset[Setting]:
    """The settings of an engine; those that do not matter to it are left out."""

    def form(name: str) -> str:
        operand = getattr(params, name)
        return "unsigned" if not operand.signed else "signed 8" if operand.width == 8 else "signed other"

    axes, rows, cols = params.axes, params.rows, params.cols
    found: dict[str, Any] = {**in_words(axes), "preload": params.preload, "a": form("a"), "b": form("b")}
    size = ("a single row", rows == 1), ("a single column", cols == 1), ("square", rows == cols), ("not square", True)
    found["size"] = next(name for name, holds in size if holds)
    if not axes.multiplies:
        found["encoder"] = params.encoder
    if axes.saves_carries:
        found["carry_every"] = params.carry_every
    if axes.k.form is not KForm.NONE:
        steps = axes.k.steps
        found["steps"] = "one" if steps == 1 else "up to the rows" if steps <= rows else "above the rows"
    return frozenset(found.items())


def choices(axes: Axes) -> dict[str, tuple[Any, ...]]:
    """What may be chosen beside a structure, class by class."""
    free: dict[str, tuple[Any, ...]] = {"size": tuple(SIZES), "a": tuple(FORMATS), "b": tuple(FORMATS)}
    free["preload"] = (False, True)
    if not axes.multiplies:
        free["encoder"] = ENCODERS
    if axes.saves_carries:
        free["carry_every"] = (1, 2, 4, 8)
    if axes.k.form is not KForm.NONE:
        free["steps"] = tuple(DEPTHS)
    return free


def values_of(axes: Axes, chosen: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of an engine, as plain values, for a structure and a class of everything else."""
    rows, cols = SIZES[chosen["size"]]
    values = {"rows": rows, "cols": cols, "a": FORMATS[chosen["a"]], "b": FORMATS[chosen["b"]]}
    values |= {key: chosen[key] for key in ("encoder", "carry_every", "preload") if key in chosen}
    if "steps" in chosen:
        axes = replace(axes, k=replace(axes.k, steps=DEPTHS[chosen["steps"]]))
    if (axes.digits.at_once or 1) > 1:
        operand = OperandFormat.parse(values["b" if axes.recoded is Recoded.B else "a"])
        digits = digit_count(chosen["encoder"], operand)
        few = next(count for count in range(2, digits + 1) if digits % count == 0)
        axes = replace(axes, digits=replace(axes.digits, at_once=few))
    product = EngineParams.from_dict({"a": values["a"], "b": values["b"]}).product_bits
    return {**values, "point": plain(axes), "segment": 64, "accumulator": product + SPARE}


def fits(chosen: Mapping[str, Any]) -> bool:
    """Classes that can meet: a single row has no more than one step of K up to the rows."""
    return not (chosen.get("steps") == "up to the rows" and chosen.get("size") == "a single row")


def pairs(params: EngineParams) -> set[Pair]:
    """Pairs of settings that meet in an engine."""
    return set(map(frozenset, combinations(settings(params), 2)))


@cache
def _exist() -> dict[Axes, frozenset[Pair]]:
    """The structures that exist, one point of each, and the pairs of their axes."""
    return {
        axes: frozenset(map(frozenset, combinations(in_words(axes).items(), 2))) for axes in structures(buildable())
    }


@cache
def possible() -> frozenset[Pair]:
    """All pairs of settings that can meet."""
    found: set[Pair] = set()
    beside: dict[frozenset[Setting], tuple[Setting, ...]] = {}
    for axes, own in _exist().items():
        found |= own
        free = choices(axes)
        each = tuple((name, value) for name, values in free.items() for value in values)
        found.update(frozenset((axis, other)) for axis in in_words(axes).items() for other in each)
        beside[frozenset(free)] = each
    for each in beside.values():
        found.update(frozenset(pair) for pair in combinations(each, 2) if pair[0][0] != pair[1][0] and fits(dict(pair)))
    return frozenset(found)


def uncovered(engines: Iterable[EngineParams]) -> set[Pair]:
    """Pairs that can meet and do not, in these engines."""
    missing = set(possible())
    for engine in engines:
        missing -= pairs(engine)
    return missing


def complete(engines: Iterable[EngineParams]) -> list[dict[str, Any]]:
    """Further engines, few of them, after which no pair is left; the same ones every time."""
    return list(_further(uncovered(engines)))


def covering(names: Iterable[str], first: Iterable[str], met: Callable[[str], Set[Any]]) -> list[str]:
    """A few names, some first and then further ones, which together meet all that any of them meets."""
    chosen = list(first)
    left = {each for name in names for each in met(name)}.difference(*map(met, chosen))
    while left:
        chosen.append(max(names, key=lambda name: len(met(name) & left)))
        left -= met(chosen[-1])
    return chosen


def _further(missing: set[Pair]) -> Iterator[dict[str, Any]]:
    rng = random.Random(SEED)
    exist = list(_exist())
    while missing:
        wanted = min(missing, key=lambda pair: sorted(map(str, pair)))
        best: tuple[int, dict[str, Any], set[Pair]] | None = None
        own = [axes for axes in exist if _has(axes, wanted)]
        for axes in rng.sample(own, min(DRAWN, len(own))):
            chosen = _chosen(axes, dict(wanted), missing, rng)
            try:
                values = values_of(axes, chosen)
                met = pairs(EngineParams.from_dict(values)) & missing
            except ConfigError:  # sizes that these axes do not have
                continue
            if wanted in met and (best is None or len(met) > best[0]):
                best = (len(met), values, met)
        assert best is not None, f"no engine has {sorted(map(str, wanted))}"
        yield best[1]
        missing -= best[2]


def _has(axes: Axes, wanted: Pair) -> bool:
    """Whether an engine with these axes may have the settings."""
    words, free = in_words(axes), choices(axes)
    return all(words.get(name) == value or value in free.get(name, ()) for name, value in wanted)


def _chosen(axes: Axes, fixed: dict[str, Any], missing: set[Pair], rng: random.Random) -> dict[str, Any]:
    """A class of everything beside a structure: one after another, each the one that meets most that is missing."""
    words, free = in_words(axes), choices(axes)
    chosen = {name: value for name, value in fixed.items() if name in free}
    order = [name for name in free if name not in chosen]
    rng.shuffle(order)
    for name in order:
        here = [*words.items(), *chosen.items()]
        fitting = [value for value in free[name] if fits({**chosen, name: value})]
        rng.shuffle(fitting)
        chosen[name] = max(
            fitting, key=lambda value: sum(frozenset((other, (name, value))) in missing for other in here)
        )
    return chosen


if __name__ == "__main__":
    from tests.sim.engines import ENGINES, params

    print(f"{len(possible())} pairs, {len(_exist())} structures, {len(uncovered(map(params, ENGINES)))} uncovered")
    for each in complete(map(params, ENGINES)):
        print(each)
