"""The parts of the report about the engine itself: its diagram, a processing element, its ports."""

from __future__ import annotations

from collections.abc import Callable

from gen.report.blocks import Section, cell, diagram, table
from gen.report.data import RunData
from gen.report.diagrams.engine import engine_diagram
from gen.report.diagrams.pe import pe_diagram
from gen.report.figures import count
from gen.report.markup import tag
from gen.timing import drain_cycles, interval_words
from hdl.arith.encoding import encoding
from hdl.params import Axes, EngineParams

__all__ = ["element", "engine", "interface"]

#: What a PE does: the first text whose axes are the engine's.
PE_TEXTS: tuple[tuple[Callable[[Axes], bool], str], ...] = (
    (
        lambda axes: axes.recodes_both,
        (
            "Operands of A and of B arrive as terms, plus or minus a power of two, one pair a lane and cycle. To "
            "multiply them is to add their exponents; the products of all lanes are added to a sum in carry-save "
            "form."
        ),
    ),
    (
        lambda axes: axes.skips_by_row and axes.recodes_in_pe,
        (
            "A group of digits of equal weight arrives. The PE picks those that are not zero, one a cycle, and adds "
            "that multiple of its operand of B to the sum of the weight. It never shifts."
        ),
    ),
    (
        lambda axes: axes.skips_by_row and axes.tree,
        (
            "Digits that are not zero arrive, one a lane, each from its own steps of K, picked once for all PEs of the "
            "row. Their multiples of as many operands of B are added to one sum, which is that of their weight."
        ),
    ),
    (
        lambda axes: axes.skips_by_row,
        (
            "A digit that is not zero arrives, picked once for all PEs of the row. Its multiple of the operand of B "
            "is added to the sum of the digit's weight. The PE never shifts and never waits."
        ),
    ),
    (
        lambda axes: axes.stores_operands,
        (
            "A step of K arrives, the same in all rows, with one digit of equal weight on each lane, and an operand "
            "that it is multiplied by. The product is added to the sum of the weight. The PE never shifts and never "
            "waits."
        ),
    ),
    (
        lambda axes: axes.digits.order is not None,
        (
            "Digits arrive one after another, made of an operand at the edge of the array, and with each of them the "
            "other operand, shifted to the digit's weight. The PE adds their product to its sum; it never shifts."
        ),
    ),
    (
        lambda axes: not axes.saves_carries,
        "Multiply and add. The carry-propagate addition stands inside the loop over k: it is part of every cycle.",
    ),
    (
        lambda axes: axes.sum.per_weight,
        (
            "The operand of A arrives as digits, recoded once where it enters the array. Products of digits of equal "
            "weight are summed apart, in few bits and without a shift; the weights are combined outside of the loop "
            "over k."
        ),
    ),
    (
        lambda axes: True,
        (
            "The operand of A arrives as digits, recoded once where it enters the array. Each digit picks a multiple "
            "of b; all of them are compressed into a sum that keeps its carries (carry-save), so that no long carry "
            "chain is left in the loop over k. Sum and carries meet outside of it, in the final adders."
        ),
    ),
)


def engine(data: RunData) -> Section:
    """The block diagram, and how tiles follow each other."""
    params = data.params
    interval = (
        f"Tiles follow each other {interval_words(params)}; the results of one leave while the next is computed. "
    )
    if drain_cycles(params) is not None:
        interval += "The lower bound is the number of cycles in which a tile's results occupy the result bus. "
    beats = (
        f"Every stream takes any gap and any back-pressure. {_operand_beats(params)} "
        f"Results leave as {_count_of(params.rows, 'beat')}, one row of C each."
    )
    latency = data.manifest.latency
    tail = f" From a tile's last operands to its first results: {count(latency)} cycles." if latency else ""
    lead = tag("p", interval, beats, tail, class_="lead")
    return Section("engine", "The engine", [lead, tag("figure", diagram(engine_diagram(params), "Block diagram"))])


def _operand_beats(params: EngineParams) -> str:
    if params.weight_stationary:
        return f"K is cut into blocks of {params.depth}: a beat of A is a row of a block, a beat of B one k."
    if params.k_step > 1:
        return f"One beat of A and B holds {params.k_step} steps of K."
    return "One beat of A and B is one k: a column of A, a row of B."


def _count_of(number: int, noun: str) -> str:
    return f"one {noun}" if number == 1 else f"{number} {noun}s"


def element(data: RunData) -> Section:
    """One processing element."""
    params = data.params
    caption = "Small numbers are widths in bits. "
    if not params.axes.stores_operands:  # nothing behind a store is ever frozen
        caption += "All registers share one enable; frozen, nothing changes. "
    if not params.axes.multiplies:
        digits = encoding(params.encoder, params.recoded)
        caption += f"An operand of format {params.recoded} has {digits.digits} digits on {digits.bits} wires"
        names = {"one": "one", "two": "two", "neg": "negative"}
        caption += "." if digits.plain else f": {', '.join(names[wire] for wire in digits.wires)}."
    figure = tag("figure", diagram(pe_diagram(params), "One processing element"), tag("figcaption", caption))
    text = next(text for fits, text in PE_TEXTS if fits(params.axes))
    if params.axes.stores_operands and params.axes.saves_carries:
        text += " The sum is in carry-save form."
    return Section("element", "One processing element", [tag("p", text, class_="lead"), figure])


def interface(data: RunData) -> Section:
    """The ports of the top module."""
    rows = [
        tag(
            "tr",
            tag("th", tag("code", port.name), scope="row"),
            cell(port.direction, number=False),
            cell(count(port.width)),
            cell(port.description, number=False),
        )
        for port in data.manifest.ports
    ]
    head = [tag("th", "Port"), tag("th", "Direction"), tag("th", "Bits", class_="n"), tag("th", "Meaning")]
    lead = tag("p", "Ports of ", tag("code", data.manifest.top), ". All are synchronous to the clock.", class_="lead")
    return Section("interface", "Interface", [lead, tag("figure", table(head, rows, "Ports", 620, "ports"))])
