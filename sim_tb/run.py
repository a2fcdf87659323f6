"""Run simulations: workloads for a user, test benches for those who build engines."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from gen.workplace import bring, workplace
from hdl.params import Dataflow, EngineParams, ToolError
from sim_tb import messages
from sim_tb.build import Model, build_model
from sim_tb.models import DEPTH, Hardware, engine_model, harness_model
from sim_tb.runner import QuietVerilator
from sim_tb.tiles import Tiles
from sim_tb.tools import versions
from sim_tb.workloads.tileset import RandomTiles, TileSet
from sim_tb.workloads.workload import Workload

__all__ = ["LOG", "run_model", "run_protocol", "run_stress", "run_workload"]

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
#: Seconds between looks at how far a simulation has come.
POLL = 0.5
#: Files of a simulation: what it printed, and what became of the tests in it.
LOG, RESULTS = "sim.log", "results.xml"


def run_workload(
    params: EngineParams,
    hardware: Hardware,
    *,
    name: str = "random",
    tiles: int = 64,
    k: int = 64,
    sigma: float | None = None,
    work: Tiles | None = None,
    workload: Workload | None = None,
    seed: int = 1,
    effort: str | None = None,
    depth: int = DEPTH,
    keep: Path | None = None,
    waves: bool = False,
    say: Callable[[str], None] = lambda text: None,
) -> dict[str, Any]:
    """Run a workload and return what ``sim.json`` says of it.

    Parameters
    ----------
    params : EngineParams
    hardware : Hardware
        The engine, or one behind something.
    name, tiles, k, seed
        As in the section ``[workload]`` of a configuration.
    sigma : float, optional
        Operands of ``random`` tiles are normal with this standard deviation instead of uniform.
    work : Tiles, optional
        The tiles to multiply, instead of those that ``name``, ``tiles``, ``k`` and ``sigma`` ask for.
    workload : Workload, optional
        Instead of all these.
    effort : str, optional
        ``quick`` to build or ``speed`` to run; chosen by the amount of work if left out.
    depth : int
        Words of each memory in the harness.
    keep : Path, optional
        Folder that receives the log and the waveform.
    waves : bool
        Write a waveform (VCD).
    say : callable
        Told what happens, a line at a time.
    """
    if workload is None:
        drawn = partial(_workload, params, name, tiles=tiles, k=k, seed=seed, sigma=sigma)
        workload = drawn() if work is None else TileSet(work)
    depth = max(depth, 1 << (_beats(params, workload) - 1).bit_length())
    if effort is None:
        effort = "speed" if workload.macs > QUICK_WORK else "quick"
    front = {} if hardware.front is None else {hardware.front.key: hardware.front.to_dict()}
    request = {"engine": params.to_dict(), "front": front, "workload": workload.name, "seed": seed, "depth": depth}
    model = harness_model(params, hardware, effort=effort, waves=waves, depth=depth)
    files = {messages.WORKLOAD: workload.save}
    answer = run_model(model, "sim_tb.tb.workload", request, files=files, keep=keep, say=say)
    macs = answer["macs"]
    report = {
        "passed": answer["passed"],
        "workload": workload.name,
        "against": workload.against,
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
    names = (
        "tiles",
        "images",
        "accuracy",
        "accuracy_numpy",
        "accuracy_float",
        "network",
        "measured",
        "waves",
    )
    report |= {key: answer[key] for key in names if key in answer}
    return report | {"units": {key: unit for key, unit in UNITS.items() if key in report}}


def _workload(params: EngineParams, name: str, *, tiles: int, k: int, seed: int, sigma: float | None) -> Workload:
    """A workload of Bitloom's own, by its name."""
    if name == "digits":
        from sim_tb.workloads import digits

        return digits.prepare(params)
    return RandomTiles.draw(params, tiles=tiles, k=k, seed=seed, sigma=sigma)


def _beats(params: EngineParams, workload: Workload) -> int:
    """Words that a memory needs for the operands of the longest tile."""
    flow = Dataflow(params)
    longest = max(min(product.k, params.k_limit) for product in workload.topology)
    return max(flow.a.beats(longest), flow.b.beats(longest))


@dataclass(frozen=True)
class Bench:
    """A bench of random tiles; call it to run it.

    Parameters
    ----------
    model : callable
        The simulation of an engine that the bench drives.
    module : str
        Its module of cocotb.
    tiles : int
        Tiles that it sends, unless told otherwise.
    """

    model: Callable[[EngineParams, Hardware], Model]
    module: str
    tiles: int

    def __call__(
        self,
        params: EngineParams,
        hardware: Hardware,
        *,
        tiles: int | None = None,
        seed: int = 1,
        keep: Path | None = None,
        arguments: Sequence[str] = (),
        timeout: float = TIMEOUT,
    ) -> dict[str, Any]:
        """Send random tiles of random K under random stalls on every stream.

        Returns
        -------
        dict
            ``passed``, ``elements_checked``, ``mismatches``, ``tiles``, ``problems``, ``seed``; also ``cycles`` and
            ``stalls`` (:data:`run_stress`), or ``tests`` (:data:`run_protocol`).
        """
        request = {"engine": params.to_dict(), "tiles": self.tiles if tiles is None else tiles, "seed": seed}
        model = self.model(params, hardware)
        return run_model(model, self.module, request, keep=keep, arguments=arguments, timeout=timeout)


#: Hardware in the simulation drives every stream.
run_stress = Bench(harness_model, "sim_tb.tb.stress", 10_000)
#: Python drives every stream: random traffic, and directed cases.
run_protocol = Bench(engine_model, "sim_tb.tb.protocol", 60)


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
            with _followed(place / messages.PROGRESS, say):
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


@contextmanager
def _followed(file: Path, say: Callable[[str], None]) -> Iterator[None]:
    """Say the lines that a simulation writes to a file, while it does."""
    done = threading.Event()

    def follow() -> None:
        said, ended = 0, False
        while not ended:
            ended = done.wait(POLL)  # what was written since the last look is said, too
            lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
            if len(lines) > said:
                say(f"simulating, {lines[-1]}")
            said = len(lines)

    thread = threading.Thread(target=follow, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def _failed_tests(results: Path) -> list[str]:
    """The cocotb tests that failed, with their messages."""
    if not results.exists():
        return ["the simulation ended before its tests did"]
    failed = []
    for case in ElementTree.parse(results).getroot().iter("testcase"):
        for fault in (*case.findall("failure"), *case.findall("error")):
            failed.append(f"test {case.get('name')}: {fault.get('error_msg') or fault.get('message') or fault.text}")
    return failed
