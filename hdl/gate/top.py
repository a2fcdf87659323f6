"""An engine behind a gate."""

from __future__ import annotations

from amaranth.hdl import Module, Signal

from hdl.engine.top import Engine
from hdl.front.engine import FrontedEngine
from hdl.gate.body import GatedBody
from hdl.gate.operand_gate import OperandGate
from hdl.lib.shared import place
from hdl.params.gate import GateParams

__all__ = ["GatedEngine"]


class GatedEngine(FrontedEngine):
    """An engine whose operands pass a gate.

    Parameters
    ----------
    params : GateParams
    """

    def __init__(self, params: GateParams) -> None:
        self.gate = OperandGate(params)
        super().__init__(params, Engine(params.engine, GatedBody(params) if params.flags else None))

    def elaborate(self, platform: object) -> Module:
        m = Module()
        params = self.gate.params
        ready = {name: Signal(name=f"engine_{name}_ready") for name in "ab"}
        enters = {f"o_{name}_ready": signal for name, signal in ready.items()}
        for name in "ab":
            bits = self.gate.bits[name]
            enters |= {f"i_{name}_data": getattr(self, f"s_axis_{name}_tdata")[:bits]}
            enters |= {f"i_{name}_{what}": getattr(self, f"s_axis_{name}_t{what}") for what in ("last", "valid")}
        enters |= {name: getattr(self, f"gate_{name}") for name in params.port_bits}
        gate = place(m, "gate", self.gate, **enters)
        streams = {
            f"s_axis_{name}_t{what}": getattr(gate, f"o_{name}_{what}")
            for name in "ab"
            for what in ("data", "last", "valid")
        }
        engine = self.place_engine(m, **streams)
        for name in "ab":
            m.d.comb += ready[name].eq(getattr(engine, f"s_axis_{name}_tready"))
            m.d.comb += getattr(self, f"s_axis_{name}_tready").eq(getattr(gate, f"i_{name}_ready"))
        if params.observe:
            m.d.comb += self.gate_active.eq(gate.active)
        return m
