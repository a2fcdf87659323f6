"""Programs one after the other, each loaded when the one before has ended; and on from there command by command."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sim_tb.pim.simulate.burst.memory import Memory
from sim_tb.pim.simulate.burst.walk import Walk
from sim_tb.pim.simulate.scalars import Scalars
from sim_tb.pim.simulate.statistics import Statistics, statistics_of
from sim_tb.pim.simulate.system import Run, System

__all__ = ["Figures", "Programs"]


@dataclass(frozen=True)
class Figures:
    """What a program did.

    Parameters
    ----------
    run : Run
    clocks : int
        From the end of the program before on.
    statistics : Statistics
    """

    run: Run
    clocks: int
    statistics: Statistics


class Programs:
    """The controller in burst mode: the same as :class:`sim_tb.pim.simulate.system.System`, program after program.

    Parameters
    ----------
    memory : Memory
    loaded : int
        Words that the host loads before the first program.
    """

    def __init__(self, memory: Memory, loaded: int) -> None:
        self.memory = memory
        self.walk = Walk(memory, loaded)
        self.walk.close()

    def run(self, program: Sequence[int]) -> Figures:
        """Start a program after all others have ended.

        Raises
        ------
        ToolError
            If it does not end.
        """
        walk, begun = self.walk, self.walk.time
        walk.state = self.memory.relieved(walk.state)
        walk.load(program)
        walk.begin()
        walk.run(0, last=True)
        statistics = statistics_of(walk.close(), self.memory.params.channels)
        return Figures(walk.runs[-1], walk.time - begun, statistics)

    def resumed(self, *, log: bool) -> System:
        """A system that goes on from here command by command; it keeps commands one by one if they are wanted."""
        memory, walk = self.memory, self.walk
        number, places = memory.states.all[walk.state]
        shape, places = memory.steps.shapes[number], walk.names.real(places)
        system = System(memory.params, (), (), log=log)
        system.resume(*memory.steps.machine.taken_up(shape, places, walk.until, walk.time), walk.time)
        system.course.loaded, system.course.scalars = shape.loaded, Scalars(walk.scalars)
        return system
