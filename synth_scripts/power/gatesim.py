"""Gate-level simulation of a flat netlist, many operand streams at once, counting transitions.

Every net holds one integer whose bits are independent streams (*lanes*), so that one pass over the gates advances all
of them by a clock cycle. Zero delay: glitches are not seen. Gated clocks count as the enable that the gate holds.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from hdl.params.errors import ToolError
from synth_scripts.library.library import Library
from synth_scripts.library.logic import expression
from synth_scripts.library.models import Model, models
from synth_scripts.module.memory import Memory
from synth_scripts.power.macro import Macro
from synth_scripts.power.recording import Recording

__all__ = ["Simulator"]


class Simulator:
    """Simulates one module of library cells.

    Parameters
    ----------
    module : dict
        The module in Yosys' JSON form.
    library : Library
    lanes : int
        Independent streams, 64 at most.
    clock : str
        The clock port.
    memories : mapping of str to Memory, optional
        Cells that are macros, by their kind.

    Raises
    ------
    ToolError
        Where a cell has no function, a clock is not the clock port behind clock gates, or gates form a loop.
    """

    def __init__(
        self,
        module: dict[str, Any],
        library: Library,
        lanes: int,
        clock: str = "clk",
        memories: Mapping[str, Memory] | None = None,
    ) -> None:
        self.module, self.library, self.lanes = module, library, lanes
        self.full = (1 << lanes) - 1
        kinds = memories or {}
        self.cells: dict[str, dict[str, Any]] = {}
        #: By path.
        self.macros: dict[str, Macro] = {}
        for name, cell in module["cells"].items():
            if cell["type"] in kinds:
                self.macros[name] = Macro(name, kinds[cell["type"]], cell["connections"], lanes)
            else:
                self.cells[name] = cell
        self.models = models(library, {cell["type"] for cell in self.cells.values()})
        self.clock_net = module["ports"][clock]["bits"][0] if clock in module["ports"] else -1
        self.size = 2 + max(
            (bit for net in module["netnames"].values() for bit in net["bits"] if isinstance(bit, int)), default=0
        )
        self.values = [0] * self.size
        self.last: npt.NDArray[np.uint64] | None = None
        self.gated: dict[int, str] = {}
        self.gated_ones: dict[int, int] = defaultdict(int)
        self.held: dict[int, str] = {}
        self.ones = np.zeros(self.size, np.int64)
        self.toggles = np.zeros(self.size, np.int64)
        self.cycles = 0
        #: What is counted is recorded as well, where there is one.
        self.recording: Recording | None = None
        #: Flip-flops, in the order of their states.
        self.flops: list[str] = []
        self._build()

    def _build(self) -> None:
        drivers: dict[int, tuple[str, str]] = {}
        for name, cell in self.cells.items():
            for pin, bits in cell["connections"].items():
                if bits and cell["port_directions"][pin] == "output" and isinstance(bits[0], int):
                    drivers[bits[0]] = (name, pin)
        self.drivers = drivers
        clocking = self._clock_cells()
        logic: list[str] = []
        for name, cell in self.cells.items():
            model = self.models[cell["type"]]
            if name in clocking:
                continue
            (self.flops if model.state else logic).append(name)
        self._compile(self._ordered(logic))

    def _clock_cells(self) -> set[str]:
        """Cells between the clock port and flip-flops' clock pins; notes the enable of every gated clock."""
        found: set[str] = set()
        for name, cell in list(self.cells.items()):
            model = self.models[cell["type"]]
            if model.state and not model.is_latch:
                net = cell["connections"][_pin(model.clock)][0]
                if net not in self.gated and net != self.clock_net:
                    self.gated[net] = self._enable(net, found, name)
        return found

    def _enable(self, net: int, found: set[str], flop: str) -> str:
        """The expression of the enable behind a gated clock."""
        driver = self.drivers.get(net)
        gate = self.library.clock_gate
        if driver is not None:
            cell = self.cells[driver[0]]
            if gate is not None and cell["type"] == gate.cell:
                found.add(driver[0])
                return self._net(cell["connections"][gate.enable][0])
            inputs = [bits[0] for pin, bits in cell["connections"].items() if cell["port_directions"][pin] == "input"]
            others = [bit for bit in inputs if bit != self.clock_net]
            if len(inputs) == 2 and len(others) == 1 and others[0] in self.drivers:
                hold = self.drivers[others[0]][0]
                model = self.models[self.cells[hold]["type"]]
                if model.is_latch:
                    connections = self.cells[hold]["connections"]
                    found |= {driver[0], hold}
                    invert = self.drivers.get(connections[_pin(model.clock)][0])
                    if invert is not None:
                        found.add(invert[0])
                        self.gated.setdefault(connections[_pin(model.clock)][0], "m")
                    enable = self._net(connections[_pin(model.next_state)][0])
                    self.held[others[0]] = enable
                    return enable
        raise ToolError(f"{flop}: its clock is not the clock port behind a clock gate: power can't be measured")

    def _ordered(self, logic: list[str]) -> list[str]:
        """Gates after those they read."""
        waiting: dict[str, int] = {}
        readers: dict[int, list[str]] = defaultdict(list)
        own = set(logic)
        for name in logic:
            cell = self.cells[name]
            count = 0
            for pin, bits in cell["connections"].items():
                if bits and cell["port_directions"][pin] == "input" and isinstance(bits[0], int):
                    driver = self.drivers.get(bits[0])
                    if driver is not None and driver[0] in own:
                        readers[bits[0]].append(name)
                        count += 1
            waiting[name] = count
        ready = [name for name in logic if not waiting[name]]
        order = []
        while ready:
            name = ready.pop()
            order.append(name)
            cell = self.cells[name]
            for pin, bits in cell["connections"].items():
                if bits and cell["port_directions"][pin] == "output":
                    for reader in readers[bits[0]]:
                        waiting[reader] -= 1
                        if not waiting[reader]:
                            ready.append(reader)
        if len(order) < len(logic):
            raise ToolError(f"{len(logic) - len(order)} gates form a combinational loop")
        return order

    def _net(self, bit: int | str) -> str:
        if isinstance(bit, str):
            return "m" if bit == "1" else "0"
        return f"v[{bit}]"

    def _compile(self, order: list[str]) -> None:
        lines = []
        for name in order:
            lines += self._outputs(name, "")
        settle = lines or ["pass"]
        lines, after = [], []
        for i, name in enumerate(self.flops):
            cell, model = self.cells[name], self.models[self.cells[name]["type"]]
            if model.is_latch:
                raise ToolError(f"{name}: a latch outside clock gates: power can't be measured")
            pins = cell["connections"]
            forced = self._expression(model.forced, pins, "") if model.forced else "0"
            if "v[" in forced or eval(forced, {"m": 1}):  # only constants are left
                raise ToolError(f"{name}: its asynchronous set or reset is in use: power can't be measured")
            following = self._expression(model.next_state, pins, f"s[{i}]", model)
            net = pins[_pin(model.clock)][0]
            if net != self.clock_net:
                enable = self.gated[net]
                following = f"({following} & {enable}) | (s[{i}] & (m ^ {enable}))"
            lines.append(f"n{i} = {following}")
            after += [f"s[{i}] = n{i}", *self._outputs(name, f"s[{i}]")]
        self.state = [0] * len(self.flops)
        self._settle = _function(settle)
        self._clock = _function([*lines, *after] or ["pass"])
        self._enables = _function([f"return [{', '.join(self.gated.values())}]"])

    def _outputs(self, name: str, state: str) -> list[str]:
        cell, model = self.cells[name], self.models[self.cells[name]["type"]]
        lines = []
        for pin, function in model.outputs.items():
            bits = cell["connections"].get(pin)
            if bits and isinstance(bits[0], int):
                lines.append(f"v[{bits[0]}] = {self._expression(function, cell['connections'], state, model)}")
        return lines

    def _expression(self, function: str, pins: dict[str, list[Any]], state: str, model: Model | None = None) -> str:
        """A Liberty function as Python; ``'`` and ``!`` become an exclusive or with all ones."""
        names = {pin: self._net(bits[0]) for pin, bits in pins.items() if bits}
        if model is not None and model.state:
            names |= {model.state: state, model.inverse: f"(m ^ {state})"}
        try:
            return expression(function, names)
        except ValueError as error:
            raise ToolError(f"library {self.library.name}: function {function!r} is not understood: {error}") from None

    # --- running -----------------------------------------------------------------------------------------------------
    def set(self, port: str, value_by_lane: Iterable[int] | int) -> None:
        """Drive an input port: one value for all lanes, or one for each."""
        bits = self.module["ports"][port]["bits"]
        if isinstance(value_by_lane, int):
            for i, bit in enumerate(bits):
                self.values[bit] = self.full if value_by_lane >> i & 1 else 0
            return
        columns = [0] * len(bits)
        for lane, value in enumerate(value_by_lane):
            for i in range(len(bits)):
                columns[i] |= (value >> i & 1) << lane
        for bit, column in zip(bits, columns, strict=True):
            self.values[bit] = column

    def get(self, port: str, lane: int = 0) -> int:
        """The value of a port in one lane, after :meth:`settle`."""
        bits = self.module["ports"][port]["bits"]
        return sum(((self._value(bit) >> lane) & 1) << i for i, bit in enumerate(bits))

    def _value(self, bit: int | str) -> int:
        if isinstance(bit, str):
            return self.full if bit == "1" else 0
        return self.values[bit]

    def settle(self) -> None:
        """Let the gates follow inputs and flip-flops."""
        self._settle(self.values, self.state, self.full)

    def count(self) -> None:
        """Count this cycle's values; call between :meth:`settle` and :meth:`clock`."""
        values = np.array(self.values, np.uint64)
        self.ones += np.bitwise_count(values)
        if self.last is not None:
            self.toggles += np.bitwise_count(values ^ self.last)
            self.cycles += 1
        self.last = values
        if self.recording is not None:
            self.recording.values.append(values)
            self.recording.states.append(np.array(self.state, np.uint64))
        for macro in self.macros.values():
            macro.count(self.values)
        for net, enable in zip(self.gated, self._enables(self.values, self.state, self.full), strict=True):
            self.gated_ones[net] += enable.bit_count()

    def forget(self) -> None:
        """Count anew."""
        self.last, self.cycles = None, 0
        self.ones[:] = self.toggles[:] = 0
        self.gated_ones.clear()
        for macro in self.macros.values():
            macro.forget()

    def clock(self) -> None:
        """A rising clock edge."""
        shown = [each for macro in self.macros.values() for each in macro.clock(self.values)]
        self._clock(self.values, self.state, self.full)
        for net, value in shown:
            self.values[net] = value

    def is_clock(self, bit: int | str) -> bool:
        """A net is the clock or a gated clock."""
        return bit == self.clock_net or bit in self.gated

    def activity(self, bit: int | str) -> tuple[float, float]:
        """Transitions a clock cycle and share of time high of a net, over what was counted."""
        if isinstance(bit, str):
            return 0.0, float(bit == "1")
        if bit == self.clock_net:
            return 2.0, 0.5
        samples = max(1, self.cycles * self.lanes)
        if bit in self.gated:
            share = self.gated_ones[bit] / (samples + self.lanes)
            return 2 * share, share / 2
        held = self.held.get(bit)
        if held is not None and held.startswith("v["):
            bit = int(held[2:-1])
        return float(self.toggles[bit] / samples), float(self.ones[bit] / (samples + self.lanes))


def _pin(expression: str) -> str:
    """The pin in ``CLK`` or ``(CLK)``."""
    return expression.strip("() ")


def _function(lines: list[str]) -> Any:
    """Compile straight-line code; in pieces, because Python compiles very long functions slowly."""
    space: dict[str, Any] = {}
    source = "def run(v, s, m):\n " + "\n ".join(lines) + "\n"
    exec(compile(source, "<netlist>", "exec"), space)
    return space["run"]
