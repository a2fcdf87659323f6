"""The vector unit in time: which words it asks for in which clock, and when instructions end; without values."""

from __future__ import annotations

from collections.abc import Sequence

from hdl.arith.float.passes import LaneShape
from hdl.params.pim import PimParams
from hdl.pim.vector.context import context_count
from sim_tb.pim.simulate.lanes import Lanes
from sim_tb.pim.simulate.operand import Operand
from sim_tb.pim.simulate.scan import Scan
from sim_tb.pim.simulate.stages import plans
from sim_tb.pim.simulate.start import Start
from sim_tb.pim.simulate.turns import Turns

__all__ = ["VectorUnit"]


class VectorUnit:
    """What :class:`hdl.pim.vector.unit.VectorUnit` does in every clock, as far as it can be seen from outside.

    Parameters
    ----------
    params : PimParams
    shape : LaneShape, optional
        Latencies.
    contexts : int
        Instructions at the same time; :func:`hdl.pim.vector.context.context_count` of them by default.

    Attributes
    ----------
    turns : Turns
        What is at work.
    """

    def __init__(self, params: PimParams, shape: LaneShape | None = None, contexts: int = 0) -> None:
        shape = shape or LaneShape()
        self.turns = Turns(params, plans(shape), contexts or context_count(params))
        self._lanes = Lanes(params, shape, self.turns)
        self._scan = Scan(params, shape, self.turns)

    @property
    def ready(self) -> bool:
        """An instruction may begin in this clock."""
        return self.turns.ready

    @property
    def slot(self) -> int:
        """The number that the next instruction will have."""
        return self.turns.slot

    @property
    def parts(self) -> tuple[Turns, Lanes, Scan, Operand]:
        """What it consists of, one of each kind."""
        return self.turns, self._lanes, self._scan, self._lanes.a

    def counted(self, which: int) -> int:
        """The number that an instruction has in states: after :meth:`restore`, the next one's is 0."""
        return self.turns.counted(which)

    @property
    def active(self) -> int:
        """Bit mask of the instructions at work."""
        return self.turns.active

    @property
    def any_gives(self) -> bool:
        """One of them will give a scalar."""
        return self.turns.gives > 0

    @property
    def done(self) -> bool:
        """In this clock there is a scalar."""
        return self.turns.done

    @property
    def target(self) -> int:
        """The register of that scalar."""
        return self.turns.target

    def requests(self) -> list[tuple[int, int]]:
        """Requests to read SRAM in this clock: port (0 to 3: va, vb, vc, vs) and the first of a beat's words."""
        lanes = self._lanes
        found = []
        if lanes.a.waiting:
            found.append((0, lanes.a.word()))
        if lanes.b.waiting:
            found.append((1, lanes.b.waiting[0][0]))
        if lanes.c.waiting:
            found.append((2, lanes.c.waiting[0][0]))
        if self._scan.word >= 0:
            found.append((3, self._scan.word))
        return found

    def write(self) -> int | None:
        """The first of a beat's words that it asks to write in this clock."""
        word = self._lanes.writing
        return word if word >= 0 else None

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
        self._lanes.clock(granted, written)
        self._scan.clock(granted & 8)
        self.turns.clock(start)

    def rest(self) -> int:
        """Clocks from this one on in which, without a start, it asks for nothing and no output changes.

        None of them if it isn't sure; more than any program takes if no instruction is at work.
        """
        rest = self._scan.rest()
        if rest > 0:
            rest = min(rest, self._lanes.rest())
        return min(rest, self.turns.rest()) if rest > 0 else 0

    def skip(self, clocks: int) -> None:
        """Advance by at most as many clocks as it rests."""
        self._lanes.skip(clocks)
        self.turns.skip(clocks)

    def stream(self) -> int:
        """Clocks from this one on, each of which asks for the same as this one does, one beat's words further.

        That is so as long as nothing starts and everything is granted; and no output changes. Ports that are on
        different banks in the first of these clocks stay on different banks. There may be more such clocks; 0 if it
        isn't sure.
        """
        clocks = self._lanes.steady()
        return max(min(clocks, self._scan.steady(), self.turns.rest()), 0) if clocks > 0 else 0

    def flow(self, clocks: int) -> None:
        """Advance by at most as many clocks as it streams."""
        if clocks <= self.rest():
            self.skip(clocks)
            return
        granted, written = sum(1 << port for port, _ in self.requests()), self._lanes.writing >= 0
        for _ in range(clocks):
            self.clock(granted, written, None)

    def state(self) -> tuple[int, ...]:
        """All that determines what it will do, relative to now.

        Equal states do the same; numbers of instructions count from :attr:`slot` on.
        """
        return (*self.turns.state(), *self._lanes.state(), *self._scan.state())

    def restore(self, state: Sequence[int]) -> None:
        """Take a state of a unit of the same parameters."""
        values = iter(state)
        for part in (self.turns, self._lanes, self._scan):
            part.restore(values)
