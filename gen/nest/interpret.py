"""A nest executed on integers, step by step as its hardware would: carry-save pairs, time in order, zeros skipped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from gen.nest.check import flow_of
from gen.nest.encoders import encode
from gen.nest.tile import Range, Tile, loop_sizes, widths
from hdl.params.nest import RESULT, SKIPPING, Key, Line, Loop, Nest

__all__ = ["Run", "compress", "interpret"]

Integers = NDArray[np.int64]
Booleans = NDArray[np.bool_]


@dataclass(frozen=True)
class Run:
    """What a nest did.

    Parameters
    ----------
    result : array
        C, of shape (m, n).
    operations : tuple of int
        For each line, how often its primitive worked, all copies together.
    scanned : int
        Digits that the skipping loop looked at; 0 if there is none.
    cycles : int
        Steps of the busiest copy.
    """

    result: Integers
    operations: tuple[int, ...]
    scanned: int
    cycles: int


def interpret(nest: Nest, tile: Tile, a: Integers, b: Integers, *, accumulator: int | None = None) -> Run:
    """Execute a nest for C = ``a`` x ``b``.

    Every value is kept in the bits that :func:`gen.nest.tile.widths` gives it, so a width too small shows.

    Parameters
    ----------
    a, b : array of int
        Of shapes (m, k) and (k, n); fewer rows or columns than the nest has are filled up with zeros.
    accumulator : int or None
        Bits of C, if more than needed.

    Raises
    ------
    ConfigError
        If the nest is unsound, or tile and operands do not fit it.
    """
    machine = _Machine(nest, tile, np.asarray(a, dtype=np.int64), np.asarray(b, dtype=np.int64), accumulator)
    machine.run(list(enumerate(nest.lines)), [])
    return machine.outcome()


def compress(values: Sequence[Integers]) -> tuple[Integers, Integers]:
    """Two numbers with the same sum, by 3:2 compressors only: no carry moves more than one place at a level."""
    heap = list(values)
    while len(heap) > 2:
        x, y, z = heap[:3]
        heap = [*heap[3:], x ^ y ^ z, (x & y | y & z | x & z) << 1]
    return heap[0], heap[1] if len(heap) == 2 else np.zeros_like(heap[0])


def wrap(values: Integers, to: Range) -> Integers:
    """What is left of values in the bits of a range."""
    spare = 64 - to.bits
    if to.signed or spare == 0:
        return values << spare >> spare
    return values & ((1 << to.bits) - 1)


@dataclass(frozen=True)
class _Part:
    """The steps of a loop that are under way.

    ``values`` are its steps (all of a ``space`` loop, one of a ``time`` loop). In a loop that skips zeros, ``pick`` has
    the true step and ``valid`` whether there is one left, by the loops around it and last by the lane inside it.
    """

    loop: Loop
    values: Integers
    pick: Integers | None = None
    valid: Booleans | None = None


class _Machine:
    def __init__(self, nest: Nest, tile: Tile, a: Integers, b: Integers, accumulator: int | None) -> None:
        self.lines, self.tile = nest.lines, tile
        self.flow = flow_of(nest)
        self.sizes = loop_sizes(nest, self.flow, tile)
        self.ranges = widths(nest, self.flow, tile, accumulator)
        full = {
            index: int(np.prod([self.sizes[index, i] for i in range(len(split))], dtype=int))
            for index, split in self.flow.splits.items()
        }
        self.own, self.shared = nest.own, nest.shared
        self.shape = full["m"], full["n"]
        # Digits by own index, k and w; the other operand by its index and k.
        taken, other = (a, b.T) if nest.recoded == "A" else (b.T, a)
        digits = encode(taken, nest.encode.statement.encoder, tile.operand(nest.recoded))
        self.digits = np.zeros((full[self.own], full["k"], full["w"]), np.int64)
        self.digits[: digits.shape[0], : tile.k] = digits
        self.other = np.zeros((full[self.shared], full["k"]), np.int64)
        self.other[: other.shape[0], : tile.k] = other
        self.domains = [
            [key for key in line.keys if key not in self.flow.summed[i]] for i, line in enumerate(self.lines)
        ]
        self.store = [
            [np.zeros([self.sizes[key] for key in sorted(domain)], np.int64) for _ in line.statement.targets]
            for line, domain in zip(self.lines, self.domains, strict=True)
        ]
        self.counts = [
            np.zeros([self._length(loop, key) for loop, key in zip(line.loops, line.keys, strict=True)], np.int64)
            for line in self.lines
        ]
        self.scanned = 0

    def _length(self, loop: Loop, key: Key) -> int:
        return self.sizes[key] if loop.kind == "space" else 1

    def outcome(self) -> Run:
        result = next(i for i, line in enumerate(self.lines) if line.statement.targets == (RESULT,))
        c = self.store[result][0].reshape(self.shape)[: self.tile.m, : self.tile.n]  # m parts sort before n parts
        scan = [i for i, line in enumerate(self.lines) if line.statement.primitive == "encode" and self.scanned]
        busy = [int(count.max()) for i, count in enumerate(self.counts) if i not in scan]
        operations = tuple(self.scanned if i in scan else int(count.sum()) for i, count in enumerate(self.counts))
        return Run(c, operations, self.scanned, max(busy))

    def run(self, block: list[tuple[int, Line]], parts: list[_Part]) -> None:
        """Execute lines that stand in the same loops."""
        depth = len(parts)
        groups = groupby(block, key=lambda item: item[1].loops[depth] if len(item[1].loops) > depth else None)
        for loop, group in groups:
            inside = list(group)
            if loop is None:
                for number, line in inside:
                    self.execute(number, line, parts)
            elif loop.kind == "space":
                size = self.sizes[inside[0][1].keys[depth]]
                self.run(inside, [*parts, _Part(loop, np.arange(size))])
            elif loop.mode == SKIPPING:
                self.skip(inside, loop, parts)
            else:
                for step in range(self.sizes[inside[0][1].keys[depth]]):
                    self.run(inside, [*parts, _Part(loop, np.array([step]))])

    def skip(self, block: list[tuple[int, Line]], loop: Loop, parts: list[_Part]) -> None:
        """Hand out the steps whose digit is not zero: to each copy around the loop, and each lane in it, its own.

        All other copies in it share their steps, those in which one of them has a digit.
        """
        line = next(line for _, line in block if line.statement.primitive == "encode")
        depth = len(parts)
        lanes = line.loops[depth + 1 :]
        every = [*parts, _Part(loop, np.arange(self.sizes[line.keys[depth]]))]
        every += [
            _Part(lane, np.arange(self.sizes[key])) for lane, key in zip(lanes, line.keys[depth + 1 :], strict=True)
        ]
        index, _ = self.indices(line, every)
        nonzero = self.digits[index[self.own], index["k"], index["w"]] != 0
        # Copies that differ only in the other operand's index see the same digits: the array has length 1 there.
        shape = [len(part.values) for part in every]
        nonzero = np.broadcast_to(nonzero, shape)
        self.scanned += int(nonzero.size)
        shared = [i for i, lane in enumerate(lanes, depth + 1) if lane.index != loop.index]
        nonzero = np.asarray(np.any(nonzero, axis=tuple(shared), keepdims=True))
        nonzero = np.moveaxis(nonzero, depth, -1).reshape(*shape[:depth], -1, shape[depth])
        order = np.argsort(~nonzero, axis=-1, kind="stable")
        counts = nonzero.sum(axis=-1)
        for step in range(int(counts.max())):
            part = _Part(loop, np.array([step]), order[..., step], counts > step)
            self.run(block, [*parts, part])

    def indices(self, line: Line, parts: Sequence[_Part]) -> tuple[dict[str, Integers], Booleans]:
        """The value of every index, and which copies have work; one axis for each part."""
        total = len(parts)

        def on_axis(axis: int, values: NDArray[np.int64]) -> Integers:
            return values.reshape([-1 if i == axis else 1 for i in range(total)])

        values: dict[str, Integers] = {}
        inner: dict[str, int] = {}
        valid: Booleans = np.ones([1] * total, np.bool_)
        keys = Line(tuple(part.loop for part in parts), line.statement).keys
        for axis in reversed(range(total)):
            part, key = parts[axis], keys[axis]
            index = key[0]
            below, stride = values.get(index, np.zeros([1] * total, np.int64)), inner.get(index, 1)
            own = on_axis(axis, part.values)
            if part.pick is not None and part.valid is not None:
                around = tuple(on_axis(i, np.arange(part.pick.shape[i])) for i in range(axis))
                # Without its lanes (a reader outside of them) the inner part is that of lane 0, and of no use; there is
                # work as long as one of them has any.
                own = part.pick[(*around, below)]
                works = part.valid if index in values else np.any(part.valid, axis=-1, keepdims=True)
                valid = valid & works[(*around, below)]
            values[index] = below + own * stride
            inner[index] = stride * self.sizes[key]
        return values, valid

    def execute(self, number: int, line: Line, parts: list[_Part]) -> None:
        statement = line.statement
        if statement.primitive == "sync":
            self.counts[number] += 1
            return
        wide = [*parts, *(_Part(loop, np.arange(loop.size or 1)) for loop in self.flow.inputs[number])]
        index, valid = self.indices(line, wide)
        shape = [len(part.values) for part in wide]
        terms = self.operand(number, line, wide, index, valid)
        terms = [np.broadcast_to(term, shape) for term in terms]
        own = shape[: len(parts)]
        flat = [term.reshape([*own, -1]) for term in terms]
        columns = [term[..., i] for i in range(flat[0].shape[-1]) for term in flat]
        works = np.broadcast_to(valid, shape).reshape([*own, -1]).any(axis=-1)
        if not (statement.primitive == "encode" and self.scanned):
            self.counts[number] += works
        self.write(number, line, parts, columns)

    def operand(
        self, number: int, line: Line, wide: list[_Part], index: dict[str, Integers], valid: Booleans
    ) -> list[Integers]:
        """What a statement computes from, before any summing; zero where a copy has no work."""
        statement = line.statement
        if statement.primitive == "encode":
            return [np.where(valid, self.digits[index[self.own], index["k"], index["w"]], 0)]
        source = self.flow.source[number]
        assert source is not None
        at = self.positions(source, Line(tuple(part.loop for part in wide), statement), wide)
        values = [np.where(valid, stored[at], 0) for stored in self.store[source]]
        if statement.primitive == "map":
            return [values[0] * self.other[index[self.shared], index["k"]]]
        if statement.primitive == "shift":
            return [value << statement.bits * index["w"] for value in values]
        return values

    def positions(self, number: int, line: Line, parts: Sequence[_Part]) -> tuple[Integers, ...]:
        """Where the value of a line is kept, seen from these loops."""
        axis = {key: i for i, key in enumerate(line.keys)}
        return tuple(
            parts[axis[key]].values.reshape([-1 if i == axis[key] else 1 for i in range(len(parts))])
            for key in sorted(self.domains[number])
        )

    def write(self, number: int, line: Line, parts: list[_Part], columns: list[Integers]) -> None:
        """Reduce the columns, and store the outcome or add it to what is there; copies of a chain one after another."""
        statement, to = line.statement, self.ranges[number]
        assert to is not None
        at = self.positions(number, line, parts)
        shape = [len(part.values) for part in parts]
        chain = [size if key in self.flow.summed[number] else 1 for key, size in zip(line.keys, shape, strict=True)]
        for link in np.ndindex(*chain):
            cut = tuple(slice(i, i + 1) if size > 1 else slice(None) for i, size in zip(link, chain, strict=True))
            spot = tuple(np.broadcast_to(position, shape)[cut] for position in at)
            inputs = [column[cut] for column in columns]
            if statement.accumulate:
                inputs += [stored[spot] for stored in self.store[number]]
            if statement.primitive == "half_reduce":
                outputs = list(compress(inputs))
            elif statement.primitive == "add":
                outputs = [np.sum(inputs, axis=0, dtype=np.int64)]
            else:
                outputs = inputs
            for stored, output in zip(self.store[number], outputs, strict=True):
                stored[spot] = wrap(output, to)
