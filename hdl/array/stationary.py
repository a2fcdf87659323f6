"""What is common to arrays in which a block of B stays while rows of A pass by."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Signal, Value
from amaranth.lib.wiring import In, Out

from hdl.arith.encoding import Recoder
from hdl.arith.factors import Factors
from hdl.arith.float.operands import widened, widener
from hdl.array.skew import skew
from hdl.lib import roles
from hdl.lib.shared import Part, place
from hdl.params import EngineParams
from hdl.params.axes import Recoded
from hdl.pe.recode import recoder, weight_recoder

__all__ = ["StationaryArray", "lane_bits"]


def lane_bits(params: EngineParams) -> int:
    """Wires of an operand of A as it enters the array: recoded there, or by a serialiser in front of it."""
    return params.a.width if params.axes.digits.order is None else Factors(params).a_bits


class StationaryArray(Part):
    """Rows of A in, and sums over the block of B that stays out; operands of both are skewed here as axes ask for it.

    The core consists of its PEs, what adds up their products, and the recoders.

    Attributes
    ----------
    columns : tuple of int
        The column of each bit of a sum.
    excess : int
        What the sums hold beyond the sums of products.
    core : dict
        How often each module of the core occurs.
    steps : int
        From the entry of operands to the sums that they complete, in the first column.

    Members
    -------
    en : In(1)
        Advance by one step; otherwise nothing changes.
    swap : In(1)
        The row of A that enters is the first one for the weights that were loaded last.
    load : In(depth)
        One-hot: ``b`` is step d of the next block. May come in any step from that of ``swap`` on.
    a : In(depth * lane_bits)
        A row of A, or a step of one: operands, or what a serialiser makes of them. Its sums are complete ``steps``
        later.
    b : In(cols * b.width)
        A row of B.
    sums : Out(cols * len(columns))
        Where A is handed over, those of column j one step after those of the column before.
    """

    module = "array"
    role = roles.ARRAY
    columns: tuple[int, ...]
    excess: int
    core: dict[str, int]

    def __init__(self, params: EngineParams, inside: int) -> None:
        self.params = params
        #: Steps in which operands wait at the edge, before they are broadcast, and in which weights change there.
        self.edge = 0 if params.axes.hands_a_over else 2
        self.steps = self.edge + inside
        self.recode = recoder(params) if params.axes.recoded is Recoded.A else None
        self.recode_b = weight_recoder(params)
        self.widen = widener(params)
        self.lane_bits = lane_bits(params)
        bits = {"swap": 1, "load": params.depth, "a": params.depth * self.lane_bits, "b": params.cols * params.b.width}
        sums = {"sums": Out(params.cols * len(self.columns))}
        super().__init__({"en": In(1), **{name: In(size) for name, size in bits.items()}, **sums})

    def _core(self, parts: dict[str, int]) -> dict[str, int]:
        """Parts of the core, and its recoders."""
        recoders: list[tuple[Recoder | None, int]] = [
            (self.recode, self.params.depth),
            (self.recode_b, self.params.cols),
        ]
        widen = {self.widen.module: self.params.depth + self.params.cols} if self.widen is not None else {}
        return parts | {part.module: count for part, count in recoders if part is not None} | widen

    def at_edge(self, m: Module, *names: str) -> dict[str, Value]:
        """These inputs as they enter: one step later where operands of A wait, too."""
        ports = {name: getattr(self, name) for name in names}
        if not self.edge:
            return ports
        registers = {name: Signal(len(port), name=f"edge_{name}", reset_less=True) for name, port in ports.items()}
        with m.If(self.en):
            m.d.sync += [register.eq(ports[name]) for name, register in registers.items()]
        return registers

    def weights(self, m: Module, b: Value) -> Value:
        """Operands of B as PEs take them, those of column j j steps late where A is handed over."""
        cols, width = self.params.cols, self.params.b.width
        if self.params.axes.hands_a_over:
            b = skew(m, "skew_b", self.en, b, cols)
        if self.widen is not None:
            return widened(m, self.widen, b, "widen_b")
        part = self.recode_b
        if part is None:
            return b
        return Cat(place(m, f"recode_b{j}", part, value=b.word_select(j, width)).digits for j in range(cols))
