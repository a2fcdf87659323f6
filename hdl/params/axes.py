"""The axes of an engine: each is one choice in its loop nest, and all of them together are the engine.

``array`` and ``scheme`` of a configuration are named points of this space (:mod:`hdl.params.presets`); which points the
hardware library builds is said in :mod:`hdl.params.built`. Sizes and number formats are no axes: they are in
:class:`hdl.params.engine.EngineParams`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cache
from itertools import product

from hdl.params.errors import ConfigError, Problem

__all__ = [
    "AT_ONCE",
    "STEPS",
    "Adders",
    "Axes",
    "Carries",
    "Digits",
    "Encode",
    "KForm",
    "KSpace",
    "Order",
    "Recoded",
    "Skip",
    "Stays",
    "Sum",
    "Travel",
    "legal",
]

#: Steps of K in space, and digits at once, that stand for all numbers of them.
STEPS, AT_ONCE = (1, 4), (1, 2)


class Stays(Enum):
    """What stays in the array while the rest passes by; each value in words, as those of all other axes."""

    RESULTS = "results stay"
    WEIGHTS = "a block of B stays"


class Travel(Enum):
    """How an operand reaches the copies that use it."""

    HAND_OVER = "handed from one copy to the next"
    BROADCAST = "broadcast to all copies"


class KForm(Enum):
    """How the products of steps of K that are done at once are added up."""

    NONE = "no k in space"
    CHAIN = "a chain over k"
    TREE = "a tree over k"


class Order(Enum):
    """In which order digits follow each other where they do so in time."""

    OPERANDS = "all digits of an operand, then the next operand"
    PLANES = "one digit of all operands, then the next digit"


class Skip(Enum):
    """Which zeros take no time. Where B is recoded alone, columns stand for rows."""

    NONE = "no zeros skipped"
    ROWS = "each row skips its own zeros"
    COMMON = "steps skipped in which no row has a digit"
    LANES = "each lane skips its own zeros, and a beat ends with its slowest lane"


class Encode(Enum):
    """Where an operand becomes digits, or digits are selected."""

    PE = "in every PE"
    EDGE = "at the edge of the array"
    LOAD = "once, when the operand is loaded"


class Recoded(Enum):
    """The operand that is taken apart into digits."""

    A = "A"
    B = "B"
    BOTH = "A and B"


class Carries(Enum):
    """What happens to the carries of a sum over k."""

    PROPAGATE = "carries propagate in every step"
    SAVE = "carries are saved, and propagate once at the end"


class Adders(Enum):
    """What shares a final adder."""

    OWN = "one for each result"
    COLUMN = "one for each column, its rows in turn"
    ROW = "one for each row, its columns in turn"
    ONE = "one for all results in turn"


@dataclass(frozen=True)
class KSpace:
    """Steps of K that are done at once.

    Parameters
    ----------
    form : KForm
    steps : int
        Their number; 1 without k in space. A chain or tree may have a single step.
    """

    form: KForm = KForm.NONE
    steps: int = 1


@dataclass(frozen=True)
class Digits:
    """Digits of an operand in space and time.

    Parameters
    ----------
    at_once : int or None
        Digits in space; None for all of them.
    order : Order or None
        The order of the digits in time; None without any.
    """

    at_once: int | None = None
    order: Order | None = None


@dataclass(frozen=True)
class Sum:
    """The form of a sum over k.

    Parameters
    ----------
    carries : Carries
    per_weight : bool
        Products of digits of equal weight are summed over k first, each weight by itself; only then are the weights
        combined. Otherwise every product is shifted to its weight before it is added.
    """

    carries: Carries = Carries.SAVE
    per_weight: bool = False


@dataclass(frozen=True, kw_only=True)
class Axes:
    """One engine, but for sizes and formats.

    Parameters
    ----------
    stays : Stays
    a : Travel
        How operands of A reach the columns.
    b : Travel or None
        How operands of B reach the rows; None where rows follow each other in time, as they do where B stays.
    k : KSpace
    digits : Digits
    skip : Skip
    encode : Encode
    recoded : Recoded
    sum : Sum
    adders : Adders
        What shares the final adders, which give C.

    Raises
    ------
    ConfigError
        If axes contradict each other: with every contradiction.
    """

    stays: Stays = Stays.RESULTS
    a: Travel = Travel.HAND_OVER
    b: Travel | None = Travel.HAND_OVER
    k: KSpace = KSpace()
    digits: Digits = Digits()
    skip: Skip = Skip.NONE
    encode: Encode = Encode.EDGE
    recoded: Recoded = Recoded.A
    sum: Sum = Sum()
    adders: Adders = Adders.COLUMN

    def __post_init__(self) -> None:
        problems = [Problem("nest", text) for text in self._contradictions()]
        if problems:
            raise ConfigError(problems)

    @property
    def weights_stay(self) -> bool:
        """A block of B stays in the array while rows of A pass by."""
        return self.stays is Stays.WEIGHTS

    @property
    def hands_a_over(self) -> bool:
        """Each column works one step behind the column before."""
        return self.a is Travel.HAND_OVER

    @property
    def chain(self) -> bool:
        """Sums pass through a chain of copies along k."""
        return self.k.form is KForm.CHAIN

    @property
    def has_cells(self) -> bool:
        """Every result has a chain of PEs along k of its own, and an accumulator at its end."""
        return self.chain and not self.weights_stay

    @property
    def tree(self) -> bool:
        """The products of several steps of K are inputs of one sum."""
        return self.k.form is KForm.TREE

    @property
    def saves_carries(self) -> bool:
        """Sums are carry-save, and a final adder makes numbers of them."""
        return self.sum.carries is Carries.SAVE

    @property
    def skips_by_row(self) -> bool:
        """Rows skip their own zeros, and so run apart."""
        return self.skip is Skip.ROWS

    @property
    def stores_operands(self) -> bool:
        """Operands are stored in front of the array: to be read again for every plane of digits, or by rows apart."""
        return not self.weights_stay and (self.digits.order is Order.PLANES or self.skips_by_row)

    @property
    def recodes_both(self) -> bool:
        """Both operands are taken apart: a step is a pair of digits in every lane."""
        return self.recoded is Recoded.BOTH

    @property
    def recodes_in_pe(self) -> bool:
        """Digits are made, or selected, in every PE."""
        return self.encode is Encode.PE

    @property
    def multiplies(self) -> bool:
        """PEs are multipliers with an adder: they recode whole operands for themselves, and propagate carries."""
        return self.sums_in_one_step and self.recodes_in_pe and self.digits.order is None

    @property
    def sums_in_one_step(self) -> bool:
        """C itself is what is summed over k: an addition in every step, and none after the last."""
        return not self.saves_carries and not self.sum.per_weight

    def _contradictions(self) -> Iterator[str]:
        yield from self._shape()
        yield from self._digits()
        yield from self._skips()
        yield from self._sums()

    def _shape(self) -> Iterator[str]:
        """What stays, what moves, k in space, and what adds."""
        if self.weights_stay != (self.b is None):
            yield "operands of B travel over m exactly where rows are in space: where B stays, they are in time"
        if self.k.steps < 1 or (self.k.form is KForm.NONE and self.k.steps != 1):
            yield f"k in space has at least one step, and exactly one without a chain or tree, not {self.k.steps}"
        if self.weights_stay and self.adders in (Adders.OWN, Adders.ROW):
            yield "where B stays, the rows of a column are in time: its adder takes them in turn"

    def _digits(self) -> Iterator[str]:
        """Digits, and what makes them."""
        at_once, order = self.digits.at_once, self.digits.order
        if (at_once is None) != (order is None):
            yield "digits have an order exactly where not all of them are done at once"
        if at_once is not None and at_once < 1:
            yield f"at least one digit is done at a time, not {at_once}"
        loaded = self.weights_stay and self.recoded is Recoded.B
        if self.encode is Encode.LOAD and not loaded:
            yield "an operand is recoded when it is loaded only if it is B that is recoded, and stays"
        if self.encode is Encode.LOAD and loaded and self.k.form is KForm.NONE:
            yield "without k in space B has a single row of PEs to be loaded into: they are the edge of the array"
        if loaded and not self.recodes_in_pe and self.skip is not Skip.NONE:
            yield "zeros are looked for where digits are made: a stored digit has its step, zero or not"
        if (self.skip is Skip.LANES) != self.recodes_both:
            yield "lanes skip zeros of their own, up to the end of a beat, exactly where both operands are recoded"

    def _skips(self) -> Iterator[str]:
        """Steps that may be left out."""
        if self.skip is Skip.NONE:
            return
        planes = self.digits.order is Order.PLANES
        if self.digits.at_once != 1:
            yield "a step that may be left out has one digit: digits follow each other in time, one at a time"
        if self.weights_stay and planes:
            yield "where B stays, rows are the innermost loop in time when digits go plane by plane: k cannot skip"
        by_row = self.recoded is not Recoded.B
        if self.skip is Skip.COMMON and self.weights_stay and self.k.form is KForm.NONE and by_row:
            yield "where B stays, one row is in the array at a time: it has no steps in common with others"
        if self.skips_by_row and not planes and self.k.form is not KForm.NONE:
            yield "lanes of k would run apart within an operand: they skip only where digits go plane by plane"
        taking_turns = {Adders.COLUMN, Adders.ROW, Adders.ONE}
        in_every_step = self.sums_in_one_step or (self.weights_stay and self.sum.per_weight)
        if in_every_step and self.adders in taking_turns - ({Adders.COLUMN} if self.weights_stay else set()):
            yield "an adder that works in every step that is not skipped cannot take results in turn"
        if self.skips_by_row and self.weights_stay and not by_row and self.adders is Adders.ONE:
            yield "columns that run apart end an operand at different times: one adder cannot take them in turn"
        across = Adders.COLUMN if by_row else Adders.ROW
        if self.skips_by_row and planes and self.sum.per_weight and self.adders in (across, Adders.ONE):
            yield "what runs apart ends its planes at different times: an adder cannot take it in turn"

    def _sums(self) -> Iterator[str]:
        """What is summed before C, and in which form."""
        in_time = self.digits.order is Order.OPERANDS
        if self.sum.per_weight and in_time and not self.weights_stay:
            yield "a sum for each weight needs its digits in space, or plane by plane: it would have to be stored"
        before = self.k.form is not KForm.NONE or not self.weights_stay
        if self.sum.per_weight and not before:
            yield "a sum for each weight needs several steps of K before C: where B stays, k must be in space"
        if self.saves_carries and not before and not in_time:
            yield "nothing is summed before C: there are no carries to save"


@cache
def legal(steps: Sequence[int] = STEPS, at_once: Sequence[int] = AT_ONCE) -> tuple[Axes, ...]:
    """All axes that do not contradict each other, with these steps of K in space, and digits at once or all."""
    travels = [(Stays.RESULTS, each) for each in Travel], [(Stays.WEIGHTS, None)]
    lanes = [KSpace(), *(KSpace(form, count) for form in (KForm.CHAIN, KForm.TREE) for count in steps)]
    digits = [Digits(), *(Digits(count, order) for count in at_once for order in Order)]
    zeros = [(Skip.LANES, Recoded.BOTH)]
    zeros += [(skip, one) for skip in Skip if skip is not Skip.LANES for one in Recoded if one is not Recoded.BOTH]
    sums = [Sum(carries, per_weight) for carries in Carries for per_weight in (False, True)]
    choices = product([*travels[0], *travels[1]], Travel, lanes, digits, zeros, Encode, sums, Adders)
    return tuple(_without_contradiction(choices))


def _without_contradiction(choices: Iterator[tuple]) -> Iterator[Axes]:
    for (stays, b), a, k, digits, (skip, recoded), encode, total, adders in choices:
        try:
            yield Axes(
                stays=stays,
                a=a,
                b=b,
                k=k,
                digits=digits,
                skip=skip,
                encode=encode,
                recoded=recoded,
                sum=total,
                adders=adders,
            )
        except ConfigError:
            continue
