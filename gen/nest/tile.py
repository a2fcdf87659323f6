"""The task of a nest: one tile, its sizes and operand formats; and the widths of every value in it."""

from __future__ import annotations

import math
from dataclasses import dataclass

from gen.nest.check import Flow
from gen.nest.encoders import digit_count, digit_ranges
from hdl.params.errors import ConfigError, Problem
from hdl.params.formats import OperandFormat
from hdl.params.nest import INDICES, OTHER, RESULT, Key, Nest

__all__ = ["Range", "Tile", "loop_sizes", "widths"]

S8 = OperandFormat(8, signed=True)


@dataclass(frozen=True)
class Tile:
    """C[m, n] = A[m, k] x B[k, n].

    Parameters
    ----------
    m, n, k : int
    a, b : OperandFormat
    """

    m: int
    n: int
    k: int
    a: OperandFormat = S8
    b: OperandFormat = S8

    def operand(self, name: str) -> OperandFormat:
        """The format of ``A`` or ``B``."""
        return self.a if name == "A" else self.b


@dataclass(frozen=True)
class Range:
    """The least and the greatest value, and the bits that hold all between."""

    low: int
    high: int

    @property
    def signed(self) -> bool:
        """Two's complement, as some values are negative."""
        return self.low < 0

    @property
    def bits(self) -> int:
        """Bits, with the sign's if there is one."""
        return max(1, self.high.bit_length(), (~self.low).bit_length() if self.signed else 0) + self.signed

    def times(self, other: Range) -> Range:
        """The range of products."""
        corners = [x * y for x in (self.low, self.high) for y in (other.low, other.high)]
        return Range(min(corners), max(corners))

    def sum(self, terms: int) -> Range:
        """The range of sums of up to ``terms`` values: while a sum grows it has fewer."""
        return Range(min(terms * self.low, self.low), max(terms * self.high, self.high))


def loop_sizes(nest: Nest, flow: Flow, tile: Tile) -> dict[Key, int]:
    """Steps of every loop for a tile, by key. A loop without a size takes what the tile needs.

    Raises
    ------
    ConfigError
        If the tile does not fit the nest.
    """
    encoder, operand = nest.encode.statement.encoder, tile.operand(nest.recoded)
    need = {"m": tile.m, "n": tile.n, "k": tile.k, "w": digit_count(encoder, operand)}
    result: dict[Key, int] = {}
    problems = []
    for index in INDICES:
        sizes = flow.splits[index]
        fixed = math.prod(size for size in sizes if size is not None)
        for place, size in enumerate(sizes):
            result[index, place] = -(-need[index] // fixed) if size is None else size
        held = math.prod(result[index, place] for place in range(len(sizes)))
        if index == "w" and held != need["w"]:
            problems.append(Problem("w", f"{operand} has {need['w']} digits under {encoder!r}, not {held}"))
        elif held < need[index]:
            problems.append(Problem(index, f"the tile has {need[index]}, the nest's loops only {held}"))
    if problems:
        raise ConfigError(problems)
    return result


def widths(nest: Nest, flow: Flow, tile: Tile, accumulator: int | None = None) -> list[Range | None]:
    """The range of every line's value, from operand formats and K alone; None for ``sync``.

    The two halves of a carry-save pair stand for their sum modulo a power of two. So a pair is as wide as what is
    next done with it: what an ``add`` gives it its true value, and only then may it be widened.

    Parameters
    ----------
    accumulator : int or None
        Bits of C, if more than needed.

    Raises
    ------
    ConfigError
        If the tile does not fit the nest, or its results the accumulator.
    """
    sizes = loop_sizes(nest, flow, tile)
    lines = nest.lines
    result: list[Range | None] = [_range(nest, flow, tile, number, sizes) for number in range(len(lines))]
    for number in reversed(range(len(lines))):
        own = result[number]
        statement = lines[number].statement
        if own is not None and statement.targets == (RESULT,) and accumulator is not None:
            if accumulator < own.bits:
                message = f"must have {own.bits} bits for K = {tile.k}, not {accumulator}"
                raise ConfigError([Problem("accumulator", message)])
            half = 1 << (accumulator - 1)
            result[number] = Range(-half, half - 1) if own.signed else Range(0, 2 * half - 1)
        before = flow.source[number]
        if before is not None and len(lines[before].statement.targets) == 2:
            result[before] = result[number]
    return result


def _range(nest: Nest, flow: Flow, tile: Tile, number: int, sizes: dict[Key, int]) -> Range | None:
    statement = nest.lines[number].statement
    if statement.primitive == "sync":
        return None
    lines = nest.lines
    encode, operand = nest.encode.statement, tile.operand(nest.recoded)
    digits = [Range(*values) for values in digit_ranges(encode.encoder, operand)]
    if statement.primitive == "encode":
        return _hull(digits)
    terms = flow.terms(number, lines)
    k = min(math.prod(sizes[key] for key in terms if key[0] == "k"), tile.k)
    shift, at = 0, number
    while lines[at].statement.primitive != "encode":
        shift = shift or lines[at].statement.bits
        source = flow.source[at]
        assert source is not None
        at = source
    form = tile.operand(OTHER[nest.recoded])
    other = Range(form.min, form.max)
    weighted = [Range(digit.low << shift * w, digit.high << shift * w).times(other) for w, digit in enumerate(digits)]
    if not any(key[0] == "w" for key in terms):
        return _hull([each.sum(k) for each in weighted])
    if shift:
        # All digits at their weight are the operand itself; a sum that is still under way may leave its range, but
        # arithmetic modulo a power of two brings it back.
        return Range(operand.min, operand.max).times(other).sum(k)
    return Range(sum(each.low for each in weighted), sum(each.high for each in weighted)).sum(k)


def _hull(ranges: list[Range]) -> Range:
    return Range(min(each.low for each in ranges), max(each.high for each in ranges))
