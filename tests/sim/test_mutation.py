"""A broken engine makes the protocol tests fail: the proof that they look."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import pytest

from gen.emit.verilog import Emission, emit
from hdl.params import EngineParams
from sim_tb.run import run_stress

pytestmark = pytest.mark.sim

SMALL = {"rows": 2, "cols": 2}


def mutate(hardware: Emission, role: str, change: Callable[[str], str]) -> Emission:
    """The same Verilog with one module changed."""
    name = re.escape(hardware.modules[role])
    (module,) = re.findall(rf"^module {name}\(.*?^endmodule", hardware.text, flags=re.DOTALL | re.MULTILINE)
    changed = change(module)
    assert changed != module, "nothing to mutate"
    return replace(hardware, text=hardware.text.replace(module, changed))


def xor_to_or(module: str) -> str:
    """One full adder of the compressor tree has an OR where its sum has an XOR."""
    lines = [line for line in module.splitlines() if re.search(r"assign sum\w+_s = .* \^ ", line)]
    line = lines[len(lines) // 2]
    return module.replace(line, line.replace(" ^ ", " | ", 1))


def lost_carry(module: str) -> str:
    """One carry of the compressor tree is never set."""
    lines = [line for line in module.splitlines() if re.search(r"assign sum\w+_c = ", line)]
    line = lines[len(lines) // 2]
    left, right = line.split(" = ")
    return module.replace(line, f"{left} = 0 & ({right.rstrip(';')});")


def no_freeze(module: str) -> str:
    """The operand register goes on while the array is frozen: seen under back-pressure only."""
    return re.sub(r"if \(en\)(?= b_out <=)", "if (1'b1)", module, count=1)


def no_clear(module: str) -> str:
    """A tile begins with the sums of the last one."""
    return re.sub(r"\bclear_out \?", "1'b0 ?", module)


@pytest.mark.parametrize("scheme", ["opt1", "mac"])
@pytest.mark.parametrize("change", [xor_to_or, lost_carry, no_freeze, no_clear])
def test_a_broken_pe_is_found(scheme: str, change: Callable[[str], str]) -> None:
    params = EngineParams(scheme=scheme, **SMALL)
    broken = mutate(emit(params), "pe", change)
    answer = run_stress(params, broken, tiles=1_000, seed=4)
    assert not answer["passed"]
    assert answer["mismatches"] > 0
    assert any(re.search(r"C\[\d, \d\]: expected -?\d+, got -?\d+", problem) for problem in answer["problems"])


def no_job(module: str) -> str:
    """The engine overlooks its jobs."""
    return module.replace(".job_valid(job_valid)", ".job_valid(1'b0)")


def test_an_engine_that_hangs_is_found() -> None:
    params = EngineParams(**SMALL)
    answer = run_stress(params, mutate(emit(params), "engine", no_job), tiles=10, seed=5)
    assert not answer["passed"]
    assert any("the engine was given up after 0 of 20 result beats" in problem for problem in answer["problems"])
