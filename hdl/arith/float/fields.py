"""Taking numbers apart, and putting rounded results together."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value

from hdl.arith.float.format import FloatFormat
from hdl.params import ConfigError, Problem

__all__ = ["Fields", "Pipeline", "check_latency", "normalise", "pack", "round_up", "shift_right"]


def check_latency(unit: str, latency: int, stages: int) -> None:
    """Raise ConfigError unless a unit of ``stages`` stages can have this latency."""
    if isinstance(latency, bool) or not isinstance(latency, int) or not 1 <= latency <= stages:
        raise ConfigError([Problem(f"float.{unit}", f"must have a latency of 1 to {stages}, not {latency!r}")])


class Fields:
    """The parts of a number.

    Attributes
    ----------
    sign, zero, infinite, nan : Value
        ``zero`` includes what counts as one.
    exponent, fraction, significand : Value
        The significand has its hidden bit, which is 0 in a zero; its fraction is whatever it is.
    """

    def __init__(self, m: Module, number: Value, form: FloatFormat, name: str) -> None:
        self.sign = number[-1]
        self.exponent = number[form.fraction : -1]
        self.fraction = number[: form.fraction]
        self.zero, special, rest = (Signal(name=f"{name}_{what}") for what in ("zero", "special", "rest"))
        m.d.comb += [self.zero.eq(~self.exponent.any()), special.eq(self.exponent.all()), rest.eq(self.fraction.any())]
        self.infinite = special & ~rest
        self.nan = special & rest
        self.significand = Cat(self.fraction, ~self.zero)


@dataclass
class Pipeline:
    """Registers behind the stages of a unit.

    Parameters
    ----------
    m : Module
    en : Value
        A bit for each register: it takes a new value while that is high, and needs no clock otherwise.
    stages : int
        Stages that the unit's work is written in.
    latency : int
        Registers, 1 to ``stages``: the later stages have them, the earlier ones run into each other.
    """

    m: Module
    en: Value
    stages: int
    latency: int

    def __call__(self, stage: int, **values: Value) -> SimpleNamespace:
        """``values``, by their names, behind a stage; the first is stage 1."""
        behind = {
            name: Signal(value.shape(), name=f"{name}_{stage}", reset_less=True) for name, value in values.items()
        }
        moves = [behind[name].eq(value) for name, value in values.items()]
        step = stage - 1 - (self.stages - self.latency)
        if step >= 0:
            with self.m.If(self.en[step]):
                self.m.d.sync += moves
        else:
            self.m.d.comb += moves
        return SimpleNamespace(**behind)


def round_up(last: Value, below: Value) -> Value:
    """Whether to add a one to the last bit kept; ``below`` are the bits below it, the lowest one sticky."""
    return below[-1] & (below[:-1].any() | last) if len(below) > 1 else below[-1] & last


def normalise(m: Module, value: Value, steps: list[int], name: str) -> tuple[Value, list[Value]]:
    """Shift left, by each of ``steps`` in turn, where that many highest bits are zero.

    Returns
    -------
    shifted : Value
    taken : list of Value
        Whether each step was taken.
    """
    taken = []
    for step in steps:
        empty = Signal(name=f"{name}_by_{step}")
        shifted = Signal(len(value), name=f"{name}_after_{step}")
        m.d.comb += [empty.eq(~value[-step:].any()), shifted.eq(Mux(empty, Cat(Const(0, step), value[:-step]), value))]
        taken.append(empty)
        value = shifted
    return value, taken


def shift_right(m: Module, value: Value, distance: Value, name: str) -> tuple[Value, Value]:
    """``value >> distance``, and whether a one was lost.

    Where the distance exceeds all bits, both are 0: what is so far below the other addend never changes a rounded sum.
    """
    steps = min((len(value) - 1).bit_length(), len(distance))
    sticky: Value = Const(0, 1)
    for i in range(steps):
        step = 1 << i
        shifted = Signal(len(value), name=f"{name}_{step}")
        lost = Signal(name=f"{name}_sticky_{step}")
        m.d.comb += [
            shifted.eq(Mux(distance[i], Cat(value[step:], Const(0, step)), value)),
            lost.eq(sticky | (distance[i] & value[:step].any())),
        ]
        value, sticky = shifted, lost
    if steps == len(distance):
        return value, sticky
    far, near = Signal(name=f"{name}_far"), Signal(len(value), name=f"{name}_near")
    m.d.comb += [far.eq(distance[steps:].any()), near.eq(value & ~far.replicate(len(value)))]
    return near, sticky & ~far


def pack(
    m: Module,
    form: FloatFormat,
    *,
    sign: Value,
    exponent: Value,
    fraction: Value,
    up: Value,
    zero: Value,
    infinite: Value,
    nan: Value,
) -> Value:
    """A result: rounded, kept within the format's range, or a special value.

    Parameters
    ----------
    exponent : signed Value
        Biased exponent before rounding, wide enough for whatever comes out of the unit.
    fraction : form.fraction bits
    up : Value
        A one is to be added to the fraction; it may carry into the exponent.
    zero, infinite, nan : Value
        The result is one of these, the last one first; otherwise the exponent says so.
    """
    width = len(exponent)
    rounded = Signal(form.fraction + width, name="rounded")
    total = Cat(fraction, exponent)
    m.d.comb += rounded.eq(total + up)
    biased = rounded[form.fraction :]
    low = biased[-1] | ~biased.any()
    high = ~biased[-1] & (biased[form.exponent : -1].any() | biased[: form.exponent].all())
    to_infinity, to_zero = Signal(name="to_infinity"), Signal(name="to_zero")
    m.d.comb += [to_infinity.eq(infinite | (high & ~zero)), to_zero.eq(zero | (low & ~infinite))]
    number = Signal(form.width, name="number")
    m.d.comb += number.eq(
        Mux(
            nan,
            form.nan,
            Cat(
                Mux(to_infinity | to_zero, Const(0, form.fraction), rounded[: form.fraction]),
                Mux(to_infinity, Const(form.special, form.exponent), Mux(to_zero, 0, biased[: form.exponent])),
                sign,
            ),
        )
    )
    return number
