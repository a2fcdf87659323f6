"""What may stand in front of an engine: the little that everybody asks of it, whatever it is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

from hdl.params.dataflow import BeatMap, Dataflow
from hdl.params.engine import EngineParams
from hdl.params.errors import Problem
from hdl.params.formats import OperandFormat
from hdl.params.port import Port

__all__ = ["Front"]


@dataclass(frozen=True)
class Front(ABC):
    """Something in front of an engine's operands, with the engine: the parameters of one design.

    Parameters
    ----------
    engine : EngineParams
        What stands behind it.

    Attributes
    ----------
    key : str
        Its table in a configuration.
    module : str
        Name of the top module around both, without the design's prefix.
    workloads : tuple of str
        Names of what can be computed behind it, the usual one first.
    passes : bool
        With own inputs at 0 it lets operands pass as they are, so that the whole is simulated like an engine.
    """

    key: ClassVar[str]
    module: ClassVar[str]
    workloads: ClassVar[tuple[str, ...]]
    passes: ClassVar[bool]

    engine: EngineParams

    @classmethod
    @abstractmethod
    def from_dict(cls, engine: EngineParams, values: Mapping[str, Any]) -> Self:
        """Build from plain values, as :meth:`to_dict` gives them. Raises ConfigError with all that is wrong."""

    @abstractmethod
    def to_dict(self) -> dict[str, Any]:
        """The keys of its table as plain values."""

    @property
    @abstractmethod
    def title(self) -> str:
        """What it is, for people: ``a gate of 64 pixels: off, zero``."""

    @property
    @abstractmethod
    def own_ports(self) -> tuple[Port, ...]:
        """Ports of the top module that the engine doesn't have, in order."""

    @property
    @abstractmethod
    def latency(self) -> int:
        """Cycles that a beat of A takes to the engine's own port, where nothing waits."""

    @property
    @abstractmethod
    def a(self) -> OperandFormat:
        """The format of what enters on the stream of A."""

    def tiles_at_most(self, k: int) -> int | None:
        """How many tiles of inner size ``k`` it can tell apart in a job; None where that doesn't matter to it."""
        return None

    @property
    def a_beats(self) -> BeatMap:
        """The stream of A as it enters: the engine's, in the format of what enters."""
        return replace(Dataflow(self.engine).a, element_bits=self.a.width, signed=self.a.signed)

    @property
    def reset_data(self) -> bool:
        """As :attr:`EngineParams.reset_data`."""
        return self.engine.reset_data

    def refusal(self, message: str, where: str = "") -> Problem:
        """The problem of a request, at its option or else at this table, that makes no sense behind this."""
        return Problem(where or self.key, message, f"take out [{self.key}]")

    def before(self, engine: EngineParams) -> Self:
        """The same in front of another engine. Raises ConfigError where that can't have it."""
        return replace(self, engine=engine)
