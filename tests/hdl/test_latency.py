"""The latency that an engine states is the one that it has."""

from __future__ import annotations

from typing import Any

import pytest

from hdl.engine.bodies import body_of
from hdl.engine.top import Engine
from hdl.params import Dataflow, EngineParams, OperandFormat
from hdl.params.delta_front import DeltaFront
from hdl.params.front import Front
from hdl.params.gate import GateParams
from hdl.tops import top_of
from tests.hdl.lanes import Lanes, Netlist, netlists


def stationary(form: str, steps: int, carries: str = "save", *, per_weight: bool = False, **axes: Any) -> dict:
    """Axes of an engine on which a block of B stays, as plain values."""
    total = {"carries": carries, "per_weight": per_weight}
    k = {"form": form, "steps": steps}
    return {"stays": "weights", "b": None, "k": k, "sum": total, "adders": "column", **axes}


IN_TIME = {"digits": {"at_once": 1, "order": "operands"}}
SMALL = {"rows": 3, "cols": 2, "depth": 3, "a": "s4", "b": "s4", "accumulator": 12}
ENGINES: dict[str, dict[str, Any]] = {
    "systolic_os-booth": {},
    "systolic_os-ent": {"encoder": "ent", "preload": True},
    "systolic_os-mac": {"scheme": "mac", "rows": 9},
    "matrix_2d-naf": {"array": "matrix_2d", "encoder": "naf"},
    "matrix_2d-magnitude": {"array": "matrix_2d", "encoder": "sign_magnitude"},
    "matrix_2d-opt2": {"array": "matrix_2d", "scheme": "opt2", "encoder": "bit_serial"},
    "cube-ent": {"array": "cube", "encoder": "ent"},
    "systolic_ws-naf": {"array": "systolic_ws", "encoder": "naf"},
    "systolic_ws-mac": {"array": "systolic_ws", "scheme": "mac"},
    "serial": {"point": {"digits": {"at_once": 1, "order": "operands"}}, "encoder": "ent"},
    "serial-two": {"point": {"digits": {"at_once": 2, "order": "operands"}, "a": "broadcast"}, "preload": True},
    "adder_tree-booth": {"array": "adder_tree", "depth": 5},
    "adder_tree-mac": {"array": "adder_tree", "scheme": "mac"},
    "adder_tree-opt2": {"array": "adder_tree", "scheme": "opt2", "encoder": "ent", "preload": True},
    "stationary-planes": {"point": stationary("chain", 3, per_weight=True)},
    "stationary-broadcast": {"point": stationary("chain", 2, "propagate", a="broadcast", encode="edge")},
    "stationary-handed": {"point": stationary("tree", 5, recoded="b", encode="load")},
    "stationary-one": {"point": stationary("none", 1, "propagate"), "encoder": "naf"},
    "stationary-steps": {"point": stationary("tree", 3, per_weight=True, **IN_TIME)},
    "stationary-gathered": {"point": stationary("chain", 2, a="broadcast", **IN_TIME), "preload": True},
    "stationary-numbers": {"point": stationary("none", 1, "propagate", encode="pe", **IN_TIME)},
}


def params(name: str) -> EngineParams:
    return EngineParams.from_dict({**SMALL, **ENGINES[name]})


FRONTS: dict[str, Front] = {
    "gate": GateParams(params("systolic_os-mac"), pixels=4, modes=("zero",)),
    "gate-store": GateParams(params("systolic_os-ent"), pixels=4, modes=("compact",)),
    "delta": DeltaFront(params("systolic_os-ent"), OperandFormat(4, signed=False), 4),
}


@pytest.fixture(scope="module")
def fronted() -> dict[str, Netlist]:
    return netlists({name: top_of(front) for name, front in FRONTS.items()})


@pytest.fixture(scope="module")
def gates() -> dict[str, Netlist]:
    return netlists({name: Engine(params(name)) for name in ENGINES})


def offer(lanes: Lanes, beats: dict[str, int]) -> tuple[int, int, int]:
    """Offer so many beats on each stream; gives the cycles of the first and the last one taken, and of a result."""
    left = dict(beats)
    taken = []
    for cycle in range(60):
        lanes.set(**{f"s_axis_{stream}_tvalid": count > 0 for stream, count in left.items()})
        lanes.set(**{f"s_axis_{stream}_tlast": count == 1 for stream, count in left.items()})
        for stream, count in left.items():
            if count and lanes.get(f"s_axis_{stream}_tready")[0]:
                left[stream] -= 1
                taken.append(cycle)
        if lanes.get("m_axis_c_tvalid")[0]:
            return taken[0], taken[-1], cycle
        lanes.step()
    return taken[0], taken[-1], -1


@pytest.mark.parametrize("name", ENGINES)
def test_latency(name: str, gates) -> None:
    """One tile in an engine that has waited long enough for nothing to hold it back."""
    engine = params(name)
    flow = Dataflow(engine)
    alone = flow.beat_steps > 1 or (engine.weight_stationary and engine.depth == 1)
    k = 1 if alone else 2  # a second beat, or block, would wait for the first one's steps
    beats = {"a": flow.a.beats(k), "b": flow.b.beats(k)}
    lanes = Lanes(gates[name], 1)
    for reset in (1, 0):
        lanes.set(rst=reset, job_tiles=1, job_valid=1, m_axis_c_tready=1)
        for _ in range(30):
            lanes.step()
    if engine.preload:
        lanes.set(s_axis_c_tvalid=1)
    if engine.weight_stationary:  # the block of B is there; then only the first row of A counts
        assert offer(lanes, {"b": beats.pop("b")})[2] == -1
        start, _, end = offer(lanes, beats)
    else:
        _, start, end = offer(lanes, beats)
    assert end - start == body_of(engine).latency


@pytest.mark.parametrize("name", FRONTS)
def test_latency_behind_something(name: str, fronted) -> None:
    """It is that of the engine, and what the front states of itself."""
    top, lanes = top_of(FRONTS[name]), Lanes(fronted[name], 1)
    own = {port.name: 0 for port in FRONTS[name].own_ports if port.direction == "input"}
    own |= {"s_axis_c_tvalid": 1} if FRONTS[name].engine.preload else {}
    for reset in (1, 0):
        lanes.set(rst=reset, job_tiles=1, job_valid=1, m_axis_c_tready=1, **own)
        for _ in range(30):
            lanes.step()
    _, start, end = offer(lanes, {"a": 2, "b": 2})
    assert top.latency is not None
    assert end - start == top.latency == top.body.latency + FRONTS[name].latency
