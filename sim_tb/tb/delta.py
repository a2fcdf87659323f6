"""The cocotb test that sends frames through a delta encoder, with gaps and back-pressure, and stores what comes out."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import cocotb
import numpy as np
from cocotb.clock import Clock
from cocotb.triggers import FallingEdge

from hdl.params import OperandFormat
from sim_tb import messages

#: Beats that are offered, and taken, in a share of cycles.
FILL, DRAIN = 0.9, 0.8


@cocotb.test()
async def encode(dut: Any) -> None:
    """Send the frames of ``frames.npy``, beat by beat; write ``changes.npy``."""
    request = messages.read(Path(messages.REQUEST))
    frames = np.load("frames.npy")
    x, d = (OperandFormat.parse(request[key]) for key in ("x", "d"))
    rng = random.Random(request["seed"])
    count, words, lanes = frames.shape
    got = np.zeros(frames.shape, np.int64)
    problems: list[str] = []
    Clock(dut.clk, 2, "step").start()
    for name in ("i_valid", "i_data", "i_addr", "i_last", "i_whole", "o_ready"):
        getattr(dut, name).value = 0
    for key in ("shift", "threshold"):
        getattr(dut, key).value = request[key]
    dut.rst.value = 1
    for _ in range(2):  # a rising edge lies between
        await FallingEdge(dut.clk)
    dut.rst.value = 0
    sent = taken = cycles = 0
    offered = False
    while taken < count * words:
        offered = sent < count * words and (offered or rng.random() < FILL)
        if offered:
            frame, word = divmod(sent, words)
            fields = (int(value) & ((1 << x.width) - 1) for value in frames[frame, word])
            dut.i_data.value = sum(value << (x.width * i) for i, value in enumerate(fields))
            dut.i_addr.value = word
            dut.i_whole.value = int(request["whole"] or frame == 0)
            dut.i_last.value = int(word == words - 1)
        dut.i_valid.value = int(offered)
        ready = rng.random() < DRAIN
        dut.o_ready.value = int(ready)
        enters = offered and bool(dut.i_ready.value)  # like all that is read here, it doesn't depend on the inputs
        if ready and bool(dut.o_valid.value):
            frame, word = divmod(taken, words)
            data = int(dut.o_data.value)
            for i in range(lanes):
                field = data >> (d.width * i) & ((1 << d.width) - 1)
                got[frame, word, i] = field - (field >> (d.width - 1) << d.width)
            if int(dut.o_addr.value) != word or bool(dut.o_last.value) != (word == words - 1):
                problems.append(f"beat {taken}: wrong address or end")
            if bool(dut.o_some.value) != bool(got[frame, word].any()):
                problems.append(f"beat {taken}: wrong flag of zeros")
            taken += 1
        sent, offered = sent + enters, offered and not enters
        cycles += 1
        if cycles > 100 + 10 * count * words:
            problems.append("it hangs")
            break
        await FallingEdge(dut.clk)
    answer = {"cycles": cycles, "beats": taken, "problems": problems[:5], "passed": not problems}
    messages.write(Path(messages.ANSWER), {**answer, "changes": got.ravel().tolist()})
