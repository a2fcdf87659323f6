"""An instruction at work in the vector unit, in time."""

from __future__ import annotations

from hdl.params.pim import INSTRUCTIONS, PimParams
from hdl.pim.mover import MOVE_BITS
from sim_tb.pim.simulate.stages import Plan
from sim_tb.pim.simulate.start import Start

__all__ = ["Job"]


class Job:
    """What its phases need; operands that none of them looks at are 0.

    Parameters
    ----------
    plans : dict of Plan
    params : PimParams
    start : Start

    Attributes
    ----------
    number : int
        The phase that it is in.
    left : int
        Things of that phase that have not come to their end.
    a, b, c, d : int
        SRAM words of the lanes' operands, and of the result.
    beats : int
        The number of a vector's last beat.
    """

    __slots__ = ("a", "b", "beats", "c", "code", "d", "gives", "left", "number", "stage", "stages", "stride", "target")

    def __init__(self, plan: Plan, params: PimParams, start: Start) -> None:
        stages = plan.stages
        self.code = INSTRUCTIONS[start.opcode].code
        self.stages = stages
        self.a = start.a
        self.b = (start.a if plan.b_is_a else start.b) if any(stage.b >= 0 for stage in stages) else 0
        self.c = (start.b if plan.c_is_b else start.c) if any(stage.c >= 0 for stage in stages) else 0
        self.d = start.d if any(stage.writes for stage in stages) else 0
        self.stride = start.stride if any(stage.gathers for stage in stages) else 0
        self.beats = (start.n - 1) % (1 << MOVE_BITS) // params.vector_lanes
        self.gives = start.gives
        self.target = start.target if start.gives else 0
        self.begin(0)

    def begin(self, number: int) -> None:
        """It enters a phase."""
        self.number = number
        self.stage = self.stages[number]
        self.left = self.stage.parts

    def state(self) -> tuple[int, ...]:
        """Integers that determine what becomes of it."""
        where = (self.a, self.b, self.c, self.d, self.beats, self.stride)
        return (self.code, self.number, self.left, *where, self.gives, self.target)
