"""A delay whose words stay where they are."""

from __future__ import annotations

from functools import reduce
from operator import or_

from amaranth.hdl import Module, Signal, Value
from amaranth.lib.wiring import In, Out

from hdl.lib import roles
from hdl.lib.delay import delay
from hdl.lib.roles import Role
from hdl.lib.shared import Part, place

__all__ = ["STAYING", "Ring", "delay_line"]

#: Steps from which on words stay where they are.
STAYING = 4


def delay_line(m: Module, name: str, en: Value, value: Value, steps: int, role: Role = roles.SKEW) -> Value:
    """Delay ``value`` by ``steps`` steps, in a submodule ``name``: a :class:`Ring`, or a few registers."""
    if steps < STAYING:
        return delay(m, name, en, value, steps)
    return place(m, name, Ring(steps, len(value), role), en=en, i=value).o


class Ring(Part):
    """Delay a word by ``depth`` steps: the oldest word leaves, and the one that enters takes its place.

    A shift register clocks all of its words in every step, this one. That takes a fraction of the energy from some
    words on, and costs a choice between the words: on osu018 a quarter of the area.

    Parameters
    ----------
    depth : int
        Steps, at least 2.
    width : int
    role : Role, optional

    Members
    -------
    en : In(1)
        Advance by one step; otherwise nothing changes.
    i, o : width bits
    """

    sized = True
    resets = True

    def __init__(self, depth: int, width: int, role: Role = roles.SKEW) -> None:
        self.depth = depth
        self.width = width
        self.role = role
        self.module = f"ring_{depth}x{width}"
        super().__init__({"en": In(1), "i": In(width), "o": Out(width)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        turn = Signal(self.depth, init=1)  # one-hot: the oldest word
        with m.If(self.en):
            m.d.sync += turn.eq(turn.rotate_left(1))
        chosen = []
        for number in range(self.depth):
            word = Signal(self.width, name=f"word{number}", reset_less=True)
            with m.If(self.en & turn[number]):
                m.d.sync += word.eq(self.i)
            chosen.append(word & turn[number].replicate(self.width))
        m.d.comb += self.o.eq(reduce(or_, chosen))
        return m
