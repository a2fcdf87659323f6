"""The lanes of the vector unit in time: phases, their operands, beats on their way, and what is written."""

from __future__ import annotations

from collections.abc import Iterator

from hdl.arith.float.passes import LaneShape
from hdl.params.pim import PimParams
from hdl.pim.vector.reader import AHEAD
from hdl.pim.vector.sum import Sum
from sim_tb.pim.simulate.operand import ADDRESSES, WHOLE, Operand
from sim_tb.pim.simulate.turns import NEVER, Turns

__all__ = ["Lanes"]

#: Operands a, b and c as a set, and bits of such a set.
A, B, C = 1, 2, 4
SET_BITS = 3
#: Steps from a beat to an operand of it, or -1, and its SRAM word.
Coming = tuple[int, int]
NONE: Coming = (-1, 0)


class Lanes:
    """Advance by steps, and stop as a whole where SRAM does not keep up.

    In a step in which a beat is decided on, all that follows from it is noted under the step in which it will be due.

    Parameters
    ----------
    params : PimParams
    shape : LaneShape
    turns : Turns
        Whose phases they are.

    Attributes
    ----------
    a, b, c : Operand
    writing : int
        The SRAM word that is to be written, or -1.
    """

    def __init__(self, params: PimParams, shape: LaneShape, turns: Turns) -> None:
        self._turns = turns
        self._lanes = params.lanes
        self._words = params.vector_lanes // params.lanes
        total = Sum(params.vector_lanes, shape.adder)
        self._gap, self._sum_latency = total.gap, total.latency
        self._full, self._short = shape.full, shape.short
        self.a, self.b, self.c = (Operand(params.lanes, params.vector_lanes) for _ in range(3))
        self._ports = ((A, self.a), (B, self.b), (C, self.c))
        # Sets of operands that were asked for in each of the last steps; the oldest one is due.
        self._asked = 0
        self._asked_mask = (1 << SET_BITS * AHEAD) - 1
        # Words of operands b and c, by the step in which they will be asked for.
        self._b: dict[int, int] = {}
        self._c: dict[int, int] = {}
        self._step = 0
        # The context whose phase is in front of the lanes, or -1; beats after the present one, words from the vector's
        # begin on. The first step in which a sum may begin.
        self._front = -1
        self._beats = self._offset = self._open = 0
        # A bit for each of the last steps in which a beat for the whole chain was decided on.
        self._wholes = 0
        self._wholes_mask = (1 << shape.full - shape.short) - 1
        self._meets = 1 << shape.full - shape.short - 1
        # Beats that go back into the lanes, and results, by step: context, words from the vector's begin on, whether it
        # is the last one; and the number of the pass that follows.
        self._returning: dict[int, tuple[int, int, bool, int]] = {}
        self._results: dict[int, tuple[int, int, bool]] = {}
        self.writing = -1
        # Whose last word it is, or -1.
        self._last_of = -1

    def clock(self, granted: int, written: bool) -> None:
        """Advance by one clock, before the turns do; ``granted`` as :meth:`VectorUnit.clock` has it."""
        now, due = self._turns.now, self._asked >> SET_BITS * (AHEAD - 1)
        if (written or self.writing < 0) and (
            not due
            or (
                (not due & A or self.a.there_at(now))
                and (not due & B or self.b.there_at(now))
                and (not due & C or self.c.there_at(now))
            )
        ):
            if due & A:
                self.a.there.popleft()
            if due & B:
                self.b.there.popleft()
            if due & C:
                self.c.there.popleft()
            self._advance()
        if granted & A:
            self.a.grant(now)
        if granted & B:
            self.b.grant(now)
        if granted & C:
            self.c.grant(now)

    def _advance(self) -> None:
        """A step."""
        step, front = self._step, self._front
        if self._last_of >= 0:
            self._turns.ends_at(self._turns.now, self._last_of)
        self.writing = self._last_of = -1
        if step in self._results:
            self._result(*self._results.pop(step))
        asked = whole = 0
        if step in self._returning:
            self._go_back(*self._returning.pop(step))
            whole = 1
        elif front >= 0:
            job = self._turns.jobs[front]
            stage, offset = job.stage, self._offset
            # A beat goes if it is in nobody's way: operand b, the end of the lanes, the accumulator of sums.
            if not (
                (stage.b >= 0 and step + stage.b in self._b)
                or (stage.early and self._wholes & self._meets)
                or (stage.sums and not offset and step < self._open)
            ):
                last = not self._beats
                if stage.vector:
                    asked = A
                    if stage.gathers:
                        place = (job.a + offset * job.stride) * self._lanes
                        self.a.waiting.append((place % (ADDRESSES * self._lanes), job.stride))
                    else:
                        self.a.waiting.append(((job.a + offset) % ADDRESSES, WHOLE))
                if stage.b >= 0:
                    self._b[step + stage.b] = (job.b + offset) % ADDRESSES
                if stage.c >= 0:
                    self._c[step + stage.c] = (job.c + offset) % ADDRESSES
                if stage.early:
                    self._results[step + AHEAD + self._short] = (front, offset, last)
                else:
                    whole = 1
                    if stage.again:
                        self._returning[step + self._full] = (front, offset, last, 0)
                    elif last or not stage.sums:
                        self._results[step + AHEAD + self._full] = (front, offset, last)
                self._beats -= 1
                self._offset = (offset + self._words) % ADDRESSES
                if last:
                    if stage.sums:
                        self._open = step + 1 + self._gap
                    self._take(closed=stage.sums)
        if front < 0:
            self._take(closed=False)
        if step in self._b:
            self.b.waiting.append((self._b.pop(step), WHOLE))
            asked |= B
        if step in self._c:
            self.c.waiting.append((self._c.pop(step), WHOLE))
            asked |= C
        self._asked = (self._asked << SET_BITS | asked) & self._asked_mask
        self._wholes = (self._wholes << 1 | whole) & self._wholes_mask
        self._step = step + 1

    def _result(self, which: int, offset: int, last: bool) -> None:
        """A result comes out of the lanes."""
        turns = self._turns
        job = turns.jobs[which]
        if job.stage.writes:
            self._last_of = which if last else -1
            if job.stage.single:
                self.writing = job.b
            elif not job.stage.packs:
                self.writing = (job.d + offset) % ADDRESSES
            elif last or offset & self._words:
                # Two beats are as many bytes as one has elements.
                self.writing = (job.d + (offset // 2 & -self._words)) % ADDRESSES
        else:
            turns.ends_at(turns.now + (self._sum_latency if job.stage.sums else 0), which)

    def _go_back(self, which: int, offset: int, last: bool, number: int) -> None:
        """A result begins its next pass."""
        job, step = self._turns.jobs[which], self._step
        again = job.stage.again
        if again[number] >= 0:
            self._b[step + again[number]] = (job.b + offset) % ADDRESSES
        if number + 1 < len(again):
            self._returning[step + self._full] = (which, offset, last, number + 1)
        else:
            self._results[step + AHEAD + self._full] = (which, offset, last)

    def _take(self, *, closed: bool) -> None:
        """The next phase comes to the front: a number, or else a sum if one may begin, or else a vector."""
        turns = self._turns
        closed = closed or self._open > self._step + 1
        wants = turns.numbers or (not closed and turns.sums) or turns.vectors
        self._offset = 0
        if not wants:
            self._front, self._beats = -1, 0
            return
        self._front = which = turns.pick(wants)
        others = ~(1 << which)
        turns.numbers, turns.sums, turns.vectors = turns.numbers & others, turns.sums & others, turns.vectors & others
        job = turns.jobs[which]
        self._beats = job.beats if job.stage.vector else 0

    # --- waits -------------------------------------------------------------------------------------------------------
    def rest(self) -> int:
        """Clocks in which they only hand on what they hold."""
        if self.writing >= 0 or self.a.waiting or self.b.waiting or self.c.waiting:
            return 0
        step = self._step
        if self._front < 0:
            wait = self._phase_waits()
        else:
            stage = self._turns.jobs[self._front].stage
            wait = self._open - step if stage.sums and not self._offset else 0
        if wait <= 0 or not self._operands_there():
            return 0
        comes = min(min(each, default=NEVER) for each in (self._results, self._returning, self._b, self._c))
        return min(wait, comes - step)

    def _phase_waits(self) -> int:
        """Steps in which no phase comes to the front, if there is none."""
        turns = self._turns
        if turns.numbers or turns.vectors:
            return 0
        return self._open - self._step - 1 if turns.sums else NEVER

    def _operands_there(self) -> bool:
        """All that is due in this clock is there."""
        due, now = self._asked >> SET_BITS * (AHEAD - 1), self._turns.now
        return not due or all(not due & bit or operand.there_at(now) for bit, operand in self._ports)

    def skip(self, clocks: int) -> None:
        """Advance by clocks in which they rest."""
        self._step += clocks
        for _ in range(min(clocks, AHEAD)):
            due = self._asked >> SET_BITS * (AHEAD - 1)
            for bit, operand in self._ports:
                if due & bit:
                    operand.there.popleft()
            self._asked = self._asked << SET_BITS & self._asked_mask
        self._wholes = self._wholes << min(clocks, self._full) & self._wholes_mask

    # --- steady streams ----------------------------------------------------------------------------------------------
    def steady(self) -> int:
        """Clocks that all ask for the same operands, and write or don't, each for the words that follow.

        If all that they ask for is granted. There may be more: 0 if it isn't sure.
        """
        newest = self._asked
        for bit, operand in self._ports:
            waiting = operand.waiting
            # What is asked for is what the last step wanted, and nothing was refused before.
            if len(waiting) != (1 if newest & bit else 0) or (waiting and waiting[0][1] != WHOLE):
                return 0
        if self._last_of >= 0 or not self._operands_there():
            return 0
        clocks, b, c, d = self._returns_steady() if self._step in self._returning else self._front_steady()
        if clocks > 0:
            clocks = min(clocks, self._written_steady(d))
        if clocks > 0:
            clocks = min(clocks, self._asked_steady(self.b, self._b, b), self._asked_steady(self.c, self._c, c))
        return clocks

    def _returns_steady(self) -> tuple[int, Coming, Coming, Coming]:
        """Clocks in which beat after beat goes back; its operands b and c, its result."""
        step = self._step
        which, offset, _, number = self._returning[step]
        if self.a.waiting or (self._front < 0 and not self._phase_waits()):
            return 0, NONE, NONE, NONE
        job, clocks, expected = self._turns.jobs[which], 1, offset
        while (beat := self._returning.get(step + clocks)) is not None:
            expected = (expected + self._words) % ADDRESSES
            if beat[0] != which or beat[1] != expected or beat[3] != number:
                break
            clocks += 1
        if self._front < 0:
            clocks = min(clocks, self._phase_waits())
        # They are fewer than the steps to their results.
        return clocks, (job.stage.again[number], job.b + offset), NONE, NONE

    def _front_steady(self) -> tuple[int, Coming, Coming, Coming]:
        """Clocks in which beats of the phase in front go, but not its last one, or none comes; as above."""
        step = self._step
        clocks = min(self._returning, default=NEVER) - step
        if self._front < 0:
            return 0 if self.a.waiting else min(clocks, self._phase_waits()), NONE, NONE, NONE
        job, offset = self._turns.jobs[self._front], self._offset
        stage = job.stage
        if not stage.vector or stage.gathers or stage.packs or (stage.sums and not offset and step < self._open):
            return 0, NONE, NONE, NONE
        if not self.a.waiting or not self._follows(self.a.waiting[0][0], job.a + offset):
            return 0, NONE, NONE, NONE
        if stage.b >= 0:
            meets = min((due for due in self._b if due >= step + stage.b), default=NEVER)
            clocks = min(clocks, meets - step - stage.b)
        if stage.early and self._wholes:
            clocks = min(clocks, self._full - self._short - self._wholes.bit_length())
        result = NONE
        if stage.again:
            clocks = min(clocks, self._full)
        elif stage.writes:
            result = AHEAD + (self._short if stage.early else self._full), job.d + offset
        return min(clocks, self._beats), (stage.b, job.b + offset), (stage.c, job.c + offset), result

    def _asked_steady(self, operand: Operand, words: dict[int, int], coming: Coming) -> int:
        """Clocks in which operand b or c is asked for word after word, or not at all."""
        step, (lag, begin) = self._step, coming
        if not operand.waiting:
            return min(min(words, default=NEVER) - step, lag if lag >= 0 else NEVER)
        word, clocks = operand.waiting[0][0], 0
        while (due := words.get(step + clocks)) is not None and self._follows(word, due):
            word = due
            clocks += 1
        return NEVER if clocks == lag and self._follows(word, begin) else clocks

    def _written_steady(self, coming: Coming) -> int:
        """Clocks in which word after word is written, or nothing comes out of the lanes."""
        step, word, clocks, (lag, begin) = self._step, self.writing, 0, coming
        if word < 0:
            return min(min(self._results, default=NEVER) - step, lag if lag >= 0 else NEVER)
        while (result := self._results.get(step + clocks)) is not None and not result[2]:
            job = self._turns.jobs[result[0]]
            if not job.stage.writes or job.stage.packs or not self._follows(word, job.d + result[1]):
                break
            word = (word + self._words) % ADDRESSES
            clocks += 1
        return NEVER if clocks == lag and self._follows(word, begin) else clocks

    def _follows(self, word: int, other: int) -> bool:
        return (word + self._words - other) % ADDRESSES == 0

    # --- states ------------------------------------------------------------------------------------------------------
    def state(self) -> Iterator[int]:
        """Integers that determine what they do."""
        step, counted = self._step, self._turns.counted
        for _, operand in self._ports:
            yield from operand.state(self._turns.now)
        yield from (self._asked, counted(self._front), self._beats, self._offset)
        yield from (max(self._open - step, 0), self._wholes, self.writing, counted(self._last_of))
        for words in (self._b, self._c):
            yield len(words)
            for due in sorted(words):
                yield from (due - step, words[due])
        for beats in (self._returning, self._results):
            yield len(beats)
            for due in sorted(beats):
                which, *rest = beats[due]
                yield from (due - step, counted(which), *rest)

    def restore(self, values: Iterator[int]) -> None:
        """Take a state; clock and step are 0."""
        self._step = 0
        for _, operand in self._ports:
            operand.restore(values)
        self._asked, self._front, self._beats, self._offset, self._open, self._wholes = (next(values) for _ in range(6))
        self.writing, self._last_of = next(values), next(values)
        self._b, self._c = ({next(values): next(values) for _ in range(next(values))} for _ in range(2))
        self._returning = {
            next(values): (next(values), next(values), bool(next(values)), next(values)) for _ in range(next(values))
        }
        self._results = {next(values): (next(values), next(values), bool(next(values))) for _ in range(next(values))}
