"""How busy softmax of 1,024 elements and layernorm of 2,048 keep the multipliers of the vector unit.

Busy is the share of clocks in which the lanes take in a beat (`vector_lanes` elements) for a pass that multiplies it,
from the clock in which the first of a row of instructions begins to the clock in which the last one's result is in
SRAM. What does not count: beats that are only read, to find a greatest element or a sum of differences (they don't go
through the lanes), the single numbers between phases, and clocks in which the lanes wait. A lane's four multipliers are
one behind the other: a beat of softmax uses all four, a beat of layernorm one (squares) or two (normalisation).

Programs run on the controller with its SRAM; results are compared with the golden model. The row is what a model has:
softmax once a head, layernorm once a token of a prompt; each reads a vector of its own and writes it back. A single
instruction, with nothing beside it, is shown as well: it waits for its own sums, and can't reach the target.
"""

from __future__ import annotations

import argparse
from dataclasses import replace

import numpy as np

from bench._judge import Judge
from gen.pim.assemble import assemble
from hdl.params.pim import PRESETS, PimParams
from sim_tb.golden.float import narrow
from sim_tb.golden.pim import Machine
from sim_tb.pim.bench.system import run_system

TARGET = 0.8
#: Elements of a vector.
SIZES = {"softmax": 1024, "layernorm": 2048}
#: The controller of the paper with one channel of few rows, which has no part in this; and the small system.
SYSTEMS = {
    "pimgpt_paper": replace(PRESETS["pimgpt_paper"], channels=1, rows=4),
    "tiny": replace(PRESETS["tiny"], channels=1, rows=4, sram_words=8192),
}


def program(name: str, params: PimParams, row: int) -> tuple[str, int]:
    """A row of instructions, each in place, and the words of SRAM that they use."""
    words = SIZES[name] // params.lanes
    begin = f"row: loop n={row}, a={words}, d={words}\n"
    if name == "softmax":
        return f"{begin}softmax imm=0.125, a=0@row, d=0@row, n=1024\nendl\n", row * words
    factors = row * words
    registers = "setr r=r1, value=0x3ca7c5ac\nsetr r=r2, value=0x3a000000\n"
    operands = f"a=0@row, b={factors}, beta={factors + words}, d=0@row"
    return f"{registers}{begin}layernorm {operands}, n=2048, eps=r1, share=r2\nendl\n", factors + 2 * words


def measure(name: str, params: PimParams, row: int) -> tuple[int, int]:
    """Clocks in which the vector unit works, and beats that are multiplied meanwhile."""
    text, words = program(name, params, row)
    parts = [f"in d=0, n={words}\nhalt", f"{text}halt", f"out a=0, n={words}\nhalt"]
    code = [assemble(part, system=params).words for part in parts]
    starts = [0, len(code[0]), len(code[0]) + len(code[1])]
    machine = Machine(params)
    rng = np.random.default_rng(row)
    machine.send(narrow((2 * rng.standard_normal((words, params.lanes))).astype(np.float32)))
    result = run_system(params, [word for part in code for word in part], starts, machine=machine)
    for start in starts:
        assert machine.run([word for part in code for word in part], start).fault is None
    assert np.array_equal(result.outputs, np.array(machine.outputs))
    return result.runs[1].vector_clocks, result.runs[1].vector_beats


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--systems", nargs="+", choices=SYSTEMS, default=list(SYSTEMS))
    parser.add_argument("--row", type=int, help="instructions one behind the other (as many as SRAM holds)")
    args = parser.parse_args()
    judge = Judge()
    for system in args.systems:
        params = SYSTEMS[system]
        for name, size in SIZES.items():
            words = size // params.lanes
            row = args.row or params.sram_words // words - 2
            clocks, beats = measure(name, params, row)
            alone, some = measure(name, params, 1)
            assert beats == row * some == row * 2 * size // params.vector_lanes
            print(
                f"{system:13} {name} of {size:,} on {params.vector_lanes} lanes, {row} in a row: {clocks} clocks, "
                f"{beats} beats multiplied; one alone {alone} clocks, {some / alone:.1%} busy"
            )
            judge.least(f"busy, {system}, {name} of {size:,}", TARGET, beats / clocks, "{:.1%}")
    return judge.status


if __name__ == "__main__":
    raise SystemExit(main())
