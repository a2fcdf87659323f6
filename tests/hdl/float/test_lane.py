"""A lane under Verilator: every pass, all functions over all bf16 inputs, and any passes in any order."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hdl.arith.float import passes
from hdl.arith.float.multiply import MULTIPLIERS
from hdl.arith.float.offset import Offset
from hdl.arith.float.passes import CONSTANTS, OPCODES, PASSES, PROGRAMS, LaneShape, pass_named
from hdl.params import ConfigError
from sim_tb.golden import float as golden
from sim_tb.tools import find_verilator
from tests.golden.float.numbers import SPECIAL, fp32, fp32_pairs
from tests.hdl.float.bench import Bench, verilog
from tests.hdl.float.parts import TAG_BITS, OneLane, bench

pytestmark = pytest.mark.sim
SEED = 7
Words = np.ndarray
#: The shapes of lane that are tried: the default one, and a short one with the other multiplier.
SHAPES = (LaneShape(), LaneShape(adder=2, multiplier=1, splitter=1, style="fused"))
ONE = np.float32(1)

#: What a pass gives, from fp32 a, b, c and the scalars.
GOLDEN: dict[str, Callable[..., Any]] = {
    "add": lambda a, b, c, s: golden.add(a, b),
    "subtract": lambda a, b, c, s: golden.add(a, -b),
    "multiply": lambda a, b, c, s: golden.multiply(a, b),
    "affine": lambda a, b, c, s: golden.multiply(golden.add(a, s[0]), s[1]),
    "scale": lambda a, b, c, s: golden.multiply(a, s[1]),
    "square": lambda a, b, c, s: golden.multiply(a, a),
    "square_centred": lambda a, b, c, s: golden.multiply(golden.add(a, -s[0]), golden.add(a, -s[0])),
    "move": lambda a, b, c, s: golden.multiply(a, ONE),
    "axpy": lambda a, b, c, s: golden.add(golden.multiply(a, s[1]), c),
    "multiply_add": lambda a, b, c, s: golden.add(golden.multiply(a, b), c),
    "normalise": lambda a, b, c, s: golden.add(
        golden.multiply(golden.multiply(golden.add(a, -s[0]), s[1]), b),
        c,
    ),
    "normalise_rms": lambda a, b, c, s: golden.multiply(golden.multiply(a, s[1]), b),
    "weigh": lambda a, b, c, s: golden.multiply(a, b),
    "softmax": lambda a, b, c, s: golden.power_of_two(golden.multiply(golden.add(a, -s[0]), s[1]), s[2]),
    "exp": lambda a, b, c, s: golden.exp(a),
    "exp_minus": lambda a, b, c, s: golden.exp(a, -golden.LOG2E),
    "power": lambda a, b, c, s: golden.power_of_two(a),
    "reciprocal": lambda a, b, c, s: golden.reciprocal(a),
    "rsqrt": lambda a, b, c, s: golden.rsqrt(a),
    "gelu_power": lambda a, b, c, s: golden.multiply(
        golden.multiply(golden.add(golden.multiply(a, a), constant("gelu_a")), b),
        constant("gelu_b"),
    ),
    "gelue_cubic": lambda a, b, c, s: golden.multiply(golden.add(golden.multiply(a, a), constant("gelue_a")), b),
    "gelue_power": lambda a, b, c, s: golden.multiply(
        golden.multiply(golden.add(golden.multiply(a, a), constant("gelue_b")), b),
        constant("gelue_c"),
    ),
    "divide": lambda a, b, c, s: golden.divide(b, golden.add(a, ONE)),
    "sigmoid": lambda a, b, c, s: golden.divide(ONE, golden.add(a, ONE)),
}


def constant(name: str) -> np.float32:
    return np.float32(golden.floats(np.array(CONSTANTS[name])))


def scalars(patterns: Words) -> Words:
    """Scalars as fp32 numbers."""
    return golden.floats(golden.bits(golden.floats(patterns)))


def delayed(values: Words, lag: int | None, cycles: int) -> Words:
    """Values over the cycles of a run, from cycle ``lag`` on."""
    result = np.zeros(cycles, np.uint32)
    if lag is not None:
        result[lag : lag + len(values)] = values
    return result


def run(shape: LaneShape, name: str, a: Words, b: Words, c: Words, s: Words) -> tuple[Words, Words]:
    """Fp32 and bf16 results of a pass over vectors."""
    each, count = pass_named(name), len(a)
    latency, cycles = shape.latency(each), count + shape.full + 2
    found = bench(OneLane, shape).run(
        valid=delayed(np.ones(count), 0, cycles),
        op=OPCODES[name],
        whole=0,
        tag=9,
        **{f"s{i}": int(s[i]) for i in range(3)},
        a=delayed(a, 0, cycles),
        b=delayed(b, shape.lag(each, "b"), cycles),
        c=delayed(c, shape.lag(each, "c"), cycles),
    )
    valid = np.nonzero(found["y_valid"])[0]
    assert (valid == np.arange(latency, latency + count)).all()
    assert (found["y_tag"][valid] == 9).all()
    return found["y"][valid], found["o"][valid + 1]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("name", OPCODES)
def test_pass(name: str, shape: LaneShape) -> None:
    """Random fp32 operands and scalars of every kind, and ones for which the results are ordinary numbers."""
    rng = np.random.default_rng(SEED + OPCODES[name])
    compared, ordinary = 0, 0
    with np.errstate(all="ignore"):
        for tame in (True, True, False):
            count = 8_000 if tame else 4_000
            a, b = fp32_pairs(rng, count)
            c, s = fp32(rng, count), rng.choice(SPECIAL, 3)
            if tame:
                a, b, c = ((3 * rng.standard_normal(count)).astype(np.float32).view(np.uint32) for _ in range(3))
                s = (1 + rng.random(3)).astype(np.float32).view(np.uint32)
                a[:100] = b[:100] << 16 >> 16 | a[:100] >> 16 << 16
            b, c = b >> 16, c >> 16
            y, o = run(shape, name, a, b, c, s)
            expected = GOLDEN[name](golden.floats(a), golden.widen(b), golden.widen(c), scalars(s))
            wrong = np.nonzero(y != golden.bits(expected))[0]
            assert not len(wrong), [(hex(a[i]), hex(b[i]), hex(y[i])) for i in wrong[:5]]
            assert (o == golden.narrow(expected)).all()
            compared += count
            ordinary += (np.isfinite(expected) & (expected != 0)).sum()
    assert compared == 20_000
    assert ordinary > 4_000


@pytest.mark.parametrize("name", PROGRAMS)
def test_function_of_all_bf16_numbers(name: str) -> None:
    """The programs, pass by pass, on all 65,536 inputs."""
    shape = LaneShape()
    x = np.arange(1 << 16, dtype=np.uint32)
    y = o = x << 16
    for step in PROGRAMS[name]:
        vectors = {"x": x << 16, "previous": y, "": x}
        y, o = run(shape, step.run, vectors[step.a], vectors[step.b] >> 16 if step.b else x, x, np.zeros(3, np.uint32))
    with np.errstate(all="ignore"):
        expected = getattr(golden, name)(golden.widen(x))
    assert len(y) == 1 << 16
    assert (y == golden.bits(expected)).all()
    assert (o == golden.narrow(expected)).all()


def schedule(rng: np.random.Generator, shape: LaneShape, steps: int, whole: Words) -> list[str]:
    """A random pass for every step, or none, such that no operand and no result is due twice."""
    names, wanted = list(OPCODES), {"b": set(), "c": set(), "y": set()}
    plan = []
    for step in range(steps):
        name = names[rng.integers(len(names))]
        each = pass_named(name)
        latency = shape.full if whole[step] else shape.latency(each)
        lags = {"b": shape.lag(each, "b"), "c": shape.lag(each, "c"), "y": latency}
        due = {what: step + lag for what, lag in lags.items() if lag is not None}
        if rng.random() < 0.2 or any(moment in wanted[what] for what, moment in due.items()):
            name = ""
        else:
            for what, moment in due.items():
                wanted[what].add(moment)
        plan.append(name)
    return plan


def unpacked(words: Words, width: int) -> Words:
    """The bits of a port by cycle."""
    words = words.reshape(len(words), -1)
    return np.stack([words[:, i // 32] >> i % 32 & 1 for i in range(width)], 1).astype(bool)


@pytest.mark.parametrize("stalls", [False, True])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_any_passes_in_any_order(shape: LaneShape, stalls: bool) -> None:
    """Each with scalars of its own, some to the end of the chain, with gaps, and with the enable low now and then."""
    rng = np.random.default_rng(SEED)
    steps = 6_000
    whole = rng.integers(0, 2, steps)
    plan = schedule(rng, shape, steps - shape.full - 2, whole) + [""] * (shape.full + 2)
    words = {name: rng.standard_normal(steps).astype(np.float32).view(np.uint32) for name in ("a", "s0", "s1", "s2")}
    words |= {name: golden.narrow(rng.standard_normal(steps).astype(np.float32)) for name in ("b", "c")}
    words["tag"] = rng.integers(0, 1 << TAG_BITS, steps)
    words["valid"] = np.array([bool(name) for name in plan])
    words["op"] = np.array([OPCODES.get(name, 0) for name in plan])
    words["whole"] = whole
    # Step i is cycle moments[i]; in the cycles between, the enable is low and the inputs are anything.
    moments = np.cumsum(rng.integers(1, 4, steps)) if stalls else np.arange(steps)
    cycles = moments[-1] + 1
    en = np.zeros(cycles, np.uint32)
    en[moments] = 1
    inputs = {}
    for name, values in words.items():
        inputs[name] = rng.integers(0, 2, cycles).astype(np.uint32)
        inputs[name][moments] = values
    shown = bench(OneLane, shape).run(en=en, **inputs)
    found = {name: values[moments] for name, values in shown.items()}

    floats = {name: golden.floats(words[name]) for name in ("a", "s0", "s1", "s2")}
    floats |= {name: golden.widen(words[name]) for name in ("b", "c")}
    compared, seen, busy = 0, np.zeros(steps, bool), np.zeros(steps, bool)
    holds = np.zeros((steps, shape.full + 1), bool)
    for name in OPCODES:
        each = pass_named(name)
        at = np.array([i for i, planned in enumerate(plan) if planned == name])
        b, c = (floats[what][at + (shape.lag(each, what) or 0)] for what in "bc")
        expected = GOLDEN[name](floats["a"][at], b, c, [floats[f"s{i}"][at] for i in range(3)])
        late = (whole[at] == 1) | (not each.short)
        ends = at + np.where(late, shape.full, shape.short)
        assert (found["y"][ends] == golden.bits(expected)).all(), name
        assert (found["o"][ends + 1] == golden.narrow(expected)).all(), name
        assert (found["y_tag"][ends] == words["tag"][at]).all(), name
        seen[ends] = True
        busy[at[late] + shape.full - shape.short] = True
        compared += len(at)
        assert len(at) > 50
        for step in range(shape.full + 1):
            at_step = at if step < shape.short else at[late]
            holds[at_step + step if step < shape.full else ends, step] = True
    assert compared > 3_500
    # Steps without an element are not clocked, and none is while the enable is low.
    clocked = unpacked(shown["moves"], shape.full + 1)
    assert (clocked[moments] == holds)[shape.full :].all()
    assert not clocked[en == 0].any()
    assert clocked.sum() < 0.75 * clocked.size * en.mean()
    assert (found["y_valid"].astype(bool) == seen)[shape.full :].all()
    assert (found["short_free"].astype(bool) == ~busy)[shape.full :].all()


def test_offset() -> None:
    """The adder of a constant, up to its limits: fractions of every length, ties included."""
    rng = np.random.default_rng(SEED)
    x = np.concatenate(
        [
            np.array([0.5, -0.5, 0.0]),
            rng.uniform(-0.5, 0.5, 100_000),
            np.ldexp(rng.uniform(-1, 1, 100_000), rng.integers(-30, -1, 100_000)),
            np.ldexp(rng.integers(-64, 65, 50_000).astype(np.float64), -24 + rng.integers(0, 6, 50_000)),
        ]
    ).astype(np.float32)
    x = x[np.abs(x) <= 0.5]
    found = Bench(Offset(CONSTANTS["power_c"])).run(x=np.concatenate([x, x[:2]]).view(np.uint32))["o"][2:]
    assert len(x) > 200_000
    assert (found == golden.bits(golden.add(x, constant("power_c")))).all()
    for wrong in (0x42000000, 0x3F000000, 0x3FC00000):  # 32, 1/2; and 1.5, which one half takes to 1 and to 2
        with pytest.raises(ConfigError, match="too near a power of two"):
            Offset(wrong)


@pytest.mark.parametrize("style", MULTIPLIERS)
def test_lint(style: str, tmp_path: Path) -> None:
    """Nothing for Verilator's strictest lint to say, but that several modules are in one file."""
    source, tool = tmp_path / "lane.v", find_verilator()
    source.write_text(verilog(OneLane(LaneShape(style=style))))
    command = [tool.executable, "--lint-only", "-Wall", "-Wno-DECLFILENAME", source]
    lint = subprocess.run(command, env={**os.environ, **tool.environment}, capture_output=True, text=True)
    assert (lint.returncode, lint.stderr) == (0, "")


