"""What an engine is: its loop nest and how it came about, the hardware of every primitive, its timing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from textwrap import fill
from typing import Any

from gen.hardware import Place, hardware, notes
from gen.nest.engines import engine_steps, engine_tile
from gen.nest.printer import print_nest
from gen.nest.table import Table, render, table
from gen.nest.terms import empty_beats, expected_terms
from gen.nest.window import expected_interval
from gen.operands import usual_sigma
from gen.timing import beats
from hdl.params import Dataflow, EngineParams
from hdl.params.axes import Recoded, Skip

__all__ = ["Explanation", "Step", "explain", "no_nest", "text"]

#: Columns of text.
WIDTH = 120
#: The only step of an engine to which no rewrites lead: its name, what moved, and why that is legal.
GIVEN = ("The nest", "as it was given; no rewrites lead there from a conventional array.", "")


@dataclass(frozen=True)
class Step:
    """One nest on the way from the conventional one to the engine's.

    Parameters
    ----------
    name : str
        The rewrite that led to it.
    moves, legal : str
        What the rewrite moved, and why that keeps the result; no reason is needed for the first nest.
    nest : str
    table : Table
    """

    name: str
    moves: str
    legal: str
    nest: str
    table: Table


@dataclass(frozen=True)
class Explanation:
    """All that is known of an engine without building it.

    Parameters
    ----------
    params : EngineParams
    k : int
        K of the tile whose operations and cycles the tables count.
    sigma : float or None
        Standard deviation of the operands A, where zeros are skipped.
    steps : tuple of Step
        From the conventional nest to the engine's, the last; empty for an engine without a nest.
    hardware : tuple of Place
    notes : tuple of str
        What the nest does not show of the hardware, and where the two differ.
    timing : tuple of str
        Sentences on the order and timing of beats.
    """

    params: EngineParams
    k: int
    sigma: float | None
    steps: tuple[Step, ...]
    hardware: tuple[Place, ...]
    notes: tuple[str, ...]
    timing: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return {
            "k": self.k,
            "sigma": self.sigma,
            "nest": self.steps[-1].nest if self.steps else None,
            "steps": [_step(step) for step in self.steps],
            "hardware": [asdict(place) for place in self.hardware],
            "notes": list(self.notes),
            "timing": list(self.timing),
        }


def explain(params: EngineParams, k: int, sigma: float | None = None) -> Explanation:
    """Explain an engine.

    Parameters
    ----------
    params : EngineParams
    k : int
        K of a tile, up to the engine's limit.
    sigma : float or None
        Standard deviation of the operands that are recoded; by default :func:`~gen.operands.usual_sigma`, on which
        synthesis measures as well. It matters where zeros are skipped.
    """
    if not params.data_dependent:
        sigma = None
    elif sigma is None:
        sigma = usual_sigma(params.recoded)
    tile = engine_tile(params, k)
    steps = []
    ways = engine_steps(params)
    for rewrite, nest in ways:
        found = table(nest, tile, sigma=sigma, accumulator=params.accumulator, k_limit=params.k_limit)
        if params.point is not None and len(ways) == 1:
            name, moves, legal = GIVEN
        elif rewrite is None:
            name, moves, legal = "the conventional array", "every primitive works in every step of k.", ""
        else:
            name, moves, legal = rewrite.name, rewrite.moves, rewrite.legal
        steps.append(Step(name, moves, legal, print_nest(nest), found))
    places, timing = hardware(params), _timing(params, k, sigma, steps)
    return Explanation(params, k, sigma, tuple(steps), tuple(places), tuple(notes(params)), tuple(timing))


def text(found: Explanation, prefix: str, *, final: bool = False) -> str:
    """An explanation to read.

    Parameters
    ----------
    found : Explanation
    prefix : str
        First part of every module's name.
    final : bool
        Only the engine's own nest, without the steps that lead to it.
    """
    params = found.params
    parts = []
    if found.steps:
        operand = "B" if params.axes.recoded is Recoded.B else "A"
        data = "" if found.sigma is None else f"; operands {operand} are normal with standard deviation {found.sigma:g}"
        counted = f"Tables count operations and cycles of a tile with K = {found.k:,}"
        parts.append(fill(f"{counted}; bits do for any K up to {params.k_limit:,}{data}.", WIDTH))
    else:
        parts.append(no_nest(params))
    if final and found.steps:
        first, *others = (step.name for step in found.steps)
        title = f"{first[0].upper()}{first[1:]}{' after ' * bool(others)}{', then '.join(others)}:"
        parts.append(f"{title}\n\n{_nest(found.steps[-1])}")
    else:
        for number, step in enumerate(found.steps, 1):
            title = f"{number}. {step.name}: {step.moves}" + (f"\n   Legal: {step.legal}" if step.legal else "")
            parts.append(f"{title}\n\n{_nest(step)}")
    if found.hardware:
        parts.append("In hardware:\n" + _places(found.hardware, prefix))
    parts += [fill(note, WIDTH) for note in found.notes]
    parts.append("\n".join(fill(sentence, WIDTH) for sentence in found.timing))
    return "\n\n".join(parts)


def _nest(step: Step) -> str:
    return f"{step.nest}\n{render(step.table).rstrip()}"


def no_nest(params: EngineParams) -> str:
    """What is said of an engine without a nest."""
    engine = f"The scheme {params.scheme!r}" if params.point is None else "This engine"
    if params.floating:
        return (
            f"{engine} has no nest of {params.a}: sums are rounded in every step, the notation has those of integers."
        )
    if params.column_groups > 1:
        return f"{engine} has no nest here: in the notation all columns of a row take the same operand of A."
    return f"{engine} has no nest: it recodes both operands, the notation has the digits of one only."


def _timing(params: EngineParams, k: int, sigma: float | None, steps: Sequence[Step]) -> list[str]:
    """Order of beats, and cycles of a tile."""
    tile = f"A tile with K = {k:,} takes"
    if params.axes.stores_operands:
        cycles = round(expected_interval(params, k, sigma))
        window = "groups, ends of planes and the window" if params.axes.skips_by_row else "segments and ends of planes"
        hidden = f"{window} cost what the nest does not show"
        return [*beats(params), f"{tile} about {_cycles(cycles)} in a streak: {hidden}."]
    if params.axes.skip is Skip.COMMON:
        empty = empty_beats(params, k, sigma)
        cycles = round(steps[-1].table.cycles.tile + empty)
        more = f", and one for each of the {empty:.1f} beats without a digit" if empty >= 0.05 else ""
        return [*beats(params), f"{tile} about {_cycles(cycles)} in a streak, as the nest counts them{more}."]
    if params.data_dependent:
        cycles = round(expected_terms(params, k, sigma))
        assumed = f"if operands are normal, A with standard deviation {sigma:g} and B in proportion"
        return [*beats(params), f"{tile} about {_cycles(cycles)} in a streak, {assumed}."]
    return [*beats(params), f"{tile} {_cycles(Dataflow(params).tile_interval(k))} in a streak."]


def _cycles(number: int) -> str:
    return "1 cycle" if number == 1 else f"{number:,} cycles"


def _step(step: Step) -> dict[str, Any]:
    return {
        "rewrite": step.name,
        "moves": step.moves,
        "legal": step.legal,
        "nest": step.nest,
        "primitives": [asdict(row) for row in step.table.rows],
        "cycles": asdict(step.table.cycles),
    }


def _places(places: tuple[Place, ...], prefix: str) -> str:
    """A line a primitive: what it is, where it stands and how often."""
    rows = [(place.primitive, f"{place.copies:,}", f"{prefix}_{place.module}", place.text) for place in places]
    wide = [max(len(row[i]) for row in rows) for i in range(3)]
    return "\n".join(
        f"  {row[0].ljust(wide[0])}  {row[1].rjust(wide[1])} x {row[2].ljust(wide[2])}  {row[3]}" for row in rows
    )
