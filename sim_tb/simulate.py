"""``bitloom simulate``: the workload of a configuration on its generated Verilog."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hdl.params import CheckFailed
from sim_tb.fronts import simulate_front
from sim_tb.run import LOG, run_workload
from sim_tb.workloads.workload import Workload

if TYPE_CHECKING:
    from gen.config import Config
    from gen.emit.verilog import Emission
    from gen.output import Output

__all__ = ["simulate"]


def simulate(
    config: Config,
    output: Output,
    *,
    seed: int | None = None,
    waves: bool = False,
    hardware: Emission | None = None,
    workload: Workload | None = None,
    say: Callable[[str], None] = lambda text: None,
) -> dict[str, Any]:
    """Simulate the configured workload on the generated Verilog, and write ``sim.json``.

    Parameters
    ----------
    config : gen.config.Config
        Its ``engine``, ``front``, ``workload`` and ``output`` are used.
    output : gen.output.Output
        Where ``sim.json`` and, in the folder ``sim``, the log and the waveform go.
    seed : int, optional
        Instead of ``workload.seed``.
    waves : bool
        Write a waveform (VCD).
    hardware : gen.emit.verilog.Emission, optional
        The Verilog, where it is at hand already.
    workload : Workload, optional
        Instead of the configured one; only where nothing stands in front of the engine.
    say : callable
        Told what happens, a line at a time.

    Returns
    -------
    dict
        The content of ``sim.json``.

    Raises
    ------
    CheckFailed
        If a result differs from what it should be; ``sim.json`` is written first.
    ToolError
        If a tool is missing.
    """
    work = config.workload
    seed = work.seed if seed is None else seed
    if hardware is None:
        from gen.emit.verilog import emit

        hardware = emit(config.design, config.output.prefix)
    keep = output.workdir("sim")
    if config.front is not None:
        answer = simulate_front(config.front, hardware, work, seed=seed, keep=keep, waves=waves, say=say)
    else:
        answer = run_workload(
            config.engine,
            hardware,
            name=work.name,
            workload=workload,
            tiles=work.tiles,
            k=work.k,
            seed=seed,
            keep=keep,
            waves=waves,
            say=say,
        )
    output.write_json("sim.json", answer)
    if not answer["passed"]:
        raise CheckFailed(_failure(answer, output.path / "sim" / LOG))
    return answer


def _failure(answer: dict[str, Any], log: Path) -> str:
    lines = [
        f"The engine's results differ from {answer['against']}'s: {answer['mismatches']} of "
        f"{answer['elements_checked']} elements, seed {answer['seed']} (log: {log})"
    ]
    return "\n  ".join([*lines, *answer["problems"]])
