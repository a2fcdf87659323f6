"""The vector unit in the controller: every instruction at every length and on every kind of number, bit for bit."""

from __future__ import annotations

import os
import re
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pytest

from gen.emit.verilog import WAIVERS, verilog_of
from gen.pim.hardware import OWN_WAIVERS
from gen.pim.program import Program
from hdl.params.pim import INSTRUCTIONS, Instruction, PimParams, encode, instruction
from hdl.pim.vector.phases import PHASES
from hdl.pim.vector.unit import VectorUnit
from sim_tb.golden.float import add, bits, floats, flush, functions, multiply, narrow, widen
from sim_tb.golden.float.functions import GELU_A, GELU_B, divide, power_of_two
from sim_tb.golden.pim import Machine, vector
from sim_tb.golden.pim import machine as machine_module
from sim_tb.pim.bench.programs import random_elements
from sim_tb.pim.bench.system import Result, run_system
from sim_tb.tools import find_verilator
from tests.pim.machines import TINY
from tests.pim.rtl.test_system import moves

pytestmark = pytest.mark.sim

SEED = 11
#: Words of a region of the SRAM that holds numbers of one kind, and where results begin.
REGION, RESULTS = 80, 640
#: Zeros, the least normal number and its subnormal neighbour, one, the greatest number, infinity, NaN; of both signs.
SPECIAL = np.array([0x0000, 0x0001, 0x007F, 0x0080, 0x3F80, 0x7F7F, 0x7F80, 0x7FC0, 0x7F81], np.uint16)
SPECIAL = np.concatenate([SPECIAL, SPECIAL | 0x8000])
#: Those of every system; what only some have is tested elsewhere (VQUANT in test_quantise.py).
VECTOR = [name for name, op in INSTRUCTIONS.items() if op.unit == "vector" and not op.needs]
GIVES = [name for name in VECTOR if INSTRUCTIONS[name].operand("r")]
ONE_OVER = {n: np.float32(1 / n) for n in (1, 3, 4, 5, 37, 300)}
LENGTHS = tuple(ONE_OVER)


def contents(params: PimParams) -> np.ndarray:
    """SRAM with a region of each kind of numbers."""
    rng = np.random.default_rng(SEED)
    count = REGION * params.lanes
    kinds = [
        narrow((2 * rng.standard_normal(count)).astype(np.float32)),
        random_elements(rng, (count,)),
        rng.integers(0, 1 << 16, count).astype(np.uint16),
        rng.choice(SPECIAL, count),
        np.full(count, 0x40A8, np.uint16),  # 5.25
        rng.choice(np.array([0x0000, 0x8000, 0x0001, 0x8011], np.uint16), count),
        np.full(count, 0xFF80, np.uint16),
        narrow((2 * rng.standard_normal(count)).astype(np.float32)),
    ]
    kinds[7][4 * params.lanes + 1] = 0x7F80
    found = rng.integers(0, 1 << 16, (params.sram_words, params.lanes)).astype(np.uint16)
    for i, kind in enumerate(kinds):
        found[i * REGION : (i + 1) * REGION] = kind.reshape(-1, params.lanes)
    return found


