"""The drawings: complete, inside their sheets, and with the widths of the hardware."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from gen.report.diagrams.engine import engine_diagram
from gen.report.diagrams.pe import pe_diagram
from gen.report.diagrams.sheet import slots
from hdl.params import SUPPORTED, Dataflow, EngineParams, OperandFormat
from hdl.params.axes import Axes, Carries, Digits, KForm, KSpace, Order, Recoded, Skip, Sum, Travel
from hdl.params.sparse import SparseShape
from hdl.pe.scheme import Scheme
from hdl.sparse.opt4 import Pick
from hdl.sparse.plane import PlaneSum
from hdl.sparse.plane_pe import Step

SIZES = [(1, 1), (1, 5), (2, 2), (3, 5), (5, 4), (6, 6), (8, 9), (16, 16), (64, 64), (1024, 1)]


def extent(drawing: str) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of everything drawn; text is taken at the usual width of its font."""
    root = ElementTree.fromstring(drawing)
    xs, ys = [], []
    for element in root.iter():
        at = {key: float(value) for key, value in element.attrib.items() if re.fullmatch(r"-?[\d.]+", value)}
        if element.tag in ("polyline", "polygon"):
            pairs = [tuple(map(float, pair.split(","))) for pair in element.attrib["points"].split()]
            xs += [x for x, _ in pairs]
            ys += [y for _, y in pairs]
        elif element.tag == "rect":
            xs += [at["x"], at["x"] + at["width"]]
            ys += [at["y"], at["y"] + at["height"]]
        elif element.tag == "circle":
            xs += [at["cx"] - at["r"], at["cx"] + at["r"]]
            ys += [at["cy"] - at["r"], at["cy"] + at["r"]]
        elif element.tag == "text":
            mono = element.attrib["class"] in ("port", "signal")
            width = (0.61 if mono else 0.52) * 11.5 * len(element.text or "")
            anchor = element.attrib.get("text-anchor", "start")
            left = at["x"] - {"start": 0, "middle": width / 2, "end": width}[anchor]
            xs += [left, left + width]
            ys += [at["y"] - 10, at["y"] + 3]
    return min(xs), min(ys), max(xs), max(ys)


def texts(drawing: str) -> list[str]:
    return [element.text or "" for element in ElementTree.fromstring(drawing).iter("text")]


def sheet(drawing: str) -> tuple[float, float]:
    width, height = ElementTree.fromstring(drawing).attrib["viewBox"].split()[2:]
    return float(width), float(height)


def check_inside(drawing: str) -> None:
    left, top, right, bottom = extent(drawing)
    width, height = sheet(drawing)
    assert left >= 0
    assert top >= 0
    assert right <= width
    assert bottom <= height


@pytest.mark.parametrize("preload", [False, True])
@pytest.mark.parametrize("scheme", ["mac", "opt1"])
@pytest.mark.parametrize(("rows", "cols"), SIZES)
def test_engine(rows, cols, scheme, preload):
    params = EngineParams(rows=rows, cols=cols, scheme=scheme, preload=preload)
    drawing = engine_diagram(params)
    check_inside(drawing)
    shown = texts(drawing)
    drawn = [[slot for slot in slots(size) if slot is not None] for size in (rows, cols)]
    assert shown.count("PE") == len(drawn[0]) * len(drawn[1])
    assert f"{rows - 1}, {cols - 1}" in shown
    assert shown.count("recode") == (len(drawn[0]) if scheme == "opt1" else 0)
    assert shown.count("+") == (len(drawn[1]) if scheme == "opt1" else 0) + preload
    assert ("deskew" in shown) == (cols > 1)
    assert ("s_axis_c" in shown) == preload
    assert f"{-(-rows * 8 // 8) * 8} bits" in shown
    assert any(f"{Scheme.of(params).acc_bits} bits a column" in text for text in shown)


@pytest.mark.parametrize(("rows", "cols", "depth"), [(1, 1, 1), (3, 5, 4), (8, 9, 16), (64, 2, 7)])
@pytest.mark.parametrize(("array", "scheme"), sorted(SUPPORTED))
def test_every_engine(array, scheme, rows, cols, depth):
    for preload in (False, True):
        params = EngineParams(array=array, scheme=scheme, rows=rows, cols=cols, depth=depth, preload=preload)
        drawing = engine_diagram(params)
        check_inside(drawing)
        shown, flow = texts(drawing), Dataflow(params)
        down = depth if params.weight_stationary else rows
        drawn = [[slot for slot in slots(size) if slot is not None] for size in (down, cols)]
        assert shown.count("PE") + shown.count("cell") == len(drawn[0]) * len(drawn[1])
        assert {f"{stream.tdata_bits} bits" for stream in (flow.a, flow.b, flow.c)} <= set(shown)
        assert ("s_axis_c" in shown) == preload


@pytest.mark.parametrize("b", ["s8", "u3"])
@pytest.mark.parametrize("encoder", ["booth", "bit_serial", "sign_magnitude"])
@pytest.mark.parametrize(("array", "scheme"), sorted(SUPPORTED))
def test_every_pe(array, scheme, encoder, b):
    more = {"encoder": encoder, "b": OperandFormat.parse(b)}
    drawing = pe_diagram(EngineParams(array=array, scheme=scheme, rows=2, cols=3, depth=5, **more))
    check_inside(drawing)
    assert any(text.startswith("b") for text in texts(drawing))


