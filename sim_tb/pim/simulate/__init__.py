"""The controller and its channels in time, without values: the same commands in the same clocks as the hardware."""

from sim_tb.pim.simulate.system import Run, Simulated, System, simulate

__all__ = ["Run", "Simulated", "System", "simulate"]
