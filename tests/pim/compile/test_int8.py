"""Weights of 8 bits: bit for bit as on vectors, with what a system lacks refused by name."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gen.pim.check import check
from gen.pim.compile import Compiled, compile_decoder
from gen.pim.compile.int8 import Int8Matrix, int8_matrix
from gen.pim.elements import bf16, numbers
from gen.pim.model import Attention, Decoder, Mlp, Norm, Rotary, read
from gen.pim.model.quantise import quantise
from gen.pim.program import Program
from hdl.params import ConfigError
from hdl.params.pim import PRESETS, PimParams
from sim_tb.pim.decoder import continue_golden, loaded
from sim_tb.pim.reference import double
from sim_tb.workloads.text import SYSTEM, generate
from sim_tb.workloads.text import weights as text_weights
from sim_tb.workloads.text.generate import FOLDER, encoded
from tests.pim.compile import toys
from tests.pim.compile.test_models import NEO_XL
from tests.pim.compile.toys import compare, decoder, otherwise, random_weights
from tests.pim.model.configs import GPT_NEO, PHI


def system(**sizes: int) -> PimParams:
    """The tiny system with MAC units for integers."""
    return toys.system(**{"int8": True, "accumulators": 4, "program_words": 512, **sizes})


LARGE = replace(PRESETS["aim_measured"], int8=True, accumulators=8)
#: Decoders, systems, positions, and sequences where there are several. Inputs go beyond a global buffer, in even and
#: odd words; slots fill no groups.
CASES = {
    "gpt2": (toys.gpt2(), system(), 20),
    "gpt2, two accumulators": (toys.gpt2(), system(accumulators=2), 8),
    "gpt2, several buffers": (toys.gpt2(n_embd=40, n_head=2), system(buffers=4, accumulators=8), 8),
    "gpt2, an odd buffer": (toys.gpt2(n_embd=36, n_head=3, n_inner=100), system(gb_words=5), 8),
    "gpt2, many chunks": (toys.gpt2(n_embd=36, n_head=3, n_inner=100), system(gb_words=4), 8),
    "gpt2, untied": (toys.gpt2(tie_word_embeddings=False), system(), 6),
    "gpt2, heads that fill no word": (toys.gpt2(n_embd=15, n_head=5), system(), 8),
    "gpt2, one lane": (
        toys.gpt2(n_embd=6),
        system(channels=3, banks=1, lanes=1, vector_lanes=4, gb_words=4),
        8,
    ),
    "gpt2, logits in pieces": (toys.gpt2(vocab_size=403), system(sram_words=90), 6),
    "gpt2, logits searched beside their last pieces": (toys.gpt2(vocab_size=1500), system(), 4),
    "gpt_neo": (toys.gpt_neo(), system(), 10),
    "opt": (toys.opt(), system(accumulators=16), 8),
    "llama": (toys.llama(), system(), 10),
    "llama, tied, logits in pieces": (toys.llama(hidden_size=40, vocab_size=500), system(sram_words=127), 6),
    "mistral": (toys.mistral(), system(), 10),
    "qwen2": (toys.qwen2(), system(accumulators=8), 8),
    "phi": (toys.phi(), system(), 8),
    "phi, logits in pieces": (toys.phi(vocab_size=301), system(sram_words=125), 6),
    "gpt2, three sequences": (toys.gpt2(), system(), 6, 3),
    "gpt2, two of three sequences at once": (toys.gpt2(), system(vectors=2, buffers=2, accumulators=8), 6, 3),
    "gpt2, four sequences at once": (toys.gpt2(vocab_size=99), system(vectors=4, buffers=8, accumulators=16), 6, 4),
    "phi, two sequences at once, odd buffers": (
        toys.phi(vocab_size=99),
        system(vectors=2, buffers=2, accumulators=4, gb_words=5),
        5,
        2,
    ),
    "phi, eight channels": (toys.phi(hidden_size=160, intermediate_size=320, vocab_size=200), LARGE, 3),
}


def case(name: str, layout: str = "dense") -> tuple[Compiled, int]:
    """A case compiled, and its positions."""
    shape, params, positions, *batch = CASES[name]
    return compile_decoder(shape, params, layout=layout, batch=sum(batch) or 1, weights="int8"), positions


@pytest.mark.parametrize("layout", ["dense", "rows"])
@pytest.mark.parametrize("name", CASES)
def test_bit_for_bit(name, layout):
    """Every logit; and near float64 with the same integers and scales."""
    compiled, positions = case(name, layout)
    found = compare(compiled, len(name), positions)
    print(name, layout, "seed", len(name), found)
    assert found.different == 0
    assert found.farthest < 3e-3


@pytest.mark.parametrize("layout", ["dense", "rows", "auto"])
@pytest.mark.parametrize("name", CASES)
def test_programs_are_legal(name, layout):
    compiled, positions = case(name, layout)
    for position in {0, positions - 1, compiled.placement.tokens - 1}:
        for program in compiled.programs(position, logits=True):
            assert check(program) == []


def test_the_cases_are_what_they_say():
    chunks = list(case("gpt2, many chunks")[0].placement.layer["down"].chunks())
    assert [chunk.words for chunk in chunks] == [4, 4, 4, 4, 4, 4, 1]
    odd = list(case("gpt2, an odd buffer")[0].placement.layer["down"].chunks())
    assert {chunk.words for chunk in odd} == {4, 1}
    assert len(list(case("gpt2, several buffers")[0].placement.layer["down"].chunks())) == 2
    for name in ("gpt2, logits in pieces", "llama, tied, logits in pieces", "phi, logits in pieces"):
        compiled = case(name)[0]
        assert len(compiled.sram.pieces) > 1
        assert all(piece.start % compiled.placement.output.group == 0 for piece in compiled.sram.pieces)
    searched = case("gpt2, logits searched beside their last pieces")[0].programs(0)
    assert sum(one.op.name == "ARGMAX" for program in searched for one in program.instructions) == 2
    at_once = {name: case(name)[0].placement.output.vectors for name in CASES if "sequences" in name}
    assert list(at_once.values()) == [1, 2, 4, 2]
    left = [each for name in CASES for each in case(name)[0].placement.layer.values() if each.slots % each.group]
    assert left


def test_the_decoder_that_has_learned():
    """64 of 64 characters as with the weights as they are; and how far the logits of a text are from these."""
    plain = generate("Write ", 64)
    params = replace(SYSTEM, int8=True, accumulators=8)
    compiled = compile_decoder(read(FOLDER), params, weights="int8")
    given = encoded("Write ")
    assert continue_golden(compiled, text_weights(), given, 64).tokens == plain.tokens
    exact, rounded = (double(compiled.decoder, each) for each in (text_weights(), compiled.stored(text_weights())))
    logits = [(exact.logits(token), rounded.logits(token)) for token in (*given, *plain.tokens[:-1])]
    apart = [1 - a @ b / np.linalg.norm(a) / np.linalg.norm(b) for a, b in logits]
    equal = sum(a.argmax() == b.argmax() for a, b in logits[len(given) - 1 :])
    print("of 64 tokens equal in float64:", equal, "farthest:", max(apart))
    assert 62 <= equal <= 64
    assert 1e-6 < max(apart) < 1e-3


# --- layout ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("layout", ["dense", "rows"])
def test_columns(layout):
    """Two integers an element, and the scale behind each slot's part of a chunk; groups where they are said to be."""
    params = system(gb_words=4)
    rng = np.random.default_rng(3)
    weights = bf16(rng.standard_normal((50, 37)))
    matrix = int8_matrix(params, 1, 50, 37, 5, layout)
    image = matrix.place(weights).reshape(params.units, matrix.columns, params.lanes)
    right, lanes = quantise(weights.T), params.lanes
    chunk_columns = [2, 2, 1]
    assert (matrix.slots, [chunk.columns for chunk in matrix.chunks()]) == (7, chunk_columns)
    assert matrix.at == (5 if layout == "dense" else 8)
    at, seen = 0, np.zeros_like(image, bool)
    for index, columns in enumerate(chunk_columns):
        for slot in range(7):
            if layout == "rows" and slot % matrix.group == 0:
                at = -(-at // params.row_cols) * params.row_cols
            for unit in range(params.units):
                output = slot * params.units + unit
                integers = image[unit, at : at + columns].astype("<u2").tobytes()
                found = np.frombuffer(integers, np.int8)
                inputs = right.values[index * 4 * lanes :][: 2 * lanes * columns]
                wanted = np.zeros(2 * lanes * columns, np.int8)
                scale = 0
                if output < 50:
                    wanted[: len(inputs)] = inputs[:, output]
                    scale = right.scales[output]
                assert np.array_equal(found, wanted)
                assert image[unit, at + columns].tolist() == [scale, *[0] * (lanes - 1)]
                seen[unit, at : at + columns + 1] = True
            at += columns + 1
        if layout == "rows":
            at = -(-at // params.row_cols) * params.row_cols
    assert at == matrix.columns
    assert not image[~seen].any()


def test_groups_are_chosen_by_time():
    """More accumulators, larger groups; groups that divide the slots evenly; rows where they cost less."""
    small = int8_matrix(replace(LARGE, accumulators=2), 1, 2304, 768, 0, "dense")
    large = int8_matrix(LARGE, 1, 2304, 768, 0, "dense")
    assert (small.group, small.slots, large.group) == (1, 18, 6)
    auto = int8_matrix(LARGE, 1, 2304, 768, 0, "auto")
    assert auto.apart
    assert auto.group == 5  # 5 slots of 25 columns fill 2 rows of 64 but for 3 columns
    assert auto.columns == 4 * 128
    assert int8_matrix(LARGE, 1, 300, 768, 0, "dense").group == 3


def test_every_weight_has_its_place():
    """All integers and scales are in the banks once, embedding and vectors in bf16."""
    shape = toys.gpt2(n_layer=1)
    params = system(gb_words=16)  # one chunk of all inputs, and each scale once
    compiled = compile_decoder(shape, params, weights="int8")
    weights = random_weights(shape, np.random.default_rng(1))
    image = compiled.image(weights).reshape(params.units, -1, params.lanes)
    matrices = {**compiled.placement.layer, "output": compiled.placement.output}
    integers = 0
    for matrix in matrices.values():
        assert isinstance(matrix, Int8Matrix)
        part = image[:, matrix.at : matrix.at + matrix.columns].astype("<u2")
        integers += np.count_nonzero(np.frombuffer(part.tobytes(), np.int8))
        image[:, matrix.at : matrix.at + matrix.columns] = 0
    expected = 0
    for name, each in weights.items():
        if each.ndim == 2 and name != "positions":
            found = quantise(each.T if name == "embedding" else each)
            scales = np.frombuffer(found.scales.astype("<u2").tobytes(), np.int8)
            expected += np.count_nonzero(found.values) + np.count_nonzero(scales)
    assert integers == expected
    left = np.sort(image[image != 0])
    plain = [each.reshape(-1) for name, each in weights.items() if each.ndim == 1 or name in ("embedding", "positions")]
    assert np.array_equal(left, np.sort(np.concatenate(plain)))
    assert (numbers(left) != 0).all()


# --- capacity --------------------------------------------------------------------------------------------------------


def pythia() -> Decoder:
    """Pythia-2.8B, whose files are not read: its sizes."""
    return Decoder(
        family="gpt_neox",
        layers=32,
        width=2560,
        vocabulary=50304,
        context=2048,
        norm=Norm(kind="layer", epsilon=1e-5),
        positions=Rotary(width=20, base=1e4),
        attention=Attention(
            heads=32,
            groups=32,
            head_width=80,
            scale=(80**-0.5,) * 32,
            windows=(0,) * 32,
            input_bias=True,
            output_bias=True,
        ),
        mlp=Mlp(inner=10240, activation="gelu", gated=False, bias=True),
        parallel=True,
        tied=False,
    )


TOO_LARGE = {"gpt-neo-2.7b": decoder(GPT_NEO, **NEO_XL), "phi-2": decoder(PHI), "pythia-2.8b": pythia()}


@pytest.mark.parametrize("name", TOO_LARGE)
def test_models_that_fit_with_8_bits_only(name):
    """In as many rows as the refusal says."""
    with pytest.raises(ConfigError) as error:
        compile_decoder(TOO_LARGE[name], PRESETS["aim_measured"])
    compiled = compile_decoder(TOO_LARGE[name], LARGE, weights="int8")
    assert f"weights of 8 bits would take {compiled.placement.rows} rows in all, and would fit" in str(error.value)
    assert compiled.image_bytes < 0.9 * PRESETS["aim_measured"].bytes
    for program in compiled.programs(1023):
        assert check(program) == []


def test_halves_the_rows_of_matrices():
    """Less what scales take, and gaps between groups."""
    shape = decoder(GPT_NEO)
    plain = compile_decoder(shape, LARGE, layout="dense").placement
    small = compile_decoder(shape, LARGE, layout="dense", weights="int8").placement
    for name, matrix in plain.layer.items():
        assert 0.5 < small.layer[name].columns / matrix.columns < 0.53
    assert small.embedding is not None
    assert small.cache_rows == plain.cache_rows


# --- refusals --------------------------------------------------------------------------------------------------------


def test_systems_without():
    with pytest.raises(ConfigError) as error:
        compile_decoder(toys.gpt2(), toys.TINY, weights="int8")
    assert [str(problem) for problem in error.value.problems] == [
        "pim.int8: must be true for weights of 8 bits, not false (--set int8=true, for example)",
        "pim.accumulators: must be at least 2 for weights of 8 bits, not 1 "
        "(one makes dot products, and the others hold what scales make of them)",
    ]
    with pytest.raises(ConfigError, match=r"^pim\.gb_words: must be at least 2 for weights of 8 bits, not 1$"):
        compile_decoder(toys.gpt2(), system(gb_words=1), weights="int8")
    with pytest.raises(ConfigError, match=r"^weights: must be one of bf16, int8, not 'int4' \(did you mean 'int8'\?\)"):
        compile_decoder(toys.gpt2(), system(), weights="int4")


def test_weights_that_are_no_numbers():
    shape = toys.gpt2()
    compiled = compile_decoder(shape, system(), weights="int8")
    weights = random_weights(shape, np.random.default_rng(4))
    weights["1.up"][3, 5] = 0x7F80
    weights["embedding"][7, 2] = 0xFFC0
    with pytest.raises(ConfigError) as error:
        compiled.image(weights)
    assert [str(problem) for problem in error.value.problems] == [
        "embedding: has a weight of output 7 that is infinite or NaN (it can't be a weight of 8 bits)",
        "1.up: has a weight of output 5 that is infinite or NaN (it can't be a weight of 8 bits)",
    ]


# --- programs --------------------------------------------------------------------------------------------------------

#: Operands of the first instruction of each kind in a product, and what is added to them.
WRONG = [
    ("WR_GB", "a", 1), ("WR_GB", "n", -1), ("WR_GB", "gb", 1), ("WR_BIAS", "a", 1), ("WR_BIAS", "acc", 1),
    ("WR_BIAS", "n", -1), ("WR_BIAS", "stride", 1), ("MAC_AB", "col", 1), ("MAC_AB", "n", -1), ("MAC_AB", "gb", 1),
    ("MAC_AB", "acc", -1), ("SCALE_AB", "col", -1), ("SCALE_AB", "lane", 1), ("SCALE_AB", "to", 1),
    ("SCALE_AB", "acc", -1), ("RD_MAC", "d", 1), ("RD_MAC", "acc", 1), ("RD_MAC", "n", -1), ("RD_MAC", "stride", 1),
    ("MAC_AB", "int8", 0),
]  # fmt: skip


def results(name: str = "", operand: str = "", by: int = 0) -> bytes:
    """Logits of two tokens, with an operand changed in the first one, or a flag left out; nothing after a fault."""
    compiled, _ = case("gpt2")
    machine = loaded(compiled, random_weights(compiled.decoder, np.random.default_rng(7)))
    for position in range(2):
        (program,) = compiled.programs(position, token=position + 3, logits=True)
        code = list(program.instructions)
        begin = next(i for i, one in enumerate(code) if "int8" in one.flags) - 6
        if name and position == 0:
            found = (i for i, one in enumerate(code) if i > begin and one.op.name == name and "zero" not in one.flags)
            index = next(found)
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
