"""From axes to the nest that they stand for."""

from __future__ import annotations

from collections.abc import Sequence

from gen.nest.encoders import DIGIT_BITS
from hdl.params.axes import Adders, Axes, Order, Recoded, Skip, Travel
from hdl.params.errors import ConfigError, Problem
from hdl.params.nest import BROADCAST, RESULT, SKIPPING, Line, Loop, Nest, Statement

__all__ = ["nest_of_axes"]


def nest_of_axes(axes: Axes, rows: int, cols: int, *, encoder: str = "booth", digits: int = 4) -> Nest:
    """The nest of an engine.

    Parameters
    ----------
    axes : Axes
    rows, cols : int
        M and N of a tile.
    encoder : str
    digits : int
        Digits of an operand.

    Raises
    ------
    ConfigError
        If the notation has no nest for these axes, or the digits cannot come so many at a time.
    """
    if axes.recoded is not Recoded.A:
        raise ConfigError([Problem("nest", f"{axes.recoded.value} recoded: the notation has the digits of A only")])
    at_once = axes.digits.at_once or digits
    if digits % at_once:
        raise ConfigError([Problem("nest", f"{digits} digits cannot be done {at_once} at a time")])
    return _Writer(axes, rows, cols, encoder, digits, at_once).nest()


class _Writer:
    """Writes statement after statement; ``here`` are the loops around the value that was written last."""

    def __init__(self, axes: Axes, rows: int, cols: int, encoder: str, digits: int, at_once: int) -> None:
        self.axes, self.encoder = axes, encoder
        kind = "time" if axes.weights_stay else "space"
        self.m = Loop(kind, "m", rows, BROADCAST if axes.b is Travel.BROADCAST else "")
        self.n = Loop("space", "n", cols, BROADCAST if axes.a is Travel.BROADCAST else "")
        order, skips = axes.digits.order, axes.skip is not Skip.NONE
        self.k = Loop("time", "k", None, SKIPPING if skips and order is Order.PLANES else "")
        self.lanes = [Loop("space", "k", axes.k.steps)] if axes.chain or axes.tree else []
        self.digits = [Loop("space", "w", at_once)] if order is None or at_once > 1 else []
        late = Loop("time", "w", digits // at_once, SKIPPING if skips and order is Order.OPERANDS else "")
        self.late = [late] if order is not None else []
        self.lines: list[Line] = []
        self.value: tuple[str, ...] = ()
        self.here: list[Loop] = []
        self.turns = False
        self.pairs, self.numbers = iter([("s", "c"), ("t", "u"), ("f", "g")]), iter(["x", "y", "z"])

    def nest(self) -> Nest:
        frame = self._frame()
        edge = frame if self.axes.recodes_in_pe else [loop for loop in frame if loop != self.n]
        self.lines.append(Line(tuple(edge), Statement(("d",), "encode", encoder=self.encoder)))
        self.value, self.here = ("d",), frame
        self._write(("p",), "map")
        if self.axes.sum.per_weight:
            self._sum_each_weight()
        else:
            self._write(("q",), "shift")
            self._sum_products()
        rows_part = self.axes.skips_by_row and not self.axes.weights_stay
        if rows_part and not any(line.statement.primitive == "sync" for line in self.lines):
            self._sync()
        return Nest(tuple(self.lines))

    def _frame(self) -> list[Loop]:
        """All loops, as they stand around a product of a digit."""
        axes = self.axes
        planes = axes.digits.order is Order.PLANES
        inner = [*self.lanes, *self.digits]
        if axes.weights_stay:
            if planes:
                return [self.k, *self.late, self.m, self.n, *inner]
            apart = axes.recodes_in_pe and axes.skips_by_row
            columns = [self.n, *self.late] if apart else [*self.late, self.n]
            return [self.k, self.m, *columns, *inner]
        times = [*self.late, self.k] if planes else [self.k, *self.late]
        in_turn = axes.sums_in_one_step and axes.adders is not Adders.OWN
        if in_turn or axes.skip is Skip.COMMON or (planes and axes.skip is Skip.NONE):
            return [*times, self.m, self.n, *inner]
        if not axes.recodes_in_pe:
            return [self.m, *times, self.n, *inner]
        if planes and axes.sum.per_weight and axes.adders is Adders.ROW:  # columns go through their planes together
            return [self.m, *self.late, self.n, self.k, *inner]
        return [self.m, self.n, *times, *inner]

    def _sum_products(self) -> None:
        """Every product is at its weight already."""
        axes = self.axes
        trees = self.lanes if axes.tree else []
        chains = self.lanes if axes.chain else []
        if axes.saves_carries:
            held = self.late if axes.weights_stay else [self.k, *self.late]
            if axes.weights_stay and axes.digits.order is Order.PLANES:
                held = []
            self._save([*self.digits, *trees], chains or held)
            if chains:
                self._save([], held)
            self._result([])
            return
        self._save(self.digits, [])
        if chains or (trees and len(self.value) == 2):
            self._write((next(self.numbers),), "add", into=chains)
        self._result(trees)

    def _sum_each_weight(self) -> None:
        """Products of digits of equal weight are summed first."""
        axes = self.axes
        trees = self.lanes if axes.tree else []
        chains = self.lanes if axes.chain else []
        held = [] if axes.weights_stay else [self.k]
        each = self._save if axes.saves_carries else self._add
        each(trees, chains or held)
        if chains:
            each([], held)
        self._take_turns()
        if axes.saves_carries:
            self._write((next(self.numbers),), "add")
        self._write((next(self.numbers),), "shift")
        if axes.saves_carries:
            self._save(self.digits, [])
            self._result([])
        else:
            self._result(self.digits)

    def _save(self, over: Sequence[Loop], into: Sequence[Loop]) -> None:
        """One compressor, if there is something to sum."""
        if over or into:
            self._write(next(self.pairs), "half_reduce", over=over, into=into)

    def _add(self, over: Sequence[Loop], into: Sequence[Loop]) -> None:
        """One adder, if there is something to sum."""
        if over or into:
            self._write((next(self.numbers),), "add", over=over, into=into)

    def _result(self, over: Sequence[Loop]) -> None:
        self._take_turns()
        into = [loop for loop in self.here if loop.index in "kw" and loop not in over]
        self._write((RESULT,), "add", over=over, into=into)

    def _take_turns(self) -> None:
        """From here on, loops of rows and columns are those of the adders."""
        adders = self.axes.adders
        as_they_are = Adders.COLUMN if self.axes.weights_stay else Adders.OWN
        if self.turns or adders is as_they_are:
            return
        self.turns = True
        by_column, by_row = adders in (Adders.COLUMN, Adders.ONE), adders in (Adders.ROW, Adders.ONE)
        if by_column and self.axes.skips_by_row and not self.axes.weights_stay:
            self._sync()
        inner = [loop for loop in self.here if loop.kind == "space" and loop.index in "kw"]
        outer = [loop for loop in self.here if loop not in (*inner, self.m, self.n)]
        if self.axes.weights_stay:
            outer.insert(self.here.index(self.m), self.m)
            across = [_in_time(self.n)]
        elif by_column:
            across = [_in_time(self.n) if by_row else self.n, _in_time(self.m)]
        else:
            outer.insert(self.here.index(self.m), self.m)
            across = [_in_time(self.n)]
        self.here = [*outer, *across, *inner]

    def _sync(self) -> None:
        self.lines.append(Line((), Statement((), "sync", ("m",))))

    def _write(
        self, targets: tuple[str, ...], primitive: str, over: Sequence[Loop] = (), into: Sequence[Loop] = ()
    ) -> None:
        """A statement that reads the last value; it sums copies ``over`` loops, and steps ``into`` its own value."""
        self.here = [loop for loop in self.here if loop not in over]
        indices = tuple(sorted({loop.index for loop in over}))
        bits = DIGIT_BITS[self.encoder] if primitive == "shift" else 0
        statement = Statement(targets, primitive, self.value, accumulate=bool(into), over=indices, bits=bits)
        self.lines.append(Line(tuple(self.here), statement))
        if targets != (RESULT,):
            self.here = [loop for loop in self.here if loop not in into]
        self.value = targets


def _in_time(loop: Loop) -> Loop:
    return Loop("time", loop.index, loop.size)