def test_widths_of_a_plane_are_those_of_the_hardware():
    params = EngineParams(scheme="opt4e", segment=64, carry_every=1)
    shape, plane = SparseShape(params), PlaneSum(params)
    shown = set(texts(pe_diagram(params)))
    assert {str(plane.width), str(len(plane.carries)), str(plane.acc_bits), str(Pick.bits(shape)), "4 × 8"} <= shown
    shown = set(texts(engine_diagram(params)))
    assert f"result bus: {plane.acc_bits} bits a column" in shown
    assert f"{params.queue} × {shape.banks}" in shown


@pytest.mark.parametrize("b", Travel)
@pytest.mark.parametrize("a", Travel)
def test_rows_that_keep_step(a, b):
    """No window and no pickers are drawn, and the widths are those of the hardware."""
    sums = Sum(Carries.SAVE if a is b else Carries.PROPAGATE, per_weight=True)
    axes = Axes(a=a, b=b, k=KSpace(KForm.TREE, 3), digits=Digits(1, Order.PLANES), skip=Skip.COMMON, sum=sums)
    params = EngineParams(point=axes, rows=5, cols=6)
    pe, engine = pe_diagram(params), engine_diagram(params)
    check_inside(pe)
    check_inside(engine)
    plane = PlaneSum(params)
    assert {str(plane.width), str(Step.bits(SparseShape(params))), "3 × 8"} <= set(texts(pe))
    assert ("b_out" in texts(pe)) == (b is Travel.HAND_OVER)
    assert ("step_out" in texts(pe)) == (a is Travel.HAND_OVER)
    assert f"result bus: {plane.acc_bits} bits a column" in texts(engine)
    assert not {"window", "picker", "arbiter"} & set(texts(engine))


def test_digits_of_b_are_made_where_they_enter():
    """What moves down a column is digits, and what a row has is operands of A."""
    planes = {"digits": Digits(1, Order.PLANES), "skip": Skip.COMMON, "sum": Sum(per_weight=True)}
    axes = Axes(a=Travel.BROADCAST, k=KSpace(KForm.TREE, 3), recoded=Recoded.B, **planes)
    params = EngineParams(point=axes, rows=5, cols=6)
    pe, engine = pe_diagram(params), engine_diagram(params)
    check_inside(pe)
    check_inside(engine)
    assert {"3 × 3", str(Step.bits(SparseShape(params))), "0, ±a, ±2 a"} <= set(texts(pe))
    assert texts(engine).count("recode") == 1
    assert any(text.endswith(", ×18") for text in texts(engine))


@pytest.mark.parametrize("depth", [1, 5])
@pytest.mark.parametrize("array", ["systolic_os", "matrix_2d", "adder_tree"])
@pytest.mark.parametrize(("form", "product"), [("bf16", 24), ("fp16", 30)])
def test_floating_point(array, depth, form, product):
    """What is drawn are significands, partial sums and fp32 results; nothing is recoded."""
    form = OperandFormat.parse(form)
    params = EngineParams(array=array, scheme="mac", a=form, b=form, rows=4, cols=3, depth=depth)
    pe, engine = pe_diagram(params), engine_diagram(params)
    check_inside(pe)
    check_inside(engine)
    bits = form.fraction + 1
    assert {"×", f"{bits} × {bits}", "exact", str(product), str(16 + form.subnormal)} <= set(texts(pe))
    assert "3 × fp32" in texts(engine)
    assert ("3 × 32" in texts(pe)) == ("final adders: s0 + s1 + s2" in texts(engine)) == (array != "adder_tree")


def test_slots_stand_for_all():
    assert slots(1) == [0]
    assert slots(5) == [0, 1, 2, 3, 4]
    assert slots(6) == [0, 1, 2, None, 5]
    assert slots(1024) == [0, 1, 2, None, 1023]


@pytest.mark.parametrize("carry_every", [1, 2, 4, 8])
@pytest.mark.parametrize(("a", "b", "accumulator"), [("s8", "s8", 32), ("u2", "s16", 24), ("s16", "u16", 64)])
def test_opt1_pe(a, b, accumulator, carry_every):
    formats = {"a": OperandFormat.parse(a), "b": OperandFormat.parse(b)}
    params = EngineParams(scheme="opt1", accumulator=accumulator, carry_every=carry_every, **formats)
    drawing = pe_diagram(params)
    check_inside(drawing)
    scheme = Scheme.of(params)
    assert {str(accumulator), str(len(scheme.columns) - accumulator), str(scheme.acc_bits)} <= set(texts(drawing))


@pytest.mark.parametrize(("multiplier", "shown"), [("fused", {"recode", "40 bits"}), ("inferred", {"×", "16"})])
def test_mac_pe(multiplier, shown):
    drawing = pe_diagram(EngineParams(scheme="mac", accumulator=40, multiplier=multiplier))
    check_inside(drawing)
    assert {"+", "40", "a_in", "b_out", *shown} <= set(texts(drawing))
