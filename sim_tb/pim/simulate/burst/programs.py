"""Programs one after the other, each loaded when the one before has ended; and on from there command by command."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sim_tb.pim.simulate.burst.figures import statistics_of
from sim_tb.pim.simulate.burst.memory import Memory
from sim_tb.pim.simulate.burst.resume import account_of, state_of
from sim_tb.pim.simulate.burst.walk import Walk
from sim_tb.pim.simulate.statistics import Statistics
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
    open_clocks : int
        Clocks in which a channel had any row open, summed over the channels.
    """

    run: Run
    clocks: int
    statistics: Statistics
    open_clocks: int


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
        counts = walk.close()
        statistics = statistics_of(counts, self.memory.params.channels)
        return Figures(walk.runs[-1], walk.time - begun, statistics, int(counts[-1]))

    def resumed(self) -> tuple[System, list[bool]]:
        """A system that goes on from here command by command; and of which channels a row is open now."""
        memory, walk = self.memory, self.walk
        number, places = memory.states.all[walk.state]
        shape, params, places = memory.steps.shapes[number], memory.params, walk.names.real(places)
        numbers, account = memory.steps.machine.taken_up(shape, places, walk.until, walk.time)
        system = System(params, (), ())
        system.time = system.rested = walk.time
        system.units.restore(state_of(params, numbers, walk.time), walk.time)
        system.issuer.loaded, system.issuer.scalars = shape.loaded, list(walk.scalars)
        held = []
        for channel in system.units.channels:
            # Commands of a refresh that are decided, but not on the bus.
            channel.bursts, opened = account_of(params, account, channel.number)
            held.append(opened)
        return system, held
