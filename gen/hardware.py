"""What hardware each primitive of an engine's nest became."""

from __future__ import annotations

from gen.place import Place
from gen.places_of_floats import notes_on_floats, places_of_floats
from gen.places_of_results import places_of_results
from gen.places_of_weights import places_of_weights
from gen.timing import pes
from hdl.arith.encoding import encoding
from hdl.params import EngineParams
from hdl.params.axes import Adders, Skip
from hdl.params.sparse import SparseShape
from hdl.pe.laconic import LaconicPE
from hdl.pe.scheme import Scheme
from hdl.sparse.ends import Ends
from hdl.sparse.plane import PlaneSum

__all__ = ["Place", "hardware", "notes"]


def hardware(params: EngineParams) -> list[Place]:
    """The hardware of every primitive, in the order of the nest."""
    if params.floating:
        return places_of_floats(params)
    if params.axes.stores_operands:
        return _sparse(params)
    if params.axes.recodes_both:
        return _laconic(params)
    if not params.weight_stationary:
        return places_of_results(params)
    return places_of_weights(params)


def notes(params: EngineParams) -> list[str]:
    """Sentences on hardware that the nest does not show, and on where hardware and nest differ."""
    if params.axes.stores_operands:
        return _notes_on_sparse(params)
    if params.floating:
        return notes_on_floats(params)
    if params.axes.recodes_both:
        return [
            "A beat takes as many cycles as, over all operands in it, the most terms of one of A times the most terms "
            "of one of B: the whole tile waits for its slowest lane. The next beat is recoded meanwhile.",
        ]
    found = []
    if params.axes.skip is Skip.COMMON:
        found.append("A beat takes a step even if all of its digits are zero. The next beat is recoded meanwhile.")
    if params.weight_stationary:
        way = "moves along with" if params.axes.hands_a_over else "comes with"
        found.append(
            "Every PE has a second register for B, into which the next block is loaded while this one works; the "
            f"change {way} the first row that needs it, and costs no step."
        )
    return found


def _sparse(params: EngineParams) -> list[Place]:
    """Digits out of a store: selected, summed in the PEs, and finished at the heads of the columns."""
    shape = SparseShape(params)
    digits = encoding(params.encoder, params.recoded)
    count, recoders = pes(params), shape.holders * shape.lanes
    own, x = params.axes.recodes_in_pe, "a" if params.recodes_b else "b"
    multiples = f"{x} or 2 {x}, inverted if negative"
    finds = f"of a group of {_count(shape.group_digits, 'digit')}, those that are not zero in turn"
    once = "once for all planes" + (" and PEs of a row" if own else "")
    if not params.axes.skips_by_row:
        lists = f"lists of the steps in which some {_holder(params)} has a digit"
        found = Place("sparse digits not zero", "bank", shape.banks, lists)
    elif own:
        found = Place("sparse digits not zero", "pe", count, finds)
    else:
        found = Place("sparse digits not zero", "picker", recoders, f"at a row's edge: {finds}")
    return [
        found,
        Place("encode d", "recode", recoders, f"{once}: {digits.digits} digits on {digits.bits} wires"),
        Place("map p", "pe", count, f"{multiples}; {_count(shape.lanes, 'digit')}, {x} = 0 without"),
        *(_sums_of_planes(params) if params.axes.sum.per_weight else _sum_of_weights(params)),
    ]


def _holder(params: EngineParams) -> str:
    """What has digits of its own."""
    return "column" if params.recodes_b else "row"


def _sync(params: EngineParams) -> list[Place]:
    """Rows that run apart are aligned again."""
    return [Place("sync m", "output", 1, "waits until all rows have finished a tile")] if params.sparse else []


def _sums_of_planes(params: EngineParams) -> list[Place]:
    """Sums without a shift; the collectors shift them, and add them up."""
    plane, count, cols = PlaneSum(params), pes(params), params.cols
    if plane.saves:
        registers = f"full adders; registers of {plane.width} bits for s and {len(plane.carries)} for c"
        head = f"an adder of {plane.width} bits at the head of each column"
        sums = [Place("half_reduce s, c", "pe", count, registers), Place("add x", "collector", cols, head)]
    else:
        sums = [Place("add x", "pe", count, f"a carry-propagate adder, {plane.width} bits, in every step")]
    return [
        *sums,
        Place("shift y", "collector", cols, f"by the plane, one of {SparseShape(params).planes}"),
        Place("add C[m,n]", "collector", cols, f"an adder and a memory of {2 * params.rows} results"),
        *_sync(params),
    ]


