"""What the instructions of a layer's attention are about."""

from __future__ import annotations

from dataclasses import dataclass

from gen.pim.compile.code import Code
from gen.pim.compile.heads import Heads
from gen.pim.compile.layers import Seen
from gen.pim.compile.placement import Placement
from gen.pim.compile.sram import Sram
from hdl.params.pim import PimParams

__all__ = ["Context"]


@dataclass(frozen=True)
class Context:
    """A sequence in a layer: what it sees, and where its caches and activations are.

    Parameters
    ----------
    code : Code
        Takes the instructions.
    at : Placement
    sram : Sram
        The sequence's.
    seen : Seen
    origin : int
        Columns from the first sequence's caches in the first layer of a loop's turn to these.
    overlap : bool
        Let the vector unit work while channels do.
    """

    code: Code
    at: Placement
    sram: Sram
    seen: Seen
    origin: int
    overlap: bool

    @property
    def heads(self) -> Heads:
        """The heads in vectors."""
        return self.at.heads

    @property
    def params(self) -> PimParams:
        """The system."""
        return self.at.params

    @property
    def score_words(self) -> int:
        """Words from a head's scores to the next one's: whole slots of what is seen."""
        return self.at.slot_words(self.seen.tokens)

    @property
    def flags(self) -> tuple[str, ...]:
        """Flags of MAC_AB on caches."""
        return ("int8",) if self.heads.packed > 1 else ()

    def at_once(self, repeats: range) -> int:
        """Queries that share a key and meet its column at once; 1 where no column meets several vectors."""
        params = self.params
        return min(len(repeats), params.buffers, params.accumulators) if params.vectors > 1 else 1
