"""Where a primitive of a nest stands in the Verilog."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Place"]


@dataclass(frozen=True)
class Place:
    """Where a primitive stands in the Verilog.

    Parameters
    ----------
    primitive : str
        The primitive and the value that it gives, as in the nest; in ``laconic``, which has no nest, what is done.
    module : str
        The module, without the design's prefix, that holds it.
    copies : int
        Instances of that module.
    text : str
        What it is there.
    """

    primitive: str
    module: str
    copies: int
    text: str
