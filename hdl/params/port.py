"""A port of a top module."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Port"]


@dataclass(frozen=True)
class Port:
    """A port of an engine: its direction is ``input`` or ``output``, its width in bits."""

    name: str
    direction: str
    width: int
    description: str
