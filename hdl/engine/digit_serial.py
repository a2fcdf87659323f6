"""Engines in which the digits of an operand follow each other in time, and rows keep step."""

from __future__ import annotations

from amaranth.hdl import Module, Signal, Value

from hdl.engine.output_stationary import Operands, OutputStationary
from hdl.engine.stepper import Stepper
from hdl.lib.shared import place
from hdl.params import EngineParams

__all__ = ["DigitSerial"]


class DigitSerial(OutputStationary):
    """Beats of operands become steps of some digits each; all else is as where a step is a beat.

    For the ports see :class:`hdl.engine.body.Body`. The core is the PEs and what holds the operands in front of them.
    """

    def __init__(self, params: EngineParams) -> None:
        super().__init__(params)
        self.stepper = Stepper(params)
        self.ahead = self.stepper.latency
        self.core |= {part.module: self.stepper.places[name] for name, part in self.stepper.held.items()}

    def operands(self, m: Module, en: Value, take: Value, enter: Value) -> Operands:
        accept = Signal()
        streams = self.pair(m, accept)
        have = self.wanted & streams.have
        operands = {"a": self.a_data, "b": self.b_data}
        steps = place(m, "serialiser", self.stepper, en=en, have=have, last=streams.last, take=take, **operands)
        m.d.comb += [
            accept.eq(steps.accept),
            self.beat.eq(accept),
            self.active.eq(take),
            self.starved.eq(en & steps.idle & self.wanted & ~have),
        ]
        return Operands(steps.valid, steps.step_last, steps.a_step, steps.b_step)
