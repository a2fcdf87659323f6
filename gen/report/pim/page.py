"""The page about a model's simulation."""

from __future__ import annotations

from typing import Any

from gen.report.blocks import Section, cell, facts, figure_width, table
from gen.report.document import DOCTYPE, body_of, brand, document
from gen.report.figures import count, percent, quantity, times
from gen.report.markup import Markup, Node, tag
from gen.report.pim.parts import CAUSES, CLASSES, KINDS, OPERATIONS, against, legend, shares, stacked
from gen.report.pim.timeline import over_positions, over_time
from gen.report.pim.words import (
    about_model,
    about_positions,
    about_system,
    energy_text,
    figure_rows,
    time_text,
)
from gen.version import VERSION

__all__ = ["BEGINS", "pim_report"]

REMARK = "Bitloom: a model on memory that computes"
#: How a report begins.
BEGINS = f"{DOCTYPE}<!-- {REMARK} -->\n"
#: Widths of the columns of tables, px.
SYMBOL, CLOCKS, TIME, MEANING, NAME = 84, 70, 84, 260, 150

Figures = dict[str, Any]


def pim_report(found: Figures) -> Markup:
    """The whole document, from what ``bitloom pim simulate --json`` prints."""
    title = f"{found['model']} on {found['system']}"
    detail = found["detail"]
    sections = [_clocks(found), _energy(found), *([_operations(detail), _timeline(detail)] if detail else [])]
    sections += [_positions(found), *([_systems(found)] if found["sensitivity"] else []), _timing(found), _basis(found)]
    header = tag(
        "header",
        brand("simulation report"),
        tag("h1", title),
        tag("p", f"{about_model(found)}; {about_positions(found)}", class_="subtitle"),
        tag("p", about_system(found), class_="subtitle"),
    )
    footer = tag(
        "footer",
        f"Bitloom {VERSION} · timing table {found['timing']['hash']} · system {found['hash']}",
    )
    return document(title, [header, _summary(found), *body_of(sections), footer], remark=REMARK, styles=("pim.css",))


def _summary(found: Figures) -> Markup:
    """The first screen."""
    speed, energy = quantity(found["tokens_per_second"]), energy_text(found["energy"]["joules_per_token"])
    most = max(found["causes"], key=lambda name: found["causes"][name])
    share = percent(found["causes"][most] / found["clocks"])
    figures = [
        tag("div", tag("dt", name), tag("dd", value, [" ", tag("small", remark)] if remark else None))
        for name, value, remark in figure_rows(found)
    ]
    return tag(
        "section",
        tag("h2", f"{speed} tokens a second, {energy} a token", id="summary-title"),
        tag("p", f"{share} of the clocks go to {CAUSES[most].name}.", class_="lead"),
        tag("dl", figures, class_="figures wide"),
        id="summary",
        aria_labelledby="summary-title",
    )


def _clocks(found: Figures) -> Section:
    lead = (
        "Every clock counts once. Those of channels go to the command that they lead to, and those that a refresh or a "
        "switch of mode takes to that. Where channels differ, and where other units work beside them, the first cause "
        f"counts in this order: {', '.join(kind.name for kind in CAUSES.values())}."
    )
    figure = tag("figure", shares("Clocks by cause", found["causes"], CAUSES))
    return Section("clocks", "Where the clocks go", [tag("p", lead, class_="lead"), figure])


def _energy(found: Figures) -> Section:
    energy = found["energy"]
    lead = (
        f"{energy_text(energy['joules_per_token'])} a token: commands on the channels' buses times the system's table, "
        "and what lasts: standby, and the controller as if it were active all the time."
    )
    note = tag("p", f"{energy['note'][:1].upper()}{energy['note'][1:]}.", class_="hint") if energy["note"] else None
    figure = tag("figure", shares("Energy by class", energy["parts_pj"], CLASSES), note)
    head = [tag("th", "Key"), tag("th", "Value", class_="n"), tag("th", "Source")]
    rows = [
        tag(
            "tr",
            tag("th", tag("code", key), scope="row"),
            cell(f"{value:g}"),
            cell(energy["sources"][key], number=False),
        )
        for key, value in sorted(energy["table"].items())
    ]
    sources = tag("details", tag("summary", "The table of energies"), table(head, rows, "The table of energies", 560))
    return Section("energy", "Where the energy goes", [tag("p", lead, class_="lead"), figure, sources])


def _operations(detail: Figures) -> Section:
    lead = (
        f"The {count(detail['clocks'])} clocks of position {detail['position']}, all layers together. Clocks of "
        "channels belong to the instruction that the foremost of them works on, those of the vector unit alone to its "
        "newest one, all others to the one that the issuer has at hand."
    )
    operations = detail["operations"]
    rows = [(OPERATIONS[name][0], operations[name]) for name in OPERATIONS if name in operations]
    used = {cause for causes in operations.values() for cause in causes}
    bars = tag("figure", stacked("Clocks by operation", rows, CAUSES), legend(CAUSES, [*used]))
    return Section("operations", "Operations", [tag("p", lead, class_="lead"), bars, _operation_table(detail)])


