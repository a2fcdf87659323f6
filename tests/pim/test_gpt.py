"""Decoders as programs: bit for bit as the decoder on vectors, near float64, on systems of every shape; and errors."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gen.pim.assemble import assemble
from gen.pim.check import check
from gen.pim.disassemble import disassemble
from gen.pim.gpt import TOKEN, GptShape, Placement, generation, image, pack, token_pieces, token_programs
from gen.pim.program import Program
from hdl.params import ConfigError
from hdl.params.pim import PRESETS, instruction
from sim_tb.golden.float import narrow, widen
from sim_tb.golden.pim import Machine
from sim_tb.pim.gpt import continue_golden, loaded, received
from tests.pim.decoders import TINY, TOY, distance, double, exact, random_weights, system

ONES = {"channels": 3, "banks": 1, "lanes": 1, "vector_lanes": 4}
#: Shapes and systems: heads of half a slot, one slot, several, and none of these; contexts beyond a global buffer;
#: sizes that leave slots unfilled; three channels; one word a slot and several; programs that must be cut.
CASES = {
    "toy": (TOY, TINY),
    "one head": (replace(TOY, heads=1), system(gb_words=4)),
    "heads of half a slot": (GptShape(layers=1, heads=6, width=24, context=20, vocabulary=20, inner=28), system()),
    "heads of three half slots": (GptShape(layers=1, heads=3, width=36, context=20, vocabulary=12), system(gb_words=3)),
    "three channels": (
        GptShape(layers=1, heads=5, width=40, context=28, vocabulary=30, inner=44),
        system(channels=3, banks=2, lanes=2, vector_lanes=8, gb_words=4),
    ),
    "one bank": (GptShape(layers=1, heads=2, width=6, context=14, vocabulary=9), system(**ONES, gb_words=4)),
    "wide slots": (
        GptShape(layers=1, heads=2, width=32, context=24, vocabulary=256),
        system(channels=2, banks=16, lanes=8, vector_lanes=8, gb_words=2),
    ),
    "cut programs": (replace(TOY, layers=3, context=12), replace(TINY, program_words=40, rows=100)),
    "the paper's system": (GptShape(layers=1, heads=4, width=192, context=12, vocabulary=64), PRESETS["pimgpt_paper"]),
}


def logits(machine: Machine, placement: Placement) -> np.ndarray:
    """The logits that the last program left in SRAM."""
    first = placement.sram.logits
    return machine.sram[first:].reshape(-1)[: placement.shape.vocabulary].copy()


@pytest.mark.parametrize("name", CASES)
def test_bit_for_bit(name):
    """Every logit, with tokens at random and (every third) the ones predicted before."""
    shape, params = CASES[name]
    rng = np.random.default_rng(len(name))
    weights, placement = random_weights(shape, rng), Placement(shape, params)
    machine, right, wide = loaded(placement, weights), exact(shape, weights, params), double(shape, weights)
    farthest, compared, token = 0.0, 0, 0
    for position in range(min(shape.context, 40)):
        predicted = position % 3 == 2
        token = token if predicted else int(rng.integers(shape.vocabulary))
        for program in token_programs(placement, position, None if predicted else token):
            assert machine.run(program.words).fault is None
        bits, numbers = right.logits(token), wide.logits(token)
        found = logits(machine, placement)
        assert np.array_equal(found, bits), position
        farthest = max(farthest, distance(found, numbers))
        compared += found.size
        token = int(machine.scalars[TOKEN])
        assert token == int(np.argmax(widen(bits)))
        assert received(placement, np.array(machine.outputs))[-1] == token
    print(name, "one less the cosine with float64:", farthest)
    assert farthest < 3e-3
    assert compared == min(shape.context, 40) * shape.vocabulary


def test_other_systems_give_nearly_the_same():
    """The order of sums and the rounding of partial sums differ, the decoder doesn't."""
    weights = random_weights(TOY, np.random.default_rng(1))
    systems = (TINY, system(channels=1, banks=8, lanes=8, vector_lanes=16), PRESETS["aim_measured"])
    shape = replace(TOY, heads=1)
    found = [continue_golden(Placement(shape, params), weights, [5], 6) for params in systems]
    assert found[0].tokens == found[1].tokens == found[2].tokens
    assert (found[0].logits != found[1].logits).any()


