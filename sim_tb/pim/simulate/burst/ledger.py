"""Where the time goes, kept from clock to clock, with what is not decided yet as a state."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from hdl.params.pim import COMMANDS, PimParams
from sim_tb.pim.simulate.bus import Burst
from sim_tb.pim.simulate.statistics import (
    ACTIVATE,
    CAUSE,
    CAUSES,
    COLUMN,
    IDLE,
    NAMES,
    PRE_AB,
    RANKS,
    REF,
    Span,
    Statistics,
    modes,
)
from sim_tb.pim.simulate.unit import State
from sim_tb.pim.simulate.units import Units
from sim_tb.pim.simulate.work import NEVER

__all__ = ["Ledger", "Numbers", "statistics_of"]

Numbers = npt.NDArray[np.int64]
REFRESH, MODE, ISSUE, HOST, VECTOR = (RANKS[name] for name in ("refresh", "mode", "issue", "host", "vector"))
CODES = len(COMMANDS) + 1
#: Commands that open rows of all banks or of one, and those that close them.
OPENS, CLOSES = ({COMMANDS[f"{name}_AB"].code: True, COMMANDS[name].code: False} for name in ("ACT", "PRE"))
#: A clock and the cause that begins in it.
Edge = tuple[int, int]


class Account:
    """The clocks of a channel.

    Attributes
    ----------
    at : int
        The first clock whose cause is not known.
    edges : list of (clock, cause)
        Causes before it, as far as they count nowhere yet.
    work : list of (clock, clock)
        When operations were at work since then: the first clock and the one past the last.
    pending : list of (clock, clock, many, code, products)
        Commands whose clocks are not accounted for: they lie ahead, or what they are for is not known.
    refreshed, switched : int, list of int
        When a refresh is over, and the switch to registers, or to banks.
    opened : bool
        A row was opened, and nothing has used it yet.
    banks : int
        Banks that have a row open after all commands, as a mask.
    held, changes : bool, list of (clock, bool)
        Some have one open now; and from which clocks on that is otherwise.
    """

    __slots__ = ("at", "banks", "changes", "edges", "held", "opened", "pending", "refreshed", "switched", "work")

    def __init__(self) -> None:
        self.at = self.refreshed = 0
        self.edges: list[Edge] = [(0, IDLE)]
        self.work: list[Span] = []
        self.pending: list[tuple[int, int, int, int, int]] = []
        self.switched = [0, 0]
        self.opened = self.held = False
        self.banks = 0
        self.changes: list[tuple[int, bool]] = []

    def until(self, clock: int, rank: int) -> None:
        """The clocks up to one have a cause where an operation was at work."""
        work = self.work
        while self.at < clock:
            while work and work[0][1] <= self.at:
                del work[0]
            inside = bool(work) and work[0][0] <= self.at
            cause = rank if inside else IDLE
            if self.edges[-1][1] != cause:
                self.edges.append((self.at, cause))
            self.at = min(clock, work[0][inside]) if work else clock

    def idle(self, now: int) -> None:
        """Clocks in which no operation was at work have no other cause."""
        while self.work and self.work[0][1] <= self.at:
            del self.work[0]
        self.until(min(now, self.work[0][0]) if self.work else now, IDLE)

    def decided(self, bursts: Sequence[Burst], banks: int) -> None:
        """Commands of the channel, each on its bus a clock later."""
        pending, before = self.pending, len(self.pending)
        for clock, step, many, code, bank, _, _, _, products in bursts:
            last = clock + (many - 1) * step
            if code in OPENS:
                self.banks |= (1 << banks) - 1 if OPENS[code] else 1 << bank
            elif code in CLOSES:
                self.banks &= 0 if CLOSES[code] else ~(1 << bank)
            elif len(pending) > before and pending[-1][3:] == (code, products) and code != REF:
                # What it waits for after the same command is what it is for; others are pending from before.
                first, _, others, *_ = pending[-1]
                pending[-1] = first, last, others + many, code, products
                continue
            else:
                pending.append((clock, last, many, code, products))
                continue
            pending.append((clock, last, many, code, products))
            if bool(self.banks) != (self.changes[-1][1] if self.changes else self.held):
                self.changes.append((clock + 1, self.banks > 0))

    def open_clocks(self, last: int, now: int) -> int:
        """Clocks from one to another in which a row was open."""
        found, changes = 0, self.changes
        while changes and changes[0][0] <= now:
            clock, held = changes.pop(0)
            if self.held:
                found += clock - last
            last, self.held = clock, held
        return found + now - last if self.held else found

    def close(self, now: int) -> None:
        """What follows is accounted for as if nothing had been before."""
        self.pending = [each for each in self.pending if each[0] >= now - 1]
        self.work = [span for span in self.work if span[1] > now]
        self.refreshed, self.switched, self.opened = 0, [0, 0], False

    def state(self, now: int) -> State:
        """All that what follows depends on."""
        return (
            self.at - now,
            tuple((clock - now, cause) for clock, cause in self.edges),
            tuple((max(begin, self.at) - now, end - now if end < NEVER else NEVER) for begin, end in self.work),
            tuple((first - now, last - now, *rest) for first, last, *rest in self.pending),
            *(max(0, clock - self.at) for clock in (self.refreshed, *self.switched)),
            self.opened,
            self.held,
            tuple((clock - now, held) for clock, held in self.changes),
        )

    def restore(self, state: State, now: int) -> None:
        """Be in a state that :meth:`state` has given."""
        at, edges, work, pending, refreshed, before, after, self.opened, self.held, changes = state
        self.at = at + now
        self.edges = [(clock + now, cause) for clock, cause in edges]
        self.work = [(begin + now, end + now if end < NEVER else NEVER) for begin, end in work]
        self.pending = [(first + now, last + now, *rest) for first, last, *rest in pending]
        self.refreshed, self.switched = self.at + refreshed, [self.at + before, self.at + after]
        self.changes = [(clock + now, held) for clock, held in changes]


class Ledger:
    """Statistics as numbers that grow, with the same rules as :mod:`sim_tb.pim.simulate.statistics`.

    Parameters
    ----------
    params : PimParams

    Attributes
    ----------
    causes : list of lists of int
        Clocks by cause in all, and of each channel.
    busy : list of int
        Clocks of work of each channel, of the vector unit and of the mover.
    codes : list of int
        Commands by code.
    products, columns, misses : int
    words : tuple of int
        Fed, collected and moved.
    open : int
        Clocks in which a channel had any row open, summed over the channels.
    """

    def __init__(self, params: PimParams) -> None:
        self.timing, self.modes = params.timing, modes(params)
        self.accounts = [Account() for _ in range(params.channels)]
        self.beside: list[Edge] = [(0, ISSUE)]
        self.now = self.settled = 0
        self.clear()

    def clear(self) -> None:
        """Count from zero on."""
        channels = len(self.accounts)
        self.causes = [[0] * IDLE for _ in range(channels + 1)]
        self.busy = [0] * (channels + 2)
        self.codes = [0] * CODES
        self.products = self.columns = self.misses = 0
        self.words = (0, 0, 0)
        self.open = 0

    @property
    def totals(self) -> list[int]:
        """All numbers in a row, as :func:`statistics_of` takes them."""
        causes = [clocks for each in self.causes for clocks in each]
        return [*causes, *self.busy, *self.codes, self.products, self.columns, self.misses, *self.words, self.open]

    def take(self, units: Units, resting: Sequence[Span], now: int) -> None:
        """What has happened up to a clock; commands are taken from the channels."""
        last = self.now
        for number, (account, channel) in enumerate(zip(self.accounts, units.channels, strict=True)):
            self.busy[number] += _length(channel.spans, last, now)
            account.work = _joined(account.work, [span for span in channel.spans if span[0] < now])
            account.decided(channel.bursts, len(channel.banks.rows))
            self.open += account.open_clocks(last, now)
            for burst in channel.ahead:
                self.codes[burst.code] += burst.many
            channel.bursts.clear()
            channel.ahead.clear()
            del channel.spans[:-1]
            self._account(account, now)
        spans = (resting, HOST), (units.mover.spans, HOST), (units.memory.spans, VECTOR)
        self._extend(spans, last, now)
        for place, (each, _) in ((-2, spans[2]), (-1, spans[1])):
            self.busy[place] += _length(each, last, now)
        del units.memory.spans[:-1], units.mover.spans[:-1]
        self.words = units.feeder.words, units.collector.words, units.mover.words
        self.now = now
        self._settle()

    def _extend(self, layers: Sequence[tuple[Sequence[Span], int]], last: int, now: int) -> None:
        """What went on beside operations from one clock to another."""
        points = [last]
        for spans, _ in layers:
            points += [clock for span in spans for clock in span if last < clock < now]
        for clock in sorted(points):
            ranks = [rank for spans, rank in layers if any(first <= clock < past for first, past in spans)]
            rank = min(ranks, default=ISSUE)
            if self.beside[-1][1] != rank:
                self.beside.append((clock, rank))

    def _account(self, account: Account, now: int) -> None:
        """Clocks of commands that were on the bus; and those in which no operation was at work."""
        pending, done = account.pending, 0
        for index, (first, last, many, code, products) in enumerate(pending):
            follows = pending[index + 1][3] if index + 1 < len(pending) else 0
            # A command of the last clock counts only if a further clock does.
            if last >= now - 1 or (code == PRE_AB and not follows):
                break
            self._command(account, first, last, code, many, refresh=REF in (code, follows))
            self.products += many * products
            done += 1
        del pending[:done]
        account.idle(now)

    def _command(self, account: Account, first: int, last: int, code: int, many: int, *, refresh: bool) -> None:
        if refresh and code in (PRE_AB, REF):
            account.until(last + 1, REFRESH)
        else:
            account.until(min(first, account.refreshed), REFRESH)
            if self.modes[code] >= 0:
                account.until(min(first, account.switched[1 - self.modes[code]]), MODE)
            account.until(last + 1, CAUSE[code])
        if code == REF:
            account.refreshed = first + self.timing.trfc
        if ACTIVATE[code]:
            account.opened = True
        elif COLUMN[code]:
            self.misses += account.opened
            account.opened = False
        if self.modes[code] >= 0:
            account.switched[self.modes[code]] = last + self.timing.tmod
        self.codes[code] += many
        self.columns += COLUMN[code] * many

    def _settle(self) -> None:
        """Count the clocks whose causes are all known."""
        known = min(account.at for account in self.accounts)
        if known <= self.settled:
            return
        lists = [*(account.edges for account in self.accounts), self.beside]
        edges = [(clock, layer, rank) for layer, each in enumerate(lists) for clock, rank in each[1:] if clock < known]
        edges.sort(key=_clock)
        ranks = [each[0][1] for each in lists]
        causes, beside = self.causes, len(lists) - 1
        shown = [IDLE, *(min(rank, ranks[-1]) for rank in ranks[:-1])]
        shown[0] = min(shown[1:])
        since = [self.settled] * len(shown)
        for clock, layer, rank in edges:
            ranks[layer] = rank
            for each in range(beside) if layer == beside else (layer,):
                shows = min(ranks[each], ranks[-1])
                if shows != shown[each + 1]:
                    causes[each + 1][shown[each + 1]] += clock - since[each + 1]
                    shown[each + 1], since[each + 1] = shows, clock
            shows = min(shown[1:])
            if shows != shown[0]:
                causes[0][shown[0]] += clock - since[0]
                shown[0], since[0] = shows, clock
        for each, rank in enumerate(shown):
            causes[each][rank] += known - since[each]
        for layer_edges in lists:
            while len(layer_edges) > 1 and layer_edges[1][0] <= known:
                del layer_edges[0]
            layer_edges[0] = known, layer_edges[0][1]
        self.settled = known

    def finish(self) -> None:
        """No more commands follow; those that are decided for later clocks do not count."""
        for account in self.accounts:
            pending = [each for each in account.pending if each[0] < self.now - 1]
            for index, (first, last, many, code, products) in enumerate(pending):
                self.products += many * products
                last = min(last, self.now - 1)
                follows = pending[index + 1][3] if index + 1 < len(pending) else 0
                self._command(account, first, last, code, many, refresh=REF in (code, follows))
            account.until(self.now, IDLE)
        self._settle()

    def close(self) -> None:
        """No more commands count to what was before; what follows counts as if nothing had been."""
        self.finish()
        for account in self.accounts:
            account.close(self.now)

    # --- state -------------------------------------------------------------------------------------------------------
    def state(self) -> State:
        """All that what follows depends on, but the totals."""
        now = self.now
        beside = tuple((clock - now, rank) for clock, rank in self.beside)
        return self.settled - now, beside, tuple(account.state(now) for account in self.accounts)

    def restore(self, state: State, now: int, units: Units) -> None:
        """Be in a state that :meth:`state` has given, with nothing counted."""
        settled, beside, accounts = state
        self.now, self.settled = now, now + settled
        self.beside = [(clock + now, rank) for clock, rank in beside]
        for account, each, channel in zip(self.accounts, accounts, units.channels, strict=True):
            account.restore(each, now)
            account.banks = sum(1 << bank for bank, row in enumerate(channel.banks.rows) if row >= 0)
        self.clear()


def _clock(edge: tuple[int, int, int]) -> int:
    return edge[0]


def _length(spans: Sequence[Span], first: int, past: int) -> int:
    """Clocks of spans between two clocks."""
    return sum(min(end, past) - max(begin, first) for begin, end in spans if begin < past and end > first)


def _joined(spans: Sequence[Span], more: Sequence[Span]) -> list[Span]:
    """Spans and more of them, the first of which may be what the last one has become."""
    found = list(spans)
    for begin, end in more:
        if found and begin <= found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], end) if found[-1][1] < NEVER else end
        else:
            found.append((begin, end))
    return found


def statistics_of(totals: Numbers, channels: int) -> Statistics:
    """Statistics from the totals of a ledger."""
    causes = totals[: (channels + 1) * IDLE].reshape(-1, IDLE).tolist()
    rest = totals[(channels + 1) * IDLE :].tolist()
    busy, codes, (products, columns, misses, *words, _) = rest[: channels + 2], rest[channels + 2 : -7], rest[-7:]
    names = [*(f"channel{i}" for i in range(channels)), "vector", "move"]
    named = [dict(zip(CAUSES, each, strict=True)) for each in causes]
    return Statistics(
        clocks=named[0],
        channels=tuple(named[1:]),
        commands={NAMES[code]: count for code, count in enumerate(codes) if count},
        products=products,
        columns=columns,
        misses=misses,
        words=dict(zip(("feed", "collect", "move"), words, strict=True)),
        busy=dict(zip(names, busy, strict=True)),
    )
