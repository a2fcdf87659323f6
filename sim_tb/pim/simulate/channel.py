"""A channel: its sequencer's commands, and the words that wait for them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from hdl.params.pim import COMMANDS, PimParams
from hdl.params.pim.system import MAX_POSTPONED
from sim_tb.pim.simulate.banks import ONE_BANK, Banks
from sim_tb.pim.simulate.bus import GIVES, REGISTERS, TAKES, Burst
from sim_tb.pim.simulate.loads import Loads
from sim_tb.pim.simulate.unit import State
from sim_tb.pim.simulate.words import Words
from sim_tb.pim.simulate.work import NEVER, Operation

__all__ = ["Channel"]

ACT, ACT_AB, PRE, PRE_AB, REF, RD_SB, WR_SB, WR_ELEM, MAC_AB, WR_GB, SCALE_AB = (
    COMMANDS[name].code
    for name in ("ACT", "ACT_AB", "PRE", "PRE_AB", "REF", "RD_SB", "WR_SB", "WR_ELEM", "MAC_AB", "WR_GB", "SCALE_AB")
)
#: No command: the operation finds everything as it wants it, and ends.
NEEDLESS = 0
#: Refreshes owed from which on one cuts in anywhere.
URGENT = MAX_POSTPONED - 1


class Channel(Words):
    """Sequencer and queues of words of a channel.

    While an operation on one bank is at work, banks of later ones are made ready in clocks that it has no command for.
    What waits in the queue then counts, and nothing is decided ahead of the clock.

    Parameters
    ----------
    params : PimParams
    number : int

    Attributes
    ----------
    bursts : list of Burst
        What has been decided, by the clock of the decision.
    ahead : list of Burst
        Words of global buffers that were written before the turn of their operation.
    spans : list of (clock, clock)
        When operations were at work: the first clock and the one past the last.
    begins : list of int
        The first clock of each operation.
    """

    depth = 8

    def __init__(self, params: PimParams, number: int) -> None:
        super().__init__(params)
        self.params = params
        self.number = number
        self.banks = Banks(params)
        self.loads = Loads(params) if params.buffers > 1 else None
        self.interval = params.timing.trefi
        self.steps = [1, *(self.banks.waits.between(code, code) for code in range(1, len(self.latencies)))]

        self.wake = self.interval or NEVER
        self.code = self.bank = self.row = self.col = self.word = self.count = self.buffers = 0
        self.rises = self.products = 0
        self.begun = 0  # nothing is decided for the operation before this clock
        self.refreshes = 0
        self.bursts: list[Burst] = []
        self.ahead: list[Burst] = []
        self.spans: list[tuple[int, int]] = []
        self.begins: list[int] = []

    # --- what others do ----------------------------------------------------------------------------------------------
    def push(self, job: Operation, clock: int) -> None:
        """An operation, there from a clock on: its bank may be made ready then."""
        super().push(job, clock)
        if self.valid and (self.code in ONE_BANK or self.loads) and clock < self.wake:
            self.wake = clock

    def feed(self, clock: int) -> None:
        """A word enters; it may be one for an operation that waits."""
        super().feed(clock)
        if self.loads and clock + 2 < self.wake:
            self.wake = clock + 2

    # --- time --------------------------------------------------------------------------------------------------------
    def step(self, clock: int) -> None:
        """Decide what can be decided; ``clock`` is the present one."""
        while True:
            if not self.valid or self.ends <= clock:
                self._load(clock)
                if not self.valid and self._leaves() <= clock:
                    self._cut_in(clock)
                self._turn(clock)
            elif self.ends != NEVER:
                self.wake = self.ends
                break
            if not self._decide(clock):
                break
        self._load(clock)

    def _load(self, clock: int) -> None:
        """Operations that wait may load global buffers in this clock."""
        if self.loads:
            self.wake = min(self.wake, self.loads.step(self, clock))

    def send_ahead(self, clock: int, word: int) -> None:
        """WR_GB of a word, before the turn of its operation."""
        self.ahead.append(Burst(clock, 1, 1, WR_GB, 0, word))
        self.arrivals.popleft()
        self.leaves.append(clock + self.latencies[WR_GB])
        self._took(clock, clock, WR_GB)
        self.banks.sent(clock, WR_GB)

    def _issue(self, first: int, step: int, many: int, code: int, bank: int, row: int, col: int) -> None:
        """Commands of the operation at work, or of a refresh."""
        products = self.products if code == MAC_AB else 0
        self.bursts.append(Burst(first, step, many, code, bank, row, col, self.rises, products))
        if self.loads:
            self.loads.occupy(first, step, many)

    def _begin(self, job: Operation, clock: int) -> None:
        self._be_at(job)
        if self.loads:
            self.loads.begin(job)
        self.begun = clock + 1
        self.begins.append(self.begun)
        if self.spans and self.spans[-1][1] == self.begun:
            self.spans[-1] = self.spans[-1][0], NEVER
        else:
            self.spans.append((self.begun, NEVER))

    def _be_at(self, job: Operation) -> None:
        """An operation is at work."""
        self.code, self.bank, self.row, self.col, self.word, self.count, *more = job
        self.buffers, self.rises, self.products = more

    def _over(self, clock: int) -> None:
        self.quiet_from = max(self.quiet_from, clock + 1)
        if self.loads:
            self.loads.end()
        self.spans[-1] = self.spans[-1][0], clock + 1

    def _decide(self, clock: int) -> bool:
        """The next command, or burst, or end of the operation; False if it has to wait for others."""
        if not self.valid:
            self.wake = min(self._leaves(), self.queue[0][0] if self.queue else NEVER)
            return False
        code, opens = self._wanted()
        when = self._earliest(code)
        urgent = (self.refreshes + URGENT) * self.interval if self.interval else NEVER
        due = self._due() if opens else urgent
        cuts = due <= when
        limit = urgent  # from which clock on nothing is decided
        if self.code in ONE_BANK:
            limit = min(urgent, clock + 1)
            leaves = max(self.base, due, self.banks.ready[PRE_AB if self.banks.open else REF]) if cuts else when
            ready = NEVER
            if leaves > clock or not (cuts or code):
                ready = self._make_ready(clock)
            if leaves > clock:
                self.wake = min(leaves, ready)
                return False
        if cuts and when == NEVER and due > clock:
            self.wake = due
            return False
        if cuts:
            if self.loads and self._refreshes_at(max(self.base, due)) > clock:
                # What a refresh forbids is not forbidden before it.
                self.wake = self._refreshes_at(max(self.base, due))
                return False
            self._cut_in(max(self.base, due))
        elif code == NEEDLESS:
            self.ends = when
        elif code in (MAC_AB, SCALE_AB):
            self._multiply(when, urgent)
        elif code == self.code and code > REF:
            self._move(when, limit)
        else:
            self._send(when, code, self.bank if code in ONE_BANK else 0, self.row if code in (ACT, ACT_AB) else 0)
        return True

    def _leaves(self) -> int:
        """When a refresh that is or will be owed, or the precharge before it, leaves if nothing is at work."""
        return self._refreshes_at(max(self.base, self._due()))

    def _due(self) -> int:
        """From when on a refresh is owed."""
        return (self.refreshes + 1) * self.interval if self.interval else NEVER

    def _make_ready(self, clock: int) -> int:
        """Open or close a bank for a later operation, if one may be; returns the next clock in which that may be so.

        Those are operations on columns of one bank, as long as all before them are on one bank too, and another one.
        """
        least = max(self.base, self.begun)
        used = {self.bank}
        following, chosen = NEVER, None
        for there, each in self.queue:
            if each.code not in ONE_BANK:
                break
            bank = each.bank
            if each.code in (RD_SB, WR_SB) and bank not in used and self.banks.rows[bank] != each.row:
                code = ACT if self.banks.rows[bank] < 0 else PRE
                when = max(least, there, self.banks.earliest(code, bank))
                if when > clock:
                    following = min(following, when)
                elif chosen is None or (code == ACT and chosen[0] == PRE):
                    chosen = code, bank, each.row
            used.add(bank)
        if chosen and clock < self._due():
            code, bank, row = chosen
            self._send(clock, code, bank, row if code == ACT else 0)
            return self._make_ready(clock)
        return following if following < self._due() else NEVER

    def _wanted(self) -> tuple[int, bool]:
        """The command that comes next, and whether it only opens what the operation needs."""
        kind = self.code
        if kind == WR_GB and not self.count:
            return NEEDLESS, False
        if kind in REGISTERS:
            return kind, False
        banks, single = self.banks, kind in ONE_BANK
        held = banks.rows[self.bank] >= 0 if single else banks.open > 0
        close, activate = (PRE, ACT) if single else (PRE_AB, ACT_AB)
        if kind == close:
            return (close if held else NEEDLESS), False
        hit = banks.rows[self.bank] == self.row if single else banks.together and banks.rows[0] == self.row
        if hit:
            return (NEEDLESS if kind == activate else kind), False
        return (close, False) if held else (activate, True)

    def _earliest(self, code: int) -> int:
        """The first clock in which a command may leave, as far as known."""
        when = max(self.base, self.begun, self.banks.earliest(code, self.bank))
        if code == MAC_AB and self.loads:
            when = max(when, self.loads.filled(self.buffers))
        if code in TAKES:
            return max(when, self.arrivals[0]) if self.arrivals else NEVER
        return self._room(when) if code in GIVES else when

    def decided(self) -> int:
        """The last clock that something was decided for, or would have been if no refresh was ever due."""
        found = max(self.bursts[-1][0] if self.bursts else 0, self.ends if self.ends < NEVER else 0)
        if self.loads and self.valid and self.ends == NEVER and self.code not in ONE_BANK:
            # What a refresh keeps waiting is not decided before that is over.
            when = self._earliest(self._wanted()[0])
            found = max(found, when if when < NEVER else 0)
        return found

    def _cut_in(self, when: int) -> None:
        """A refresh, or the precharge before it."""
        at = self._refreshes_at(when)
        if self.banks.open:
            self._send(at, PRE_AB)
        else:
            self._send(at, REF)
            self.refreshes += 1

    def _refreshes_at(self, when: int) -> int:
        """The first clock from one on for a refresh, or the precharge before it."""
        return max(when, self.banks.ready[PRE_AB if self.banks.open else REF])

    def _send(self, when: int, code: int, bank: int = 0, row: int = 0) -> None:
        """A command on rows."""
        self._issue(when, 1, 1, code, bank, row, 0)
        self.banks.sent(when, code, bank, row)
        self.base = when + 1

    def _multiply(self, when: int, urgent: int) -> None:
        """MACs up to the end of the row, at their shortest distance, unless a refresh becomes urgent; or a scale."""
        code, step = self.code, self.steps[self.code]
        many = min(self.count, self.params.row_cols - self.col)
        if when + (many - 1) * step >= urgent:
            many = max(1, -((when - urgent) // step))
        self._issue(when, step, many, code, 0, self.word, self.col)
        self.word += many * self.rises
        self._went(when + (many - 1) * step, many, code)

    def _move(self, when: int, limit: int) -> None:
        """Commands with words up to the end of the row, and to a clock, as far as words, or room, are known."""
        code, step = self.code, self.steps[self.code]
        takes = code in TAKES
        banked = code in (RD_SB, WR_SB)
        many = min(self.count, self.params.row_cols - self.col) if banked else self.count
        done, first = 0, when
        while True:
            at = self.bank, 0, self.col
            if code == WR_GB:
                at = 0, self.word, 0
                self.word += 1
            elif not banked:
                at = self.bank, self.word, self.col if code == WR_ELEM else 0
            self._issue(when, 1, 1, code, *at)
            if takes:
                self.arrivals.popleft()
                self.leaves.append(when + self.latencies[code])
            else:
                self._answer(when, code)
            done += 1
            if banked:
                self.col += 1
            elif code != WR_GB:
                self.bank += self.params.lanes
                if self.bank >= self.params.banks:  # the next accumulator
                    self.bank, self.word = 0, self.word + 1
            if done == many:
                break
            following = when + step
            following = max(following, self.arrivals[0]) if takes and self.arrivals else following
            if takes and not self.arrivals:
                break
            if not takes:
                following = self._room(following)
            if following >= limit:
                break
            when = following
        if takes:
            self._took(first, when, code)
        if banked:
            self.col -= done
        bank = self.bank if banked else 0
        self._went(when, done, code, bank)

    def _went(self, when: int, many: int, code: int, bank: int = 0) -> None:
        """So many commands have left, the last one in a clock."""
        self.banks.sent(when, code, bank)
        if code == WR_GB and self.loads:
            self.loads.wrote(when, self.buffers)
        self.base = when + 1
        self.count -= many
        if code in (MAC_AB, RD_SB, WR_SB):
            self.col += many
            if self.col == self.params.row_cols:
                self.col = 0
                self.row += 1
        if not self.count:
            self.ends = when

    # --- state -------------------------------------------------------------------------------------------------------
    def state(self, now: int) -> State:
        """All that what follows depends on, clocks as distances from the present one."""
        place = self.code, self.bank, self.row, self.col, self.word, self.count
        work = (*place, self.buffers, self.rises, self.products) if self.valid else ()
        return (
            self.common(now),
            (*work, max(0, self.begun - now)),
            self.banks.state(now),
            ((self.refreshes + 1) * self.interval - now,) if self.interval else (),
            *self.words_state(now),
            (max(0, self.banks.ready[WR_GB] - now), *self.loads.state(now)) if self.loads else (),
        )

    def restore(self, state: State, now: int) -> None:
        """Be in a state that :meth:`state` has given, ``now``; what went before is another channel's."""
        common, work, banks, refresh, writes, reads, loads = state
        self.resume(common, now)
        *operation, begun = work
        if self.valid:
            self._be_at(Operation(*operation))
            self.spans.append((now, NEVER))
        self.begun = now + begun
        self.banks.restore(banks, now)
        if self.interval:
            self.refreshes = (refresh[0] + now) // self.interval - 1
        if self.loads:
            ready, *rest = loads
            self.banks.ready[WR_GB] = now + ready
            self.loads.restore(rest, now)
        self.restore_words(writes, reads, now)

    def _job(self, fields: Iterable[Any]) -> Operation:
        return Operation(*fields)
