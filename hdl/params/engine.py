"""Parameters of a tensor processing engine, and every number derived from them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields, replace
from math import gcd
from typing import Any

from hdl.params.axes import Axes, KForm, Order, Recoded, Skip
from hdl.params.built import unbuilt, unbuilt_of_floats
from hdl.params.column_groups import group_problems
from hdl.params.encoders import ENCODERS, digit_count
from hdl.params.errors import ConfigError, Problem, not_one_of
from hdl.params.formats import FloatOperand, OperandFormat
from hdl.params.plain_axes import axes_from, plain
from hdl.params.presets import name_of, not_built, preset, preset_axes, unknown_name

__all__ = ["MULTIPLIERS", "EngineParams"]

MULTIPLIERS = ("fused", "inferred")

MAX_SIZE = 1024
MAX_ACCUMULATOR = 64
MAX_SEGMENT = 4096
#: Bits of a floating-point sum, and the greatest K of one: it has no greatest number of products.
FLOAT_BITS, FLOAT_K = 32, 1 << 20
#: Steps of an adder of floating-point numbers: the least area times clock period of a PE has three.
FLOAT_STEPS = 3


def _signed8() -> OperandFormat:
    return OperandFormat(8, signed=True)


@dataclass(frozen=True, kw_only=True)
class EngineParams:
    """One engine: C[rows, cols] += A[rows, K] x B[K, cols].

    One object gives the hardware, the golden model, the dataflow and every derived number. All problems are
    reported at once.

    Parameters
    ----------
    array : str
        How processing elements (PEs) are arranged, one of ``ARRAYS``: ``systolic_os`` and ``systolic_ws`` (systolic,
        results or a block of B stay), ``cube`` (chains of PEs along K), ``adder_tree`` (multipliers and trees of
        adders), ``matrix_2d`` (operands of A broadcast along the rows). With ``scheme`` it names a point of
        :attr:`axes`; nothing else in the hardware asks for either name.
    scheme : str
        How products become sums, one of ``SCHEMES``; ``BUILDS`` says which exist on which array. ``mac`` (multiplier
        and adder), ``opt1`` (carry-save accumulation of recoded digits), ``opt2`` (a sum for each weight), ``opt3``,
        ``opt4c``, ``opt4e`` (zero digits skipped; all Wu et al., HPCA 2025), ``laconic`` (both operands recoded).
    point : Axes or None
        The axes of an engine that has no name; ``array`` and ``scheme`` are then empty, and ``depth`` its steps of K in
        space. Axes that have a name become that name, and ``point`` None: equal engines have equal parameters.
    rows, cols : int
        M and N, 1 to 1024.
    depth : int
        Steps of K in space, 1 to 1024, where :attr:`deep`: the chains and trees over K of an array, the lanes of a PE
        of ``laconic``. Ignored elsewhere.
    column_groups : int
        Groups of neighbouring columns whose PEs take operands of A of their own, which divide ``cols``: a beat has
        ``column_groups`` of them for each row, and B may be the same for all. Above 1 only where operands of A are
        broadcast to PEs which keep results, and enter them whole.
    a, b : OperandFormat or FloatOperand
        Operand formats; A is recoded, if the axes do not say otherwise. Floating-point operands have one format, and
        fp32 results.
    encoder : str
        Recoding of that operand, one of ``ENCODERS``, see docs/encoders.md. Ignored where PEs multiply and add in one
        step.
    multiplier : str
        How ``mac`` multiplies: ``fused`` (Booth partial products and sum, one carry-propagate addition) or ``inferred``
        (operators, left to synthesis). Ignored by the other schemes.
    carry_every : int
        Carry-save accumulators keep one carry bit every N bits; N is 1, 2, 4 or 8. Ignored by ``mac``.
    accumulator : int
        Accumulator and result width in bits; at least the product's width, at most 64; 32 of floating-point numbers.
    preload : bool
        Add a stream of initial values to the results.
    segment : int
        Steps of K whose operands an engine that skips zeros holds at once, a power of two from 8 to 4096. A longer tile
        is worked off in several segments. Ignored by all others.
    group : int
        Digits that each lane of such an engine searches at once for one that is not zero: 1, 2, 4 or 8.
    queue : int
        Groups that wait in front of the rows, 2 to 32: how far rows with different numbers of digits may run apart.
    reset_data : bool
        Registers of the data path are reset, too, and no operand enters it but those of beats that are taken: it works
        without, but a simulator of its netlist that knows unknown values may not see that.

    Raises
    ------
    ConfigError
        With every problem found.
    """

    array: str = "systolic_os"
    scheme: str = "opt1"
    rows: int = 16
    cols: int = 16
    depth: int = 16
    column_groups: int = 1
    a: OperandFormat = field(default_factory=_signed8)
    b: OperandFormat = field(default_factory=_signed8)
    encoder: str = "booth"
    multiplier: str = "fused"
    carry_every: int = 2
    accumulator: int = 32
    preload: bool = False
    segment: int = 256
    group: int = 4
    queue: int = 8
    reset_data: bool = False
    point: Axes | None = None

    def __post_init__(self) -> None:
        if self.point is not None:
            self._settle(self.point)
        problems = list(self._problems())
        if problems:
            raise ConfigError(problems)

    def _settle(self, point: Axes) -> None:
        """The names of a point, or none, and its depth."""
        name = name_of(point)
        array, scheme = name or ("", "")
        depth = point.k.steps if name is None or preset(*name).deep else self.depth
        settled = {"array": array, "scheme": scheme, "depth": depth, "point": None if name else point}
        for key, value in settled.items():
            object.__setattr__(self, key, value)

    def _problems(self) -> Iterator[Problem]:
        unknown: list[Problem] = []
        if self.point is None:
            for kind in ("array", "scheme"):
                unknown += unknown_name(kind, getattr(self, kind), f"engine.{kind}")
        else:
            yield from (Problem("engine", f"no engine is built like this: {text}") for text in unbuilt(self.point))
        yield from unknown
        yield from not_one_of("engine.encoder", self.encoder, ENCODERS)
        yield from not_one_of("engine.multiplier", self.multiplier, MULTIPLIERS)
        missing = "" if unknown or self.point is not None else not_built(self.array, self.scheme)
        known = not unknown and not missing
        if missing:
            yield Problem("engine.scheme", missing)
        for key in ("rows", "cols", "depth"):
            yield from _integer(f"engine.{key}", getattr(self, key), 1, MAX_SIZE)
        bad = list(_integer("engine.column_groups", self.column_groups, 1, MAX_SIZE))
        yield from bad
        if not bad and (known or self.point is not None):
            yield from group_problems(self.column_groups, self.cols, self.axes)
        for key in ("carry_every", "group"):
            value = getattr(self, key)
            if value not in (1, 2, 4, 8) or isinstance(value, bool):
                yield Problem(f"engine.{key}", f"must be 1, 2, 4 or 8, not {value!r}")
        yield from _integer("engine.queue", self.queue, 2, 32)
        bad = list(_integer("engine.segment", self.segment, 8, MAX_SEGMENT))
        yield from bad
        if not bad and self.segment & (self.segment - 1):
            nearest = 1 << (self.segment.bit_length() - 1)
            yield Problem("engine.segment", f"must be a power of two, not {self.segment}", f"write {nearest}")
        elif not bad and known and self.group in (1, 2, 4, 8):
            digits = self.k_step * (self.group if self.axes.skips_by_row else 1)
            if self.axes.stores_operands and self.segment < 2 * digits:
                message = f"must be at least twice the {digits} digits of a group, not {self.segment}"
                least = 1 << (2 * digits - 1).bit_length()
                yield Problem("engine.segment", message, f"write {least}" if least <= MAX_SEGMENT else "lower group")
        for key in ("preload", "reset_data"):
            if not isinstance(getattr(self, key), bool):
                yield Problem(f"engine.{key}", f"must be true or false, not {getattr(self, key)!r}")
        formats_fine = True
        for key in ("a", "b"):
            if not isinstance(getattr(self, key), OperandFormat):
                formats_fine = False
                yield Problem(f"engine.{key}", f"must be an operand format, not {getattr(self, key)!r}")
        if formats_fine and isinstance(self.a, FloatOperand) | isinstance(self.b, FloatOperand):
            yield from self._floats_that_do_not_fit(known or self.point is not None)
            return
        if formats_fine and self.point is not None and self.encoder in ENCODERS:
            yield from self._digits_that_do_not_fit(self.point)
        bad = list(_integer("engine.accumulator", self.accumulator, 2, MAX_ACCUMULATOR))
        yield from bad
        if formats_fine and not bad and self._products_held < 1:
            yield Problem(
                "engine.accumulator",
                f"must hold at least one {self.a} x {self.b} product ({self.product_bits} bits), "
                f"not {self.accumulator}",
                f"write {self.product_bits} or more",
            )

    def _floats_that_do_not_fit(self, known: bool) -> Iterator[Problem]:
        """What an engine of floating-point operands does not have."""
        if self.a != self.b:
            named = self.a if isinstance(self.a, FloatOperand) else self.b
            message = f"must be of one format with A where either is floating-point, not {self.b} with {self.a}"
            yield Problem("engine.b", message, f"write {named} for both")
        if self.accumulator != FLOAT_BITS:
            message = f"must be {FLOAT_BITS}, as sums of floating-point numbers are fp32, not {self.accumulator!r}"
            yield Problem("engine.accumulator", message, "leave it out")
        if known:
            key = "engine.a" if isinstance(self.a, FloatOperand) else "engine.b"
            for text in unbuilt_of_floats(self.axes):
                yield Problem(key, f"no engine of floating-point operands is built like this: {text}")

    def _digits_that_do_not_fit(self, point: Axes) -> Iterator[Problem]:
        """Digits that are done at once are the same number in every step."""
        at_once = point.digits.at_once
        if at_once is not None and point.digits.order is Order.OPERANDS and self.digits % at_once:
            message = f"has {self.digits} digits under {self.encoder!r}, which cannot be done {at_once} at a time"
            fitting = [count for count in range(1, self.digits + 1) if self.digits % count == 0]
            key = "b" if self.recodes_b else "a"
            yield Problem(
                f"engine.{key}", f"{self.recoded} {message}", f"legal are {', '.join(map(str, fitting))} at a time"
            )

    def sized(self, rows: int, cols: int) -> EngineParams:
        """The same engine with so many rows and columns; these in as many groups, as far as that divides them.

        Where each column is a group of its own, it stays one.
        """
        alone = self.column_groups == self.cols > 1
        return replace(self, rows=rows, cols=cols, column_groups=cols if alone else gcd(self.column_groups, cols))

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> EngineParams:
        """Build from plain values, as :meth:`to_dict` gives them: operand formats as text, axes by name."""
        values = dict(values)
        problems: list[Problem] = []
        for key in ("a", "b"):
            if isinstance(values.get(key), str):
                try:
                    values[key] = OperandFormat.parse(values[key])
                except ValueError as error:
                    problems.append(Problem(f"engine.{key}", str(error)))
                    del values[key]
        if isinstance(values.get("point"), dict):
            try:
                values["point"] = axes_from(values["point"])
            except ConfigError as error:
                problems += error.problems
                del values["point"]
        try:
            params = cls(**values)
        except ConfigError as error:
            raise ConfigError([*problems, *error.problems]) from None
        if problems:
            raise ConfigError(problems)
        return params

    def to_dict(self) -> dict[str, Any]:
        """Plain values, in the order of the fields; the form the manifest stores.

        A single group of columns is left out: what was stored before there were several is still that engine's.
        """
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        if self.column_groups == 1:
            del values["column_groups"]
        values["a"], values["b"] = str(self.a), str(self.b)
        values["point"] = None if self.point is None else plain(self.point)
        return values

    @property
    def axes(self) -> Axes:
        """What ``array`` and ``scheme`` stand for: all that shapes the hardware but sizes and formats."""
        return self.point or preset_axes(self.array, self.scheme, self.depth)

    @property
    def multiplies_by_operator(self) -> bool:
        """PEs multiply by an operator, and leave it to synthesis what that becomes."""
        return self.axes.multiplies and self.multiplier == "inferred"

    @property
    def floating(self) -> bool:
        """Operands are floating-point numbers, and results fp32."""
        return isinstance(self.a, FloatOperand)

    @property
    def interleave(self) -> int:
        """Partial sums of a result that stays, which take the steps of K in turn: an adder of that many steps."""
        return FLOAT_STEPS if self.floating and not self.weight_stationary else 1

    @property
    def result(self) -> str:
        """The format of results, in short: ``s32`` or ``fp32``."""
        return f"{'fp' if self.floating else 's' if self.result_signed else 'u'}{self.accumulator}"

    @property
    def deep(self) -> bool:
        """``depth`` counts: it is the number of steps of K done at once."""
        if self.point is not None:
            return self.point.k.form is not KForm.NONE
        return preset(self.array, self.scheme).deep

    @property
    def recoded(self) -> OperandFormat:
        """Format of the operand that is taken apart into digits; of A where both are."""
        return self.b if self.recodes_b else self.a

    @property
    def recodes_b(self) -> bool:
        """B is the operand that is taken apart, alone."""
        return self.axes.recoded is Recoded.B

    @property
    def sparse(self) -> bool:
        """Rows skip their zero digits."""
        return self.axes.skips_by_row

    @property
    def data_dependent(self) -> bool:
        """The cycles of a tile depend on its operands."""
        return self.axes.skip is not Skip.NONE

    @property
    def weight_stationary(self) -> bool:
        """A block of B stays in the array while rows of A pass by."""
        return self.axes.weights_stay

    @property
    def a_rows(self) -> int:
        """Rows of A in a tile: one for each row of PEs and group of columns."""
        return self.rows * self.column_groups

    def row_of_a(self, row: int, col: int) -> int:
        """The row of A with which C[row, col] is made: those of a row of PEs stand side by side."""
        return row * self.column_groups + col * self.column_groups // self.cols

    @property
    def k_step(self) -> int:
        """Steps of K in a beat of operands."""
        return self.axes.k.steps

    @property
    def digits(self) -> int:
        """Digits of an operand that is recoded: of A, or of B if that alone is."""
        return digit_count(self.encoder, self.recoded)

    @property
    def result_signed(self) -> bool:
        """Results are two's complement unless both operands are unsigned."""
        return self.a.signed or self.b.signed

    @property
    def product_range(self) -> tuple[int, int]:
        """The least and the greatest product of two operands."""
        corners = [x * y for x in (self.a.min, self.a.max) for y in (self.b.min, self.b.max)]
        return min(corners), max(corners)

    @property
    def product_bits(self) -> int:
        """Bits that hold any product of two operands; of floating-point ones exact, with the exponent of their sums."""
        if isinstance(self.a, FloatOperand):
            return FLOAT_BITS - 24 + 2 * (self.a.fraction + 1)
        return self.sum_bits(1)

    def sum_bits(self, count: int) -> int:
        """Bits that hold any sum of ``count`` products."""
        low, high = (count * end for end in self.product_range)
        return max(high.bit_length() + self.result_signed, (~low).bit_length() + 1 if low < 0 else 0)

    @property
    def block_bits(self) -> int:
        """Bits that hold any sum of ``depth`` products; no more than those of the accumulator count."""
        return min(self.sum_bits(self.depth), self.accumulator)

    @property
    def result_range(self) -> tuple[int, int]:
        """The least and the greatest value of the accumulator."""
        if self.result_signed:
            return -(1 << (self.accumulator - 1)), (1 << (self.accumulator - 1)) - 1
        return 0, (1 << self.accumulator) - 1

    @property
    def k_limit(self) -> int:
        """The greatest K whose worst-case sum the accumulator holds, in whole beats of ``k_step`` steps.

        Hardware counts beats: a tile has more of them than this K has exactly if its own K is greater. An accumulator
        that does not hold the products of one beat has the K that it holds; then a tile of one beat may be too long.
        """
        most = FLOAT_K if self.floating else self._products_held
        return most // self.k_step * self.k_step or most

    @property
    def _products_held(self) -> int:
        """The greatest number of products, however bad, whose sum the accumulator holds."""
        low, high = self.product_range
        least, most = self.result_range
        limits = [most // high] if high > 0 else []
        if low < 0:
            limits.append(least // low)
        return min(limits)


def _integer(where: str, value: object, low: int, high: int) -> Iterator[Problem]:
    if isinstance(value, bool) or not isinstance(value, int):
        yield Problem(where, f"must be an integer, not {value!r}")
    elif not low <= value <= high:
        nearest = min(max(value, low), high)
        yield Problem(where, f"must be {low} to {high}, not {value}", f"the nearest legal value is {nearest}")
