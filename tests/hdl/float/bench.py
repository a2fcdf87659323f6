"""A part under Verilator, fed from arrays: a set of inputs a cycle, and the outputs of every cycle back."""

from __future__ import annotations

import re
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from amaranth.lib.wiring import In

from gen.emit.verilog import verilog_of
from hdl.lib.shared import Part
from sim_tb.build import Model, build_model

Words = npt.NDArray[Any]
PREFIX = "x"

MAIN = """\
#include <cstdint>
#include <cstdio>
#include <vector>

#include "Vtop.h"
#include "verilated.h"

int main(int argc, char** argv) {
    VerilatedContext context;
    context.commandArgs(argc, argv);
    Vtop top{&context};
    FILE* in = fopen(argv[1], "rb");
    FILE* out = fopen(argv[2], "wb");
    constexpr size_t IN = @IN@, OUT = @OUT@, BLOCK = 4096;
    std::vector<uint32_t> inputs(IN * BLOCK), outputs(OUT * BLOCK);
    auto step = [&] { @CLOCK@ };
    @CLOCK_LOW@
    @RESET@
    while (size_t frames = fread(inputs.data(), 4 * IN, BLOCK, in)) {
        const uint32_t* i = inputs.data();
        uint32_t* o = outputs.data();
        for (size_t frame = 0; frame < frames; ++frame) {
            @INPUTS@
            top.eval();
            @OUTPUTS@
            step();
        }
        fwrite(outputs.data(), 4 * OUT, frames, out);
    }
    fclose(out);
    return 0;
}
"""


def words(width: int) -> int:
    """32-bit words of a port."""
    return -(-width // 32)


def verilog(part: Part) -> str:
    """The Verilog of a part and of what it places; its module comes first."""
    return verilog_of(part, PREFIX)


def _set(name: str, width: int) -> str:
    if width <= 32:
        return f"top.{name} = *i++;"
    if width <= 64:
        return f"top.{name} = i[0] | uint64_t(i[1]) << 32; i += 2;"
    return f"for (size_t w = 0; w < {words(width)}; ++w) top.{name}[w] = *i++;"


def _get(name: str, width: int) -> str:
    if width <= 32:
        return f"*o++ = top.{name};"
    if width <= 64:
        return f"*o++ = top.{name}; *o++ = top.{name} >> 32;"
    return f"for (size_t w = 0; w < {words(width)}; ++w) *o++ = top.{name}[w];"


class Bench:
    """A part, built.

    Parameters
    ----------
    part : Part
    text : str
        Its Verilog if that was changed.
    """

    def __init__(self, part: Part, text: str = "") -> None:
        ports = {name: member.shape for name, member in part.signature.members.items()}
        flow = {name: member.flow for name, member in part.signature.members.items()}
        self.inputs = {name: width for name, width in ports.items() if flow[name] is In}
        self.outputs = {name: width for name, width in ports.items() if flow[name] is not In}
        main = MAIN
        for key, value in {
            "IN": str(sum(map(words, self.inputs.values()))),
            "OUT": str(sum(map(words, self.outputs.values()))),
            "CLOCK": "top.clk = 1; top.eval(); top.clk = 0;" if part.clocked else "",
            "CLOCK_LOW": "top.clk = 0; top.eval();" if part.clocked else "",
            "RESET": "top.rst = 1; step(); step(); top.rst = 0;" if part.resets else "",
            "INPUTS": " ".join(_set(*port) for port in self.inputs.items()),
            "OUTPUTS": " ".join(_get(*port) for port in self.outputs.items()),
        }.items():
            main = main.replace(f"@{key}@", value)
        text = text or verilog(part)
        # What occurs several times is compiled once.
        top, *shared = re.findall(r"^module (\w+)\(", text, re.MULTILINE)
        control = "\n".join(["`verilator_config", *(f'no_inline -module "{name}"' for name in shared), ""])
        model = Model(
            name=f"part-{part.module}",
            top=top,
            sources={"top.v": text, "top.vlt": control},
            effort="quick",
            main=main,
            python=False,
        )
        self.program = build_model(model) / top

    def run(self, **inputs: Words | int) -> dict[str, Words]:
        """The outputs before the clock's edge of each cycle.

        An input is an array over the cycles, with an axis of 32-bit words where it is wider, or a constant; ``en`` is
        all ones where it is left out.
        """
        inputs = {"en": (1 << self.inputs["en"]) - 1} | inputs if "en" in self.inputs else inputs
        assert set(inputs) == set(self.inputs), set(inputs) ^ set(self.inputs)
        cycles = max(len(value) for value in inputs.values() if isinstance(value, np.ndarray))
        frames = np.empty((cycles, sum(map(words, self.inputs.values()))), np.uint32)
        place = 0
        for name, width in self.inputs.items():
            value = np.asarray(inputs[name])
            value = value[:, None] if value.ndim == 1 else value
            frames[:, place : place + words(width)] = value
            place += words(width)
        with tempfile.TemporaryDirectory() as folder:
            source, target = Path(folder, "in"), Path(folder, "out")
            frames.tofile(source)
            subprocess.run([self.program, source, target, "+verilator+rand+reset+2"], check=True)
            answers = np.fromfile(target, np.uint32).reshape(cycles, -1)
        result, place = {}, 0
        for name, width in self.outputs.items():
            columns = answers[:, place : place + words(width)]
            result[name] = columns[:, 0] if width <= 32 else columns
            place += words(width)
        return result
