"""What a plain Yosys makes of the emitted Verilog: with its own ``synth``, and with the script beside the engine."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from bench.figures.cli import synth
from bench.figures.store import Group
from bench.figures.words import conditions, figures, table
from gen.config import Config
from gen.emit.script import CELLS, script
from gen.emit.verilog import Emission, emit
from hdl.params import EngineParams
from synth_scripts.library.drives import drives
from synth_scripts.library.library import Library
from synth_scripts.library.load import load
from synth_scripts.netlist.drivers import SHARED
from synth_scripts.netlist.fanout import share_out
from synth_scripts.netlist.netlist import Netlist
from synth_scripts.timing import sta
from synth_scripts.work import yosys

__all__ = ["GROUP", "PARTS", "SCRIPTS", "Built", "build"]

LIBRARY, SIZE = "osu018", 4
ENGINE = "engine.v"


@dataclass(frozen=True)
class Built:
    """An engine as a script built it, on a library, with fan-out trees as place and route would add them.

    Parameters
    ----------
    area_um2 : float
        Of all cells, the trees' buffers included.
    period_ns : float
        The least clock period, with an ideal clock.
    flops, clock_buffers : int
        Flip-flops; buffers of a clock tree that loads each buffer like those of the fan-out trees.
    clock_tree_um2 : float
        Area of those: an estimate, in no other figure.
    """

    area_um2: float
    period_ns: float
    flops: int
    clock_buffers: int
    clock_tree_um2: float

    @property
    def area_delay(self) -> float:
        """The inverse of throughput over area, of engines of one shape."""
        return self.area_um2 * self.period_ns


def _default(emission: Emission, more: str = "") -> list[str]:
    """Yosys' own flow, as its manual shows it."""
    return [
        f"read_verilog {ENGINE}",
        f"synth -top {emission.top}{more}",
        f"dfflibmap -liberty {CELLS}",
        f"abc -liberty {CELLS}",
        "setundef -zero",
        "opt_clean -purge",
        f"write_verilog -noattr -noexpr -nohex -nodec -simple-lhs {emission.top}_netlist.v",
    ]


def _shipped(emission: Emission) -> list[str]:
    """The script beside the engine."""
    return script(Config(), emission, ENGINE).splitlines()


def _abc_default(emission: Emission) -> list[str]:
    """The same with what ABC does where it is told nothing."""
    return [re.sub(r" -script .*", "", command) for command in _shipped(emission)]


#: How an engine may be built: name -> the commands.
SCRIPTS: dict[str, Callable[[Emission], list[str]]] = {
    "default": _default,
    "kogge-stone": partial(_default, more=" -extra-map +/choices/kogge-stone.v"),
    "abc-default": _abc_default,
    "shipped": _shipped,
}


def build(library: Library, emission: Emission, commands: list[str], folder: Path) -> Built:
    """Run a script on an engine and measure its netlist.

    Raises
    ------
    CheckFailed
        Where Yosys finds the script or the design wrong.
    """
    (folder / ENGINE).write_text(emission.text)
    (folder / CELLS).write_text(Path(library.mapping).read_text())
    yosys.run(commands, folder, "script", check=emission.top)
    cells = f"read_liberty -lib -ignore_miss_func {CELLS}"
    reading = [cells, f"read_verilog {emission.top}_netlist.v", f"hierarchy -top {emission.top}"]
    yosys.run([*reading, "write_json mapped.json"], folder, "read")
    netlist = Netlist(folder / "mapped.json", library, emission.top, {})
    share_out(netlist, drives(library), SHARED, copies=1)
    netlist.write(folder / "trees.json")
    writing = "write_verilog -noattr -noexpr -nohex -nodec -simple-lhs trees.v"
    yosys.run(["read_json trees.json", f"hierarchy -top {emission.top}", writing], folder, "write")
    path = folder / "trees.v"
    path.write_text(sta.plain(path.read_text()))
    timing = sta.measure(library, {"netlist": path.name}, emission.top, folder)["netlist"]
    counts = netlist.instances()
    flops = sum(count for kind, count in counts.items() if kind in library.flops)
    buffers = _clock_buffers(library, netlist)
    return Built(
        area_um2=sum(library.areas[kind] * count for kind, count in counts.items() if kind in library.areas),
        period_ns=timing.period,
        flops=flops,
        clock_buffers=buffers,
        clock_tree_um2=buffers * library.areas[library.tree_buffer[0]],
    )


