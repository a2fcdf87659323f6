"""Run jobs on an engine behind a gate in Verilator: results, cycles, and the toggles of a PE's registers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

import numpy as np
import numpy.typing as npt

from gen.emit.verilog import Emission, emit
from gen.workplace import workplace
from hdl.params import CheckFailed, ConfigError, Dataflow, Problem
from hdl.params.errors import near_name, shown
from hdl.params.gate import MODES, PROBABILITY_BITS, GateParams
from hdl.params.title import Title
from sim_tb.alone import run_alone
from sim_tb.beats import Beats
from sim_tb.build import Model, build_model
from sim_tb.golden import Matrix
from sim_tb.systems.gate.probe import TOP, probed

__all__ = ["Runs", "Setting", "run_jobs"]

#: What the simulation says of a job, before its results.
SAID = ("cycles", "samples", "faults", "counter_cycles", "counter_active")


@dataclass(frozen=True)
class Setting:
    """How a gate is set.

    Parameters
    ----------
    params : GateParams
    mode : str
        One of ``params.modes``.
    important : bool array of shape (pixels,)
        The importance map.
    threshold : int
        Pixels that are not important are multiplied with a probability of ``threshold`` / 256; 0 to 255.

    Raises
    ------
    ConfigError
        With everything that does not fit.
    """

    params: GateParams
    mode: str
    important: npt.NDArray[np.bool_]
    threshold: int = 128

    def __post_init__(self) -> None:
        problems = []
        if self.mode not in self.params.modes:
            message = f"must be one of {', '.join(self.params.modes)}, not {shown(self.mode)}"
            hint = near_name(self.mode, self.params.modes)
            problems.append(Problem("mode", message, "" if hint == "" else hint))
        shape = np.shape(self.important)
        if shape != (self.params.pixels,):
            wanted = f"{self.params.pixels} values, one for each pixel of the gate"
            problems.append(Problem("map", f"must have {wanted}, not {' x '.join(map(str, shape)) or 'one number'}"))
        elif np.asarray(self.important).dtype != bool:
            problems.append(Problem("map", f"must have truth values, not {np.asarray(self.important).dtype}"))
        top = (1 << PROBABILITY_BITS) - 1
        if isinstance(self.threshold, bool) or not isinstance(self.threshold, int) or not 0 <= self.threshold <= top:
            problems.append(Problem("threshold", f"must be an integer from 0 to {top}, not {shown(self.threshold)}"))
        if problems:
            raise ConfigError(problems)


@dataclass(frozen=True)
class Runs:
    """What jobs gave.

    Parameters
    ----------
    results : int64 array of shape (jobs, tiles, M, N)
    cycles : int64 array of shape (jobs,)
        Clocks from the job's start to its end.
    active : int64 array of shape (jobs,)
        What ``counter_active`` said.
    toggles : int64 array of shape (jobs, samples)
        Bits of the watched PE that changed, for each clock after the first operands were taken.
    """

    results: Matrix
    cycles: Matrix
    active: Matrix
    toggles: Matrix


def run_jobs(
    setting: Setting,
    a: Matrix,
    b: Matrix,
    seeds: npt.NDArray[np.uint64],
    *,
    samples: int = 0,
    stall: int = 0,
    seed: int = 1,
    hardware: Emission | None = None,
) -> Runs:
    """Run a job for each seed, one after the other.

    Parameters
    ----------
    setting : Setting
    a, b : integer arrays of shapes (jobs, tiles, M, K) and (jobs, tiles, K, N)
    seeds : uint64 array of shape (jobs,)
        State of the gate's generator before the job; 0 leaves it as it is.
    samples : int
        Clocks whose toggles are kept; 0 of an engine that has no PE to watch.
    stall : int
        Of 256 clocks, those in which each stream pauses.
    seed : int
        Of the pauses, and of what registers are before the reset.
    hardware : Emission, optional
        The Verilog, where it is at hand already.

    Raises
    ------
    CheckFailed
        Where the engine hangs, or its streams say something else than its results.
    ToolError
        If a tool is missing.
    """
    params, engine = setting.params, setting.params.engine
    jobs, tiles, rows, k = a.shape
    flow = Dataflow(engine)
    streams = [
        Beats(beats).pack(each.reshape(-1, *each.shape[2:]), k)[:, :-1].reshape(jobs, -1)
        for beats, each in ((flow.a, a), (flow.b, b))
    ]
    sizes = [beats.tdata_bits // 8 for beats in (flow.a, flow.b, flow.c)]
    mode, pixels = MODES[setting.mode].code, params.pixels
    header = np.array([jobs, tiles, k, rows, *sizes, pixels, mode, setting.threshold, samples, stall], "<u4")
    states = np.asarray(seeds).astype("<u8").reshape(jobs, 1).view(np.uint8)
    content = b"".join(
        [header.tobytes(), setting.important.astype(np.uint8).tobytes(), np.hstack([states, *streams]).tobytes()]
    )
    model = _model(hardware or _emitted(params), watched=samples > 0)
    built = build_model(model)
    with workplace("gate") as place:
        (place / "jobs").write_bytes(content)
        start = ["+verilator+rand+reset+2", f"+verilator+seed+{seed % 2**31 or 1}"]
        run_alone(model, built, place, ["jobs", "runs", str(seed), *start])
        found = np.fromfile(place / "runs", np.uint8).reshape(jobs, -1)
    said = dict(zip(SAID, found[:, : 4 * len(SAID)].copy().view("<u4").astype(np.int64).T, strict=True))
    if said["faults"].any():
        job = int(np.argmax(said["faults"] > 0))
        raise CheckFailed(f"gate {setting.mode}: job {job} of {jobs} hung, or ended its results wrongly, seed {seed}")
    end = 4 * len(SAID) + tiles * rows * sizes[2]
    words = found[:, 4 * len(SAID) : end].reshape(jobs * tiles * rows, sizes[2])
    results, _ = Beats(flow.c).unpack(np.hstack([words, np.zeros((len(words), 1), np.uint8)]), 1, (rows, engine.cols))
    toggles = found[:, end:].copy().view("<u2").astype(np.int64)
    return Runs(
        results.reshape(jobs, tiles, rows, engine.cols), said["cycles"], said["counter_active"], toggles[:, :samples]
    )


@lru_cache(maxsize=8)
def _emitted(params: GateParams) -> Emission:
    return emit(params)


def _model(hardware: Emission, *, watched: bool) -> Model:
    assert hardware.front is not None
    engine = hardware.front.engine
    defined = {"PROBE": watched, "PRELOAD": engine.preload}
    main = (files("sim_tb.systems.gate") / "jobs.cpp").read_text(encoding="utf-8")
    return Model(
        name=f"gate-{Title(engine).scheme}-{engine.rows}x{engine.cols}",
        top=TOP if watched else hardware.top,
        sources={"engine.v": probed(hardware) if watched else hardware.text},
        main="".join(f"#define {name}\n" for name, given in defined.items() if given) + main,
        python=False,
    )
