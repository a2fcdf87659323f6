"""What the drawings of processing elements are made of."""

from __future__ import annotations

from gen.report.svg import Drawing
from hdl.params import EngineParams
from hdl.params.axes import Travel

__all__ = ["WIDE", "block", "carries", "clear_gate", "frame", "operands", "pair", "register"]

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


def operands(
    d: Drawing, params: EngineParams, a_bits: int, consumer: tuple[float, float], b_bits: int | None = None
) -> None:
    """Operand and clear registers, and the ways on to the neighbours; ``consumer`` is the first operation's place."""
    x, y = consumer
    bits = str(b_bits or params.b.width)
    if params.axes.b is Travel.BROADCAST:
        d.wire((x, 4), (x, y - 30))
        d.text(x + 8, 17, "b", "port")
        d.width_mark(x, 60, bits, 7, 4)
    else:
        d.wire((x, 4), (x, 48))
        d.text(x + 8, 17, "b_in", "port")
        d.width_mark(x, 34, bits, 7, 4)
        register(d, x - 20, 48, "b")
        d.wire((x, 72), (x, y - 30))
        d.dot(x, 84)
        d.wire((x, 84), (152, 84), (152, 314))
        d.text(160, 314, "b_out", "port")

    systolic = params.axes.hands_a_over
    d.wire((8, y), (104 if systolic else x - 36, y), halo=not systolic)
    d.width_mark(62, y, str(a_bits), -4, -9)
    if not systolic:
        d.text(8, y - 10, "a", "port")
        d.wire((8, 240), (132, 240), arrow=False)
        d.text(8, 230, "clear", "port")
        return
    d.text(8, y - 10, "a_in", "port")
    register(d, 104, y - 12, "a", 28)
    d.wire((132, y), (x - 36, y), halo=True)
    d.wire((142, y), (142, 278), (548, 278), halo=True)
    d.dot(142, y)
    d.text(548, 269, "a_out", "port", "end")

    d.wire((8, 240), (104, 240))
    d.text(8, 230, "clear_in", "port")
    register(d, 104, 228, "", 28)


def clear_gate(d: Drawing, x: float) -> None:
    """The gate in the feedback that begins a new sum, and the way of ``clear`` to it."""
    d.wire((132, 240), (x - 24, 240), halo=True)
    block(d, x - 24, 226, 48, 28, "control", "clear")
