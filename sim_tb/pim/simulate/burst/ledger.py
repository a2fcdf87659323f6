"""Where the time goes, kept from clock to clock, with what is not decided yet as a state."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from hdl.params.pim import COMMANDS, TimingTable
from sim_tb.pim.simulate.channel import Burst
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
    REGISTER,
    Span,
    Statistics,
)
from sim_tb.pim.simulate.unit import State
from sim_tb.pim.simulate.units import Units

__all__ = ["Ledger"]

Numbers = npt.NDArray[np.int64]
REFRESH, MODE = RANKS["refresh"], RANKS["mode"]
#: By cause, how a clock's byte (at work or not) becomes a rank.
PAINTS = [bytes([IDLE, rank, *[0] * 254]) for rank in range(IDLE + 1)]
CODES = len(COMMANDS) + 1


class Account:
    """The clocks of a channel.

    Attributes
    ----------
    ranks : bytearray
        The causes of the first clocks that count nowhere yet.
    work : bytearray
        Of the clocks behind them up to the present one, whether an operation was at work.
    pending : list of (clock, step, many, code)
        Commands whose clocks are not accounted for: they lie ahead, or what they are for is not known.
    refreshed, switched : int, list of int
        Clocks from the first one of ``work`` on until a refresh is over, and until the switch from commands to banks,
        or to registers, is.
    opened : bool
        A row was opened, and nothing has used it yet.
    """

    __slots__ = ("opened", "pending", "ranks", "refreshed", "switched", "work")

    def __init__(self) -> None:
        self.ranks = bytearray()
        self.work = bytearray()
        self.pending: list[tuple[int, int, int, int]] = []
        self.refreshed = 0
        self.switched = [0, 0]
        self.opened = False

    def until(self, clocks: int, rank: int) -> int:
        """So many clocks have a cause where an operation was at work; returns them."""
        if clocks <= 0:
            return 0
        self.ranks += self.work[:clocks].translate(PAINTS[rank])
        del self.work[:clocks]
        self.refreshed = max(0, self.refreshed - clocks)
        before, after = self.switched
        self.switched = [max(0, before - clocks), max(0, after - clocks)]
        return clocks

    def state(self, now: int) -> State:
        """All that what follows depends on."""
        pending = tuple((first - now, *rest) for first, *rest in self.pending)
        return bytes(self.ranks), bytes(self.work), pending, self.refreshed, *self.switched, self.opened

    def restore(self, state: State, now: int) -> None:
        """Be in a state that :meth:`state` has given."""
        ranks, work, pending, self.refreshed, before, after, self.opened = state
        self.ranks, self.work = bytearray(ranks), bytearray(work)
        self.pending = [(first + now, *rest) for first, *rest in pending]
        self.switched = [before, after]


class Ledger:
    """Statistics as numbers that grow, with the same rules as :mod:`sim_tb.pim.simulate.statistics`.

    Parameters
    ----------
    timing : TimingTable
    channels : int

    Attributes
    ----------
    totals : array of int64
        Clocks by cause in all and of each channel, clocks of work of each channel, of the vector unit and of the mover,
        commands by code, columns, misses, words fed, collected and moved.
    """

    def __init__(self, timing: TimingTable, channels: int) -> None:
        self.timing = timing
        self.accounts = [Account() for _ in range(channels)]
        self.beside = bytearray()
        self.now = 0
        self.causes = np.zeros((channels + 1, IDLE), np.int64)
        self.busy = [0] * (channels + 2)
        self.codes = [0] * CODES
        self.columns = self.misses = 0
        self.words = (0, 0, 0)

    @property
    def totals(self) -> Numbers:
        counts = [*self.busy, *self.codes, self.columns, self.misses, *self.words]
        return np.concatenate([self.causes.reshape(-1), np.array(counts, np.int64)])

    def take(self, units: Units, resting: Sequence[Span], now: int) -> None:
        """What has happened up to a clock; commands are taken from the channels."""
        last = self.now
        for number, (account, channel) in enumerate(zip(self.accounts, units.channels, strict=True)):
            work = _marks(channel.spans, last, now, b"\1", b"\0")
            self.busy[number] += work.count(1)
            account.work += work
            account.pending += [burst[:4] for burst in channel.bursts]
            channel.bursts.clear()
            del channel.spans[:-1]
            self._account(account, now)
        host, vector = RANKS["host"], RANKS["vector"]
        beside = bytearray([RANKS["issue"]] * (now - last))
        for spans, rank in ((resting, host), (units.mover.spans, host), (units.memory.spans, vector)):
            for first, past in spans:
                first, past = max(first, last) - last, min(past, now) - last
                if first < past:
                    beside[first:past] = bytes([rank]) * (past - first)
        self.beside += beside
        for place, spans in ((-2, units.memory.spans), (-1, units.mover.spans)):
            self.busy[place] += sum(max(0, min(past, now) - max(first, last)) for first, past in spans)
            del spans[:-1]
        self.words = units.feeder.words, units.collector.words, units.mover.words
        self.now = now
        self._settle()

    def _account(self, account: Account, now: int) -> None:
        """Clocks of commands that are over; and those in which no operation was at work."""
        pending, done = account.pending, 0
        for index, (first, step, many, code) in enumerate(pending):
            last = first + (many - 1) * step
            if last >= now:
                break
            follows = pending[index + 1][3] if index + 1 < len(pending) else 0
            if code == PRE_AB and not follows:
                break
            self._command(account, now, first, last, code, many, refresh=code == REF or follows == REF)
            done += 1
        del pending[:done]
        idle = account.work.find(1)
        account.until(len(account.work) if idle < 0 else idle, IDLE)

    def _command(
        self, account: Account, now: int, first: int, last: int, code: int, many: int, *, refresh: bool
    ) -> None:
        at = now - len(account.work)
        if refresh and code in (PRE_AB, REF):
            at += account.until(last + 1 - at, REFRESH)
        else:
            at += account.until(min(first - at, account.refreshed), REFRESH)
            at += account.until(min(first - at, account.switched[not REGISTER[code]]), MODE)
            at += account.until(last + 1 - at, CAUSE[code])
        if code == REF:
            account.refreshed = max(0, first + self.timing.trfc - at)
        if ACTIVATE[code]:
            account.opened = True
        elif COLUMN[code]:
            self.misses += account.opened
            account.opened = False
        account.switched[REGISTER[code]] = max(0, last + self.timing.tmod - at)
        self.codes[code] += many
        self.columns += COLUMN[code] * many

    def _settle(self) -> None:
        """Count the clocks whose causes are all known."""
        known = min(len(account.ranks) for account in self.accounts)
        if not known:
            return
        layers = b"".join(bytes(account.ranks[:known]) for account in self.accounts) + self.beside[:known]
        ranks = np.frombuffer(layers, np.uint8).reshape(-1, known)
        found = np.minimum(ranks[:-1], ranks[-1])
        self.causes[0] += np.bincount(found.min(axis=0), minlength=IDLE)[:IDLE]
        for number, each in enumerate(found):
            self.causes[1 + number] += np.bincount(each, minlength=IDLE)[:IDLE]
        for account in self.accounts:
            del account.ranks[:known]
        del self.beside[:known]

    def finish(self) -> None:
        """No more commands follow; those that are decided for later clocks do not count."""
        for account in self.accounts:
            pending = [each for each in account.pending if each[0] < self.now - 1]
            for index, (first, step, many, code) in enumerate(pending):
                last = min(first + (many - 1) * step, self.now - 1)
                follows = pending[index + 1][3] if index + 1 < len(pending) else 0
                self._command(account, self.now, first, last, code, many, refresh=REF in (code, follows))
            account.until(len(account.work), IDLE)
        self._settle()

    # --- state -------------------------------------------------------------------------------------------------------
    def state(self) -> State:
        """All that what follows depends on, but the totals."""
        return bytes(self.beside), tuple(account.state(self.now) for account in self.accounts)

    def restore(self, state: State, now: int) -> None:
        """Be in a state that :meth:`state` has given, with the totals as they are."""
        beside, accounts = state
        self.now, self.beside = now, bytearray(beside)
        for account, each in zip(self.accounts, accounts, strict=True):
            account.restore(each, now)


def statistics_of(totals: Numbers, channels: int) -> Statistics:
    """Statistics from the totals of a ledger."""
    causes = totals[: (channels + 1) * IDLE].reshape(-1, IDLE).tolist()
    rest = totals[(channels + 1) * IDLE :].tolist()
    busy, codes, (columns, misses, *words) = rest[: channels + 2], rest[channels + 2 : -5], rest[-5:]
    names = [*(f"channel{i}" for i in range(channels)), "vector", "move"]
    named = [dict(zip(CAUSES, each, strict=True)) for each in causes]
    return Statistics(
        clocks=named[0],
        channels=tuple(named[1:]),
        commands={NAMES[code]: count for code, count in enumerate(codes) if count},
        columns=columns,
        misses=misses,
        words=dict(zip(("feed", "collect", "move"), words, strict=True)),
        busy=dict(zip(names, busy, strict=True)),
    )


def _marks(spans: Sequence[Span], first: int, past: int, inside: bytes, outside: bytes) -> bytearray:
    """A byte for every clock from one to another: whether it is inside of a span."""
    found = bytearray(outside * (past - first))
    for begin, end in spans:
        begin, end = max(begin, first) - first, min(end, past) - first
        if begin < end:
            found[begin:end] = inside * (end - begin)
    return found
