"""The reference of the instruction set: its page, its examples, ``bitloom pim list``."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from gen.pim.assemble import assemble
from gen.pim.costs import cost
from gen.pim.elements import bf16
from gen.pim.examples import EXAMPLES
from gen.pim.reference import describe, instruction_text, markdown
from hdl.arith.float.passes import CONSTANTS
from hdl.params import ConfigError
from hdl.params.pim import FAULTS, INSTRUCTIONS, PRESETS, EnergyTable, PimParams, faults_of, violations
from hdl.params.pim.opcode import FLAGS
from sim_tb.golden.float import functions
from sim_tb.golden.pim import Machine
from sim_tb.pim.bench.execute import execute
from sim_tb.pim.bench.programs import random_program
from tests.pim.reference import PARAMS, left, prepared, program_of

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE = (DOCS / "pim-instructions.md").read_text(encoding="utf-8")


# --- examples --------------------------------------------------------------------------------------------------------
def test_every_instruction_has_an_example_that_uses_it():
    assert list(EXAMPLES) == list(INSTRUCTIONS)
    for name, example in EXAMPLES.items():
        assert re.search(rf"^(\w+:)? *{name.lower()}\b", example.text, re.MULTILINE), name


def same(place: str, found: tuple, expected: tuple) -> bool:
    """Equal bit for bit: integers in registers are its bits."""
    if place[0] == "r":
        return (found[0] if isinstance(expected[0], int) else np.float32(found[1])) == (
            expected[0] if isinstance(expected[0], int) else np.float32(expected[0])
        )
    if place == "marks" or place.startswith("accumulators"):
        return found == expected
    return bool((bf16(np.array(found)) == bf16(np.array(expected))).all())


@pytest.mark.parametrize("name", INSTRUCTIONS)
def test_examples_give_what_they_say(name):
    """On the golden model: what is shown is there, and nothing else has changed."""
    example = EXAMPLES[name]
    machine, before = prepared(example), prepared(example)
    outcome = machine.run(program_of(example).words)
    assert outcome.fault is None
    assert not machine.inputs
    for place, expected in example.gives.items():
        assert same(place, left(machine, place, len(expected)), expected), place
    shown = {place.split()[0] for place in example.gives}
    if "sram" not in shown:
        assert (machine.sram == before.sram).all()
    if "bank" not in shown:
        assert all(
            (before.device.read(c, b, row * PARAMS.row_cols, PARAMS.row_cols) == rows[b]).all()
            for (c, row), rows in machine.device.rows().items()
            for b in range(PARAMS.banks)
        )
    assert ("output" in shown) == bool(machine.outputs)
    assert ("marks" in shown) == bool(machine.marks)


@pytest.mark.sim
def test_examples_on_the_hardware():
    """The same there, in as many clocks as the page says."""
    clocks = {}
    for name, example in EXAMPLES.items():
        program = program_of(example)
        done = execute(program.params, program.words, prepared(example))
        assert done.passed, name
        assert done.fault is None, name
        clocks[name] = done.counters["CYCLES"]
    assert clocks == {name: example.clocks for name, example in EXAMPLES.items()}


# --- what the page says of time --------------------------------------------------------------------------------------
def clocks_of(text: str) -> int:
    words = assemble(f"{text}\nhalt", system=PARAMS).words
    done = execute(PARAMS, words, Machine(PARAMS))
    assert done.passed
    return done.counters["CYCLES"]


@pytest.mark.sim
def test_clocks_of_issue():
    """Eight clocks, one more for each range and one if there is any; 9 for HALT."""
    assert clocks_of("") == 9
    for text, clocks in (("nop", 8), ("setr r=r1, value=0", 8), ("pre_ab", 8), ("wr_gb a=0, n=1", 11)):
        assert clocks_of("\n".join([text] * 12)) - clocks_of("\n".join([text] * 2)) == 10 * clocks, text
    strided = "wr_gbx a=0, n=1, stride=2000"
    assert 110 < clocks_of("\n".join([strided] * 12)) - clocks_of("\n".join([strided] * 2)) <= 10 * 31


@pytest.mark.sim
@pytest.mark.parametrize(
    ("text", "each"),
    [
        ("vadd a=0, b=256, d=512", 1),
        ("vexp a=0, d=512", 1),
        ("vsig a=0, d=512", 2),
        ("vgelu a=0, d=512", 3),
        ("rmax r=r1, a=0", 1),
        ("rssq r=r1, a=0", 1),
        ("softmax a=0, d=512", 3),
        ("vgather a=0, stride=1, d=512", 4),
    ],
)
def test_clocks_of_vectors(text, each):
    """So many clocks for a beat of the vector unit, as the page says: passes, scans, an element a clock."""
    name = text.split()[0].upper()
    said = cost(INSTRUCTIONS[name])
    beats = sum(int(times or 1) for times in re.findall(r"(?:(\d) x )?n / vector_lanes", said)) or PARAMS.vector_lanes
    assert beats == each
    long, short = 1024, 512
    assert clocks_of(f"{text}, n={long}") - clocks_of(f"{text}, n={short}") == pytest.approx(each * 512 / 4, rel=0.07)


# --- the page --------------------------------------------------------------------------------------------------------
def test_page_is_that_of_the_tables():
    """After a change: keep the page up to its heading "Instructions", and add `bitloom pim list --markdown`."""
    assert PAGE.endswith(f"\n\n{markdown()}")


def test_page_names_everything():
    for op in INSTRUCTIONS.values():
        section = PAGE.split(f"\n### {op.name.lower()}\n")[1].split("\n### ")[0]
        for operand in op.operands:
            assert f"| `{operand.name}` |" in section, op.name
        assert f"`{op.code:#04x}`" in section
        assert "- time: " in section
        assert f"- faults: {', '.join(faults_of(op)) or 'none'}" in section
        for flag in op.flags:
            assert f"`{flag.name}` (" in section
    for table in (PimParams, EnergyTable):
        for key in vars(table()):
            assert f"`{key}`" in PAGE, key
    symbols = PRESETS["tiny"].timing.symbols()
    said = set(re.findall(r"\b(t[A-Z]\w+|C[LW]L?_REG)\b", " ".join(cost(op) for op in INSTRUCTIONS.values())))
    assert said <= set(symbols)
    assert len(said) > 12


def test_page_has_the_constants_of_the_functions():
    bits = {
        name: int(np.float32(value).view(np.uint32))
        for name, value in vars(functions).items()
        if isinstance(value, np.float32)
    }
    pairs = {f"power_{letter}": f"EXP_{letter.upper()}" for letter in "abcd"} | {
        "power_e": "EXP_SCALE",
        "log2e": "LOG2E",
    }
    pairs |= {
        f"{low}_{letter}": f"{low.upper()}_{letter.upper()}"
        for low in ("reciprocal", "rsqrt", "gelu")
        for letter in "ab"
    } | {f"gelue_{letter}": f"GELUE_{letter.upper()}" for letter in "abc"}
    for ours, golden in pairs.items():
        assert CONSTANTS[ours] == bits[golden]
        assert f"| `{ours}` | `{bits[golden]:#010x}` |" in PAGE
        assert PAGE.split("## Instructions")[0].count(f"`{ours}`") or ours == "log2e", ours


def test_every_link_of_the_overview_leads_to_a_section():
    assert set(re.findall(r"\]\(#(\w+)\)", PAGE)) == {op.name.lower() for op in INSTRUCTIONS.values()}


# --- facts -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("seed", range(20))
def test_faults_are_those_that_an_instruction_can_have(seed):
    """Programs with bits flipped: whatever rule is broken, the table had it."""
    print(f"seed {seed}")
    rng = np.random.default_rng(seed)
    seen = set()
    for one in random_program(PARAMS, rng, 40).program.instructions:
        assert one is not None
        for _ in range(20):
            values = {
                o.name: int(rng.integers(max(0, o.range[0]), o.range[1] + 1)) if rng.random() < 0.5 else one[o.name]
                for o in one.op.operands
            }
            for broken in violations(PARAMS, type(one)(one.op, values, one.flags), int(rng.integers(65536))):
                assert broken.fault.name in faults_of(one.op), (one.op.name, broken)
                seen.add(broken.fault.name)
    assert seen >= {"MASK", "OPERAND", "SRAM", "ROW", "OVERLAP"}


def test_list_as_json(bitloom):
    found = bitloom("pim", "list", "--json").json
    assert set(found["instructions"]) == {name.lower() for name in INSTRUCTIONS}
    assert found["instructions"]["vmm"] == describe(INSTRUCTIONS["VMM"])
    assert found["systems"] == {name: params.to_dict() for name, params in PRESETS.items()}
    assert {name: each["code"] for name, each in found["faults"].items()} == {f.name: f.code for f in FAULTS.values()}
    assert set(found["flags"]) == {flag.name for flag in FLAGS} - {"reg"}
    assert found["constants"]["SLOT_WORDS"]["value"] == PRESETS["pimgpt_paper"].slot_words
    tiny = bitloom("pim", "list", "timing", "--system", "tiny", "--json").json
    assert {key: each["value"] for key, each in tiny.items()} == vars(PRESETS["tiny"].timing)
    assert all(each["meaning"] for each in tiny.values())
    assert bitloom("pim", "list", "energy", "--json").json["mac"]["source"].startswith("a read's 485 mW")


def test_list_as_text(bitloom):
    everything = bitloom("pim", "list").out
    for word in (
        *(name.lower() for name in INSTRUCTIONS),
        *PRESETS,
        "sram_words",
        "trcd_mac",
        "standby_active",
        "GB_WORDS",
    ):
        assert re.search(rf"\b{word}\b", everything), word
    result = bitloom("pim", "list", "VMM")
    assert result.out == f"{instruction_text(INSTRUCTIONS['VMM'])}\n"
    assert "chunks of GB_WORDS columns" in result.out
    assert bitloom("pim", "list", "--markdown").out == markdown()
    result = bitloom("pim", "list", "vgelo")
    assert (result.status, result.out) == (2, "")
    assert result.err == (
        "bitloom: there is nothing called 'vgelo' (did you mean 'vgelu'? legal: instructions, flags, faults, "
        "systems, keys, timing, energy, constants, and every instruction)\n"
    )


def test_unknown_keys_name_the_nearest_and_all():
    with pytest.raises(ConfigError) as caught:
        PimParams.from_dict({"foo": 1, "bank": 2})
    assert [str(each) for each in caught.value.problems] == [
        f"pim.foo: unknown key (legal: {', '.join(vars(PimParams()))})",
        f"pim.bank: unknown key (did you mean 'banks'? legal: {', '.join(vars(PimParams()))})",
    ]
