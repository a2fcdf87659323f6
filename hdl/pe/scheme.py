"""What an array must know of a scheme: its PE, what stands at the row's edge, and how a sum is finished."""

from __future__ import annotations

from dataclasses import dataclass

from hdl.lib.shared import Part
from hdl.params import EngineParams
from hdl.pe.cell import Cell
from hdl.pe.laconic import LaconicPE
from hdl.pe.mac import MacPE
from hdl.pe.opt1 import Opt1PE
from hdl.pe.opt2 import Opt2PE
from hdl.pe.recode import recoder

__all__ = ["Scheme"]


def _pe(params: EngineParams) -> Cell | LaconicPE | MacPE | Opt1PE | Opt2PE:
    """What gives a sum: a chain around an accumulator, or a PE, by the form of its sum."""
    axes = params.axes
    if axes.has_cells:
        return Cell(params)
    if axes.recodes_both:
        return LaconicPE(params)
    if not axes.saves_carries:
        return MacPE(params)
    return Opt2PE(params) if axes.sum.per_weight else Opt1PE(params)


@dataclass(frozen=True)
class Scheme:
    """The parts of a scheme.

    Parameters
    ----------
    pe : Part
        What gives a sum: a PE, or PEs around an accumulator, with the ports and steps of
        :class:`hdl.pe.base.ProcessingElement`.
    recode : Part or None
        Turns an operand ``value`` into the ``digits`` that PEs take; None where they take the operand.
    columns : tuple of int
        The column of each bit of ``acc``: bit i counts 2**columns[i].
    excess : int
        What each step adds to a sum beyond its product.
    a_bits, b_bits : int
        Wires of the operands that enter a row, and a column, in a step.
    core : dict
        How often each module of the core stands in a ``pe``.
    lanes : int
        Operands of A, and recoders, of a row.
    """

    pe: Cell | LaconicPE | MacPE | Opt1PE | Opt2PE
    recode: Part | None
    columns: tuple[int, ...]
    excess: int
    a_bits: int
    b_bits: int
    core: dict[str, int]
    lanes: int = 1

    @classmethod
    def of(cls, params: EngineParams) -> Scheme:
        """The parts of an engine whose results stay in its PEs, all in step.

        Raises
        ------
        ValueError
            For any other engine.
        """
        if params.axes.weights_stay or params.axes.skips_by_row:
            raise ValueError("only where results stay, and rows keep step, does a PE give a sum of its own")
        pe = _pe(params)
        lanes, core = 1, {"pe": 1}
        if params.axes.has_cells:
            lanes, core = params.depth, {"pe": params.depth, "accumulator": 1}
        recode = recoder(params)
        taken = pe.a_in if params.axes.hands_a_over else pe.a
        return cls(
            pe,
            recode=recode,
            columns=pe.columns,
            excess=pe.excess,
            a_bits=len(taken) if recode is None else lanes * params.a.width,
            b_bits=len(pe.b_in),
            core=core,
            lanes=lanes,
        )

    @property
    def redundant(self) -> bool:
        """A sum needs a carry-propagate addition at the drain."""
        return self.pe.finish > 0

    @property
    def acc_bits(self) -> int:
        """Bits of an accumulator as it leaves the PE."""
        return len(self.pe.acc)
