"""What hardware each primitive became where a block of B stays."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gen.nest.engines import engine_nest
from gen.nest.printer import target
from gen.place import Place, selection
from gen.timing import pes
from hdl.arith.multiply_add import MultiplyAdd, Plain
from hdl.arith.step import StepDigits
from hdl.array.chains import Chains
from hdl.array.columns import Columns
from hdl.engine.weight_stationary import WeightStationary
from hdl.params import Dataflow, EngineParams
from hdl.params.axes import Encode, Skip
from hdl.params.nest import RESULT, Line, Statement
from hdl.pe.product import SelectPE

__all__ = ["places_of_weights"]

_OPERATOR = "the operator *: what digits it has is left to synthesis"
_ON = "no adder of its own: sums and carries go on as they are"


def places_of_weights(params: EngineParams) -> list[Place]:
    """The hardware of every primitive, in the order of the nest."""
    nest = engine_nest(params)
    return [] if nest is None else list(_Places(params).of(nest.lines))


class _Places:
    def __init__(self, params: EngineParams) -> None:
        self.params, self.axes = params, params.axes
        body = WeightStationary(params)
        self.foot, self.array = body.foot, body.array
        self.column = self.array.column if isinstance(self.array, Columns) else None
        pe = self.array.rows.row.pe if isinstance(self.array, Chains) else self.array.column.pe
        self.factors = pe.factors if isinstance(pe, SelectPE) else pe.arithmetic.factors
        self.arithmetic: MultiplyAdd | None = None if isinstance(pe, SelectPE) else pe.arithmetic
        self.operator = isinstance(self.arithmetic, Plain) and self.arithmetic.operator
        digits = self.factors.encoding
        self.step = digits if isinstance(digits, StepDigits) else None
        self.count = pes(params)

    def of(self, lines: Sequence[Line]) -> Iterator[Place]:
        """The places of the statements of a nest."""
        if self.axes.skip is Skip.COMMON:
            text = "leaves out the steps of a row in which none of its operands has a digit"
            yield Place("sparse digits not zero", "serialiser", 1, text)
        seen: list[str] = []
        for line in lines:
            statement = line.statement
            if statement.targets == (RESULT,):
                module, copies, text = "foot", self.params.cols, self._foot()
            elif statement.primitive in ("encode", "map", "shift"):
                module, copies, text = getattr(self, f"_{statement.primitive}")()
            else:
                module, copies, text = self._sum(statement, seen)
            seen.append(statement.primitive)
            yield Place(f"{statement.primitive} {target(statement)}", module, copies, text)

    def _encode(self) -> tuple[str, int, str]:
        whole = self.step.whole if self.step is not None else self.factors.whole
        wires = f"{whole.digits} digits on {whole.bits} wires"
        if self.operator:
            return "pe", self.count, _OPERATOR
        if self.axes.multiplies:
            return "pe", self.count, f"Booth inside the multiplier: {wires}"
        if self.axes.encode is Encode.PE:
            return "pe", self.count, f"in every PE: {wires}"
        if self.factors.of_b and not whole.plain:
            return "recode", self.params.cols, f"where an operand of B is loaded: {wires}"
        if self.step is not None and not self.factors.of_b:
            return "held_digits", 1, f"where a row of A is held: {whole.digits} digits of each operand"
        if whole.plain:
            return "pe", self.count, f"wires: the {whole.digits} bits of the operand"
        return "recode", self.params.depth, f"where an operand enters the array: {wires}"

    def _map(self) -> tuple[str, int, str]:
        if self.operator:
            return "pe", self.count, _OPERATOR
        return "pe", self.count, selection(self.factors)

    def _shift(self) -> tuple[str, int, str]:
        if self.operator:
            return "pe", self.count, _OPERATOR
        if self.step is None or self.step.steps == 1:
            module, copies = self._weights() if self.axes.sum.per_weight else ("pe", self.count)
            return module, copies, "wires"
        places = ", ".join(str(step * self.step.step_bits) for step in range(self.step.steps))
        if self.axes.sum.per_weight:
            return "foot", self.params.cols, f"as a sum becomes a number, by {places} places"
        return "pe", self.count, f"before it is multiplied, {'a' if self.factors.of_b else 'b'} by {places} places"

    def _weights(self) -> tuple[str, int]:
        """Where the weights of digits that are done at once are put together."""
        cols = self.params.cols
        if isinstance(self.array, Chains):
            return ("foot", cols) if self.array.combine is None else ("combine", cols)
        return ("tree", cols) if getattr(self.array.column.tree, "combines", False) else ("foot", cols)

    def _sum(self, statement: Statement, seen: Sequence[str]) -> tuple[str, int, str]:
        saves = self.axes.saves_carries
        again = seen[-1] in ("half_reduce", "add")
        if self.axes.sum.per_weight:
            if "shift" in seen:
                return (*self._weights(), "full adders")
            if again:
                module, copies = self._weights()
                return module, copies, _ON if module != "foot" else "an adder of the bits of its weight"
            adders = "full adders" if saves else "carry-propagate adders"
            if self.column is not None:
                return "tree", self.params.cols, f"for each weight a tree of {adders}, {self._stages()}"
            return "pe", self.count, f"for each weight {adders}; the next PE of the chain takes {self._bits()}"
        if statement.primitive == "add":
            if self.column is None:
                width = self.arithmetic.width if self.arithmetic is not None else 0
                return (
                    "pe",
                    self.count,
                    f"a carry-propagate adder, {width} bits; the next PE of the chain takes the sum",
                )
            width = self.arithmetic.width if self.arithmetic is not None else 0
            return "pe", self.count, f"a carry-propagate adder, {width} bits"
        if not saves:
            text = "inside the operator *" if self.operator else "full adders"
            takes = ", which take in the sum so far, too" if self.column is None and not self.operator else ""
            return "pe", self.count, text + takes
        if again:
            return "foot", self.params.cols, "full adders, which gather the steps of a row"
        if self.column is None:
            return "pe", self.count, f"full adders; the next PE of the chain takes {self._bits()}"
        inside = "tree" if self.column.tree is not None else "column"
        text = f"full adders: in a PE its digits' products, then the PEs' pairs {self._stages()}"
        return inside, self.params.cols, text + ("; the foot gathers the steps of a row" if self.foot.gathers else "")

    def _stages(self) -> str:
        levels = self.column.levels if self.column is not None else 0
        return f"{Dataflow.TREE_FAN_IN} at a time, {levels} {'stage' if levels == 1 else 'stages'}"

    def _bits(self) -> str:
        """What a chain hands on."""
        arithmetic = self.arithmetic
        assert arithmetic is not None
        if self.axes.sum.per_weight:
            return f"{len(arithmetic.columns)} bits"
        return f"{arithmetic.width} bits of s and {len(arithmetic.columns) - arithmetic.width} of c"

    def _foot(self) -> str:
        """The sums over a block of K are added up below the columns, row by row."""
        params = self.params
        foot = f"adder and {params.rows} x {params.accumulator} bits of sums over the blocks before"
        if self.foot.finish:
            words = "t + u" if self.axes.sum.per_weight or self.foot.gathers else "s + c"
            if self.axes.sum.per_weight and (self._weights()[0] == "foot" or not self.axes.saves_carries):
                return f"the weights as one number, then {foot}"
            return f"{words}, {params.block_bits} bits, then {foot}"
        if self.column is not None and params.depth > 1:
            return f"a tree, {Dataflow.TREE_FAN_IN} sums at a time; then {foot}"
        return foot
