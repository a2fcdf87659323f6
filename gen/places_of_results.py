"""What hardware each primitive became where results stay, and rows keep step."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from gen.nest.engines import engine_nest
from gen.nest.printer import target
from gen.place import Place, selection
from gen.timing import pes
from hdl.arith.step import StepDigits
from hdl.params import EngineParams
from hdl.params.axes import Adders, Encode, Skip
from hdl.params.nest import RESULT, Line
from hdl.pe.accumulate import AccumulatePE
from hdl.pe.cell import Cell
from hdl.pe.scheme import Scheme
from hdl.pe.sums import Adding, RunningSum

__all__ = ["places_of_results"]


def places_of_results(params: EngineParams) -> list[Place]:
    """The hardware of every primitive, in the order of the nest."""
    nest = engine_nest(replace(params, column_groups=1))  # which has all of it but the copies of recoders
    return [] if nest is None else list(_Places(params).of(nest.lines))


class _Places:
    def __init__(self, params: EngineParams) -> None:
        self.params, self.axes = params, params.axes
        self.scheme = Scheme.of(params)
        pe = self.scheme.pe
        assert isinstance(pe, AccumulatePE | Cell)
        self.adding: Adding = pe.adding if isinstance(pe, AccumulatePE) else pe.pe.adding
        self.handed: Sequence[RunningSum] = () if isinstance(pe, AccumulatePE) else pe.pe.sums
        self.kept: Sequence[RunningSum] = pe.sums if isinstance(pe, AccumulatePE) else pe.accumulator.sums

    def of(self, lines: Sequence[Line]) -> Iterator[Place]:
        """The places of the statements of a nest."""
        shifted, sums = False, 0
        for line in lines:
            statement = line.statement
            name = f"{statement.primitive} {target(statement)}"
            if statement.primitive == "encode":
                if self.axes.skip is Skip.COMMON:
                    yield Place(
                        "sparse digits not zero", "serialiser", 1, "leaves out steps in which no line has a digit"
                    )
                module, copies, text = self._encode()
            elif statement.primitive == "map":
                module, copies, text = "pe", pes(self.params), self._map()
            elif statement.primitive == "shift":
                shifted = True
                module, copies, text = self._shift()
            elif statement.targets == (RESULT,):
                module, copies, text = self._result()
            elif self.axes.sum.per_weight and shifted:
                steps = f"{self.scheme.pe.finish - 1} steps"
                text = f"all weights' bits and the correction are compressed to two words, {steps}"
                module, copies, _ = self._adders()
            elif statement.primitive == "add" and len(statement.operands) == 2 and self.axes.sum.per_weight:
                module, copies, _ = self._adders()
                text = "no adder of its own: sums and carries go on as they are"
            else:
                module, copies, text = self._sum(statement.primitive, sums)
                sums += 1
            yield Place(name, module, copies, text)

    def _encode(self) -> tuple[str, int, str]:
        count, digits = pes(self.params), self.adding.factors.whole
        if self.adding.operator:
            return "pe", count, _OPERATOR
        encoding = getattr(digits, "whole", digits)
        wires = f"{encoding.digits} digits on {encoding.bits} wires"
        late = self.axes.digits.order is not None
        if self.axes.multiplies:
            return "pe", count, f"Booth inside the multiplier: {wires}"
        if encoding.plain and not late:
            return "pe", count, f"wires: the {encoding.digits} bits of the operand"
        if self.axes.encode is Encode.PE:
            return "pe", count, f"in every PE: {wires}"
        of_b = self.adding.factors.of_b
        lines = self.params.cols if of_b else self.params.a_rows
        operand = "an operand of B" if of_b else "an operand"
        if late:
            lanes = "an operand" if self.scheme.lanes == 1 else f"each of {self.scheme.lanes} operands"
            return "held_digits", lines, f"where {lanes} is held: {encoding.digits} digits"
        return "recode", lines * self.scheme.lanes, f"where {operand} enters the array: {wires}"

    def _map(self) -> str:
        if self.adding.operator:
            return _OPERATOR
        text = selection(self.adding.factors)
        return text if self.adding.count == 1 else f"{text} in each of {self.adding.count} lanes"

    def _shift(self) -> tuple[str, int, str]:
        if self.axes.sum.per_weight:
            return (*self._adders()[:2], "wires")
        if self.adding.operator:
            return "pe", pes(self.params), _OPERATOR
        if self.axes.digits.order is None:
            return "pe", pes(self.params), "wires"
        if weights := self.adding.weights:
            places = ", ".join(map(str, weights))
            return "pe", pes(self.params), f"of all lanes together, behind their full adders: by {places} places"
        digits, lines = self.adding.factors.encoding, self.params.rows if self.adding.factors.of_b else self.params.cols
        assert isinstance(digits, StepDigits)
        shifts = ", ".join(str(step * digits.step_bits) for step in range(digits.steps))
        return "held_operands", lines, f"before operands enter the array: by {shifts} places"

    def _sum(self, primitive: str, number: int) -> tuple[str, int, str]:
        """A sum over digits, or over k: in PEs, or in the accumulator at the end of a chain."""
        count, results = pes(self.params), self.params.rows * self.params.cols
        if self.adding.operator and primitive == "half_reduce":
            return "pe", count, "inside the operator *"
        if self.axes.sums_in_one_step:
            if primitive == "half_reduce":
                return "pe", count, "full adders, which take in the sum so far, too"
            if not self.handed:
                return "pe", count, "part of the addition to the sum so far"
            width = self.handed[0].width
            return "pe", count, f"a carry-propagate adder, {width} bits; the next PE of the chain takes the sum"
        if self.handed and number == 0:
            return "pe", count, f"{self._adds()}; the next PE of the chain takes {_registers(self.handed, 'sc')}"
        module, copies = ("accumulator", results) if self.handed else ("pe", count)
        letters = "tu" if self.handed else "sc"
        several = "for the weights, registers of" if len(self.kept) > 1 else "the registers hold"
        return module, copies, f"{self._adds()}; {several} {_registers(self.kept, letters)}"

    def _adds(self) -> str:
        return "full adders" if self.axes.saves_carries else "a carry-propagate adder for each weight"

    def _result(self) -> tuple[str, int, str]:
        width = self.params.accumulator
        if not self.scheme.redundant:
            module = "accumulator" if self.handed else "pe"
            text = f"a carry-propagate adder, {width} bits, in every step"
            return module, self.params.rows * self.params.cols, text
        module, copies, where = self._adders()
        text = f"an adder of {width} bits {where}"
        return module, copies, text if self.axes.sum.per_weight else f"{text}, {self.scheme.pe.finish} steps"

    def _adders(self) -> tuple[str, int, str]:
        """The final adders: module, copies, and where they stand."""
        rows, cols = self.params.rows, self.params.cols
        copies, where = {
            Adders.OWN: (rows * cols, "at each result"),
            Adders.COLUMN: (cols, "at the head of each column"),
            Adders.ROW: (rows, "at the end of each row"),
            Adders.ONE: (1, "for all results in turn"),
        }[self.scheme.adders]
        return "finish", copies, where


_SKIPS = "the steps in which an operand of the beat has a digit"
_OPERATOR = "the operator *: what digits it has is left to synthesis"


def _registers(sums: Sequence[RunningSum], letters: str) -> str:
    """The bits of sums."""
    if len(sums) > 1:
        *widths, last = (f"{each.width} + {len(each.carries)}" if each.carries else f"{each.width}" for each in sums)
        return f"{', '.join(widths)} and {last} bits"
    if not sums[0].carries:
        return f"{sums[0].width} bits"
    return f"{sums[0].width} bits of {letters[0]} and {len(sums[0].carries)} of {letters[1]}"
