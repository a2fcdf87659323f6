"""Parameters and settings of the delta encoder, which sends how activations change from frame to frame."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from hdl.params.errors import ConfigError, Problem, shown
from hdl.params.formats import FloatOperand, OperandFormat

__all__ = ["MAX_LANES", "MAX_WORDS", "MIN_WORDS", "DeltaParams", "DeltaSetting"]

MAX_LANES = 1024
MIN_WORDS, MAX_WORDS = 2, 1 << 20


@dataclass(frozen=True, kw_only=True)
class DeltaSetting:
    """What an encoder does; it may change between frames that are sent whole.

    Plain inference sends every frame whole, *quantised delta* has a threshold of 1, *send-on-delta* usually no shift.

    Parameters
    ----------
    shift : int
        Activations are rounded to multiples of theta = 2**shift, halves upwards.
    threshold : int
        Changes of a smaller magnitude, in units of theta, are not sent: at least 1.
    whole : bool
        Every frame is sent whole, not only the first one.

    Raises
    ------
    ConfigError
        With everything that is out of range.
    """

    shift: int = 0
    threshold: int = 1
    whole: bool = False

    def __post_init__(self) -> None:
        problems = [
            *_integer("delta.shift", self.shift, 0, 15),
            *_integer("delta.threshold", self.threshold, 1, (1 << 16) - 1),
        ]
        if not isinstance(self.whole, bool):
            problems.append(Problem("delta.whole", f"must be true or false, not {shown(self.whole)}"))
        if problems:
            raise ConfigError(problems)

    @property
    def theta(self) -> int:
        """The unit of what is sent."""
        return 1 << self.shift

    @classmethod
    def quantised(cls, theta: int) -> DeltaSetting:
        """Every change of activations that are rounded to multiples of ``theta``, a power of two."""
        if isinstance(theta, bool) or not isinstance(theta, int) or not 1 <= theta <= 1 << 15 or theta & (theta - 1):
            raise ConfigError([Problem("delta.theta", f"must be a power of two, 1 to 32768, not {shown(theta)}")])
        return cls(shift=theta.bit_length() - 1)


@dataclass(frozen=True, kw_only=True)
class DeltaParams:
    """One delta encoder.

    Parameters
    ----------
    lanes : int
        Activations of a beat, 1 to 1024.
    words : int
        Beats of a frame, of which each has a word in the reference memory, 2 to 2**20.
    x : OperandFormat
        Format of activations; integers.
    d : OperandFormat
        Format of what is sent: signed. One that is a bit wider than ``x`` holds every change. In a narrower one large
        changes saturate, and the rest follows later; none is large if theta leaves few enough bits of ``x``.

    Raises
    ------
    ConfigError
        With every problem found.
    """

    lanes: int = 1
    words: int = 1024
    x: OperandFormat = field(default_factory=lambda: OperandFormat(8, signed=False))
    d: OperandFormat = field(default_factory=lambda: OperandFormat(9, signed=True))

    def __post_init__(self) -> None:
        problems = list(self._problems())
        if problems:
            raise ConfigError(problems)

    def _problems(self) -> Iterator[Problem]:
        yield from _integer("delta.lanes", self.lanes, 1, MAX_LANES)
        yield from _integer("delta.words", self.words, MIN_WORDS, MAX_WORDS)
        for key in ("x", "d"):
            form = getattr(self, key)
            if not isinstance(form, OperandFormat) or isinstance(form, FloatOperand):
                yield Problem(f"delta.{key}", f"must be a format of integers such as s8, not {shown(str(form))}")
            elif key == "d" and not form.signed:
                yield Problem("delta.d", f"must have a sign, as changes have, not {form}", f"write s{form.width}")

    @property
    def address_bits(self) -> int:
        """Bits that number the beats of a frame."""
        return (self.words - 1).bit_length()

    @property
    def shift_bits(self) -> int:
        """Bits of a shift: up to one less than the width of an activation."""
        return (self.x.width - 1).bit_length()

    @property
    def memory_bits(self) -> int:
        """Bits of the reference memory: a word for each activation."""
        return self.words * self.lanes * self.x.width

    def fits(self, setting: DeltaSetting) -> None:
        """Raise ConfigError where an encoder can't be set like this."""
        problems = [
            *_integer("delta.shift", setting.shift, 0, self.x.width - 1),
            *_integer("delta.threshold", setting.threshold, 1, (1 << self.x.width) - 1),
        ]
        if problems:
            raise ConfigError(problems)


def _integer(where: str, value: object, low: int, high: int) -> Iterator[Problem]:
    """The problem of a value that is no integer within these bounds."""
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        yield Problem(where, f"must be an integer, {low} to {high}, not {shown(value)}")
