"""Speed of the simulated PIM system: controller, channels and a host on its bus, against a bare C++ loop.

The same program runs on the same Verilated model of the tiny system twice: with the host of ``bitloom pim run``, which
drives every channel of the bus and both streams, and with one that makes nothing but the clock while it waits for the
interrupt. Repetitions alternate, and processor time counts. The target is 20,000 clocks a second, or half the speed
of the bare loop where that is more.
"""

from __future__ import annotations

import argparse
import statistics

import numpy as np

from bench._judge import Judge
from gen.pim.assemble import assemble
from hdl.params.pim import PRESETS
from hdl.pim.registers import pim_registers
from sim_tb.golden.pim import Machine
from sim_tb.pim.bench.host import Script, run_host

TARGET, SHARE = 20_000, 0.5
TEXT = """
loop n={turns}
wr_gb a=0, n=8
mac_ab row=2, n=8
rd_mac d=80
wr_sb bank=1, row=4, n=4, a=80
softmax a=80, d=90, n=8, imm=0.5
layernorm a=0, d=100, n=32, b=8, beta=16, eps=r1, share=r2
vgelu a=100, d=100, n=32
endl
halt
"""


def measure(program: tuple[int, ...], effort: str, *, bare: bool) -> tuple[float, int]:
    """Clocks a second while the program runs, and how many there were."""
    params = PRESETS["tiny"]
    machine = Machine(params)
    machine.sram[:] = np.random.default_rng(1).integers(0x3C00, 0x4100, machine.sram.shape)
    script = Script(pim_registers(params))
    script.write("SCALAR1", int(np.float32(1e-5).view(np.uint32)))
    script.write("SCALAR2", int(np.float32(1 / 32).view(np.uint32)))
    script.send(len(program))
    script.write("IRQ_ENABLE", 3)
    script.pulse("START")
    end = script.interrupt()
    status = script.read("STATUS")
    result = run_host(params, script, program, machine=machine, limit=100_000_000, effort=effort, bare=bare)
    assert not result.hung
    assert result.answers[end].response == 0
    assert result.answers[status].data == 2, "the program did not halt"
    assert not result.violations
    return result.waited / result.waiting, result.waited


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=1000, help="iterations of the program's loop")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--effort", choices=("quick", "speed"), default="speed")
    args = parser.parse_args()
    program = assemble(TEXT.format(turns=args.turns), system=PRESETS["tiny"]).words
    pairs, clocks = [], 0
    for _ in range(args.repeat):
        (bare, clocks), (host, _) = (measure(program, args.effort, bare=bare) for bare in (True, False))
        pairs.append((bare, host))
    bare, host = (statistics.median(column) for column in zip(*pairs, strict=True))
    ratio = statistics.median(run / loop for loop, run in pairs)
    target = max(TARGET, SHARE * bare)
    print(f"tiny system, {clocks:,} clocks of a program, model built for {args.effort}, median of {args.repeat}")
    print(f"bare C++ loop  {bare:12,.0f} clocks/s")
    print(f"host and bus   {host:12,.0f} clocks/s")
    print(f"ratio          {ratio:12.1%}")
    judge = Judge()
    judge.least("tiny system with host and bus", target, host, "{:,.0f} clocks/s")
    return judge.status


if __name__ == "__main__":
    raise SystemExit(main())
