"""A top module of an engine and of what stands in front of it."""

from __future__ import annotations

from dataclasses import replace

from amaranth.hdl import Module, Value
from amaranth.lib.wiring import In, Out

from hdl.engine.body import Body
from hdl.engine.top import Engine, engine_ports
from hdl.lib import roles
from hdl.lib.shared import Part, Shared, place
from hdl.params.front import Front
from hdl.params.port import Port

__all__ = ["FrontedEngine", "front_ports"]


def front_ports(front: Front) -> list[Port]:
    """Every port of an engine behind something: the engine's, A as it enters, and own ones behind them."""
    ports, beats = engine_ports(front.engine), front.a_beats
    for i, port in enumerate(ports):
        if port.name == "s_axis_a_tdata":
            text = port.description.replace(f" x {front.engine.a},", f" x {front.a},")
            ports[i] = replace(port, width=beats.tdata_bits, description=text)
    return [*ports, *front.own_ports]


class FrontedEngine(Part):
    """An engine behind something. Ports are those of :func:`front_ports`.

    Parameters
    ----------
    front : Front
    engine : Engine
        As it has to be built behind it.
    """

    role = roles.ENGINE
    resets = True

    def __init__(self, front: Front, engine: Engine) -> None:
        self.params = front
        self.engine = engine
        self.module = front.module
        self.ports = front_ports(front)
        ports = [port for port in self.ports if port.name not in ("clk", "rst")]
        super().__init__({port.name: (In if port.direction == "input" else Out)(port.width) for port in ports})

    @property
    def body(self) -> Body:
        """The engine's."""
        return self.engine.body

    @property
    def latency(self) -> int | None:
        """As :attr:`Engine.latency`, from the ports of this one."""
        return None if self.engine.latency is None else self.engine.latency + self.params.latency

    def place_engine(self, m: Module, **streams: Value) -> Shared:
        """Place the engine: ``streams`` are inputs that something else than a port gives; the rest are ports.

        Outputs are those of this module, but ``tready`` of streams whose ``tvalid`` something else gives.
        """
        members = self.engine.signature.members
        others = {name: getattr(self, name) for name, each in members.items() if each.flow is In} | streams
        engine = place(m, "engine", self.engine, **others)
        ours = {f"{name.removesuffix('_tvalid')}_tready" for name in streams if name.endswith("_tvalid")}
        passed = [name for name in engine.outputs if name not in ours]
        m.d.comb += [getattr(self, name).eq(engine.outputs[name]) for name in passed]
        return engine
