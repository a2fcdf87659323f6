"""How fast and how frugal a model is on a system: the figures of a simulation as plain values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from gen.pim.compile import Compiled
from hdl.params.pim import PimParams, timing_sources
from sim_tb.pim.timeline import Timeline
from sim_tb.pim.tokens import Step, Totals

__all__ = ["COLUMNS", "Performance"]

#: Columns that a timeline is cut into.
COLUMNS = 120


@dataclass
class Performance:
    """A simulation, step by step.

    Parameters
    ----------
    compiled : Compiled
    totals : Totals
        Of all positions so far.
    clocks : dict of int
        By position.
    """

    compiled: Compiled
    totals: Totals = field(default_factory=Totals)
    clocks: dict[int, int] = field(default_factory=dict)
    _timelines: tuple[Timeline, ...] = ()
    _detail: int = 0

    def add(self, step: Step) -> None:
        """Another position."""
        self.totals.add(step.totals)
        self.clocks[step.position] = step.totals.clocks
        if step.timelines:
            self._timelines, self._detail = step.timelines, step.position

    def figures(self) -> dict[str, Any]:
        """Everything there is to say, for JSON and for the report.

        Raises
        ------
        CheckFailed
            If a time of more than two intervals has no refresh.
        """
        compiled, totals = self.compiled, self.totals
        params, decoder, batch = compiled.params, compiled.decoder, compiled.placement.batch
        tokens = totals.positions * batch
        totals.check_refreshes(params)
        seconds = totals.clocks * params.timing.clock_ps * 1e-12
        return {
            "family": decoder.family,
            "parameters": decoder.parameters,
            "layers": decoder.layers,
            "hash": params.hash,
            "sizes": {key: value for key, value in params.to_dict().items() if not isinstance(value, dict)},
            "timing": _timing(params),
            "rows": compiled.placement.rows,
            "first": min(self.clocks),
            "batch": batch,
            "tokens": tokens,
            "clocks": totals.clocks,
            "clocks_per_token": totals.clocks / tokens,
            "seconds": seconds,
            "tokens_per_second": tokens / seconds,
            "instructions": totals.instructions,
            "positions": [self.clocks[position] for position in sorted(self.clocks)],
            "causes": dict(totals.causes),
            "commands": dict(totals.commands),
            "refreshes": totals.commands["REF"],
            "row_hits": {"columns": totals.columns, "misses": totals.misses, "share": totals.row_hits},
            "traffic_bytes": totals.traffic(params),
            "utilisation": {
                "mac": totals.mac_utilisation(params),
                "vector": totals.busy["vector"] / totals.clocks,
            },
            "energy": _energy(params, totals, tokens),
            "detail": self._position(),
        }

    def _position(self) -> dict[str, Any] | None:
        """The position that was looked at more closely."""
        if not self._timelines:
            return None
        operations: dict[str, dict[str, int]] = {}
        for timeline in self._timelines:
            for name, causes in timeline.clocks().items():
                sums = operations.setdefault(name, {})
                for cause, clocks in causes.items():
                    sums[cause] = sums.get(cause, 0) + clocks
        clocks = sum(timeline.end for timeline in self._timelines)
        length = -(-clocks // COLUMNS)
        return {
            "position": self._detail,
            "clocks": clocks,
            "operations": operations,
            "column_clocks": length,
            "columns": [each for timeline in self._timelines for each in timeline.columns(length)],
            "spans": _spans(self._timelines),
        }


def _spans(timelines: Sequence[Timeline]) -> list[tuple[str, int, int]]:
    """Operations one after the other, of programs one after the other."""
    found: list[tuple[str, int, int]] = []
    before = 0
    for timeline in timelines:
        found += [(name, before + first, before + past) for name, first, past in timeline.spans()]
        before += timeline.end
    return found


def _timing(params: PimParams) -> dict[str, Any]:
    """The timing table in effect, and where each value comes from."""
    sources = timing_sources(params.timing)
    rules = params.timing.rules()
    return {
        "hash": params.timing.hash,
        "clock_ps": params.timing.clock_ps,
        "clock_source": sources["clock_ps"],
        "rules": [
            {
                "symbol": rule["symbol"],
                "clocks": getattr(params.timing, key),
                "meaning": rule["meaning"],
                "source": sources[key],
            }
            for key, rule in rules.items()
        ],
    }


def _energy(params: PimParams, totals: Totals, tokens: int) -> dict[str, Any]:
    energy = totals.energy(params)
    return {**energy.figures(params), "joules_per_token": energy.total * 1e-12 / tokens}
