"""Machines and numbers that the tests of the golden model share."""

from __future__ import annotations

import struct
from dataclasses import replace
from typing import Any

import numpy as np

from gen.pim.assemble import assemble
from hdl.params.pim import PRESETS, PimParams
from sim_tb.golden.float import narrow
from sim_tb.golden.pim import Machine

TINY = PRESETS["tiny"]
#: Fewer banks than lanes; and more, with two words to a beat of the vector unit.
FEW_BANKS = replace(TINY, channels=4, banks=2, lanes=8, vector_lanes=8)
MANY_BANKS = replace(TINY, channels=3, banks=8, lanes=4, vector_lanes=8)
SYSTEMS = {"tiny": TINY, "few banks": FEW_BANKS, "many banks": MANY_BANKS}
#: MAC units beyond PIM-GPT's: everything at once; the most accumulators, more banks than lanes; int8, fewer of them.
ALL_AT_ONCE = replace(TINY, accumulators=4, vectors=2, buffers=4, int8=True)
MANY_ACCUMULATORS = replace(MANY_BANKS, accumulators=16, vectors=4, buffers=8)
ONLY_INT8 = replace(FEW_BANKS, accumulators=2, int8=True)
#: Int8 where a slot of bytes has several words, the last one half, and two words make a beat.
WIDE_INT8 = replace(MANY_BANKS, banks=4, lanes=2, vector_lanes=4, channels=3, int8=True)
MAC_SYSTEMS = {
    "all at once": ALL_AT_ONCE,
    "many accumulators": MANY_ACCUMULATORS,
    "only int8": ONLY_INT8,
    "wide int8": WIDE_INT8,
}


def machine(text: str, params: PimParams = TINY, **state: Any) -> Machine:
    """A machine after a program, which must end well."""
    found = Machine(params)
    for name, value in state.items():
        getattr(found, name)[: len(value)] = value
    outcome = found.run(assemble(f"{text}\nhalt", system=params).words)
    assert outcome.fault is None
    return found


def numbers(rng: np.random.Generator, *shape: int) -> np.ndarray:
    return narrow(rng.standard_normal(shape).astype(np.float32))


def single(value: float) -> float:
    """The nearest single-precision number, by way of its bytes."""
    return struct.unpack("<f", struct.pack("<f", value))[0]
