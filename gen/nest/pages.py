"""The parts of the documentation that the code writes: ``python -m gen.nest.pages docs/*.md``."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gen.nest.canonical import BUILT, chain, conventional, nest_of
from gen.nest.encoders import ENCODERS, density, digit_count
from gen.nest.from_axes import nest_of_axes
from gen.nest.printer import print_nest
from gen.nest.steps import explain_nest, explain_steps, steps
from gen.nest.tile import Tile
from gen.nest.window import expected_interval
from gen.operands import USUAL_SIGMA
from hdl.arith.encoding import encoding
from hdl.params import Axes, EngineParams, OperandFormat
from hdl.params.plain_axes import axes_from

__all__ = ["rewritten"]

TILE = Tile(16, 16, 1024)
ENCODER, SIGMA, DEPTH = "ent", USUAL_SIGMA, 16
WINDOWS, GROUPS = (2, 4, 8, 16, 32), (2, 4, 8)
BLOCK = re.compile(r"(<!-- written: ([^>]*?) -->\n).*?(<!-- end -->)", re.DOTALL)


def rewritten(page: str) -> str:
    """The page with every block between ``<!-- written: ... -->`` and ``<!-- end -->`` as the code writes it now."""
    return BLOCK.sub(lambda match: match[1] + _block(*match[2].split()) + match[3], page)


def _block(kind: str, *words: str) -> str:
    if kind == "built":
        return _built()
    if kind == "digits":
        return _digits()
    if kind == "wires":
        return _wires()
    if kind == "windows":
        return _windows()
    if kind == "point":
        return _fenced(print_nest(nest_of_axes(_point(words), TILE.m, TILE.n, encoder=ENCODER)))
    if kind == "nest":
        array, scheme = words
        return _fenced(print_nest(nest_of(array, scheme, TILE.m, TILE.n, depth=DEPTH, encoder=ENCODER)))
    array, scheme, number = words
    if number == "all":
        return _fenced(explain_steps(array, scheme, TILE, depth=DEPTH, encoder=ENCODER, sigma=SIGMA))
    start = conventional(array, TILE.m, TILE.n, depth=DEPTH, encoder=ENCODER, digits=digit_count(ENCODER, TILE.a))
    rewrite, nest = steps(start, chain(array, scheme))[int(number)]
    text = f"{rewrite.moves}\nLegal: {rewrite.legal}\n\n" if rewrite else ""
    return _fenced(text + explain_nest(nest, TILE, sigma=SIGMA))


def _point(words: Sequence[str]) -> Axes:
    """Axes from words such as ``recoded=b`` and ``k.steps=16``; those left out have their defaults."""
    values: dict[str, Any] = {}
    for word in words:
        name, _, text = word.partition("=")
        value = int(text) if text.isdecimal() else text or None
        *parts, last = name.split(".")
        table = values
        for part in parts:
            table = table.setdefault(part, {})
        table[last] = {"yes": True, "no": False}.get(text, value)
    return axes_from(values)


def _fenced(text: str) -> str:
    return f"```text\n{text}```\n"


def _built() -> str:
    rows = ["| Array | Scheme | Rewrites from the conventional nest |", "|---|---|---|"]
    for (array, scheme), rewrites in BUILT.items():
        names = ", ".join(rewrite.name for rewrite in rewrites) or "none"
        rows.append(f"| `{array}` | `{scheme}` | {names} |")
    return "\n".join(rows) + "\n"


def _digits() -> str:
    sigmas = (None, 10.0, 20.0, 30.0, 40.0, 50.0)
    heads = ["uniform" if sigma is None else f"sigma {sigma:.0f}" for sigma in sigmas]
    rows = [f"| Encoder | Digits | {' | '.join(heads)} |", "|---" * (len(heads) + 2) + "|"]
    for encoder in ENCODERS:
        means = " | ".join(f"{density(encoder, TILE.a, sigma).mean:.3f}" for sigma in sigmas)
        rows.append(f"| `{encoder}` | {digit_count(encoder, TILE.a)} | {means} |")
    return "\n".join(rows) + "\n"


def _wires() -> str:
    formats = [OperandFormat(width, signed) for width in (4, 7, 8, 16) for signed in (True, False)]
    rows = [
        "| Digits, wires | " + " | ".join(f"`{form}`" for form in formats) + " |",
        "|---" * (len(formats) + 1) + "|",
    ]
    for encoder in ENCODERS:
        found = [encoding(encoder, form) for form in formats]
        rows.append(f"| `{encoder}` | " + " | ".join(f"{each.digits}, {each.bits}" for each in found) + " |")
    return "\n".join(rows) + "\n"


def _windows() -> str:
    rows = [
        "| Window | " + " | ".join(f"groups of {group}" for group in GROUPS) + " |",
        "|---" * (len(GROUPS) + 1) + "|",
    ]
    for queue in WINDOWS:
        engines = [EngineParams(scheme="opt4c", encoder=ENCODER, queue=queue, group=group) for group in GROUPS]
        cycles = " | ".join(f"{expected_interval(engine, TILE.k, SIGMA) / TILE.k:.2f}" for engine in engines)
        rows.append(f"| `queue = {queue}` | {cycles} |")
    return "\n".join(rows) + "\n"


if __name__ == "__main__":
    for name in sys.argv[1:]:
        path = Path(name)
        path.write_text(rewritten(path.read_text(encoding="utf-8")), encoding="utf-8")
