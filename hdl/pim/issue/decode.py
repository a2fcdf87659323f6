"""What the controller has to know of each instruction: bits for the opcode, derived from the instruction table."""

from __future__ import annotations

from amaranth.hdl import Module, Signal, Value
from amaranth.lib.data import StructLayout, View

from hdl.params.pim import INSTRUCTIONS, Opcode, PimParams, Touch
from hdl.pim.channel.operation import KINDS

__all__ = ["CONTROLS", "RANGES", "controls", "decode"]

#: The ranges that an instruction may touch, in the order in which they are looked at: the result first.
RANGES = ("d", "a", "b", "beta", "dram", "buffer")
UNITS = ("control", "stream", "channels", "vector")
#: Lengths of ranges, as :data:`hdl.params.pim.LENGTHS` has them: the instruction's count, one word of every slot, words
#: of the vector, one, or a product with the scalar operand.
LENGTHS = ("count", "slot", "vector", "one", "slots", "strided", "spread", "matrix")
#: A row that is only opened must exist all the same; of an item the place is found before its range is looked at. Bytes
#: take half as many words (:mod:`hdl.pim.issue.ranges`).
OTHER_LENGTHS = {"open": "one", "item": "count", "spaced": "slot", "vectors": "count", "bytes": "slot"}
OTHER_LENGTHS |= {"packed": "vector"}
#: Instructions that channels execute as another one.
ALIKE = {"WR_GBX": "WR_GB", "RD_ITEM": "RD_SB", "WR_BYTE": "WR_ELEM"}
_NAMED = ("HALT", "FENCE", "LOOP", "ENDL", "SETR", "SKEEP", "MARK", "VMM", "OUT")
CONTROLS = StructLayout(
    {
        "legal": 1,
        **dict.fromkeys(UNITS, 1),
        **{f"is_{name.lower()}": 1 for name in _NAMED},
        "mask": 1,
        "single": 1,
        "bank": 1,
        "row": 1,
        "col": 1,
        "lane": 1,
        "pair": 1,
        "item": 1,
        "count": 1,
        "wide": 1,
        "scalar": 1,
        "factor": 1,
        "zeroes": 1,
        "accumulator": 1,
        "spaced": 1,
        "vectors": 1,
        "scales": 1,
        "takes_scalars": 1,
        "gives_scalar": 1,
        **{f"advance_{field}": 1 for field in ("row", "a", "b", "d")},
        "has": len(RANGES),
        "in_place": len(RANGES),
        "buffer_at_a": 1,
        **{f"length_{name}": len(LENGTHS) for name in RANGES},
        "kind": (len(KINDS) - 1).bit_length(),
        "feeds": 1,
        "collects": 1,
        "each": 1,
        "slot": 1,
        "loads": 1,
        "reads_accumulators": 1,
        "multiplies": 1,
    }
)


def controls(op: Opcode) -> dict[str, int]:
    """The fields of ``CONTROLS`` for an instruction."""
    name, kinds = op.name, [operand.kind for operand in op.operands]
    unit = "channels" if op.unit in ("dram", "pim") else op.unit
    lengths = {touch.length for touch in op.touches}
    found = {"legal": 1, unit: 1, "single": op.single}
    if f"is_{name.lower()}" in CONTROLS.members:
        found[f"is_{name.lower()}"] = 1
    found |= {key: key in kinds for key in ("bank", "row", "col", "lane", "pair", "item")}
    found["mask"] = "channels" in kinds
    count = op.operand("n")
    found["count"], found["wide"] = count is not None, count is not None and len(count.fields) > 1
    scalar = op.or_scalar
    found["scalar"] = scalar is not None and scalar.kind != "bf16"
    found["factor"] = scalar is not None and scalar.kind == "bf16"
    found["zeroes"] = any(flag.name == "zero" for flag in op.flags)
    found["accumulator"], found["vectors"] = "accumulator" in kinds, "vectors" in kinds
    found["spaced"], found["scales"] = "spaced" in lengths, name == "SCALE_AB"
    found["takes_scalars"] = any(operand.register and not operand.result for operand in op.operands)
    found["gives_scalar"] = unit == "vector" and any(operand.result for operand in op.operands)
    for field in ("row", "a", "b", "d"):
        found[f"advance_{field}"] = any(operand.advances == field for operand in op.operands)
    for touch in op.touches:
        where = _range(op, touch)
        found[f"length_{where}"] = 1 << LENGTHS.index(OTHER_LENGTHS.get(touch.length, touch.length))
        bit = 1 << RANGES.index(where)
        found["has"] = found.get("has", 0) | bit
        if where == "buffer":
            found["buffer_at_a"] = _field(op, touch) == "a"
        if touch.in_place:
            found["in_place"] = found.get("in_place", 0) | bit
    if unit == "channels" and name != "VMM":
        found["kind"] = KINDS.index(ALIKE.get(name, name))
        found["feeds"], found["collects"] = op.takes("sram"), op.gives("sram")
    found["each"], found["slot"] = "spread" in lengths, bool(lengths & {"slot", "bytes", "spaced"})
    found["loads"], found["reads_accumulators"] = (
        name in ("WR_BIAS", "MAC_AB", "SCALE_AB"),
        name in ("RD_MAC", "SCALE_AB"),
    )
    found["multiplies"] = bool(lengths & {"spread", "strided", "matrix"})
    return {key: int(value) for key, value in found.items()}


def _range(op: Opcode, touch: Touch) -> str:
    """Which of ``RANGES`` it is: of SRAM the field that holds its address."""
    if touch.space != "sram":
        return touch.space
    return "beta" if _field(op, touch) == "imm" else _field(op, touch)


def _field(op: Opcode, touch: Touch) -> str:
    """The field that holds the address of a range."""
    operand = op.operand(touch.operand)
    assert operand is not None
    return operand.fields[0]


def decode(m: Module, params: PimParams, opcode: Value) -> View:
    """The controls of an opcode; all zero where a system has no such instruction."""
    found = View(CONTROLS, Signal(CONTROLS.size, name="decoded"))
    with m.Switch(opcode):
        for op in (op for op in INSTRUCTIONS.values() if not op.needs or getattr(params, op.needs)):
            with m.Case(op.code):
                m.d.comb += found.as_value().eq(CONTROLS.const(controls(op)).as_value())
    return found