def every_case(name: str, params: PimParams) -> Iterator[Instruction]:
    """An instruction on every region at every length, results one behind the other."""
    op, target, register = INSTRUCTIONS[name], RESULTS, 2
    if op.operand("s"):
        yield from (instruction(name, r=2 + i % 14, s=i % 2) for i in range(1))
        return
    for region in range(8):
        for n in LENGTHS:
            values: dict[str, int] = {"a": region * REGION, "n": n}
            if op.operand("b"):
                values["b"] = (region + 1) % 8 * REGION
            for third in ("beta", "c"):
                if op.operand(third):
                    values[third] = (region + 5) % 8 * REGION
            if op.operand("imm"):
                values["imm"] = 0x3E80 if name == "SOFTMAX" else 0x3F4D
            if name == "VGATHER":
                values["stride"] = (0, 1, 3)[region % 3]
                if n > 100:
                    values["a"] = 0
            if op.operand("eps"):
                yield instruction("SETR", r=0, value=int(np.float32(n * 1e-5).view(np.uint32)))
                yield instruction("SETR", r=1, value=int(ONE_OVER[n].view(np.uint32)))
                values |= {"eps": 0, "share": 1}
            if op.operand("r"):
                values["r"] = register
                register = 2 + (register - 1) % 14
            else:
                values["d"] = target
                target += -(-n // params.lanes)
            yield instruction(name, **values)


def execute(
    params: PimParams, code: Sequence[Instruction], sram: np.ndarray, scalars: np.ndarray | None = None, **run: Any
) -> tuple[Result, Machine, tuple[int, ...]]:
    """A program on hardware; and the golden machine as it is before, with the program."""
    load, dump = moves(params)
    program = Program.of(params, [*code, instruction("HALT")]).words
    machine = Machine(params)
    machine.send(sram)
    if scalars is not None:
        machine.scalars[:] = scalars
    starts = [0, len(load), len(load) + len(program)]
    result = run_system(params, [*load, *program, *dump], starts, machine=machine, **run)
    assert [each.error for each in result.runs] == [0] * 3
    machine.run(load)
    return result, machine, program


def differences(result: Result, machine: Machine) -> list[Any]:
    """Where the golden machine's SRAM and scalar registers are not those of the hardware."""
    found = [(word, lane) for word, lane in np.argwhere(result.outputs != machine.sram)]
    return found + [i for i in range(16) if result.scalars[i] != machine.scalars[i]]


@pytest.mark.parametrize("name", VECTOR)
def test_every_length_and_number(name):
    params = TINY
    code, compared = list(every_case(name, params)), 0
    size = 14 if name in GIVES else 150
    scalars = np.random.default_rng(SEED).integers(0, 1 << 32, 16, np.uint32)
    for first in range(0, len(code), size):
        part = code[first : first + size]
        result, machine, program = execute(params, part, contents(params), scalars)
        assert machine.run(program).fault is None
        assert differences(result, machine) == []
        written = (machine.sram != contents(params)).any(axis=1).sum() + (machine.scalars != scalars).sum()
        compared += written
    assert compared >= (1 if INSTRUCTIONS[name].operand("s") else 40), compared


def test_functions_of_scalars():
    """Reciprocals and roots of single-precision numbers of every kind; of some, a product lies between two numbers."""
    rng = np.random.default_rng(SEED)
    patterns = rng.integers(0, 1 << 32, 56, np.uint32)
    patterns[:8] = [0, 0x80000000, 1, 0x7F800000, 0xFF800000, 0x7FC00001, 0x00800000, 0x3F800001]
    patterns[8:14] = [0x3F841D12, 0x3F363050, 0x3F064553, 0x3F8A8DD7, 0x3F8751A0, 0x3F8E26E0]  # ties
    for first in range(0, len(patterns), 7):
        scalars = np.zeros(16, np.uint32)
        scalars[:7] = patterns[first : first + 7]
        code = [instruction("SRECIP", r=7 + i, s=i) for i in range(7)]
        code += [instruction("SRSQRT", r=14, s=0), instruction("SRSQRT", r=15, s=1)]
        code += [instruction("SRSQRT", r=i, s=i) for i in range(2, 7)]
        result, machine, program = execute(TINY, code, contents(TINY), scalars)
        machine.run(program)
        assert result.scalars.tolist() == machine.scalars.tolist()
        assert (machine.scalars != scalars).sum() >= 12


def test_sums_half_way_between_two_numbers(monkeypatch):
    """A constant is added in powers of two: how that is rounded depends on each of the bits that are lost.

    Hardly any result shows it in bf16. These softmaxes do: the greatest element, the other one, the factor. In the
    first three the sum lies half way, to be rounded up once and down twice; in each of the others one bit beyond.
    """
    cases = [(0x3FDF, 0xBCB7, 0x3ED9), (0x4016, 0xC093, 0x3F1A), (0x4020, 0xC058, 0x3FD8), (0x3F6E, 0xBEBA, 0x3F6C)]
    cases += [(0x3F98, 0x3D99, 0x3F8B), (0x3F59, 0xBCF7, 0x3FEF), (0x3F9B, 0xBB8B, 0x3F72), (0x3F72, 0x3B9B, 0x3F13)]
    cases += [(0x3FED, 0x3C9D, 0x3D26)]
    sram = contents(TINY)
    sram[: len(cases), :2] = [case[:2] for case in cases]
    code = [instruction("SOFTMAX", imm=case[2], a=i, d=RESULTS + i, n=2) for i, case in enumerate(cases)]
    result, machine, program = execute(TINY, code, sram)
    machine.run(program)
    assert differences(result, machine) == []

    for bit in range(19, 26):  # 2^-19 is half of the last place
        for value in (0, 1):
            wrong = Machine(TINY)
            wrong.sram[:] = sram
            monkeypatch.setattr(functions, "add", partial(add_with_a_stuck_bit, bit, value))
            wrong.run(program)
            monkeypatch.undo()
            assert differences(result, wrong), (bit, value)


def add_with_a_stuck_bit(bit: int, value: int, x: Any, y: Any) -> Any:
    """Add; in what the constant of powers is added to, the bit of weight 2^-bit has this value."""
    if y is functions.EXP_C:
        units = np.ldexp(np.abs(x.astype(np.float64)), bit)
        units += value - np.floor(units) % 2
        x = np.copysign(np.ldexp(units, -bit), x).astype(np.float32)
    return add(x, y)


def test_layernorm_of_a_constant_vector_is_beta():
    """Exactly, at every length, whatever the rounding of 1 / n does."""
    sram, code = contents(TINY), []
    lengths = [1, 2, 3, 5, 6, 7, 11, 49, 100, 255, 300]
    for i, n in enumerate(lengths):
        code += [instruction("SETR", r=1, value=int(np.float32(1 / n).view(np.uint32)))]
        code += [instruction("LAYERNORM", a=4 * REGION, b=0, beta=REGION, d=RESULTS + 80 * i, n=n, eps=0, share=1)]
    result, _, _ = execute(TINY, code, sram, np.full(16, 0x38D1B717, np.uint32))
    for i, n in enumerate(lengths):
        found = result.outputs[RESULTS + 80 * i :].reshape(-1)[:n]
        assert (found == sram[REGION:].reshape(-1)[:n]).all(), n


def test_scalars_follow_each_other():
    """Each of these takes what the one before gave; two that give the same register give it in their order."""
    code = [
        instruction("RSSQ", r=1, a=0, n=300),
        instruction("SRSQRT", r=1, s=1),
        instruction("VSCALE", "reg", imm=1, a=0, n=300, d=RESULTS),
        instruction("RSUM", r=2, a=RESULTS, n=300),
        instruction("RMAX", r=2, a=RESULTS, n=3),
        instruction("VAXPY", "reg", imm=2, a=0, b=RESULTS, n=300, d=RESULTS),
        instruction("SOFTMAX", imm=0x3F80, a=RESULTS, d=RESULTS + 80, n=300),
        instruction("VMOV", a=0, d=RESULTS + 80, n=9),
        instruction("SETR", r=2, value=7),
        instruction("RMAX", r=3, a=0, n=40),
        instruction("SETR", r=3, value=9),
        instruction("LAYERNORM", a=RESULTS, b=RESULTS, beta=RESULTS, d=RESULTS, n=300, eps=3, share=1),
    ]
    result, machine, program = execute(TINY, code, contents(TINY))
    machine.run(program)
    assert differences(result, machine) == []
    assert machine.scalars[2:4].tolist() == [7, 9]


@pytest.mark.parametrize("event", ["stop_at", "clear_at"])
def test_stop_and_clear(event):
    """Instructions that have begun end; none begins after it; what comes later is not disturbed."""
    sram = contents(TINY)
    code = []
    for i in range(60):
        name = ("SOFTMAX", "VGELU", "RSSQ", "VADD")[i % 4]
        values = {"SOFTMAX": {"imm": 0x3F80}, "VADD": {"b": REGION}, "RSSQ": {"r": i // 4}}.get(name, {})
        values |= {} if name == "RSSQ" else {"d": RESULTS + 20 * i}
        code.append(instruction(name, a=i % 3, n=77, **values))
    counts = set()
    for at in (4700, 5001, 5600, 6200):
        result, machine, program = execute(TINY, code, sram, **{event: at})
        begun = result.runs[1].instructions
        assert not result.runs[1].halted
        assert 0 < begun < len(code)
        assert result.runs[1].pc == len(moves(TINY)[0]) + begun or event == "clear_at"
        machine.run([*program[:begun], encode(instruction("HALT"))])
        assert differences(result, machine) == []
        counts.add(begun)
    assert len(counts) > 2


# --- mutations -------------------------------------------------------------------------------------------------------
def cut(x: np.ndarray) -> np.ndarray:
    """Round towards zero."""
    return (bits(flush(x)) >> 16).astype(np.uint16)


def up(x: np.ndarray) -> np.ndarray:
    """Round halves away from zero."""
    pattern = bits(flush(x)).astype(np.uint64)
    return ((pattern + 0x8000) >> np.uint64(16)).astype(np.uint16)


def twice(function: Callable) -> Callable:
    """Round an intermediate result to bf16."""
    return lambda *operands: widen(narrow(function(*operands)))


def summed(order: str) -> Callable:
    """Sums in another order."""

    def total(values: np.ndarray, lanes: int) -> np.ndarray:
        rows = [floats(bits(row)) for row in np.atleast_2d(values)]
        found = []
        for row in rows:
            if order == "reversed":
                found.append(original(row[None, ::-1], lanes)[0])
            elif order == "in a row":
                result = np.zeros(1, np.float32)
                for value in row:
                    result = add(result, np.array([value]))
                found.append(result[0])
            else:
                found.append(original(row[None], 2 * lanes)[0])
        return np.array(found, np.float32)

    original = vector.total
    return total


def later_epsilon(values: np.ndarray, eps: np.float32, share: np.float32, lanes: int) -> np.ndarray:
    return vector.rsqrt(add(multiply(vector.total(multiply(values, values), lanes), share), multiply(eps, share)))


def plain_mean(a: Any, gamma: Any, beta: Any, eps: Any, share: Any, lanes: int) -> np.ndarray:
    values = widen(a)
    centred = add(values, -multiply(vector.total(values[None], lanes), share))
    scaled = multiply(multiply(centred, vector._root(centred, eps, share, lanes)), widen(gamma))
    return narrow(add(scaled, widen(beta)))


def factors_first(a: Any, gamma: Any, beta: Any, eps: Any, share: Any, lanes: int) -> np.ndarray:
    values, first = widen(a), widen(a[:1])
    mean = add(multiply(vector.total(add(values, -first)[None], lanes), share), first)
    centred = add(values, -mean)
    factor = multiply(vector._root(centred[None], eps, share, lanes), widen(gamma))
    return narrow(add(multiply(centred, factor), widen(beta)))


def kept_powers(a: Any, factor: Any, lanes: int) -> np.ndarray:
    """Powers rounded to bf16 before they are divided."""
    power = widen(narrow(vector.exp(multiply(add(widen(a), -vector.greatest(a)), factor))))
    return narrow(multiply(power, vector.reciprocal(vector.total(power[None], lanes))))


def last_place(a: np.ndarray) -> int:
    return len(a) - 1 - original_argmax(a[::-1])


original_argmax = vector.argmax
MUTATIONS: dict[str, tuple[str, Any]] = {
    "results cut": ("narrow", cut),
    "halves away from zero": ("narrow", up),
    "NaN bits kept": ("rounded", lambda function, a, *b: a if function is flush else narrow(function(widen(a), *b))),
    "products rounded to bf16": ("axpy", lambda f, a, b: narrow(add(widen(narrow(multiply(widen(a), f))), widen(b)))),
    "scale rounded to bf16": ("scale", lambda f, a: narrow(multiply(widen(a), widen(narrow(np.atleast_1d(f)))))),
    "sums from the end": ("total", summed("reversed")),
    "sums one by one": ("total", summed("in a row")),
    "sums on twice the lanes": ("total", summed("wide")),
    "greatest without NaN": ("greatest", lambda a: np.nanmax(np.append(widen(a), -np.inf))[None].astype(np.float32)),
    "zeros have a sign": ("greatest", lambda a: widen(a[[int(original_argmax(a))]])),
    "last of the greatest": ("argmax", last_place),
    "epsilon after the mean": ("_root", later_epsilon),
    "mean without the first element": ("layernorm", plain_mean),
    "factors multiplied first": ("layernorm", factors_first),
    "powers rounded to bf16": ("softmax", kept_powers),
    "reciprocal rounded to bf16": ("SCALAR", vector.SCALAR | {"SRECIP": twice(vector.reciprocal)}),
    "root rounded to bf16": ("SCALAR", vector.SCALAR | {"SRSQRT": twice(vector.rsqrt)}),
    "sigmoid of a rounded power": ("UNARY", vector.UNARY | {"VSIG": lambda a: _quotient(a, np.float32(1))}),
    "silu of a rounded power": ("UNARY", vector.UNARY | {"VSILU": lambda a: _quotient(a, a)}),
    "sum of a rounded product": ("multiply_add", lambda a, b, c: add(widen(narrow(multiply(a, b))), c)),
    "gelu with a hyperbolic tangent": ("UNARY", vector.UNARY | {"VGELUE": vector.gelu}),
    "minus zero of a negative number": ("UNARY", vector.UNARY | {"VRELU": lambda a: flush(np.maximum(a, -0.0))}),
    "gelu of a rounded power": ("UNARY", vector.UNARY | {"VGELU": lambda a: rounded_gelu(a)}),
}


def rounded_gelu(a: np.ndarray) -> np.ndarray:
    power = power_of_two(multiply(multiply(add(multiply(a, a), GELU_A), a), GELU_B))
    return divide(a, add(widen(narrow(power)), np.ones_like(power)))


def _quotient(a: np.ndarray, above: Any) -> np.ndarray:
    power = widen(narrow(vector.exp(-a)))
    return multiply(vector.reciprocal(add(power, np.ones_like(power))), above)


@pytest.fixture(scope="module")
def everything() -> tuple[Result, np.ndarray, np.ndarray, tuple[int, ...]]:
    """One program with all instructions, on hardware."""
    sram, code = contents(TINY), []
    # Results lie behind the regions, and in two that nothing reads.
    places = iter([4 * REGION, 6 * REGION, *range(RESULTS, TINY.sram_words - 75, 75)])
    scalars = np.random.default_rng(SEED).standard_normal(16).astype(np.float32).view(np.uint32)
    scalars[0], scalars[1], scalars[2] = 0x4257AE14, np.float32(1 / 300).view(np.uint32), 0x3F8CCCCD
    register = 3
    regions = {"RMAX": (0, 3, 5), "VMOV": (3,), "ARGMAX": (3,), "RSUM": (1,), "RSSQ": (1,)}
    for name in [*VECTOR, "LAYERNORM"]:
        op = INSTRUCTIONS[name]
        beta = 5 * REGION  # zeros
        if code and code[-1].op.name == "RMSNORM":
            # What the first layernorm gave, negated: the sum leaves what rounding to bf16 has hidden.
            first = next(one["d"] for one in code if one.op.name == "LAYERNORM")
            beta = next(places)
            code.append(instruction("VSCALE", imm=0xBF80, a=first, d=beta, n=300))
        for region in regions.get(name, (0,)):
            known = {"a": region * REGION, "b": REGION, "beta": beta, "c": 2 * REGION, "n": 300}
            known |= {"eps": 0, "share": 1, "stride": 1, "imm": 2 if name in ("VSCALE", "VAXPY") else 0x3F80, "s": 2}
            known |= {"r": register} if op.operand("r") else {"d": next(places)}
            if op.operand("eps"):
                known["b"] = 7 * REGION
            flags = ["reg"] if name in ("VSCALE", "VAXPY") else []
            code.append(instruction(name, *flags, **{each.name: known[each.name] for each in op.operands}))
            register += bool(op.operand("r"))
    assert register <= 16
    result, machine, program = execute(TINY, code, sram, scalars)
    assert machine.run(program).fault is None
    assert differences(result, machine) == []
    return result, sram, scalars, program


@pytest.mark.parametrize("mutation", MUTATIONS)
def test_mutations(mutation, everything, monkeypatch):
    """Hardware that did one step otherwise would be found: a golden model that does differs from it."""
    result, sram, scalars, program = everything
    attribute, changed = MUTATIONS[mutation]
    monkeypatch.setattr(machine_module.vector, attribute, changed)
    machine = Machine(TINY)
    machine.sram[:], machine.scalars[:] = sram, scalars
    with np.errstate(all="ignore"):
        assert machine.run(program).fault is None
    found = differences(result, machine)
    print(mutation, len(found))
    assert found


# --- structure -------------------------------------------------------------------------------------------------------
def test_every_instruction_has_phases():
    assert list(PHASES) == [name for name, op in INSTRUCTIONS.items() if op.unit == "vector"]


@pytest.mark.parametrize(("lanes", "vector_lanes"), [(1, 1), (4, 8)])
def test_lint_and_size(lanes, vector_lanes, tmp_path):
    """Nothing for Verilator's strictest lint to say but what is waived; as many adders and multipliers as promised."""
    params = replace(TINY, lanes=lanes, vector_lanes=vector_lanes, gb_words=8)
    source, tool = tmp_path / "vector.v", find_verilator()
    source.write_text(WAIVERS + OWN_WAIVERS + verilog_of(VectorUnit(params), "bitloom"))
    command = [tool.executable, "--lint-only", "-Wall", "--top-module", "bitloom_vector", source]
    lint = subprocess.run(command, env={**os.environ, **tool.environment}, capture_output=True, text=True)
    assert (lint.returncode, lint.stderr) == (0, "")
    bodies = dict(re.findall(r"^module (\w+)\((.*?)^endmodule", source.read_text(), re.MULTILINE | re.DOTALL))
    placed = {
        name: Counter(re.findall(r"^  (bitloom_\w+) \S+ +\(", body, re.MULTILINE)) for name, body in bodies.items()
    }

    def count(module: str, kind: str) -> int:
        inside = sum(times * count(part, kind) for part, times in placed[module].items())
        return inside + module.startswith(f"bitloom_{kind}_e")

    assert count("bitloom_vector", "add") == params.adders
    assert count("bitloom_vector", "multiply") == params.multipliers
