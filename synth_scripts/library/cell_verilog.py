"""Verilog of library cells: what each does, with a delay for each way through it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from synth_scripts.library.arcs import arcs
from synth_scripts.library.library import Library
from synth_scripts.library.models import Model, models

__all__ = ["CellVerilog"]


class CellVerilog:
    """Writes modules of library cells, in Verilog-2001.

    States can be set from outside: they are registers named ``_state_``.

    Parameters
    ----------
    library : Library
    kinds : iterable of str
    """

    def __init__(self, library: Library, kinds: Iterable[str]) -> None:
        names = set(kinds)
        self.library, self.models = library, models(library, names)
        #: Outputs by kind.
        self.outputs = {kind: self._outputs(kind) for kind in names}

    def _outputs(self, kind: str) -> list[str]:
        gate = self.library.clock_gate
        return [gate.output] if gate is not None and gate.cell == kind else list(self.models[kind].outputs)

    def inputs(self, kind: str) -> list[str]:
        """Inputs of a cell, those of clocks among them."""
        return list(self.library.loads[kind])

    def module(self, kind: str, name: str, paths: Mapping[tuple[str, str], tuple[float, float]]) -> str:
        """The text of a cell under a name, with rising and falling delay by input and output, in its unit of time."""
        ports = [*(f"input {pin}" for pin in self.inputs(kind)), *(f"output {pin}" for pin in self.outputs[kind])]
        lines = [f"module {name}({', '.join(ports)});", *self._body(kind)]
        if paths:
            delays = (f"({one} => {other}) = ({rise:g}, {fall:g});" for (one, other), (rise, fall) in paths.items())
            lines.append(f"specify {' '.join(delays)} endspecify")
        return "\n  ".join(lines) + "\nendmodule\n"

    def _body(self, kind: str) -> list[str]:
        gate = self.library.clock_gate
        if gate is not None and gate.cell == kind:
            enable = " | ".join((gate.enable, *gate.tie_low))
            return [
                "reg _state_ = 0;",
                f"always @* if (!{gate.clock}) _state_ = {enable};",
                f"assign {gate.output} = {gate.clock} & _state_;",
            ]
        model = self.models[kind]
        lines = self._state(model) if model.state else []
        return [*lines, *(f"assign {pin} = {function};" for pin, function in model.outputs.items())]

    def _state(self, model: Model) -> list[str]:
        named = [f"wire {model.state} = _state_, {model.inverse} = !_state_;"]
        forced = [(text, value) for text, value in ((model.clear, 0), (model.preset, 1)) if text]
        first = "".join(f"if ({text}) _state_ {{}} {value}; else " for text, value in forced)
        if model.is_latch:
            follow = f"{first.format(*'=' * len(forced))}if ({model.clock}) _state_ = {model.next_state};"
            return ["reg _state_ = 0;", *named, f"always @* {follow}"]
        edges = " or ".join(["posedge _clock_", *(f"posedge _force{value}_" for _, value in forced)])
        wires = ", ".join([f"_clock_ = {model.clock}", *(f"_force{value}_ = {text}" for text, value in forced)])
        follow = f"{first.format(*['<='] * len(forced))}_state_ <= {model.next_state};"
        return ["reg _state_ = 0;", *named, f"wire {wires};", f"always @({edges}) {follow}"]

    def whole(self, least: float) -> str:
        """The text of every cell under its own name, with the same delay all the way: an SDF file gives the others."""
        found = arcs(self.library, self.models)
        return "\n".join(
            self.module(
                kind,
                kind,
                {
                    (arc.related, pin): (least, least)
                    for pin in self.outputs[kind]
                    for arc in found[kind].get(pin, ())
                    if arc.related in self.inputs(kind)
                },
            )
            for kind in sorted(self.models)
        )
