"""What an array in which results stay must know of what gives a sum, and of what stands around it."""

from __future__ import annotations

from dataclasses import dataclass

from amaranth.hdl import Cat, Module, Value

from hdl.arith.encoding import Recoder
from hdl.arith.finish import Finish
from hdl.arith.float.operands import widened, widener
from hdl.arith.float.widen import Widen
from hdl.lib.shared import place
from hdl.params import EngineParams
from hdl.params.axes import Adders, Recoded
from hdl.pe.accumulate import AccumulatePE
from hdl.pe.base import ProcessingElement
from hdl.pe.cell import Cell
from hdl.pe.float import FloatPE
from hdl.pe.laconic import LaconicPE
from hdl.pe.recode import recoder

__all__ = ["Scheme"]


def _pe(params: EngineParams) -> ProcessingElement:
    """What gives a sum: a chain around an accumulator, or a PE."""
    if params.axes.has_cells:
        return Cell(params)
    if params.floating:
        return FloatPE(params)
    return LaconicPE(params) if params.axes.recodes_both else AccumulatePE(params)


@dataclass(frozen=True)
class Scheme:
    """The parts of an engine whose results stay.

    Parameters
    ----------
    pe : ProcessingElement
        What gives a sum: a PE, or a chain of PEs with an accumulator.
    recode : Recoder or None
        Turns an operand ``value`` into the ``digits`` that PEs take; None where they take the operand.
    recodes_b : bool
        It stands where operands of B enter, at the heads of the columns; otherwise at the edges of the rows.
    widen : Widen or None
        Turns operands of both into what PEs take, at either edge; None where they take them.
    columns : tuple of int
        The column of each bit of ``acc``: bit i counts 2**columns[i].
    excess : int
        What each step adds to a sum beyond its product.
    a_bits, b_bits : int
        Wires of the operands that enter a row, those of its groups of columns side by side, and a column, in a step.
    pe_b_bits : int
        Wires of the operands of B as PEs take them.
    width : int
        Bits of a finished sum.
    bus_bits : int
        What a row of ``cols`` sums puts on the result buses: accumulators where the adders stand behind these, finished
        sums, or one accumulator at a time where all share an adder.
    adders : Adders
        What shares the final adders; meaningless where there are none.
    core : dict
        How often each module of the core stands in a ``pe``.
    lanes : int
        Operands of each kind that a ``pe`` takes in a step.
    """

    pe: ProcessingElement
    recode: Recoder | None
    recodes_b: bool
    widen: Widen | None
    columns: tuple[int, ...]
    excess: int
    a_bits: int
    b_bits: int
    pe_b_bits: int
    width: int
    bus_bits: int
    adders: Adders
    core: dict[str, int]
    lanes: int = 1

    @classmethod
    def of(cls, params: EngineParams, pe: ProcessingElement | None = None) -> Scheme:
        """The parts of an engine whose results stay in its PEs, all in step; ``pe`` is another one than it has.

        Raises
        ------
        ValueError
            For any other engine.
        """
        if params.axes.weights_stay or params.axes.stores_operands:
            raise ValueError("only where results stay, and rows keep step, does a PE give a sum of its own")
        pe, lanes = pe or _pe(params), params.k_step
        core = {"pe": lanes, "accumulator": 1} if params.axes.has_cells else {"pe": 1}
        recode, recodes_b, widen = recoder(params), params.axes.recoded is Recoded.B, widener(params)
        a_bits, pe_b_bits = (len(pe.operand(name)) for name in "ab")
        b_bits = pe_b_bits
        if recode is not None:
            a_bits, b_bits = (a_bits, lanes * params.b.width) if recodes_b else (lanes * params.a.width, b_bits)
        if widen is not None:
            a_bits, b_bits = lanes * params.a.width, lanes * params.b.width
        adders = params.axes.adders if pe.finish else Adders.OWN
        if params.floating:
            adders = Adders.COLUMN  # those of the steps of k are the PE's, and of the partial sums a column's
        taken = {Adders.COLUMN: params.cols * len(pe.acc), Adders.ONE: len(pe.acc)}
        return cls(
            pe,
            recode=recode,
            recodes_b=recodes_b,
            widen=widen,
            columns=pe.columns,
            excess=pe.excess,
            a_bits=a_bits * params.column_groups,
            b_bits=b_bits,
            pe_b_bits=pe_b_bits,
            width=params.accumulator,
            bus_bits=taken.get(adders, params.cols * params.accumulator),
            adders=adders,
            core=core,
            lanes=lanes,
        )

    @property
    def redundant(self) -> bool:
        """A sum needs a carry-propagate addition after the last step."""
        return self.pe.finish > 0

    def adder(self, *, follow: bool = False) -> Finish:
        """The final adder; with ``follow`` it hands its correction on to the next column's."""
        zeros = (self.excess & -self.excess).bit_length() - 1 if self.excess else self.width
        return Finish(self.width, self.columns, zeros, steps=self.pe.finish, follow=follow)

    @property
    def acc_bits(self) -> int:
        """Bits of an accumulator as it leaves the PE."""
        return len(self.pe.acc)

    def digits(self, m: Module, operands: Value, *, of_b: bool, name: str = "recode") -> Value:
        """The operands of all lanes as PEs take them, with recoders placed as far as these are the recoded ones."""
        if self.widen is not None:
            return widened(m, self.widen, operands, f"widen_{name}")
        if self.recode is None or self.recodes_b != of_b:
            return operands
        width = len(self.recode.value)
        values = [operands.word_select(d, width) for d in range(self.lanes)]
        return Cat([place(m, f"{name}{d}", self.recode, value=value).digits for d, value in enumerate(values)])
