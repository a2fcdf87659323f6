"""Speed of workload simulation: cocotb with the harness, against the same engine clocked by a bare C++ loop.

Both models are Verilated with the same flags and run the same number of tiles, back to back; repetitions alternate, so
that both meet the same machine, and processor time counts, so that other load disturbs little. The target is 75 % of
the bare loop's speed.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
from pathlib import Path

from bench._judge import Judge
from gen.emit.verilog import Emission, emit
from hdl.params import Dataflow, EngineParams
from sim_tb.build import Model, build_model
from sim_tb.models import control_file
from sim_tb.run import run_workload

TARGET = 0.75


def bare_model(params: EngineParams, hardware: Emission) -> Model:
    """The engine alone, under the main program next to this file."""
    flow = Dataflow(params)
    loop = Path(__file__).with_name("bare_loop.cpp").read_text(encoding="utf-8")
    return Model(
        name=f"bare-{params.scheme}-{params.rows}x{params.cols}",
        top=hardware.top,
        sources={"engine.v": hardware.text, "engine.vlt": control_file(hardware)},
        effort="speed",
        python=False,
        main=f"#define A_BITS {flow.a.tdata_bits}\n#define B_BITS {flow.b.tdata_bits}\n{loop}",
    )


def measure_bare(params: EngineParams, hardware: Emission, tiles: int, k: int) -> float:
    """Cycles a second of the bare loop."""
    program = build_model(bare_model(params, hardware)) / hardware.top
    run = subprocess.run([program, str(tiles), str(k)], capture_output=True, text=True, check=True)
    answer = json.loads(run.stdout)
    assert answer["active"] == tiles * k, answer
    return float(answer["cycles"] / answer["seconds"])


def measure_cocotb(params: EngineParams, hardware: Emission, tiles: int, k: int) -> float:
    """Cycles a second of the harness, under cocotb; results are compared with the golden model outside this time."""
    answer = run_workload(params, hardware, tiles=tiles, k=k, effort="speed", depth=1 << 16)
    assert answer["passed"], answer["problems"]
    return float(answer["cycles"] / answer["cpu_seconds"])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=16, help="rows and columns")
    parser.add_argument("--scheme", default="opt1")
    parser.add_argument("--tiles", type=int, default=1000)
    parser.add_argument("--k", type=int, default=64)
    parser.add_argument("--repeat", type=int, default=5)
    args = parser.parse_args()
    params = EngineParams(rows=args.size, cols=args.size, scheme=args.scheme)
    hardware = emit(params)
    pairs = []
    measure_bare(params, hardware, 1, args.k), measure_cocotb(params, hardware, 1, args.k)  # builds
    for _ in range(args.repeat):
        pairs.append(tuple(run(params, hardware, args.tiles, args.k) for run in (measure_bare, measure_cocotb)))
    bare, cocotb = (statistics.median(column) for column in zip(*pairs, strict=True))
    ratio = statistics.median(run / loop for loop, run in pairs)
    macs = params.rows * params.cols
    print(f"{params.rows}x{params.cols} {params.scheme}, {args.tiles} tiles of K = {args.k}, median of {args.repeat}")
    print(f"bare C++ loop    {bare:12,.0f} cycles/s  {bare * macs / 1e6:8.1f} M MAC/s")
    print(f"cocotb, harness  {cocotb:12,.0f} cycles/s  {cocotb * macs / 1e6:8.1f} M MAC/s")
    judge = Judge()
    judge.least("speed under cocotb, over the bare loop", TARGET, ratio, "{:.1%}")
    return judge.status


if __name__ == "__main__":
    raise SystemExit(main())
