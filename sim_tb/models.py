"""The simulation models of an engine: inside the harness, or alone."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from typing import Any, Protocol

from hdl.params import Dataflow, EngineParams
from hdl.params.front import Front
from hdl.params.title import Title
from sim_tb.build import Model
from sim_tb.pins import Pins

__all__ = ["Hardware", "engine_model", "harness_model"]

#: Words of each memory of the harness.
DEPTH = 1 << 14

_HARNESS = ("harness.sv", "source.sv", "sink.sv", "stall.sv")
#: What Python sets and reads. Everything else stays private, which is what keeps the model fast.
_PUBLIC = (
    *("run", "seed", "done", "hung", "cycles", "first_tile", "last_beat", "taken"),
    *(f"{name}_{what}" for name in "abpcj" for what in ("count", "profile")),
    *("stream_violations", "job_violations", "error_tlast", "error_k"),
    *("counter_cycles", "counter_active", "counter_starved", "counter_blocked"),
)


class Hardware(Protocol):
    """The part of :class:`gen.emit.verilog.Emission` that a simulation needs."""

    @property
    def top(self) -> str:
        """Top module."""

    @property
    def text(self) -> str:
        """Verilog."""

    @property
    def modules(self) -> dict[str, str]:
        """Role to module name."""

    @property
    def ports(self) -> Sequence[Any]:
        """The top module's ports; each has a ``name``."""

    @property
    def front(self) -> Front | None:
        """What stands in front of the engine."""


#: Parts that stand in an engine many times.
REPEATED = (
    *("row", "recode", "pe", "cell", "column", "accumulator", "foot", "tree", "finish"),
    *("bank", "walker", "window", "collector"),
)


def control_file(hardware: Hardware, module: str = "", public: tuple[str, ...] = ()) -> str:
    """Verilator's control file: parts are compiled once instead of once a copy, and ``public`` signals are visible."""
    lines = ["`verilator_config"]
    shared = [hardware.modules[role] for role in REPEATED if role in hardware.modules]
    lines += [f'no_inline -module "{name}"' for name in shared]
    lines += [f'public_flat_rw -module "{module}" -var "{name}"' for name in public]
    return "\n".join([*lines, ""])


def harness_model(
    params: EngineParams,
    hardware: Hardware,
    *,
    effort: str = "quick",
    waves: bool = False,
    depth: int = DEPTH,
) -> Model:
    """The engine between sources and a sink that live inside the simulation."""
    flow, front = Dataflow(params), hardware.front
    a_beats, pins = (flow.a, Pins()) if front is None else (front.a_beats, Pins(front.own_ports))
    folder = files("sim_tb.tb")
    sources = {name: (folder / name).read_text(encoding="utf-8") for name in _HARNESS}
    sources["engine.v"] = hardware.text
    sources["harness.vlt"] = control_file(hardware, "harness", _PUBLIC + pins.public)
    return Model(
        name=f"{hardware.top}-{Title(params).scheme}-{params.rows}x{params.cols}",
        top="harness",
        sources=sources,
        defines={"ENGINE": hardware.top, **({"PRELOAD": "1"} if params.preload else {}), **pins.defines},
        parameters={
            "ROWS": str(params.rows),
            "A_BITS": str(a_beats.tdata_bits),
            "B_BITS": str(flow.b.tdata_bits),
            "C_BITS": str(flow.c.tdata_bits),
            "DEPTH": str(depth),
            **pins.parameters,
        },
        effort=effort,
        waves=waves,
        main=(folder / "main.cpp").read_text(encoding="utf-8"),
    )


def engine_model(params: EngineParams, hardware: Hardware, *, waves: bool = False) -> Model:
    """The engine alone, with all its ports open to Python."""
    ports = tuple(port.name for port in hardware.ports)
    return Model(
        name=f"{hardware.top}-alone-{Title(params).scheme}-{params.rows}x{params.cols}",
        top=hardware.top,
        sources={"engine.v": hardware.text, "engine.vlt": control_file(hardware, hardware.top, ports)},
        waves=waves,
    )
