"""Static timing of netlists of the unit library, where OpenSTA is missing.

In the unit library a delay is a cell's own and its load's, whatever the edge and the slew, so that one walk through
the flat netlist is exact: what OpenSTA finds on the same netlist, paths through several modules and fan-out trees
included. Constraints are those of :mod:`synth_scripts.timing.sta`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from hdl.params.errors import CheckFailed
from synth_scripts.library.library import Library
from synth_scripts.library.unit import SETUP, STAGES

__all__ = ["NAME", "Walk"]

#: What timed, in words.
NAME = "Bitloom by the delays of the unit library"

Bit = int | str


@dataclass(frozen=True)
class _Step:
    """A net's latest signal: when it comes, through which pin, and the net before; None where the path begins."""

    time: float
    pin: str
    before: int | None


class Walk:
    """A flat netlist, timed when it is made.

    Parameters
    ----------
    library : Library
        The unit library.
    flat : dict
        The module in Yosys' JSON form.
    macros : mapping of str to (float, float)
        By kind of cell: from the clock to an output, and setup time, ns.
    inside : collection of str, optional
        Only paths between flip-flops of these instances count: beginnings of cell names. Otherwise every path does.
    ports : bool
        Paths from and to ports count.
    clock : str

    Raises
    ------
    CheckFailed
        Where gates form a loop.
    """

    def __init__(
        self,
        library: Library,
        flat: Mapping[str, Any],
        macros: Mapping[str, tuple[float, float]] | None = None,
        *,
        inside: Collection[str] | None = None,
        ports: bool = True,
        clock: str = "clk",
    ) -> None:
        self.library, self.flat, self.macros, self.clock = library, flat, macros or {}, clock
        self.ports = ports and inside is None
        self.inside = None if inside is None else tuple(inside)
        self.loads: dict[Bit, float] = defaultdict(float)
        self.steps: dict[Bit, _Step] = {}
        #: Where paths end: (net, pin, setup time).
        self.ends: list[tuple[Bit, str, float]] = []
        self._load()
        self._propagate(self._begin())
        needs = [(self.steps[net].time + setup, net, pin, setup) for net, pin, setup in self.ends if net in self.steps]
        self.worst = max(needs, key=lambda need: need[0], default=None)

    @property
    def period(self) -> float:
        """The least clock period, ns; 0 without a path."""
        return self.worst[0] if self.worst else 0.0

    def _load(self) -> None:
        loads = self.library.loads
        for cell in self.flat["cells"].values():
            pins = loads.get(cell["type"], {})
            for pin, bits in cell["connections"].items():
                if self._reads(cell, pin):
                    for bit in bits:
                        self.loads[bit] += pins.get(pin, self.library.load_ff)
        for port in self.flat["ports"].values():
            if port["direction"] == "output":
                for bit in port["bits"]:
                    self.loads[bit] += self.library.load_ff

    def _reads(self, cell: Mapping[str, Any], pin: str) -> bool:
        """A pin is an input. Yosys knows that of macros alone, unless it has read the library."""
        kind = cell["type"]
        if kind in self.macros:
            return bool(cell["port_directions"][pin] == "input")
        return pin in self.library.loads[kind] or pin in self.library.clock_pins.get(kind, ())

    def _delay(self, kind: str, net: Bit) -> float:
        parasitic, drive = STAGES[kind]
        return (parasitic + self.loads[net] / drive) / 5

    def _begin(self) -> list[str]:
        """Note where paths begin and end; the cells between."""
        library, logic = self.library, []
        if self.ports:
            for name, port in self.flat["ports"].items():
                for i, bit in enumerate(port["bits"]):
                    label = f"{name}[{i}]" if len(port["bits"]) > 1 else name
                    if port["direction"] == "output":
                        self.ends.append((bit, f"{label} (output port)", library.flop_setup_ps / 1e3))
                    elif name != self.clock:
                        driven = self.loads[bit] / STAGES[library.driver][1] / 5
                        self.steps[bit] = _Step(library.flop_delay_ps / 1e3 + driven, f"{label} (input port)", None)
        for name, cell in self.flat["cells"].items():
            kind = cell["type"]
            if kind not in self.macros and kind not in library.clock_pins:
                logic.append(name)
                continue
            if self.inside is not None and not name.startswith(self.inside):
                continue
            launch, setup = self.macros.get(kind, (None, SETUP))
            for pin, bits in cell["connections"].items():
                label = f"{name}/{pin} ({kind})"
                for bit in bits:
                    if pin in library.clock_pins.get(kind, (self.clock,)):
                        continue
                    if self._reads(cell, pin):
                        self.ends.append((bit, label, setup))
                    elif kind in library.flops or launch is not None:
                        time = self._delay(kind, bit) if launch is None else launch + self.loads[bit] / 40
                        self.steps[bit] = _Step(time, label, None)
        return logic

    def _propagate(self, logic: list[str]) -> None:
        """Cells after those that they read."""
        cells = self.flat["cells"]
        driven = {
            bit: name
            for name in logic
            for pin, bits in cells[name]["connections"].items()
            if not self._reads(cells[name], pin)
            for bit in bits
        }
        readers: dict[str, list[str]] = defaultdict(list)
        waiting: dict[str, int] = {}
        inputs: dict[str, list[Bit]] = {}
        for name in logic:
            cell = cells[name]
            inputs[name] = [bit for pin, bits in cell["connections"].items() if self._reads(cell, pin) for bit in bits]
            drivers = [driven[bit] for bit in inputs[name] if bit in driven]
            waiting[name] = len(drivers)
            for driver in drivers:
                readers[driver].append(name)
        ready = [name for name in logic if not waiting[name]]
        done = 0
        while ready:
            name = ready.pop()
            done += 1
            self._through(name, cells[name], inputs[name])
            for reader in readers[name]:
                waiting[reader] -= 1
                if not waiting[reader]:
                    ready.append(reader)
        if done < len(logic):
            raise CheckFailed(f"{len(logic) - done} gates form combinational loop(s) through several modules")

    def _through(self, name: str, cell: Mapping[str, Any], inputs: list[Bit]) -> None:
        known = [bit for bit in inputs if bit in self.steps]
        if not known:
            return
        latest = max(known, key=lambda bit: self.steps[bit].time)
        for pin, bits in cell["connections"].items():
            if not self._reads(cell, pin):
                for bit in bits:
                    time = self.steps[latest].time + self._delay(cell["type"], bit)
                    self.steps[bit] = _Step(time, f"{name}/{pin} ({cell['type']})", latest)  # type: ignore[arg-type]

    def path(self, period: float) -> str:
        """The critical path at a clock period (ns, which stands for FO4), in the manner of OpenSTA."""
        if self.worst is None:
            return ""
        need, net, end, setup = self.worst
        steps, at = [], net
        while True:
            step = self.steps[at]
            steps.append(step)
            if step.before is None:
                break
            at = step.before
        lines = [f"Startpoint: {steps[-1].pin}", f"Endpoint: {end}", "", "    Delay      Time   Description", "-" * 61]
        last = 0.0
        for step in reversed(steps):
            lines.append(f"{step.time - last:9.4f} {step.time:9.4f}   {step.pin}")
            last = step.time
        lines += [
            f"{'':9} {last:9.4f}   data arrival time",
            "",
            f"{period:9.4f} {period:9.4f}   clock clock (rise edge)",
            f"{-setup:9.4f} {period - setup:9.4f}   library setup time",
            "-" * 61,
            f"{'':9} {period - need:9.4f}   slack ({'MET' if period - need >= -1e-4 else 'VIOLATED'})",
        ]
        return "\n".join(lines)
