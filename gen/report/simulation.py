"""The part of the report about the simulation."""

from __future__ import annotations

from gen.report.blocks import Section, pending
from gen.report.figures import MISSING, count, duration, percent, quantity, rate
from gen.report.markup import Markup, Node, tag
from gen.report.records import Simulation

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
