"""What makes a run fail: latches, combinational loops, several drivers, cells that are not mapped."""

from __future__ import annotations

from hdl.params.errors import CheckFailed

__all__ = ["NAMES", "mapped"]

#: The checks, as synth.json lists them. Yosys' ``check`` does the first three, before anything is optimised away.
NAMES = ("latches", "combinational_loops", "multiple_drivers", "unmapped_cells")


def mapped(unmapped: list[str], library: str) -> None:
    """Fail where cells are left that the library does not have."""
    if unmapped:
        raise CheckFailed(f"cells that are not mapped to the library {library}: {', '.join(unmapped[:10])}")
