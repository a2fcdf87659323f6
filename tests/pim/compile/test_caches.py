"""Caches of 8 bits: bit for bit as on vectors, in about half the rows, with what a system lacks refused by name."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gen.pim.check import check
from gen.pim.compile import Compiled, compile_decoder
from gen.pim.elements import numbers
from gen.pim.model import read
from gen.pim.program import Program
from hdl.params import ConfigError
from hdl.params.pim import PRESETS, PimParams
from sim_tb.pim.decoder import continue_golden, loaded
from sim_tb.pim.int8 import cached
from sim_tb.pim.reference import double
from sim_tb.workloads.text import SYSTEM, generate
from sim_tb.workloads.text import weights as text_weights
from sim_tb.workloads.text.generate import FOLDER, encoded
from tests.pim.compile import toys
from tests.pim.compile.test_models import MODELS, TOO_LARGE
from tests.pim.compile.toys import compare, otherwise, random_weights


def system(**sizes: int) -> PimParams:
    """The tiny system with MAC units for integers."""
    return toys.system(**{"int8": True, "accumulators": 2, "program_words": 512, **sizes})


ON = {"accumulators": 8, "vectors": 2, "buffers": 4}
#: Decoders, systems, positions, and sequences where there are several: two and several accumulators, columns that meet
#: one vector and several, words of probabilities that are odd, global buffers smaller than them, several passes.
CASES = {
    "gpt2": (toys.gpt2(), system(), 20),
    "gpt2, accumulators": (toys.gpt2(n_embd=32, n_head=8), system(accumulators=4), 12),
    "gpt2, everything on": (toys.gpt2(n_embd=32, n_head=8), system(**ON), 12),
    "gpt2, heads that fill no word": (toys.gpt2(n_embd=15, n_head=5), system(), 8),
    "gpt2, an odd buffer": (toys.gpt2(), system(gb_words=3), 22),
    "gpt2, the least buffer": (toys.gpt2(n_embd=16, n_head=4), system(gb_words=2), 22),
    "gpt2, passes": (toys.gpt2(n_embd=32, n_head=8), system(sram_words=140), 6),
    "gpt2, one lane": (
        toys.gpt2(n_embd=6),
        system(channels=3, banks=1, lanes=1, vector_lanes=4, gb_words=24, sram_words=2048),
        5,
    ),
    "gpt2, a slot of a word": (toys.gpt2(), system(channels=1), 10),
    "gpt2, banks of two words": (toys.gpt2(), system(channels=1, banks=8), 10),
    "gpt_neo": (toys.gpt_neo(), system(), 12),
    "opt": (toys.opt(), system(accumulators=16), 8),
    "llama": (toys.llama(), system(), 20),
    "llama, everything on": (toys.llama(), system(**ON), 20),
    "llama, passes": (toys.llama(), system(sram_words=180), 5),
    "mistral": (toys.mistral(), system(), 14),
    "qwen2": (toys.qwen2(), system(accumulators=4), 10),
    "phi": (toys.phi(), system(), 10),
    "gpt2, three sequences": (toys.gpt2(), system(), 6, 3),
    "llama, two sequences, everything on": (toys.llama(), system(**ON), 6, 2),
}


def case(name: str, overlap: bool = True, weights: str = "bf16") -> tuple[Compiled, int]:
    """A case compiled, and its positions."""
    shape, params, positions, *batch = CASES[name]
    batched = sum(batch) or 1
    return compile_decoder(shape, params, batch=batched, weights=weights, caches="int8", overlap=overlap), positions


@pytest.mark.parametrize("name", CASES)
def test_bit_for_bit(name):
    """Every logit; and near float64 with keys and values rounded in the same way, up to ties."""
    compiled, positions = case(name, overlap=len(name) % 2 == 0)
    found = compare(compiled, len(name), positions)
    print(name, "seed", len(name), found)
    assert found.different == 0
    assert found.farthest < 2e-2


def test_with_weights_of_8_bits():
    compiled, positions = case("llama, everything on", weights="int8")
    assert compare(compiled, 5, positions).different == 0


@pytest.mark.parametrize("name", CASES)
def test_programs_are_legal(name):
    for overlap in (True, False):
        compiled, positions = case(name, overlap)
        for position in {0, positions - 1, compiled.placement.tokens - 1}:
            for program in compiled.programs(position, logits=True):
                assert check(program) == []


def test_the_cases_are_what_they_say():
    for name in CASES:
        assert ("passes" in name) == (len(case(name)[0].sram.passes) > 1), name
    assert case("gpt2, a slot of a word")[0].params.slot_words == 1
    assert case("gpt2, banks of two words")[0].params.parts == 2
    assert any(len(case(name)[0].placement.heads.parts) > 2 for name in CASES)


# --- layout ----------------------------------------------------------------------------------------------------------


def test_what_the_banks_hold():
    """A token's integers are where a row of keys, and columns of values, say; each with its scale."""
    shape = toys.gpt2(n_layer=1)
    compiled = compile_decoder(shape, system(), caches="int8")
    placement, params = compiled.placement, compiled.params
    weights = random_weights(shape, np.random.default_rng(2))
    machine, reference = loaded(compiled, weights), double(shape, weights)
    tokens = [3, 9, 27, 14, 11, 2, 8, 19, 30, 1]
    for position, token in enumerate(tokens):
        for program in compiled.programs(position, token=token):
            assert machine.run(program.words).fault is None
        reference.logits(token)

    def column(unit: int, at: int) -> np.ndarray:
        return machine.device.read(*divmod(unit, params.banks), at, 1)[0]

    width = shape.attention.head_width
    assert placement.scales
    for position in range(len(tokens)):
        word, lane = divmod(position, params.lanes)
        unit, at = placement.keys.find(params, position)
        behind = numbers(column(unit, at + placement.heads.key_columns - 1))
        assert not behind[1:].any()
        scales = (behind[0], numbers(column(0, placement.scales + word))[lane])
        for kind, right in enumerate((reference.keys, reference.values)):
            integers, exact = cached(right[0][position])
            assert scales[kind] == exact
            for head in range(shape.attention.groups):
                if kind:
                    units = [head * placement.heads.value_width + i for i in range(width)]
                    slots = [placement.values + one // params.units * placement.value_words for one in units]
                    word, byte = divmod(position, 2 * params.lanes)
                    found = [
                        column(one % params.units, slot + word).view(np.int8)[byte]
                        for one, slot in zip(units, slots, strict=True)
                    ]
                else:
                    found = column(unit, at + head).view(np.int8)[:width]
                assert np.abs(found - integers[head]).max() <= 1, "float64, and bf16"


def test_rows_of_caches():
    """Half of those of keys and of values, a column of scales with each key, and one row of the scales of values."""
    shape, params = MODELS["gpt2"][0], replace(PRESETS["aim_measured"], int8=True, accumulators=2)
    plain, small = (compile_decoder(shape, params, caches=caches).placement for caches in ("bf16", "int8"))
    assert (plain.cache_rows, small.cache_rows) == (12, 8)
    assert plain.layer_rows - plain.cache_rows == small.layer_rows - small.cache_rows
    large, batch = (compile_decoder(shape, params, 1024, batch=each, caches="int8").placement for each in (1, 4))
    assert batch.cache_rows == 4 * large.cache_rows


@pytest.mark.parametrize("name", [*MODELS, *TOO_LARGE])
def test_models(name):
    """Each compiles, or is refused by name."""
    shape = (MODELS.get(name) or TOO_LARGE[name])[0]
    params = replace(PRESETS["aim_measured"], int8=True, accumulators=2)
    if name in TOO_LARGE:
        with pytest.raises(ConfigError, match=r"^pim\.rows: must be at least \d+, not 16384"):
            compile_decoder(shape, params, caches="int8")
        return
    compiled = compile_decoder(shape, params, caches="int8")
    for position in (0, 1023):
        for program in compiled.programs(position):
            assert check(program) == []
            assert len(program.words) < 512


def test_caches_that_make_a_model_fit():
    """What the refusal says of caches of 8 bits is so."""
    shape, params = MODELS["gpt2-xl"][0], replace(PRESETS["aim_measured"], sram_words=16384)
    with pytest.raises(ConfigError) as error:
        compile_decoder(shape, params, 1024, batch=5)
    able = replace(params, int8=True, accumulators=2)
    rows = compile_decoder(shape, able, 1024, batch=5, caches="int8").placement.rows
    assert f"caches of 8 bits would take {rows} rows in all, and would fit" in str(error.value)


# --- accuracy --------------------------------------------------------------------------------------------------------


def test_the_decoder_that_has_learned():
    """The characters that it continues a text with; and how far its logits are from those with caches as they are."""
    plain = generate("Write ", 64)
    compiled = compile_decoder(read(FOLDER), replace(SYSTEM, int8=True, accumulators=2), caches="int8")
    given = encoded("Write ")
    found = continue_golden(compiled, text_weights(), given, 64)
    exact, rounded = (double(compiled.decoder, text_weights(), caches) for caches in ("bf16", "int8"))
    logits = [(exact.logits(token), rounded.logits(token)) for token in (*given, *plain.tokens[:-1])]
    apart = [1 - a @ b / np.linalg.norm(a) / np.linalg.norm(b) for a, b in logits]
    equal = sum(a.argmax() == b.argmax() for a, b in logits[len(given) - 1 :])
    same = sum(a == b for a, b in zip(found.tokens, plain.tokens, strict=True))
    print("tokens equal in float64:", equal, "farthest:", max(apart), "generated:", same)
    assert equal >= 62
    assert 1e-8 < max(apart) < 1e-3


# --- refusals --------------------------------------------------------------------------------------------------------


def test_systems_without():
    with pytest.raises(ConfigError) as error:
        compile_decoder(toys.gpt2(), toys.TINY, caches="int8")
    assert [str(problem) for problem in error.value.problems] == [
        "pim.int8: must be true for caches of 8 bits, not false (--set int8=true, for example)",
        "pim.accumulators: must be at least 2 for caches of 8 bits, not 1 (half of them make dot products with keys, "
        "the others scale these)",
    ]
    with pytest.raises(ConfigError, match=r"^pim\.gb_words: must be at least 2 for caches of 8 bits, not 1$"):
        compile_decoder(toys.gpt2(), system(gb_words=1), caches="int8")
    with pytest.raises(ConfigError, match=r"^caches: must be one of bf16, int8, not 'int4' \(did you mean 'int8'\?\)"):
        compile_decoder(toys.gpt2(), system(), caches="int4")


# --- programs --------------------------------------------------------------------------------------------------------

#: Operands of the first instruction of each kind in attention, and what is added to them.
WRONG = [
    ("VQUANT", "a", 1), ("VQUANT", "scale", 1), ("VQUANT", "d", 1), ("VQUANT", "n", -1), ("WR_SB", "a", 1),
    ("WR_SB", "bank", 1), ("WR_SB", "n", -1), ("WR_ELEM", "a", 1), ("WR_ELEM", "lane", 1), ("WR_ELEM", "mask", 1),
    ("WR_BYTE", "a", 1), ("WR_BYTE", "byte", 1), ("WR_BYTE", "col", 1), ("MAC_AB", "int8", 0), ("SCALE_AB", "col", -1),
    ("SCALE_AB", "lane", 1), ("SCALE_AB", "to", -1), ("SOFTMUL", "b", 1), ("SOFTMUL", "a", 1), ("SOFTMUL", "n", -1),
]  # fmt: skip


def results(name: str = "", operand: str = "", by: int = 0) -> bytes:
    """Logits of some tokens, with an operand changed in one of them, or a flag left out; nothing after a fault."""
    compiled, _ = case("gpt2")
    machine = loaded(compiled, random_weights(compiled.decoder, np.random.default_rng(7)))
    for position in range(4):
        (program,) = compiled.programs(position, token=position + 3, logits=True)
        code = list(program.instructions)
        begin = next(i for i, one in enumerate(code) if one.op.name == "VQUANT")
        if name and position == 2:
            index = next(i for i, one in enumerate(code) if i >= begin and one.op.name == name)
            code[index] = otherwise(code[index], operand, by)
        if machine.run(Program.of(compiled.params, code).words).fault is not None:
            return b""
    return np.array(machine.outputs).tobytes()


@pytest.fixture(scope="module")
def right_results() -> bytes:
    found = results()
    assert found
    return found


@pytest.mark.parametrize("wrong", WRONG, ids=lambda each: "-".join(map(str, each[:2])))
def test_a_wrong_operand_is_noticed(wrong, right_results):
    assert results(*wrong) != right_results
