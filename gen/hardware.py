"""What hardware each primitive of an engine's nest became."""

from __future__ import annotations

from dataclasses import replace

from gen.place import Place
from gen.places_of_results import places_of_results
from gen.timing import pes
from hdl.arith.encoding import encoding
from hdl.arith.multiply_add import CarrySave
from hdl.arith.partial_products import PartialProducts
from hdl.arith.radix4 import Booth
from hdl.array.columns import TreeColumn
from hdl.params import Dataflow, EngineParams
from hdl.params.axes import Skip
from hdl.params.sparse import SparseShape
from hdl.pe.laconic import LaconicPE
from hdl.pe.scheme import Scheme
from hdl.sparse.ends import Ends
from hdl.sparse.plane import PlaneSum

__all__ = ["Place", "hardware", "notes"]


def hardware(params: EngineParams) -> list[Place]:
    """The hardware of every primitive, in the order of the nest."""
    if params.axes.stores_operands:
        return _sparse(params)
    if params.axes.recodes_both:
        return _laconic(params)
    if not params.weight_stationary:
        return places_of_results(params)
    inside = _chain(params) if params.axes.chain else _tree(params)
    return [*_products(params), *inside, _foot(params)]


def notes(params: EngineParams) -> list[str]:
    """Sentences on hardware that the nest does not show, and on where hardware and nest differ."""
    if params.axes.stores_operands:
        return _notes_on_sparse(params)
    if params.axes.recodes_both:
        return [
            "A beat takes as many cycles as, over all operands in it, the most terms of one of A times the most terms "
            "of one of B: the whole tile waits for its slowest lane. The next beat is recoded meanwhile.",
        ]
    if params.axes.skip is Skip.COMMON:
        return ["A beat takes a step even if all of its digits are zero. The next beat is recoded meanwhile."]
    if params.weight_stationary:
        way = "moves along with" if params.axes.hands_a_over else "comes with"
        return [
            "Every PE has a second register for B, into which the next block is loaded while this one works; the "
            f"change {way} the first row that needs it, and costs no step."
        ]
    return []


def _products(params: EngineParams) -> list[Place]:
    """From operands to the partial products in a PE."""
    fused = params.multiplier == "fused"
    if not params.axes.saves_carries and not fused:
        multiply = "the operator *: what digits it has is left to synthesis"
        return [Place(primitive, "pe", pes(params), multiply) for primitive in ("encode d", "map p", "shift q")]
    digits = encoding(params.encoder, params.a) if params.axes.saves_carries else Booth(params.a)
    wires = f"{digits.digits} digits on {digits.bits} wires"
    if not params.axes.saves_carries:
        encode = Place("encode d", "pe", pes(params), f"Booth inside the multiplier: {wires}")
    elif digits.plain:
        encode = Place("encode d", "pe", pes(params), f"wires: the {digits.digits} bits of the operand")
    else:
        encode = Place("encode d", "recode", params.depth, f"where an operand enters the array: {wires}")
    bits = PartialProducts(digits, params.b).bits
    select = f"each digit selects 0, b or 2 b, inverted if it is negative: {bits} bits"
    if digits.plain:
        select = f"each bit lets b through: {bits} bits"
    places = [encode, Place("map p", "pe", pes(params), select)]
    return places if params.axes.sum.per_weight else [*places, Place("shift q", "pe", pes(params), "wires")]


def _tree(params: EngineParams) -> list[Place]:
    """The products of a column are added up by a tree."""
    count, cols, levels = pes(params), params.cols, TreeColumn(params).levels
    inside = "tree" if params.depth > 1 or params.axes.sum.per_weight else "column"
    stages = f"{Dataflow.TREE_FAN_IN} at a time, {levels} {'stage' if levels == 1 else 'stages'}"
    if not params.axes.saves_carries:
        bits = params.product_bits
        places = [_reduced(params), Place("add x", "pe", count, f"a carry-propagate adder, {bits} bits")]
        places[0] = replace(places[0], text=places[0].text.split(",")[0])
        return places
    if not params.axes.sum.per_weight:
        text = f"full adders: in a PE its digits' products, then the PEs' pairs {stages}"
        return [Place("half_reduce s, c", inside, cols, text)]
    return [
        Place("half_reduce s, c", inside, cols, f"for each weight a tree of full adders, {stages}"),
        Place("add x", inside, cols, "no adder of its own: sums and carries go on as they are"),
        Place("shift y", inside, cols, "wires"),
        Place("half_reduce t, u", inside, cols, "full adders"),
    ]


