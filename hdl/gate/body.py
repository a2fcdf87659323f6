"""The array of an engine that is told what its gate has done with a step."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Signal, Value

from hdl.engine.output_stationary import Operands, OutputStationary
from hdl.params.gate import GateParams
from hdl.pe.decoy import DecoyPE
from hdl.pe.scheme import Scheme

__all__ = ["GatedBody"]


class GatedBody(OutputStationary):
    """An output-stationary array whose beats of A have the flags of a gate. For the ports see :class:`Body`.

    ``hold``: the beat is passed over in a cycle in which the array stands still, as it does where results find no
    room. ``decoy``: the flag goes with the operands to every PE.
    """

    def __init__(self, params: GateParams) -> None:
        self.flags = params.flags
        self.a_flags = len(params.flags)
        super().__init__(params.engine)
        if "decoy" in self.flags:
            self.scheme = Scheme.of(params.engine, DecoyPE(params.engine))

    def operands(self, m: Module, en: Value, take: Value, enter: Value) -> Operands:
        accept, passed = Signal(), Signal()
        streams = self.pair(m, accept)
        have = self.wanted & streams.have
        size = self.flow.a.element_bits
        lanes = [self.a_data.word_select(i, size) for i in range(self.flow.a.lanes)]
        flags = dict(zip(self.flags, self.a_data[-self.a_flags :], strict=True))
        if "decoy" in flags:
            lanes = [Cat(lane, flags["decoy"]) for lane in lanes]
        m.d.comb += [
            accept.eq(take | passed),
            self.beat.eq(accept),
            self.active.eq(accept),
            self.starved.eq((en | passed) & self.wanted & ~streams.have),
        ]
        a = self._entering(m, "a", Cat(lanes), enter, zero=True)
        b = self._entering(m, "b", self.b_data, enter, zero=self.params.multiplies_by_operator)
        hold = {"hold": have & flags["hold"], "passed": passed} if "hold" in flags else {}
        return Operands(have, streams.last, a, b, **hold)
