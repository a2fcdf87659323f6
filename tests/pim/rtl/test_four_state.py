"""The controller in a four-state simulator: from one cycle of reset nothing unknown shows."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest

from gen.pim.assemble import assemble
from gen.pim.hardware import pim_verilog
from hdl.pim.registers import pim_registers
from sim_tb.golden.pim import Machine
from tests.pim.machines import TINY, numbers
from tests.sim.icarus import require_icarus

pytestmark = pytest.mark.sim

BENCH = Path(__file__).with_name("bench.v")
PROGRAM = """
    in      d=0, n=3
    wr_sb   mask=CH0, bank=1, row=2, n=3, a=0
    wr_sb   mask=CH1, bank=3, row=5, n=3, a=0
    rd_sb   mask=CH0, bank=1, row=2, n=3, d=8
    softmax a=8, d=12, n=12, imm=0.5
    mark    tag=1
    out     a=8, n=3
    out     a=12, n=3
    setr    r=r3, value=1       # the item of bank 1
    setr    r=r6, value=-inf
    setr    r=r7, value=0
    loop    n=2, col=1, rows
    j:  loop    n=1
          rd_item row=2, n=1, r=r3, d=20
        endl
    endl
    vmadd   a=8, b=12, c=8, d=24, n=12
    vgelue  a=24, d=28, n=12
    vrelu   a=24, d=24, n=12
    rmax    r=r4, a=28, n=12
    argmax  r=r5, a=28, n=12
    skeep   r=r6, s=r4, value=3
    vscale  a=12, d=12, n=12, imm=r6
    out     a=12, n=3
    out     a=20, n=1
    out     a=24, n=3
    out     a=28, n=3
    halt
"""


def test_nothing_unknown_gets_through(tmp_path: Path) -> None:
    """A program runs as in the golden model, twice, and after a reset in the middle of a run."""
    require_icarus()
    words = assemble(PROGRAM, system=TINY).words
    inputs = numbers(np.random.default_rng(4), 3, TINY.lanes)
    machine = Machine(TINY)
    machine.send(inputs)
    assert machine.run(words).fault is None
    expected = [int.from_bytes(word.astype("<u2").tobytes(), "little") for word in machine.outputs]

    (tmp_path / "pim.v").write_text(pim_verilog(TINY))
    (tmp_path / "program.hex").write_text("".join(f"{word:032x}\n" for word in words))
    packed = [int.from_bytes(word.astype("<u2").tobytes(), "little") for word in inputs]
    (tmp_path / "inputs.hex").write_text("".join(f"{word:016x}\n" for word in packed))
    registers = pim_registers(TINY)
    parameters = {"PROGRAM": len(words), "INPUTS": len(inputs), "CL": TINY.timing.cl}
    parameters |= {name: registers[name].offset for name in ("CONTROL", "STATUS", "IRQ_ENABLE")}
    command = ["iverilog", "-g2012", "-s", "bench", "-o", "bench.vvp"]
    command += [f"-Pbench.{name}={value}" for name, value in parameters.items()]
    subprocess.run([*command, BENCH, "pim.v"], cwd=tmp_path, check=True)
    output = subprocess.run(
        ["vvp", "-n", "bench.vvp"], cwd=tmp_path, check=True, capture_output=True, text=True, timeout=300
    ).stdout
    lines = [line.split() for line in output.splitlines()]
    assert not [line for line in lines if line[0] not in ("OUT", "READ", "END")], output[:2000]
    runs = output.split("END\n")
    assert len(runs) == 3
    halted = 1 << next(each.low for each in registers["STATUS"].fields if each.name == "HALTED")
    for run in runs[:2]:
        # Words of the run that a reset ended come before those of the next one.
        out = [line.split()[2] for line in run.splitlines() if line.startswith("OUT")]
        assert [int(word, 16) for word in out[-len(expected) :]] == expected
        assert f"READ {halted:08x}" in run
