"""Run command sequencers alone, several of different timing in one simulation, and read their command logs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.resources import files

from gen.emit.verilog import verilog_of
from gen.workplace import workplace
from hdl.params import ToolError
from hdl.params.pim import COMMANDS, Instruction, PimParams, TimingTable, buffers_of
from hdl.pim.channel.operation import KINDS, operation
from hdl.pim.channel.sequencer import Sequencer
from sim_tb.alone import run_alone
from sim_tb.build import Model, build_model
from sim_tb.pim.log import Entry

__all__ = ["Step", "operation_bits", "run_sequencers", "steps_of"]

#: Operations that a simulation holds at most.
DEPTH = 1 << 14
#: What registers hold before reset.
RANDOM = ("+verilator+rand+reset+2", "+verilator+seed+1")
NAMES = {command.code: name for name, command in COMMANDS.items()}


@dataclass(frozen=True)
class Step:
    """An operation as :func:`operation_bits` gives it, presented ``wait`` clocks after the last one was taken."""

    bits: int
    wait: int = 0


def operation_bits(params: PimParams, one: Instruction) -> int:
    """A ``dram`` or ``pim`` instruction (VMM excluded) as an operation of a sequencer."""
    name = {"WR_GBX": "WR_GB", "WR_BYTE": "WR_ELEM"}.get(one.op.name, one.op.name)
    if name == "RD_MAC" and "accumulate" in one.flags:
        name = "RD_MAC_KEEP"
    fields = {"kind": KINDS.index(name), "count": one.values.get("n", 0), "word": one.values.get("gb", 0)}
    fields |= {key: one.values[key] for key in ("bank", "row", "col", "lane") if key in one.values}
    more = one.values.get("vectors", one.values.get("n", 1)) - 1
    if name != "MAC_AB" and name != "SCALE_AB":
        more = 0
    fields |= {key: one.values[key] for key in ("acc", "to") if key in one.values}
    fields |= {"more": more, "int8": int("int8" in one.flags)}
    if "byte" in one.values:
        fields |= {"lane": one["byte"] // 2, "strobes": 1 << one["byte"] % 2}
    elif params.int8:
        fields["strobes"] = 3
    layout = operation(params)
    if "buffers" in layout.members:
        fields["buffers"] = buffers_of(params, one)
    bits: int = layout.const(fields).as_value().value
    return bits


def steps_of(params: PimParams, instructions: Sequence[Instruction], channel: int = 0) -> list[Step]:
    """The operations of those instructions that a channel takes part in, one right after the other."""
    chosen = [one for one in instructions if one.op.unit in ("dram", "pim") and one["mask"] >> channel & 1]
    return [Step(operation_bits(params, one)) for one in chosen]


def run_sequencers(
    params: PimParams,
    timings: Mapping[str, TimingTable],
    steps: Sequence[Step],
    *,
    stall: int = 0,
    least: int = 0,
    timeout: float = 300,
) -> dict[str, list[Entry]]:
    """Run the same operations on sequencers of several timing tables.

    Parameters
    ----------
    params : PimParams
        The system; of its timing only ``timings`` counts.
    timings : mapping
        Names and timing tables.
    steps : sequence of Step
    stall : int
        In so many of 256 clocks there is no word to write, and no room for what is read.
    least : int
        Clocks that the simulation lasts at least.

    Returns
    -------
    dict
        The command log of each, by its name, as channel 0's.
    """
    if len(steps) > DEPTH:
        raise ValueError(f"{len(steps)} operations; the simulation holds {DEPTH}")
    model = _model(params, tuple(timings.values()))
    built = build_model(model)
    size = operation(params).size
    with workplace("pim") as folder:
        lines = [f"{step.wait << size | step.bits:x}" for step in steps]
        (folder / "ops.hex").write_text("\n".join([*lines, "0", ""]))
        arguments = [f"+ops={len(steps)}", f"+stall={stall}", f"+least={least}"]
        said = run_alone(model, built, folder, [*arguments, *RANDOM], timeout)
        if "hung" in said:
            raise ToolError(f"The simulation of {model.name} failed:\n{said}")
        logs = [(folder / f"log{i}.csv").read_text().splitlines() for i in range(len(timings))]
    return {name: [_entry(line) for line in log] for name, log in zip(timings, logs, strict=True)}


def _entry(line: str) -> Entry:
    cycle, code, bank, row, col = (int(field) for field in line.split(","))
    return Entry(cycle, 0, NAMES[code], bank, row, col)


@lru_cache(maxsize=8)
def _model(params: PimParams, timings: tuple[TimingTable, ...]) -> Model:
    folder = files("sim_tb.pim.device")
    driver = (folder / "sequencer.sv").read_text(encoding="utf-8")
    sources, places = {}, []
    layout = operation(params)
    widths = {
        "OP_BITS": layout.size,
        "LANE_BITS": layout["lane"].width,
        "BANK_BITS": params.bank_bits,
        "ROW_BITS": params.row_bits,
        "COL_BITS": params.col_bits,
        "DEPTH": DEPTH,
    }
    settings = ", ".join(f".{key}({value})" for key, value in widths.items())
    for i, timing in enumerate(timings):
        part = Sequencer(replace(params, timing=timing))
        sources[f"design{i}.v"] = verilog_of(part, f"design{i}")
        sources[f"driver{i}.sv"] = driver.replace("`SEQUENCER", f"design{i}_sequencer").replace("`NUMBER", str(i))
        places.append(f"  driver_{i} #({settings}) driver{i} (.clk, .rst, .ops, .least, .stall, .done(done[{i}]));")
    sources["bench.sv"] = (
        (folder / "sequencers.sv")
        .read_text(encoding="utf-8")
        .replace("`DESIGNS", str(len(timings)))
        .replace("`PLACES", "\n".join(places))
    )
    main = (folder / "main.cpp").read_text(encoding="utf-8")
    return Model(f"sequencers-{len(timings)}", "sequencers", sources, main=main, python=False)
