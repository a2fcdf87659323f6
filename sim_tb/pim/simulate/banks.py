"""The banks of a channel: open rows, and from when on each command may leave."""

from __future__ import annotations

from collections import deque

from hdl.params.pim import COMMANDS, PimParams
from sim_tb.pim.simulate.unit import State, left
from sim_tb.pim.simulate.waits import SINGLE, Waits
from sim_tb.pim.simulate.work import NEVER

__all__ = ["ONE_BANK", "Banks"]

ACT, ACT_AB, PRE, PRE_AB = (COMMANDS[name].code for name in ("ACT", "ACT_AB", "PRE", "PRE_AB"))
#: Codes of the commands to a single bank.
ONE_BANK = tuple(COMMANDS[name].code for name in SINGLE)


class Banks:
    """What the timing rules know of a channel.

    Parameters
    ----------
    params : PimParams

    Attributes
    ----------
    rows : list of int
        The open row of each bank, or -1.
    open : int
        Banks that have one.
    together : bool
        All of them were opened by one ACT_AB.
    single : int
        From when on no bank's own rules forbid anything.
    ready : list of int
        By code of a command: from when on it may leave, as far as its bank's own rules allow.
    """

    def __init__(self, params: PimParams) -> None:
        self.waits = Waits.of(params)
        self.window = params.timing.tfaw
        self.rows = [-1] * params.banks
        self.open = 0
        self.together = False
        self.ready = [0] * (len(COMMANDS) + 1)
        self.bank_ready = {code: [0] * params.banks for code in ONE_BANK}
        self.single = 0
        self.activates = deque([-NEVER] * 4, maxlen=4)

    def earliest(self, code: int, bank: int) -> int:
        """The first clock in which a command may leave."""
        when = self.ready[code]
        if code in ONE_BANK:
            when = max(when, self.bank_ready[code][bank])
            if code == ACT:
                when = max(when, self.activates[0] + self.window)
        return when

    def sent(self, when: int, code: int, bank: int = 0, row: int = 0) -> None:
        """A command leaves: rows are open from then on, and other commands wait for it."""
        ready = self.ready
        for after, clocks in self.waits.channel[code]:
            if ready[after] < when + clocks:
                ready[after] = when + clocks
        for after, clocks in self.waits.bank[code]:
            banks = self.bank_ready[after]
            if banks[bank] < when + clocks:
                banks[bank] = when + clocks
                self.single = max(self.single, when + clocks)
        if code == ACT:
            self.rows[bank] = row
            self.open += 1
            self.activates.append(when)
        elif code == ACT_AB:
            self.rows = [row] * len(self.rows)
            self.open = len(self.rows)
            self.together = True
        elif code == PRE:
            self.rows[bank] = -1
            self.open -= 1
            self.together = False
        elif code == PRE_AB:
            self.rows = [-1] * len(self.rows)
            self.open = 0
            self.together = False

    # --- state -------------------------------------------------------------------------------------------------------
    def state(self, now: int) -> State:
        """All that what follows depends on, clocks as distances from the present one."""
        return (
            (*self.rows, self.together),
            left(self.ready, now),
            tuple([left(self.bank_ready[code], now) if self.single > now else () for code in ONE_BANK]),
            left([clock + self.window for clock in self.activates], now),
        )

    def restore(self, state: State, now: int) -> None:
        """Be in a state that :meth:`state` has given, ``now``."""
        rows, ready, bank_ready, activates = state
        *self.rows, self.together = rows
        self.open = sum(row >= 0 for row in self.rows)
        self.ready = [now + clock for clock in ready]
        self.bank_ready = {
            code: [now + clock if clock else 0 for clock in banks] or [0] * len(self.rows)
            for code, banks in zip(ONE_BANK, bank_ready, strict=True)
        }
        self.single = max(map(max, self.bank_ready.values()))
        self.activates = deque((now + clock - self.window for clock in activates), maxlen=4)
