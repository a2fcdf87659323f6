"""No ten lines stand twice among engines, their parts and the test benches, neither to the letter nor with other names.

Compared are lines of code, without comments, docstrings and imports; names are numbered by their first place in the
ten lines, numbers and strings are all alike.
"""

from __future__ import annotations

import ast
import io
import keyword
import tokenize
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
FOLDERS = ("hdl/array", "hdl/engine", "hdl/pe", "hdl/sparse", "sim_tb/tb")
LINES = 10
Line = tuple[int, tuple[tuple[str, str], ...]]


def lines(text: str) -> list[Line]:
    """Lines of code with their tokens: ``name``, or what stands there."""
    left_out = set()
    for node in ast.walk(ast.parse(text)):
        imports = isinstance(node, ast.Import | ast.ImportFrom)
        if imports or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
            left_out.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    found: dict[int, list[tuple[str, str]]] = defaultdict(list)
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        place = token.start[0]
        if place in left_out or token.type in (tokenize.COMMENT, tokenize.NL) or not token.string.strip():
            continue
        if token.type == tokenize.NAME and not keyword.iskeyword(token.string):
            found[place].append(("name", token.string))
        elif token.type in (tokenize.NUMBER, tokenize.STRING):
            found[place].append(("", "value"))
        else:
            found[place].append(("", token.string))
    return [(place, tuple(tokens)) for place, tokens in sorted(found.items()) if any(kind for kind, _ in tokens)]


def windows(text: str) -> Iterator[tuple[int, int, str]]:
    """Of each ten lines: the first and the last one, and their text with numbered names."""
    code = lines(text)
    for first in range(len(code) - LINES + 1):
        chosen, names = code[first : first + LINES], {}
        for name in (name for _, tokens in chosen for kind, name in tokens if kind):
            names.setdefault(name, f"v{len(names)}")
        said = [" ".join(names[name] if kind else name for kind, name in tokens) for _, tokens in chosen]
        yield chosen[0][0], chosen[-1][0], "\n".join(said)


def twice(texts: dict[str, str]) -> list[tuple[str, str]]:
    """Places of the same ten lines, which don't overlap."""
    seen: dict[str, tuple[str, int]] = {}
    found = []
    for name, text in texts.items():
        for first, last, said in windows(text):
            before = seen.setdefault(said, (name, last))
            if before[0] != name or before[1] < first:
                found.append((f"{before[0]}:{before[1]}", f"{name}:{last}"))
    return found


def test_no_ten_lines_stand_twice():
    paths = [path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py"))]
    assert len(paths) > 40
    assert twice({path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in paths}) == []


def test_other_names_are_no_help():
    text = "\n".join(f"m.d.sync += a{i}.eq(a{i + 1} & {i})" for i in range(LINES))
    assert len(twice({"one": text, "two": text.replace("a", "b").replace("m", "module")})) == 1
    assert twice({"one": text, "two": text.replace("a3.eq(a4", "a3.eq(a9")}) == []
    assert twice({"one": text}) == []
