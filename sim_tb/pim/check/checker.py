"""The independent check of a command log against the timing rules: cycle, command and rule of every violation."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from hdl.params.pim import NUMBERS, PimParams, numbers
from hdl.params.pim.system import MAX_POSTPONED
from sim_tb.pim.check.rules import COLUMNS, REGISTER_READS, REGISTER_WRITES, Spacing, spacings
from sim_tb.pim.log import Entry

__all__ = ["TimingChecker", "Violation", "check_log"]

ALL_BANKS = ("ACT_AB", "PRE_AB", "REF", "MAC_AB", "SCALE_AB", "WR_ELEM")
NEVER = -(1 << 62)


@dataclass(frozen=True)
class Violation:
    """A command that breaks a rule.

    Parameters
    ----------
    entry : Entry
        The command, with its cycle; at the end of the log an entry whose command is ``"END"``.
    rule : str
        A key of :data:`sim_tb.pim.check.rules.RULES`.
    message : str
        How it is broken.
    earliest : int or None
        The first cycle that would have been legal, where waiting helps.
    """

    entry: Entry
    rule: str
    message: str
    earliest: int | None = None

    def __str__(self) -> str:
        where = f"cycle {self.entry.cycle}, channel {self.entry.channel}, {self.entry.command}"
        wait = "" if self.earliest is None else f"; not before cycle {self.earliest}"
        return f"{where}: {self.rule}: {self.message}{wait}"


@dataclass
class _Channel:
    """What has happened on a channel."""

    banks: int
    rows: list[int | None] = field(init=False)
    #: The last time of each command on each bank, and on the channel.
    on_bank: dict[str, list[int]] = field(default_factory=dict)
    last: dict[str, int] = field(default_factory=dict)
    latest: int = -1
    activates: deque[int] = field(default_factory=lambda: deque(maxlen=4))
    #: When each global buffer was last written, where there are several.
    written: dict[int, int] = field(default_factory=dict)
    #: Words on the data bus that are not over: first cycle, cycle after the last, command.
    data: list[tuple[int, int, Entry]] = field(default_factory=list)
    refreshes: int = 0
    #: Refreshes whose absence has been reported.
    forgiven: int = 0

    def __post_init__(self) -> None:
        self.rows = [None] * self.banks


class TimingChecker:
    """Checks commands one by one, in order of cycles, as if each were carried out whatever it breaks.

    Parameters
    ----------
    params : PimParams
        Whose timing table counts. Cycle 0 is the first after reset: all banks are closed, and the first refresh is due
        at tREFI.

    Attributes
    ----------
    commands : int
        How many were checked.
    violations : list of Violation
    """

    def __init__(self, params: PimParams) -> None:
        self.params = params
        self.commands = 0
        self.violations: list[Violation] = []
        self._channels = [_Channel(params.banks) for _ in range(params.channels)]
        t = params.timing
        self._latencies = {"RD_SB": t.cl, "WR_SB": t.cwl, "WR_ELEM": t.cwl}
        self._latencies |= dict.fromkeys(REGISTER_READS, t.cl_reg) | dict.fromkeys(REGISTER_WRITES, t.cwl_reg)
        self._after: dict[str, list[Spacing]] = {}
        for spacing in spacings(params):
            for name in spacing.after:
                self._after.setdefault(name, []).append(spacing)

    def command(self, entry: Entry) -> list[Violation]:
        """Check the next command; returns its violations."""
        before = len(self.violations)
        self.commands += 1
        if self._addressed(entry):
            channel = self._channels[entry.channel]
            self._bus(channel, entry)
            banks = list(range(self.params.banks)) if entry.command in ALL_BANKS else [entry.bank]
            if entry.command in ("PRE", "PRE_AB"):  # a precharge of a closed bank is none
                banks = [bank for bank in banks if channel.rows[bank] is not None]
            self._rows(channel, entry, banks)
            self._spacings(channel, entry, banks)
            self._buffers(channel, entry)
            self._window(channel, entry)
            self._data(channel, entry)
            self._refresh(channel, entry)
            self._happened(channel, entry, banks)
        return self.violations[before:]

    def finish(self, cycle: int) -> list[Violation]:
        """The end of the log: refreshes owed by then."""
        before = len(self.violations)
        for number, channel in enumerate(self._channels):
            self._refresh(channel, Entry(cycle, number, "END"))
        return self.violations[before:]

    # --- rules -------------------------------------------------------------------------------------------------------
    def _report(self, entry: Entry, rule: str, message: str, earliest: int | None = None) -> None:
        self.violations.append(Violation(entry, rule, message, earliest))

    def _addressed(self, entry: Entry) -> bool:
        params, places = self.params, [("channel", entry.channel, self.params.channels)]
        places += [("bank", entry.bank, params.banks), ("col", entry.col, params.row_cols)]
        places += self._numbers(entry) if entry.command in NUMBERS else [("row", entry.row, params.rows)]
        beyond = [(what, value, limit) for what, value, limit in places if not 0 <= value < limit]
        for what, value, limit in beyond:
            self._report(entry, "address", f"{what} {value} of {limit}")
        return not beyond

    def _numbers(self, entry: Entry) -> Iterator[tuple[str, int, int]]:
        """The last word, accumulator or lane that a command has to do with, and how many there are."""
        params, bits = self.params, self.params.number_bits
        says = numbers(bits, entry.command, entry.row)
        yield "row", entry.row, 1 << sum(bits[name] for name in NUMBERS[entry.command])
        more = says.get("vectors", says.get("count", 1)) - 1
        if "word" in says:
            yield "word", says["word"] + more * params.gb_words + says.get("int8", 0), params.buffer_words
        if "lane" in says:
            yield "lane", says["lane"], params.lanes
            yield "switch int8", not params.int8, 1
        for name in ("acc", "to"):
            if name in says:
                yield "accumulator", says[name] + more, params.accumulators

    def _bus(self, channel: _Channel, entry: Entry) -> None:
        if entry.cycle <= channel.latest:
            message = f"the command before it was in cycle {channel.latest}"
            self._report(entry, "command bus", message, channel.latest + 1)

    def _rows(self, channel: _Channel, entry: Entry, banks: Sequence[int]) -> None:
        name = entry.command
        if name in ("ACT", "ACT_AB", "REF"):
            held = [bank for bank in banks if channel.rows[bank] is not None]
            if held:
                self._report(entry, "bank open", f"bank {held[0]} has row {channel.rows[held[0]]} open")
        elif name in COLUMNS:
            closed = [bank for bank in banks if channel.rows[bank] is None]
            if closed:
                self._report(entry, "bank closed", f"bank {closed[0]} has no row open")
            elif len(found := {channel.rows[bank] for bank in banks}) > 1:
                shown = " and ".join(sorted(str(row) for row in found)[:2])
                self._report(entry, "rows differ", f"rows {shown} are open")

    def _spacings(self, channel: _Channel, entry: Entry, banks: Sequence[int]) -> None:
        for spacing in self._after.get(entry.command, ()):
            worst, when = "", NEVER
            for name in spacing.before:
                if not spacing.same_bank:
                    time = channel.last.get(name, NEVER)
                elif times := channel.on_bank.get(name):
                    time = max(times if len(banks) == channel.banks else [times[bank] for bank in banks], default=NEVER)
                else:
                    continue
                if time > when:
                    worst, when = name, time
            if entry.cycle < when + spacing.clocks:
                message = f"{entry.cycle - when} clocks after {worst} in cycle {when}, {spacing.clocks} needed"
                self._report(entry, spacing.rule, message, when + spacing.clocks)

    def _buffers(self, channel: _Channel, entry: Entry) -> None:
        """Where there are several global buffers, a MAC waits for the data of those that it reads."""
        if self.params.buffers == 1 or entry.command not in ("WR_GB", "MAC_AB"):
            return
        says = numbers(self.params.number_bits, entry.command, entry.row)
        words, clocks = self.params.gb_words, self.params.timing.cwl_reg + self.params.timing.tbl
        if entry.command == "WR_GB":
            channel.written[says["word"] // words] = entry.cycle
            return
        read = [says["word"] + vector * words + half for vector in range(says["vectors"]) for half in (0, says["int8"])]
        when, buffer = max((channel.written.get(word // words, NEVER), word // words) for word in read)
        if entry.cycle < when + clocks:
            message = f"{entry.cycle - when} clocks after WR_GB to buffer {buffer} in cycle {when}, {clocks} needed"
            self._report(entry, "CWL_REG", message, when + clocks)

    def _window(self, channel: _Channel, entry: Entry) -> None:
        if entry.command != "ACT":
            return
        first, window = channel.activates[0] if len(channel.activates) == 4 else NEVER, self.params.timing.tfaw
        if entry.cycle < first + window:
            message = f"the fifth activate in {entry.cycle - first} clocks since cycle {first}, {window} needed"
            self._report(entry, "tFAW", message, first + window)
        channel.activates.append(entry.cycle)

    def _data(self, channel: _Channel, entry: Entry) -> None:
        """The words on the data bus take tBL clocks each, latency after their commands."""
        if entry.command not in self._latencies:
            return
        start = entry.cycle + self._latencies[entry.command]
        end = start + self.params.timing.tbl
        channel.data = [word for word in channel.data if word[1] > entry.cycle]
        for begin, over, other in channel.data:
            if start < over and begin < end:
                message = f"data in cycles {start} to {end - 1} meets that of {other.command} in cycle {other.cycle}"
                self._report(entry, "data bus", message, entry.cycle + over - start)
        channel.data.append((start, end, entry))

    def _refresh(self, channel: _Channel, entry: Entry) -> None:
        interval = self.params.timing.trefi
        if not interval:
            return
        due = entry.cycle // interval
        channel.refreshes += entry.command == "REF"
        owed = due - channel.refreshes - channel.forgiven
        if owed > MAX_POSTPONED:
            channel.forgiven += owed - MAX_POSTPONED
            message = f"{channel.refreshes} refreshes, {due} are due: {due - channel.refreshes} postponed"
            self._report(entry, "tREFI", message)
        elif entry.command == "REF" and channel.refreshes - due > MAX_POSTPONED:
            message = f"{channel.refreshes} refreshes, {due} are due: {channel.refreshes - due} in advance"
            self._report(entry, "tREFI", message, (channel.refreshes - MAX_POSTPONED) * interval)

    def _happened(self, channel: _Channel, entry: Entry, banks: Sequence[int]) -> None:
        name, cycle = entry.command, entry.cycle
        channel.latest = max(channel.latest, cycle)
        channel.last[name] = cycle
        if len(banks) == channel.banks:
            channel.on_bank[name] = [cycle] * channel.banks
        else:
            times = channel.on_bank.setdefault(name, [NEVER] * channel.banks)
            for bank in banks:
                times[bank] = cycle
        if name in ("ACT", "ACT_AB", "PRE", "PRE_AB"):
            for bank in banks:
                channel.rows[bank] = entry.row if name in ("ACT", "ACT_AB") else None


def check_log(params: PimParams, entries: Iterable[Entry], end: int | None = None) -> list[Violation]:
    """Every violation of a log.

    Parameters
    ----------
    params : PimParams
    entries : iterable of Entry
        In order of cycles; see :func:`sim_tb.pim.log.read_log`.
    end : int, optional
        The cycle in which the run ended; refreshes owed by then count.
    """
    checker = TimingChecker(params)
    for entry in entries:
        checker.command(entry)
    if end is not None:
        checker.finish(end)
    return checker.violations
