"""What library cells do, read from Liberty: outputs as expressions, flip-flops, latches and clock gates."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from hdl.params.errors import ToolError
from synth_scripts.library.liberty import Group, parse
from synth_scripts.library.library import Library
from synth_scripts.work import cache

__all__ = ["Model", "known", "models"]

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

    @property
    def function(self) -> tuple[str, ...]:
        """What it does, to be compared: cells have the same function only if this is the same."""
        names = {self.state: "state", self.inverse: "inverse"} if self.state else {}
        texts = (*(f"{pin}={text}" for pin, text in sorted(self.outputs.items())), self.next_state, self.clock)
        plain = (re.sub(r"\s+", "", text) for text in (*texts, self.forced, str(self.is_latch)))
        return tuple(_NAME.sub(lambda word: names.get(word[0], word[0]), text) for text in plain)


def models(library: Library, kinds: set[str]) -> dict[str, Model]:
    """Models of the cells of these kinds.

    Raises
    ------
    ToolError
        Where a cell has no function in the library.
    """
    stored = known(library)
    gate = library.clock_gate.cell if library.clock_gate else ""
    missing = sorted(kind for kind in kinds if kind != gate and not (kind in stored and stored[kind].outputs))
    if missing:
        raise ToolError(f"library {library.name}: no function for the cells {', '.join(missing)}")
    return {kind: stored[kind] for kind in kinds}


def known(library: Library) -> dict[str, Model]:
    """Models of all cells, by name."""
    key = cache.key(__name__, library.digest)
    stored = cache.read("libraries", f"{key}_models")
    if stored is None:
        root = parse(Path(library.mapping).read_text(encoding="utf-8"))
        stored = {group.name: vars(_model(group)) for group in root.all("cell")}
        cache.write("libraries", f"{key}_models", stored)
    return {name: Model(**values) for name, values in stored.items()}


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