def test_programs_are_legal_and_short():
    """The static check finds nothing, at any position; the text of a program assembles to it."""
    placement = Placement(TOY, TINY)
    longest = 0
    for position in range(TOY.context):
        programs = token_programs(placement, position, 3 if position % 2 else None, predict=position % 3 > 0)
        assert [check(program) for program in programs] == [[]] * len(programs)
        longest = max(longest, sum(len(program.words) for program in programs))
    assert assemble(disassemble(programs[0])).words == programs[0].words
    print("longest token:", longest)
    assert 40 < longest < 60


def test_caches_survive_what_was_there():
    """Keys and values of an earlier text, all numbers, change nothing."""
    weights = random_weights(TOY, np.random.default_rng(2))
    placement = Placement(TOY, TINY)
    clean, used = loaded(placement, weights), loaded(placement, weights)
    used.device.write(0, 1, placement.weight_columns, narrow(np.full((40, TINY.lanes), 7, np.float32)))
    used.sram[:] = narrow(np.full((), 3, np.float32))
    for machine in (clean, used):
        for programs in generation(placement, [1, 2, 3, 4], 12):
            for program in programs:
                assert machine.run(program.words).fault is None
    assert len(clean.outputs) == 12
    assert np.array_equal(clean.outputs, used.outputs)


WRONG = [
    ("RD_SB", "bank"), ("VAXPY", "b"), ("LAYERNORM", "a"), ("VMM", "row"), ("LAYERNORM", "beta"), ("WR_SB", "bank"),
    ("WR_SB", "mask"), ("WR_ELEM", "lane"), ("WR_ELEM", "col"), ("WR_GB", "a"), ("MAC_AB", "col"), ("RD_MAC", "d"),
    ("SOFTMAX", "n"), ("SOFTMAX", "a"), ("VADD", "a"), ("LOOP", "col"),
]  # fmt: skip


def test_a_wrong_operand_is_noticed():
    """One operand of one instruction off by one is a fault, or changes the logits of that token or the next."""
    weights = random_weights(TOY, np.random.default_rng(5))
    placement = Placement(TOY, TINY)
    tokens = np.random.default_rng(6).integers(TOY.vocabulary, size=8).tolist()

    def results(name: str = "", operand: str = "") -> bytes:
        machine = loaded(placement, weights)
        found = b""
        for position, token in enumerate(tokens):
            code = [one for piece in token_pieces(placement, position, token) for one in piece]
            places = [index for index, one in enumerate(code) if one.op.name == name]
            if places and position == 6:
                one = code[places[0]]
                changed = {**one.values, operand: one[operand] + 1 - 2 * (operand in ("mask", "lane"))}
                code[places[0]] = replace(one, values=changed)
            if machine.run(pack(TINY, [code])[0].words).fault is not None:
                return b""
            found = logits(machine, placement).tobytes() + found[: TOY.vocabulary * 2]
        return found

    right = results()
    assert [each for each in WRONG if results(*each) == right] == []


def test_every_weight_lies_where_it_is_found():
    """All that a shape names is in the banks, once, and the embedding twice."""
    placement = Placement(TOY, TINY)
    weights = {name: np.zeros(sizes, np.uint16) for name, sizes in TOY.tensors.items()}
    before = image(placement, weights)
    number = 1
    for tensor in weights.values():
        tensor[...] = np.arange(number, number + tensor.size).reshape(tensor.shape)
        number += tensor.size
    after = image(placement, weights)
    values, counts = np.unique(after[after != before], return_counts=True)
    expected = np.ones(number - 1, int)
    expected[: TOY.vocabulary * TOY.width] = 2
    assert np.array_equal(values, np.arange(1, number))
    assert np.array_equal(counts, expected)


# --- errors ----------------------------------------------------------------------------------------------------------


def messages(error: pytest.ExceptionInfo[ConfigError]) -> list[str]:
    return [str(problem) for problem in error.value.problems]


def test_sizes_that_make_no_decoder():
    with pytest.raises(ConfigError) as error:
        GptShape(layers=0, heads=True, width=16, context=4, vocabulary=1, epsilon=2)
    assert messages(error) == [
        "gpt.layers: must be an integer of at least 1, not 0",
        "gpt.heads: must be an integer of at least 1, not True",
        "gpt.vocabulary: must be an integer of at least 2, not 1",
        "gpt.epsilon: must be between 0 and 1, not 2",
    ]
    with pytest.raises(ConfigError, match=r"^gpt\.width: must be a multiple of heads = 3, not 16$"):
        GptShape(layers=1, heads=3, width=16, context=4, vocabulary=8)


