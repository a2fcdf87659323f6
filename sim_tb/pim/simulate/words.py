"""Words on their way between a channel and the ways to SRAM: those that wait for their commands, and answers."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from hdl.params.pim import COMMANDS, PimParams
from sim_tb.pim.simulate.unit import State, Unit, left, nobody
from sim_tb.pim.simulate.waits import latency
from sim_tb.pim.simulate.work import NEVER, Operation

__all__ = ["Words"]


class Words(Unit[Operation]):
    """The queues of words of a channel.

    Parameters
    ----------
    params : PimParams

    Attributes
    ----------
    arrivals : deque of int
        Words to write: from when on each is there.
    queued, leaves : int, deque of int
        Words that the queue of words holds, and when each leaves that is known to.
    answers : deque of int
        Words read: from when on each is there.
    pops : deque of int
        When room for one more answer is there again, as far as known.
    left, answered : callable
        Called with a clock: a word leaves the queue of words; an answer is there.
    """

    def __init__(self, params: PimParams) -> None:
        super().__init__()
        t = params.timing
        self.latencies = [0, *(latency(t, command) for command in COMMANDS.values())]
        least = 2 * params.accumulators * params.parts if params.accumulators > 1 else 1
        self.write_depth = max(_power(-(-(max(t.cwl, t.cwl_reg) + 2) // t.tbl) + 3), least)
        self.read_depth = max(_power(-(-(max(t.cl, t.cl_reg) + 4) // t.tbl) + 1), least)
        self.left: Callable[[int], None] = nobody
        self.answered: Callable[[int], None] = nobody
        self.arrivals: deque[int] = deque()
        self.queued = 0
        self.fed = -NEVER
        self.leaves: deque[int] = deque()
        self.answers: deque[int] = deque()
        self.owed = 0
        self.pops: deque[int] = deque()

    def feed(self, clock: int) -> None:
        """A word has been read in a clock: it enters in the next one, and can be used in that after it."""
        self._leave(clock)
        self.queued += 1
        self.fed = clock
        self.arrivals.append(clock + 2)
        self.poke(clock + 2)

    def room_from(self, clock: int) -> int:
        """The first clock from this one on in which another word may be read, as far as known.

        It is no more than a question: other channels may have no room by then, and it is asked for an earlier clock.
        """
        leaves, gone = self.leaves, 0
        for leaves_at in leaves:
            if leaves_at > clock:
                break
            gone += 1
        beyond = self.queued - gone - self.write_depth + 2
        # A word that was read in the clock before this one has not entered yet.
        if beyond - (self.fed == clock - 1) <= 0:
            return clock
        return leaves[gone + beyond - 1] if gone + beyond <= len(leaves) else NEVER

    def _leave(self, clock: int) -> None:
        """Words that have left by a clock make room."""
        leaves = self.leaves
        while leaves and leaves[0] <= clock:
            leaves.popleft()
            self.queued -= 1

    def _took(self, first: int, last: int, code: int) -> None:
        """The oldest words were taken for commands, the first one and the last one in these clocks."""
        self.quiet_from = last + self.latencies[code] + 2
        self.left(first + self.latencies[code])

    def pop(self, clock: int) -> None:
        """The oldest answer is taken in a clock."""
        self.answers.popleft()
        self.pops.append(clock + 1)
        self.poke(clock + 1)

    def _room(self, when: int) -> int:
        """The first clock from one on in which there is room for another answer, as far as known."""
        pops = self.pops
        while pops and pops[0] <= when:
            pops.popleft()
            self.owed -= 1
        if self.owed < self.read_depth:
            return when
        return pops[0] if pops else NEVER

    def _answer(self, when: int, code: int) -> None:
        """A command that reads leaves in a clock in which there is room."""
        self._room(when)
        self.owed += 1
        self.answers.append(when + self.latencies[code] + 2)
        self.answered(when + self.latencies[code] + 2)

    # --- state -------------------------------------------------------------------------------------------------------
    def words_state(self, now: int) -> tuple[State, State]:
        """What follows depends on of words to write and of answers, clocks as distances from the present one."""
        self._leave(now)
        self._room(now)
        return (
            (self.queued, max(-2, self.fed - now), left(self.arrivals, now), left(self.leaves, now)),
            (self.owed, left(self.answers, now), left(self.pops, now)),
        )

    def restore_words(self, writes: State, reads: State, now: int) -> None:
        """Be in a state that :meth:`words_state` has given, ``now``."""
        self.queued, fed, arrivals, leaves = writes
        self.owed, answers, pops = reads
        self.fed = now + fed
        for name, clocks in (("arrivals", arrivals), ("leaves", leaves), ("answers", answers), ("pops", pops)):
            setattr(self, name, deque(now + clock for clock in clocks))


def _power(least: int) -> int:
    """The next power of two, at least 4."""
    return max(4, 1 << (least - 1).bit_length())
