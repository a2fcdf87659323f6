"""What an engine does is asked of its axes: no code outside the presets compares the name of an array or a scheme."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from hdl.params import ARRAYS, SCHEMES

ROOT = Path(__file__).parents[1]
FOLDERS = ("hdl", "gen", "sim_tb", "synth_scripts", "bench")
NAMES = {*ARRAYS, *SCHEMES}
#: Where the names are defined; and a DRAM command that is called like a scheme.
EXEMPT = {"hdl/params/presets.py", "hdl/pim/channel/rules.py"}
#: Comparisons that may be there. Never raise it: ask an axis, or the object that knows.
MOST = 10


def is_name(node: ast.expr | None) -> bool:
    """One of the names, or several."""
    if isinstance(node, ast.Tuple | ast.List | ast.Set):
        return any(map(is_name, node.elts))
    return isinstance(node, ast.Constant) and node.value in NAMES


def asks(node: ast.expr) -> bool:
    """``x.scheme``, ``x.array``, or several expressions with one of them."""
    if isinstance(node, ast.Tuple):
        return any(map(asks, node.elts))
    return isinstance(node, ast.Attribute) and node.attr in ("scheme", "array")


def comparisons(text: str) -> Iterator[int]:
    """The lines that compare a name, or look something up by it."""
    for node in ast.walk(ast.parse(text)):
        match node:
            case ast.Compare(left=left, comparators=others):
                found = any(is_name(each) or asks(each) for each in (left, *others))
            case ast.Subscript(slice=key):
                found = asks(key)
            case ast.Call(func=ast.Attribute(attr="get"), args=[key, *_]):
                found = asks(key)
            case _:
                continue
        if found:
            yield node.lineno


def test_names_are_not_compared():
    found = []
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            where = path.relative_to(ROOT).as_posix()
            if where not in EXEMPT:
                found += [f"{where}:{line}" for line in comparisons(path.read_text(encoding="utf-8"))]
    assert len(found) <= MOST, found


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("params.scheme == other", 1),
        ("scheme != 'mac'", 1),
        ("params.array in ('cube', 'matrix_2d')", 1),
        ("TABLE[params.scheme]", 1),
        ("TABLE[params.array, params.scheme]", 1),
        ("TABLE.get(params.array, None)", 1),
        ("print(params.scheme); role == 'row'; TABLE[params.rows]", 0),
    ],
)
def test_what_counts(text, count):
    assert len(list(comparisons(text))) == count