def test_tables_of_the_documentation() -> None:
    """They say what the data says."""
    text, shape = passes.__doc__ or "", LaneShape()
    rows = re.findall(r"^ ?(\d+)  (\w+) +(\S.*?\S|\S) +(\d+)(?: +(\d+))?(?: +(\d+))?$", text, re.MULTILINE)
    table = {name: rest for _, name, *rest in rows}
    assert [int(code) for code, *_ in rows] == list(range(len(PASSES)))
    lines = text.splitlines()
    header = next(line for line in lines if line.startswith("op  pass"))
    for each in PASSES:
        line = next(line for line in lines if re.match(rf" ?\d+  {each.name} ", line))
        assert table[each.name][0].startswith(each.result)
        assert int(table[each.name][1]) == shape.latency(each)
        for operand in "bc":
            column = header.index(f"{operand} lag")
            shown = line[column : column + 6].strip()
            lag = shape.lag(each, operand)
            assert shown == ("" if lag is None else str(lag)), each.name
    for name, steps in PROGRAMS.items():
        assert re.search(rf"^{name} .* {len(steps)}$", text, re.MULTILINE), name
    assert str(pass_named("axpy")) == "axpy: a * s1 + c = [m0 s1, a5 c]"
    assert [(shape.short, shape.full) for shape in SHAPES] == [(7, 35), (3, 15)]
    with pytest.raises(ConfigError, match=r"(?s)lane\.adder.*lane\.splitter"):
        LaneShape(adder=0, splitter=4)


def test_every_constant_and_operand_is_known() -> None:
    scalars_of = {"a0": {"b", "-b", "s0", "-s0"}, "m0": {"s1", "b", "start", "itself"}, "m1": {"f", "start"}}
    scalars_of |= {"a4": {"a3"}, "m2": {"y", "b"}, "a5": {"c"}, "m3": {"s2", "start"}, "a1": set(), "a2": set()}
    words = {"a0", "m0", "a1", "a2", "a4", "a5", "m3"}
    for each in PASSES:
        for unit, operand in each.steps:
            if unit in scalars_of:
                assert operand in scalars_of[unit] | (set(CONSTANTS) if unit in words else {"1"}), (each.name, unit)
