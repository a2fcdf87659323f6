"""The parts of the pages that the committed results write.

A part stands between ``<!-- figures: NAME WORDS -->`` and ``<!-- end -->``: a block where the first is followed by the
end of its line, else words in a line.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from bench.figures import (
    aim,
    delta,
    demo,
    encoders,
    energy,
    engines,
    floats,
    gate,
    laconic,
    layout,
    macs,
    mapping,
    pim,
    scripts,
    sesr,
    sparse,
    training,
)
from bench.figures.comparison import page as comparison
from hdl.params import ConfigError, Problem, near_name

__all__ = ["DRAWINGS", "MEASURED", "PAGES", "PART", "PARTS", "PICTURES", "rewritten"]

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
#: Where pictures of measured figures are; beside it are drawings of engines.
PICTURES = ROOT / "docs" / "images" / "measured"
PART = re.compile(r"<!-- figures: (?P<words>[^>\n]*?) -->(?P<block>\n)?(?P<body>.*?)<!-- end -->", re.DOTALL)

#: What is measured, the longest first; each module has a group of results, and the parts of pages that show them.
MEASURED = (
    *(delta, demo, mapping, sesr, training, sparse, engines, laconic, gate),
    *(macs, energy, layout, encoders, floats, scripts, aim),
)
#: Name -> what writes the part, given the further words of its comment.
PARTS: dict[str, Callable[..., str]] = {
    name: part for each in (*MEASURED, pim, comparison) for name, part in each.PARTS.items()
}
#: Files in the folder of pictures, and what draws them.
DRAWINGS: dict[str, Callable[[], str]] = {**gate.DRAWINGS, **training.DRAWINGS}


def rewritten(page: str) -> str:
    """A page with each of its parts as the results write it now.

    Raises
    ------
    ConfigError
        Where a page names a part that there is not.
    """
    return PART.sub(lambda part: _opening(part) + _text(part["words"], bool(part["block"])) + "<!-- end -->", page)


def _opening(part: re.Match[str]) -> str:
    return f"<!-- figures: {part['words']} -->{part['block'] or ''}"


def _text(words: str, block: bool) -> str:
    name, *more = words.split()
    if name not in PARTS:
        raise ConfigError([Problem(f"figures: {words}", "no such part", near_name(name, PARTS))])
    text = PARTS[name](*more)
    return f"{text.rstrip()}\n" if block else text
