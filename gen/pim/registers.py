"""A register map as C header, Markdown and SystemRDL; see :mod:`hdl.bus.registers`."""

from __future__ import annotations

from hdl.bus.registers import ACCESS, REGISTER_BITS, Field, Register, RegisterMap

__all__ = ["c_header", "markdown", "systemrdl"]

#: SystemRDL 2.0: what software and hardware may do with a field that is no constant.
RDL_ACCESS = {
    "ro": "sw = r; hw = w;",
    "rw": "sw = rw; hw = r;",
    "w1c": "sw = rw; onwrite = woclr; hw = rw;",
    "pulse": "sw = w; singlepulse; hw = r;",
}


def c_header(registers: RegisterMap, prefix: str = "bitloom") -> str:
    """A C header (C99, and C++) with the offset of each register, and the mask, shift and values of each field."""
    stem = f"{prefix}_{registers.name}".upper()
    guard = f"{stem}_REGISTERS_H"
    lines = [
        f"/* {registers.meaning} Registers of {REGISTER_BITS} bits; offsets in bytes. */",
        f"#ifndef {guard}",
        f"#define {guard}",
        "",
        "#include <stdint.h>",
    ]
    for register in registers.registers:
        name = f"{stem}_{register.name}"
        lines += ["", f"/* {register.meaning} */", _define(f"{name}_OFFSET", f"{register.offset:#05x}u")]
        lines.append(_define(f"{name}_RESET", f"UINT32_C({register.reset:#010x})"))
        for each in register.fields:
            if not register.whole:
                lines += _c_field(f"{name}_{each.name}", each)
            for value, number in each.values.items():
                lines.append(_define(f"{name}_{each.name}_IS_{value}", f"{number}u"))
    size = 1 << registers.address_bits
    lines += ["", "/* bytes that the registers take */", _define(f"{stem}_SIZE", f"{size:#x}u")]
    lines += ["", f"#endif /* {guard} */"]
    return "\n".join(lines) + "\n"


def _c_field(name: str, each: Field) -> list[str]:
    mask = ((1 << each.width) - 1) << each.low
    return [
        f"/*   {_bits(each)}: {each.meaning} ({ACCESS[each.access]}) */",
        _define(f"{name}_SHIFT", f"{each.low}"),
        _define(f"{name}_MASK", f"UINT32_C({mask:#010x})"),
    ]


def _define(name: str, value: str) -> str:
    return f"#define {name:<48} {value}"


def markdown(registers: RegisterMap) -> str:
    """A table of the registers, and a table of fields for each that has more than one."""
    lines = [
        registers.meaning,
        "",
        f"Registers are {REGISTER_BITS} bits wide; bits without a field read as 0. To access an offset without a "
        "register, or to write a register that is read only, is an error (SLVERR).",
        "",
        "| Offset | Register | Access | Reset | Meaning |",
        "|---|---|---|---|---|",
    ]
    for register in registers.registers:
        access = ", ".join(dict.fromkeys(each.access for each in register.fields))
        lines.append(
            f"| `{register.offset:#05x}` | `{register.name}` | {access} | `{register.reset:#x}` | {register.meaning} |"
        )
    lines += ["", "Access: " + "; ".join(f"`{name}` {meaning}" for name, meaning in ACCESS.items()) + "."]
    for register in registers.registers:
        if not register.whole:
            lines += ["", *_markdown_fields(register)]
    return "\n".join(lines) + "\n"


def _markdown_fields(register: Register) -> list[str]:
    lines = [
        f"### `{register.name}` ({register.offset:#05x}): {register.meaning}",
        "",
        "| Bits | Field | Access | Reset | Meaning |",
        "|---|---|---|---|---|",
    ]
    for each in sorted(register.fields, key=lambda field: field.low):
        values = ", ".join(f"{number} `{name}`" for name, number in each.values.items())
        meaning = f"{each.meaning}: {values}" if values else each.meaning
        lines.append(f"| {_bits(each)} | `{each.name}` | {each.access} | {each.reset:#x} | {meaning} |")
    return lines


def systemrdl(registers: RegisterMap) -> str:
    """An address map in SystemRDL 2.0."""
    lines = [f"addrmap {registers.name} {{", f"    desc = {_text(registers.meaning)};"]
    lines += [f"    default regwidth = {REGISTER_BITS};", "    default accesswidth = 32;"]
    for register in registers.registers:
        for each in register.fields:
            if each.values:
                lines.append(f"    enum {_enum(register, each)} {{")
                lines += [f"        {name} = {each.width}'d{value};" for name, value in each.values.items()]
                lines.append("    };")
        lines += ["    reg {", f"        desc = {_text(register.meaning)};"]
        for each in sorted(register.fields, key=lambda field: field.low):
            lines += _rdl_field(register, each)
        lines.append(f"    }} {register.name} @ {register.offset:#05x};")
    lines.append("};")
    return "\n".join(lines) + "\n"


def _rdl_field(register: Register, each: Field) -> list[str]:
    encode = f" encode = {_enum(register, each)};" if each.values else ""
    place = f"[{each.low + each.width - 1}:{each.low}]"
    return [
        "        field {",
        f"            desc = {_text(each.meaning)};",
        f"            {'sw = r; hw = na;' if each.constant else RDL_ACCESS[each.access]}{encode}",
        f"        }} {each.name}{place} = {each.width}'h{each.reset:x};",
    ]


def _enum(register: Register, each: Field) -> str:
    return f"{register.name}_{each.name}".lower()


def _text(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _bits(each: Field) -> str:
    return f"{each.low}" if each.width == 1 else f"{each.low + each.width - 1}:{each.low}"
