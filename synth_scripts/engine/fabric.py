"""Synthesis of what is around the core, module by module, and timing of the whole engine."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from hdl.params.errors import CheckFailed
from synth_scripts.engine.box import Box, read_boxes
from synth_scripts.engine.variants import VARIANTS, Variant
from synth_scripts.library.drives import drives
from synth_scripts.library.library import Library
from synth_scripts.module.candidates import objective
from synth_scripts.module.memory import is_memory
from synth_scripts.module.styles import ADDERS, GATED_BITS, abc_script, gate_clocks, map_files
from synth_scripts.netlist import checks
from synth_scripts.netlist.drivers import serve_loads
from synth_scripts.netlist.hierarchy import Hierarchy
from synth_scripts.netlist.netlist import Netlist
from synth_scripts.timing import abc as abc_timing
from synth_scripts.timing import sta
from synth_scripts.timing import unit as unit_timing
from synth_scripts.timing.walk import timer, walk
from synth_scripts.work import cache, jobs, yosys

__all__ = ["Fabric", "critical_paths", "synthesise_fabric"]

#: A module's share of the clock: what stands before and behind it on a path, in other modules, has the rest.
SHARE = 0.6
#: Word-level cells that become adders.
ADDING = (
    *("$alu", "$lcu", "$macc", "$macc_v2", "$fa", "$add", "$sub", "$neg", "$mul", "$div", "$mod", "$divfloor"),
    *("$modfloor", "$pow", "$lt", "$le", "$gt", "$ge"),
)
#: Memories as flip-flops with enables.
MEMORIES = ("memory -nomap", "memory_map", "opt_clean", "opt_dff -simple-dffe -nosdff", "opt_clean")


@dataclass(frozen=True)
class Fabric:
    """The synthesised engine without the insides of its boxes.

    Parameters
    ----------
    style : str
    variant : Variant
        How it was made.
    period : float
        Least clock period of the engine (ns), paths inside blocks not counted; 0 where it could not be timed.
    areas : dict
        Area of the cells directly in each module.
    instances : dict
        How often each module and library cell occurs in the engine (boxes' insides not counted).
    buffers : int
        Fan-out buffers in the modules.
    netlist : str
        Verilog of all modules but the boxes.
    path : str
        The critical path as ABC prints it, where ABC timed it.
    """

    style: str
    variant: Variant
    period: float
    areas: dict[str, float]
    instances: dict[str, int]
    buffers: int
    netlist: str = field(repr=False, default="")
    path: str = field(repr=False, default="")

    def area(self, boxes: Collection[Box]) -> float:
        """Area of the engine, boxes included."""
        inside = sum(box.area * self.instances.get(box.name, 0) for box in boxes)
        return inside + sum(area * self.instances[name] for name, area in self.areas.items())

    def sequential_area(self, library: Library) -> float:
        """Area of flip-flops, latches and clock gates, which is the same whatever the logic is mapped to."""
        return sum(library.areas[kind] * self.instances.get(kind, 0) for kind in library.clock_pins)


@dataclass(frozen=True)
class _Whole:
    """An engine by area and least clock period, blocks included."""

    area: float
    period: float


def synthesise_fabric(
    library: Library,
    verilog: str,
    top: str,
    boxes: list[Box],
    folder: Path,
    *,
    target_ns: float,
    clock_ns: float | None = None,
    core_ns: float = 0.0,
    variants: tuple[Variant, ...] = VARIANTS["normal"],
    timed: bool = True,
    gate_bits: int = GATED_BITS,
    say: jobs.Say = jobs.quiet,
) -> Fabric:
    """Synthesise everything but the boxes; the variant that makes the best engine wins.

    Parameters
    ----------
    library : Library
    verilog : str
        The whole design.
    top : str
    boxes : list of Box
        The core, and the macros.
    folder : Path
    target_ns : float
        The period the core reaches, or the clock asked for; the fabric need not be faster.
    clock_ns : float, optional
        The clock asked for: the smallest engine that meets it is the best, or the fastest where none does. Without one
        it is that with the least area times clock period.
    core_ns : float
        Least period of paths inside the boxes.
    variants : tuple of Variant
        Those to try.
    timed : bool
        Time the engine; otherwise the period is 0.
    gate_bits : int
        The fewest flip-flops of one enable that get a clock gate.
    say : callable
        Told what is being done.

    Raises
    ------
    CheckFailed
    ToolError
    """
    folder.mkdir(parents=True, exist_ok=True)
    blocks = [(box.name, box.area, box.netlist, box.block.liberty if box.block else "") for box in boxes]
    key = cache.key(
        *(__name__, "fabric", verilog, top, library.digest, blocks, target_ns, clock_ns, core_ns, variants, timed),
        *(gate_bits, sta.available(), yosys.version()),
    )
    stored = cache.read("fabrics", key)
    if stored is None:
        made = _Run(library, verilog, top, boxes, folder, target_ns, timed, gate_bits, say).variants(variants)
        least = objective(clock_ns)
        stored = vars(min(made, key=lambda each: least(_Whole(each.area(boxes), max(each.period, core_ns)))))
        cache.write("fabrics", key, stored)
    fabric = Fabric(**{**stored, "variant": Variant(*stored["variant"])})
    (folder / f"{top}.v").write_text(fabric.netlist)
    return fabric


def critical_paths(
    library: Library, fabric: Fabric, top: str, boxes: list[Box], core: Collection[str], folder: Path, period_ns: float
) -> sta.Paths:
    """The critical paths of an engine at a clock period, those among the boxes ``core`` told apart.

    Raises
    ------
    CheckFailed
        Where loops of logic go through several modules.
    ToolError
    """
    blocks = [(box.name, box.netlist, box.block.liberty if box.block else "") for box in boxes]
    key = cache.key(
        *(__name__, "paths", fabric.netlist, top, library.digest, blocks, sorted(core), period_ns, timer(library))
    )
    stored = cache.read("paths", key)
    if timer(library) == "ABC":
        return sta.Paths(fabric.path)
    if stored is None:
        folder.mkdir(parents=True, exist_ok=True)
        if timer(library) == unit_timing.NAME:
            whole = walk(library, fabric.netlist, top, boxes, folder)
            own = walk(library, fabric.netlist, top, boxes, folder, core)
            return sta.Paths(whole.path(period_ns), own.period, own.path(period_ns))
        (folder / f"{top}.v").write_text(fabric.netlist)
        among = [box.name for box in boxes if box.block and box.name in core]
        read = read_boxes(boxes, folder)
        found = sta.paths(library, f"{top}.v", top, folder, period_ns=period_ns, read=read, among=among)
        if found.loops:
            log = folder / "paths.log"
            raise CheckFailed(f"{top}: {found.loops} combinational loop(s) through several modules (log: {log})")
        stored = vars(found)
        cache.write("paths", key, stored)
    return sta.Paths(**stored)


class _Run:
    """One fabric, in several variants."""

    def __init__(
        self,
        library: Library,
        verilog: str,
        top: str,
        boxes: list[Box],
        folder: Path,
        target_ns: float,
        timed: bool,
        gate_bits: int,
        say: jobs.Say,
    ) -> None:
        self.library, self.top, self.boxes, self.folder = library, top, boxes, folder
        self.target_ns, self.timed, self.gate_bits, self.say = target_ns, timed, gate_bits, say
        names = {box.name for box in boxes}
        hierarchy = Hierarchy(verilog)
        mapped = [name for name in hierarchy.below(top, names) if name not in names]
        self.memories = any(is_memory(hierarchy.texts[name]) for name in mapped)
        (folder / "design.v").write_text(verilog)
        for name, text in map_files(library).items():
            (folder / name).write_text(text)
        (folder / "abc.constr").write_text(f"set_driving_cell {library.driver}\nset_load {2 * library.load_ff:g}\n")

    def variants(self, variants: tuple[Variant, ...]) -> list[Fabric]:
        """Synthesise, check and time every variant."""
        mapped = {each.mapped: each for each in variants}
        self.say(f"mapping {len(mapped)} variant{'s'[: len(mapped) > 1]}")
        files = {yosys.LIBRARY: self.library.mapping}
        log = yosys.run(self._mapping(mapped), self.folder, "fabric", check=self.top, files=files)
        abc_timing.keep(log, self._in_order(mapped), self.folder)
        for name in mapped:
            self._complete(self.folder / f"{name}.json", mapped)
        loads, sizes = {box.name: box.loads for box in self.boxes}, drives(self.library)
        netlists: dict[Variant, Netlist] = {}
        added = {}
        for each in variants:
            netlist = Netlist(self.folder / f"{each.mapped}.json", self.library, self.top, loads)
            checks.mapped(netlist.unmapped(), self.library.name)
            found = serve_loads(netlist, sizes, each.slow, each.copies)
            # Where nothing was worth a copy this is the same as without.
            alone = each._replace(copies=1)
            if found.copies or alone not in netlists:
                netlists[each], added[each] = netlist, found
                netlist.write(self.folder / f"{each.name}.json")
        for name in mapped:
            (self.folder / f"{name}.json").unlink()
        variants = tuple(netlists)
        yosys.run(self._writing(variants), self.folder, "trees", check=self.top)
        texts = {}
        for each in variants:
            path = self.folder / f"{each.name}.v"
            texts[each] = sta.plain(path.read_text())
            path.write_text(texts[each])
        timing = self._time(variants)
        for path in (self.folder / f"{each.name}.{suffix}" for each in variants for suffix in ("v", "json")):
            path.unlink()
        return [
            Fabric(
                style=f"{each.adder}, {each.script} at {self.target_ns:.3g} ns",
                variant=each,
                period=timing[each].period,
                path=timing[each].path,
                areas={module: netlists[each].local_area(module) for module in netlists[each].order},
                instances=dict(netlists[each].instances()),
                buffers=added[each].buffers,
                netlist=texts[each],
            )
            for each in variants
        ]

    def _mapping(self, mapped: dict[str, Variant]) -> list[str]:
        library = self.library
        target = SHARE * (self.target_ns * 1e3 - library.flop_delay_ps - library.flop_setup_ps)
        commands = [
            f"read_liberty -lib -ignore_miss_func {yosys.LIBRARY}",
            "read_verilog -sv design.v",
            *(f"blackbox {box.name}" for box in self.boxes),
            f"hierarchy -check -top {self.top}",
            *("proc", "attrmap -remove init", "check -nolatches -assert"),
            *(MEMORIES if self.memories else ()),
            *yosys.COARSE,
            *("alumacc", "opt -nosdff", "opt -full -nosdff"),
        ]
        commands += gate_clocks(library, self.gate_bits)
        commands += ["design -save words"]
        for i, adder in enumerate(dict.fromkeys(each.adder for each in mapped.values())):
            style = f" -map {ADDERS[adder]}" if ADDERS[adder] else ""
            commands += ["design -load words"]
            # Modules without adders are the same for every adder, see _complete; ABC is asked for the time of each.
            if i and timer(self.library) != "ABC":
                added = " ".join(f"t:{kind}" for kind in ADDING) + " %u" * (len(ADDING) - 1)
                commands += [f"select -set plain * {added} %m %d", "blackbox @plain"]
            commands += [
                f"techmap -map +/techmap.v{style}",
                "opt -fast -nodffe -nosdff",
                f"dfflibmap -liberty {yosys.LIBRARY}",
                "opt -nodffe -nosdff",
                "setundef -zero",
                "opt_clean -purge",
                "design -save gates",
            ]
            for name, each in mapped.items():
                if each.adder == adder:
                    (self.folder / f"{name}.abc").write_text(abc_script(each.script, max(target, library.fo4_ps)))
                    commands += [
                        "design -load gates",
                        f"abc -liberty {yosys.LIBRARY} -constr abc.constr -script {name}.abc",
                        "opt_clean -purge",
                        f"write_json {name}.json",
                    ]
        return commands

    def _complete(self, path: Path, mapped: dict[str, Variant]) -> None:
        """Add to a netlist the modules that it shares with that of the first adder and the same script."""
        own = mapped[path.stem]
        first = next(name for name, each in mapped.items() if each.script == own.script)
        if first == path.stem:
            return
        modules, others = (json.loads((self.folder / f"{name}.json").read_text()) for name in (path.stem, first))
        for name, module in others["modules"].items():
            if "blackbox" in modules["modules"][name]["attributes"]:
                modules["modules"][name] = module
        path.write_text(json.dumps(modules))

    @staticmethod
    def _in_order(mapped: dict[str, Variant]) -> list[str]:
        """Names in the order in which they are mapped: by adder."""
        adders = list(dict.fromkeys(each.adder for each in mapped.values()))
        return sorted(mapped, key=lambda name: adders.index(mapped[name].adder))

    def _writing(self, variants: tuple[Variant, ...]) -> list[str]:
        commands = []
        for each in variants:
            commands += [
                "design -reset",
                f"read_json {each.name}.json",
                f"hierarchy -top {self.top}",
                "check -assert",
                *(f"delete {box.name}" for box in self.boxes),
                f"write_verilog -noattr -noexpr -nohex -nodec -simple-lhs {each.name}.v",
            ]
        return commands

    def _time(self, variants: tuple[Variant, ...]) -> dict[Variant, sta.Timing]:
        if not self.timed:
            return {each: sta.Timing(0.0, 0.0, "") for each in variants}
        self.say(f"timing {len(variants)} variant{'s'[: len(variants) > 1]}")

        def timing(name: str) -> sta.Timing:
            folder = self.folder / f"timing_{name}"
            folder.mkdir(exist_ok=True)
            netlist = (self.folder / f"{name}.v").read_text()
            if timer(self.library) == unit_timing.NAME:
                return sta.Timing(walk(self.library, netlist, self.top, self.boxes, folder).period, 0.0)
            (folder / f"{name}.v").write_text(netlist)
            read = read_boxes(self.boxes, folder)
            start = self.target_ns
            period = sta.settle(self.library, f"{name}.v", self.top, folder, start_ns=start, read=read)
            return sta.Timing(period, 0.0)

        if timer(self.library) == "ABC":
            # It has seen no loads outside of a module: variants that are mapped alike are the same to it.
            found = abc_timing.measure(self.library, [each.mapped for each in variants], self.folder)
            return {each: found[each.mapped] for each in variants}
        timed = jobs.together([partial(timing, each.name) for each in variants])
        return dict(zip(variants, timed, strict=True))
