"""What a program of the PIM controller computes: memory, SRAM and registers, bit for bit; no time."""

from sim_tb.golden.pim.device import Device
from sim_tb.golden.pim.footprint import Footprint, Stray
from sim_tb.golden.pim.machine import Machine, Outcome

__all__ = ["Device", "Footprint", "Machine", "Outcome", "Stray"]
