"""The manifest: everything about the generated hardware that another program needs to know."""

from __future__ import annotations

import functools
import re
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from gen.config import Config
from gen.nest.engines import engine_nest
from gen.nest.printer import print_nest
from gen.sources import digest
from gen.timing import drain_cycles, interval_formula, macs_per_cycle
from gen.version import SCHEMA_VERSION, VERSION
from hdl.params import BeatMap, Dataflow, ToolError

if TYPE_CHECKING:
    from gen.emit.verilog import Emission

__all__ = ["generator_hash", "hardware_tools", "manifest"]

#: Where generation begins. The writer of Verilog runs in a process of its own, so nothing imports it.
GENERATOR = ("gen.emit.generate", "gen.emit.verilog", "gen.emit.yosys_writer")


@functools.cache
def generator_hash() -> str:
    """SHA-256 over the sources that shape the generated files: whoever changes them gets new files, not kept ones."""
    return digest(*GENERATOR)


def hardware_tools() -> dict[str, str]:
    """Versions of the packages that shape the Verilog."""
    try:
        return {name: version(name) for name in ("amaranth", "pyosys")}
    except PackageNotFoundError as error:
        raise ToolError(f"the Python package {error.name} is missing: pip install {error.name}") from None


def module_names(verilog: str) -> list[str]:
    """Every module that a text of Verilog defines: a design may hold each name once."""
    return sorted(re.findall(r"^module \\?([^\s(;]+)", verilog, re.MULTILINE))


def manifest(config: Config, emission: Emission, files: dict[str, str]) -> dict[str, Any]:
    """The manifest of an engine.

    Parameters
    ----------
    config : Config
    emission : Emission
    files : dict
        Role to file name.
    """
    params, flow, nest = config.engine, Dataflow(config.engine), engine_nest(config.engine)
    a = flow.a if config.front is None else config.front.a_beats
    streams = {"a": a, "b": flow.b, "c": flow.c}
    return {
        "generator": "bitloom",
        "schema_version": SCHEMA_VERSION,
        "bitloom_version": VERSION,
        "config": config.hardware | {"output": asdict(config.output)},
        "nest": None if nest is None else print_nest(nest),
        "config_hash": config.hash,
        "generator_hash": generator_hash(),
        "top": emission.top,
        "prefix": config.output.prefix,
        "files": files,
        "ports": [asdict(port) for port in emission.ports],
        "modules": dict(emission.modules),
        "module_names": module_names(emission.text),
        "core": dict(emission.core),
        "roles": dict(emission.roles),
        "dataflow": {name: _stream(stream) for name, stream in streams.items()},
        "k_limit": params.k_limit,
        "tile_interval": {"cycles": interval_formula(params), "drain_cycles": drain_cycles(params)},
        "latency": emission.latency,
        "macs_per_cycle": macs_per_cycle(params),
        "tools": hardware_tools(),
    }


def _stream(stream: BeatMap) -> dict[str, Any]:
    return {
        "lanes": stream.lanes,
        "element_bits": stream.element_bits,
        "signed": stream.signed,
        "tdata_bits": stream.tdata_bits,
    }
