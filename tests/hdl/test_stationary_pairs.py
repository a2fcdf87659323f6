"""PEs that hold a weight over all 65,536 pairs of 8-bit operands, and with gates that are broken."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from gen.nest.encoders import encode
from hdl.params import EngineParams
from hdl.pe.chain import ChainPE
from hdl.pe.product import ProductPE, SelectPE
from hdl.pe.recode import recoder
from tests.hdl.digits import pack
from tests.hdl.lanes import Lanes, Netlist, netlists
from tests.hdl.pairs import STREAKS, Drive, Steps, check_all_pairs, missed_mutants, mutants

#: What the PEs of a column of 24 may add up to; bits of a sum.
PES: dict[str, dict[str, Any]] = {
    "chain-mac": {"array": "systolic_ws", "scheme": "mac"},
    "chain-mac-inferred": {"array": "systolic_ws", "scheme": "mac", "multiplier": "inferred", "a": "u8"},
    "chain-opt1": {"array": "systolic_ws", "scheme": "opt1"},
    "chain-opt1-ent": {"array": "systolic_ws", "scheme": "opt1", "encoder": "ent", "b": "u8", "carry_every": 1},
    "chain-opt1-bits": {"array": "systolic_ws", "scheme": "opt1", "encoder": "bit_serial", "carry_every": 8},
    "chain-opt1-magnitude": {"array": "systolic_ws", "scheme": "opt1", "encoder": "sign_magnitude", "carry_every": 1},
    "tree-mac": {"array": "adder_tree", "scheme": "mac"},
    "tree-mac-unsigned": {"array": "adder_tree", "scheme": "mac", "a": "u8", "b": "u8"},
    "tree-opt1": {"array": "adder_tree", "scheme": "opt1", "carry_every": 4},
    "tree-opt1-naf": {"array": "adder_tree", "scheme": "opt1", "encoder": "naf", "a": "u8"},
    "tree-opt2": {"array": "adder_tree", "scheme": "opt2"},
    "tree-opt2-bits": {"array": "adder_tree", "scheme": "opt2", "encoder": "bit_serial", "b": "u8"},
}
Sums = NDArray[np.uint64]


def params(name: str) -> EngineParams:
    return EngineParams.from_dict({"depth": 24, **PES[name]})


def part(name: str) -> ChainPE | ProductPE | SelectPE:
    engine = params(name)
    if engine.array == "systolic_ws":
        return ChainPE(engine)
    return SelectPE(engine) if engine.scheme == "opt2" else ProductPE(engine)


@pytest.fixture(scope="module")
def gates() -> dict[str, Netlist]:
    return netlists({name: part(name) for name in PES})


def driver(name: str) -> Drive:
    """Gives each pair its weight by way of the shadow register, which holds another one when the product comes out."""
    engine, pe = params(name), part(name)
    a_values = np.arange(engine.a.min, engine.a.max + 1)
    recode = recoder(engine)
    wires = a_values % 256 if recode is None else pack(recode.encoding, encode(a_values, engine.encoder, engine.a))
    end = "_in" if pe.systolic else ""

    def multiply(lanes: Lanes, a: Sums, b: Sums, other: Sums) -> None:
        lanes.set(**{"en": 1, f"load{end}": 1, f"swap{end}": 0, "b": b % 256, f"a{end}": wires[other - engine.a.min]})
        lanes.step()
        lanes.set(**{f"load{end}": 0, f"swap{end}": 1, f"a{end}": wires[a - engine.a.min]})
        lanes.step()
        lanes.set(**{f"load{end}": 1, f"swap{end}": 0, "b": ~b % 256})
        for _ in range(2):
            lanes.step()

    def chain(lanes: Lanes, steps: Steps) -> Sums:
        form = pe.arithmetic
        lanes.set(p_in=0)
        for i, (a, b) in enumerate(steps):
            before = lanes.get("p_out") if i else np.zeros(lanes.lanes, dtype=np.uint64)
            multiply(lanes, a, b, np.roll(a, 1))
            lanes.set(p_in=before.astype(np.int64))
            lanes.step()
        return lanes.get("p_out", form.columns) - np.uint64(len(steps) * form.excess)

    def products(lanes: Lanes, steps: Steps) -> Sums:
        if isinstance(pe, SelectPE):
            places = [(pe.products.offset(i), plane.columns) for i, plane in enumerate(pe.products.planes)]
            columns, excess = [offset + column for offset, each in places for column in each], pe.products.excess
        else:
            columns, excess = list(pe.arithmetic.columns), pe.arithmetic.excess
        total = np.zeros(lanes.lanes, dtype=np.uint64)
        for a, b in steps:
            multiply(lanes, a, b, np.roll(a, 1))
            product = lanes.get("p", columns) - np.uint64(excess)
            if engine.scheme == "mac" and engine.result_signed:
                product -= (product >> np.uint64(15)) << np.uint64(16)
            total += product
        return total

    return chain if pe.systolic else products


def compared_bits(name: str) -> int:
    """A chain's sums are modulo their width; products are exact."""
    return params(name).block_bits if params(name).array == "systolic_ws" else 64


@pytest.mark.parametrize("name", PES)
def test_all_pairs(name: str, gates) -> None:
    engine = params(name)
    count = check_all_pairs(gates[name], engine.a, engine.b, compared_bits(name), driver(name))
    assert count == len(STREAKS) * 65_536


@pytest.mark.parametrize("name", PES)
def test_a_broken_gate_is_found(name: str, gates) -> None:
    """Gates at random, each turned into another kind."""
    engine = params(name)
    count = min(30, len(mutants(gates[name])))
    missed = missed_mutants(gates[name], engine.a, engine.b, compared_bits(name), driver(name), count=count)
    assert len(missed) <= 2, missed
