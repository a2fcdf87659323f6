"""Modules of an engine whose insides come from elsewhere: its core, and its macros."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from synth_scripts.library.library import Library
from synth_scripts.module.block import Block
from synth_scripts.module.memory import Memory
from synth_scripts.timing import sta

__all__ = ["Box", "read_boxes"]


@dataclass(frozen=True)
class Box:
    """A module whose inside comes from elsewhere: its netlist, or its timing model where it has flip-flops.

    Parameters
    ----------
    name : str
    area : float
    netlist : str
        Verilog of library cells; an empty module for a macro.
    loads : dict
        Capacitance of each input bit, fF.
    block : Block or None
        Stands for the netlist in the engine's timing.
    times : (float, float) or None
        A macro's delay from the clock to an output, and its setup time, ns.
    """

    name: str
    area: float
    netlist: str
    loads: dict[str, float]
    block: Block | None
    times: tuple[float, float] | None = None

    @classmethod
    def of(cls, memory: Memory, library: Library) -> Box:
        """A memory as a macro, outside of all areas."""
        block = memory.block(library)
        times = (memory.access_ps(library) / 1e3, memory.setup_ps(library) / 1e3)
        own = block if sta.available() else None
        return cls(block.name, 0.0, memory.empty(), block.loads, own, times)


def read_boxes(boxes: Collection[Box], folder: Path) -> list[str]:
    """The commands by which OpenSTA reads boxes, whose files are written."""
    read = []
    for box in boxes:
        suffix = "lib" if box.block else "v"
        (folder / f"{box.name}.{suffix}").write_text(box.block.liberty if box.block else box.netlist)
        read.append(f"read_{'liberty' if box.block else 'verilog'} {box.name}.{suffix}")
    return read
