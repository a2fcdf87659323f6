"""The vector unit in time: which words it asks for in which clock, and when instructions end; without values."""

from __future__ import annotations

from hdl.arith.float.passes import LaneShape
from hdl.params.pim import PimParams
from hdl.pim.vector.context import context_count
from hdl.pim.vector.greatest import Greatest
from hdl.pim.vector.reader import AHEAD
from hdl.pim.vector.sum import Sum
from sim_tb.pim.simulate.job import Job
from sim_tb.pim.simulate.operand import ADDRESSES, TRANSFER, WHOLE, Operand
from sim_tb.pim.simulate.stages import plans
from sim_tb.pim.simulate.start import Start

__all__ = ["NEVER", "VectorUnit"]

#: More clocks than any program takes.
NEVER = 1 << 60
#: Bits of the operands a, b and c that are due in a step.
A, B, C = 1, 2, 4
DUE_BITS = 3


class VectorUnit:
    """What :class:`hdl.pim.vector.unit.VectorUnit` does in every clock, as far as it can be seen from outside.

    Two times: clocks, and steps of the lanes, which stop where SRAM does not keep up. Whatever is on its way is kept by
    the step, or clock, in which it arrives.

    Parameters
    ----------
    params : PimParams
    shape : LaneShape, optional
        Latencies.
    contexts : int
        Instructions at the same time; :func:`hdl.pim.vector.context.context_count` of them by default.

    Attributes
    ----------
    ready : bool
        An instruction may begin in this clock.
    slot : int
        The number that the next instruction will have.
    active : int
        Bit mask of the instructions at work.
    any_gives : bool
        One of them will give a scalar.
    done, target : bool, int
        In this clock there is a scalar for a register.
    """

    def __init__(self, params: PimParams, shape: LaneShape | None = None, contexts: int = 0) -> None:
        self._params = params
        self._shape = shape = shape or LaneShape()
        self._contexts = contexts = contexts or context_count(params)
        self._plans = plans(shape)
        self._words = params.vector_lanes // params.lanes
        total = Sum(params.vector_lanes, shape.adder)
        self._gap = total.gap
        self._sum_latency = total.latency
        greatest = Greatest(params.vector_lanes).latency
        self._scan_latency = {"greatest": TRANSFER + greatest, "sum": TRANSFER + shape.adder + total.latency}
        self._full = shape.full
        self._early_bit = shape.full - shape.short - 1
        self._wholes_mask = (2 << self._early_bit) - 1
        self._due_mask = (1 << DUE_BITS * AHEAD) - 1
        self._due_shift = DUE_BITS * (AHEAD - 1)
        self._all = (1 << contexts) - 1

        self.now = self.step = 0
        self.ready, self.slot, self.active, self.any_gives = True, 0, 0, False
        self.done, self.target = False, 0
        # Instructions: the oldest one's number; those that give a scalar; those that wait for the lanes with a number,
        # a sum or a vector, and for the scan; those whose phase is complete in this clock.
        self._jobs: list[Job | None] = [None] * contexts
        self._oldest = self._gives = 0
        self._numbers = self._sums = self._vectors = self._scans = self._complete = 0
        # The phase in front of the lanes: its instruction, or none; beats to come after the present one, its words from
        # the vector's begin on.
        self._front: Job | None = None
        self._context = self._beats = self._offset = 0
        # The first step in which a sum may begin.
        self._open = 0
        # Operands, and which are due in each of the next steps; words that will be asked for, by step.
        self._operands = tuple(Operand(params.lanes, params.vector_lanes) for _ in range(3))
        self._due = 0
        self._b: dict[int, int] = {}
        self._c: dict[int, int] = {}
        # Beats in the lanes: a bit for each of the last steps in which one for the whole chain was decided on; those
        # that come back, and results, by step: context, words from the vector's begin on, last one, pass.
        self._wholes = 0
        self._returning: dict[int, tuple[int, int, bool, int]] = {}
        self._results: dict[int, tuple[int, int, bool]] = {}
        # The word that is being written, and whose last one it is, or -1.
        self._writing, self._writes_last = -1, -1
        # The vector that is scanned: its instruction or -1, beats after this one, word; clock of the next vector.
        self._scanned = -1
        self._scan_beats = self._scan_word = self._scan_open = 0
        # Whose sum, or greatest element, is there, by clock.
        self._events: dict[int, list[int]] = {}

    # --- one clock ---------------------------------------------------------------------------------------------------
    def requests(self) -> list[tuple[int, int]]:
        """Requests to read SRAM in this clock: port (0 to 3: va, vb, vc, vs) and first word."""
        a, b, c = self._operands
        found = []
        if a.waiting:
            found.append((0, a.word()))
        if b.waiting:
            found.append((1, b.waiting[0][0]))
        if c.waiting:
            found.append((2, c.waiting[0][0]))
        if self._scanned >= 0:
            found.append((3, self._scan_word))
        return found

    def write(self) -> int | None:
        """The first word that it asks to write in this clock."""
        return None if self._writing < 0 else self._writing

    def clock(self, granted: int, written: bool, start: Start | None) -> None:
        """Advance by one clock.

        Parameters
        ----------
        granted : int
            Bit mask of the read ports whose request is granted.
        written : bool
            The word to write is taken.
        start : Start, optional
            An instruction begins; only while ready.
        """
        now = self.now
        ended = self._events.pop(now, None) or []
        due = self._due >> self._due_shift
        if (self._writing < 0 or written) and (not due or self._there(due)):
            self._advance(due, ended)
        if granted:
            for port, operand in enumerate(self._operands):
                if granted >> port & 1:
                    operand.grant(now)
        if granted & 8:
            self._scan_granted()
        elif self._scans and self._scanned < 0 and now >= self._scan_open:
            self._scanned = which = self._pick(self._scans)
            self._scans &= ~(1 << which)
            job = self._job(which)
            self._scan_beats, self._scan_word = job.beats, job.a
        if ended or self._complete or start or self._oldest != self.slot:
            self._turn(ended, start)
        self.now = now + 1

    def _job(self, which: int) -> Job:
        job = self._jobs[which]
        assert job is not None
        return job

    def _there(self, due: int) -> bool:
        """The operands that are due are there."""
        now = self.now
        for port, operand in enumerate(self._operands):
            if due >> port & 1 and not (operand.there and operand.there[0] <= now):
                return False
        return True

    def _pick(self, wants: int) -> int:
        """The oldest one of those that want something."""
        oldest, count = self._oldest, self._contexts
        turned = (wants >> oldest) | (wants << (count - oldest))
        return ((turned & -turned).bit_length() - 1 + oldest) % count

    def _scan_granted(self) -> None:
        which = self._scanned
        self._scan_word = (self._scan_word + self._words) % ADDRESSES
        self._scan_open = self.now + 1 + self._gap
        if self._scan_beats:
            self._scan_beats -= 1
        else:
            self._scanned, self._scan_word = -1, 0
            self._ends_at(self.now + self._scan_latency[self._job(which).stage.scans], which)

    def _ends_at(self, clock: int, which: int) -> None:
        self._events.setdefault(clock, []).append(which)

    # --- lanes -------------------------------------------------------------------------------------------------------
    def _advance(self, due: int, ended: list[int]) -> None:
        """A step of the lanes, and of all that goes with them."""
        step = self.step
        for port, operand in enumerate(self._operands):
            if due >> port & 1:
                operand.there.popleft()
        if self._writing >= 0:
            if self._writes_last >= 0:
                ended.append(self._writes_last)
            self._writing = self._writes_last = -1
        if step in self._results:
            which, offset, last = self._results.pop(step)
            job = self._job(which)
            if job.stage.writes:
                self._writing, self._writes_last = (job.d + offset) % ADDRESSES, which if last else -1
            elif job.stage.sums:
                self._ends_at(self.now + self._sum_latency, which)
            else:
                ended.append(which)

        pushes = whole = 0
        job_in_front = self._front
        free = job_in_front is None
        if step in self._returning:
            self._goes_back(*self._returning.pop(step))
            whole = 1
        elif job_in_front is not None and self._may_go(job_in_front):
            stage = job_in_front.stage
            pushes = self._goes(job_in_front)
            whole = not stage.early
            free = not self._beats
            self._offset = (self._offset + self._words) % ADDRESSES
            self._beats -= 1
            if free and stage.sums:
                self._open = step + 1 + self._gap
        if free:
            self._take(job_in_front)
        _, b, c = self._operands
        if step in self._b:
            b.waiting.append((self._b.pop(step), WHOLE))
            pushes |= B
        if step in self._c:
            c.waiting.append((self._c.pop(step), WHOLE))
            pushes |= C
        self._due = (self._due << DUE_BITS | pushes) & self._due_mask
        self._wholes = (self._wholes << 1 | whole) & self._wholes_mask
        self.step = step + 1

    def _may_go(self, job: Job) -> bool:
        """A beat of the phase in front is in nobody's way."""
        stage = job.stage
        if stage.b >= 0 and self.step + stage.b in self._b:
            return False
        if stage.early and self._wholes >> self._early_bit & 1:
            return False
        return not (stage.sums and not self._offset and self.step < self._open)

    def _goes(self, job: Job) -> int:
        """A beat of the phase in front, or its number; returns the bit of operand a if it is asked for."""
        step, stage, offset, last = self.step, job.stage, self._offset, not self._beats
        if stage.b >= 0:
            self._b[step + stage.b] = (job.b + offset) % ADDRESSES
        if stage.c >= 0:
            self._c[step + stage.c] = (job.c + offset) % ADDRESSES
        if stage.again:
            self._returning[step + self._full] = (self._context, offset, last, 0)
        elif last or not stage.sums:
            latency = self._shape.short if stage.early else self._full
            self._results[step + AHEAD + latency] = (self._context, offset, last)
        if not stage.vector:
            return 0
        lanes = self._params.lanes
        beat = ((job.a + offset) % ADDRESSES, WHOLE)
        if stage.gathers:
            beat = ((job.a + offset * job.stride) * lanes % (ADDRESSES * lanes), job.stride)
        self._operands[0].waiting.append(beat)
        return A

    def _goes_back(self, which: int, offset: int, last: bool, number: int) -> None:
        """A result that begins its next pass."""
        job, step = self._job(which), self.step
        again = job.stage.again
        if again[number] >= 0:
            self._b[step + again[number]] = (job.a + offset) % ADDRESSES
        if number + 1 < len(again):
            self._returning[step + self._full] = (which, offset, last, number + 1)
        else:
            self._results[step + AHEAD + self._full] = (which, offset, last)

    def _take(self, before: Job | None) -> None:
        """The next phase comes to the front, if one waits that may."""
        closed = (before is not None and before.stage.sums) or self._open - self.step > 1
        wants = self._numbers or (0 if closed else self._sums) or self._vectors
        if not wants:
            self._front = None
            self._context = self._beats = self._offset = 0
            return
        self._context = which = self._pick(wants)
        others = ~(1 << which)
        self._numbers, self._sums, self._vectors = self._numbers & others, self._sums & others, self._vectors & others
        self._front = job = self._job(which)
        self._beats = job.beats if job.stage.vector else 0
        self._offset = 0

    # --- instructions ------------------------------------------------------------------------------------------------
    def _turn(self, ended: list[int], start: Start | None) -> None:
        """Instructions begin, go on and end."""
        active, oldest, slot = self.active, self._oldest, self.slot
        complete, self._complete = self._complete, 0
        for which in range(self._contexts) if complete else ():
            if complete >> which & 1:
                job = self._job(which)
                if job.stage.final:
                    self._jobs[which] = None
                    self.active &= ~(1 << which)
                    self._gives &= ~(1 << which)
                else:
                    job.begin(job.number + 1)
                    self._wait(which, job)
        for which in ended:
            job = self._job(which)
            job.left -= 1
            if not job.left:
                self._complete |= 1 << which
        if start:
            self._jobs[slot] = job = Job(self._plans[start.opcode], self._params, start)
            self.active |= 1 << slot
            self._gives |= job.gives << slot
            self._wait(slot, job)
            self.slot = (slot + 1) % self._contexts
        # Where they meet, all numbers were in use, or none: one that begins where the oldest one was is the newest.
        if (start is not None and active > 0) if oldest == slot else not active >> oldest & 1:
            self._oldest = (oldest + 1) % self._contexts
        self.ready = not self.active >> self.slot & 1
        self.any_gives = self._gives > 0
        self.done, self.target = False, 0
        for which in range(self._contexts) if self._complete & self._gives else ():
            if self._complete & self._gives & 1 << which and self._job(which).stage.final:
                self.done = True
                self.target |= self._job(which).target

    def _wait(self, which: int, job: Job) -> None:
        """Its phase waits for the lanes, and for the scan."""
        stage, bit = job.stage, 1 << which
        if stage.scans:
            self._scans |= bit
        if stage.sums:
            self._sums |= bit
        elif stage.vector:
            self._vectors |= bit
        elif stage.runs:
            self._numbers |= bit
