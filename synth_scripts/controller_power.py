"""Power of the PIM controller: that of its netlist repeating a recorded program, or, without one, a stated rule."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from gen.pim.trace import Trace
from synth_scripts.energy import energies
from synth_scripts.fabric import Fabric
from synth_scripts.library import Library
from synth_scripts.memory import Memory
from synth_scripts.replay import measure_replay

__all__ = ["ControllerPower", "controller_power"]

#: Of the rule: the share of the pins of data that change in a clock; loads of a gate's output, in flip-flops' inputs.
ACTIVITY, FANOUT = 0.1, 3
#: Capacitance that a bit cell puts on its bit line and on its word line, in flip-flops' inputs.
BIT_LINE, WORD_LINE = 0.1, 0.2
MACROS = (
    f"every macro is read in every clock, which charges the bit lines of a word ({BIT_LINE:g} flip-flop inputs a cell) "
    f"and its word line ({WORD_LINE:g} a cell) to the supply; no wires, no clock tree"
)
RULE = (
    f"a rule, not a measurement, for a peak: all clock pins change twice in a clock (no credit for clock gates), "
    f"{ACTIVITY:.0%} of all other pins once, outputs drive {FANOUT} inputs of flip-flops; {MACROS}"
)
MEASURED = "the netlist, simulated without glitches, repeats {about}: the same outputs in every clock; " + MACROS


@dataclass(frozen=True)
class ControllerPower:
    """Milliwatts by kind and by block (of gates only; nothing where a rule was used), and how they were found."""

    model: str
    parts: dict[str, float] = field(default_factory=dict)
    blocks: dict[str, float] = field(default_factory=dict)


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
    square = library.corner["voltage"] ** 2
    access = sum(
        count * memory.width * (memory.words * BIT_LINE + WORD_LINE) * library.load_ff * square
        for memory, count in macros
    )
    trace = record()
    if trace is None:
        model, found = RULE, _rule(library, fabric)
        each = {}
    else:
        kinds = [memory for memory, _ in macros]
        powers = measure_replay(library, fabric.netlist, top, kinds, blocks, trace, folder)
        model = MEASURED.format(about=trace.about)
        found = [
            sum(getattr(power, name) for power in powers.values()) for name in ("clock_fj", "data_fj", "leakage_nw")
        ]
        each = {name: power.mw(period_ns) for name, power in powers.items()}
    clock, data, leakage = found
    parts = {name: energy / period_ns * 1e-3 for name, energy in (("clock", clock), ("data", data), ("macros", access))}
    return ControllerPower(model, parts | {"leakage": leakage * 1e-6}, each)


def _rule(library: Library, fabric: Fabric) -> list[float]:
    """Energy of clock pins and of everything else (fJ a clock), and leakage (nW), by the rule."""
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
    return [clock, data, leakage]
