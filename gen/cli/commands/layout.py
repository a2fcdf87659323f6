"""``bitloom layout``: a PE or a small array, placed and routed."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Sequence
from typing import Any

from gen.cli.commands.session import REPORT, Session, forms_of, load_library, names
from gen.cli.console import Console, table
from hdl.params import CheckFailed, EngineParams
from hdl.params.points import beside
from hdl.params.title import Title

__all__ = ["LAYOUT", "add_options", "command", "summary"]

LAYOUT = "layout.json"
#: Place and route take much more than four times as long for four times as many cells.
MAX_ARRAY = 4
MAX_SEEDS, LEAST_DENSITY, MAX_LAYERS = 100, 0.2, 6
#: What is printed: words, and a figure with a range.
LINES = (
    ("core", "core_area_um2"),
    ("share of the core with cells", "density"),
    ("wires", "wire_mm"),
    ("clock period without wires", "ns_ideal"),
    ("clock period with the wires of synthesis", "ns_estimated"),
    ("clock period with wires", "ns"),
    ("the same, neighbours switching", "ns_switching"),
)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    about = f"lay out the core of an engine of R x C, up to {MAX_ARRAY}x{MAX_ARRAY}, instead of one PE"
    parser.add_argument("--array", type=_array, metavar="RxC", dest="size", help=about)
    about = "layouts of each netlist, from N seeds of the placement: medians and ranges (default: 1)"
    parser.add_argument("--seeds", type=_integer(1, MAX_SEEDS), default=1, metavar="N", help=about)
    about = "share of the rows that cells take, the rest is for wires (default: 0.8)"
    parser.add_argument("--density", type=_density, default=0.8, metavar="X", help=about)
    about = f"layers of metal for wires (default: {MAX_LAYERS})"
    parser.add_argument("--layers", type=_integer(2, MAX_LAYERS), default=MAX_LAYERS, metavar="N", help=about)


def command(options: argparse.Namespace, console: Console) -> int:
    """Generate where needed, then lay out."""
    with Session(options, console) as session:
        library = load_library(session.config.synth)
        session.generate()
        found = _lay_out(options, session, library)
        console.say(summary(found))
        console.json(found)
        _check(found)
    return 0


def _lay_out(options: argparse.Namespace, session: Session, library: Any) -> dict[str, Any]:
    """The content of ``layout.json``, which is written."""
    from gen.emit.verilog import emit
    from synth_scripts.engine.clock import target
    from synth_scripts.layout import tools
    from synth_scripts.layout.routed import How
    from synth_scripts.layout.run import UNITS, Plan, layouts
    from synth_scripts.layout.source import Form

    config, output = session.config, session.output
    output.claim([LAYOUT, REPORT])
    plan = Plan(options.size is not None, options.seeds, How(options.density, options.layers))
    folder = output.workdir("layout")

    def form(params: EngineParams) -> Form:
        place = folder / "-".join(names(params).values())
        place.mkdir(parents=True, exist_ok=True)
        whole = params == config.engine
        return Form(params, session.emission if whole else emit(params, config.output.prefix), place)

    engine = config.engine
    if options.size is not None:
        engine = engine.sized(*options.size)
    others = [other for scheme in config.synth.compare if (other := beside(engine, scheme)) != engine]
    designs = [[form(engine)], *([form(each) for each in forms_of(other)] for other in others)]
    asked = None if isinstance(config.synth.clock_ns, str) else float(config.synth.clock_ns)
    with session.console.doing(f"laying out {Title(engine).form}") as say:
        found = layouts(designs, library, config.synth.effort, target(asked, library), plan, say)
    content = {
        "of": "PE" if options.size is None else f"core of {engine.rows}x{engine.cols}",
        "library": library.name,
        "corner": library.corner_text,
        "tools": tools.versions(),
        "effort": config.synth.effort,
        "clock_asked_ns": asked,
        "density_asked": plan.how.density,
        "layers": plan.how.layers,
        "seeds": [run["seed"] for run in found[0]["runs"]],
        "designs": found,
        "units": UNITS,
    }
    output.write_json(LAYOUT, content)
    output.remove(REPORT)
    return content


def summary(found: dict[str, Any]) -> str:
    """The figures of the design and of those it is compared with, and what they come to."""
    designs, units = found["designs"], found["units"]
    count = len(found["seeds"])
    many = "" if count == 1 else f", medians of {count} layouts each"
    rows = [["", "", *(each["title"] for each in designs)]]
    rows.append(["cells", "", *(f"{each['cells']:,}" for each in designs)])
    for words, key in LINES:
        if key not in units:
            continue  # of an earlier version
        unit = "" if units[key] == "1" else units[key]
        rows.append([words, unit, *(_figure(each, key) for each in designs)])
    same = [sum(run["same_as_netlist"] for run in each["runs"]) for each in designs]
    if any(good < count for good in same):
        rows.append(["layouts that are the netlist", "", *(f"{good} of {count}" for good in same)])
    rows.append(["design rules broken", "", *(str(_broken(each["runs"])) for each in designs)])
    width = max(len(row[0]) for row in rows)
    cells = [[f"{row[0].ljust(width)}  {row[1]}", *row[2:]] for row in rows]
    head = f"laid out   {found['of']} on {found['library']}, {found['layers']} layers{many}"
    return "\n".join([head, table(cells, indent="  "), *(_against(designs[0], other) for other in designs[1:])])


def _figure(design: dict[str, Any], key: str) -> str:
    """A median, and the range where there is one."""

    def shown(value: float) -> str:
        return f"{value:,.0f}" if value >= 1000 else f"{value:.4g}"

    least, most = shown(design["least"][key]), shown(design["most"][key])
    return shown(design["median"][key]) + (f" [{least} to {most}]" if least != most else "")


def _broken(runs: Sequence[dict[str, Any]]) -> int:
    return sum(sum(run["violations"].values()) for run in runs if run["same_as_netlist"])


def _against(design: dict[str, Any], other: dict[str, Any]) -> str:
    ratios = other["ratios"]
    return (
        f"  {design['title']} against {other['title']}: {ratios['clock']:.2f}x the clock with wires "
        f"({ratios['clock_ideal']:.2f}x without), on {ratios['core_area']:.3f}x the core"
    )


def _check(found: dict[str, Any]) -> None:
    """Raise CheckFailed where no layout of a design is its netlist."""
    wrong = [each["title"] for each in found["designs"] if not any(run["same_as_netlist"] for run in each["runs"])]
    if wrong:
        count = len(found["seeds"])
        none = "the layout is not" if count == 1 else f"none of {count} layouts is"
        raise CheckFailed(f"{', '.join(wrong)}: {none} the netlist (take more --seeds, or a lower --density)")


def _integer(least: int, most: int) -> Callable[[str], int]:
    def integer(text: str) -> int:
        if not text.isdecimal() or not least <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"must be an integer from {least} to {most}, not {text!r}")
        return int(text)

    return integer


def _array(text: str) -> tuple[int, int]:
    found = re.fullmatch(r"(\d+)x(\d+)", text, re.ASCII)
    if found is None or not all(1 <= int(side) <= MAX_ARRAY for side in found.groups()):
        raise argparse.ArgumentTypeError(f"must be rows and columns, 1x1 to {MAX_ARRAY}x{MAX_ARRAY}, not {text!r}")
    return int(found[1]), int(found[2])


def _density(text: str) -> float:
    try:
        density = float(text)
    except ValueError:
        density = 0.0
    if not LEAST_DENSITY <= density <= 1.0:
        raise argparse.ArgumentTypeError(f"must be a number from {LEAST_DENSITY} to 1, not {text!r}")
    return density
