"""What ``bitloom simulate`` compares of an engine behind something."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gen.emit.verilog import Emission
from gen.settings import WorkloadSettings
from hdl.params import CheckFailed
from hdl.params.delta import DeltaSetting
from hdl.params.delta_front import DeltaFront
from hdl.params.front import Front
from hdl.params.gate import GateParams
from sim_tb.models import DEPTH
from sim_tb.run import run_workload
from sim_tb.systems.delta.frames import Frames
from sim_tb.systems.gate.checks import check_products
from sim_tb.systems.gate.jobs import Setting

__all__ = ["Compared", "simulate_front"]

Say = Callable[[str], None]

#: Of a gate: jobs and their tiles, clocks of 256 in which each stream pauses, and the threshold's range.
JOBS, TILES, STALL, THRESHOLDS = 8, 3, 60, (64, 192)
#: Steps of K of these tiles: behind the last pixel, too, but not so many that a large map takes long.
BEYOND, MOST = 5, 96
#: Frames of a delta encoder.
FRAMES = 5


@dataclass(frozen=True)
class Compared:
    """Results that were compared with a golden model.

    Parameters
    ----------
    what : str
        How the front was set.
    elements_checked, mismatches : int
    problems : tuple of str
        What else was wrong.
    """

    what: str
    elements_checked: int
    mismatches: int
    problems: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {"what": self.what, "elements_checked": self.elements_checked, "mismatches": self.mismatches}


def simulate_front(
    front: Front,
    hardware: Emission,
    work: WorkloadSettings,
    *,
    seed: int,
    keep: Path | None = None,
    waves: bool = False,
    say: Say = lambda text: None,
) -> dict[str, Any]:
    """Simulate an engine behind something, and return what ``sim.json`` says of it.

    Behind a gate that is off, it computes the workload as any engine; then the gate is set to each of its modes, with a
    random map and threshold. A delta encoder takes random frames, each with ``work.tiles`` tiles: of these there is no
    other workload. Figures are those of the first simulation, without stalls; counts are of all.

    Parameters
    ----------
    front : Front
    hardware : Emission
        Of ``front``.
    work : WorkloadSettings
    seed : int
        Of everything random.
    keep : Path, optional
        Folder that receives the log and the waveform of the first simulation.
    waves : bool
        Write that.
    say : callable

    Raises
    ------
    ToolError
        If a tool is missing.
    """
    match front:
        case GateParams():
            answer = run_workload(
                front.engine,
                hardware,
                name=work.name,
                tiles=work.tiles,
                k=work.k,
                seed=seed,
                keep=keep,
                waves=waves,
                say=say,
            )
            compared = _modes(front, hardware, seed, say) if answer["passed"] else ()
        case DeltaFront():
            first, *others = _sequences(front, work, seed)
            answer = _frames(first, hardware, seed, keep=keep, waves=waves, say=say)
            compared = (_of_frames(each, hardware, seed, say) for each in others) if answer["passed"] else ()
        case _:
            raise TypeError(f"no simulation is known of {type(front).__name__}")
    return _with(answer, front, list(compared))


def _with(answer: dict[str, Any], front: Front, compared: list[Compared]) -> dict[str, Any]:
    """The answer of a simulation, with what else was compared."""
    found = dict(answer)
    for key in ("elements_checked", "mismatches"):
        found[key] += sum(getattr(each, key) for each in compared)
    found["problems"] = [*answer["problems"], *(f"{each.what}: {text}" for each in compared for text in each.problems)]
    found["passed"] = answer["passed"] and not found["mismatches"] and not found["problems"]
    found["front"] = {"what": front.title, "compared": [each.to_dict() for each in compared]}
    return found


def _modes(gate: GateParams, hardware: Emission, seed: int, say: Say) -> Iterable[Compared]:
    """Products of every mode, with a random map and threshold."""
    rng = np.random.default_rng([seed, gate.pixels])
    k = min(gate.pixels + BEYOND, MOST, gate.engine.k_limit)
    for mode in gate.modes:
        say(f"simulating {mode}, seed {seed}")
        setting = Setting(gate, mode, rng.random(gate.pixels) < 0.5, int(rng.integers(*THRESHOLDS)))
        try:
            found = check_products(setting, jobs=JOBS, tiles=TILES, k=k, stall=STALL, seed=seed, hardware=hardware)
        except CheckFailed as error:
            yield Compared(f"gate {mode}", 0, 0, (str(error),))
        else:
            yield Compared(f"gate {mode}", found.elements, found.wrong)


def _sequences(front: DeltaFront, work: WorkloadSettings, seed: int) -> list[Frames]:
    """Frames with every setting: all changes first, and without stalls."""
    coarse = min(2, front.x.width - 1)
    settings = (
        DeltaSetting(),
        DeltaSetting(shift=coarse),
        DeltaSetting(threshold=min(5, front.x.max)),
        DeltaSetting(whole=True),
    )
    return [
        Frames.drawn(front, setting, frames=FRAMES, tiles=work.tiles, k=work.k, seed=seed + i, stalled=i > 0)
        for i, setting in enumerate(settings)
    ]


def _frames(work: Frames, hardware: Emission, seed: int, **how: Any) -> dict[str, Any]:
    depth = max(DEPTH, 1 << (work.words - 1).bit_length())
    return run_workload(work.front.engine, hardware, workload=work, seed=seed, depth=depth, effort="quick", **how)


def _of_frames(work: Frames, hardware: Emission, seed: int, say: Say) -> Compared:
    """Frames with one setting, under stalls."""
    answer = _frames(work, hardware, seed, say=say)
    setting = work.setting
    words = "sent whole" if setting.whole else f"shift {setting.shift}, threshold {setting.threshold}"
    return Compared(f"frames, {words}", answer["elements_checked"], answer["mismatches"], tuple(answer["problems"]))
