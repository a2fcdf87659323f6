"""``bitloom workload delta``: changes from frame to frame on engines that skip zeros."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from hdl.params.delta_front import DeltaFront
from hdl.params.title import Title
from sim_tb.systems.delta import pages
from sim_tb.systems.delta.breakeven import break_even, sweep
from sim_tb.systems.delta.clips import Clip, clips, read_clip
from sim_tb.systems.delta.convolution import Convolution
from sim_tb.systems.delta.engines import Contender, contenders, of_user
from sim_tb.systems.delta.exact import cases, compared
from sim_tb.systems.delta.measure import modes, run_clips, sequence_of, shape_of
from sim_tb.systems.delta.memory import Memory
from sim_tb.systems.delta.motion import moving_digits
from sim_tb.systems.delta.network import Trained, train
from sim_tb.systems.options import Option, file, read_options, whole
from sim_tb.systems.study import Findings, Request

__all__ = ["study"]

#: The layer: 7 x 7 filters on every second pixel, as many as the engines have columns.
KERNEL, STRIDE, FILTERS = 7, 2, 4
#: Frames of the exact recurrence, and side of their pixels.
EXACT, EXACT_SIDE = 32, 17
EPOCHS = 30
#: The first engine behind its encoder.
VERILOG = "delta_engine.v"

Say = Callable[[str], None]


def _theta(text: str) -> int:
    """A power of two that leaves something of eight bits."""
    if text not in (legal := [str(1 << i) for i in range(8)]):
        raise ValueError(f"a power of two, one of {', '.join(legal)}")
    return int(text)


@dataclass(frozen=True)
class _Asked:
    """What is to be done, checked."""

    theta: int
    clips: tuple[Clip, ...]
    engines: tuple[Contender, ...]
    layer: Convolution
    exact: tuple[Clip, int]
    front: DeltaFront | None
    epochs: int
    seed: int

    @classmethod
    def of(cls, request: Request) -> _Asked:
        """Of the request. Raises ConfigError with what is wrong."""
        small = request.quick
        options = (
            Option("theta", 4, _theta),
            Option("size", 24 if small else 48, whole(16, 200)),
            Option("frames", 3 if small else 6, whole(2, 64)),
            Option("clip", None, file(".npy")),
        )
        values = read_options(request.options, options)
        theta, seed = values["theta"], request.seed
        if values["clip"] is None:
            found = clips(values["size"], values["frames"], seed)
            exact = clips(EXACT_SIDE, EXACT, seed)[1]
        else:
            exact = read_clip(values["clip"])
            found = (exact,)
        engines = contenders() if request.config is None else (of_user(request.config.engine, theta),)
        if small and request.config is None:
            engines = (engines[1], engines[3])
        layer = Convolution.drawn(KERNEL, STRIDE, found[0].frames.shape[3], FILTERS, seed)
        own = None if request.config is None else request.config.front
        front = own if isinstance(own, DeltaFront) else None
        return cls(theta, found, engines, layer, (exact, seed), front, 6 if small else EPOCHS, seed)


def study(request: Request, say: Say) -> Findings:
    """Do it. Raises BitloomError for what a user can mend, and where results differ."""
    asked = _Asked.of(request)
    exact = _exact(asked, request, say)
    runs = {engine.key: _engine(engine, asked, request, say) for engine in asked.engines}
    say("training a network of two layers")
    plain, tuned = train(*moving_digits(asked.seed), epochs=asked.epochs, seed=asked.seed)
    first = asked.clips[0].frames
    pixels = asked.layer.patches(first[:1]).shape[1]
    memory = Memory(first[0].size, pixels * FILTERS, asked.engines[0].params)
    figures = {
        "theta": asked.theta,
        "clips": {clip.name: clip.words for clip in asked.clips},
        "layer": {"kernel": KERNEL, "stride": STRIDE, "k": len(asked.layer.weights), "filters": FILTERS, "m": pixels},
        "exact": exact,
        "engines": runs,
        "network": {"plain": _trained(plain), "delta": {**_trained(tuned), "theta": tuned.network.theta}},
        "memory": {key: getattr(memory, key) for key in ("reference", "state", "plain", "more")},
        "units": {"cycles": "cycles", "reference": "bytes", "state": "bytes", "plain": "bytes", "more": "bytes"},
    }
    lines, sections = pages.lines(figures), pages.sections(figures, asked.clips, asked.theta)
    subtitle = f"{len(asked.clips)} clips of {first.shape[2]} x {first.shape[1]} pixels, theta {asked.theta}"
    return Findings("Delta encoder", subtitle, lines, figures, sections)


def _exact(asked: _Asked, request: Request, say: Say) -> dict[str, Any]:
    """Every engine behind an encoder, on the RTL, against a full recomputation."""
    clip, seed = asked.exact
    how: dict[str, Any] = {"seed": seed + 1, "keep": request.folder, "say": say}
    found: dict[str, dict[str, int]] = {}
    checked = {}
    for engine in asked.engines:
        checked[engine.key] = 0
        for case in cases(engine, clip, asked.layer, asked.theta, asked.front):
            hardware, figures = compared(case, clip, asked.layer, **how)
            checked[engine.key] += figures.pop("results")
            if case.words not in found:
                found[case.words] = figures
            if not (request.folder / VERILOG).exists():
                (request.folder / VERILOG).write_text(hardware.text, encoding="utf-8")
    return {"frames": len(clip.frames), "clip": clip.words, "cases": found, "results": checked}


def _engine(engine: Contender, asked: _Asked, request: Request, say: Say) -> dict[str, Any]:
    """Every clip in every mode on an engine, and how much may change."""
    ways = modes(engine, asked.theta)
    sequences = {
        (clip.name, way.key): sequence_of(clip, way, asked.layer, engine.params) for clip in asked.clips for way in ways
    }
    run = run_clips(engine, tuple(sequences.values()), asked.layer, seed=asked.seed + 1, keep=request.folder, say=say)
    found: dict[str, Mapping[str, Any]] = {}
    for clip in asked.clips:
        found[clip.name] = {
            way.key: {
                "cycles": run.cycles[sequences[clip.name, way.key].name],
                "mean": run.mean(sequences[clip.name, way.key].name),
                **asdict(shape_of(engine.params, sequences[clip.name, way.key].sent)),
            }
            for way in ways
        }
    last = asked.clips[-1].frames
    points = sweep(engine.params, asked.layer, asked.theta, (last[0], 255 - last[0][::-1, ::-1]), asked.seed)
    return {
        "words": engine.words,
        "engine": str(Title(engine.params)),
        "modes": {way.key: way.words for way in ways},
        "clips": found,
        "sweep": [asdict(point) for point in points],
        "break_even": break_even(points),
    }


def _trained(found: Trained) -> dict[str, Any]:
    """Plain values."""
    return {"accuracy": found.accuracy, "input": found.sent[0], "hidden": found.sent[1], "work": found.work}
