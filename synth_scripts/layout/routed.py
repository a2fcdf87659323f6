"""One layout: a netlist placed, routed, extracted, compared and timed."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from gen.workplace import Workplace, workplace
from hdl.params.errors import ToolError
from synth_scripts.layout import graywolf, magic, netgen, qrouter, tools
from synth_scripts.layout.def_file import Wire, read_wires, wire_mm, write_placed
from synth_scripts.layout.mend import mended
from synth_scripts.layout.netlist import TOP, FlatNetlist
from synth_scripts.layout.placement import At, Placement, PortAt, place
from synth_scripts.layout.technology import Technology
from synth_scripts.library.library import Library
from synth_scripts.timing import sta
from synth_scripts.work import cache

__all__ = ["How", "Routed", "lay_out"]


@dataclass(frozen=True)
class How:
    """How a netlist is laid out.

    Parameters
    ----------
    density : float
        The share of the rows that cells are to take; row ends add some.
    layers : int
        Routing layers that wires may use.
    seed : int
        Of the placement.
    """

    density: float = 0.8
    layers: int = 6
    seed: int = 1


@dataclass(frozen=True)
class Routed:
    """A layout and what was found of it.

    Parameters
    ----------
    placement : Placement
    wires : tuple of Wire
    ns, ns_ideal, ns_switching, ns_estimated : float
        The least clock period with the capacitance of wires; without any; with that between two wires counted
        twice, as if the other one always went the other way; and with the wire load of synthesis.
    wire_ff : float
        The capacitance of all wires, fF.
    violations : dict
        How often each design rule is broken.
    same : bool
        What was extracted is the netlist.
    """

    placement: Placement
    wires: tuple[Wire, ...]
    ns: float
    ns_ideal: float
    ns_switching: float
    ns_estimated: float
    wire_ff: float
    violations: dict[str, int]
    same: bool

    @property
    def wire_mm(self) -> float:
        """Length of all wires, mm."""
        return wire_mm(self.wires)


def lay_out(netlist: FlatNetlist, library: Library, technology: Technology, how: How, folder: Path) -> Routed:
    """Lay a netlist out; scripts, logs and the layout stay in ``folder``, also where it came out of the cache.

    Raises
    ------
    ToolError
        Where a program is missing or fails, or not every net could be routed.
    """
    tools.require()
    key = cache.key(__name__, netlist.verilog(), library.digest, *technology.texts, asdict(how), tools.versions())
    stored = cache.read("layouts", key)
    folder.mkdir(parents=True, exist_ok=True)
    if stored is None:
        with workplace("layout") as spot:
            work = _Work(netlist, library, technology, how, spot, folder)
            try:
                stored = work.stored()
            finally:
                spot.bring_out(folder)
        if stored["same"]:  # another one is a program's fault, which may be mended
            cache.write("layouts", key, stored)
    (folder / f"{TOP}.def").write_text(stored["def"], encoding="utf-8")
    return _restored(stored)


@dataclass
class _Work:
    """The steps, in a workplace."""

    netlist: FlatNetlist
    library: Library
    technology: Technology
    how: How
    spot: Workplace
    folder: Path

    def stored(self) -> dict[str, Any]:
        """All steps; what the cache keeps."""
        self.spot.link("cells.lef", self.technology.lef.path)
        placement = self._place()
        routed = self._route(placement)
        wires = self._extract(placement)
        return {
            "def": routed,
            "placement": asdict(placement),
            **self._times(wires),
            "violations": self._violations(),
            "same": self._same(),
        }

    def _place(self) -> Placement:
        lef, netlist = self.technology.lef, self.netlist
        sites = graywolf.gaps(netlist.cells, lef, self.how.density)
        (self.spot / f"{TOP}.cel").write_text(graywolf.cells_file(netlist, lef, sites))
        (self.spot / f"{TOP}.par").write_text(graywolf.parameters_file(lef, self.how.seed))
        tools.run(self.spot, ["graywolf", "-n", TOP], "graywolf.log")
        placed = self.spot / f"{TOP}.pl1"
        if not placed.exists():
            raise ToolError(f"graywolf placed nothing:\n{self.spot.log_tail('graywolf.log', 8)}")
        return place(graywolf.read_placed(placed.read_text(), netlist), netlist, lef, sites)

    def _route(self, placement: Placement) -> str:
        lef = self.technology.lef
        (self.spot / "placed.def").write_text(write_placed(placement, self.netlist, lef))
        script = qrouter.script(placement, lef, self.how.layers, "cells.lef", "placed.def", "routed.def")
        (self.spot / "route.tcl").write_text(script)
        log = tools.run(self.spot, ["qrouter", "-nog", "-s", "route.tcl"], "qrouter.log")
        left = qrouter.failed(log)
        if left != 0:
            nets = "not every net" if left is None else f"{left} of {len(self.netlist.wires)} nets not"
            raise ToolError(
                f"layout: {nets} routed with {self.how.layers} layers and cells on {self.how.density:.0%} of the core "
                f"(take a lower --density or more --layers)"
            )
        text = mended((self.spot / "routed.def").read_text(), placement, self.netlist, lef)
        (self.spot / "routed.def").write_text(text)
        return text

    def _extract(self, placement: Placement) -> str:
        (self.spot / "extract.tcl").write_text(magic.script(placement, self.technology.lef, "cells.lef", "routed.def"))
        self.spot.link("process.tech", self.technology.magic)
        (self.spot / "magicrc").write_text("path sys +.\ntech load process -noprompt\ndrc euclidean on\ndrc off\n")
        command = ["magic", "-dnull", "-noconsole", "-rcfile", "magicrc", "extract.tcl"]
        self.log = tools.run(self.spot, command, "magic.log")
        try:
            return (self.spot / "wires.spice").read_text()
        except OSError:
            raise ToolError(f"magic extracted nothing:\n{self.spot.log_tail('magic.log', 8)}") from None

    def _violations(self) -> dict[str, int]:
        return magic.violations(self.log)

    def _same(self) -> bool:
        (self.spot / "netlist.spice").write_text(self.netlist.spice(self.technology.lef))
        (self.spot / "setup.tcl").write_text(netgen.setup(self.technology.lef))
        return netgen.equal(
            tools.run(self.spot, netgen.command("connections.spice", "netlist.spice", "setup.tcl"), "netgen.log")
        )

    def _times(self, spice: str) -> dict[str, float]:
        once, twice = (magic.capacitances(spice, self.netlist, neighbours=count) for count in (1.0, 2.0))
        name = f"{TOP}.v"
        (self.folder / name).write_text(self.netlist.verilog())
        loads = {"wires": once, "switching": twice}
        bare = self.library.wireless
        found = sta.measure(bare, dict.fromkeys(("ideal", *loads), name), TOP, self.folder, wires=loads)
        found |= sta.measure(self.library, {"estimated": name}, TOP, self.folder, log="timing_estimated")
        return {
            "ns": found["wires"].period,
            "ns_ideal": found["ideal"].period,
            "ns_switching": found["switching"].period,
            "ns_estimated": found["estimated"].period,
            "wire_ff": sum(once.values()),
        }


def _restored(stored: dict[str, Any]) -> Routed:
    values = dict(stored)
    found = values.pop("placement")
    placement = Placement(
        found["width"],
        found["height"],
        tuple(found["core"]),
        cells=tuple(At(**each) for each in found["cells"]),
        fillers=tuple(At(**each) for each in found["fillers"]),
        ports=tuple(PortAt(**each) for each in found["ports"]),
    )
    return Routed(placement, tuple(read_wires(values.pop("def"))), **values)
