"""From axes to the nest that they stand for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gen.nest.encoders import DIGIT_BITS
from hdl.params.axes import Adders, Axes, Encode, Order, Recoded, Skip, Travel
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
        If the notation has no nest for these axes, or the digits cannot be done ``at_once`` at a time.
    """
    if axes.recodes_both:
        raise ConfigError([Problem("nest", "A and B recoded: the notation has the digits of one operand only")])
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
        self.recoded = axes.recoded.value
        # Loops over the index that digits have beside k, and over the one for which they are the same.
        self.own, self.shared = (self.n, self.m) if axes.recoded is Recoded.B else (self.m, self.n)
        self.lines: list[Line] = []
        self.value: tuple[str, ...] = ()
        self.here: list[Loop] = []
        self.turns = False
        self.pairs, self.numbers = iter([("s", "c"), ("t", "u"), ("f", "g")]), iter(["x", "y", "z"])

    def nest(self) -> Nest:
        frame = self._frame()
        self.lines.append(Line(tuple(self._around_encode(frame)), self._statement(("d",), "encode")))
        self.value, self.here = ("d",), frame
        self._write(("p",), "map")
        if self.axes.sum.per_weight:
            self._sum_each_weight()
        else:
            self._write(("q",), "shift")
            self._sum_products()
        apart = self.axes.skips_by_row and self.own.kind == "space"
        if apart and not any(line.statement.primitive == "sync" for line in self.lines):
            self._sync()
        return Nest(tuple(self.lines))

    def _around_encode(self, frame: list[Loop]) -> list[Loop]:
        """The loops around ``encode``: all of a digit's product, or only those over which digits differ."""
        if self.axes.recodes_in_pe:
            return frame
        if not (self.axes.weights_stay and self.axes.recoded is Recoded.B):
            return [loop for loop in frame if loop != self.shared]
        # A block of B is recoded before rows of A pass: as it enters, one step of K after another, or in the PEs.
        entering = self.axes.encode is Encode.EDGE
        lanes = [_in_time(lane) if entering else lane for lane in self.lanes]
        return [self.k, self.n, *lanes, *(Loop("space", "w", loop.size) for loop in (*self.late, *self.digits))]

    def _frame(self) -> list[Loop]:
        """All loops, as they stand around a product of a digit."""
        axes = self.axes
        planes = axes.digits.order is Order.PLANES
        inner = [*self.lanes, *self.digits]
        if axes.weights_stay:
            if planes:
                return [self.k, *self.late, self.m, self.n, *inner]
            apart = axes.skips_by_row and (axes.recodes_in_pe or axes.recoded is Recoded.B)
            columns = [self.n, *self.late] if apart else [*self.late, self.n]
            return [self.k, self.m, *columns, *inner]
        times = [*self.late, self.k] if planes else [self.k, *self.late]
        in_turn = axes.sums_in_one_step and axes.adders is not Adders.OWN
        if in_turn or axes.skip is Skip.COMMON or (planes and axes.skip is Skip.NONE):
            return [*times, self.m, self.n, *inner]
        if not axes.recodes_in_pe:
            return [self.own, *times, self.shared, *inner]
        together = Adders.COLUMN if axes.recoded is Recoded.B else Adders.ROW
        if planes and axes.sum.per_weight and axes.adders is together:  # the columns of a row share their planes
            return [self.own, *self.late, self.shared, self.k, *inner]
        return [self.own, self.shared, *times, *inner]

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
        own_turns = by_row if self.own is self.n else by_column
        if own_turns and self.axes.skips_by_row and self.own.kind == "space":
            self._sync()
        inner = [loop for loop in self.here if loop.kind == "space" and loop.index in "kw"]
        outer = [loop for loop in self.here if loop not in (*inner, self.m, self.n)]
        if self.axes.weights_stay:
            outer.insert(self.here.index(self.m), self.m)
            across = [_in_time(self.n)]
        elif by_column and by_row:
            across = [_in_time(self.n), _in_time(self.m)]
        else:
            stays, turns = (self.n, self.m) if by_column else (self.m, self.n)
            outer.insert(self.here.index(stays), stays)
            across = [_in_time(turns)]
        self.here = [*outer, *across, *inner]

    def _sync(self) -> None:
        self.lines.append(Line((), Statement((), "sync", (self.own.index,))))

    def _write(
        self, targets: tuple[str, ...], primitive: str, over: Sequence[Loop] = (), into: Sequence[Loop] = ()
    ) -> None:
        """A statement that reads the last value; it sums copies ``over`` loops, and steps ``into`` its own value."""
        self.here = [loop for loop in self.here if loop not in over]
        indices = tuple(sorted({loop.index for loop in over}))
        statement = self._statement(targets, primitive, operands=self.value, accumulate=bool(into), over=indices)
        self.lines.append(Line(tuple(self.here), statement))
        if targets != (RESULT,):
            self.here = [loop for loop in self.here if loop not in into]
        self.value = targets

    def _statement(self, targets: tuple[str, ...], primitive: str, **more: Any) -> Statement:
        """A statement with what its primitive asks for."""
        if primitive in ("encode", "map"):
            more["recoded"] = self.recoded
        if primitive == "encode":
            more["encoder"] = self.encoder
        elif primitive == "shift":
            more["bits"] = DIGIT_BITS[self.encoder]
        return Statement(targets, primitive, **more)


def _in_time(loop: Loop) -> Loop:
    return Loop("time", loop.index, loop.size)
