"""The event counters of the controller."""

from __future__ import annotations

from collections.abc import Mapping

from amaranth.hdl import Cat, Module, Signal, Value
from amaranth.lib.wiring import In, Out

from hdl.lib.shared import Part
from hdl.params.pim import COMMANDS, PimParams
from hdl.params.pim.commands import COMMAND_BITS
from hdl.pim.registers import COUNTERS

__all__ = ["COUNTED", "EVENTS", "HALF", "Counters"]

HALF = 32
#: Which commands each counter counts; the others count clocks of an event.
COUNTED = {
    "ACTIVATES": ("ACT", "ACT_AB"),
    "PRECHARGES": ("PRE", "PRE_AB"),
    "REFRESHES": ("REF",),
    "READS": ("RD_SB",),
    "WRITES": ("WR_SB", "WR_ELEM"),
    "MACS": ("MAC_AB",),
    "BUFFER_WRITES": ("WR_GB",),
    "ACCUMULATOR_READS": ("RD_MAC", "RD_MAC_KEEP"),
    "ACCUMULATOR_WRITES": ("WR_BIAS",),
}
EVENTS = tuple(name for name in COUNTERS if name not in COUNTED)


class Counters(Part):
    """Counts events by the clock, and commands over all channels.

    A counter's high half follows its low half by a clock, so that no carry runs through 64 bits: a reader of both reads
    the high one a clock after the low one. CYCLES counts at once, other events a clock later, so that what decides them
    may take a clock; commands are counted three clocks after they appear.

    Parameters
    ----------
    params : PimParams

    Members
    -------
    {event} : In(1)
        One of ``EVENTS`` in small letters: it happens in this clock.
    c{i}_valid : In(1), c{i}_op : In
        A channel's command.
    clear : In(1)
        All counters become zero.
    {counter}_lo, {counter}_hi : Out(32)
    """

    module = "counters"
    resets = True

    def __init__(self, params: PimParams) -> None:
        self.params = params
        channels = range(params.channels)
        super().__init__(
            {
                "clear": In(1),
                **{name.lower(): In(1) for name in EVENTS},
                **{f"c{i}_valid": In(1) for i in channels},
                **{f"c{i}_op": In(COMMAND_BITS) for i in channels},
                **{f"{name.lower()}_{half}": Out(HALF) for name in COUNTERS for half in ("lo", "hi")},
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        commands = self._commands(m)
        for name in COUNTERS:
            low, high = (getattr(self, f"{name.lower()}_{half}") for half in ("lo", "hi"))
            carry = Signal(name=f"{name.lower()}_carry")
            event = commands[name] if name in commands else self._event(m, name)
            with m.If(self.clear):
                m.d.sync += [low.eq(0), high.eq(0), carry.eq(0)]
            with m.Else():
                # Registers of a counter that stands still are not clocked.
                following = Signal(HALF + 1, name=f"{name.lower()}_next")
                m.d.comb += following.eq(low + event)
                m.d.sync += carry.eq(following[-1])
                with m.If(event.any()):
                    m.d.sync += low.eq(following)
                with m.If(carry):
                    m.d.sync += high.eq(high + 1)
        return m

    def _event(self, m: Module, name: str) -> Value:
        event: Signal = getattr(self, name.lower())
        if name == "CYCLES":
            return event
        happened = Signal(name=f"{name.lower()}_happened")
        m.d.sync += happened.eq(event)
        return happened

    def _commands(self, m: Module) -> Mapping[str, Value]:
        """How many commands of each kind there are in a clock, two clocks later."""
        found = {}
        for name, kinds in COUNTED.items():
            seen = Signal(self.params.channels, name=f"{name.lower()}_seen")
            total = Signal(range(self.params.channels + 1), name=f"{name.lower()}_total")
            for i in range(self.params.channels):
                code = getattr(self, f"c{i}_op")
                hit: Value = Cat(*(code == COMMANDS[kind].code for kind in kinds)).any()
                m.d.sync += seen[i].eq(getattr(self, f"c{i}_valid") & hit)
            m.d.sync += total.eq(_count(list(seen)))
            found[name] = total
        return found


def _count(bits: list[Value]) -> Value:
    """How many bits are set."""
    if len(bits) < 2:
        return bits[0]
    half = len(bits) // 2
    return _count(bits[:half]) + _count(bits[half:])
