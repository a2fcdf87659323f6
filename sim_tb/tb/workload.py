"""The cocotb test that runs a workload on the harness. Python acts only between runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cocotb

from hdl.params import EngineParams
from hdl.params.fronts import front_of
from sim_tb import messages
from sim_tb.tb.harness import Harness
from sim_tb.tb.machine import Engine
from sim_tb.workloads.catalogue import workload_class


@cocotb.test()
async def workload(dut: Any) -> None:
    """Run the requested workload, compare its results, and write the answer."""
    request = messages.read(Path(messages.REQUEST))
    params = EngineParams.from_dict(request["engine"])
    harness = Harness(dut, params, Path(), front_of(params, request["front"]))
    engine = Engine(harness, request["depth"])
    work = workload_class(request["workload"]).load(Path(messages.WORKLOAD))
    outputs = await work.run(engine)
    for name, expected in work.expected().items():
        if wrong := int((outputs[name] != expected).sum()):
            engine.board.mismatches += wrong
            engine.board.problems.append(f"{wrong} of {expected.size} {name} differ from {work.against}'s")
    answer = {**engine.board.summary(), **vars(engine.totals), "macs": engine.macs, **work.figures(outputs)}
    for name in ("results", "problems"):
        answer.pop(name)
    messages.write(Path(messages.ANSWER), {**answer, "problems": engine.board.problems})
