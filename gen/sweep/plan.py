"""From a sweep file to its points: every combination is checked before the first one is computed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from gen.sources import digest
from gen.sweep.point import Point, in_words
from gen.sweep.spec import Combination, Spec
from hdl.params import ConfigError, Problem

__all__ = ["Plan", "plan"]

#: Kinds of problems that are printed; further ones are counted.
SHOWN = 20
#: Points between words on how far it is.
STEP = 100


@dataclass(frozen=True)
class Plan:
    """What a sweep will compute.

    Parameters
    ----------
    spec : Spec
    points : tuple of Point
    left_out : int
        Combinations that are not legal.
    """

    spec: Spec
    points: tuple[Point, ...]
    left_out: int = 0


@dataclass(frozen=True)
class _Refusal:
    """What is wrong with a combination, at the path of a key."""

    combination: Combination
    problem: Problem


def plan(spec: Spec, versions: Mapping[str, str], say: Callable[[str], None] = lambda text: None) -> Plan:
    """The points of a sweep.

    Parameters
    ----------
    spec : Spec
    versions : mapping
        Versions of the tools that results depend on.
    say : callable
        Told how far it is.

    Raises
    ------
    ConfigError
        Where combinations are not legal and are not to be left out, or a value is legal in none; each kind of problem
        once, with file, line, key, and the number of points.
    """
    kind, swept = spec.kind, spec.swept
    sources = digest(*kind.modules)
    points: list[Point] = []
    refused: list[_Refusal] = []
    legal: set[tuple[str, str]] = set()
    count = left_out = 0
    for count, combination in enumerate(spec.combinations(), 1):
        if count % STEP == 0:
            say(f"sweep: checking point {count:,}")
        values = {path: setting.value for path, setting in combination.items()}
        try:
            title, task, basis = kind.task(values, spec.path.parent)
        except ConfigError as error:
            refused += [_Refusal(combination, problem) for problem in error.problems]
            left_out += 1
            continue
        legal |= _pairs(combination)
        settings = {path: values[path] for path in swept if path in values}
        task = type(task)(task.arguments, task.config, kind.modules, sources)
        points.append(Point(len(points) + 1, settings, title, task, {**basis, "versions": dict(versions)}))
    if spec.skip and points:  # but a value that is legal in no combination is a mistake
        refused = [each for each in refused if _pairs(each.combination) - legal]
    if refused:
        raise ConfigError(_problems(spec, refused, count))
    return Plan(spec, tuple(points), left_out)


def _pairs(combination: Combination) -> set[tuple[str, str]]:
    return {(path, repr(setting.value)) for path, setting in combination.items()}


def _problems(spec: Spec, refused: list[_Refusal], count: int) -> list[Problem]:
    """Each kind of problem once."""
    kinds: dict[Problem, list[Combination]] = {}
    for each in refused:
        kinds.setdefault(each.problem, []).append(each.combination)
    found = [_problem(spec, problem, where, count) for problem, where in kinds.items()]
    if len(found) > SHOWN:
        found[SHOWN:] = [Problem(str(spec.path), f"has {len(found) - SHOWN:,} more kinds of problems")]
    return found


def _problem(spec: Spec, problem: Problem, where: list[Combination], count: int) -> Problem:
    first = where[0]
    setting = first.get(problem.where)
    place = f"{spec.path}:{setting.line}" if setting is not None and setting.line else str(spec.path)
    number = len({id(each) for each in where})
    message = problem.message
    if number < count:
        words = in_words({path: first[path].value for path in spec.swept if path in first})
        message += f"; in {number:,} of {count:,} points, the first with {words}"
    hint = problem.hint
    if not spec.skip and number < count and not hint:
        hint = 'list what goes together in [[point]] tables, or write illegal = "skip"'
    return Problem(f"{place}: {problem.where}" if problem.where else place, message, hint)
