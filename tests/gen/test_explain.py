"""What is said of an engine is true of its nest, of its Verilog and of its dataflow."""

from __future__ import annotations

import math
import re
from collections import Counter

import pytest

from gen.emit.verilog import emit, rtlil_of
from gen.explain import explain, text
from gen.nest.engines import engine_nest
from gen.nest.lower import lower
from gen.nest.parse import parse
from gen.timing import beats, interval_formula, macs_per_cycle, pes
from hdl.engine.bodies import body_of
from hdl.engine.top import Engine
from hdl.params import SUPPORTED, Dataflow, EngineParams, OperandFormat
from hdl.params.title import Title
from tests.hdl.test_dense import ENGINES as DENSE
from tests.hdl.test_serial import ENGINES as IN_TIME

PAIRS = sorted(SUPPORTED)


def engine(array: str, scheme: str, rows: int = 2, cols: int = 3, depth: int = 4, **more: object) -> EngineParams:
    return EngineParams(array=array, scheme=scheme, rows=rows, cols=cols, depth=depth, **more)


def instances(verilog: str, top: str) -> Counter[str]:
    """How often each module occurs below (and with) the top module."""
    bodies = {
        match[1]: match[2]
        for match in re.finditer(r"^module (\w+)\((.*?)^endmodule", verilog, re.DOTALL | re.MULTILINE)
    }
    placed = {
        name: [match[1] for match in re.finditer(r"^  (\w+) \S+ +\($", body, re.MULTILINE) if match[1] in bodies]
        for name, body in bodies.items()
    }
    return below(placed, top)


def instances_of(rtlil: str, top: str) -> Counter[str]:
    """The same, from RTLIL."""
    modules = re.finditer(r"^module \\(\w+)\n(.*?)^end\n", rtlil, re.DOTALL | re.MULTILINE)
    cells = {match[1]: re.findall(r"^ +cell \\(\w+)", match[2], re.MULTILINE) for match in modules}
    return below({name: [each for each in placed if each in cells] for name, placed in cells.items()}, top)


def below(placed: dict[str, list[str]], top: str) -> Counter[str]:
    """How often each module occurs, from what each places."""
    found: Counter[str] = Counter()
    waiting = [top]
    while waiting:
        found[name := waiting.pop()] += 1
        waiting += placed[name]
    return found


@pytest.mark.parametrize(("array", "scheme"), PAIRS)
def test_every_primitive_has_its_hardware(array, scheme):
    found = explain(engine(array, scheme), k=20)
    assert found.hardware
    if found.steps:
        expected = [f"{row.primitive} {row.value}" for row in found.steps[-1].table.rows]
        assert [place.primitive for place in found.hardware] == expected


VARIANTS = [(*pair, {}) for pair in PAIRS] + [
    ("systolic_os", "mac", {"multiplier": "inferred"}),
    ("systolic_os", "opt1", {"encoder": "bit_serial"}),
    ("matrix_2d", "opt1", {"encoder": "naf", "carry_every": 8}),
]


@pytest.mark.parametrize(("array", "scheme", "more"), VARIANTS)
def test_modules_and_their_copies_are_those_of_the_verilog(array, scheme, more):
    params = engine(array, scheme, **more)
    emission = emit(params, "x")
    found = instances(emission.text, emission.top)
    for place in explain(params, k=20).hardware:
        assert found[f"x_{place.module}"] == place.copies, place
    assert dict(found.items() & emission.core.items()) == emission.core


ONE, TWO = ({"at_once": count, "order": "operands"} for count in (1, 2))
SERIAL = [
    {"digits": ONE},
    {"digits": TWO, "a": "broadcast", "recoded": "b", "k": {"form": "tree", "steps": 3}},
    {"digits": ONE, "skip": "common", "b": "broadcast", "k": {"form": "chain", "steps": 2}},
]


@pytest.mark.parametrize("point", SERIAL, ids=str)
def test_digits_in_time(point):
    """Modules and copies are those of the Verilog; the interval counts the steps of a beat."""
    params = EngineParams.from_dict({"point": point, "rows": 3, "cols": 5})
    emission = emit(params, "x")
    found = instances(emission.text, emission.top)
    told = explain(params, k=20)
    for place in told.hardware:
        assert found[f"x_{place.module}"] == place.copies, place
    formula, flow = interval_formula(params), Dataflow(params)
    if params.data_dependent:
        assert formula is None
        assert "as the nest counts them" in told.timing[-1]
        return
    assert eval(formula, {"max": max, "ceil": math.ceil, "k": 20}) == flow.tile_interval(20)
    assert flow.tile_interval(20) == flow.a.beats(20) * flow.beat_steps > flow.a.beats(20)
    assert macs_per_cycle(params) * flow.tile_interval(20) >= 3 * 5 * 20


