"""Pairwise coverage: engines such that any two settings that can meet do meet in one of them.

Most faults that depend on settings depend on one of them or on two. Settings are classes of values, see
:func:`settings`.
``python -m tests.sim.pairwise`` prints engines that are missing in ``tests/sim/engines.py``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import combinations, product
from typing import Any

from hdl.params import BUILDS, ENCODERS, EngineParams
from hdl.params.presets import preset

__all__ = ["complete", "pairs", "settings", "uncovered"]

Setting = tuple[str, Any]
Pair = frozenset[Setting]

#: What stands for a class of operand formats, of sizes, of depths.
FORMATS = {"signed 8": "s8", "signed other": "s5", "unsigned": "u6"}
SIZES = {"a single row": (1, 3), "a single column": (3, 1), "square": (2, 2), "not square": (3, 5)}
DEPTHS = {"one": 1, "up to the rows": 2, "above the rows": 6}


def settings(params: EngineParams) -> frozenset[Setting]:
    """The settings of an engine; those that its scheme ignores are left out."""

    def form(name: str) -> str:
        operand = getattr(params, name)
        return "unsigned" if not operand.signed else "signed 8" if operand.width == 8 else "signed other"

    found: dict[str, Any] = {"array": params.array, "scheme": params.scheme, "preload": params.preload}
    found |= {"a": form("a"), "b": form("b")}
    rows, cols = params.rows, params.cols
    size = ("a single row", rows == 1), ("a single column", cols == 1), ("square", rows == cols), ("not square", True)
    found["size"] = next(name for name, holds in size if holds)
    if params.scheme != "mac":
        found["encoder"] = params.encoder
        found["carry_every"] = params.carry_every
    if params.deep:
        found["depth"] = "one" if params.depth == 1 else "up to the rows" if params.depth <= rows else "above the rows"
    return frozenset(found.items())


def pairs(params: EngineParams) -> set[Pair]:
    """Pairs of settings that meet in an engine."""
    return {frozenset(pair) for pair in combinations(settings(params), 2)}


def possible() -> Iterator[tuple[dict[str, Any], frozenset[Setting]]]:
    """One engine for each choice of classes, with its settings."""
    for array, schemes in BUILDS.items():
        for scheme in schemes:
            choices: dict[str, Iterable[Any]] = {"a": FORMATS, "b": FORMATS, "size": SIZES, "preload": (False, True)}
            choices |= {"encoder": ENCODERS, "carry_every": (1, 2, 4, 8)} if scheme != "mac" else {}
            choices |= {"depth": DEPTHS} if preset(array, scheme).deep else {}
            for chosen in product(*choices.values()):
                labels = {"array": array, "scheme": scheme, **dict(zip(choices, chosen, strict=True))}
                rows, cols = SIZES[labels["size"]]
                values = {**labels, "rows": rows, "cols": cols, "segment": 32, "accumulator": 24}
                values |= {"a": FORMATS[labels["a"]], "b": FORMATS[labels["b"]]}
                if "depth" in labels:
                    if labels["depth"] == "up to the rows" and rows < DEPTHS["up to the rows"]:
                        continue
                    values["depth"] = DEPTHS[labels["depth"]]
                del values["size"]
                yield values, frozenset(labels.items())


def uncovered(engines: Iterable[EngineParams]) -> set[Pair]:
    """Pairs that can meet and do not, in these engines."""
    missing: set[Pair] = set()
    for _, labels in possible():
        missing.update(map(frozenset, combinations(labels, 2)))
    for engine in engines:
        missing -= pairs(engine)
    return missing


def complete(engines: Iterable[EngineParams]) -> list[dict[str, Any]]:
    """Further engines, few of them, after which no pair is left."""
    missing = uncovered(engines)
    candidates = [
        (values, {frozenset(pair) for pair in combinations(labels, 2)} & missing) for values, labels in possible()
    ]
    added = []
    while missing:
        values, found = max(candidates, key=lambda candidate: len(candidate[1]))
        missing -= found
        added.append(values)
        candidates = [(each, left) for each, pairs_left in candidates if (left := pairs_left & missing)]
    return added


if __name__ == "__main__":
    from tests.sim.engines import ENGINES, params

    for each in complete(map(params, ENGINES)):
        print(each)
