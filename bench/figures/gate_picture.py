"""The picture of the page on the gate: how many weights the best attacker finds, with more and more traces."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import log10

from bench.figures import gate
from bench.figures.words import figures
from hdl.params.gate import MODES
from sim_tb.systems.gate.campaign import ATTACKERS

__all__ = ["picture"]

WIDTH, HEIGHT = 640, 360
LEFT, RIGHT, TOP, BOTTOM = 56, 92, 24, 48
#: A colour for each mode that is told apart on white and on black.
COLOURS = {"off": "#808080", "zero": "#d97706", "hold": "#dc2626", "compact": "#2563eb", "decoy": "#059669"}
STYLE = (
    "svg { background: #fff; color: #222; font: 13px sans-serif; } "
    "@media (prefers-color-scheme: dark) { svg { background: #16181d; color: #ddd; } } "
    "text { fill: currentColor; } .grid { stroke: currentColor; stroke-opacity: 0.15; } "
    "polyline { fill: none; stroke-width: 2; }"
)


def picture() -> str:
    """The SVG file. Raises ConfigError where something was not measured."""
    late = {mode: figures(gate.GROUP.name, f"attack-{mode}")["late"] for mode in MODES}
    counts, targets = late["off"]["counts"], late["off"]["targets"]
    best = {
        mode: [max(each["found"][name][i] for name in ATTACKERS) for i in range(len(counts))]
        for mode, each in late.items()
    }
    title = f"Weights of {targets} that the best attacker finds, by traces"
    parts = [*_axes(counts, targets), *_lines(counts, targets, best)]
    size = f'viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">'
    return "\n".join([head, f"<style>{STYLE}</style><title>{title}</title>", *parts, "</svg>", ""])


def _x(count: float, counts: Sequence[int]) -> float:
    share = log10(count / counts[0]) / log10(counts[-1] / counts[0])
    return round(LEFT + share * (WIDTH - LEFT - RIGHT), 1)


def _y(found: float, targets: int) -> float:
    return round(HEIGHT - BOTTOM - found / targets * (HEIGHT - TOP - BOTTOM), 1)


def _axes(counts: Sequence[int], targets: int) -> list[str]:
    parts = []
    for found in range(0, targets + 1, targets // 4):
        y = _y(found, targets)
        parts.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{y + 4}" text-anchor="end">{found}</text>')
    for count in counts:
        parts.append(f'<text x="{_x(count, counts)}" y="{HEIGHT - BOTTOM + 20}" text-anchor="middle">{count:,}</text>')
    middle = (LEFT + WIDTH - RIGHT) / 2
    parts.append(f'<text x="{middle}" y="{HEIGHT - 8}" text-anchor="middle">traces</text>')
    parts.append(f'<text x="8" y="14">weights found, of {targets}, by the best attacker</text>')
    return parts


def _lines(counts: Sequence[int], targets: int, best: Mapping[str, Sequence[int]]) -> list[str]:
    """The lines with their names at the right end, those names apart from each other."""
    parts = []
    free = float(HEIGHT)
    for mode in sorted(best, key=lambda mode: best[mode][-1]):
        points = [(_x(count, counts), _y(found, targets)) for count, found in zip(counts, best[mode], strict=True)]
        joined = " ".join(f"{x},{y}" for x, y in points)
        free = min(points[-1][1] + 4, free - 15)
        parts.append(f'<polyline points="{joined}" stroke="{COLOURS[mode]}"/>')
        parts.append(f'<text x="{WIDTH - RIGHT + 8}" y="{free}" style="fill: {COLOURS[mode]}">{mode}</text>')
    return parts
