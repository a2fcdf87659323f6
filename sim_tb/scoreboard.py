"""Compares results with the golden model, counts, and says what differs and where."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from sim_tb.golden import Matrix

__all__ = ["Scoreboard"]

#: How many differences are spelled out.
SHOWN = 10


@dataclass
class Scoreboard:
    """Counts of a comparison.

    Parameters
    ----------
    checked, mismatches : int
        Elements compared, and of those the ones that differ; a result that never came counts as different.
    problems : list of str
        The first differences, and whatever else went wrong.
    tiles : int
        Tiles compared.
    """

    checked: int = 0
    mismatches: int = 0
    problems: list[str] = field(default_factory=list)
    tiles: int = 0

    @property
    def passed(self) -> bool:
        """Whether something was compared and nothing went wrong."""
        return self.checked > 0 and not self.mismatches and not self.problems

    def compare(self, expected: Matrix, got: Matrix) -> None:
        """Compare tiles of results, both of shape (tiles, M, N); ``got`` may end early."""
        came = expected[: len(got)]
        wrong = np.argwhere(came != got)
        for tile, row, col in wrong[: max(0, SHOWN - self.mismatches)]:
            self.problems.append(
                f"tile {self.tiles + tile}, C[{row}, {col}]: expected {came[tile, row, col]}, got {got[tile, row, col]}"
            )
        if missing := len(expected) - len(got):
            self.problems.append(f"{missing} tiles never came out, first tile {self.tiles + len(got)}")
        self.checked += came.size
        self.mismatches += len(wrong) + expected[len(got) :].size
        self.tiles += len(expected)

    def summary(self) -> dict[str, Any]:
        """Plain values for the answer of a simulation."""
        return {
            "passed": self.passed,
            "elements_checked": self.checked,
            "mismatches": self.mismatches,
            "tiles": self.tiles,
            "problems": self.problems,
        }
