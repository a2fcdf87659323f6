"""What the drawings of processing elements are made of."""

from __future__ import annotations

from gen.report.svg import Drawing

__all__ = ["WIDE", "block", "carries", "frame", "pair", "register"]

#: Width of a drawing.
WIDE = 560


def frame(title: str) -> Drawing:
    """A sheet with the outline of a PE."""
    d = Drawing(WIDE, 322, title)
    d.box(84, 30, 392, 266, "frame", 8)
    return d


def register(d: Drawing, x: float, y: float, name: str, width: float = 40, height: float = 24) -> None:
    """A register: a box with the clock's wedge in its corner."""
    d.box(x, y, width, height, "plate", 2)
    d.box(x, y, width, height, "box stream", 2)
    d.polygon([(x + 3, y + height), (x + 9, y + height), (x + 6, y + height - 5)], "stream-fill")
    d.text(x + width / 2, y + height / 2 + 4.5, name, "strong", "middle")


def block(d: Drawing, x: float, y: float, width: float, height: float, role: str, *lines: str) -> None:
    """A box of a role with a name, and smaller lines below it."""
    d.box(x, y, width, height, "plate")
    d.box(x, y, width, height, f"box {role}")
    top = y + height / 2 + 4 - 7 * (len(lines) - 1)
    for number, line in enumerate(lines):
        d.text(x + width / 2, top + 15 * number, line, "small" if number else "strong", "middle")


def carries(d: Drawing, x: float, y: float, count: int, every: int) -> None:
    """How many carry bits are kept, in two lines."""
    d.text(x, y, f"{count} carry {'bit' if count == 1 else 'bits'} kept,", "small", "middle")
    d.text(x, y + 13, f"one every {'bit' if every == 1 else f'{every} bits'}", "small", "middle")


def pair(d: Drawing, x: float, sum_bits: int, carry_bits: int, name: str) -> None:
    """The registers of sum and carries behind a compressor that ends at ``x``, and their wires out of the PE."""
    for y, letter, bits in ((116, "s", sum_bits), (172, "c", carry_bits)):
        d.wire((x, y), (x + 20, y))
        register(d, x + 20, y - 12, letter, 36)
        d.wire((x + 56, y), (WIDE - 12, y), class_="bus")
        d.width_mark(WIDE - 50, y, str(bits), 0, 17, "middle")
    d.text(WIDE - 12, 106, name, "port", "end")
