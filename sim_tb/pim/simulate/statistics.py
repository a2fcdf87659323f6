"""Where the time goes: clocks by cause, commands by kind, hits of open rows, words moved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from hdl.params.pim import COMMANDS, PimParams, mode_registers

if TYPE_CHECKING:
    from sim_tb.pim.simulate.bus import Burst

__all__ = ["CAUSES", "Numbers", "Span", "Statistics", "gather", "modes", "over_time"]

#: The first clock and the one past the last.
Span = tuple[int, int]
Numbers = npt.NDArray[np.int64]
#: What clocks go to. While an operation is at work on a channel its clocks belong to the command that they lead to,
#: but for those after a refresh and after a change between banks and registers that it must wait for. Of several causes
#: in the same clock the first one in this order counts: of different channels, and of what goes on beside them.
CAUSES = {
    "mac": "multiply-accumulates",
    "write": "words to banks, global buffers and accumulators",
    "read": "words from banks and accumulators",
    "rows": "activates and precharges",
    "mode": "tMOD: the switch between commands to registers and commands to banks",
    "refresh": "an operation waits for a refresh",
    "vector": "the vector unit calculates, and no operation is at work",
    "host": "words move to or from the host, or no program runs",
    "issue": "the issuer alone",
}
RANKS = {name: rank for rank, name in enumerate(CAUSES)}
IDLE = len(CAUSES)
NAMES = {command.code: name for name, command in COMMANDS.items()}
MACS = ("MAC_AB", "SCALE_AB")
COLUMNS = ("RD_SB", "WR_SB", "WR_ELEM", *MACS)
ROWS = ("ACT", "ACT_AB", "PRE", "PRE_AB")
PRE_AB, REF = COMMANDS["PRE_AB"].code, COMMANDS["REF"].code
#: By code of a command the cause of its clocks, and what it is.
CAUSE = [IDLE] * (len(COMMANDS) + 1)
COLUMN = [False] * len(CAUSE)
ACTIVATE = [False] * len(CAUSE)
for _command in COMMANDS.values():
    _name = "rows" if _command.name in ROWS else "mac" if _command.name in MACS else _command.data
    CAUSE[_command.code] = RANKS[_name or "refresh"]
    COLUMN[_command.code] = _command.name in COLUMNS
    ACTIVATE[_command.code] = _command.name in ("ACT", "ACT_AB")


@dataclass(frozen=True)
class Statistics:
    """Where the time went.

    Parameters
    ----------
    clocks : mapping
        By cause (``CAUSES``) how many clocks there were, each counted once.
    channels : tuple of mappings
        The same for each channel, with what went on beside it.
    commands : mapping
        By name how many commands there were, of all channels; those that there were none of are left out.
    products : int
        Multiply-accumulates, a set of ``lanes`` in every bank of a channel counting as one: MAC_AB times its vectors,
        and twice that of int8.
    columns, misses : int
        Commands on columns; and those whose row was opened for them: the first one after an activate.
    words : mapping
        Words by way: ``feed``, ``collect``, ``move``.
    busy : mapping
        Clocks in which a unit was at work: each channel (``channel0`` ...), ``vector``, ``move``.
    """

    clocks: Mapping[str, int]
    channels: tuple[Mapping[str, int], ...]
    commands: Mapping[str, int]
    products: int
    columns: int
    misses: int
    words: Mapping[str, int]
    busy: Mapping[str, int]

    @property
    def row_hits(self) -> float:
        """The share of commands on columns that found their row open; 1 if there were none."""
        return 1 - self.misses / self.columns if self.columns else 1.0


def modes(params: PimParams) -> tuple[int, ...]:
    """By code of a command the mode that it needs: banks (0), registers (1), or any (-1)."""
    switching = mode_registers(params)
    found = [1 if name in switching else -int(each.register) for name, each in COMMANDS.items()]
    return (0, *found)


def gather(
    params: PimParams,
    bursts: Sequence[Sequence[Burst]],
    ahead: Sequence[Sequence[Burst]],
    operations: Sequence[Sequence[Span]],
    beside: Mapping[str, Sequence[Span]],
    end: int,
    words: Mapping[str, int],
) -> Statistics:
    """Statistics of a simulation.

    Parameters
    ----------
    params : PimParams
    bursts, ahead, operations : sequences
        For each channel the commands of operations at work, those before the turn of their operation, and when
        operations were at work.
    beside : mapping
        When there was what may go on beside operations: ``vector``, ``move``, ``rest`` (no program runs).
    end : int
        Clocks in all.
    words : mapping
        As in :class:`Statistics`.
    """
    counts = [0] * len(CAUSE)
    columns = misses = products = 0
    layers = []
    for each, spans in zip(bursts, operations, strict=True):
        missed, starts, ranks = _channel(params, each, spans, end)
        misses += missed
        layers.append((np.array(starts, np.int64), np.array(ranks, np.int64)))
    for each in (*bursts, *ahead):
        for burst in each:
            counts[burst.code] += burst.many
            products += burst.many * burst.products
    columns = sum(count for code, count in enumerate(counts) if COLUMN[code])
    idle = _beside(beside, end)
    names = [f"channel{i}" for i in range(len(layers))]
    busy = {name: _length(spans, end) for name, spans in zip(names, operations, strict=True)}
    return Statistics(
        clocks=_by_cause([*layers, *idle], end),
        channels=tuple(_by_cause([layer, *idle], end) for layer in layers),
        commands={NAMES[code]: count for code, count in enumerate(counts) if count},
        products=products,
        columns=columns,
        misses=misses,
        words=dict(words),
        busy=busy | {name: _length(beside[name], end) for name in ("vector", "move")},
    )


def _channel(
    params: PimParams, bursts: Sequence[Burst], spans: Sequence[Span], end: int
) -> tuple[int, list[int], list[int]]:
    """Activates that columns waited for; and where each cause begins."""
    starts, ranks = [0], [IDLE]
    idle = [(begin, over) for (_, begin), (over, _) in zip([(0, 0), *spans], [*spans, (end, end)], strict=True)]
    gaps = iter([gap for gap in idle if gap[0] < gap[1]])
    gap = next(gaps, (end, end))
    missed = 0
    opened = False
    at = refreshed = 0  # the first clock that is not accounted for; until when a refresh lasts
    switched = [0, 0]  # when the last command to banks, and to registers, is long enough ago
    refresh, mode, timing, needs = RANKS["refresh"], RANKS["mode"], params.timing, modes(params)

    def until(clock: int, rank: int) -> None:
        nonlocal at, gap
        while at < clock:
            if gap[1] <= at:
                gap = next(gaps, (end, end))
                continue
            inside = gap[0] <= at
            here = min(clock, gap[1] if inside else gap[0])
            cause = IDLE if inside else rank
            if ranks[-1] != cause:
                starts.append(at)
                ranks.append(cause)
            at = here

    for index, (first, step, many, code, *_) in enumerate(bursts):
        last = first + (many - 1) * step
        if code == REF or (code == PRE_AB and index + 1 < len(bursts) and bursts[index + 1][3] == REF):
            until(last + 1, refresh)
        else:
            until(min(first, refreshed), refresh)
            if needs[code] >= 0:
                until(min(first, switched[1 - needs[code]]), mode)
            until(last + 1, CAUSE[code])
        if code == REF:
            refreshed = first + timing.trfc
        if ACTIVATE[code]:
            opened = True
        elif COLUMN[code]:
            missed += opened
            opened = False
        if needs[code] >= 0:
            switched[needs[code]] = last + timing.tmod
    until(end, IDLE)
    return missed, starts, ranks


def _beside(beside: Mapping[str, Sequence[Span]], end: int) -> list[tuple[Numbers, Numbers]]:
    """What goes on beside operations, as layers; the issuer always does."""
    found = [(np.array([0]), np.array([RANKS["issue"]]))]
    for name, spans in beside.items():
        rank = RANKS["vector" if name == "vector" else "host"]
        starts, ranks = [0], [IDLE]
        for first, past in spans:
            if first < min(past, end):
                starts += [first, min(past, end)]
                ranks += [rank, IDLE]
        found.append((np.array(starts), np.array(ranks)))
    return found


def _by_cause(layers: Sequence[tuple[Numbers, Numbers]], end: int) -> dict[str, int]:
    """Clocks by the lowest rank of all layers."""
    edges, lowest = _lowest(layers, end)
    lengths = np.diff(np.append(edges, end))
    return {name: int(lengths[lowest == rank].sum()) for name, rank in RANKS.items()}


def _lowest(layers: Sequence[tuple[Numbers, Numbers]], end: int) -> tuple[Numbers, Numbers]:
    """Where the lowest rank of all layers may change, and what it is from there on."""
    edges = np.unique(np.concatenate([starts for starts, _ in layers]))
    edges = edges[edges < end]
    lowest = np.full(len(edges), IDLE)
    for starts, ranks in layers:
        np.minimum(lowest, ranks[np.searchsorted(starts, edges, "right") - 1], out=lowest)
    return edges, lowest


def over_time(
    params: PimParams,
    bursts: Sequence[Sequence[Burst]],
    operations: Sequence[Sequence[Span]],
    beside: Mapping[str, Sequence[Span]],
    end: int,
) -> tuple[Numbers, Numbers]:
    """The causes of a simulation's clocks one after the other, as ``clocks`` of :class:`Statistics` counts them.

    Parameters
    ----------
    params, bursts, operations, beside, end
        As for :func:`gather`.

    Returns
    -------
    (int64 array, int64 array), both of shape (count,)
        Clocks from which on there is a cause, and its place in ``CAUSES``. Neighbours may have the same one.
    """
    layers = []
    for each, spans in zip(bursts, operations, strict=True):
        _, starts, ranks = _channel(params, each, spans, end)
        layers.append((np.array(starts, np.int64), np.array(ranks, np.int64)))
    return _lowest([*layers, *_beside(beside, end)], end)


def _length(spans: Sequence[Span], end: int) -> int:
    return sum(min(past, end) - first for first, past in spans if first < end)
