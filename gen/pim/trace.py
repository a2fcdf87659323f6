"""What came to a controller's ports and left them, clock by clock: for a netlist that is to do the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

__all__ = ["Trace"]


@dataclass(frozen=True)
class Trace:
    """A program on a controller, from reset on.

    Parameters
    ----------
    inputs, outputs : mapping of str to int
        Widths of the top module's ports but ``clk``.
    clocks : sequence of (int, int)
        All inputs and all outputs as each rising edge sees them: ports one behind the other, the first in the lowest
        bits.
    sram : sequence of int
        Words of the SRAM after reset.
    reset : int
        Clocks in reset, in which outputs mean nothing.
    busy, idle : range
        The clocks of the program, and clocks behind it in which nothing runs.
    about : str
        What ran.
    """

    inputs: Mapping[str, int]
    outputs: Mapping[str, int]
    clocks: Sequence[tuple[int, int]]
    sram: Sequence[int]
    reset: int
    busy: range
    idle: range
    about: str
