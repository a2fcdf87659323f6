"""Registers: the map, and that header, documentation and SystemRDL say the same."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from gen.pim.registers import c_header, markdown, systemrdl
from hdl.bus.registers import Field, Register, RegisterMap
from hdl.params import ConfigError
from hdl.params.pim import FAULTS, PRESETS, SCALARS, PimParams
from hdl.pim.registers import pim_registers

MAPS = {name: pim_registers(params) for name, params in PRESETS.items()}
TINY = MAPS["tiny"]


def test_what_is_there():
    names = [register.name for register in TINY.registers]
    assert len(names) == len(set(names)) > 80
    assert all(register.offset % 4 == 0 for register in TINY.registers)
    assert TINY.address_bits == 10
    assert [TINY[f"SCALAR{index}"].offset for index in range(SCALARS)] == list(range(0x200, 0x240, 4))
    assert TINY["CONFIG"].reset == int(PRESETS["tiny"].hash[:8], 16)
    assert TINY["ID"].reset.to_bytes(4, "little") == b"PIM1"
    assert TINY["TRCD_MAC"].reset == PRESETS["tiny"].timing.trcd_mac
    assert TINY["CLOCK_PS"].reset == 1000
    assert TINY["SRAM_WORDS"].reset == 2048
    codes = TINY["ERROR"].fields[0].values
    assert codes == {"NONE": 0} | {name: fault.code for name, fault in FAULTS.items()}


def test_only_values_depend_on_the_system():
    """One driver serves every system."""
    places = [[(each.name, each.offset, len(each.fields)) for each in found.registers] for found in MAPS.values()]
    assert all(each == places[0] for each in places)
    assert len({found["CONFIG"].reset for found in MAPS.values()}) == len(MAPS)


def test_wrong_maps():
    def field(name: str, low: int, width: int, access: str = "rw", reset: int = 0, **values: int) -> Field:
        return Field(name, low, width, access, "", reset, values)

    with pytest.raises(ConfigError) as caught:
        RegisterMap(
            "m",
            "",
            (
                Register("A", 0, "", (field("X", 0, 4), field("Y", 3, 4), field("X", 20, 1))),
                Register("B", 0, "", (field("X", 30, 4), field("Y", 0, 2, "rx"))),
                Register(
                    "A", 6, "", (field("X", 0, 2, reset=4), field("Y", 2, 1, "pulse", 1), field("Z", 3, 1, TWO=2))
                ),
            ),
        )
    assert str(caught.value).splitlines() == [
        "m.A.Y: overlaps X in bit 3",
        "m.A.X: is the name of two fields",
        "m.B: offset 0x0 is A's",
        "m.B.X: must lie in bits 0 to 31",
        "m.B.Y: access must be one of ro, rw, w1c, pulse, not 'rx'",
        "m.A: is the name of two registers",
        "m.A: offset must be a multiple of 4, not 0x6",
        "m.A.X: reset value 0x4 has more than 2 bits",
        "m.A.Y: reads as 0, and so it is at reset",
        "m.A.Z: value TWO = 2 has more than 1 bits",
    ]


@pytest.mark.skipif(shutil.which("gcc") is None, reason="needs a C compiler")
@pytest.mark.parametrize("standard", ["c99", "c++11"])
def test_header_compiles_and_has_every_number(tmp_path: Path, standard):
    """A program that prints each macro is compiled from the header, and its output compared with the map."""
    (tmp_path / "pim.h").write_text(c_header(TINY))
    expected = {"BITLOOM_PIM_SIZE": 1024}
    for register in TINY.registers:
        stem = f"BITLOOM_PIM_{register.name}"
        expected |= {f"{stem}_OFFSET": register.offset, f"{stem}_RESET": register.reset}
        for each in register.fields:
            if each.width < 32:
                expected[f"{stem}_{each.name}_SHIFT"] = each.low
                expected[f"{stem}_{each.name}_MASK"] = ((1 << each.width) - 1) << each.low
            expected |= {f"{stem}_{each.name}_IS_{name}": value for name, value in each.values.items()}
    lines = "\n".join(f'  printf("{name} %lu\\n", (unsigned long) {name});' for name in expected)
    source = tmp_path / "print.c"
    source.write_text(
        f'#include "pim.h"\n#include "pim.h"\n#include <stdio.h>\nint main(void) {{\n{lines}\n  return 0;\n}}\n'
    )
    language = ["-x", "c++"] if standard.startswith("c++") else []
    flags = ["gcc", *language, f"-std={standard}", "-Wall", "-Wextra", "-Wundef", "-Werror", "-pedantic"]
    subprocess.run([*flags, "-o", tmp_path / "print", source], check=True)
    output = subprocess.run([tmp_path / "print"], check=True, capture_output=True, text=True).stdout
    found = {name: int(value) for name, value in (line.split() for line in output.splitlines())}
    assert found == expected
    assert len(found) > 200
    assert len(re.findall(r"^#define", c_header(TINY), re.MULTILINE)) == len(found) + 1  # and the include guard


def test_header_of_another_prefix():
    assert "#define ACME_PIM_CONTROL_START_MASK " in c_header(TINY, "acme")


def test_markdown_has_every_register_and_field():
    text = markdown(TINY)
    for register in TINY.registers:
        access = ", ".join(dict.fromkeys(each.access for each in register.fields))
        row = (
            f"| `{register.offset:#05x}` | `{register.name}` | {access} | `{register.reset:#x}` | {register.meaning} |"
        )
        assert row in text
        if not register.whole:
            assert f"### `{register.name}`" in text
            assert all(f"`{each.name}`" in text for each in register.fields)
    assert "9 `ACCUMULATOR`" in text
    tables = [line for line in text.splitlines() if line.startswith("|")]
    assert {line.count("|") for line in tables} == {6}


def test_page_is_that_of_the_registers():
    page = Path(__file__).resolve().parents[2] / "docs" / "pim-registers.md"
    assert page.read_text(encoding="utf-8").endswith(f"\n\n{markdown(MAPS['pimgpt_paper'])}")


def test_systemrdl_has_every_register_and_field():
    """Read back with a small parser of our own: braces balance, and each register has its place, fields and resets."""
    text = systemrdl(TINY)
    assert text.count("{") == text.count("}")
    registers = re.findall(r"    reg \{(.*?)\n    \} (\w+) @ (0x\w+);", text, re.DOTALL)
    assert [(name, int(at, 16)) for _, name, at in registers] == [(each.name, each.offset) for each in TINY.registers]
    fields = 0
    for (body, name, _), register in zip(registers, TINY.registers, strict=True):
        found = re.findall(r"(sw = .*?)\n\s+\} (\w+)\[(\d+):(\d+)\] = (\d+)'h(\w+);", body)
        assert [(f, int(h), int(lo), int(w), int(v, 16)) for _, f, h, lo, w, v in found] == [
            (each.name, each.low + each.width - 1, each.low, each.width, each.reset) for each in register.fields
        ], name
        fields += len(found)
    assert fields > 90
    assert "enum error_code {\n        NONE = 8'd0;" in text
    assert "singlepulse" in text
    assert "onwrite = woclr" in text


def test_same_bytes_for_the_same_system():
    again = pim_registers(PimParams.from_dict(PRESETS["tiny"].to_dict()))
    for export in (c_header, markdown, systemrdl):
        assert export(again) == export(TINY)
