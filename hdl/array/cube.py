"""3D cube: a chain of PEs along K for every result; operands of A move right and operands of B down, past the chains.

A beat holds ``depth`` steps of K. PE(i, j, d) takes step d of it, i + j + d steps after PE(0, 0, 0) takes step 0: each
PE of a chain adds its product to what the one before it hands on, and the sum over the beat enters the accumulator at
the end of the chain. Source of the architecture: H. Liao et al., "DaVinci: a scalable architecture for neural network
computing", Hot Chips 2019, as Wu et al. (HPCA 2025) compare with it.
"""

from __future__ import annotations

from amaranth.hdl import Module, Value

from hdl.array.skew import skew
from hdl.array.systolic_os import SystolicRow

__all__ = ["CubeRow"]


class CubeRow(SystolicRow):
    """A row of cells (see :class:`hdl.pe.cell.Cell`); the operand of PE d of a chain enters d steps late."""

    def edge(self, m: Module) -> Value:
        return skew(m, "skew_k", self.en, self.a, self.params.depth)
