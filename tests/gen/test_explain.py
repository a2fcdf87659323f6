from __future__ import annotations

import math
import re

import pytest

from gen.explain import explain, primitives
from hdl.params import EngineParams, OperandFormat

ENGINES = [
    EngineParams(scheme="mac", rows=3, cols=5),
    EngineParams(scheme="opt1", rows=3, cols=5),
    EngineParams(scheme="opt1", rows=16, cols=16, a=OperandFormat(7, signed=False), carry_every=1),
    EngineParams(scheme="opt1", rows=1, cols=1, a=OperandFormat(2, signed=True)),
]


def copies_in(nest: list[str]) -> dict[str, int]:
    """Copies of every primitive, read from the text: the product of the `space` loops that enclose its line."""
    loops: list[tuple[int, int]] = []
    copies = {}
    for line in (line.split("#")[0].rstrip() for line in nest):
        indent = len(line) - len(line.lstrip())
        loops = [(at, size) for at, size in loops if at < indent]
        if match := re.match(r" *(space|time) (.*)", line):
            sizes = [int(size) for size in re.findall(r"\w+ (\d+)", match[2])]
            loops.append((indent, math.prod(sizes) if match[1] == "space" else 1))
        elif match := re.match(r".*= (\w+) ", line):
            copies[match[1]] = math.prod(size for _, size in loops)
    return copies


@pytest.mark.parametrize(
    "params", ENGINES, ids=lambda params: f"{params.scheme} {params.rows}x{params.cols} {params.a}"
)
def test_copies_are_those_of_the_nest(params):
    nest, _ = explain(params)
    expected = {part.name: part.copies for part in primitives(params)}
    found = copies_in(nest)
    if "shift" in found:
        assert found.pop("shift") == found["map"]  # wires, and so not in the table
    assert found == expected


def test_operations_of_a_tile():
    operations = {part.name: part.operations for part in primitives(EngineParams(rows=16, cols=16))}
    assert operations == {"encode": "64 K", "map": "1,024 K", "half_reduce": "256 K", "add": "256"}


def test_timing():
    _, timing = explain(EngineParams(rows=16, cols=8, preload=False))
    assert timing[0] == "A tile is C[16, 8] = A[16, K] x B[K, 8], with K up to 131,071."
    assert timing[-1] == (
        "Tiles follow each other every max(K, 17) cycles; the results of one leave while the next enters."
    )
