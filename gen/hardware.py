"""What hardware each primitive of an engine's nest became."""

from __future__ import annotations

from dataclasses import dataclass

from gen.timing import pes
from hdl.arith.encoding import encoding
from hdl.arith.multiply_add import CarrySave
from hdl.arith.partial_products import PartialProducts
from hdl.arith.radix4 import Booth
from hdl.params import Dataflow, EngineParams
from hdl.pe.cube import Accumulator, chain_arithmetic
from hdl.pe.opt1 import Opt1PE

__all__ = ["Place", "hardware"]


@dataclass(frozen=True)
class Place:
    """Where a primitive stands in the Verilog.

    Parameters
    ----------
    primitive : str
        The primitive and the value that it gives, as in the nest; in ``laconic``, which has no nest, what is done.
    module : str
        The module, without the design's prefix, that holds it.
    copies : int
        Instances of that module.
    text : str
        What it is there.
    """

    primitive: str
    module: str
    copies: int
    text: str


def hardware(params: EngineParams) -> list[Place]:
    """The hardware of every primitive, in the order of the nest."""
    if params.scheme not in ("mac", "opt1"):
        return []
    if params.array == "systolic_ws":
        return [*_products(params), *_chain(params), *_foot(params)]
    if params.array == "cube":
        return [*_products(params), *_chain(params), *_accumulator(params)]
    if params.array in ("systolic_os", "matrix_2d"):
        return [*_products(params), *_sum_in_pe(params)]
    return []


def _products(params: EngineParams) -> list[Place]:
    """From an operand of A to the partial products in a PE."""
    fused = params.multiplier == "fused"
    if params.scheme == "mac" and not fused:
        multiply = "the operator *: what digits it has is left to synthesis"
        return [Place(primitive, "pe", pes(params), multiply) for primitive in ("encode d", "map p", "shift q")]
    digits = Booth(params.a) if params.scheme == "mac" else encoding(params.encoder, params.a)
    wires = f"{digits.digits} digits on {digits.bits} wires"
    lanes = params.depth if params.weight_stationary else params.rows * (params.depth if params.array == "cube" else 1)
    if params.scheme == "mac":
        encode = Place("encode d", "pe", pes(params), f"Booth inside the multiplier: {wires}")
    elif digits.plain:
        encode = Place("encode d", "pe", pes(params), f"wires: the {digits.digits} bits of the operand")
    else:
        encode = Place("encode d", "recode", lanes, f"where an operand enters the array: {wires}")
    bits = PartialProducts(digits, params.b).bits
    select = f"each digit selects 0, b or 2 b, inverted if it is negative: {bits} bits"
    if digits.plain:
        select = f"each bit lets b through: {bits} bits"
    return [encode, Place("map p", "pe", pes(params), select), Place("shift q", "pe", pes(params), "wires")]


def _sum_in_pe(params: EngineParams) -> list[Place]:
    """The sum stays in the PE."""
    count, width = pes(params), params.accumulator
    if params.scheme == "mac":
        return [
            _reduced(params),
            Place("add C[m,n]", "pe", count, f"a carry-propagate adder, {width} bits, in every step"),
        ]
    carries = len(Opt1PE(params).carries)
    finish = f"an adder of {width} bits at the head of each column, {Dataflow(params).finish_steps} steps"
    return [
        Place("half_reduce s, c", "pe", count, f"full adders; the registers hold {width} bits of s and {carries} of c"),
        Place("add C[m,n]", "finish", params.cols, finish),
    ]


def _reduced(params: EngineParams) -> Place:
    """The compressor of ``mac``."""
    if params.multiplier == "inferred":
        return Place("half_reduce s, c", "pe", pes(params), "inside the operator *")
    return Place("half_reduce s, c", "pe", pes(params), "full adders, which take in the sum so far, too")


def _chain(params: EngineParams) -> list[Place]:
    """The sum passes from PE to PE along K."""
    count = pes(params)
    if params.scheme == "mac":
        add = f"a carry-propagate adder, {params.block_bits} bits; the next PE of the chain takes the sum"
        return [_reduced(params), Place("add x", "pe", count, add)]
    form = chain_arithmetic(params) if params.array == "cube" else CarrySave(params, params.block_bits)
    bits = f"{form.width} bits of s and {len(form.columns) - form.width} of c"
    return [Place("half_reduce s, c", "pe", count, f"full adders; the next PE of the chain takes {bits}")]


def _foot(params: EngineParams) -> list[Place]:
    """The sums over a block of K are added up below the columns, row by row."""
    foot = f"adder and {params.rows} x {params.accumulator} bits of sums over the blocks before"
    if params.scheme != "mac":
        foot = f"s + c, {params.block_bits} bits, then {foot}"
    return [Place("add C[m,n]", "foot", params.cols, foot)]


def _accumulator(params: EngineParams) -> list[Place]:
    """The sums of a chain are added up at its end."""
    count, width = params.rows * params.cols, params.accumulator
    if params.scheme == "mac":
        return [Place("add C[m,n]", "accumulator", count, f"a carry-propagate adder, {width} bits, in every step")]
    carries = len(Accumulator(params).carries)
    finish = f"an adder of {width} bits at the head of each column, {Dataflow(params).finish_steps} steps"
    return [
        Place(
            "half_reduce t, u",
            "accumulator",
            count,
            f"full adders; the registers hold {width} bits of t and {carries} of u",
        ),
        Place("add C[m,n]", "finish", params.cols, finish),
    ]
