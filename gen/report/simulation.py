"""The part of the report about the simulation."""

from __future__ import annotations

from gen.report.blocks import Section, cell, pending, scroll, table
from gen.report.figures import MISSING, count, duration, percent, quantity, rate
from gen.report.markup import Markup, Node, tag
from gen.report.simulation_records import FrontRun, NetworkRun, Simulation

__all__ = ["simulation"]


def simulation(sim: Simulation | None) -> Section:
    """What was computed on the generated Verilog, and what came of it."""
    if sim is None:
        return Section("simulation", "Simulation", [pending("This engine has not been simulated.", "bitloom simulate")])
    lead = "The generated Verilog, run in Verilator; every result is compared with the golden model, which is exact."
    body: list[Node] = [
        tag("p", lead, class_="lead"),
        _problems(sim),
        tag("div", _result(sim), _workload(sim), class_="two"),
    ]
    if sim.network is not None:
        body.append(_layers(sim.network, sim.against))
    if sim.front is not None:
        body.append(_behind(sim.front))
    return Section("simulation", "Simulation", body)


def _problems(sim: Simulation) -> Markup | None:
    if not sim.problems:
        return None
    items = [tag("li", problem) for problem in sim.problems]
    return tag("div", tag("b", "What was found wrong"), tag("ul", items), class_="alert")


def _rows(title: str, rows: list[tuple[str, str, str]]) -> Markup:
    """A table of names, values and notes; what has no value is left out."""
    body = [
        tag(
            "tr",
            tag("th", name, [tag("br"), tag("small", note)] if note else None, scope="row"),
            tag("td", value, class_="n"),
        )
        for name, value, note in rows
        if value != MISSING
    ]
    return tag("figure", tag("h3", title), tag("table", tag("tbody", body)))


def _result(sim: Simulation) -> Markup:
    rows = [
        ("Verdict", "passed" if sim.passed else "failed", ""),
        ("Results compared", count(sim.elements_checked), ""),
        ("Results that differ", count(sim.mismatches), ""),
        ("Multiply-accumulates", count(sim.macs), "with the zeros that fill up tiles"),
        ("Cycles a step of K", quantity(sim.cycles_per_step), "start and end of the job included"),
        ("PE utilisation", percent(sim.utilization), "share of cycles in which operands entered the array"),
        ("Simulation time", duration(sim.sim_seconds), ""),
        ("Simulation speed", rate(sim.macs_per_second, "MAC/s"), ""),
        ("Seed", str(sim.seed), ""),
    ]
    return _rows("Result", rows)


#: Head of the table of layers.
HEAD = ("Layer", "Kind", "m", "k", "n", "Groups", "Cycles", "PEs used", "Results", "Differ")
#: Pixels that it takes.
WIDTH = 760


def _layers(network: NetworkRun, against: str) -> Markup:
    """What was computed of each layer, how long it took, and what is not on the engine."""
    rows = [
        tag(
            "tr",
            tag("th", layer.name, [tag("br"), tag("small", "a part")] if layer.cropped else None, scope="row"),
            tag("td", layer.kind),
            [tag("td", count(layer.computed.get(key)), class_="n") for key in ("m", "k", "n", "groups")],
            tag("td", count(layer.cycles), class_="n"),
            tag("td", percent(layer.utilization), class_="n"),
            tag("td", count(layer.elements_checked), class_="n"),
            tag("td", count(layer.mismatches), class_="n"),
        )
        for layer in network.layers
    ]
    head = tag("tr", [tag("th", word, scope="col") for word in HEAD])
    where = sorted({layer.corrections for layer in network.layers})
    quantised = f"Quantised {network.quantised}; input" if network.quantised else "Input"
    text = (
        f"{len(network.layers)} of {network.layers_of_network} layers of {network.file}, compared with {against}. "
        f"{quantised}: {network.input}. Zero points and biases: {' and '.join(where)}."
    )
    notes = [tag("li", f"{name}: {reason}") for name, reason in network.elsewhere.items()]
    others = ", ".join(f"{number} {name}" for name, number in network.others.items())
    return tag(
        "figure",
        tag("h3", "Layers"),
        tag("p", text),
        scroll(tag("table", tag("thead", head), tag("tbody", rows)), "Layers", WIDTH),
        [tag("p", "Not on the engine:"), tag("ul", notes)] if notes else None,
        tag("p", f"Operators that are no matrix products: {others}.") if others else None,
    )


def _behind(front: FrontRun) -> Markup:
    """What was compared behind something, beside the workload."""
    rows = [
        tag(
            "tr",
            tag("th", each.what, scope="row"),
            cell(count(each.elements_checked)),
            cell(count(each.mismatches)),
        )
        for each in front.compared
    ]
    head = [tag("th", "Set to"), tag("th", "Results", class_="n"), tag("th", "Differ", class_="n")]
    text = f"Behind {front.what}, under random stalls; these results are among those above."
    return tag(
        "figure", tag("h3", "Compared as well"), tag("p", text), table(head, rows, "Compared as well", WIDTH / 2)
    )


def _workload(sim: Simulation) -> Markup:
    counters = sim.counters
    rows = [
        ("Workload", sim.workload, ""),
        ("Tiles", count(sim.tiles), ""),
        ("Images", count(sim.images), ""),
        ("Accuracy on the engine", percent(sim.accuracy), ""),
        ("The same in NumPy", percent(sim.accuracy_numpy), ""),
        ("Before quantisation", percent(sim.accuracy_float), "in floating point"),
        ("Cycles", count(sim.cycles), "with a job under way"),
        ("Active", count(counters.get("active")), "operands entered the array"),
        ("Starved", count(counters.get("starved")), "operands were missing"),
        ("Blocked", count(counters.get("blocked")), "results found no room"),
    ]
    return _rows("Workload", rows)
