"""The first screen: what the engine gains, what it costs, and on what the figures rest."""

from __future__ import annotations

from dataclasses import dataclass

from gen.report.data import RunData
from gen.report.figures import quantity, times
from gen.report.ground import ground, key_figures, missed
from gen.report.markup import Markup, join, tag
from gen.report.records import Compared, Synthesis
from hdl.params.presets import to_compare

__all__ = ["headline", "summary"]

#: Ratios closer to one than this are no difference.
EVEN = 0.005


@dataclass(frozen=True)
class Finding:
    """The engine against the baseline, in one respect.

    Parameters
    ----------
    over : float
        What the engine has, over what the baseline has.
    name : str
        What of.
    detail : str
        The two figures.
    more : bool
        More of it is better.
    decisive : bool
        It is one of the two that the headline is about.
    """

    over: float
    name: str
    detail: str
    more: bool = True
    decisive: bool = False

    @property
    def verdict(self) -> str:
        """``gain``, ``cost`` or ``even``."""
        if abs(self.over - 1) < EVEN:
            return "even"
        return "gain" if (self.over > 1) == self.more else "cost"


def headline(data: RunData) -> str:
    """The outcome in one sentence."""
    synth = data.synth
    if synth is None:
        return "Not synthesised: area, clock and energy are not known"
    base = synth.baseline
    if base is None:
        return "Synthesised alone: without a design to compare with, gains and costs are not known"
    area = _decisive(synth, base)
    if area is None:
        return f"Against {base.scheme}: throughput was not measured"
    compared = {"gain": "More", "cost": "Less", "even": "As much"}
    text = f"{compared[_verdict(area)]} throughput {_per_area(synth)} {_than(area)} {base.scheme}"
    energy = base.ratios.energy
    if energy is None:
        return f"{text}; energy was not measured"
    joined = {"gain": "for", "even": "and", "cost": "but" if _verdict(energy) == "gain" else "and"}[_verdict(area)]
    spent = {"gain": "less energy", "cost": "more energy", "even": "the same energy"}
    return f"{text}, {joined} {spent[_verdict(energy)]} per operation"


def summary(data: RunData) -> Markup:
    """Gains and costs, what the figures rest on, and the engine's own figures."""
    synth = data.synth
    balance = _balance(synth, synth.baseline) if synth and synth.baseline else None
    rests = tag("ul", ground(data), class_="ground", aria_label="What the figures rest on")
    figures = [tag("div", tag("dt", name), tag("dd", value)) for name, value in key_figures(data)]
    how = _how_to_compare(synth) if synth and not synth.compared else None
    return tag(
        "section",
        tag("h2", headline(data), id="summary-title"),
        _missed_clock(synth),
        balance,
        how,
        rests,
        tag("dl", figures, class_="figures"),
        id="summary",
        aria_labelledby="summary-title",
    )


def _verdict(over: float) -> str:
    return Finding(over, "", "").verdict


def _than(over: float) -> str:
    return "as" if _verdict(over) == "even" else "than"


def _per_area(synth: Synthesis) -> str:
    return "per mm²" if synth.silicon else "per area"


def _decisive(synth: Synthesis, base: Compared) -> float | None:
    """The ratio that decides about area: the engine's, with its memories where there are any."""
    return base.ratios.area_engine_total if synth.has_memories else base.ratios.area_engine


