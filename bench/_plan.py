"""Which benchmarks ``make bench`` and ``make bench-full`` run, and with which arguments."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bench._common import engines

__all__ = ["FULL", "QUICK", "Run"]


@dataclass(frozen=True)
class Run:
    """One run of a benchmark.

    Parameters
    ----------
    bench : str
        Its module in ``bench``.
    arguments : str
        Its arguments, with spaces between them.
    judges : str
        The group of committed results that it judges instead of measuring something.
    """

    bench: str
    arguments: str = ""
    judges: str = ""

    def __str__(self) -> str:
        return f"{self.bench} {self.arguments}".strip()

    @property
    def file_name(self) -> str:
        """The file for what it prints: arguments may hold what no name of a file does."""
        return f"{re.sub(r'[^A-Za-z0-9_.-]+', '_', str(self))}.txt"


#: Everything within a quarter of an hour on two cores with nothing cached; the longest first.
QUICK = (
    Run("record"),
    Run("generation"),
    Run("area_efficiency", "--effort quick --libraries osu018 --sizes 8 --size 4"),
    Run("pim_speed"),
    Run("layout"),
    Run("delta", "--quick"),
    Run("pe_area_delay", "--effort quick"),
    Run("sesr", "--crop 16 --engines 2"),
    Run("streak", "--size 4 --beats"),
    Run("simulation", "--repeat 3"),
    Run("synthesis", "--engines systolic_os/opt1 matrix_2d/opt4c --size 8 --effort quick --limit 1"),
    Run("gate", "--traces 1000"),
    Run("training", "--rtl 2"),
    Run("pim_simulate", "--models gpt2-small gpt3-xl"),
    Run("pim_vector", "--systems tiny"),
    Run("sparse", "--schemes opt4c --encoders ent --queues"),
    Run("pim_rows"),
    Run("mutation", "--recorded"),
    Run("inference", "--size 8 --crop 16"),
    Run("macs", "--quick"),
    Run("mapping", "--only systolic_os/opt1 --layers 10"),
    Run("comparison", judges="comparison"),
)

#: As documented. A part is what an interrupted ``make bench-full`` begins again, so that long ones have several.
FULL = (
    *(Run("area_efficiency", f"--libraries {name} --size 0") for name in ("osu018", "sky130", "sg13g2", "asap7")),
    Run("area_efficiency", "--libraries osu018 --sizes"),
    Run("comparison", judges="comparison"),
    Run("gate"),
    Run("delta"),
    Run("generation"),
    Run("inference"),
    Run("layout"),
    Run("macs"),
    Run("mapping"),
    Run("mutation"),
    Run("pe_area_delay"),
    Run("pim_rows"),
    Run("pim_simulate"),
    Run("pim_speed"),
    Run("pim_vector"),
    Run("record"),
    Run("sesr"),
    Run("simulation"),
    *(Run("sparse", f"--schemes {scheme}") for scheme in ("opt3", "opt4c", "opt4e")),
    Run("streak"),
    Run("training"),
    *(Run("synthesis", f"--engines {each.array}/{each.scheme}") for each in engines(4, 4)),
)
