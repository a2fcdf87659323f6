"""The engines that the simulation tests share; each is generated once, and its models are built once."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

from gen.emit.verilog import Emission, emit
from hdl.params import EngineParams
from hdl.params.axes import KForm, KSpace
from hdl.params.plain_axes import plain
from hdl.params.presets import preset_axes
from tests.sim.pairwise import complete

#: By name. Sizes: one PE, non-square, one row, one column, several stages of the result bus. Formats and accumulators:
#: mixed widths, mixed signs, both unsigned, 16 bits, accumulators that just hold a few products, 64 bits.
ENGINES: dict[str, dict[str, Any]] = {
    "one_pe": {"rows": 1, "cols": 1},
    "one_pe_mac": {"rows": 1, "cols": 1, "scheme": "mac", "preload": True},
    "default": {"rows": 3, "cols": 5, "preload": True},
    "mac": {"rows": 4, "cols": 4, "scheme": "mac"},
    "narrow": {"rows": 3, "cols": 5, "a": "s4", "b": "s8", "carry_every": 1, "accumulator": 15},
    "mixed_sign": {"rows": 4, "cols": 3, "a": "u8", "b": "s8", "carry_every": 4},
    "sixteen": {"rows": 2, "cols": 3, "a": "s16", "b": "s16", "carry_every": 8, "accumulator": 40},
    "unsigned": {"rows": 2, "cols": 2, "a": "u3", "b": "u16", "accumulator": 20, "preload": True},
    "unsigned_mac": {"rows": 5, "cols": 1, "scheme": "mac", "a": "u2", "b": "u7", "accumulator": 9},
    "widest": {"rows": 1, "cols": 2, "a": "s8", "b": "u16", "accumulator": 64, "carry_every": 8, "preload": True},
    "ent": {"rows": 3, "cols": 4, "encoder": "ent", "a": "s7", "b": "u5", "carry_every": 4},
    "naf": {"array": "matrix_2d", "rows": 4, "cols": 3, "encoder": "naf", "a": "u9", "b": "s8", "preload": True},
    "bits": {"rows": 2, "cols": 5, "encoder": "bit_serial", "a": "u4", "b": "u6", "carry_every": 1},
    "bits_signed": {"array": "matrix_2d", "rows": 3, "cols": 2, "encoder": "bit_serial", "a": "s5", "accumulator": 14},
    "magnitude": {"rows": 3, "cols": 2, "encoder": "sign_magnitude", "a": "s6", "b": "s7", "preload": True},
    "broadcast": {"array": "matrix_2d", "rows": 9, "cols": 3, "a": "u5", "b": "s7", "preload": True},
    "broadcast_mac": {"array": "matrix_2d", "rows": 3, "cols": 4, "scheme": "mac", "multiplier": "inferred"},
    "opt3": {"array": "matrix_2d", "scheme": "opt3", "rows": 9, "cols": 2, "a": "u5", "b": "s7", "segment": 16},
    "opt3_systolic": {
        "array": "systolic_os",
        "scheme": "opt3",
        "rows": 2,
        "cols": 3,
        "a": "s4",
        "b": "u8",
        "encoder": "bit_serial",
        "segment": 8,
        "group": 2,
        "queue": 2,
        "preload": True,
    },
    "opt4c": {
        "array": "matrix_2d",
        "scheme": "opt4c",
        "rows": 3,
        "cols": 5,
        "encoder": "ent",
        "segment": 16,
        "queue": 5,
        "preload": True,
    },
    "opt4c_systolic": {
        "scheme": "opt4c",
        "rows": 5,
        "cols": 4,
        "encoder": "naf",
        "segment": 64,
        "group": 8,
        "queue": 3,
    },
    "opt4c_one": {"scheme": "opt4c", "rows": 1, "cols": 1, "segment": 8, "group": 1, "accumulator": 17},
    "opt4e": {
        "array": "matrix_2d",
        "scheme": "opt4e",
        "rows": 3,
        "cols": 2,
        "encoder": "ent",
        "segment": 32,
        "queue": 3,
    },
    "opt4e_systolic": {
        "scheme": "opt4e",
        "rows": 10,
        "cols": 3,
        "a": "u3",
        "b": "u6",
        "segment": 16,
        "group": 1,
        "queue": 6,
        "carry_every": 4,
        "accumulator": 20,
    },
    "cube": {"array": "cube", "rows": 3, "cols": 4, "depth": 5, "preload": True},
    "cube_mac": {"array": "cube", "scheme": "mac", "rows": 2, "cols": 3, "depth": 4, "a": "u5", "b": "s7"},
    "cube_one": {"array": "cube", "rows": 1, "cols": 1, "depth": 1, "encoder": "naf", "carry_every": 4},
    "cube_tall": {
        "array": "cube",
        "rows": 9,
        "cols": 2,
        "depth": 3,
        "a": "s5",
        "b": "u6",
        "encoder": "ent",
        "carry_every": 1,
        "accumulator": 15,
    },
    "stationary": {"array": "systolic_ws", "rows": 3, "cols": 5, "depth": 4, "preload": True},
    "stationary_mac": {"array": "systolic_ws", "scheme": "mac", "rows": 5, "cols": 2, "depth": 2, "a": "u5", "b": "s7"},
    "stationary_one": {"array": "systolic_ws", "rows": 1, "cols": 1, "depth": 1, "accumulator": 17, "carry_every": 1},
    "stationary_deep": {
        "array": "systolic_ws",
        "rows": 9,
        "cols": 3,
        "depth": 17,
        "a": "s4",
        "b": "u3",
        "encoder": "naf",
        "carry_every": 4,
        "accumulator": 13,
    },
    "tree": {"array": "adder_tree", "scheme": "opt2", "rows": 4, "cols": 3, "depth": 5, "preload": True},
    "tree_mac": {
        "array": "adder_tree",
        "scheme": "mac",
        "multiplier": "inferred",
        "rows": 6,
        "cols": 2,
        "depth": 6,
        "a": "u4",
        "b": "u3",
        "accumulator": 11,
    },
    "tree_opt1": {"array": "adder_tree", "rows": 1, "cols": 4, "depth": 3, "a": "s7", "b": "u16", "encoder": "ent"},
    "tree_one": {
        "array": "adder_tree",
        "scheme": "opt2",
        "rows": 2,
        "cols": 1,
        "depth": 1,
        "a": "s4",
        "b": "u4",
        "encoder": "bit_serial",
        "carry_every": 8,
        "accumulator": 10,
    },
    "planes": {"array": "matrix_2d", "scheme": "opt2", "rows": 3, "cols": 4, "preload": True},
    "planes_tall": {
        "array": "matrix_2d",
        "scheme": "opt2",
        "rows": 10,
        "cols": 1,
        "a": "u5",
        "b": "s6",
        "encoder": "naf",
        "carry_every": 4,
        "accumulator": 14,
    },
    "planes_wide": {
        "array": "matrix_2d",
        "scheme": "opt2",
        "rows": 1,
        "cols": 2,
        "a": "s16",
        "b": "u12",
        "encoder": "bit_serial",
        "carry_every": 1,
        "accumulator": 36,
    },
    "laconic": {
        "array": "matrix_2d",
        "scheme": "laconic",
        "rows": 3,
        "cols": 5,
        "depth": 4,
        "encoder": "naf",
        "preload": True,
        "carry_every": 8,
    },
    "laconic_one": {"array": "matrix_2d", "scheme": "laconic", "rows": 1, "cols": 3, "depth": 1, "carry_every": 1},
    "laconic_tall": {
        "array": "matrix_2d",
        "scheme": "laconic",
        "rows": 9,
        "cols": 1,
        "depth": 6,
        "encoder": "bit_serial",
        "a": "s5",
        "b": "u6",
        "carry_every": 4,
        "accumulator": 13,
    },
    "laconic_square": {
        "array": "matrix_2d",
        "scheme": "laconic",
        "rows": 2,
        "cols": 2,
        "depth": 17,
        "encoder": "ent",
        "a": "u7",
        "b": "s4",
        "accumulator": 20,
    },
    "tall": {"rows": 17, "cols": 2, "a": "s5", "b": "s5", "accumulator": 13},
}


for _number, _values in enumerate(complete(map(EngineParams.from_dict, ENGINES.values())), 1):
    #: After these, every pair of settings of the structures that the rules build has met (tests/sim/pairwise.py).
    ENGINES[f"pair {_number}"] = _values

#: Groups of columns that take operands of A of their own, on every kind of array that has them.
ENGINES |= {
    "groups": {"array": "matrix_2d", "rows": 3, "cols": 6, "column_groups": 3, "preload": True},
    "groups_of_one": {"array": "matrix_2d", "scheme": "mac", "rows": 2, "cols": 3, "column_groups": 3, "a": "u5"},
    "groups_planes": {
        "array": "matrix_2d",
        "scheme": "opt2",
        "rows": 9,
        "cols": 4,
        "column_groups": 2,
        "a": "s5",
        "b": "u6",
        "encoder": "naf",
        "accumulator": 17,
    },
    "groups_of_lanes": {
        "point": plain(replace(preset_axes("matrix_2d", "opt1", 1), k=KSpace(KForm.TREE, 3))),
        "rows": 2,
        "cols": 4,
        "column_groups": 2,
        "reset_data": True,
    },
}

#: Floating-point operands: what the rules build of them is little, and named here.
FLOATS: dict[str, dict[str, Any]] = {
    "bf16": {"rows": 4, "cols": 3, "preload": True},
    "fp16": {"array": "matrix_2d", "rows": 3, "cols": 4, "multiplier": "inferred"},
    "fp16_groups": {"array": "matrix_2d", "rows": 2, "cols": 4, "column_groups": 2},
    "fp16_tree": {"array": "adder_tree", "rows": 4, "cols": 2, "depth": 5, "preload": True},
    "bf16_tree": {"array": "adder_tree", "rows": 1, "cols": 3, "depth": 1, "multiplier": "inferred"},
    "fp16_tall": {"rows": 10, "cols": 1},
}
for _name, _values in FLOATS.items():
    _form = _name[:4]
    ENGINES[_name] = {"scheme": "mac", "a": _form, "b": _form, **_values}


def params(name: str) -> EngineParams:
    """Parameters of an engine."""
    return EngineParams.from_dict(ENGINES[name])


@cache
def hardware(name: str) -> Emission:
    """Its Verilog."""
    return emit(params(name))