def _findings(synth: Synthesis, base: Compared) -> list[Finding]:
    """Every respect in which both are known, the decisive ones first."""
    ratios, per_area, efficiency = base.ratios, _per_area(synth), synth.unit("gops_per_mm2_engine")
    energy = synth.unit("pj_per_mac")
    memories = synth.has_memories
    found: list[Finding] = []

    def add(over: float | None, name: str, ours: float | None, theirs: float | None, unit: str, **more: bool) -> None:
        if over is not None:
            found.append(Finding(over, name, f"{quantity(ours)} against {quantity(theirs, unit)}", **more))

    def add_area(scope: str, name: str, *, decisive: bool = False) -> None:
        ours, theirs = (getattr(design, f"gops_per_mm2_{scope}") for design in (synth, base))
        over = getattr(ratios, f"area_{scope}")
        add(over, f"throughput {per_area}, {name}", ours, theirs, efficiency, decisive=decisive)

    if memories:
        add_area("engine_total", "engine total", decisive=True)
    else:
        add_area("engine", "engine", decisive=True)
    glitching = ratios.glitch_energy_engine is not None
    with_glitches = ("glitch_", ", with glitches")
    for prefix, words in (with_glitches, ("", "")) if glitching else (("", ""),):
        ours, theirs = (getattr(design, f"{prefix}pj_per_mac") for design in (synth, base))
        over = _inverse(getattr(ratios, f"{prefix}energy_engine"))
        decisive = not glitching or prefix == "glitch_"
        add(over, f"energy per MAC, engine{words}", ours, theirs, energy, more=False, decisive=decisive)
    if memories:
        add_area("engine", "engine cells")
    add_area("core", "core")
    prefix, words = with_glitches if glitching else ("", "")
    ours, theirs = (getattr(design, f"{prefix}core_pj_per_mac") for design in (synth, base))
    over = _inverse(getattr(ratios, f"{prefix}energy_core"))
    add(over, f"energy per MAC, core{words}", ours, theirs, energy, more=False)
    rate = _over(synth.throughput_gops, base.throughput_gops)
    same = rate is not None and ratios.clock is not None and abs(rate / ratios.clock - 1) < EVEN
    if not same:
        add(rate, "throughput", synth.throughput_gops, base.throughput_gops, synth.unit("throughput_gops"))
    add(ratios.clock, "clock rate, and throughput" if same else "clock rate", *_rates(synth, base))
    scope = "total_area" if memories else "area"
    ours, theirs = (getattr(design, f"engine_{scope}_um2") for design in (synth, base))
    name, unit = "area, engine total" if memories else "area, engine", synth.unit("engine_area_um2")
    add(ours / theirs, name, ours, theirs, unit, more=False)
    return found


def _inverse(ratio: float | None) -> float | None:
    """More for less energy, as less energy for the same."""
    return 1 / ratio if ratio else None


def _over(ours: float | None, theirs: float | None) -> float | None:
    return ours / theirs if ours and theirs else None


def _rates(synth: Synthesis, base: Compared) -> tuple[float, float, str]:
    """The clocks of the figures: as rates where there is a process, else as periods."""
    if synth.silicon:
        return 1e3 / synth.clock_ns, 1e3 / base.clock_ns, synth.unit("fmax_mhz")
    return synth.clock_ns, base.clock_ns, f"{synth.unit('clock_ns')} a cycle"


def _balance(synth: Synthesis, base: Compared) -> Markup:
    findings = _findings(synth, base)
    even = [finding.name for finding in findings if finding.verdict == "even"]
    columns = [
        _column(
            f"Gains over {base.scheme}", "gain", findings, f"Nothing that was measured is better than {base.scheme}."
        ),
        _column(
            f"Costs against {base.scheme}", "cost", findings, f"Nothing that was measured is worse than {base.scheme}."
        ),
    ]
    note = tag("p", f"No different: {'; '.join(even)}.", class_="even") if even else None
    return join(tag("div", columns, class_="balance"), note)


def _column(title: str, verdict: str, findings: list[Finding], nothing: str) -> Markup:
    items = [
        tag(
            "li",
            tag("b", times(finding.over)),
            tag("span", finding.name, " ", tag("small", finding.detail)),
            class_="decisive" if finding.decisive else None,
        )
        for finding in findings
        if finding.verdict == verdict
    ]
    body = tag("ol", items) if items else tag("p", nothing)
    return tag("div", tag("h3", title), body, class_=verdict)


def _missed_clock(synth: Synthesis | None) -> Markup | None:
    if synth is None or not (late := missed(synth)):
        return None
    asked = quantity(synth.clock_asked_ns, synth.unit("clock_ns"))
    text = f"{asked} asked for; {late}. The figures of a design that missed are at the clock it reaches."
    return tag("p", tag("b", "Clock missed. "), text, class_="alert")


def _how_to_compare(synth: Synthesis) -> Markup:
    command = f"--set 'synth.compare=[\"{to_compare(synth.scheme)}\"]'"
    return tag("p", "To see them beside another scheme, run again with ", tag("code", command), ".", class_="lead")
