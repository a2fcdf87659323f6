"""The engine of Laconic: an output-stationary array whose steps are pairs of terms (S. Sharify et al., ISCA 2019)."""

from __future__ import annotations

from amaranth.hdl import Module, Signal, Value

from hdl.engine.output_stationary import Operands, OutputStationary
from hdl.engine.serialiser import Serialiser
from hdl.lib.shared import place
from hdl.params import EngineParams

__all__ = ["Laconic"]


class Laconic(OutputStationary):
    """Beats of operands become steps; all else is as where a step is a beat.

    A beat of ``depth`` steps of K takes, over all operands in it, the greatest number of terms of one of A times the
    greatest number of terms of one of B cycles, at least one: as in the original, the tile waits for its slowest lane.
    For the ports see :class:`hdl.engine.body.Body`. The core is the PEs and what makes terms of operands.
    """

    def __init__(self, params: EngineParams) -> None:
        super().__init__(params)
        self.serialiser = Serialiser(params)
        self.ahead = self.serialiser.latency
        for name, places in self.serialiser.places.items():
            self.core[self.serialiser.lanes[name].queue.module] = places * params.depth

    def operands(self, m: Module, en: Value, take: Value, enter: Value) -> Operands:
        accept = Signal()
        streams = self.pair(m, accept)
        have = self.wanted & streams.have
        steps = place(
            m,
            "serialiser",
            self.serialiser,
            en=en,
            have=have,
            last=streams.last,
            a=self.a_data,
            b=self.b_data,
            take=take,
        )
        m.d.comb += [
            accept.eq(steps.ready & have),
            self.beat.eq(accept),
            self.active.eq(accept),
            self.starved.eq(steps.ready & self.wanted & ~have),
        ]
        return Operands(steps.valid, steps.step_last, steps.a_terms, steps.b_terms)
