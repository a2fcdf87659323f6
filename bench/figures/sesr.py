"""SESR on the engines of its page: pictures in decibels, cycles and zeros layer by layer."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from bench._study import studied
from bench.figures.store import Group
from bench.figures.words import conditions, figures, table
from sim_tb.systems.sesr.study import study
from sim_tb.systems.sesr.weights import WEIGHTS

__all__ = ["GROUP", "PARTS"]

#: Frames of the paper: height and width before they are doubled, in words.
FRAMES = {"360p to 720p": (360, 640), "1080p to 4K": (1080, 1920)}


def _measure() -> dict[str, Any]:
    found = studied(study)
    return {"lines": list(found.lines), **found.figures}


GROUP = Group(
    "sesr", {"study": _measure}, ("sim_tb.systems.sesr.study",), hashlib.sha256(WEIGHTS.read_bytes()).hexdigest()
)


def _found() -> dict[str, Any]:
    return figures(GROUP.name, "study")


def _output() -> str:
    return "```text\n" + "\n".join(_found()["lines"]) + "\n```"


def _quality() -> str:
    heads = ["Photograph", "bicubic", "cubic spline", "FP32", "INT8", "INT8 less FP32"]
    rows = []
    for each in _found()["psnr_db"].values():
        lost = f"{each['int8'] - each['fp32']:+.2f}".replace("-", "−")
        rows.append([each["name"], *(f"{each[way]:.2f}" for way in ("bicubic", "spline", "fp32", "int8")), lost])
    return table(heads, rows)


def _title(each: dict[str, Any]) -> str:
    name = each["engine"].split(",")[0]
    return f"{name}, packed" if each["packed"] else name


def _layers() -> str:
    runs = _found()["engines"]
    heads = ["Layer", "M × K × N", "MAC", *(f"{_title(each)}: cycles, MAC a PE" for each in runs)]
    rows = []
    for i, layer in enumerate(runs[0]["layers"]):
        cells = [f"{each['layers'][i]['cycles']:,}, {each['layers'][i]['share']:.3f}" for each in runs]
        rows.append([layer["layer"], f"{layer['m']:,} × {layer['k']} × {layer['n']}", f"{layer['macs']:,}", *cells])
    totals = [f"{each['cycles']:,}, {each['share']:.3f}" for each in runs]
    return table(heads, [*rows, ["all", "", f"{runs[0]['macs']:,}", *totals]])


def _zeros() -> str:
    found = _found()
    dense = next(each for each in found["engines"] if each["packed"] and each["peak"])
    sparse = next(each for each in found["engines"] if each["packed"] and not each["peak"])
    heads = [
        *("Layer", "zero operands", "digits an operand"),
        f"{_title(sparse)}: cycles of a lane an operand",
        f"{_title(dense)} over it: cycles",
    ]
    rows = []
    for i, (layer, digits) in enumerate(zip(sparse["layers"], found["digits"], strict=True)):
        ratio = dense["layers"][i]["cycles"] / layer["cycles"]
        rows.append([layer["layer"], f"{layer['zeros']:.1%}", f"{digits:.2f}", f"{layer['slots']:.2f}", f"{ratio:.2f}"])
    return table(heads, rows)


def _frames() -> str:
    found = _found()
    pixels = found["crop"][0] * found["crop"][1]
    heads = ["Engine", "cycles a pixel", *(f"{name}, million cycles" for name in FRAMES)]
    rows = []
    for each in found["engines"]:
        rate = each["cycles"] / pixels
        millions = [f"{rate * height * width / 1e6:.1f}" for height, width in FRAMES.values()]
        rows.append([_title(each), f"{rate:.1f}", *millions])
    return table(heads, rows)


def _share(packed: str, layer: str = "") -> str:
    """The share of the peak of the first engine, ``packed`` or ``plain``, of a layer or all."""
    each = next(each for each in _found()["engines"] if each["packed"] == (packed == "packed"))
    share = next((own["share"] for own in each["layers"] if own["layer"] == layer), each["share"])
    return f"{share:.1%}".replace("%", " %")


def _bound(packed: str) -> str:
    """The share that sizes, edges and windows leave to the first engine: all cycles are steps of K."""
    each = next(each for each in _found()["engines"] if each["packed"] == (packed == "packed"))
    share = each["macs"] / each["unit"] / sum(layer["steps"] for layer in each["layers"])
    return f"{share:.1%}".replace("%", " %")


def _count(what: str) -> str:
    found = _found()
    if what == "results":
        return f"{sum(each['results'] for each in found['engines']):,}"
    if what == "differ":
        return str(sum(each["differ"] for each in found["engines"]))
    return f"{found[what]:,} of {found['held_out']}"


PARTS: dict[str, Callable[..., str]] = {
    "sesr-output": _output,
    "sesr-quality": _quality,
    "sesr-layers": _layers,
    "sesr-zeros": _zeros,
    "sesr-frames": _frames,
    "sesr-share": _share,
    "sesr-bound": _bound,
    "sesr-count": _count,
    "sesr-conditions": lambda: conditions(GROUP.name, ("verilator",)),
}
