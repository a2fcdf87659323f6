"""The parts of ``docs/comparison.md``."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from bench.figures.comparison.designs import CONTESTS, DESIGNS, LIBRARIES, Contest
from bench.figures.comparison.results import (
    AIMS,
    ENGINE,
    STILL,
    Measured,
    Pair,
    best,
    each_median,
    measured,
    medians,
    missing,
    over_laconic,
    pairs,
)
from bench.figures.store import entries
from bench.figures.words import conditions, number, table

__all__ = ["PARTS"]

#: What the paper reports of its cores with digits in time over that of Laconic, in area efficiency.
LACONIC = 2.85
#: Ratios beside the paper's figure: how they are called, the key of each, and the paper's attribute.
AGAINST = (
    ("core", "area efficiency", "area_core", "core"),
    ("engine", "area efficiency", "area_engine_total", "core"),
    ("core", "energy efficiency", "glitch_energy_core", "energy"),
    ("engine", "energy efficiency", "glitch_energy_engine", "energy"),
)
#: Of designs with digits in time.
AREAS = tuple((part, key) for part, what, key, _ in AGAINST if what == "area efficiency")
#: From which share of its core's clock on an engine's clock is not the reason that it loses.
NEAR = 0.95


def ratio(value: float | None) -> str:
    """Two digits behind the point; a dash for what was not measured."""
    return "–" if value is None else f"{value:.2f}"


def _form(found: Measured) -> str:
    """A design without its array."""
    return f"`{found.design.name.partition(' ')[2]}`"


def _written(name: str) -> str:
    """A contest's array as code, and what else it is in words."""
    array, comma, rest = name.partition(", ")
    return f"`{array}`{comma}{rest}"


# --- dense designs ---------------------------------------------------------------------------------------------------
def _arrays() -> str:
    """Medians over the libraries beside the paper."""
    heads = ["Array", "area: paper, core", "core", "engine", "energy: paper, core", "core", "engine", "libraries"]
    rows = []
    for contest in CONTESTS:
        area, power = ("–", "–")
        if contest.reported:
            area, power = ratio(contest.reported.core), ratio(contest.reported.energy)
        core, engine, core_energy, energy = (ratio(medians(contest, key)) for _, _, key, _ in AGAINST)
        libraries = ", ".join(pair.library for pair in pairs() if pair.contest is contest)
        cells = [f"{_written(contest.label)} ({contest.title})", area, core, engine]
        rows.append([*cells, power, core_energy, energy, libraries])
    return table(heads, rows)


def _each() -> str:
    """Medians of the best in each figure, beside what is to be reached."""
    heads = ["Array", "core, area", "wanted", "engine, area", "wanted", "core, energy", "engine, energy", "wanted"]
    rows = []
    for contest in CONTESTS:
        core, engine, core_energy, energy = (ratio(each_median(contest, key)) for _, _, key, _ in AGAINST)
        wanted = contest.wanted
        targets = (ratio(value) for value in ((wanted.core, wanted.engine, wanted.energy) if wanted else [None] * 3))
        of_core, of_engine, of_energy = targets
        cells = [_written(contest.label), core, of_core, engine, of_engine, core_energy, energy, of_energy]
        rows.append([*cells, ratio(each_median(contest, STILL))])
    return table([*heads, "engine, energy, if it had no glitch"], rows)


def _short_of_aims() -> str:
    """A sentence for each figure that is not reached, and whether fewer glitches could bring it there."""
    return _listed([sentence for contest in CONTESTS if contest.wanted for sentence in _missed(contest)])


def _missed(contest: Contest) -> Iterator[str]:
    for part, what, key, attribute in AGAINST:
        value = each_median(contest, key)
        if key not in AIMS or value is None or value >= (aim := getattr(contest.wanted, AIMS[key])):
            continue
        found = ratio(value) if round(value, 2) < aim else f"{value:.3f}"  # 1.599 is less than 1.60
        words = f"`{contest.name}`: in {what} the {part} has {found} times the plain one's, where {aim:.2f} is aimed at"
        still = each_median(contest, STILL) if attribute == "energy" else None
        if still is not None:
            words += f"; without a single glitch it would have {ratio(still)} times"
            words += ", so that fewer glitches alone can't bring it there" if still < aim else ""
        yield f"{words}."


def _libraries() -> str:
    """Every array on every library."""
    heads = ["Array", "library", "best plain", "best transformed", "area: core", "engine"]
    heads += ["energy with glitches: core", "engine", "without: core", "engine"]
    keys = [key for _, _, key, _ in AGAINST] + ["energy_core", "energy_engine"]
    rows = [
        [_written(pair.contest.label), pair.library, _form(pair.plain), _form(pair.best)]
        + [ratio(pair.ratios[key]) for key in keys]
        for pair in pairs()
    ]
    return table(heads, rows)


def _designs() -> str:
    """All figures of all designs."""
    heads = ["Library", "Design", "core, MHz", "engine, MHz", "MACs a cycle", "core, mm²", "engine, mm²"]
    heads += ["core, GOPS/mm²", "engine, GOPS/mm²", "pJ per MAC: core, glitches", "engine", "engine without glitches"]
    keys = ("core_fmax_mhz", "engine_fmax_mhz", "macs_per_cycle")
    rows = []
    for library in LIBRARIES:
        for each in measured(library):
            found = each.figures
            cells = [library, f"`{each.design.name}`", *(number(found[key]) for key in keys)]
            cells += [number(found[key] / 1e6) for key in ("core_area_um2", "engine_total_area_um2")]
            cells += [number(found[key]) for key in ("gops_per_mm2_core", ENGINE)]
            cells += [number(found.get(key)) for key in ("glitch_core_pj_per_mac", "glitch_pj_per_mac", "pj_per_mac")]
            rows.append(cells)
    return table(heads, rows)


