"""From a nest to its axes: each is one question about where loops and statements stand."""

from __future__ import annotations

from typing import NoReturn

import hdl.params.axes as ax
from gen.nest.check import Flow, check, place
from gen.nest.from_axes import nest_of_axes
from gen.nest.printer import header, statement_text
from gen.nest.structure import differences, same
from hdl.params.errors import ConfigError, Problem
from hdl.params.nest import BROADCAST, RESULT, SKIPPING, Loop, Nest

__all__ = ["axes_of"]


def axes_of(nest: Nest) -> ax.Axes:
    """The axes of a nest; :func:`gen.nest.from_axes.nest_of_axes` gives the nest back.

    Raises
    ------
    ConfigError
        If the nest is wrong, or has something that no axis describes: with the property that no engine has, and where.
    """
    return _Reader(nest, check(nest)).axes()


class _Reader:
    def __init__(self, nest: Nest, flow: Flow) -> None:
        self.nest, self.flow = nest, flow
        self.encode = nest.lines[nest.find("encode")[0]]
        self.product = nest.lines[nest.find("map")[0]]  # the only line in all loops
        self.result = next(line for line in nest.lines if line.statement.targets == (RESULT,))

    def axes(self) -> ax.Axes:
        self._nothing_idle()
        rows, cols = self._one("m"), self._one("n")
        stays = self._stays(rows, cols)
        axes = ax.Axes(
            stays=stays,
            a=_travel(cols),
            b=_travel(rows) if stays is ax.Stays.RESULTS else None,
            k=self._k(),
            digits=self._digits(rows),
            skip=self._skip(rows),
            encode=self._encode(stays),
            recoded=ax.Recoded(self.nest.recoded),
            sum=self._sum(stays),
            adders=self._adders(),
        )
        again = self._again(axes, rows, cols)
        if not same(self.nest, again):
            message = "an engine with these loops computes in other statements"
            raise ConfigError([Problem("nest", message), *differences(self.nest, again)])
        return axes

    def _again(self, axes: ax.Axes, rows: Loop, cols: Loop) -> Nest:
        digits = 1
        for loop in self.product.over("w"):
            digits *= loop.size or 1
        encoder = self.encode.statement.encoder
        return nest_of_axes(axes, rows.size or 1, cols.size or 1, encoder=encoder, digits=digits)

    def _nothing_idle(self) -> None:
        """Every statement has something to do, and does it where an engine can."""
        for number, line in enumerate(self.nest.lines):
            statement = line.statement
            name, text = statement.primitive, statement_text(statement)
            sums = statement.accumulate or statement.over
            if name == "shift" and len(statement.operands) == 2:
                message = "a pair is shifted: in an engine the carries of a weight's sum propagate first"
            elif name == "add" and not statement.accumulate and self._added_again(number):
                message = "the same step adds its value once more: one addition does both"
            elif name == "half_reduce" and not sums:
                message = "nothing is summed here: one value comes in, and a pair would only be made of it"
            elif name == "add" and not sums and len(statement.operands) == 1:
                message = "nothing is summed here: it has one number to add"
            else:
                continue
            raise ConfigError([Problem(place(statement, text), message)])

    def _added_again(self, number: int) -> bool:
        """The reader of an ``add`` is another one, in the same loops."""
        reader = next((line for i, line in enumerate(self.nest.lines) if self.flow.source[i] == number), None)
        here = self.nest.lines[number].loops
        return reader is not None and reader.statement.primitive == "add" and reader.loops == here

    def _one(self, index: str) -> Loop:
        """The loop over rows, or over columns."""
        loops = self.product.over(index)
        if len(loops) > 1:
            _refuse(loops[1], f"{index} is split: an engine has one loop over it, and tiles are its steps")
        if loops[0].size is None:
            word = "rows" if index == "m" else "columns"
            _refuse(loops[0], f"engines have a fixed number of {word}: give this loop a size")
        return loops[0]

    def _stays(self, rows: Loop, cols: Loop) -> ax.Stays:
        outer, *inner = self.product.over("k")
        if outer.size is not None:
            split = " x ".join(header([loop]).partition(" ")[2] for loop in (outer, *inner))
            message = "an engine takes tiles of any K: the outermost loop over k must be 'time k' without a size, not "
            _refuse(outer, f"{message}'{split}'")
        for loop in (*inner[1:], *(loop for loop in inner[:1] if loop.kind == "time")):
            _refuse(loop, "k is split further than in any engine: one loop in time, and at most one in space inside it")
        if cols.kind == "time":
            _refuse(cols, "columns follow each other in time: neither results nor a block of B would stay")
        if rows.kind == "space":
            return ax.Stays.RESULTS
        if self.product.loops.index(rows) < self.product.loops.index(outer):
            _refuse(rows, "rows follow each other in time outside the loop over k: every step needs another block of B")
        return ax.Stays.WEIGHTS

    def _k(self) -> ax.KSpace:
        lanes = self.product.over("k")[1:]
        if not lanes:
            return ax.KSpace()
        tree = any("k" in line.statement.over for line in self.nest.lines)
        return ax.KSpace(ax.KForm.TREE if tree else ax.KForm.CHAIN, lanes[0].size or 1)

    def _digits(self, rows: Loop) -> ax.Digits:
        loops = self.product.over("w")
        late = [loop for loop in loops if loop.kind == "time"]
        if not late:
            if len(loops) > 1:
                _refuse(loops[1], "w is split though all digits are in space: write one loop")
            return ax.Digits()
        if len(late) > 1:
            _refuse(late[1], "w is split twice in time: an engine takes digits in one order")
        if loops[0] != late[0]:
            message = "digits that are done at once would not be neighbours: 'time w' must stand outside of 'space w'"
            _refuse(late[0], message)
        if len(loops) > 2 or (loops[1:] and loops[1].size == 1):
            _refuse(loops[1], "w is split further than in any engine: one loop in time, one in space inside it")
        at = self.product.loops.index
        steps = self.product.over("k")[0]
        follow = rows if rows.kind == "time" else steps
        if follow != steps and at(late[0]) < at(steps):
            _refuse(late[0], "every digit would need the blocks of B anew: where B stays, 'time k' is outermost")
        order = ax.Order.PLANES if at(late[0]) < at(follow) else ax.Order.OPERANDS
        return ax.Digits(loops[1].size if len(loops) > 1 else 1, order)

    def _skip(self, rows: Loop) -> ax.Skip:
        loops = self.encode.loops
        depth = next((i for i, loop in enumerate(loops) if loop.mode == SKIPPING), None)
        if depth is None:
            return ax.Skip.NONE
        inner = {(loop.kind, loop.index) for loop in loops[depth + 1 :]}
        common = ("space", self.nest.own) in inner or (("space", "k") in inner and loops[depth].index == "w")
        return ax.Skip.COMMON if common else ax.Skip.ROWS

    def _encode(self, stays: ax.Stays) -> ax.Encode:
        if self.encode.over(self.nest.shared):
            return ax.Encode.PE
        lanes = self.encode.over("k")[1:]
        loaded = stays is ax.Stays.WEIGHTS and self.nest.recoded == "B" and any(lane.kind == "space" for lane in lanes)
        return ax.Encode.LOAD if loaded else ax.Encode.EDGE

    def _sum(self, stays: ax.Stays) -> ax.Sum:
        """By what first sums over k, in its own loops or in space inside them."""
        shift = self.nest.find("shift")[0]
        numbers = range(len(self.nest.lines))
        first = next(i for i in numbers if any(key[0] == "k" for key in self.flow.terms(i, self.nest.lines)))
        late = [i for i in numbers if i != shift and any(key[0] == "w" for key in self.flow.summed[i])]
        saves = self.nest.lines[first].statement.primitive == "half_reduce"
        if late and late[0] < first:  # the digits of an operand are summed before
            saves |= self.nest.lines[late[0]].statement.primitive == "half_reduce"
        if saves and stays is ax.Stays.RESULTS:
            line = next(line for line in self.nest.lines if line.statement.primitive == "add")
            if any(loop.kind == "time" for loop in line.over("k")):
                message = "carries are saved before, and yet propagate in every step of k: an engine does one or other"
                raise ConfigError([Problem(place(line.statement, statement_text(line.statement)), message)])
        return ax.Sum(ax.Carries.SAVE if saves else ax.Carries.PROPAGATE, per_weight=shift > first)

    def _adders(self) -> ax.Adders:
        rows_turn, columns_turn = (self.result.over(index)[0].kind == "time" for index in "mn")
        if rows_turn:
            return ax.Adders.ONE if columns_turn else ax.Adders.COLUMN
        return ax.Adders.ROW if columns_turn else ax.Adders.OWN


def _travel(loop: Loop) -> ax.Travel:
    return ax.Travel.BROADCAST if loop.mode == BROADCAST else ax.Travel.HAND_OVER


def _refuse(loop: Loop, message: str) -> NoReturn:
    raise ConfigError([Problem(place(loop, header([loop])), message)])
