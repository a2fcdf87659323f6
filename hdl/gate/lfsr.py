"""A generator of random bits, many of them a clock. It is linear: whoever sees 64 of its bits knows all others."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Signal, Value
from amaranth.lib.wiring import In, Out

from hdl.lib import roles
from hdl.lib.shared import Part
from hdl.params.gate import SEED_BITS

__all__ = ["Lfsr"]

#: The bits of the state whose sum is the next one: x^64 + x^63 + x^61 + x^60 + 1 is primitive.
TAPS = (64, 63, 61, 60)


class Lfsr(Part):
    """A linear feedback shift register of 64 bits. **Not a secure generator.**

    Parameters
    ----------
    bits : int
        Bits that are drawn in a step.
    seed : int
        State after reset, not 0.

    Members
    -------
    step : In(1)
        ``word`` is used up: the next one comes.
    seed_we : In(1), seed : In(64)
        Another state; a state of zeros, in which all bits would be zero, is not taken.
    word : Out(bits)
        The bits of the next step, the first one lowest.
    """

    module = "lfsr"
    role = roles.FRONT
    resets = True

    def __init__(self, bits: int, seed: int) -> None:
        self.bits = bits
        self.initial = seed
        super().__init__({"step": In(1), "seed_we": In(1), "seed": In(SEED_BITS), "word": Out(bits)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        state = Signal(SEED_BITS, init=self.initial)
        drawn: list[Value] = list(reversed(state))  # the oldest bit, which is the highest of the state, first
        for _ in range(self.bits):
            a, b, c, d = (drawn[len(drawn) - tap] for tap in TAPS)
            drawn.append(a ^ b ^ c ^ d)
        m.d.comb += self.word.eq(Cat(drawn[SEED_BITS:]))
        with m.If(self.seed_we & self.seed.any()):
            m.d.sync += state.eq(self.seed)
        with m.Elif(self.step):
            m.d.sync += state.eq(Cat(reversed(drawn[-SEED_BITS:])))
        return m
