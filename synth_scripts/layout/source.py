"""Which netlist of an engine is laid out: its PE, or the core of a small array."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gen.emit.verilog import Emission
from hdl.params import EngineParams
from synth_scripts.engine.core import Core
from synth_scripts.engine.search import synthesise_fabric
from synth_scripts.engine.variants import SEARCHES
from synth_scripts.layout.lef import Lef
from synth_scripts.layout.netlist import FlatNetlist, flat_netlist
from synth_scripts.library.library import Library
from synth_scripts.module.candidates import objective
from synth_scripts.module.flow import synthesise_module
from synth_scripts.netlist.hierarchy import Hierarchy
from synth_scripts.work import jobs, yosys

__all__ = ["Form", "Source", "best_array", "best_pe"]


@dataclass(frozen=True)
class Form:
    """An engine, and where what is made of it goes."""

    params: EngineParams
    emission: Emission
    folder: Path


@dataclass(frozen=True)
class Source:
    """A netlist of library cells.

    Parameters
    ----------
    form : Form
        The engine that it is of.
    module : str
    verilog : str
    area, period : float
        Cell area in the library's unit, and least clock period (ns), as synthesis knows them.
    style : str
        How it was made.
    """

    form: Form
    module: str
    verilog: str
    area: float
    period: float
    style: str

    def flat(self, library: Library, lef: Lef) -> FlatNetlist:
        """It as cells and nets. Raises ToolError where it can't be laid out."""
        folder = self.form.folder
        (folder / "mapped.v").write_text(self.verilog)
        commands = [
            f"read_liberty -lib -ignore_miss_func {yosys.LIBRARY}",
            "read_verilog mapped.v",
            f"hierarchy -top {self.module}",
            "flatten",
            "opt_clean -purge",
            "write_json flat.json",
        ]
        yosys.run(commands, folder, "flat", files={yosys.LIBRARY: library.mapping})
        modules: dict[str, Any] = json.loads((folder / "flat.json").read_text())["modules"]
        (folder / "flat.json").unlink()
        return flat_netlist(modules[self.module], lef, library.buffers[0])


def best_pe(forms: Sequence[Form], library: Library, effort: str, clock: float | None, say: jobs.Say) -> Source:
    """The PE of an engine, in the best of its forms: at a clock (ns), or at its best one."""

    def pe(form: Form) -> Source:
        name = form.emission.modules["pe"]
        found = synthesise_module(
            *(library, form.emission.text, name, form.folder / "pe"), effort=effort, clock_ns=clock, say=say
        )
        return Source(form, name, found.netlist, found.best.area, found.best.period, found.best.name)

    return min(map(pe, forms), key=objective(clock))


def best_array(forms: Sequence[Form], library: Library, effort: str, clock: float | None, say: jobs.Say) -> Source:
    """The core of an engine, with what joins it, in the best of its forms."""
    return min((_array(form, library, effort, clock, say) for form in forms), key=objective(clock))


def _array(form: Form, library: Library, effort: str, clock: float | None, say: jobs.Say) -> Source:
    """The smallest module that holds all of the core."""
    core = Core(library, form.emission, effort, clock, form.folder, say)
    hierarchy = Hierarchy(form.emission.text)
    name = next(
        name
        for name in reversed(hierarchy.below(form.emission.top))
        if (inside := hierarchy.instances(name)) and all(inside[root] >= count for root, count in core.roots.items())
    )
    around = synthesise_fabric(
        *(library, hierarchy.text(name), name, core.boxes, form.folder / "around"),
        target_ns=clock or core.period,
        clock_ns=clock,
        core_ns=core.period,
        search=SEARCHES[effort],
        say=say,
    )
    verilog = "".join(box.netlist for box in core.boxes) + around.netlist
    return Source(form, name, verilog, around.area(core.boxes), max(core.period, around.period), core.main.best.name)
