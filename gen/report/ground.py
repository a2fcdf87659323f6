"""What the figures rest on, in a few words each, and the engine's own figures."""

from __future__ import annotations

from gen.report.data import RunData
from gen.report.figures import MISSING, count, percent, quantity
from gen.report.markup import Markup, Node, join, tag
from gen.report.records import Synthesis
from gen.report.simulation_records import Simulation
from gen.timing import pes

__all__ = ["ground", "key_figures", "missed"]


def ground(data: RunData) -> list[Markup]:
    """What the figures rest on: the items of a list."""
    return [_simulated(data.sim), *(_synthesised(data.synth) if data.synth else [])]


def _item(state: str, title: str, *rest: Node) -> Markup:
    sign = {"good": "✓", "bad": "✗", "open": "○"}[state]
    text = tag("div", tag("b", title), " ", tag("span", *rest))
    return tag("li", tag("i", sign, aria_hidden="true"), text, class_=state)


def _simulated(sim: Simulation | None) -> Markup:
    if sim is None:
        return _item("open", "Not simulated", "run ", tag("code", "bitloom simulate"))
    checked = f"{count(sim.elements_checked)} results compared"
    if not sim.passed:
        wrong = f"{count(sim.mismatches)} differ" if sim.mismatches else "rules of the interface were broken"
        return _item("bad", "Simulation failed", f"{checked}, {wrong}")
    accuracy = f"; {percent(sim.accuracy)} of {count(sim.images)} images right" if sim.accuracy is not None else ""
    return _item("good", "Verified bit for bit", f"{checked} with the golden model{accuracy}")


def _synthesised(synth: Synthesis) -> list[Markup]:
    items = [_clock(synth)]
    place = "wires estimated, no clock tree" if synth.wire_ff_per_sink else "cells without wires or clock tree"
    if synth.silicon:
        items.append(_item("good", synth.library, f"{synth.corner}; {place}"))
    else:
        units = f"{synth.unit('engine_area_um2')} equivalents and {synth.unit('clock_ns')}; {place}"
        items.append(_item("open", "Unit library, of no process", units))
    items.append(_energy(synth))
    if synth.has_memories:
        bits = sum(memory.words * memory.width * memory.instances for memory in synth.memories)
        text = f"{count(bits)} bits here; in every engine total they count by one rule, however they are built"
        items.append(_item("open", "Memories are estimates", text))
    return items


def _clock(synth: Synthesis) -> Markup:
    unit, rate = synth.unit("clock_ns"), quantity(synth.clock, synth.clock_unit)
    if synth.clock_asked_ns is None:
        title = "Best clock of each design" if synth.compared else "Best clock"
        return _item("good", title, f"{rate}; none was asked for; timed by {synth.timing_by}")
    asked = quantity(synth.clock_asked_ns, unit)
    if synth.clock_met:
        return _item("good", "Clock met", f"{asked} asked for, {quantity(synth.wns_ns, unit)} to spare")
    return _item("bad", "Clock missed", f"{asked} asked for, {quantity(synth.clock_ns, unit)} reached")


def _energy(synth: Synthesis) -> Markup:
    if synth.pj_per_mac is None and synth.power_mw is not None:
        return _item("open", "Energy per MAC not known", "power was measured, throughput was not")
    if synth.pj_per_mac is None:
        return _item("open", "Energy not measured", synth.activity.removeprefix("not measured: "))
    how = synth.activity.partition(":")[0]
    if synth.glitch_pj_per_mac is None:
        how += f"; with glitches {synth.glitches}"
    else:
        how = how.replace("simulated without glitches", "simulated without glitches and with them")
    if synth.power_model:
        return _item("open", "Energy partly estimated", f"macros by a model; the rest: {how}")
    return _item("good", "Energy by simulation", how)


def _either(synth: Synthesis, name: str, key: str) -> tuple[str, str, str]:
    """A figure with glitches, or without where these are not known: its name says which."""
    found = getattr(synth, f"glitch_{key}")
    if found is None:
        return name, quantity(getattr(synth, key)), synth.unit(key)
    return f"{name}, with glitches", quantity(found), synth.unit(key)


def key_figures(data: RunData) -> list[tuple[str, Node]]:
    """The engine's own figures: name, and value with its unit."""
    figures: list[tuple[str, str, str]] = []
    synth, sim = data.synth, data.sim
    if synth:
        clock = (1e3 / synth.clock_ns, synth.unit("fmax_mhz")) if synth.silicon else (synth.clock_ns, synth.clock_unit)
        figures += [
            ("Clock", quantity(clock[0]), clock[1]),
            ("Throughput", quantity(synth.throughput_gops), synth.unit("throughput_gops")),
            ("Area, core", *_area(synth.core_area_um2, synth)),
            ("Area, engine cells" if synth.has_memories else "Area, engine", *_area(synth.engine_area_um2, synth)),
        ]
        if synth.has_memories:
            figures.append(("Area, engine total", *_area(synth.engine_total_area_um2, synth)))
        figures += [
            _either(synth, "Energy per MAC", "pj_per_mac"),
            _either(synth, "Power", "power_mw"),
        ]
    figures.append(("PEs", count(pes(data.params)), ""))
    if sim and sim.cycles_per_step is not None:
        figures.append(("Cycles a step of K", f"{sim.cycles_per_step:.2f}", ""))
    elif sim:
        figures.append(("PE utilisation", percent(sim.utilization), ""))
    if synth is None:
        flow = data.flow
        streams = (("A", flow.a), ("B", flow.b), ("C", flow.c))
        figures += [(f"Stream {name}", count(stream.tdata_bits), "bits") for name, stream in streams]
        if not data.params.data_dependent:
            figures.append(("Least tile interval", count(flow.tile_interval(1)), "cycles"))
    return [
        (name, join(value, [" ", tag("small", unit)] if unit else None))
        for name, value, unit in figures
        if value != MISSING
    ]


def _area(value: float, synth: Synthesis) -> tuple[str, str]:
    """Areas of a large engine are in square millimetres, where there is a process."""
    if synth.silicon and synth.engine_area_um2 >= 1e5:
        return quantity(value / 1e6), "mm²"
    return quantity(value), synth.unit("engine_area_um2")


def missed(synth: Synthesis) -> str:
    """The designs that missed the clock they were asked for, with what they reach; empty if all of them met it."""
    return "; ".join(
        f"{design.scheme} reaches {quantity(design.clock_ns, design.unit('clock_ns'))}, "
        f"{quantity(-design.wns_ns, design.unit('clock_ns'))} too late"
        for design in synth.designs
        if not design.clock_met
    )
