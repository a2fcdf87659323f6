"""A clock and a process around one component in Amaranth's simulator."""

from __future__ import annotations

from collections.abc import Callable
from unittest.mock import patch

from amaranth.hdl import ClockDomain, Fragment, Module
from amaranth.lib.wiring import Component
from amaranth.sim import Simulator

from hdl.lib.shared import Shared


def run(component: Component, process: Callable, *, clocked: bool = True) -> None:
    """Simulate until ``process(ctx)`` ends. Of the parts in the component, each object may be placed once."""
    m = Module()
    m.submodules.dut = component
    if clocked:
        m.domains.sync = ClockDomain("sync")
    with patch.object(Shared, "elaborate", _inside):
        simulator = Simulator(Fragment.get(m, None))
    if clocked:
        simulator.add_clock(1e-9)
    simulator.add_testbench(process)
    simulator.run()


def _inside(self: Shared, platform: object) -> Module:
    """The part itself, instead of an instance of the module that it becomes."""
    m = Module()
    m.submodules.part = self.part
    m.d.comb += [getattr(self.part, name).eq(value) for name, value in self.inputs.items()]
    m.d.comb += [signal.eq(getattr(self.part, name)) for name, signal in self.outputs.items()]
    return m
