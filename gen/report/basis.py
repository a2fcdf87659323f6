"""On what the figures of synthesis rest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from gen.report.blocks import Section, facts, preformatted, table
from gen.report.data import pairs
from gen.report.figures import count, quantity
from gen.report.ground import missed
from gen.report.markup import Markup, Node, join, tag
from gen.report.records import Design, Synthesis

__all__ = ["basis"]


def basis(synth: Synthesis) -> Section:
    """The conditions in sentences; what won the search, and the critical paths, to open."""
    rows: list[tuple[str, Node]] = [
        ("Cell library", _library(synth)),
        ("Clock", _clock(synth)),
        ("Core", f"{synth.core_inside}."),
        ("Engine", f"{synth.engine_inside}."),
        ("Wires", _wires(synth)),
        ("In no figure", "Placement and the clock tree."),
    ]
    if synth.has_memories:
        rows.append(("Memories", _memories(synth)))
    rows += [
        ("Throughput", _each(synth, lambda design: design.throughput_by)),
        ("Switching activity", _each(synth, lambda design: design.activity)),
    ]
    if any(design.power_model for design in synth.designs):
        rows.append(("Power of macros", _each(synth, lambda design: design.power_model or "there are none")))
    rows += [
        ("Netlist", _checks(synth)),
        ("Search", ", ".join(f"{count(design.tried)} netlists of {design.scheme}" for design in synth.designs) + "."),
        ("Tools", f"{pairs(synth.tools)}; timing by {synth.timing_by}."),
    ]
    details = [_styles(synth), *(_critical_path(design) for design in synth.designs)]
    return Section("basis", "What the figures rest on", [tag("figure", facts(rows), details)])


def _library(synth: Synthesis) -> Markup:
    """The library and its corner, with what was found about it."""
    notes = [tag("li", f"{note}.") for note in synth.library_notes]
    return join(f"{synth.library}, {synth.corner}.", tag("ul", notes) if notes else None)


def _wires(synth: Synthesis) -> str:
    if not synth.wire_ff_per_sink:
        return "In no figure."
    load = quantity(synth.wire_ff_per_sink, synth.units.get("wire_ff_per_sink", "fF"))
    return f"{load} for each sink of a net, in clocks and energy: {synth.wires}."


def _clock(synth: Synthesis) -> str:
    asked, unit = synth.clock_asked_ns, synth.unit("clock_ns")
    if asked is None:
        return "None was asked for: every design, and every core, at its own best."
    late = missed(synth)
    met = f"missed: {late}. The figures of a design that missed are at the clock it reaches" if late else "met by all"
    return f"{quantity(asked, unit)} asked for, {met}."


def _memories(synth: Synthesis) -> str:
    found = [
        f"{design.scheme} {sum(memory.words * memory.width * memory.instances for memory in design.memories):,} bits, "
        f"of them {design.macro_bits:,} in macros"
        for design in synth.designs
        if design.memories
    ]
    model = next((f" The model: {design.memory_model}." for design in synth.designs if design.memory_model), "")
    return f"{'; '.join(found)}. Small ones are made of flip-flops and are in the cell area, macros are not.{model}"


def _each(synth: Synthesis, words: Callable[[Design], str]) -> str:
    """A sentence of all designs, or one of each where they differ."""
    said = {design.scheme: words(design) for design in synth.designs}
    if len(set(said.values())) == 1:
        return f"{next(iter(said.values()))}."
    return "; ".join(f"{scheme}: {text}" for scheme, text in said.items()) + "."


def _checks(synth: Synthesis) -> str:
    """What the checks of the netlists found."""
    found = Counter[str]()
    for design in synth.designs:
        found.update(design.checks)
    del found["missed_clock"]  # of which the clock's own line speaks
    return ", ".join(f"{count(number) if number else 'no'} {name.replace('_', ' ')}" for name, number in found.items())


def _styles(synth: Synthesis) -> Markup:
    rows = [
        tag("tr", tag("th", design.scheme, scope="row"), tag("td", tag("code", part)), tag("td", style))
        for design in synth.designs
        for part, style in design.styles.items()
    ]
    head = [tag("th", "Design"), tag("th", "Module"), tag("th", "Style")]
    return tag("details", tag("summary", "Styles that won"), table(head, rows, "Styles that won", 560))


def _critical_path(design: Design) -> Markup | None:
    if not design.critical_path.strip():
        return None
    name = f"Critical path of the engine, {design.scheme}"
    return tag("details", tag("summary", name), preformatted(design.critical_path, name))
