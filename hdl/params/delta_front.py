"""Parameters of a delta encoder in front of an engine: activations enter, the engine multiplies what changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

from hdl.params.dataflow import Dataflow
from hdl.params.delta import MAX_LANES, DeltaParams
from hdl.params.engine import EngineParams
from hdl.params.errors import ConfigError, Problem
from hdl.params.formats import OperandFormat
from hdl.params.front import Front
from hdl.params.port import Port

__all__ = ["DeltaFront"]


def _unsigned8() -> OperandFormat:
    return OperandFormat(8, signed=False)


@dataclass(frozen=True)
class DeltaFront(Front):
    """A delta encoder on the stream of A. A job is a frame.

    Parameters
    ----------
    engine : EngineParams
        Of integers, A signed, with ``preload``: results of the frame before enter as initial values. Its A is the
        format of changes; one that is a bit wider than ``x`` holds every change, in a narrower one they saturate.
    x : OperandFormat
        Of activations, which are what enters; integers.
    words : int
        Beats of a frame at most, 2 to 2**20: a word of the reference memory each.

    Raises
    ------
    ConfigError
        With every problem found.
    """

    key: ClassVar[str] = "delta"
    module: ClassVar[str] = "delta_engine"
    workloads: ClassVar[tuple[str, ...]] = ("random",)
    passes: ClassVar[bool] = False

    x: OperandFormat = field(default_factory=_unsigned8)
    words: int = 1024

    def __post_init__(self) -> None:
        if problems := list(self._problems()):
            raise ConfigError(problems)

    def _problems(self) -> Iterator[Problem]:
        engine = self.engine
        lanes = Dataflow(engine).a.lanes
        if engine.floating:
            yield Problem("engine.a", f"a delta encoder sends integers, not {engine.a}", "write s9")
        elif not engine.a.signed:
            least = f"s{min(engine.a.width + 1, 16)}"
            yield Problem("engine.a", f"must have a sign, as changes have, not {engine.a}", f"write {least}")
        if not engine.preload:
            yield Problem("engine.preload", "must be true: results begin with those of the frame before")
        if lanes > MAX_LANES:
            yield Problem("engine", f"a delta encoder takes beats of up to {MAX_LANES:,} operands of A, not {lanes:,}")
        try:
            DeltaParams(x=self.x, words=self.words)
        except ConfigError as error:
            yield from error.problems

    @classmethod
    def from_dict(cls, engine: EngineParams, values: Mapping[str, Any]) -> Self:
        """Build from plain values: the format as text."""
        own = dict(values)
        if "x" in own:
            try:
                own["x"] = OperandFormat.parse(own["x"])
            except ValueError as error:
                raise ConfigError([Problem("delta.x", str(error))]) from None
        return cls(engine, **own)

    def to_dict(self) -> dict[str, Any]:
        """The keys of its table as plain values."""
        return {"x": str(self.x), "words": self.words}

    @property
    def encoder(self) -> DeltaParams:
        """The encoder."""
        return DeltaParams(lanes=self.a_beats.lanes, words=self.words, x=self.x, d=self.engine.a)

    @property
    def a(self) -> OperandFormat:
        """The format of activations."""
        return self.x

    @property
    def title(self) -> str:
        """What it is, for people."""
        return f"a delta encoder of {self.words:,} words, {self.x}"

    @property
    def latency(self) -> int:
        """Cycles that a beat of A takes through the encoder."""
        return 2

    def tiles_at_most(self, k: int) -> int:
        """Tiles of a frame: all their beats need a word."""
        return self.words // self.a_beats.beats(k)

    @property
    def own_ports(self) -> tuple[Port, ...]:
        """The settings of a frame, and an error."""
        with_job = "taken with the job"
        encoder = self.encoder
        return (
            Port("delta_whole", "input", 1, f"the frame is sent whole, as the first after a reset is; {with_job}"),
            Port("delta_shift", "input", encoder.shift_bits, f"activations in units of 2 to this; {with_job}"),
            Port("delta_threshold", "input", self.x.width, f"smaller changes are not sent, in units; {with_job}"),
            Port(
                "error_frame",
                "output",
                1,
                f"a frame was longer than {self.words} beats; stays until counters_clear",
            ),
        )