def _reduced(params: EngineParams) -> Place:
    """The compressor of ``mac``."""
    if params.multiplier == "inferred":
        return Place("half_reduce s, c", "pe", pes(params), "inside the operator *")
    return Place("half_reduce s, c", "pe", pes(params), "full adders, which take in the sum so far, too")


def _chain(params: EngineParams) -> list[Place]:
    """The sum passes from PE to PE along K."""
    count = pes(params)
    if not params.axes.saves_carries:
        add = f"a carry-propagate adder, {params.block_bits} bits; the next PE of the chain takes the sum"
        return [_reduced(params), Place("add x", "pe", count, add)]
    form = CarrySave(params, params.block_bits)
    bits = f"{form.width} bits of s and {len(form.columns) - form.width} of c"
    return [Place("half_reduce s, c", "pe", count, f"full adders; the next PE of the chain takes {bits}")]


def _foot(params: EngineParams) -> Place:
    """The sums over a block of K are added up below the columns, row by row."""
    foot = f"adder and {params.rows} x {params.accumulator} bits of sums over the blocks before"
    if params.axes.saves_carries:
        foot = f"{'t + u' if params.axes.sum.per_weight else 's + c'}, {params.block_bits} bits, then {foot}"
    elif params.axes.tree and params.depth > 1:
        foot = f"a tree, {Dataflow.TREE_FAN_IN} sums at a time; then {foot}"
    return Place("add C[m,n]", "foot", params.cols, foot)


def _sparse(params: EngineParams) -> list[Place]:
    """Digits are selected, summed plane by plane in the PEs, and finished at the heads of the columns."""
    shape, plane = SparseShape(params), PlaneSum(params)
    digits = encoding(params.encoder, params.a)
    count, recoders = pes(params), params.rows * shape.lanes
    own = params.axes.recodes_in_pe
    finds = f"of a group of {_count(shape.group, 'digit')}, those that are not zero in turn"
    once = "once for all planes" + (" and PEs of a row" if own else "")
    if not params.axes.skips_by_row:
        found = Place("sparse digits not zero", "bank", shape.banks, "lists of the steps in which some row has a digit")
    elif own:
        found = Place("sparse digits not zero", "pe", count, finds)
    else:
        found = Place("sparse digits not zero", "picker", recoders, f"at a row's edge: {finds}")
    if plane.saves:
        registers = f"full adders; registers of {plane.width} bits for s and {len(plane.carries)} for c"
        head = f"an adder of {plane.width} bits at the head of each column"
        sums = [Place("half_reduce s, c", "pe", count, registers), Place("add x", "collector", params.cols, head)]
    else:
        sums = [Place("add x", "pe", count, f"a carry-propagate adder, {plane.width} bits, in every step")]
    return [
        found,
        Place("encode d", "recode", recoders, f"{once}: {digits.digits} digits on {digits.bits} wires"),
        Place("map p", "pe", count, f"b or 2 b, inverted if negative; {_count(shape.lanes, 'digit')}, b = 0 without"),
        *sums,
        Place("shift y", "collector", params.cols, f"by the plane, one of {digits.digits}"),
        Place("add C[m,n]", "collector", params.cols, f"an adder and a memory of {2 * params.rows} results"),
        *([Place("sync m", "output", 1, "waits until all rows have finished a tile")] if params.sparse else []),
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
    return [
        f"A store holds two segments of {shape.segment} steps of K, and for each plane a list of the steps in which "
        "some row has a digit: other steps cost nothing. A longer tile is worked off segment after segment, and a "
        "segment plane after plane: sums have the bits that a segment asks for, and are finished once for each of its "
        "planes.",
        *_notes_on_rows(params, shape),
    ]


def _notes_on_rows(params: EngineParams, shape: SparseShape) -> list[str]:
    if not params.axes.skips_by_row:
        return [
            "Rows keep step: what the store lists goes straight to the PEs. At the end of a plane the sums of the rows "
            f"leave one after the other; the next plane ends {Ends(params, 1).interval} cycles later at the earliest."
        ]
    return [
        f"A window of {params.queue} groups with their operands of B ({shape.banks} a column) stands in front of the "
        "rows. Rows may run apart by as much, even into the next tile.",
        "In the nest a row's final adders take its columns in turn; in hardware a column's take the rows in turn, as "
        "an arbiter lets their sums onto the result buses.",
    ]


def _count(number: int, noun: str) -> str:
    return f"a {noun}" if number == 1 else f"{number} {noun}s"
