"""Run simulations: workloads for a user, protocol tests for the engine's builders."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

from gen.workplace import bring, workplace
from hdl.params import CheckFailed, EngineParams, ToolError
from sim_tb import messages
from sim_tb.build import Model, build_model
from sim_tb.models import DEPTH, Hardware, engine_model, harness_model
from sim_tb.runner import QuietVerilator
from sim_tb.tiles import Tiles
from sim_tb.tools import versions

if TYPE_CHECKING:
    from gen.config import Config
    from gen.output import Output

__all__ = ["run_model", "run_protocol", "run_stress", "run_workload", "simulate"]

#: Beyond this product of operand beats and PEs, a model that is quicker to run pays for its longer build.
QUICK_WORK = 50_000_000
#: Units of the numbers in ``sim.json``; a share is of 1.
UNITS = {
    "elements_checked": "elements",
    "mismatches": "elements",
    "macs": "MAC",
    "cycles": "cycles",
    "utilization": "share",
    "cycles_per_step": "cycles",
    "seed": "none",
    "sim_seconds": "s",
    "cpu_seconds": "s",
    "macs_per_second": "MAC/s",
    "cycles_per_second": "cycles/s",
    "tiles": "tiles",
    "images": "images",
    "accuracy": "share",
    "accuracy_numpy": "share",
    "accuracy_float": "share",
}
#: Seconds after which a simulation counts as stuck. The harness gives up much earlier where an engine hangs.
TIMEOUT = 3600.0
#: Files of a simulation: what it printed, and what became of the tests in it.
LOG, RESULTS = "sim.log", "results.xml"


def simulate(
    config: Config,
    output: Output,
    *,
    seed: int | None = None,
    waves: bool = False,
    hardware: Hardware | None = None,
    say: Callable[[str], None] = lambda text: None,
) -> dict[str, Any]:
    """Simulate the configured workload on the generated Verilog, and write ``sim.json``.

    Parameters
    ----------
    config : gen.config.Config
        Its ``engine``, ``workload`` and ``output`` are used.
    output : gen.output.Output
        Where ``sim.json`` and, in the folder ``sim``, the log and the waveform go.
    seed : int, optional
        Instead of ``workload.seed``.
    waves : bool
        Write a waveform (VCD).
    hardware : gen.emit.verilog.Emission, optional
        The Verilog, where it is at hand already.
    say : callable
        Told what happens, a line at a time.

    Returns
    -------
    dict
        The content of ``sim.json``.

    Raises
    ------
    CheckFailed
        If a result differs from NumPy's; ``sim.json`` is written first.
    ToolError
        If a tool is missing.
    """
    work = config.workload
    if hardware is None:
        from gen.emit.verilog import emit

        hardware = emit(config.engine, config.output.prefix)
    answer = run_workload(
        config.engine,
        hardware,
        name=work.name,
        tiles=work.tiles,
        k=work.k,
        seed=work.seed if seed is None else seed,
        keep=output.workdir("sim"),
        waves=waves,
        say=say,
    )
    output.write_json("sim.json", answer)
    if not answer["passed"]:
        raise CheckFailed(_failure(answer, output.path / "sim" / LOG))
    return answer


def run_workload(
    params: EngineParams,
    hardware: Hardware,
    *,
    name: str = "random",
    tiles: int = 64,
    k: int = 64,
    sigma: float | None = None,
    work: Tiles | None = None,
    seed: int = 1,
    effort: str | None = None,
    depth: int = DEPTH,
    keep: Path | None = None,
    waves: bool = False,
    say: Callable[[str], None] = lambda text: None,
) -> dict[str, Any]:
    """Run a workload and return what ``sim.json`` says of it; the parameters are those of :func:`simulate`.

    Parameters
    ----------
    sigma : float, optional
        Operands of ``random`` tiles are normal with this standard deviation instead of uniform.
    work : Tiles, optional
        The tiles to multiply, instead of those that ``name``, ``tiles``, ``k`` and ``sigma`` ask for.
    effort : str, optional
        ``quick`` to build or ``speed`` to run; chosen by the amount of work if left out.
    depth : int
        Words of each memory in the harness.
    """
    if work is not None:
        name, tiles, k = "tiles", work.count, work.k
    request: dict[str, Any] = {"engine": params.to_dict(), "workload": name, "tiles": tiles, "k": k, "seed": seed}
    if sigma is not None:
        request["sigma"] = sigma
    files = {}
    if name == "digits":
        from sim_tb.workloads import digits

        files[messages.NETWORK] = digits.prepare(params).save
    else:
        if work is not None:
            files[messages.TILES] = work.save
        depth = max(depth, 1 << (k - 1).bit_length())
        if effort is None and tiles * k * params.rows * params.cols > QUICK_WORK:
            effort = "speed"
    model = harness_model(params, hardware, effort=effort or "quick", waves=waves, depth=depth)
    answer = run_model(model, "sim_tb.tb.workload", {**request, "depth": depth}, files=files, keep=keep, say=say)
    macs = answer["macs"]
    report = {
        "passed": answer["passed"],
        "workload": name,
        "elements_checked": answer["elements_checked"],
        "mismatches": answer["mismatches"],
        "macs": macs,
        "cycles": answer["cycles"],
        "utilization": round(answer["active"] / max(answer["cycles"], 1), 6),
        "seed": seed,
        "sim_seconds": round(answer["seconds"], 6),
        "cpu_seconds": round(answer["cpu_seconds"], 6),
        "macs_per_second": round(macs / max(answer["seconds"], 1e-9)),
        "cycles_per_second": round(answer["cycles"] / max(answer["seconds"], 1e-9)),
        "counters": {key: answer[key] for key in ("cycles", "active", "starved", "blocked")},
        "streak": {key: answer[key] for key in ("first_tile", "last_beat")},
        "problems": answer["problems"],
        "versions": versions(),
    }
    if params.data_dependent:
        report["cycles_per_step"] = round(answer["cycles"] * params.rows * params.cols / max(macs, 1), 6)
    names = ("tiles", "images", "accuracy", "accuracy_numpy", "accuracy_float", "waves")
    report |= {key: answer[key] for key in names if key in answer}
    return report | {"units": {key: unit for key, unit in UNITS.items() if key in report}}


def run_stress(
    params: EngineParams,
    hardware: Hardware,
    *,
    tiles: int = 10_000,
    seed: int = 1,
    keep: Path | None = None,
    arguments: Sequence[str] = (),
    timeout: float = TIMEOUT,
) -> dict[str, Any]:
    """Send random tiles of random K under random stalls on every stream, driven by hardware in the simulation.

    Returns
    -------
    dict
        ``passed``, ``elements_checked``, ``mismatches``, ``tiles``, ``cycles``, ``problems``, ``stalls``, ``seed``.
    """
    request = {"engine": params.to_dict(), "tiles": tiles, "seed": seed}
    return run_model(
        harness_model(params, hardware), "sim_tb.tb.stress", request, keep=keep, arguments=arguments, timeout=timeout
    )


def run_protocol(
    params: EngineParams,
    hardware: Hardware,
    *,
    tiles: int = 60,
    seed: int = 1,
    keep: Path | None = None,
    arguments: Sequence[str] = (),
    timeout: float = TIMEOUT,
) -> dict[str, Any]:
    """Run the protocol tests in which Python drives every stream: random traffic and directed cases.

    Returns
    -------
    dict
        ``passed``, ``elements_checked``, ``mismatches``, ``tiles``, ``tests``, ``problems``, ``seed``.
    """
    request = {"engine": params.to_dict(), "tiles": tiles, "seed": seed}
    return run_model(
        engine_model(params, hardware), "sim_tb.tb.protocol", request, keep=keep, arguments=arguments, timeout=timeout
    )


def run_model(
    model: Model,
    module: str,
    request: dict[str, Any],
    *,
    files: Mapping[str, Callable[[Path], None]] | None = None,
    keep: Path | None = None,
    arguments: Sequence[str] = (),
    timeout: float = TIMEOUT,
    say: Callable[[str], None] = lambda text: None,
) -> dict[str, Any]:
    """Build a model, run a cocotb test module on it, and return the test's answer.

    Parameters
    ----------
    module : str
        Python module with the cocotb test; it reads the request and writes the answer, see :mod:`sim_tb.messages`.
    request : dict
        What the test is to do; ``seed`` seeds Python, stalls and initial register values.
    files : dict
        More files for the test's working folder: name to what writes it.
    keep : Path, optional
        Folder that receives the log and the waveform.
    arguments : sequence of str
        More of them for the model, as its ``$test$plusargs`` see them.

    Raises
    ------
    ToolError
        If a tool is missing, or the simulation ends without an answer.
    """
    say(f"building the simulation of {model.name}")
    built = build_model(model)
    with workplace("sim") as place:
        messages.write(place / messages.REQUEST, request)
        for file, write in (files or {}).items():
            write(place / file)
        seed = int(request["seed"])
        environment = QuietVerilator(place).environment(top=model.top, module=module, seed=seed, results=RESULTS)
        command = [str(built / model.top), "+verilator+rand+reset+2", f"+verilator+seed+{seed % 2**31 or 1}"]
        command += ["--trace"] if model.waves else []
        command += arguments
        say(f"simulating, seed {seed}")
        try:
            status = place.run(command, log=LOG, env=environment, timeout=timeout)
        except subprocess.TimeoutExpired:
            status = -1
        tail = place.log_tail(LOG)
        if keep is not None:
            bring(place / LOG, keep / LOG)
        answer_file = place / messages.ANSWER
        if not answer_file.exists():
            raise ToolError(
                f"The simulation of {model.name} ended without a result (status {status}, seed {seed}):\n{tail}"
            )
        answer = messages.read(answer_file)
        answer["problems"] += _failed_tests(place / RESULTS)
        answer["passed"] = not answer["problems"] and answer["passed"]
        if model.waves and keep is not None:
            target = keep / "waves.vcd"
            bring(place / "dump.vcd", target)
            answer["waves"] = {"file": f"{keep.name}/{target.name}", "bytes": os.path.getsize(target)}
            say(f"waveform: {target} ({os.path.getsize(target) / 1e6:.1f} MB)")
    return answer


def _failed_tests(results: Path) -> list[str]:
    """The cocotb tests that failed, with their messages."""
    if not results.exists():
        return ["the simulation ended before its tests did"]
    failed = []
    for case in ElementTree.parse(results).getroot().iter("testcase"):
        for fault in (*case.findall("failure"), *case.findall("error")):
            failed.append(f"test {case.get('name')}: {fault.get('error_msg') or fault.get('message') or fault.text}")
    return failed


def _failure(answer: dict[str, Any], log: Path) -> str:
    lines = [
        f"The engine's results differ from NumPy's: {answer['mismatches']} of {answer['elements_checked']} elements, "
        f"seed {answer['seed']} (log: {log})"
    ]
    return "\n  ".join([*lines, *answer["problems"]])
