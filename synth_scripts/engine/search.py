"""The search for the best way to synthesise what is around a core."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from synth_scripts.engine.box import Box
from synth_scripts.engine.fabric import Fabric
from synth_scripts.engine.making import Making
from synth_scripts.engine.variants import COPIES, SEARCHES, STRONG, Search
from synth_scripts.library.library import Library
from synth_scripts.module.candidates import objective
from synth_scripts.module.styles import GATED_BITS
from synth_scripts.timing import sta
from synth_scripts.work import cache, jobs, yosys

__all__ = ["synthesise_fabric"]

#: Clocks that differ by less are the same.
SAME = 1e-4


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
    search: Search = SEARCHES["normal"],
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
    search : Search
        Which variants are tried.
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
        *(__name__, "fabric", verilog, top, library.digest, blocks, target_ns, clock_ns, core_ns, search, timed),
        *(gate_bits, sta.available(), yosys.version()),
    )
    stored = cache.read("fabrics", key)
    if stored is None:
        least = objective(clock_ns)

        def measure(fabric: Fabric) -> Any:
            return least(_Whole(fabric.area(boxes), max(fabric.period, core_ns)))

        making = Making(library, verilog, top, boxes, folder, target_ns, timed, gate_bits, say)
        stored = vars(_best(making, search, measure, max(core_ns, clock_ns or 0.0)))
        cache.write("fabrics", key, stored)
    fabric = Fabric.kept(stored)
    (folder / f"{top}.v").write_text(fabric.netlist)
    return fabric


def _best(making: Making, search: Search, least: Callable[[Fabric], Any], enough: float) -> Fabric:
    """The one of which ``least`` is least; it need not be faster than ``enough``, ns."""
    found = [] if search.before is None else [_best(making, search.before, least, enough)]
    found += making.fabrics(search.first)
    for change in ({"copies": COPIES}, {"slow": STRONG}):
        best = sorted(found, key=least)[: search.again]
        found += making.fabrics([fabric.variant._replace(**change) for fabric in best])
    if search.again:
        best = sorted(found, key=least)[: search.again]
        fastest = min(best, key=lambda each: (max(each.period, enough), least(each)))
        for each in (best[0], fastest):
            found += _leaner(making, each, enough)
    return min(found, key=least)


def _leaner(making: Making, fabric: Fabric, enough: float) -> Iterator[Fabric]:
    """The same with the smallest form of each module; those on its critical path are given back theirs, until it is as
    fast as before.
    """
    enough = max(fabric.period, enough) * (1 + SAME)
    lean = making.smaller(fabric.variant)
    while lean:
        (each,) = making.fabrics([fabric.variant._replace(lean=tuple(sorted(lean.items())))])
        yield each
        slow = making.modules_on(each.path) & lean.keys()
        if each.period <= enough or not slow:
            return
        lean = {module: mapped for module, mapped in lean.items() if module not in slow}