def _sum_of_weights(params: EngineParams) -> list[Place]:
    """One sum of a tile: what digits are multiplied by is shifted before."""
    shape, plane, count, cols = SparseShape(params), PlaneSum(params), pes(params), params.cols
    lookups = params.rows * cols * shape.lanes
    where = ("lookup", lookups) if params.sparse else ("shift", shape.sharers * shape.lanes)
    other = "A" if params.recodes_b else "B"
    shift = Place("shift q", *where, f"operands of {other} before they are multiplied, to {shape.operand.width} bits")
    results = f"a memory of {2 * params.rows} results at the head of each column"
    if not plane.saves:
        add = f"a carry-propagate adder, {plane.width} bits, in every step; {results}"
        return [shift, Place("add C[m,n]", "pe", count, add), *_sync(params)]
    registers = f"full adders; registers of {plane.width} bits for s and {len(plane.carries)} for c"
    add = f"an adder of {plane.width} bits, and {results}"
    return [
        shift,
        Place("half_reduce s, c", "pe", count, registers),
        *_sync(params),
        Place("add C[m,n]", "collector", cols, add),
    ]


def _laconic(params: EngineParams) -> list[Place]:
    """Both operands become terms, a pair of them a lane and cycle; there is no nest whose primitives could be named."""
    pe = Scheme.of(params).pe
    assert isinstance(pe, LaconicPE)
    count, lanes = pes(params), params.depth
    terms = [f"{form.encoding.digits} digits; the terms are those not zero" for form in pe.forms]
    sums = f"full adders; registers of {params.accumulator} bits for s and {len(pe.carries)} for c"
    return [
        Place("terms of A", "terms_a", params.rows * lanes, f"{terms[0]}, one after another"),
        Place("terms of B", "terms_b", params.cols * lanes, f"{terms[1]}, repeated for every one of A"),
        Place("pairs", "serialiser", 1, "one step for each pair of terms, all lanes together"),
        Place(
            "multiply",
            "pe",
            count,
            f"in each of {_count(lanes, 'lane')}: signs compared, exponents added, up to {pe.top}",
        ),
        Place("add up", "pe", count, sums),
        Place("C[m,n]", "finish", params.cols, f"an adder of {params.accumulator} bits at the head of each column"),
    ]


def _notes_on_sparse(params: EngineParams) -> list[str]:
    shape = SparseShape(params)
    each = "for each plane a list" if shape.together == 1 else "a list"
    store = (
        f"A store holds two segments of {shape.segment} steps of K, and {each} of the steps in which some "
        f"{_holder(params)} has a digit: other steps cost nothing. A longer tile is worked off segment after segment"
    )
    if shape.together == 1:
        store += ", and a segment plane after plane"
    if params.axes.sum.per_weight:
        store += ": sums have the bits that a segment asks for, and are finished once for each of its planes"
    return [f"{store}.", *_notes_on_rows(params, shape)]


def _notes_on_rows(params: EngineParams, shape: SparseShape) -> list[str]:
    if not params.axes.skips_by_row:
        end = "plane" if params.axes.sum.per_weight else "tile"
        return [
            f"Rows keep step: what the store lists goes straight to the PEs. At the end of a {end} the sums of the "
            f"rows leave one after the other; the next {end} ends {Ends.least_interval(params)} cycles later at the "
            "earliest."
        ]
    notes = [
        f"A window of {params.queue} groups with their operands of B ({shape.banks} a column) stands in front of the "
        "rows. Rows may run apart by as much, even into the next tile.",
    ]
    if params.axes.adders is Adders.ROW:
        notes.append(
            "In the nest a row's final adders take its columns in turn; in hardware a column's take the rows in turn, "
            "as an arbiter lets their sums onto the result buses."
        )
    elif params.axes.adders is Adders.COLUMN:
        notes.append(
            "In the nest all rows have finished a tile before a column's final adder takes them in turn; in hardware "
            "it takes them as they finish, and they are aligned behind it."
        )
    return notes


def _count(number: int, noun: str) -> str:
    return f"a {noun}" if number == 1 else f"{number} {noun}s"
