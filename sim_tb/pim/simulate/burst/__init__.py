"""The simulator where everything is taken from memory that was seen before."""

from sim_tb.pim.simulate.burst.memory import Memory
from sim_tb.pim.simulate.burst.programs import Figures, Programs
from sim_tb.pim.simulate.burst.walk import burst

__all__ = ["Figures", "Memory", "Programs", "burst"]
