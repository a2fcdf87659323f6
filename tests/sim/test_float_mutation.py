"""A broken part of a floating-point engine makes the stress test fail: each of them in one model, chosen when it runs.

Two arrays: partial sums that take steps in turn, and a tree whose sums wait for themselves.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from bench._mutants import ASSIGN, ENABLE, MODULE, PORT, TAKES, Mutant, armed
from gen.emit.verilog import Emission, emit
from hdl.params import EngineParams
from sim_tb.run import run_stress

pytestmark = pytest.mark.sim

#: Results of the first take more steps to leave than it has partial sums.
ENGINES: dict[str, dict[str, Any]] = {
    "turns": {"rows": 5, "cols": 2, "a": "bf16", "b": "bf16", "preload": True},
    "tree": {"array": "adder_tree", "rows": 3, "cols": 2, "depth": 3, "a": "fp16", "b": "fp16"},
}
#: What breaks: engine, part, what is assigned, connected or a condition there, and what it is instead.
BROKEN: dict[str, tuple[str, str, str, str]] = {
    "a product that goes on while all is frozen": ("turns", "pe", r"if \((en)\) product", "1'h1"),
    "turns that go on while all is frozen": ("turns", "pe", r"if \((en)\) clear_later", "1'h1"),
    "a last partial sum that is never cleared": ("turns", "pe", r"\| (\{ clear_later, clear_out \})", "clear_out"),
    "a first partial sum that is there in every step": ("turns", "pe", r"acc\[31:0\] = (.*);", "add_o"),
    "a partial sum that comes a turn late": ("turns", "pe", r"acc\[63:32\] = .*(clear_later\[0\])", "clear_later[1]"),
    "a product in the place of a sum": ("turns", "pe", r"\.x\((kept)\)", "{ product, 8'h00 }"),
    "operands that enter between turns": ("turns", "control", r"enter = \S+ & (idle)", "1'h1"),
    "a tile of two turns": ("turns", "control", r"= (turn == 2'h2);", "turn == 2'h1"),
    "a tile that is filled up with a bubble too few": ("turns", "control", r"= (2'h2 - turn);", "2'h1 - turn"),
    "a tile that is cleared before it is filled up": ("turns", "control", r"= (fill == 2'h1);", "fill == 2'h2"),
    "bubbles that come in twos": ("turns", "control", r"\? \S+ : (2'h2);", "2'h1"),
    "a tile that does not wait for results to leave": ("turns", "control", r"= (apart) \|", "1'h1"),
    "turns that go on from tile to tile": ("turns", "control", r"= (last \| \S+);", "1'h0"),
    "a partial sum that is added up twice": ("turns", "finish", r"\.i\((acc\[95:64\])\)", "acc[63:32]"),
    "a partial sum that is left out": ("turns", "finish", r"\.y\((acc\[63:32\])\)", "32'h0"),
    "a product of the tree that goes on while all is frozen": ("tree", "pe", r"if \((en)\) p ", "1'h1"),
    "weights that are taken over when loaded": ("tree", "pe", r"if \((\S+)\) weight", "en & load"),
    "a product that is left out": ("tree", "tree", r"\.y\((x\[59:30\])\)", "30'h0"),
    "an odd product that goes on while all is frozen": ("tree", "tree", r"if \((en)\) \S+ <= x", "1'h1"),
    "a tile that begins with the sums of the last one": ("tree", "foot", r"= (\S+ \? 32'd0 : line_o);", "line_o"),
}


def mutant(number: int, hardware: Emission, role: str, pattern: str, new: str) -> Mutant:
    """One line of a part, in which the pattern finds what is replaced."""
    module = hardware.modules[role]
    (body,) = (found[3] for found in MODULE.finditer(hardware.text) if found[1].strip() == module)
    at, found = next(
        (at, found) for at, line in enumerate(body.splitlines()) if (found := re.search(pattern, line)) is not None
    )
    line = found.string
    whole = ASSIGN.fullmatch(line) or TAKES.fullmatch(line) or ENABLE.match(line) or PORT.fullmatch(line)
    assert whole is not None
    after = line[whole.start(2) : found.start(1)] + new + line[found.end(1) : whole.end(2)]
    return Mutant(number, module, at, whole[2], after, whole[1], "by hand")


@cache
def broken(engine: str) -> tuple[EngineParams, Emission, dict[str, str]]:
    """An engine with all that may break in it, and the argument which breaks each."""
    params = EngineParams.from_dict({"scheme": "mac", **ENGINES[engine]})
    hardware, own = emit(params), {name: each[1:] for name, each in BROKEN.items() if each[0] == engine}
    changes = {name: mutant(number, hardware, *each) for number, (name, each) in enumerate(own.items(), 1)}
    text = armed(hardware.text, list(changes.values()))
    arguments = {name: f"+{each.name}" for name, each in changes.items()}
    return params, replace(hardware, text=text), arguments


@pytest.mark.parametrize("engine", ENGINES)
def test_the_engine_itself_passes(engine: str) -> None:
    params, hardware, _ = broken(engine)
    answer = run_stress(params, hardware, tiles=300, seed=6)
    assert answer["passed"], answer["problems"]


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_part_is_found(name: str) -> None:
    params, hardware, arguments = broken(BROKEN[name][0])
    answer = run_stress(params, hardware, tiles=300, seed=6, arguments=[arguments[name]], timeout=120)
    assert not answer["passed"]
    assert answer["mismatches"] > 0 or any("hung" in each or "given up" in each for each in answer["problems"])