def _shortfalls() -> str:
    """A sentence for each ratio that is below the paper's."""
    return _listed([sentence for pair in pairs() for sentence in _sentences(pair)])


def _sentences(pair: Pair) -> Iterator[str]:
    paper = pair.contest.reported
    for part, what, key, attribute in AGAINST if paper else ():
        value, reported = pair.ratios[key], getattr(paper, attribute)
        if value is not None and value < reported:
            yield (
                f"`{pair.contest.name}`, {pair.library}: in {what} the {part} of {_form(pair.best)} is {value:.2f} "
                f"times that of {_form(pair.plain)}, where the paper's core has {reported:.2f}"
                f"{_reason(pair, part, what)}."
            )


def _reason(pair: Pair, part: str, what: str) -> str:
    """What the figures tell of the cause."""
    ours, plain = pair.best.figures, pair.plain.figures
    if what == "energy efficiency":
        glitches = ours["glitch_core_pj_per_mac"] / ours["core_pj_per_mac"]
        theirs = plain["glitch_core_pj_per_mac"] / plain["core_pj_per_mac"]
        words = f"; glitches take {glitches - 1:.0%} more in its core, {theirs - 1:.0%} in the plain one"
        return words.replace("%", " %")
    if part == "core":
        clock, area = ours["core_fmax_mhz"] / plain["core_fmax_mhz"], ours["core_area_um2"] / plain["core_area_um2"]
        return f"; its clock is {clock:.2f} times as fast and its area {area:.2f} times as large"
    clock = ours["engine_fmax_mhz"] / ours["core_fmax_mhz"]
    if clock < NEAR:
        return f"; the engine runs at {clock:.2f} of its core's clock"
    around, before = (each["engine_total_area_um2"] - each["core_area_um2"] for each in (ours, plain))
    return f"; what is around the core is {around / before:.2f} times as large as in the plain engine"


# --- serial designs --------------------------------------------------------------------------------------------------
def _serial() -> str:
    """Designs with digits in time: over Laconic, and over the best dense one."""
    heads = ["Library", "Design", "over `laconic`: core", "engine", "best dense design", "over it: core", "engine"]
    keys = [key for _, key in AREAS]
    rows = []
    for library in LIBRARIES:
        found = measured(library)
        laconic, dense = best(found, laconic=True), best(found, serial=False)
        for each in found:
            if each.design.serial and not each.design.laconic and laconic and dense:
                row = [library, f"`{each.design.name}`", *(ratio(each.over(laconic)[key]) for key in keys)]
                rows.append([*row, f"`{dense.design.name}`", *(ratio(each.over(dense)[key]) for key in keys)])
    return table(heads, rows)


def _serial_shortfalls() -> str:
    """A sentence for each library on which no serial design reaches the paper's ratios over Laconic."""
    if not any(over_laconic(library, "area_core") for library in LIBRARIES):
        return "None of them is measured yet beside Laconic."
    found = [
        f"{library}: the best serial {part} is that of `{best_one[0]}`, {best_one[1]:.2f} times that of `laconic`, "
        f"where the paper has {LACONIC:.2f}."
        for library in LIBRARIES
        for part, key in AREAS
        if (best_one := over_laconic(library, key)) and best_one[1] < LACONIC
    ]
    return _listed(found)


def _listed(sentences: list[str]) -> str:
    return "\n".join(f"- {sentence}" for sentence in sentences) or "Of what is measured, no ratio falls short."


# --- conditions ------------------------------------------------------------------------------------------------------
def _effort() -> str:
    return " and ".join(sorted({f"`{entry['figures']['effort']}`" for entry in entries("comparison").values()}))


def _operands() -> str:
    return " and ".join(sorted({entry["figures"]["operands"] for entry in entries("comparison").values()}))


def _corners() -> str:
    rows = {each.library: each.figures["corner"] for library in LIBRARIES for each in measured(library)}
    return table(["Library", "Corner"], [[library, corner] for library, corner in rows.items()])


def _missing() -> str:
    """What is not measured, in a sentence."""
    absent: dict[str, list[str]] = {}
    for library, name in missing():
        absent.setdefault(library, []).append(f"`{name}`")
    if not absent:
        return "Every design is measured on every library."
    words = [
        f"{library}: {'everything' if len(names) == len(DESIGNS) else ', '.join(names)}"
        for library, names in absent.items()
    ]
    return f"Not measured yet, and so in no median: {'; '.join(words)}."


def _states() -> str:
    """Which runs are of the same sources and tools, where they aren't all: their ratios would mix two states."""
    runs: dict[str, list[str]] = {}
    for name, entry in entries("comparison").items():
        runs.setdefault(entry["sources"], []).append(f"`{name}`")
    if len(runs) == 1:
        return "All runs are of the same sources."
    return "Runs are of different states of the sources, as engines became faster between them:\n\n" + "\n".join(
        f"- {', '.join(names)}" for names in runs.values()
    )


PARTS: dict[str, Callable[..., str]] = {
    "comparison-states": _states,
    "comparison-arrays": _arrays,
    "comparison-each": _each,
    "comparison-aims": _short_of_aims,
    "comparison-libraries": _libraries,
    "comparison-designs": _designs,
    "comparison-shortfalls": _shortfalls,
    "comparison-serial": _serial,
    "comparison-serial-shortfalls": _serial_shortfalls,
    "comparison-effort": _effort,
    "comparison-operands": _operands,
    "comparison-corners": _corners,
    "comparison-missing": _missing,
    "comparison-conditions": lambda: conditions("comparison", ("pyosys", "opensta", "verilator")),
}
