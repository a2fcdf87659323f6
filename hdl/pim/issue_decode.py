"""What the controller has to know of each instruction: bits for the opcode, derived from the instruction table."""

from __future__ import annotations

from amaranth.hdl import Module, Signal, Value
from amaranth.lib.data import StructLayout, View

from hdl.params.pim import INSTRUCTIONS, Opcode
from hdl.pim.operation import KINDS

__all__ = ["CONTROLS", "RANGES", "controls", "decode"]

#: The ranges that an instruction may touch, in the order in which they are looked at: the result first.
RANGES = ("d", "a", "b", "beta", "dram", "buffer")
UNITS = ("control", "stream", "channels", "vector")
#: Lengths of ranges: the instruction's count, one word of every slot, words of the vector, one, or a product with the
#: scalar operand.
LENGTHS = ("count", "slot", "vector", "one", "slots", "strided", "spread", "matrix")
CONTROLS = StructLayout(
    {
        "legal": 1,
        **dict.fromkeys(UNITS, 1),
        **{f"is_{name.lower()}": 1 for name in ("HALT", "FENCE", "LOOP", "ENDL", "SETR", "MARK", "VMM", "OUT")},
        "mask": 1,
        "single": 1,
        "bank": 1,
        "row": 1,
        "col": 1,
        "lane": 1,
        "count": 1,
        "wide": 1,
        "scalar": 1,
        "factor": 1,
        "zeroes": 1,
        "takes_scalars": 1,
        "gives_scalar": 1,
        **{f"advance_{field}": 1 for field in ("row", "a", "b", "d")},
        "has": len(RANGES),
        "in_place": len(RANGES),
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
    found = {"legal": 1, unit: 1, "single": name == "RD_SB"}
    if f"is_{name.lower()}" in CONTROLS.members:
        found[f"is_{name.lower()}"] = 1
    found |= {key: key in kinds for key in ("bank", "row", "col", "lane")}
    found["mask"] = "channels" in kinds
    count = op.operand("n")
    found["count"], found["wide"] = count is not None, count is not None and len(count.fields) > 1
    scalar = op.or_scalar
    found["scalar"] = scalar is not None and scalar.kind != "bf16"
    found["factor"] = scalar is not None and scalar.kind == "bf16"
    found["zeroes"] = any(flag.name == "zero" for flag in op.flags)
    found["takes_scalars"] = any(operand.name in ("s", "eps", "share") for operand in op.operands)
    found["gives_scalar"] = op.operand("r") is not None and name != "SETR"
    for field in ("row", "a", "b", "d"):
        found[f"advance_{field}"] = any(operand.advances == field for operand in op.operands)
    for where, length in _ranges(op).items():
        found[f"length_{where}"] = 1 << LENGTHS.index(length)
        bit = 1 << RANGES.index(where)
        found["has"] = found.get("has", 0) | bit
        vector = op.unit == "vector" and name != "VGATHER"
        if where != "d" and (vector or (name, where) == ("VMM", "b")):
            found["in_place"] = found.get("in_place", 0) | bit
    if unit == "channels" and name != "VMM":
        found["kind"] = KINDS.index("WR_GB" if name == "WR_GBX" else name)
        found["feeds"] = name.startswith("WR_")
        found["collects"] = name.startswith("RD_")
    found["each"], found["slot"] = name == "WR_GBX", name in ("WR_ELEM", "WR_BIAS", "RD_MAC")
    found["loads"], found["reads_accumulators"] = name in ("WR_BIAS", "MAC_AB"), name == "RD_MAC"
    found["multiplies"] = name in ("WR_GBX", "VMM", "VGATHER")
    return {key: int(value) for key, value in found.items()}


def _ranges(op: Opcode) -> dict[str, str]:
    """The ranges of an instruction and what their lengths are; :mod:`hdl.params.pim.legality` has them as formulas."""
    name = op.name
    if name == "VMM":
        return {"d": "slots", "a": "count", "b": "slots", "dram": "matrix"}
    usual = {"vector": "vector", "stream": "count"}.get(op.unit, "count")
    if name in ("WR_ELEM", "WR_BIAS", "RD_MAC"):
        usual = "slot"
    found = {}
    for operand in op.operands:
        if operand.kind == "sram":
            field = operand.fields[0]
            found["beta" if field == "imm" else field] = usual
        elif operand.kind == "row":
            found["dram"] = "count" if op.operand("n") else "one"
        elif operand.kind == "buffer":
            found["buffer"] = "count"
    if name == "VGATHER":
        found["a"] = "strided"
    if name == "WR_GBX":
        found["a"] = "spread"
    return {name: found[name] for name in RANGES if name in found}


def decode(m: Module, opcode: Value) -> View:
    """The controls of an opcode; all zero where there is no such instruction."""
    found = View(CONTROLS, Signal(CONTROLS.size, name="decoded"))
    with m.Switch(opcode):
        for op in INSTRUCTIONS.values():
            with m.Case(op.code):
                m.d.comb += found.as_value().eq(CONTROLS.const(controls(op)).as_value())
    return found
