"""An instruction at work in the vector unit, in time."""

from __future__ import annotations

from collections.abc import Iterator

from hdl.params.pim import INSTRUCTIONS, PimParams
from hdl.pim.mover import MOVE_BITS
from hdl.pim.vector.phases import PHASES
from sim_tb.pim.simulate.stages import NOTHING, Plan, Stage
from sim_tb.pim.simulate.start import Start

__all__ = ["Job"]

NAMES = {INSTRUCTIONS[name].code: name for name in PHASES}


class Job:
    """What its phases need; operands that none of them looks at are 0.

    Attributes
    ----------
    code : int
        The instruction's opcode.
    stage, number : Stage, int
        The phase that it is in, and its number.
    left : int
        Things of that phase that have not come to their end.
    a, b, c, d : int
        SRAM words of the lanes' operands, and of the result.
    beats : int
        The number of a vector's last beat.
    stride, target, gives
        As in :class:`sim_tb.pim.simulate.start.Start`.
    """

    FIELDS = ("code", "number", "left", "a", "b", "c", "d", "beats", "stride", "target", "gives")
    __slots__ = (*FIELDS, "_stages", "stage")

    def __init__(self) -> None:
        self._stages: tuple[Stage, ...] = (NOTHING,)
        self.stage = NOTHING
        self.code = self.number = self.left = 0
        self.a = self.b = self.c = self.d = self.beats = self.stride = self.target = self.gives = 0

    @classmethod
    def of(cls, plan: Plan, params: PimParams, start: Start) -> Job:
        """An instruction that begins."""
        job, stages = cls(), plan.stages
        job._stages = stages
        job.code = INSTRUCTIONS[start.opcode].code
        job.a = start.a
        job.b = (start.a if plan.b_is_a else start.b) if any(stage.takes_b for stage in stages) else 0
        job.c = (start.b if plan.c_is_b else start.c) if any(stage.c >= 0 for stage in stages) else 0
        job.d = start.d if any(stage.writes for stage in stages) else 0
        job.stride = start.stride if any(stage.gathers for stage in stages) else 0
        job.beats = (start.n - 1) % (1 << MOVE_BITS) // params.vector_lanes
        job.gives = int(start.gives)
        job.target = start.target if start.gives else 0
        job.begin(0)
        return job

    @classmethod
    def restored(cls, plans: dict[str, Plan], values: Iterator[int]) -> Job:
        """From the next values of a state."""
        job = cls()
        for name in cls.FIELDS:
            setattr(job, name, next(values))
        job._stages = plans[NAMES[job.code]].stages
        job.stage = job._stages[job.number]
        return job

    def begin(self, number: int) -> None:
        """It enters a phase."""
        self.number = number
        self.stage = self._stages[number]
        self.left = self.stage.parts

    def state(self) -> Iterator[int]:
        """Integers that determine what becomes of it."""
        return (getattr(self, name) for name in self.FIELDS)
