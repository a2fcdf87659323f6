"""A clock and a process around one component in Amaranth's simulator."""

from __future__ import annotations

from collections.abc import Callable

from amaranth.hdl import ClockDomain, Module
from amaranth.lib.wiring import Component
from amaranth.sim import Simulator


def run(component: Component, process: Callable, *, clocked: bool = True) -> None:
    """Simulate until ``process(ctx)`` ends."""
    m = Module()
    m.submodules.dut = component
    if clocked:
        m.domains.sync = ClockDomain("sync")
    simulator = Simulator(m)
    if clocked:
        simulator.add_clock(1e-9)
    simulator.add_testbench(process)
    simulator.run()
