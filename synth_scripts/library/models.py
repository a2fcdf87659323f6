"""What library cells do, read from Liberty: outputs as expressions, flip-flops, latches and clock gates."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from hdl.params.errors import ToolError
from synth_scripts.library.liberty import Group, parse
from synth_scripts.library.library import Library
from synth_scripts.work import cache

__all__ = ["Model", "models"]

_NAME = re.compile(r"[A-Za-z_][\w\[\]]*")


@dataclass(frozen=True)
class Model:
    """One cell.

    Parameters
    ----------
    outputs : dict
        Liberty expression of each output, over inputs and, in flip-flops, ``state``.
    state : str
        What the outputs call the state; empty in combinational cells.
    next_state : str
        A flip-flop's next state, over inputs.
    clock : str
        Its clock pin, or a latch's enable pin.
    clear, preset : str
        Where these hold, the state is 0 or 1 whatever the clock does; empty where there is no such thing.
    is_latch : bool
    """

    outputs: dict[str, str]
    state: str = ""
    inverse: str = ""
    next_state: str = ""
    clock: str = ""
    clear: str = ""
    preset: str = ""
    is_latch: bool = False

    @property
    def forced(self) -> str:
        """Where this holds, the state is forced (asynchronous set or reset); empty where it never is."""
        return " | ".join(f"({each})" for each in (self.clear, self.preset) if each)


def models(library: Library, kinds: set[str]) -> dict[str, Model]:
    """Models of the cells of these kinds.

    Raises
    ------
    ToolError
        Where a cell has no function in the library.
    """
    key = cache.key(__name__, library.digest)
    stored = cache.read("libraries", f"{key}_models")
    if stored is None:
        root = parse(Path(library.mapping).read_text(encoding="utf-8"))
        stored = {group.name: vars(_model(group)) for group in root.all("cell")}
        cache.write("libraries", f"{key}_models", stored)
    gate = library.clock_gate.cell if library.clock_gate else ""
    missing = sorted(kind for kind in kinds if kind != gate and not stored.get(kind, {}).get("outputs"))
    if missing:
        raise ToolError(f"library {library.name}: no function for the cells {', '.join(missing)}")
    return {kind: Model(**stored[kind]) for kind in kinds}


def _model(group: Group) -> Model:
    outputs = {
        pin.name: pin.get("function")
        for pin in group.all("pin")
        if pin.get("direction") == "output" and "function" in pin.raw
    }
    for kind, next_state, clock in (("ff", "next_state", "clocked_on"), ("latch", "data_in", "enable")):
        state = group.first(kind)
        if state is not None:
            name, inverse = state.args
            return Model(
                outputs,
                name,
                inverse,
                state.get(next_state),
                state.get(clock),
                state.get("clear"),
                state.get("preset"),
                kind == "latch",
            )
    return Model(outputs)
