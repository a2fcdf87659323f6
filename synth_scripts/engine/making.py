"""What is around a core, mapped module by module in several ways, put together, and timed as a whole."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from synth_scripts.engine.box import Box, read_boxes
from synth_scripts.engine.fabric import Fabric
from synth_scripts.engine.variants import Variant, Way
from synth_scripts.library.drives import drives
from synth_scripts.library.library import Library
from synth_scripts.module.memory import is_memory
from synth_scripts.module.styles import ADDERS, abc_script, gate_clocks, map_files
from synth_scripts.netlist import checks
from synth_scripts.netlist.drivers import serve_loads
from synth_scripts.netlist.hierarchy import Hierarchy
from synth_scripts.netlist.netlist import Module, Netlist
from synth_scripts.timing import abc as abc_timing
from synth_scripts.timing import sta
from synth_scripts.timing import unit as unit_timing
from synth_scripts.timing.walk import timer, walk
from synth_scripts.work import jobs, yosys

__all__ = ["Making"]

#: A module's share of the clock: what stands before and behind it on a path, in other modules, has the rest.
SHARE = 0.6
#: Word-level cells that become adders.
ADDING = (
    *("$alu", "$lcu", "$macc", "$macc_v2", "$fa", "$add", "$sub", "$neg", "$mul", "$div", "$mod", "$divfloor"),
    *("$modfloor", "$pow", "$lt", "$le", "$gt", "$ge"),
)
#: Memories as flip-flops with enables.
MEMORIES = ("memory -nomap", "memory_map", "opt_clean", "opt_dff -simple-dffe -nosdff", "opt_clean")


class _Form(NamedTuple):
    """A module mapped in one way: the area of its cells, without the modules in it, and its JSON."""

    area: float
    text: str


class _Served(NamedTuple):
    """A netlist whose loads are served, and the buffers of its trees."""

    variant: Variant
    netlist: Netlist
    buffers: int


class Making:
    """One fabric, which is made in several variants.

    Parameters
    ----------
    library, verilog, top, boxes, folder, target_ns, timed, gate_bits, say
        As of :func:`synth_scripts.engine.search.synthesise_fabric`.
    """

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
        self.sizes = drives(library)
        names = {box.name for box in boxes}
        hierarchy = Hierarchy(verilog)
        self.modules = {name for name in hierarchy.below(top, names) if name not in names}
        self.memories = any(is_memory(hierarchy.texts[name]) for name in self.modules)
        (folder / "design.v").write_text(verilog)
        for name, text in map_files(library).items():
            (folder / name).write_text(text)
        (folder / "abc.constr").write_text(f"set_driving_cell {library.driver}\nset_load {2 * library.load_ff:g}\n")
        self.forms: dict[Way, dict[str, _Form]] = {}
        #: JSON of the boxes and the library's cells, which are black.
        self.black: dict[str, str] = {}
        #: By module: which module each instance in it is.
        self.inside: dict[str, dict[str, str]] = {}
        #: None of those whose copies change nothing.
        self.made: dict[Variant, Fabric | None] = {}

    def fabrics(self, variants: Sequence[Variant]) -> list[Fabric]:
        """Make, check and time variants, each once; those are left out whose copies change nothing."""
        new = [each for each in dict.fromkeys(variants) if each not in self.made]
        self._map({way for each in new for way in each.ways})
        served = []
        for each in new:
            self.made[each] = None
            netlist = self._netlist(each)
            added = serve_loads(netlist, self.sizes, each.slow, each.copies)
            if added.copies or each.copies == 1 or each._replace(copies=1) not in self.made:
                served.append(_Served(each, netlist, added.buffers))
        if served:
            self.made.update((fabric.variant, fabric) for fabric in self._written(served))
        return [fabric for each in variants if (fabric := self.made[each])]

    def smaller(self, variant: Variant) -> dict[str, Way]:
        """Modules that are smaller when they are mapped in another way, and which; none where nothing tells how slow
        these are.
        """
        if not self.timed or timer(self.library) == "ABC":
            return {}
        found = {}
        for name, own in self.forms[variant.way].items():
            area, way = min((forms[name].area, way) for way, forms in self.forms.items())
            if area < own.area:
                found[name] = way
        return found

    def modules_on(self, path: str) -> set[str]:
        """The modules in which the cells of a critical path stand."""
        return {self._module_of(word.replace("\\", "")) for word in re.findall(r"\S*[A-Za-z_]\S*[/.]\S+", path)}

    def _module_of(self, pin: str) -> str:
        module = self.top
        while instance := next((each for each in self.inside[module] if pin.startswith((f"{each}/", f"{each}."))), ""):
            module, pin = self.inside[module][instance], pin[len(instance) + 1 :]
        return module

    def _map(self, ways: Collection[Way]) -> None:
        """Map all modules in the ways that are new."""
        new = sorted({*ways} - self.forms.keys())
        if not new:
            return
        self.say(f"mapping {len(new)} variant{'s'[: len(new) > 1]}")
        files = {yosys.LIBRARY: self.library.mapping}
        log = yosys.run(self._mapping(new), self.folder, "fabric", check=self.top, files=files)
        abc_timing.keep(log, [way.name for way in new], self.folder)
        first: dict[str, dict[str, _Form]] = {}
        for way in new:
            path = self.folder / f"{way.name}.json"
            found: dict[str, Module] = json.loads(path.read_text())["modules"]
            path.unlink()
            # A module without adders is black after the first of them.
            black = {name for name in self.modules if "blackbox" in found[name]["attributes"]}
            shared = {name: first[way.script][name] for name in black}
            self.forms[way] = shared | {name: self._form(found[name]) for name in self.modules - black}
            first.setdefault(way.script, self.forms[way])
            if not self.black:
                self.black = {name: json.dumps(found[name]) for name in found.keys() - self.modules}
                self.inside = {name: self._instances(found[name]) for name in self.modules}

    def _form(self, module: Module) -> _Form:
        areas = self.library.areas
        area = sum(areas.get(cell["type"], 0.0) for cell in module["cells"].values())
        return _Form(area, json.dumps(module))

    def _instances(self, module: Module) -> dict[str, str]:
        return {name: cell["type"] for name, cell in module["cells"].items() if cell["type"] in self.modules}

    def _netlist(self, variant: Variant) -> Netlist:
        """A new netlist of mapped modules."""
        lean = dict(variant.lean)
        own = {name: self.forms[lean.get(name, variant.way)][name].text for name in sorted(self.modules)}
        texts = ",".join(f"{json.dumps(name)}:{text}" for name, text in (self.black | own).items())
        path = self.folder / f"{variant.name}.json"
        path.write_text(f'{{"modules":{{{texts}}}}}')
        netlist = Netlist(path, self.library, self.top, {box.name: box.loads for box in self.boxes})
        path.unlink()
        checks.mapped(netlist.unmapped(), self.library.name)
        return netlist

    def _written(self, served: list[_Served]) -> list[Fabric]:
        """Write, check and time."""
        files = {each.variant: self.folder / f"{each.variant.name}.v" for each in served}
        for each in served:
            each.netlist.write(files[each.variant].with_suffix(".json"))
        yosys.run(self._writing(list(files)), self.folder, "trees", check=self.top)
        texts = {each: sta.plain(path.read_text()) for each, path in files.items()}
        timing = self._time(texts)
        for path in files.values():
            path.unlink()
            path.with_suffix(".json").unlink()
        return [
            Fabric(
                style=f"{each.variant.words} at {self.target_ns:.3g} ns",
                variant=each.variant,
                period=timing[each.variant].period,
                path=timing[each.variant].path,
                areas={module: each.netlist.local_area(module) for module in each.netlist.order},
                instances=dict(each.netlist.instances()),
                buffers=each.buffers,
                netlist=texts[each.variant],
            )
            for each in served
        ]

    def _mapping(self, ways: list[Way]) -> list[str]:
        """Commands for ways that are sorted by adder."""
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
        scripts: dict[str, set[str]] = {}
        for way in ways:
            scripts.setdefault(way.adder, set()).add(way.script)
        first = next(iter(scripts))
        for adder, own in scripts.items():
            style = f" -map {ADDERS[adder]}" if ADDERS[adder] else ""
            commands += ["design -load words"]
            # Modules without adders are the same for every adder, see _map; ABC is asked for the time of each.
            if adder != first and own <= scripts[first] and timer(self.library) != "ABC":
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
            for way in ways:
                if way.adder == adder:
                    (self.folder / f"{way.name}.abc").write_text(abc_script(way.script, max(target, library.fo4_ps)))
                    commands += [
                        "design -load gates",
                        f"abc -liberty {yosys.LIBRARY} -constr abc.constr -script {way.name}.abc",
                        "opt_clean -purge",
                        f"write_json {way.name}.json",
                    ]
        return commands

    def _writing(self, variants: list[Variant]) -> list[str]:
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

    def _time(self, texts: dict[Variant, str]) -> dict[Variant, sta.Timing]:
        """Least periods of netlists."""
        if not self.timed:
            return dict.fromkeys(texts, sta.Timing(0.0, 0.0, ""))
        self.say(f"timing {len(texts)} variant{'s'[: len(texts) > 1]}")

        def timing(name: str, netlist: str) -> sta.Timing:
            folder = self.folder / f"timing_{name}"
            folder.mkdir(exist_ok=True)
            if timer(self.library) == unit_timing.NAME:
                whole = walk(self.library, netlist, self.top, self.boxes, folder)
                return sta.Timing(whole.period, 0.0, whole.path(whole.period))
            (folder / f"{name}.v").write_text(netlist)
            read = read_boxes(self.boxes, folder)
            start = self.target_ns
            return sta.settle(self.library, f"{name}.v", self.top, folder, start_ns=start, read=read)

        if timer(self.library) == "ABC":
            # It has seen no loads outside of a module: variants that are mapped alike are the same to it.
            found = abc_timing.measure(self.library, [each.way.name for each in texts], self.folder)
            return {each: found[each.way.name] for each in texts}
        timed = jobs.together([partial(timing, each.name, text) for each, text in texts.items()])
        return dict(zip(texts, timed, strict=True))
