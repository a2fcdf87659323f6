"""The examples of the reference as programs and states of a machine."""

from __future__ import annotations

from typing import Any

import numpy as np

from gen.pim.assemble import assemble
from gen.pim.elements import bf16, numbers
from gen.pim.examples import SYSTEM, Example
from gen.pim.program import Program
from hdl.params.pim import PRESETS
from sim_tb.golden.pim import Machine

PARAMS = PRESETS[SYSTEM]


def program_of(example: Example) -> Program:
    """Its program, with ``halt`` unless it has one."""
    end = "" if "halt" in example.text else "\nhalt"
    system = ", ".join([SYSTEM, example.system] if example.system else [SYSTEM])
    return assemble(f".system {system}\n{example.text}{end}\n")


def prepared(example: Example) -> Machine:
    """A machine that holds what is given."""
    found = Machine(program_of(example).params)
    for place, values in example.given.items():
        kind, *where = place.replace(".", " ").split()
        if place[0] == "r":
            found.scalars[int(place[1:])] = np.float32(values[0]).view(np.uint32)
            continue
        words = np.zeros((-(-len(values) // PARAMS.lanes), PARAMS.lanes), np.uint16)
        words.reshape(-1)[: len(values)] = bf16(np.array(values))
        numbered = [int(each) for each in where]
        if kind == "input":
            found.send(words)
        elif kind == "sram":
            found.sram[numbered[0] : numbered[0] + len(words)] = words
        else:
            assert kind == "bank", place
            found.device.write(*numbered, words)
    return found


def left(machine: Machine, place: str, count: int) -> tuple[Any, ...]:
    """So many values at a place."""
    kind, *where = place.replace(".", " ").split()
    numbered = [int(each) for each in where]
    if place[0] == "r":
        bits = machine.scalars[int(place[1:]) : int(place[1:]) + 1]
        return int(bits[0]), float(bits.view(np.float32)[0])
    if kind == "marks":
        return tuple(machine.marks)
    if kind == "accumulators":
        return tuple(machine.device.accumulators[(*numbered, 0)[0], (*numbered, 0)[1]].tolist())
    words = -(-count // PARAMS.lanes)
    elements = {
        "sram": lambda: machine.sram[numbered[0] : numbered[0] + words],
        "bank": lambda: machine.device.read(*numbered, words),
        "buffer": lambda: machine.device.buffers[numbered[0], numbered[1] : numbered[1] + words],
        "output": lambda: np.array(machine.outputs),
    }[kind]()
    return tuple(numbers(elements).reshape(-1)[:count].tolist())
