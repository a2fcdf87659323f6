"""What changes cost in memory: references of activations, and sums that are kept from frame to frame."""

from __future__ import annotations

from dataclasses import dataclass

from hdl.params import EngineParams
from sim_tb.systems.delta.engines import PIXELS

__all__ = ["Memory"]


@dataclass(frozen=True)
class Memory:
    """Of a layer.

    Parameters
    ----------
    activations, results : int
        Of a frame.
    params : EngineParams
        Gives the bits of a sum.
    """

    activations: int
    results: int
    params: EngineParams

    @property
    def reference(self) -> int:
        """Bytes of the encoder's memory."""
        return self.activations * PIXELS.width // 8

    @property
    def state(self) -> int:
        """Bytes of the sums that the next frame begins with."""
        return self.results * -(-self.params.accumulator // 8)

    @property
    def plain(self) -> int:
        """Bytes that a frame moves otherwise: activations once, results as the next layer's operands."""
        return self.activations + self.results

    @property
    def more(self) -> int:
        """Bytes that a frame moves in addition: references and sums are read and written."""
        return 2 * (self.reference + self.state)