def test_sizes_that_do_not_divide():
    with pytest.raises(ConfigError) as error:
        Placement(GptShape(layers=1, heads=3, width=18, context=4, vocabulary=300, inner=30), TINY)
    assert messages(error) == [
        "gpt.width: must be a multiple of the system's lanes = 4, not 18",
        "gpt.inner: must be a multiple of the system's lanes = 4, not 30",
        "gpt.vocabulary: must be at most 256, which bf16 counts exactly, not 300",
        "gpt.heads: must leave each head a multiple of the system's lanes = 4, not 6 elements",
        "gpt.heads: must leave each head a multiple of the system's banks = 4, not 6 elements",
    ]
    with pytest.raises(ConfigError, match=r"leaves each head 40 elements, but a global buffer holds 32"):
        Placement(GptShape(layers=1, heads=1, width=40, context=4, vocabulary=8), TINY)


def test_memories_that_are_too_small():
    with pytest.raises(ConfigError) as error:
        Placement(GptShape(layers=2, heads=16, width=256, context=256, vocabulary=64), TINY)
    assert messages(error) == [
        "pim.rows: must be at least 7676, not 64: 6652 of weights and 1024 of caches",
        "pim.sram_words: must be at least 2240, not 2048",
    ]
    with pytest.raises(ConfigError, match=r"^pim\.program_words: must be at least 28, the longest piece"):
        token_programs(Placement(TOY, replace(TINY, program_words=20)), 0)


def test_rows_and_words_asked_for_are_enough():
    """What the messages ask for is exactly what is needed."""
    placement = Placement(TOY, system())
    rows = -(-placement.columns // TINY.row_cols)
    just = replace(TINY, rows=rows, sram_words=placement.sram.end)
    weights = random_weights(TOY, np.random.default_rng(3))
    assert continue_golden(Placement(TOY, just), weights, [1], 40).tokens
    for key in ("rows", "sram_words"):
        with pytest.raises(ConfigError, match=f"pim.{key}"):
            Placement(TOY, replace(just, **{key: getattr(just, key) - 1}))


def test_prompts_that_cannot_be():
    placement = Placement(TOY, TINY)
    with pytest.raises(ConfigError) as error:
        generation(placement, [], 0)
    assert messages(error) == ["prompt: must have at least one token", "tokens: must be at least 1, not 0"]
    with pytest.raises(ConfigError) as error:
        generation(placement, [32], 41)
    assert messages(error) == [
        "prompt: must have tokens from 0 to 31, not 32",
        "tokens: must be at most 41 tokens with the 1 of the prompt, not 42",
    ]
    with pytest.raises(ConfigError, match="position: must be 0 to 39, not 40"):
        token_pieces(placement, 40)
    with pytest.raises(ConfigError, match="token: must be 0 to 31, not -1"):
        token_pieces(placement, 0, -1)


def test_weights_that_do_not_fit():
    weights = random_weights(TOY, np.random.default_rng(4))
    assert GptShape.of(weights, heads=2) == TOY
    wrong = {**weights, "wpe": weights["wpe"].astype(np.float32), "h0/ln_1/b": weights["wpe"], "ln_f/c": weights["wpe"]}
    del wrong["ln_f/b"]
    with pytest.raises(ConfigError) as error:
        image(Placement(TOY, TINY), wrong)
    assert messages(error) == [
        "ln_f/c: is no tensor of this decoder (did you mean 'ln_f/g'?)",
        "wpe: must hold the bits of bf16 numbers (uint16), not float32",
        "h0/ln_1/b: must have the shape (16,), not (40, 16)",
        "ln_f/b: is missing",
    ]
    del weights["wte"]
    with pytest.raises(ConfigError, match=r"^wte: must be a matrix of the weights$"):
        GptShape.of(weights, heads=2)


def test_pieces_are_never_cut():
    one = instruction("NOP")
    programs = pack(replace(TINY, program_words=4), [[one], [one, one], [one, one, one], [one]])
    assert [len(program.words) for program in programs] == [4, 4, 2]
    assert isinstance(programs[0], Program)
