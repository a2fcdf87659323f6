"""The issuer for a single segment: it stops where the next one begins."""

from __future__ import annotations

from typing import Any

from hdl.params.pim import Instruction, PimParams
from sim_tb.pim.simulate.burst.segment import Segment
from sim_tb.pim.simulate.issuer import FETCH, Issuer
from sim_tb.pim.simulate.prepare import Prepared
from sim_tb.pim.simulate.units import Units
from sim_tb.pim.simulate.work import NEVER

__all__ = ["Stepper"]


class _Single:
    """A listing with a single instruction."""

    def __init__(self) -> None:
        self.length = 1 << 62
        self.segment: Segment | None = None

    def fenced(self, pc: int) -> bool:
        assert self.segment
        return self.segment.fenced

    def wraps(self, pc: int, loops: Any) -> int:
        assert self.segment
        return self.segment.wraps

    def advanced(self, pc: int, loops: Any) -> Instruction | None:
        assert self.segment
        return self.segment.prepared.one

    def turns(self, place: int) -> int:
        return 1

    def split(self, loops: Any) -> tuple[list[dict[str, int]], int]:
        return [], 0


class Stepper(Issuer):
    """An issuer that stops at the next boundary."""

    def __init__(self, params: PimParams, units: Units) -> None:
        super().__init__(params, (), (), (), units)
        self.single = _Single()
        self.listing = self.single  # type: ignore[assignment]
        self.given: Prepared | None = None
        self.goes_on = self.stopped = False
        self.ahead: list[Segment] = []
        self.gives: list[int] = []

    def take_up(self, segment: Segment, loaded: int, clock: int) -> None:
        """Begin a segment in a clock."""
        self.loaded, self.error = loaded, 0
        self.waiting, self.stopped, self.gives = False, False, []
        self.marks = []
        self.clock = self.wake = clock
        if not segment.event:
            self.ahead = [one for each in segment.members for one in (*each.before, each)]
            self._begin()

    def _begin(self) -> None:
        """The next instruction of the segment."""
        segment = self.single.segment = self.ahead.pop(0)
        self.given = self.prepared = segment.prepared
        self.one = segment.prepared.one
        self.single.length = 0 if segment.absent else 1 << 62
        self.pc = self.index = 0
        self.number = -1
        self.loops = [[0, 0]] if self.one.op.name == "ENDL" else []
        self.goes_on = segment.goes_on
        self.stage = FETCH
        if segment.inner:
            super()._expand()
        else:
            super()._fetch(self.clock)

    def _give(self, register: int) -> None:
        self.gives.append(register)

    def _prepare(self, one: Instruction) -> Prepared:
        assert self.given is not None
        return self.given

    def _stop(self, clock: int) -> bool:
        if self.ahead and not self.error:
            self._begin()
            return True
        self.stopped = True
        self.wake = NEVER
        return False

    def _expand(self) -> bool:
        return self._stop(0) if self.goes_on else super()._expand()

    _STAGES = (*Issuer._STAGES[:FETCH], _stop, *Issuer._STAGES[FETCH + 1 :])  # type: ignore[assignment]
