"""Random legal nests: what is built computes A x B in hardware, what is refused is refused for a property it has."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from typing import Any

from gen.nest.lower import lower
from gen.nest.printer import print_nest
from gen.nest.to_axes import axes_of
from hdl.engine.top import Engine
from hdl.params import Axes, ConfigError, EngineParams, OperandFormat, Problem
from hdl.params.axes import legal
from hdl.params.built import RULES, unbuilt
from tests.hdl.lanes import netlists
from tests.hdl.streams import run_engine
from tests.nest.walks import legal_nest

SEEDS = 500
#: Of the buildable ones a third are simulated, but no more than this.
MOST = 40
REFUSED = "no engine is built like this: "
FORM = OperandFormat(4, signed=True)
#: Of each axis, all that it is in some legal point.
CHOICES: dict[str, list[Any]] = {
    axis.name: list({getattr(point, axis.name): None for point in legal((1, 2))}) for axis in fields(Axes)
}


def problems(function: Callable[..., object], *arguments: Any, **more: Any) -> tuple[Any, list[Problem]]:
    """What a function returns, or else its problems."""
    try:
        return function(*arguments, **more), []
    except ConfigError as error:
        return None, list(error.problems)


def lowered() -> tuple[dict[int, EngineParams], dict[int, list[str]], dict[int, Axes]]:
    """By seed: the engines of nests that are built, and the reasons and axes of the others that have axes."""
    built, refused, points = {}, {}, {}
    for seed in range(SEEDS):
        nest = legal_nest(random.Random(seed), form=FORM)
        axes, found = problems(axes_of, nest)
        assert axes or all(problem.message and problem.where for problem in found), seed
        if axes is None:
            continue
        points[seed] = axes
        values, found = problems(lower, nest, a=FORM, b=FORM)
        if values is not None:
            assert not unbuilt(axes), seed
            built[seed] = EngineParams(**values, a=FORM, b=FORM, accumulator=16, segment=32)
            continue
        texts = [problem.message for problem in found]
        if not any(text.startswith("a multiplier recodes by") for text in texts):
            refused[seed] = [text.partition(": ")[2] for text in texts if text.startswith(REFUSED)]
            assert refused[seed] == unbuilt(axes) != [], seed
    return built, refused, points


def test_a_third_of_what_is_built_is_right_bit_for_bit() -> None:
    """Whole engines as gates, several copies with gaps and back-pressure of their own; K from 1 to three beats."""
    built, _, _ = lowered()
    assert len(built) > SEEDS / 8
    rng = random.Random(1)
    order = sorted(built, key=lambda seed: (rng.random(), seed))
    distinct = list({built[seed]: seed for seed in order[: len(order) // 3]}.values())[:MOST]
    print(f"{len(built)} of {SEEDS} are built; simulated are those of the {len(distinct)} seeds {sorted(distinct)}")
    gates = netlists({str(seed): Engine(built[seed]) for seed in distinct})
    for seed in distinct:
        params = built[seed]
        step = params.k_step
        ks = [min(k, params.k_limit) for k in (1, step, 2 * step + 1, 3 * step, 1)]
        run = run_engine(gates[str(seed)], params, ks, copies=4, seed=seed)
        nest = print_nest(legal_nest(random.Random(seed), form=FORM))
        assert not run.wrong, f"seed {seed}: {run.example}\n{nest}"
        assert not run.example, f"seed {seed}: {run.example}\n{nest}"
        assert run.compared == 4 * len(ks) * params.rows * params.cols


def neighbours(axes: Axes) -> Iterator[Axes]:
    """Legal points that differ in one axis, then those that differ in two."""
    names = list(CHOICES)
    changes = [{name: value} for name in names for value in CHOICES[name]]
    pairs = [one | other for one in changes for other in changes if one.keys() < (one | other).keys()]
    for change in (*changes, *pairs):
        try:
            found = replace(axes, **change)
        except ConfigError:
            continue
        if found != axes:
            yield found


def test_what_is_refused_has_the_property_that_is_named() -> None:
    """The property holds of the axes; without it, all else as equal as is legal, nothing is refused for it."""
    _, refused, points = lowered()
    has = {text: rule for rule, text in RULES}
    seen: Counter[str] = Counter()
    done: set[tuple[str, Axes]] = set()
    for seed, reasons in refused.items():
        for reason in reasons:
            axes = points[seed]
            assert has[reason](axes), (seed, reason)
            seen[reason] += 1
            if (reason, axes) not in done:
                done.add((reason, axes))
                without = next(other for other in neighbours(axes) if reason not in unbuilt(other))
                assert not has[reason](without)
    print(*seen.most_common(), sep="\n")
    assert seen
