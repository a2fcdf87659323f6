"""Power of the PIM controller: that of its netlist repeating a recorded program, or, without one, a stated rule."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from gen.pim.trace import Trace
from synth_scripts.engine.fabric import Fabric
from synth_scripts.library.energy import energies
from synth_scripts.library.library import Library
from synth_scripts.module.memory import Memory
from synth_scripts.power.macro import POWER_MODEL, MacroEnergy
from synth_scripts.power.power import ModulePower
from synth_scripts.power.replay import Stretch, measure_replay

__all__ = ["ControllerPower", "Draw", "controller_power"]

#: Of the rule: the share of the pins of data that change in a clock; loads of a gate's output, in flip-flops' inputs.
ACTIVITY, FANOUT = 0.1, 3
RULE = (
    f"a rule, not a measurement, for a peak: all clock pins change twice in a clock (no credit for clock gates), "
    f"{ACTIVITY:.0%} of all other pins once, outputs drive {FANOUT} inputs of flip-flops; {POWER_MODEL}; written in "
    "every clock; no clock tree"
)
MEASURED = (
    "the netlist, simulated without glitches, repeats {about}: the same outputs in every clock; idle is the rest; "
    f"{POWER_MODEL}; no clock tree"
)


@dataclass(frozen=True)
class Draw:
    """Milliwatts by kind, and by block (of gates only; nothing where a rule was used), and all without wires."""

    parts: dict[str, float] = field(default_factory=dict)
    blocks: dict[str, float] = field(default_factory=dict)
    wireless: float | None = None

    @classmethod
    def of(cls, stretch: Stretch, period_ns: float) -> Draw:
        """At a clock period."""
        gates, macros = stretch.gates.values(), stretch.macros.values()
        bare = sum(
            power.mw(period_ns) for power in (*stretch.gates_wireless.values(), *stretch.macros_wireless.values())
        )
        parts = {
            "clock": sum(power.clock_fj for power in gates) / period_ns * 1e-3,
            "data": sum(power.data_fj for power in gates) / period_ns * 1e-3,
            "macros": sum(power.mw(period_ns) for power in macros),
            "leakage": sum(power.leakage_nw for power in gates) * 1e-6,
        }
        return cls(parts, {name: power.mw(period_ns) for name, power in stretch.gates.items()}, bare)

    @property
    def total(self) -> float | None:
        """Milliwatts; None where there is no measurement."""
        return sum(self.parts.values()) if self.parts else None


@dataclass(frozen=True)
class ControllerPower:
    """While a program runs and while none does, the latter not by a rule; and how it was found."""

    model: str
    busy: Draw = field(default_factory=Draw)
    idle: Draw = field(default_factory=Draw)


def controller_power(
    library: Library,
    fabric: Fabric,
    top: str,
    macros: list[tuple[Memory, int]],
    blocks: Mapping[str, str],
    period_ns: float,
    record: Callable[[], Trace | None],
    folder: Path,
) -> ControllerPower:
    """Power at a clock.

    Parameters
    ----------
    library : Library
    fabric : Fabric
        The mapped controller.
    top : str
    macros : list of (Memory, int)
        And how many of each there are.
    blocks : mapping of str to str
        Blocks by the modules that they begin with.
    period_ns : float
    record : callable
        Gives a recorded program, or None: then power follows the rule.
    folder : Path

    Raises
    ------
    CheckFailed
        Where the netlist does anything but what was recorded.
    ToolError
    """
    if library.without_power:
        return ControllerPower(library.without_power)
    trace = record()
    if trace is None:
        wired, bare = (({"": _rule(by, fabric)}, _busy(by, macros)) for by in (library, library.wireless))
        rule = Draw.of(Stretch(*wired, *bare), period_ns)
        return ControllerPower(RULE, Draw(rule.parts, wireless=rule.wireless))
    kinds = [memory for memory, _ in macros]
    found = measure_replay(library, fabric.netlist, top, kinds, blocks, trace, folder)
    draws = {name: Draw.of(stretch, period_ns) for name, stretch in found.items()}
    return ControllerPower(MEASURED.format(about=trace.about), **draws)


def _busy(library: Library, macros: list[tuple[Memory, int]]) -> dict[str, ModulePower]:
    """Macros of which every port works in every clock."""
    found = {}
    for memory, count in macros:
        energy = MacroEnergy(memory, library)
        found[memory.module] = ModulePower(
            instances=count,
            clock_fj=count * energy.clock_fj,
            data_fj=count * energy.of_clock(writes=1.0),
            leakage_nw=count * energy.leakage_nw,
        )
    return found


def _rule(library: Library, fabric: Fabric) -> ModulePower:
    """All gates, by the rule."""
    table = energies(library)
    load_ff = FANOUT * library.load_ff
    clock = data = leakage = 0.0
    for kind, count in fabric.instances.items():
        if kind not in library.areas:
            continue
        energy = table[kind]
        pins = library.clock_pins.get(kind, ())
        for pin, each in energy.inputs.items():
            if pin in pins:
                clock += 2 * count * each
            else:
                data += count * each * ACTIVITY
        data += count * ACTIVITY * sum(energy.of_output(pin, load_ff) for pin in energy.outputs)
        leakage += count * energy.leakage_nw
    return ModulePower(clock_fj=clock, data_fj=data, leakage_nw=leakage)