def _operation_table(detail: Figures) -> Markup:
    head = [tag("th", "Operation"), tag("th", "Clocks", class_="n"), tag("th", "Share", class_="n")]
    used = [key for key in CAUSES if any(key in causes for causes in detail["operations"].values())]
    head += [tag("th", CAUSES[key].name, class_="n") for key in used]
    rows = []
    for name, (words, _) in OPERATIONS.items():
        causes = detail["operations"].get(name)
        if causes is None:
            continue
        clocks = sum(causes.values())
        numbers = [cell(count(causes[key]) if key in causes else "") for key in used]
        cells = [cell(count(clocks)), cell(percent(clocks / detail["clocks"])), *numbers]
        rows.append(tag("tr", tag("th", words, scope="row"), cells))
    texts = [count(clocks) for causes in detail["operations"].values() for clocks in causes.values()]
    figure = max(figure_width(texts), figure_width(word for key in used for word in CAUSES[key].name.split("-")))
    width = NAME + CLOCKS + figure * (len(used) + 1)
    found = table(head, rows, "Clocks by operation and cause", width, "each")
    return tag("details", tag("summary", "Clocks by operation and cause"), found)


def _timeline(detail: Figures) -> Section:
    lead = (
        f"Position {detail['position']} from its first clock to its last: a column is {count(detail['column_clocks'])} "
        "clocks, cut by cause; beneath it what is being computed."
    )
    causes = [key for key in CAUSES if any(key in column for column in detail["columns"])]
    kinds = {OPERATIONS[name][1] for name, _, _ in detail["spans"]}
    drawing = over_time(detail["columns"], detail["column_clocks"], detail["spans"])
    body = [legend(CAUSES, causes), drawing, legend(KINDS, [*kinds])]
    return Section("timeline", "A token over time", [tag("p", lead, class_="lead"), tag("figure", body)])


def _positions(found: Figures) -> Section:
    clocks = found["positions"]
    if len(clocks) == 1:
        words = "One position was simulated. With more of them (--tokens), their clocks stand here side by side."
        return Section("positions", "Clocks over positions", [tag("p", words, class_="pending")])
    lead = "Later tokens see more of those before them: scores, softmax and values take longer."
    figure = tag("figure", over_positions(found["first"], clocks), class_="chart")
    return Section("positions", "Clocks over positions", [tag("p", lead, class_="lead"), figure])


def _systems(found: Figures) -> Section:
    base, *others = found["sensitivity"]
    lead = (
        f"Position {found['first'] + found['tokens'] - 1} by itself, {count(base['clocks'])} clocks and "
        f"{energy_text(base['picojoules'] * 1e-12)} on this system, and on others that differ in one respect each."
    )
    head = [tag("th", "System"), *(tag("th", name, class_="n") for name in ("Clocks", "Ratio", "Energy", "Ratio"))]
    rows = [_system(each, base) for each in others]
    drawn = [(each["name"], each["clocks"]) for each in others if each["clocks"] is not None]
    bars = against("Clocks beside this system's", base["clocks"], drawn)
    details = tag(
        "details",
        tag("summary", "What differs, and the figures"),
        table(head, rows, "The same position on other systems", 2 * MEANING + 4 * TIME, "each"),
    )
    return Section("systems", "On other systems", [tag("p", lead, class_="lead"), tag("figure", bars), details])


def _system(each: Figures, base: Figures) -> Markup:
    changes = ", ".join(f"{key}={value}" for key, value in sorted(each["changes"].items()))
    name = tag("th", each["name"], tag("br"), tag("small", changes), scope="row")
    if each["clocks"] is None:
        return tag("tr", name, tag("td", each["problem"], colspan=4))
    return tag(
        "tr",
        name,
        cell(count(each["clocks"])),
        cell(times(each["clocks"] / base["clocks"])),
        cell(energy_text(each["picojoules"] * 1e-12)),
        cell(times(each["picojoules"] / base["picojoules"])),
    )


def _timing(found: Figures) -> Section:
    timing = found["timing"]
    lead = (
        f"What the channels obeyed in this simulation; its hash is {timing['hash']}. "
        f"A clock is {timing['clock_ps']} ps ({timing['clock_source']})."
    )
    head = [tag("th", "Rule"), *(tag("th", name, class_="n") for name in ("Clocks", "Time"))]
    head += [tag("th", "Meaning"), tag("th", "Source")]
    rows = [
        tag(
            "tr",
            tag("th", rule["symbol"], scope="row"),
            cell(count(rule["clocks"])),
            cell(time_text(rule["clocks"] * timing["clock_ps"] * 1e-12) if rule["clocks"] else "0 ns"),
            cell(rule["meaning"], number=False),
            cell(rule["source"], number=False),
        )
        for rule in timing["rules"]
    ]
    width = SYMBOL + CLOCKS + TIME + 2 * MEANING
    figure = tag("figure", table(head, rows, "The timing table in effect", width, "each"))
    return Section("timing", "Timing table in effect", [tag("p", lead, class_="lead"), figure])


def _basis(found: Figures) -> Section:
    rows: list[tuple[str, Node]] = [
        (
            "Clocks",
            "A simulator of the controller and its channels, which sends every command in the same clock as the "
            "hardware. Values are not computed: nothing but lengths and addresses has an influence on time.",
        ),
        (
            "Tokens",
            "Every position has a program of its own, which starts when the one before has ended. Every token has the "
            "number 0, which chooses the bank of its embedding and nothing else.",
        ),
        ("Refreshes", _refreshes(found)),
        (
            "Energy",
            "From the table of the system, of which each value has its source above; the host has no part in it.",
        ),
        (
            "In no figure",
            "Loading programs, a word a clock while none runs; and moving the weights into the banks.",
        ),
    ]
    return Section("basis", "What the figures rest on", [tag("figure", facts(rows))])


def _refreshes(found: Figures) -> str:
    interval = next(rule["clocks"] for rule in found["timing"]["rules"] if rule["symbol"] == "tREFI")
    if not interval:
        return "Off: tREFI is 0."
    number = count(found["refreshes"])
    return (
        f"{number} of all channels. A run of more than two intervals ({count(2 * interval)} clocks) without any fails."
    )
