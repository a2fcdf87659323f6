"""The PE of a chain along K where results stay: it hands its sums on to the next."""

from __future__ import annotations

from gen.report.diagrams.pe_accumulate import products
from gen.report.diagrams.pe_parts import WIDE, block, carries, pair, register
from gen.report.svg import Drawing
from hdl.params import EngineParams
from hdl.pe.link import LinkPE

__all__ = ["link_pe"]


def link_pe(d: Drawing, params: EngineParams) -> None:
    """Operands, their product, and the sums from the PE before."""
    pe = LinkPE(params)
    _operand_a(d, len(pe.operand("a")), passes="a" in pe.handed)
    _operand_b(d, len(pe.operand("b")), passes="b" in pe.handed)
    first, bits = pe.sums[0], len(pe.sum_in)
    number, several = not first.carries and len(pe.sums) == 1, len(pe.sums) > 1
    d.text(346, 17, "sum_in", "port")
    d.wire((338, 4), (338, 106 if number else 92))
    d.width_mark(338, 60, str(bits), 8, 4)
    taken = products(d, params, pe.adding)
    d.wire((250, 144), (296 if number else 304, 144))
    d.width_mark(270 if number else 275, 144, taken, 0, -9 if number else -10, "middle")
    if not number and not several:
        block(d, 304, 92, 68, 104, "adders", "compress", "to s and c")
        carries(d, 338, 214, len(first.carries), params.carry_every)
        pair(d, 372, first.width, len(first.carries), "sum_out")
        return
    if number:
        block(d, 296, 106, 84, 76, "adders", "+", f"{first.width} bits")
        d.wire((380, 144), (402, 144))
        register(d, 402, 130, "sum", 44, 28)
    else:
        block(d, 304, 92, 68, 104, "adders", "compress" if first.carries else "+", "each weight", "by itself")
        d.wire((372, 144), (402, 144))
        for shift in (8, 4, 0):
            register(d, 402 + shift, 130 - shift, "s, c" if first.carries else "s", 44, 28)
        d.text(428, 112, f"×{len(pe.sums)}", "small", "middle")
    d.wire((446 if number else 454, 144), (WIDE - 12, 144), class_="bus")
    d.text(WIDE - 12, 134, "sum_out", "port", "end")
    d.width_mark(510, 144, str(bits), 0, 17, "middle")


def _operand_a(d: Drawing, bits: int, *, passes: bool) -> None:
    """From the left; where it passes on to the next PE, through a register."""
    y = 144
    d.wire((8, y), (104 if passes else 178, y))
    d.width_mark(62, y, str(bits), -4, -9)
    d.text(8, y - 10, "a_in" if passes else "a", "port")
    if passes:
        register(d, 104, y - 12, "a", 28)
        d.wire((132, y), (178, y))
        d.wire((142, y), (142, 278), (548, 278))
        d.dot(142, y)
        d.text(548, 294, "a_out", "port", "end")


def _operand_b(d: Drawing, bits: int, *, passes: bool) -> None:
    """From above; where it passes on to the next PE, through a register."""
    d.wire((214, 4), (214, 48 if passes else 114))
    d.text(222, 17, "b_in" if passes else "b", "port")
    d.width_mark(214, 36, str(bits), 7, 4)
    if passes:
        register(d, 194, 48, "b")
        d.wire((214, 72), (214, 114))
        d.dot(214, 84)
        d.wire((214, 84), (160, 84), (160, 314), halo=True)
        d.text(168, 314, "b_out", "port")
