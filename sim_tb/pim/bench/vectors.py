"""Run the vector unit alone, and read what it asks for and answers in every clock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from gen.emit.verilog import verilog_of
from gen.workplace import workplace
from hdl.arith.float.passes import LaneShape
from hdl.params import ToolError
from hdl.params.pim import INSTRUCTIONS, PimParams
from hdl.pim.vector.unit import VECTOR_INPUTS, VectorUnit
from sim_tb.alone import run_alone
from sim_tb.build import Model, build_model
from sim_tb.pim.bench.system import SHARED
from sim_tb.pim.simulate.start import Start

__all__ = ["Clock", "run_vector"]

#: Instructions that a simulation holds at most.
DEPTH = 1 << 14
#: Clocks after which a simulation is given up.
LIMIT = 1 << 20


@dataclass(frozen=True, slots=True)
class Clock:
    """What the vector unit's outputs are in a clock, and what it is answered.

    Parameters
    ----------
    start, ready : bool
        An instruction begins; it may.
    slot, active : int
    any_gives, done : bool
    target : int
        With ``done``.
    requests : tuple of tuple
        Ports that ask to read, 0 to 3, and the words they ask for.
    write : int, optional
        The word to write.
    granted : int
        Bit mask of the read ports that are served.
    written : bool
        The word to write is taken.
    """

    start: bool
    ready: bool
    slot: int
    active: int
    any_gives: bool
    done: bool
    target: int
    requests: tuple[tuple[int, int], ...]
    write: int | None
    granted: int
    written: bool


def run_vector(
    params: PimParams,
    starts: Sequence[tuple[Start, int]],
    *,
    shape: LaneShape | None = None,
    contexts: int = 0,
    stall: int = 0,
    seed: int = 0,
) -> list[Clock]:
    """Run instructions, each N clocks after the one before it or as soon as it can, until all have ended.

    Parameters
    ----------
    params : PimParams
    starts : sequence of tuple
        Instructions and clocks.
    shape, contexts
        Of the unit.
    stall : int
        Of 256 clocks, the number in which a port of the SRAM refuses.
    seed : int
        Of that choice.
    """
    if len(starts) > DEPTH:
        raise ValueError(f"{len(starts)} instructions; the simulation holds {DEPTH}")
    model = _model(params, shape or LaneShape(), contexts)
    built = build_model(model)
    with workplace("pim") as place:
        lines = [f"{_packed(start) | wait << sum(VECTOR_INPUTS.values()):x}" for start, wait in starts]
        (place / "starts.hex").write_text("\n".join([*lines, "0", ""]))
        settings = {"starts": len(starts), "stall": stall, "seed": seed, "limit": LIMIT}
        said = run_alone(model, built, place, [f"+{key}={value}" for key, value in settings.items()])
        if "hung" in said:
            raise ToolError(f"The simulation of {model.name} failed:\n{said}")
        return [_clock(line) for line in (place / "log").read_text().splitlines()]


def _packed(start: Start) -> int:
    values = {"opcode": INSTRUCTIONS[start.opcode].code, "beta": start.c, "gives": int(start.gives)}
    values |= {name: getattr(start, name) for name in ("n", "a", "b", "d", "stride", "target")}
    found, at = 0, 0
    for name, width in VECTOR_INPUTS.items():
        found |= values.get(name, 0) << at
        at += width
    return found


def _clock(line: str) -> Clock:
    start, ready, slot, active, any_gives, done, target, valid, answers, *words = (int(x, 16) for x in line.split())
    asked = [valid >> port & 1 for port in range(5)]
    return Clock(
        start=bool(start),
        ready=bool(ready),
        slot=slot,
        active=active,
        any_gives=bool(any_gives),
        done=bool(done),
        target=target if done else 0,
        requests=tuple((port, words[port]) for port in range(4) if asked[port]),
        write=words[4] if asked[4] else None,
        granted=valid & answers & 15,
        written=bool(asked[4] and answers >> 4),
    )


@lru_cache(maxsize=8)
def _model(params: PimParams, shape: LaneShape, contexts: int) -> Model:
    folder = files("sim_tb.pim.device")
    unit = VectorUnit(params, shape, contexts)
    declared = "\n".join(f"  logic [{width - 1}:0] {name};" for name, width in VECTOR_INPUTS.items())
    bench = (folder / "vector.sv").read_text(encoding="utf-8").replace("`MODULE", "bitloom_vector")
    bench = bench.replace("  `DECLARED", declared).replace("`FIELDS", ", ".join(reversed(VECTOR_INPUTS)), 2)
    own = {"FIELD_BITS": sum(VECTOR_INPUTS.values()), "COUNT_BITS": (unit.contexts - 1).bit_length(), "DEPTH": DEPTH}
    own |= {"BEAT": len(unit.vd_data), "MASK_BITS": len(unit.vd_mask)}
    return Model(
        name="pim-vector",
        top="vector",
        sources={"vector_unit.v": verilog_of(unit, "bitloom"), "bench.sv": bench, "share.vlt": SHARED},
        parameters={key: str(value) for key, value in own.items()},
        main=(folder / "main.cpp").read_text(encoding="utf-8"),
        python=False,
        names_copies=True,
    )
