"""PEs over all 65,536 pairs of 8-bit operands."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from gen.nest.encoders import encode
from hdl.params import ENCODERS, EngineParams
from hdl.pe.scheme import Scheme
from tests.hdl.digits import pack
from tests.hdl.lanes import Lanes, Netlist, netlists
from tests.hdl.pairs import STREAKS, Drive, Steps, check_all_pairs, differences, missed_mutants

PES: dict[str, dict[str, Any]] = {
    **{f"opt1-{encoder}": {"scheme": "opt1", "encoder": encoder} for encoder in ENCODERS},
    "opt1-unsigned-signed": {"scheme": "opt1", "encoder": "naf", "a": "u8", "b": "s8", "carry_every": 1},
    "opt1-signed-unsigned": {"scheme": "opt1", "encoder": "ent", "a": "s8", "b": "u8", "carry_every": 4},
    "opt1-unsigned": {"scheme": "opt1", "encoder": "bit_serial", "a": "u8", "b": "u8", "carry_every": 8},
    "mac-fused": {"scheme": "mac", "multiplier": "fused"},
    "mac-inferred": {"scheme": "mac", "multiplier": "inferred"},
}


def params(name: str) -> EngineParams:
    return EngineParams.from_dict({"accumulator": 19, **PES[name]})


A_FORMATS = ("s2", "u2", "s3", "u3", "s4", "s5", "u6", "u7", "s10", "s11", "u13", "s15", "s16", "u16")
B_FORMATS = ("u2", "s3", "s16", "s8", "u8")
CARRIES = (1, 2, 4, 8)


@pytest.fixture(scope="module")
def gates() -> dict[str, Netlist]:
    return netlists({name: Scheme.of(params(name)).pe for name in PES})


def driver(engine: EngineParams) -> Drive:
    """Drives a PE of a systolic array that takes one pair of operands in each step."""
    scheme, a_values = Scheme.of(engine), np.arange(engine.a.min, engine.a.max + 1)
    if scheme.recode is None:
        wires = a_values % (1 << engine.a.width)
    else:
        wires = pack(scheme.recode.encoding, encode(a_values, engine.encoder, engine.a))

    def drive(lanes: Lanes, steps: Steps) -> NDArray[np.uint64]:
        for i, (a, b) in enumerate(steps):
            lanes.set(en=1, clear_in=i == 0, a_in=wires[a - engine.a.min], b_in=b % (1 << engine.b.width))
            lanes.step()
        lanes.set(clear_in=1, a_in=0, b_in=0)
        lanes.step()
        assert lanes.get("clear_out").all()
        return lanes.get("acc", scheme.columns) - np.uint64(len(steps) * scheme.excess)

    return drive


@pytest.mark.parametrize("name", PES)
def test_all_pairs(name: str, gates) -> None:
    engine = params(name)
    count = check_all_pairs(gates[name], engine.a, engine.b, engine.accumulator, driver(engine))
    assert count == len(STREAKS) * 65_536


@pytest.mark.parametrize("encoder", ENCODERS)
def test_formats(encoder: str) -> None:
    """A of many widths; formats of B, and how many carries are kept, come round beside them."""
    engines = {
        a: EngineParams.from_dict({"encoder": encoder, "a": a, "b": b, "carry_every": every, "accumulator": 37})
        for a, b, every in zip(A_FORMATS, itertools.cycle(B_FORMATS), itertools.cycle(CARRIES), strict=False)
    }
    found = netlists({a: Scheme.of(engine).pe for a, engine in engines.items()})
    for a, engine in engines.items():
        _, wrong, example = differences(found[a], engine.a, engine.b, engine.accumulator, driver(engine), sample=1000)
        assert not wrong, f"{engine}: {example}"


@pytest.mark.parametrize("name", PES)
def test_a_broken_gate_is_found(name: str, gates) -> None:
    """Gates at random, each turned into another kind."""
    engine = params(name)
    missed = missed_mutants(gates[name], engine.a, engine.b, engine.accumulator, driver(engine), count=60)
    assert len(missed) <= 2, missed
