"""What a study of the delta encoder prints, and its page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gen.report.workload import Bars, Lines, Pictures, Section, Table
from hdl.params.delta import DeltaParams, DeltaSetting
from sim_tb.golden.delta import delta
from sim_tb.systems.delta.clips import Clip
from sim_tb.systems.delta.motion import SIDE

__all__ = ["lines", "ratio", "sections"]

Figures = Mapping[str, Any]


def ratio(engine: Figures, clip: str, mode: str = "delta") -> float:
    """Cycles of plain inference over those of a mode."""
    ways = engine["clips"][clip]
    base = ways.get("plain", ways["rounded"])
    return float(base["mean"] / ways[mode]["mean"])


def lines(found: Figures) -> list[str]:
    """A sentence each."""
    exact, network, memory = found["exact"], found["network"], found["memory"]
    results = sum(exact["results"].values())
    saturated = sum(case["saturated"] for case in exact["cases"].values())
    said = [
        f"exact      {results:,} results of {exact['frames']} frames on {len(exact['results'])} engines equal a full "
        f"recomputation; the encoder's RTL sent every change, {saturated:,} of them saturated"
    ]
    for key, engine in found["engines"].items():
        ratios = ", ".join(f"{clip} {ratio(engine, clip):.2f}" for clip in engine["clips"])
        said.append(f"{key:10} cycles of plain inference over those of changes: {ratios}")
    for key, engine in found["engines"].items():
        said.append(f"break-even {key}: changes take fewer cycles {_below(engine['break_even'])}")
    plain, tuned = network["plain"], network["delta"]
    said.append(
        f"network    {tuned['work']:.1%} of products are not of zero, {plain['work']:.1%} without; accuracy "
        f"{tuned['accuracy']:.1%}, {plain['accuracy']:.1%} without"
    )
    said.append(
        f"memory     {memory['reference']:,} bytes of references and {memory['state']:,} of sums; a frame moves "
        f"{memory['more']:,} bytes more than {memory['plain']:,}"
    )
    return said


def sections(found: Figures, clips: Sequence[Clip], theta: int) -> list[Section]:
    """The page, part by part."""
    return [_clips(clips, theta), _cycles(found), _operands(found), _break_even(found), _network(found), _memory(found)]


def _clips(clips: Sequence[Clip], theta: int) -> Section:
    words = (
        "Crops of photographs in synthetic motion, and what the encoder sends of them: grey is nothing, brighter and "
        "darker are changes. Motion is ideal, without compression; rows with noise are closest to a camera."
    )
    pictures = []
    for clip in clips:
        shape = clip.frames.shape
        sent = delta(
            DeltaParams(lanes=shape[3], words=shape[1] * shape[2]), DeltaSetting.quantised(theta), clip.frames
        ).changes[-1]
        grey = (128 + sent * theta).clip(0, 255).astype("uint8")
        last = clip.frames[-1]
        single = shape[3] != 3
        pictures.append((clip.words, last[..., 0] if single else last))
        pictures.append(("what is sent of it", grey[..., 0] if single else grey))
    return Section("Clips", words, [Pictures(pictures, zoom=2)])


def _cycles(found: Figures) -> Section:
    words = (
        "Counted by the engines themselves, a job for each frame; the first frame is sent whole and left out of means. "
        "Plain inference multiplies pixels as they are. A part of the gain is that of pixels in units of theta."
    )
    parts: list[Any] = []
    for key, engine in found["engines"].items():
        ways = list(engine["modes"])
        rows = [
            [found["clips"][clip], *(modes[way]["mean"] for way in ways), f"{ratio(engine, clip):.2f}"]
            for clip, modes in engine["clips"].items()
        ]
        columns = ["Clip", *(engine["modes"][way] for way in ways), "plain over changes"]
        parts.append(Table(columns, rows, note=f"{key}: {engine['engine']}, {engine['words']}."))
    first = next(iter(found["engines"].values()))
    series = {
        found["clips"][clip]: [(t, modes["delta"]["cycles"][t]) for t in range(len(modes["delta"]["cycles"]))]
        for clip, modes in first["clips"].items()
    }
    series["plain inference"] = list(enumerate(next(iter(next(iter(first["clips"].values())).values()))["cycles"]))
    parts.append(Lines("Cycles of every frame", "frame", "cycles", series, note=f"{first['engine']}."))
    bars = [
        (f"{key}, {clip}", ratio(engine, clip)) for key, engine in found["engines"].items() for clip in engine["clips"]
    ]
    parts.append(Bars("Cycles of plain inference over those of changes", "times", bars))
    return Section("Cycles of a frame", words, parts)


def _operands(found: Figures) -> Section:
    words = (
        "Of the layer's operands: how many are zero, digits that are not zero, and the most digits of a step of K "
        "among the rows of a tile, which is what rows in lockstep wait for."
    )
    first = next(iter(found["engines"].values()))
    columns = ["Clip", "Sent", "zeros", "digits an operand", "in lockstep"]
    rows = [
        [found["clips"][clip], first["modes"][key], f"{way['zeros']:.1%}", way["digits"], way["lockstep"]]
        for clip, modes in first["clips"].items()
        for key, way in modes.items()
        if key != "gathered"
    ]
    return Section("Operands", words, [Table(columns, rows)])


def _break_even(found: Figures) -> Section:
    words = (
        "A share of the pixels is replaced by those of another picture, upside down and as a negative. Changes are "
        "worth sending while they take fewer cycles than pixels in the same units; by the timing model."
    )
    series: dict[str, list[tuple[float, float]]] = {}
    rows = []
    for key, engine in found["engines"].items():
        series[key] = [(point["nonzero"], point["cycles"] / point["rounded"]) for point in engine["sweep"]]
        rows.append([key, _below(engine["break_even"])])
    chart = Lines("Cycles over those of pixels", "operands that are not zero, share", "cycles over cycles", series)
    return Section("Break-even", words, [chart, Table(["Engine", "Changes take fewer cycles"], rows)])


def _below(share: float | None) -> str:
    """Up to which share of operands that are not zero."""
    if share is None:
        return "at any share"
    return f"below {share:.0%} of operands that are not zero" if share else "at no share"


def _network(found: Figures) -> Section:
    words = (
        f"A network of two layers on digits that move over {SIDE} x {SIDE} pixels, trained with the paper's loss from "
        "a plain network on. Thetas are learnt. Shares are of operands that are not zero, the first frame left out."
    )
    rows = [
        [name, f"{each['accuracy']:.1%}", *(f"{each[key]:.1%}" for key in ("input", "hidden", "work"))]
        for name, each in found["network"].items()
    ]
    return Section("A trained network", words, [Table(["Network", "accuracy", "input", "hidden", "products"], rows)])


def _memory(found: Figures) -> Section:
    memory = found["memory"]
    words = "References of activations stay in the encoder; sums leave the engine whole, and come back a frame later."
    rows = [
        ["references", memory["reference"]],
        ["sums", memory["state"]],
        ["moved by a frame of plain inference", memory["plain"]],
        ["moved in addition", memory["more"]],
    ]
    return Section("Memory", words, [Table(["What", "bytes"], rows)])
