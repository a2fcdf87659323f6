"""What a token's time depends on: the same position on systems that differ in one respect each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from gen.pim.compile import Compiled, compile_decoder
from hdl.params import ConfigError
from hdl.params.pim import PimParams, TimingTable, changed
from sim_tb.pim.tokens import tokens_in_time

__all__ = ["VARIATIONS", "Varied", "sensitivity"]

Changes = dict[str, int | float]
#: Respects in which systems differ, by what they are called; no changes where a system is so already.
VARIATIONS: dict[str, Callable[[PimParams], Changes]] = {
    "half the channels": lambda params: {"channels": params.channels // 2} if params.channels > 1 else {},
    "twice the channels": lambda params: {"channels": 2 * params.channels},
    "half the lanes of the vector unit": lambda params: (
        {"vector_lanes": params.vector_lanes // 2} if params.vector_lanes > params.lanes else {}
    ),
    "twice the lanes of the vector unit": lambda params: {"vector_lanes": 2 * params.vector_lanes},
    "half the global buffer": lambda params: {"gb_words": params.gb_words // 2} if params.gb_words > 1 else {},
    "twice the global buffer": lambda params: {"gb_words": 2 * params.gb_words},
    "no switches of mode": lambda params: {"timing.tmod": 0} if params.timing.tmod else {},
    "no refreshes": lambda params: {"timing.trefi": 0} if params.timing.trefi else {},
    "activates and precharges in half the time": lambda params: _faster_rows(params.timing),
}


def _faster_rows(timing: TimingTable) -> Changes:
    """Half of all times of rows, rounded up."""
    found = {key: -(-getattr(timing, key) // 2) for key in ("trcd_rd", "trcd_wr", "trcd_mac", "trp", "tras")}
    found["trc"] = max(-(-timing.trc // 2), found["tras"] + found["trp"])
    return {f"timing.{key}": clocks for key, clocks in found.items()}


@dataclass(frozen=True)
class Varied:
    """A position on another system.

    Parameters
    ----------
    name : str
        A key of ``VARIATIONS``; empty for the system itself.
    changes : mapping
        The values that differ.
    clocks : int or None
        Of the position; None if there is no such system, or the decoder doesn't fit it.
    picojoules : float or None
    problem : str
        Why there are none.
    """

    name: str
    changes: Changes
    clocks: int | None = None
    picojoules: float | None = None
    problem: str = ""


def sensitivity(compiled: Compiled, position: int, *, predict: bool = True, layout: str = "auto") -> Iterator[Varied]:
    """A position by itself, all banks closed at first: on its own system, without a name, then on others.

    Parameters
    ----------
    compiled : Compiled
    position : int
    predict : bool
        As for :func:`sim_tb.pim.tokens.tokens_in_time`.
    layout : str
        As for :func:`gen.pim.compile.compile_decoder`.
    """
    yield _varied("", {}, compiled, position, predict)
    for name, changes_of in VARIATIONS.items():
        if changes := changes_of(compiled.params):
            try:
                other = changed(compiled.params, changes)
                at = compiled.placement
                again = compile_decoder(
                    at.decoder,
                    other,
                    at.tokens,
                    layout,
                    at.batch,
                    at.weights,
                    at.caches,
                    overlap=compiled.overlap,
                )
            except ConfigError as error:
                yield Varied(name, changes, problem=str(error.problems[0]))
            else:
                yield _varied(name, changes, again, position, predict)


def _varied(name: str, changes: Changes, compiled: Compiled, position: int, predict: bool) -> Varied:
    (step,) = tokens_in_time(compiled, [position], predict=predict)
    return Varied(name, changes, step.totals.clocks, step.totals.energy(compiled.params).total)
