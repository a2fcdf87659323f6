"""An engine behind a gate."""

from __future__ import annotations

from amaranth.hdl import Module, Signal
from amaranth.lib.wiring import In, Out

from hdl.engine.top import Engine, Port, engine_ports
from hdl.gate.body import GatedBody
from hdl.gate.operand_gate import OperandGate
from hdl.lib import roles
from hdl.lib.shared import Part, place
from hdl.params.gate import MODES, GateParams

__all__ = ["GatedEngine", "gated_ports"]


def gated_ports(params: GateParams) -> list[Port]:
    """Every port of an engine behind a gate: the engine's, and the gate's own behind them."""
    codes = ", ".join(f"{MODES[name].code} {name}" for name in params.modes)
    words = {
        "map_we": "write a bit of the importance map",
        "map_addr": "its pixel",
        "map_data": "1: the pixel is important, and always multiplied",
        "seed_we": "set the state of the random number generator",
        "seed": "the state; 0 is not taken",
        "threshold": "other pixels are multiplied with a probability of this / 256",
        "mode": f"what happens to those that are not: {codes}; any other acts as off",
    }
    own = [Port(f"gate_{name}", "input", bits, words[name]) for name, bits in params.port_bits.items()]
    if params.observe:
        own.append(Port("gate_active", "output", 1, "for simulation: a pixel left the gate that is multiplied"))
    return [*engine_ports(params.engine), *own]


class GatedEngine(Part):
    """An engine whose operands pass a gate. Ports are those of :func:`gated_ports`.

    Parameters
    ----------
    params : GateParams
    """

    module = "gated_engine"
    role = roles.ENGINE
    resets = True

    def __init__(self, params: GateParams) -> None:
        self.params = params
        self.gate = OperandGate(params)
        self.engine = Engine(params.engine, GatedBody(params) if params.flags else None)
        ports = [port for port in gated_ports(params) if port.name not in ("clk", "rst")]
        super().__init__({port.name: (In if port.direction == "input" else Out)(port.width) for port in ports})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        ready = {name: Signal(name=f"engine_{name}_ready") for name in "ab"}
        enters = {f"o_{name}_ready": signal for name, signal in ready.items()}
        for name in "ab":
            bits = self.gate.bits[name]
            enters |= {f"i_{name}_data": getattr(self, f"s_axis_{name}_tdata")[:bits]}
            enters |= {f"i_{name}_{what}": getattr(self, f"s_axis_{name}_t{what}") for what in ("last", "valid")}
        enters |= {name: getattr(self, f"gate_{name}") for name in self.params.port_bits}
        gate = place(m, "gate", self.gate, **enters)
        streams = {
            f"s_axis_{name}_t{what}": getattr(gate, f"o_{name}_{what}")
            for name in "ab"
            for what in ("data", "last", "valid")
        }
        members = self.engine.signature.members
        others = {
            name: getattr(self, name) for name, each in members.items() if each.flow is In and name not in streams
        }
        engine = place(m, "engine", self.engine, **streams, **others)
        for name in "ab":
            m.d.comb += ready[name].eq(getattr(engine, f"s_axis_{name}_tready"))
            m.d.comb += getattr(self, f"s_axis_{name}_tready").eq(getattr(gate, f"i_{name}_ready"))
        passed = [name for name in engine.outputs if not name.startswith(("s_axis_a_", "s_axis_b_"))]
        m.d.comb += [getattr(self, name).eq(engine.outputs[name]) for name in passed]
        if self.params.observe:
            m.d.comb += self.gate_active.eq(gate.active)
        return m
