"""Placement: every weight has its place, layers that repeat are found, and mistakes in programs show."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gen.pim.compile import compile_decoder
from gen.pim.compile.heads import Heads
from gen.pim.compile.layers import Seen, runs, seen
from gen.pim.program import Program
from sim_tb.golden.float import narrow
from sim_tb.pim.decoder import generation, loaded, received
from tests.pim.compile import toys
from tests.pim.compile.toys import TINY, random_weights, system

TOYS = {
    "gpt2": toys.gpt2(),
    "gpt2 that fills no word": toys.gpt2(n_embd=15, n_head=5, n_inner=21, tie_word_embeddings=False),
    "gpt_neo": toys.gpt_neo(),
    "opt": toys.opt(),
    "llama": toys.llama(intermediate_size=35),
    "mistral": toys.mistral(),
    "qwen2": toys.qwen2(),
    "phi": toys.phi(),
}


@pytest.mark.parametrize("layout", ["dense", "rows"])
@pytest.mark.parametrize("name", TOYS)
def test_every_weight_has_its_place(name, layout):
    """All tensors are in the banks, each number once, and nothing beside them but tables of positions."""
    decoder = TOYS[name]
    compiled = compile_decoder(decoder, TINY, layout=layout)
    weights = {each: np.zeros(shape, np.uint16) for each, shape in decoder.tensors().items()}
    before = compiled.image(weights)
    number = 1
    for tensor in weights.values():
        tensor[...] = np.arange(number, number + tensor.size).reshape(tensor.shape)
        number += tensor.size
    assert number < 1 << 16
    after = compiled.image(weights)
    values, counts = np.unique(after[after != before], return_counts=True)
    missing = set(range(1, number)) - set(values.tolist())
    table = weights.get("positions")
    if table is not None:  # the rows that no token uses
        offset = decoder.positions.offset
        unused = np.concatenate([table[:offset], table[offset + compiled.placement.tokens :]])
        assert missing == set(unused.reshape(-1).tolist())
    else:
        assert missing == set()
    assert (counts == 1).all()


@pytest.mark.parametrize("name", TOYS)
def test_heads_are_permutations(name):
    """Every element of queries, keys, values and mixture is there once; the rest are zeros in whole words."""
    decoder = TOYS[name]
    heads = Heads(TINY, decoder)
    attention = decoder.attention
    given_rows = (attention.heads + 2 * attention.groups) * attention.head_width
    rows, columns = heads.rows(), heads.columns()
    assert sorted(rows[rows >= 0]) == list(range(given_rows))
    assert sorted(columns[columns >= 0]) == list(range(attention.heads * attention.head_width))
    assert len(rows) == heads.outputs
    assert len(columns) == heads.mixed
    assert heads.values % TINY.banks == 0


def test_regions_do_not_overlap():
    """Neither in the banks nor in what SRAM holds at the same time."""
    for decoder in TOYS.values():
        placement = compile_decoder(decoder, TINY).placement
        taken = sorted((each.at, each.at + each.columns) for each in placement.layer.values())
        for (_, end), (start, _) in pairwise(taken):
            assert end <= start
        first = min(
            piece.at for name, pieces in placement.vectors.items() if name.startswith("norm_") for piece in pieces
        )
        assert taken[-1][1] <= first < placement.keys.at < placement.values
        slots = placement.slots(placement.heads.values) * placement.value_words
        assert placement.values + slots <= placement.layer_columns
        assert placement.layer_columns * decoder.layers <= placement.output.at


# --- layers ----------------------------------------------------------------------------------------------------------


@given(st.lists(st.integers(0, 2), min_size=1, max_size=14))
def test_runs_are_the_layers(kinds):
    layers = [Seen(float(kind), 0, 1) for kind in kinds]
    found = runs(layers)
    assert [each for run in found for each in run.period * run.turns] == layers
    assert [run.first for run in found] == [
        sum(len(run.period) * run.turns for run in found[:index]) for index in range(len(found))
    ]


def test_runs_are_short():
    neo = seen(toys.gpt_neo(), 40, 20)
    assert [(run.first, len(run.period), run.turns) for run in runs(neo)] == [(0, 2, 2)]
    assert [(len(run.period), run.turns) for run in runs(seen(toys.gpt_neo(), 40, 3))] == [(1, 4)]
    one, two = Seen(1.0, 0, 1), Seen(2.0, 0, 1)
    assert [(len(run.period), run.turns) for run in runs([one] * 5 + [two] * 3)] == [(1, 5), (1, 3)]


def test_windows_are_rings():
    """A token takes the place of the one that left the window, so that exactly those inside are there."""
    decoder = toys.mistral(sliding_window=6)
    ring: dict[int, int] = {}
    for position in range(40):
        (each, _) = seen(decoder, 40, position)
        ring[each.entry] = position
        assert {ring[place] for place in range(each.tokens)} == set(range(max(0, position - 5), position + 1))


# --- programs --------------------------------------------------------------------------------------------------------


def test_caches_survive_what_was_there():
    """Keys and values of an earlier text, all numbers, and whatever SRAM holds, change nothing."""
    decoder = toys.mistral()
    weights = random_weights(decoder, np.random.default_rng(2))
    compiled = compile_decoder(decoder, TINY)
    clean, used = loaded(compiled, weights), loaded(compiled, weights)
    used.sram[:] = narrow(np.full((), 3, np.float32))
    for layer in range(decoder.layers):
        first = layer * compiled.placement.layer_columns + compiled.placement.keys.at
        last = (layer + 1) * compiled.placement.layer_columns
        seven = narrow(np.full((last - first, TINY.lanes), 7, np.float32))
        for unit in range(TINY.units):
            used.device.write(*divmod(unit, TINY.banks), first, seven)
    for machine in (clean, used):
        for programs in generation(compiled, [1, 2, 3, 4], 12):
            for program in programs:
                assert machine.run(program.words).fault is None
    assert received(compiled, np.array(clean.outputs)).shape == (12, decoder.vocabulary)
    assert np.array_equal(clean.outputs, used.outputs)


WRONG = [
    ("RD_SB", "bank"), ("RD_ITEM", "n"), ("RD_ITEM", "row"), ("RMSNORM", "a"), ("RMSNORM", "b"), ("VMM", "row"),
    ("VMM", "n"), ("VMM", "a"), ("VMM", "d"), ("VMUL", "b"), ("VMADD", "b"), ("VMADD", "c"), ("VMOV", "a"),
    ("VMOV", "d"), ("WR_SB", "bank"), ("WR_SB", "mask"), ("WR_SB", "col"), ("WR_ELEM", "lane"), ("WR_ELEM", "col"),
    ("WR_GB", "a"), ("MAC_AB", "col"), ("MAC_AB", "gb"), ("RD_MAC", "d"), ("SOFTMAX", "n"), ("SOFTMAX", "a"), ("VADD", "a"),
    ("VSILU", "a"), ("LOOP", "row"), ("LOOP", "n"), ("SETR", "value"), ("ARGMAX", "a"), ("OUT", "a"),
]  # fmt: skip


#: Counts that are made too small: a longer input meets zeros, and so does a layer behind the last.
SHORTER = (("VMM", "n"), ("LOOP", "n"))


@pytest.mark.parametrize("wrong", WRONG, ids=lambda each: "-".join(each))
def test_a_wrong_operand_is_noticed(wrong, right_results):
    """One operand of one instruction off by one is a fault, or changes the logits of that token or the next."""
    assert results(*wrong) != right_results


@pytest.fixture(scope="module")
def right_results() -> bytes:
    found = results()
    assert found
    return found


def results(name: str = "", operand: str = "") -> bytes:
    """Logits of the last two of eight tokens, with an operand changed in the last but one."""
    decoder = toys.mistral(vocab_size=64)
    params = system(rows=256)
    compiled = compile_decoder(decoder, params)
    weights = random_weights(decoder, np.random.default_rng(5))
    machine = loaded(compiled, weights)
    tokens = np.random.default_rng(6).integers(decoder.vocabulary, size=8).tolist()
    for position, token in enumerate(tokens):
        # The last token is the one that was predicted before.
        (program,) = compiled.programs(position, token=token if position < 7 else None, logits=True)
        code = list(program.instructions)
        if name and position == 6:
            found = [i for i, one in enumerate(code) if one.op.name == name and (name != "LOOP" or "rows" in one.flags)]
            index, one = found[0], code[found[0]]
            by = -1 if operand == "mask" or (name, operand) in SHORTER else 1
            code[index] = replace(one, values={**one.values, operand: one[operand] + by})
        if machine.run(Program.of(params, code).words).fault is not None:
            return b""
    return received(compiled, np.array(machine.outputs))[-2:].tobytes()
