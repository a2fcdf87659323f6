"""What an engine does is asked of its axes: code outside the presets does not ask for the name of an array or a scheme.

Counted are comparisons, membership, lookups, tables, patterns and tests of truth, with a name itself or with what holds
one: an attribute or a variable called ``array`` or ``scheme``, or a constant that stands for a name; and all that goes
through a list of the names, or hands one on: loops, unpacking, methods and arguments.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from hdl.params import ARRAYS, SCHEMES

ROOT = Path(__file__).parents[1]
FOLDERS = ("hdl", "gen", "sim_tb", "synth_scripts", "bench")
NAMES = {*ARRAYS, *SCHEMES}
#: Variables, attributes and constants that hold names.
LISTS = {"ARRAYS", "SCHEMES", "BUILDS", "SUPPORTED", "NAMED"}
HOLDERS = {"array", "scheme", "arrays", "schemes", "BASELINE", "FIRST", *LISTS}
#: Where the names are defined.
PRESETS = "hdl/params/presets.py"
#: Places that may ask. Never raise it: ask an axis, or the object that knows.
MOST = 4


def is_name(node: ast.expr | None) -> bool:
    """One of the names, what holds one, or several expressions with one of them."""
    match node:
        case ast.Tuple(elts=several) | ast.List(elts=several) | ast.Set(elts=several):
            return any(map(is_name, several))
        case ast.Constant(value=value):
            return value in NAMES
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name in HOLDERS
        case ast.NamedExpr(target=target, value=value):
            return is_name(target) or is_name(value)
        case ast.Subscript(value=table):
            return is_name(table)
    return False


def is_list(node: ast.expr) -> bool:
    """A list of the names."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name in LISTS
    return False


def comparisons(text: str) -> Iterator[int]:
    """The lines that compare a name, look something up by it, or go through all of them; a line may come twice."""
    for node in ast.walk(ast.parse(text)):
        match node:
            case ast.Compare(left=left, comparators=others):
                found = any(map(is_name, (left, *others)))
            case ast.Subscript(slice=key):
                found = is_name(key)
            case ast.Call(func=called, args=given, keywords=named):
                found = any(map(is_list, (*given, *(each.value for each in named))))
                if isinstance(called, ast.Attribute):
                    looked_up = called.attr in ("get", "pop") and any(map(is_name, given[:1]))
                    found = found or looked_up or is_list(called.value)
            case ast.For(iter=through) | ast.comprehension(iter=through) | ast.Starred(value=through):
                if is_list(through):
                    yield through.lineno
                continue
            case ast.BoolOp(values=tested):
                found = any(map(is_name, tested))
            case ast.If(test=tested) | ast.IfExp(test=tested) | ast.While(test=tested):
                found = is_name(tested)
            case ast.UnaryOp(op=ast.Not(), operand=tested):
                found = is_name(tested)
            case ast.Dict(keys=keys):
                found = any(map(is_name, keys))
            case ast.MatchValue(value=value):
                found = is_name(value)
            case _:
                continue
        if found:
            yield node.lineno


def sources() -> Iterator[Path]:
    """All source files but those of the memory that computes, where ``mac`` is a command."""
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if "pim" not in path.parts and not path.name.startswith("pim_"):
                yield path


def test_names_are_not_compared():
    found = []
    for path in sources():
        where = path.relative_to(ROOT).as_posix()
        if where != PRESETS:
            found += [f"{where}:{line}" for line in sorted(set(comparisons(path.read_text(encoding="utf-8"))))]
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
        ("found = TABLE['opt1', 3] if scheme in legal else arrays[0]", 2),
        ("name not in SCHEMES; design.scheme == BASELINE; (found := params.array) == other", 3),
        ("TABLE = {'mac': 1, 'opt1': 2}; OTHER = {('cube', 'mac'): 3}", 2),
        ("match word:\n    case 'cube' | 'laconic':\n        pass", 2),
        ("for each in SCHEMES:\n    pass", 1),
        ("[each for each in presets.NAMED]; [*ARRAYS]", 2),
        ("{array: few for array, few in BUILDS.items()}; near(word, SCHEMES); choice(key, legal=ARRAYS)", 3),
        ("params.scheme or 'nest'; word if params.array else other; not params.scheme", 3),
        ("print(params.scheme); role == 'row'; TABLE[params.rows]; {'scheme': 'mac'}; scheme.adders == other", 0),
    ],
)
def test_what_counts(text, count):
    assert len(list(comparisons(text))) == count
