"""PEs that take digits plane after plane: the sum of one plane."""

from __future__ import annotations

from gen.report.diagrams.pe_parts import block, carries, pair, register
from gen.report.svg import Drawing
from hdl.arith.digit_product import sign_column
from hdl.params import EngineParams
from hdl.params.axes import Travel
from hdl.params.sparse import SparseShape
from hdl.sparse.opt3 import Opt3PE
from hdl.sparse.opt4 import Pick
from hdl.sparse.plane import PlaneSum
from hdl.sparse.plane_pe import Step

__all__ = ["sparse_pe"]


def sparse_pe(d: Drawing, params: EngineParams) -> None:
    """A PE that picks its digits itself, takes those picked for its row, or those of a step that all rows take."""
    shape, plane = SparseShape(params), PlaneSum(params)
    lanes = shape.lanes
    x = 254
    in_step, down = not params.axes.skips_by_row, params.axes.b is Travel.HAND_OVER
    d.text(x + 8, 17, "b_in" if down or not in_step else "b", "port")
    each = 3 if params.recodes_b else shape.operand.width
    d.width_mark(x, 34, f"{lanes} × {each}" if lanes > 1 else str(each), 7, 4)
    if in_step and not down:
        d.wire((x, 4), (x, 114))
    else:
        d.wire((x, 4), (x, 48))
        register(d, x - 20, 48, "b")
        d.wire((x, 72), (x, 114))
    if in_step and down:
        d.dot(x, 84)
        d.wire((x, 84), (212, 84), (212, 314), halo=True)
        d.text(204, 314, "b_out", "port", "end")
    of = "a" if params.recodes_b else "b"
    block(d, x - 30, 114, 60, 60, "pe", "map", f"0, ±{of}, ±2 {of}" if in_step else "±b, ±2 b")
    if in_step:
        _steps(d, params, shape)
    elif params.axes.recodes_in_pe:
        _own_picks(d, params, shape)
    else:
        _picks(d, params, shape)
    d.wire((x + 30, 144), (330, 144))
    d.width_mark(x + 51, 144, f"{lanes * (sign_column(shape.operand) + 2)} bits", 0, -10, "middle")
    if plane.saves:
        block(d, 330, 92, 64, 104, "adders", "compress", "to s and c")
        carries(d, 362, 72, len(plane.carries), params.carry_every)
        pair(d, 394, plane.width, len(plane.carries), "acc")
        d.wire((460, 116), (460, 234), (386, 234), halo=True)
        d.wire((470, 172), (470, 246), (386, 246))
        d.dot(460, 116)
        d.dot(470, 172)
    else:
        block(d, 330, 92, 64, 104, "adders", "+", f"{plane.width} bits")
        d.wire((394, 144), (414, 144))
        register(d, 414, 132, "sum", 40)
        d.wire((454, 144), (548, 144), class_="bus")
        d.text(548, 134, "acc", "port", "end")
        d.width_mark(510, 144, str(plane.width), 0, 17, "middle")
        d.dot(464, 144)
        d.wire((464, 144), (464, 240), (386, 240))
    block(d, 338, 226, 48, 28, "control", "clear")
    d.wire((362, 226), (362, 196))
    d.width_mark(362, 213, str(plane.acc_bits), 8, 4)


def _steps(d: Drawing, params: EngineParams, shape: SparseShape) -> None:
    """The digits of a step that all rows take."""
    passed = params.axes.hands_a_over
    d.text(8, 134, "step_in" if passed else "step", "port")
    d.wire((8, 144), (104 if passed else 224, 144), halo=True)
    d.width_mark(62, 144, str(Step.bits(shape)), 0, 20, "middle")
    if passed:
        register(d, 104, 132, "step", 48)
        d.wire((152, 144), (224, 144), halo=True)
        d.dot(170, 144)
        d.wire((170, 144), (170, 278), (548, 278), halo=True)
        d.text(548, 269, "step_out", "port", "end")
    d.dot(190, 144)
    d.wire((190, 144), (190, 240), (338, 240), halo=True)
    d.text(220, 231, "clear", "small")


def _picks(d: Drawing, params: EngineParams, shape: SparseShape) -> None:
    """Digits and their operands' places, picked at the row's edge."""
    systolic = params.axes.hands_a_over
    d.text(8, 134, "pick_in" if systolic else "action", "port")
    d.wire((8, 144), (104 if systolic else 224, 144))
    d.width_mark(62, 144, str(Pick.bits(shape) if systolic else Pick.action_bits(shape)), 0, 20, "middle")
    if systolic:
        register(d, 104, 132, "pick", 48)
        d.wire((152, 144), (224, 144))
        d.wire((170, 144), (170, 278), (548, 278))
        d.text(548, 269, "pick_out", "port", "end")
    else:
        d.text(3, 50, "load, valid", "port")
        d.wire((8, 60), (234, 60))
        d.width_mark(62, 60, str(1 + shape.lanes), 0, 20, "middle")
    d.dot(190, 144)
    d.wire((190, 144), (190, 240), (338, 240))
    d.text(196, 134, "digit", "small")
    d.text(200, 231, "clear", "small")


def _own_picks(d: Drawing, params: EngineParams, shape: SparseShape) -> None:
    """A group of digits, and the one that is picked."""
    systolic = params.axes.hands_a_over
    d.text(8, 134, "load_in", "port")
    d.wire((8, 144), (96, 144))
    d.width_mark(62, 144, str(Opt3PE.load_bits(shape)), 0, 20, "middle")
    block(d, 96, 106, 58, 76, "recode", "pick", f"of {shape.group_digits}")
    d.wire((154, 144), (168, 144))
    register(d, 168, 132, "", 16)
    d.wire((184, 144), (196, 144))
    register(d, 196, 132, "", 16)
    d.wire((212, 144), (224, 144))
    d.wire((190, 144), (190, 92), (8, 92), halo=True)
    d.dot(190, 144)
    d.text(8, 82, "index", "port")
    d.width_mark(62, 92, str(shape.index_bits), 0, 17, "middle")
    d.wire((218, 144), (218, 240), (338, 240), arrow=True)
    d.dot(218, 144)
    d.text(226, 231, "clear", "small")
    if systolic:
        d.dot(76, 144)
        d.wire((76, 144), (76, 266), (104, 266), halo=True)
        register(d, 104, 254, "", 28)
        d.wire((132, 266), (548, 266))
        d.text(548, 282, "load_out", "port", "end")