def _clock_buffers(library: Library, netlist: Netlist) -> int:
    """Buffers of a clock tree, each loaded up to the fan-out trees' limit by clock pins or by buffers."""
    # A clock pin of the smallest flip-flop is taken to load like its data pin, which is what a library tells us.
    pins = sum(count for kind, count in netlist.instances().items() if kind in library.flops)
    buffer, source, _ = library.tree_buffer
    load, total = library.load_ff, 0
    while pins > 1:
        pins = -(-pins // max(2, int(library.tree_load_ff // load)))
        total += pins
        load = library.loads[buffer][source]
    return total


def _ours(params: EngineParams) -> dict[str, Any]:
    """The same engine by ``bitloom synth``."""
    design = synth(scheme=params.scheme, rows=params.rows, cols=params.cols, library=LIBRARY, effort="quick")
    return {
        **{key: design[key] for key in ("library", "corner")},
        "area_um2": design["engine_area_um2"],
        "period_ns": 1e3 / design["engine_fmax_mhz"],
    }


def _measure(params: EngineParams, how: str) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="bitloom_") as folder:
        emission = emit(params)
        library = load(LIBRARY)
        built = build(library, emission, SCRIPTS[how](emission), Path(folder))
    return {"library": library.name, "corner": library.corner_text, **asdict(built)}


ENGINES = {scheme: EngineParams(scheme=scheme, rows=SIZE, cols=SIZE) for scheme in ("opt1", "mac")}
GROUP = Group(
    "scripts",
    {
        **{f"{name} {how}": partial(_measure, params, how) for name, params in ENGINES.items() for how in SCRIPTS},
        **{f"{name} bitloom": partial(_ours, params) for name, params in ENGINES.items()},
    },
    ("gen.cli.commands.steps", "gen.emit.script", "synth_scripts.netlist.netlist"),
)

# --- what the pages show ---------------------------------------------------------------------------------------------
WORDS = {
    "default": "`synth`, `dfflibmap`, `abc`: Yosys as its manual shows it",
    "kogge-stone": "the same with `-extra-map +/choices/kogge-stone.v`",
    "abc-default": "the script beside the engine, with ABC's own script",
    "shipped": "the script beside the engine",
    "bitloom": "`bitloom synth`, effort `quick`",
}


def _table() -> str:
    heads = ("Flow", "`opt1`, um²", "`opt1`, MHz", "`mac`, um²", "`mac`, MHz", "clock, `opt1` over `mac`")
    rows = []
    for how, words in WORDS.items():
        opt1, mac = (figures(GROUP.name, f"{scheme} {how}") for scheme in ENGINES)
        cells = [
            cell for each in (opt1, mac) for cell in (f"{each['area_um2']:,.0f}", f"{1e3 / each['period_ns']:.0f}")
        ]
        clock = mac["period_ns"] / opt1["period_ns"]
        rows.append([words, *cells, f"{clock:.2f}", f"{clock * mac['area_um2'] / opt1['area_um2']:.2f}"])
    return table((*heads, "throughput over area, `opt1` over `mac`"), rows)


def _loss(how: str) -> str:
    """How much larger area times period of ``opt1`` is than that of ``bitloom synth``."""
    one, best = (figures(GROUP.name, f"opt1 {each}") for each in (how, "bitloom"))
    return f"{one['area_um2'] * one['period_ns'] / best['area_um2'] / best['period_ns']:.2f}"


def _clock_tree(scheme: str) -> str:
    """The share of the engine's area that a clock tree takes."""
    found = figures(GROUP.name, f"{scheme} shipped")
    return f"{found['clock_tree_um2'] / found['area_um2']:.1%}".replace("%", " %")


def _clock_sinks(scheme: str) -> str:
    found = figures(GROUP.name, f"{scheme} shipped")
    return f"{found['flops']:,} flip-flops, {found['clock_buffers']} buffers"


PARTS: dict[str, Callable[..., str]] = {
    "scripts": _table,
    "scripts-loss": _loss,
    "scripts-size": lambda: f"{SIZE} × {SIZE}, `s8 × s8`",
    "scripts-conditions": lambda: conditions(GROUP.name),
    "clock-tree": _clock_tree,
    "clock-sinks": _clock_sinks,
}
