"""The vector unit of the core alone, clock by clock."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from hdl.arith.float.passes import LaneShape
from hdl.params.pim import PimParams
from sim_tb.pim.simulate.core.arrays import PLAN_NUMBERS, Numbers, new_state, system
from sim_tb.pim.simulate.core.cut import cut_vector
from sim_tb.pim.simulate.core.join import join_vector
from sim_tb.pim.simulate.core.layout import ACTIVE, DONE, FREE, GIVERS, SLOT, START, STARTS, TARGET, WRITING
from sim_tb.pim.simulate.core.native import Native, Pinned
from sim_tb.pim.simulate.core.vector import clock_vector, requested, rest_vector, skip_vector
from sim_tb.pim.simulate.start import Start

__all__ = ["ENTRIES", "Model", "native"]


def look(S, P, W):
    """All that can be seen in a clock: six outputs, four requests to read, and one to write."""
    W[0], W[1], W[2], W[3], W[4] = S[FREE], S[SLOT], S[ACTIVE], S[GIVERS], S[DONE]
    W[5] = S[TARGET] if S[DONE] else 0
    for port in range(4):
        W[6 + port] = requested(S, P, port)
    W[10] = S[WRITING]


def step(S, P, W, granted, written):
    """A clock, and what can be seen in the next one."""
    clock_vector(S, P, granted, written)
    look(S, P, W)


ENTRIES = (cut_vector, join_vector, look, rest_vector, skip_vector, step)
native = Native(*ENTRIES)


@lru_cache(maxsize=16)
def _system(params: PimParams, shape: LaneShape, contexts: int) -> Numbers:
    """What never changes; some tests make a thousand models of a system."""
    return system(params, shape=shape, contexts=contexts)


class Model:
    """What :class:`hdl.pim.vector.unit.VectorUnit` does in every clock, as the core has it.

    Parameters
    ----------
    params : PimParams
    shape : LaneShape
    contexts : int
        Instructions at the same time; as many as the hardware has by default.

    Attributes
    ----------
    system : int64 array
        What never changes.
    """

    def __init__(self, params: PimParams, shape: LaneShape, contexts: int = 0) -> None:
        self.system = Pinned.of(_system(params, shape, contexts).copy())
        self._state = Pinned.of(new_state(params, 0))
        self._seen, self._numbers = Pinned.of(np.zeros(11, np.int64)), Pinned.of(np.zeros(1 << 12, np.int64))
        native.look(self._state, self.system, self._seen)

    def seen(self) -> tuple[bool, int, int, bool, bool, int, tuple[tuple[int, int], ...], int | None]:
        """Outputs in this clock, as a bench's ``Clock`` has them."""
        ready, slot, active, gives, done, target, *words, write = self._seen.tolist()
        requests = tuple((port, word) for port, word in enumerate(words) if word >= 0)
        return bool(ready), slot, active, gives > 0, bool(done), target, requests, write if write >= 0 else None

    @property
    def active(self) -> int:
        """Bit mask of the instructions at work."""
        return int(self._seen[2])

    @property
    def granted(self) -> int:
        """All ports that ask to read, as a mask."""
        return sum(1 << port for port in range(4) if self._seen[6 + port] >= 0)

    @property
    def writes(self) -> bool:
        """It asks to write."""
        return bool(self._seen[10] >= 0)

    def clock(self, granted: int, written: bool, start: Start | None) -> None:
        """Advance by one clock: ports whose request is granted, the word to write is taken, an instruction begins."""
        if start:
            numbers = start.n, start.a, start.b, start.c, start.d, start.stride, start.target, start.gives
            self._state[START : START + 9] = PLAN_NUMBERS[start.opcode], *numbers
            self._state[STARTS] = 1
        native.step(self._state, self.system, self._seen, granted, int(written))

    def rest(self) -> int:
        """Clocks in which, without a start, it asks for nothing and no output changes."""
        return native.rest_vector(self._state, self.system)

    def skip(self, clocks: int) -> None:
        """Advance by at most as many."""
        native.skip_vector(self._state, self.system, clocks)
        native.look(self._state, self.system, self._seen)

    def state(self) -> tuple[int, ...]:
        """All that determines what it will do, with numbers of instructions from the next one's on."""
        self._numbers[0] = 0
        native.cut_vector(self._state, self.system, self._numbers)
        return tuple(self._numbers[1 : self._numbers[0] + 1].tolist())

    def restore(self, state: tuple[int, ...]) -> None:
        """Be in a state that another one has given."""
        self._numbers[0], self._numbers[1 : len(state) + 1] = 0, state
        native.join_vector(self._state, self.system, self._numbers)
        native.look(self._state, self.system, self._seen)
