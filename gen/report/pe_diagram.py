"""The inside of a processing element as a drawing: registers, what happens between them, and the widths."""

from __future__ import annotations

from gen.report.markup import Markup
from gen.report.svg import Drawing
from hdl.arith.encoding import encoding
from hdl.arith.partial_products import PartialProducts
from hdl.arith.radix4 import Booth
from hdl.params import EngineParams
from hdl.pe.opt1 import Opt1PE

__all__ = ["pe_diagram"]


def pe_diagram(params: EngineParams) -> Markup:
    """A PE of the engine, as an SVG element."""
    d = Drawing(560, 322, f"Processing element, scheme {params.scheme}")
    d.box(84, 30, 392, 266, "frame", 8)
    if params.scheme == "mac":
        _mac(d, params)
    else:
        _opt1(d, params)
    return d.render()


def _operands(d: Drawing, params: EngineParams, a_bits: int, consumer: tuple[float, float]) -> None:
    """Operand and clear registers, and the ways on to the neighbours; ``consumer`` is the first operation's place."""
    x, y = consumer
    d.wire((x, 4), (x, 48))
    d.text(x + 8, 17, "b_in", "port")
    d.width_mark(x, 34, str(params.b.width), 7, 4)
    _register(d, x - 20, 48, "b")
    d.wire((x, 72), (x, y - 30))
    d.dot(x, 84)
    d.wire((x, 84), (152, 84), (152, 314))
    d.text(160, 314, "b_out", "port")

    systolic = params.array == "systolic_os"
    d.wire((8, y), (104 if systolic else x - 36, y), halo=not systolic)
    d.width_mark(62, y, str(a_bits), -4, -9)
    if not systolic:
        d.text(8, y - 10, "a", "port")
        d.wire((8, 240), (132, 240), arrow=False)
        d.text(8, 230, "clear", "port")
        return
    d.text(8, y - 10, "a_in", "port")
    _register(d, 104, y - 12, "a", 28)
    d.wire((132, y), (x - 36, y), halo=True)
    d.wire((142, y), (142, 278), (548, 278), halo=True)
    d.dot(142, y)
    d.text(548, 269, "a_out", "port", "end")

    d.wire((8, 240), (104, 240))
    d.text(8, 230, "clear_in", "port")
    _register(d, 104, 228, "", 28)


def _register(d: Drawing, x: float, y: float, name: str, width: float = 40, height: float = 24) -> None:
    d.box(x, y, width, height, "plate", 2)
    d.box(x, y, width, height, "box stream", 2)
    d.polygon([(x + 3, y + height), (x + 9, y + height), (x + 6, y + height - 5)], "stream-fill")
    d.text(x + width / 2, y + height / 2 + 4.5, name, "strong", "middle")


def _block(d: Drawing, x: float, y: float, width: float, height: float, role: str, *lines: str) -> None:
    d.box(x, y, width, height, "plate")
    d.box(x, y, width, height, f"box {role}")
    top = y + height / 2 + 4 - 7 * (len(lines) - 1)
    for number, line in enumerate(lines):
        d.text(x + width / 2, top + 15 * number, line, "small" if number else "strong", "middle")


def _clear_gate(d: Drawing, x: float) -> None:
    """The gate in the feedback that begins a new sum, and the way of ``clear`` to it."""
    d.wire((132, 240), (x - 24, 240), halo=True)
    _block(d, x - 24, 226, 48, 28, "control", "clear")


def _mac(d: Drawing, params: EngineParams) -> None:
    width, fused = params.accumulator, params.multiplier == "fused"
    _operands(d, params, params.a.width, (214, 144))
    if fused:
        _block(d, 178, 114, 72, 60, "pe", "recode", "and map")
        bits = f"{PartialProducts(Booth(params.a), params.b).bits} bits"
    else:
        _block(d, 178, 114, 72, 60, "pe", "×", f"{params.a} × {params.b}")
        bits = str(params.product_bits)
    d.wire((250, 144), (296, 144))
    d.width_mark(270, 144, bits, 0, -9, "middle")
    _block(d, 296, 106, 62, 76, "adders", "+", *([f"{width} bits,", "one chain"] if fused else [f"{width} bits"]))
    d.wire((358, 144), (392, 144))
    _register(d, 392, 130, "acc", 44, 28)
    d.wire((436, 144), (548, 144), class_="bus")
    d.dot(454, 144)
    d.wire((454, 144), (454, 240), (351, 240))
    d.text(548, 134, "acc", "port", "end")
    d.width_mark(506, 144, str(width), 0, 17, "middle")
    _clear_gate(d, 327)
    d.wire((327, 226), (327, 182))
    d.width_mark(327, 206, str(width), 8, 4)


def _opt1(d: Drawing, params: EngineParams) -> None:
    pe = Opt1PE(params)
    width, carries, digits = params.accumulator, len(pe.carries), encoding(params.encoder, params.a)
    _operands(d, params, digits.bits, (214, 144))
    _block(d, 178, 114, 72, 60, "pe", "map", f"{digits.digits} digits")
    d.wire((250, 144), (304, 144))
    d.width_mark(275, 144, f"{pe.products.bits} bits", 0, -10, "middle")
    _block(d, 304, 92, 68, 104, "adders", "compress", "to s and c")
    d.text(338, 72, f"{carries} carry bits kept,", "small", "middle")
    d.text(338, 85, f"one every {_bits(params.carry_every)}", "small", "middle")
    for y, name, bits in ((116, "s", width), (172, "c", carries)):
        d.wire((372, y), (392, y))
        _register(d, 392, y - 12, name, 36)
        d.wire((428, y), (548, y), class_="bus")
        d.width_mark(510, y, str(bits), 0, 17, "middle")
    d.text(548, 106, "acc", "port", "end")
    d.wire((446, 116), (446, 234), (362, 234), halo=True)
    d.wire((462, 172), (462, 246), (362, 246))
    d.dot(446, 116)
    d.dot(462, 172)
    _clear_gate(d, 338)
    d.wire((338, 226), (338, 196))
    d.width_mark(338, 213, str(width + carries), 8, 4)


def _bits(count: int) -> str:
    return "bit" if count == 1 else f"{count} bits"
