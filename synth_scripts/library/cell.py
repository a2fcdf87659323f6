"""One library cell as plain facts: pins, functions, state, timing arcs.

Times, capacitances and slews are in the library's units and measuring points, names such that every tool reads them,
and an arc has one related pin.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from synth_scripts.library.logic import Function, truth_table
from synth_scripts.library.tables import Table

__all__ = ["Arc", "Cell", "Pin", "State"]


@dataclass(frozen=True, slots=True)
class Arc:
    """Timing from one pin to the pin it belongs to: tables by name (``cell_rise``, ``rise_constraint``, ...)."""

    related: str
    kind: str
    sense: str
    when: Function | None
    tables: dict[str, Table]

    def has(self, edge: str) -> bool:
        """There are delay and slew of an output edge, ``rise`` or ``fall``."""
        return f"cell_{edge}" in self.tables and f"{edge}_transition" in self.tables


@dataclass(slots=True)
class Pin:
    """One pin; capacitances and the greatest slew in the library's units, None where they are not given.

    ``role`` is that in a clock gate: ``clock``, ``enable``, ``out``, ``test``.
    """

    name: str
    direction: str
    capacitance: float | None
    rise_capacitance: float | None
    fall_capacitance: float | None
    max_capacitance: float | None
    max_transition: float | None
    function: Function | None
    clock: bool
    role: str
    arcs: list[Arc] = field(default_factory=list)


@dataclass(frozen=True)
class State:
    """A flip-flop (``ff``) or latch (``latch``): names of state and inverse, and its functions.

    ``data`` is ``next_state`` or ``data_in``, ``clock`` is ``clocked_on`` or ``enable``; ``both`` says what happens
    when clear and preset are both active (``clear_preset_var1`` and ``2``).
    """

    kind: str
    names: tuple[str, ...]
    data: Function
    clock: Function
    clear: Function | None
    preset: Function | None
    both: tuple[str, str]


@dataclass
class Cell:
    """One cell. ``area`` is None where the file gives none, or zero."""

    name: str
    original: str
    area: float | None
    pins: dict[str, Pin]
    state: State | None
    gate: str
    without_setup: tuple[str, ...] = ()
    source: str = field(default="", compare=False)
    line: int = field(default=0, compare=False)

    @cached_property
    def inputs(self) -> list[str]:
        """Names of its inputs."""
        return [pin.name for pin in self.pins.values() if pin.direction == "input"]

    @cached_property
    def outputs(self) -> list[str]:
        """Names of its outputs."""
        return [pin.name for pin in self.pins.values() if pin.direction == "output"]

    @cached_property
    def functions(self) -> dict[str, int]:
        """Truth tables of the outputs over :attr:`inputs`; none for cells with a state or many inputs."""
        if self.state or self.gate or len(self.inputs) > 5:
            return {}
        tables = {
            pin.name: truth_table(pin.function.text(str), self.inputs) for pin in self.pins.values() if pin.function
        }
        return {name: table for name, table in tables.items() if table is not None}

    @cached_property
    def clock(self) -> str:
        """The pin that a flip-flop, latch or clock gate is clocked by; empty where there is none."""
        if self.state:
            return self.state.clock.names[0]
        return next((pin.name for pin in self.pins.values() if pin.role == "clock"), "")

    @property
    def where(self) -> str:
        """File, line and name, for messages."""
        return f"{self.source}, line {self.line}: cell {self.original}"
