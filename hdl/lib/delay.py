"""Shift registers of whole words, and the elements that travel through pipelines beside them."""

from __future__ import annotations

from contextlib import nullcontext

from amaranth.hdl import Cat, Module, Signal, Value
from amaranth.lib.wiring import In, Out

from hdl.lib import roles
from hdl.lib.shared import Part, place

__all__ = ["Delay", "delay", "held", "later", "moves", "register"]


def delay(m: Module, name: str, en: Value, value: Value, steps: int) -> Value:
    """Place a :class:`Delay` on ``value`` as submodule ``name``; no steps need none.

    ``en`` is one bit, or one for each step (:func:`moves`).
    """
    if not steps:
        return value
    if len(en) not in (1, steps):
        raise TypeError(f"{name}: {len(en)} enables for {steps} steps")
    return place(m, name, Delay(steps, len(value), stepwise=len(en) > 1), en=en, i=value).o


def register(m: Module, name: str, value: Value) -> Signal:
    """A register of this name, without a reset: what ``value`` was in the last cycle."""
    found = Signal(len(value), name=name, reset_less=True)
    m.d.sync += found.eq(value)
    return found


def held(m: Module, name: str, value: Value, steps: int, *, en: Value | None = None, resets: bool = False) -> Value:
    """What ``value`` was some steps ago; without ``en`` every cycle is a step. Not a module, as :func:`delay` is."""
    for step in range(steps):
        taken = Signal(len(value), name=f"{name}{step}", reset_less=not resets)
        with m.If(en) if en is not None else nullcontext():
            m.d.sync += taken.eq(value)
        value = taken
    return value


def later(m: Module, name: str, en: Value, value: Value, steps: int) -> Signal:
    """A bit for each of the last steps: in bit i what ``value`` was i + 1 steps ago. All are 0 after reset."""
    bits = Signal(steps, name=f"{name}_later")
    with m.If(en):
        m.d.sync += bits.eq(Cat(value, bits))
    return bits


def moves(en: Value, valid: Value, behind: Value) -> Value:
    """Enables of a pipeline's steps, so that those without an element are not clocked.

    Parameters
    ----------
    en : Value
        The whole pipeline advances.
    valid : Value
        An element enters.
    behind : Value
        Bit i: there is an element behind step i (:func:`later`).

    Returns
    -------
    Value
        As many bits as ``behind``: the element in front of step i moves on.
    """
    return Cat(valid, behind)[: len(behind)] & en.replicate(len(behind))


class Delay(Part):
    """Delay a word by ``depth`` steps; a long delay is built of two that are half as long.

    Parameters
    ----------
    depth, width : int
    stepwise : bool
        Every step has an enable of its own.

    Members
    -------
    en : In(1), or In(depth) where ``stepwise``
        Advance by one step; otherwise nothing changes.
    i, o : width bits
    """

    role = roles.SKEW
    sized = True

    #: The longest delay written out.
    DIRECT = 4

    def __init__(self, depth: int, width: int, *, stepwise: bool = False) -> None:
        self.depth = depth
        self.width = width
        self.stepwise = stepwise
        self.module = f"delay_{depth}x{width}" + ("_stepwise" if stepwise else "")
        super().__init__({"en": In(depth if stepwise else 1), "i": In(width), "o": Out(width)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        value = self.i
        enables = self.en if self.stepwise else self.en.replicate(self.depth)
        if self.depth <= self.DIRECT:
            for step in range(self.depth):
                register = Signal(self.width, name=f"step{step}", reset_less=True)
                with m.If(enables[step]):
                    m.d.sync += register.eq(value)
                value = register
        else:
            first = self.depth // 2
            for name, own in (("first", enables[:first]), ("second", enables[first:])):
                value = delay(m, name, own if self.stepwise else self.en, value, len(own))
        m.d.comb += self.o.eq(value)
        return m