@pytest.mark.parametrize(("rows", "cols", "depth"), [(1, 1, 1), (3, 5, 4), (9, 2, 16), (17, 4, 3)])
@pytest.mark.parametrize(("array", "scheme"), PAIRS)
def test_timing_is_that_of_the_dataflow(array, scheme, rows, cols, depth):
    params = engine(array, scheme, rows, cols, depth)
    formula, flow = interval_formula(params), Dataflow(params)
    for k in (1, 2, 7, 16, 17, 100):
        if formula is not None:
            assert eval(formula, {"max": max, "ceil": math.ceil, "k": k}) == flow.tile_interval(k)
            assert explain(params, k).timing[-1].startswith(f"A tile with K = {k} takes {flow.tile_interval(k)} cycle")
    assert body_of(params).core["pe"] == pes(params)
    assert macs_per_cycle(params) in (None, pes(params))
    assert f"{flow.a.lanes} x s8, {flow.a.tdata_bits:,} bits" in " ".join(beats(params))


@pytest.mark.parametrize("a", ["s8", "u5", "s2"])
@pytest.mark.parametrize(("array", "scheme"), PAIRS)
def test_the_nest_is_that_of_the_engine(array, scheme, a):
    params = engine(array, scheme, a=OperandFormat.parse(a))
    nest = engine_nest(params)
    found = explain(params, k=20)
    if nest is None:
        assert scheme == "laconic"
        assert "has no nest" in text(found, "x")
        return
    assert parse(found.steps[-1].nest) == nest
    assert lower(nest, a=params.a) == {
        key: params.to_dict()[key] for key in lower(nest) if key != "encoder" or scheme != "mac"
    } | ({"encoder": "booth"} if scheme == "mac" else {})


def test_every_step_is_told():
    params = EngineParams(scheme="opt1", rows=16, cols=16, accumulator=24)
    found = explain(params, k=64)
    assert [step.name for step in found.steps] == ["the conventional array", "OPT1", "share encode", "drain"]
    assert all(step.legal for step in found.steps[1:])
    last = {row.primitive: row for row in found.steps[-1].table.rows}
    assert {name: (row.copies, row.operations) for name, row in last.items()} == {
        "encode": (64, 4096),
        "map": (1024, 65536),
        "shift": (1024, 65536),
        "half_reduce": (256, 16384),
        "add": (16, 256),
    }
    assert last["add"].bits == 24
    shown = text(found, "npu")
    for number, step in enumerate(found.steps, 1):
        assert f"{number}. {step.name}: {step.moves}" in shown
        assert step.nest in shown
    assert "16 x npu_finish" in shown
    short = text(found, "npu", final=True)
    assert found.steps[0].nest not in short
    assert found.steps[-1].nest in short


def test_timing_in_words():
    assert beats(EngineParams(rows=16, cols=8)) == [
        "A tile is C[16, 8] = A[16, K] x B[K, 8], with K up to 131,071.",
        "Beat k of s_axis_a is A[:, k] (16 x s8, 128 bits of tdata); beat k of s_axis_b is B[k, :] "
        "(8 x s8, 64 bits of tdata).",
        "Beat i of m_axis_c is C[i, :] (8 x 32 bits, 256 bits).",
        "Tiles follow each other every max(K, 17) cycles; the results of one leave while the next enters.",
    ]


def test_sigma_matters_where_zeros_are_skipped():
    assert explain(EngineParams(), k=64, sigma=3.0).sigma is None


@pytest.mark.parametrize("params", [*DENSE, *IN_TIME], ids=lambda params: str(Title(params)))
def test_hardware_of_engines_without_a_name(params):
    """Each primitive of the nest has its place, and modules stand in the engine as often as is said."""
    found = explain(params, k=20)
    assert [place.primitive for place in found.hardware] == [
        f"{row.primitive} {row.value}" for row in found.steps[-1].table.rows
    ]
    part = Engine(params)
    count = instances_of(rtlil_of(part, "x")[0], "x_engine")
    assert {place.module: count[f"x_{place.module}"] for place in found.hardware} == {
        place.module: place.copies for place in found.hardware
    }
    assert {module: count[f"x_{module}"] for module in part.body.core} == part.body.core
