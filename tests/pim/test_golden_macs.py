"""The golden model of MAC units beyond PIM-GPT's: several accumulators, several vectors, int8; and what is illegal."""

from __future__ import annotations

import numpy as np
import pytest

from gen.pim.assemble import assemble
from gen.pim.program import Program
from hdl.params import ConfigError
from hdl.params.pim import FAULTS, PimParams, accumulator_use, instruction, violations
from sim_tb.golden.float import narrow, widen
from sim_tb.golden.pim import Machine
from sim_tb.pim.bench.programs import random_elements, random_program
from tests.pim.machines import ALL_AT_ONCE, MAC_SYSTEMS, ONLY_INT8, TINY, numbers, single

SEVERAL = [name for name, params in MAC_SYSTEMS.items() if params.accumulators > 1]


def tree(products: list[float]) -> float:
    """A sum in Python's doubles as a balanced tree of neighbours, each result rounded to single precision."""
    while len(products) > 1:
        products = [single(products[i] + products[i + 1]) for i in range(0, len(products), 2)]
    return products[0]


def filled(params: PimParams, seed: int = 1) -> Machine:
    """A machine with something in its banks, its SRAM and its global buffers."""
    rng = np.random.default_rng(seed)
    found = Machine(params)
    for channel in range(params.channels):
        for bank in range(params.banks):
            found.device.write(channel, bank, 0, random_elements(rng, (4 * params.row_cols, params.lanes)))
    found.sram[:] = numbers(rng, *found.sram.shape)
    found.device.buffers[:] = numbers(rng, *found.device.buffers.shape)
    return found


def ended(found: Machine, text: str) -> None:
    outcome = found.run(assemble(f"{text}\nhalt", system=found.params).words)
    assert outcome.fault is None


def column_of(found: Machine, channel: int, bank: int, column: int) -> np.ndarray:
    return found.device.read(channel, bank, column, 1)[0]


def signed_bytes(words: np.ndarray) -> list[int]:
    """A column as int8, the lower byte of each 16 bits first, by Python's own conversion."""
    return [
        int.from_bytes(bytes([byte]), "little", signed=True)
        for word in words.tolist()
        for byte in word.to_bytes(2, "little")
    ]


@pytest.mark.parametrize("name", MAC_SYSTEMS)
def test_several_vectors_element_by_element(name):
    """Each vector has its buffer and its accumulator; all others stay as they are."""
    params = MAC_SYSTEMS[name]
    found = filled(params)
    found.device.accumulators[:] = 1.0
    acc, vectors, gb, start = params.accumulators - params.vectors, params.vectors, 2, params.row_cols - 2
    ended(found, f"mac_ab row=0, col={start}, n=3, gb={gb}, acc={acc}, vectors={vectors}")
    for channel in range(params.channels):
        for bank in range(params.banks):
            totals = [1.0] * params.accumulators
            for vector in range(vectors):
                for i in range(3):
                    weights = widen(column_of(found, channel, bank, start + i)).tolist()
                    inputs = widen(found.device.buffers[channel, gb + vector * params.gb_words + i]).tolist()
                    products = [single(w * x) for w, x in zip(weights, inputs, strict=True)]
                    totals[acc + vector] = single(totals[acc + vector] + tree(products))
            assert found.device.accumulators[channel, :, bank].tolist() == totals


@pytest.mark.parametrize("params", [ALL_AT_ONCE, ONLY_INT8])
def test_columns_of_int8_element_by_element(params):
    found = filled(params)
    lanes, gb, vectors = params.lanes, 3, params.vectors
    ended(found, f"mac_ab row=1, col=1, n=2, gb={gb}, acc=0, vectors={vectors}, int8")
    seen: set[int] = set()
    for channel in range(params.channels):
        for bank in range(params.banks):
            for vector in range(vectors):
                total = 0.0
                for i in range(2):
                    weights = signed_bytes(column_of(found, channel, bank, params.row_cols + 1 + i))
                    seen |= set(weights)
                    first = gb + vector * params.gb_words + 2 * i
                    inputs = widen(found.device.buffers[channel, first : first + 2]).reshape(-1).tolist()
                    assert len(weights) == len(inputs) == 2 * lanes
                    total = single(total + tree([single(w * x) for w, x in zip(weights, inputs, strict=True)]))
                assert found.device.accumulators[channel, vector, bank] == total
    assert min(seen) < -100
    assert max(seen) > 100


@pytest.mark.parametrize(("bits", "value"), [(0x80, -128.0), (0xFF, -1.0), (0x7F, 127.0), (0, 0.0)])
def test_corners_of_int8(bits, value):
    found = Machine(ALL_AT_ONCE)
    found.device.write(0, 0, 0, np.array([[bits << 8, 0, 0, bits]], np.uint16))
    found.device.buffers[0, 0] = [0, 0x3F80, 0, 0]  # 1 for byte 1
    found.device.buffers[0, 1] = [0, 0, 0x4000, 0]  # 2 for byte 6
    ended(found, "mac_ab row=0, n=1, int8")
    assert found.device.accumulators[0, 0, 0] == 3 * value


@pytest.mark.parametrize("params", [ALL_AT_ONCE, ONLY_INT8])
def test_scales(params):
    """The product is rounded before it is added, and what was scaled is zero."""
    found = filled(params)
    rng = np.random.default_rng(5)
    found.device.accumulators[:] = rng.standard_normal(found.device.accumulators.shape, np.float32)
    before, many = found.device.accumulators.copy(), params.accumulators // 2
    words = [instruction("WR_BIAS", "zero", mask=1), instruction("HALT")]
    everyone = (1 << params.channels) - 1
    found.run(Program.of(params, words).words)  # channel 0's first accumulator
    ended(found, f"mac_ab row=0, n=1, acc=0, vectors={params.vectors}\nwr_bias zero, acc=0, n={params.accumulators}")
    found.device.accumulators[:] = before
    scale = instruction("SCALE_AB", mask=everyone, row=2, col=1, lane=3, acc=many, to=0, n=many)
    assert found.run(Program.of(params, [scale, instruction("HALT")]).words).fault is None
    for channel in range(params.channels):
        for bank in range(params.banks):
            factor = float(widen(column_of(found, channel, bank, 2 * params.row_cols + 1)[3:4])[0])
            for i in range(many):
                product = single(float(before[channel, many + i, bank]) * factor)
                expected = single(float(before[channel, i, bank]) + product)
                assert found.device.accumulators[channel, i, bank] == expected
                assert found.device.accumulators[channel, many + i, bank] == 0


@pytest.mark.parametrize("name", SEVERAL)
def test_slots_of_several_accumulators(name):
    """Presets with a stride, with none and of zeros; reads with a stride, side by side, and of some channels."""
    params = MAC_SYSTEMS[name]
    slot, n = params.slot_words, params.accumulators
    found = filled(params)
    before = found.sram.copy()
    ended(
        found, f"wr_bias a=8, n={n}, stride={slot + 1}\nrd_mac d=600, n={n}, accumulate\nrd_mac d=400, acc=1, mask=CH0"
    )

    def units(word: int, sram: np.ndarray = before) -> list[float]:
        return widen(sram[word : word + slot].reshape(-1)).tolist()

    for k in range(n):
        assert units(600 + k * slot, found.sram) == units(8 + k * (slot + 1))
    read = units(400, found.sram)
    assert read[: params.banks] == units(8 + slot + 1)[: params.banks]
    assert read[params.banks :] == units(400)[params.banks :]
    kept = found.device.accumulators
    assert not kept[0, 1].any()
    assert kept[1:, 1].reshape(-1).tolist() == units(8 + slot + 1)[params.banks :]
    ended(found, f"wr_bias a=8, n={n}\nrd_mac d=600, n={n}, stride={2 * slot}")
    for k in range(n):
        assert units(600 + 2 * k * slot, found.sram) == units(8)
    assert not found.device.accumulators.any()
    ended(found, f"wr_bias a=8, n={n}\nwr_bias zero, acc=1, n={n - 1}")
    assert found.device.accumulators[:, 0].reshape(-1).tolist() == units(8)
    assert not found.device.accumulators[:, 1:].any()


def test_reads_whose_slots_overlap_are_in_the_order_of_accumulators():
    found = filled(ALL_AT_ONCE)
    ended(found, "wr_bias a=8, n=3, stride=2\nrd_mac d=600, n=3, stride=1")
    assert found.sram[600:604].tolist() == [*found.sram[8:13:2].tolist(), found.sram[13].tolist()]


def test_products_of_a_batch_are_those_of_its_vectors():
    """Everything that a batched product consists of, against VMM one vector at a time."""
    params = ALL_AT_ONCE
    found, alone = filled(params, 3), filled(params, 3)
    ended(
        found,
        "wr_gb a=0, n=8\nwr_gb a=8, n=8, gb=GB_WORDS\nwr_bias a=40, n=2\n"
        "mac_ab row=1, n=8, vectors=2\nrd_mac d=100, n=2, stride=10",
    )
    ended(alone, "vmm row=1, n=8, slots=1, a=0, b=40, d=100\nvmm row=1, n=8, slots=1, a=8, b=40, d=110")
    assert np.array_equal(found.sram, alone.sram)


def test_a_product_of_int8_with_scales():
    """Two groups of a row with a scale each: what a compiler makes of it, against float64."""
    params = ALL_AT_ONCE
    found, rng = Machine(params), np.random.default_rng(7)
    weights = rng.integers(-128, 128, (params.units, 2, 2 * params.lanes))
    scales = widen(numbers(rng, params.units, 2))
    inputs = numbers(rng, 4, params.lanes)
    for unit in range(params.units):
        data = weights[unit].astype(np.int8).view(np.uint8).reshape(2, params.lanes, 2).astype(np.uint16)
        place = divmod(unit, params.banks)
        found.device.write(*place, 0, data[..., 0] | data[..., 1] << 8)
        column = np.zeros((1, params.lanes), np.uint16)
        column[0, :2] = narrow(scales[unit])
        found.device.write(*place, params.row_cols, column)
    found.sram[:4] = inputs
    ended(
        found,
        "wr_gb a=0, n=4\nwr_bias zero\n"
        "mac_ab row=0, col=0, n=1, acc=1, int8\nscale_ab row=1, lane=0, acc=1, to=0\n"
        "mac_ab row=0, col=1, n=1, gb=2, acc=1, int8\nscale_ab row=1, lane=1, acc=1, to=0\nrd_mac d=100",
    )
    exact = np.einsum("ugk,gk,ug->u", weights, widen(inputs).astype(float).reshape(2, -1), scales.astype(float))
    result = widen(found.sram[100 : 100 + params.slot_words].reshape(-1))
    assert np.allclose(result, exact, rtol=2**-8, atol=1e-3)


# --- what is illegal -------------------------------------------------------------------------------------------------
def faults(params: PimParams, name: str, *flags: str, **values: int) -> list[str]:
    found = violations(params, instruction(name, *flags, **values))
    return [f"{each.fault.name} {each.operand}: {each.message}" for each in found]


MAC = {"name": "MAC_AB", "mask": 1, "row": 0, "n": 1}


@pytest.mark.parametrize(
    ("good", "bad", "message"),
    [
        (MAC | {"acc": 3}, {"acc": 4}, "OPERAND acc: the last accumulator is 3, not 4"),
        (MAC | {"acc": 2, "vectors": 2}, {"acc": 3}, "OPERAND acc: the last accumulator is 3, not 3 to 4"),
        (MAC | {"vectors": 2}, {"vectors": 3}, "OPERAND vectors: there are 1 to 2 vectors at once, not 3"),
        (MAC, {"vectors": 0}, "OPERAND vectors: there are 1 to 2 vectors at once, not 0"),
        (
            MAC | {"gb": 30, "n": 2},
            {"n": 3},
            "BUFFER gb: words 30 to 32 go beyond the global buffer, which has 32",
        ),
        (
            MAC | {"gb": 22, "n": 2, "vectors": 2},
            {"n": 3},
            "BUFFER gb: words 30 to 32 go beyond the global buffer, which has 32",
        ),
        (
            {"name": "WR_BIAS", "mask": 1, "a": 2000, "n": 4, "stride": 15},
            {"stride": 16},
            "SRAM a: words 2048 to 2049 go beyond the SRAM",
        ),
        ({"name": "WR_BIAS", "mask": 1, "a": 2046, "n": 4}, {"a": 2047}, "SRAM a: words 2047 to 2048 go beyond"),
        (
            {"name": "WR_BIAS", "mask": 1, "a": 0, "n": 4},
            {"n": 5},
            "OPERAND acc: the last accumulator is 3, not 0 to 4",
        ),
        ({"name": "WR_BIAS", "mask": 1, "a": 0}, {"n": 0}, "OPERAND n: a count must be at least 1, not 0"),
        ({"name": "RD_MAC", "mask": 1, "d": 2040, "n": 4}, {"d": 2041}, "SRAM d: words 2047 to 2048 go beyond"),
        (
            {"name": "RD_MAC", "mask": 1, "d": 0, "acc": 3},
            {"n": 2},
            "OPERAND acc: the last accumulator is 3, not 3 to 4",
        ),
        (
            {"name": "SCALE_AB", "mask": 1, "row": 0, "lane": 3, "acc": 2, "to": 0, "n": 2},
            {"to": 1},
            "OPERAND to: must not overlap the 2 accumulators from 2 on",
        ),
        (
            {"name": "SCALE_AB", "mask": 1, "row": 0, "lane": 0, "acc": 0, "to": 2, "n": 2},
            {"to": 3},
            "OPERAND to: the last accumulator is 3, not 3 to 4",
        ),
        (
            {"name": "SCALE_AB", "mask": 1, "row": 63, "col": 7, "lane": 3, "acc": 0, "to": 1},
            {"lane": 4},
            "OPERAND lane: the last lane is 3, not 4",
        ),
        (
            {"name": "SCALE_AB", "mask": 1, "row": 63, "lane": 3, "acc": 0, "to": 1},
            {"row": 64},
            "ROW row: columns 512 to 512 go beyond a bank",
        ),
    ],
)
def test_at_the_limit_and_beyond(good, bad, message):
    assert faults(ALL_AT_ONCE, **good) == []
    assert any(each.startswith(message) for each in faults(ALL_AT_ONCE, **(good | bad)))


def test_columns_of_int8_take_two_words_each():
    assert faults(ALL_AT_ONCE, "MAC_AB", "int8", mask=1, row=0, n=4, gb=16, vectors=2) == []
    assert faults(ALL_AT_ONCE, "MAC_AB", "int8", mask=1, row=0, n=4, gb=17, vectors=2) == [
        "BUFFER gb: words 25 to 32 go beyond the global buffer, which has 32"
    ]


def test_what_other_systems_do_not_have():
    assert faults(TINY, "MAC_AB", "int8", mask=1, row=0, n=1) == [
        "OPERAND : there are no columns of int8 in a system without int8"
    ]
    assert faults(TINY, "SCALE_AB", mask=1, row=0, lane=0, acc=0, to=1) == [
        "OPCODE : there is no such instruction in a system without int8"
    ]
    assert faults(TINY, "WR_BIAS", "zero", mask=1, n=2) == ["OPERAND acc: the last accumulator is 0, not 0 to 1"]
    for text, message in (
        ("scale_ab row=0, lane=0, to=1", "1:1: there is no such instruction in a system without int8"),
        ("mac_ab row=0, n=1, acc=1", "1:24: the last accumulator is 0, not 1"),
        ("mac_ab row=0, n=1, vectors=2", "1:28: there are 1 to 1 vectors at once, not 2"),
        ("mac_ab row=0, n=1, int8", "1:1: there are no columns of int8 in a system without int8"),
    ):
        with pytest.raises(ConfigError) as caught:
            assemble(f"{text}\nhalt", system=TINY)
        assert message in str(caught.value)


@pytest.mark.parametrize(
    ("text", "fine"),
    [
        ("wr_bias zero, n=4\nrd_mac d=0, n=4", True),
        ("wr_bias zero, n=3\nrd_mac d=0, n=4", False),
        ("wr_bias zero, n=3\nrd_mac d=0, acc=3", False),
        ("mac_ab row=0, n=1, acc=1, vectors=2\nrd_mac d=0, acc=1, n=2", True),
        ("mac_ab row=0, n=1, acc=1, vectors=2\nrd_mac d=0, acc=0", False),
        ("mac_ab row=0, n=1, acc=1\nscale_ab row=0, lane=0, acc=1, to=2\nrd_mac d=0, acc=2", True),
        ("mac_ab row=0, n=1, acc=1\nscale_ab row=0, lane=0, acc=1, to=2\nrd_mac d=0, acc=1", False),
        ("scale_ab row=0, lane=0, acc=1, to=2", False),
        ("wr_bias zero, n=4\nvmm row=0, n=1, slots=1, a=0, d=8, zero\nrd_mac d=0, acc=1, n=3", True),
        ("wr_bias zero, n=4\nvmm row=0, n=1, slots=1, a=0, d=8, zero\nrd_mac d=0", False),
        ("wr_bias zero, n=2\nrd_mac d=0, accumulate, n=2\nrd_mac d=0, acc=1\nrd_mac d=0, acc=0", True),
        ("wr_bias zero, n=2, mask=CH0\nrd_mac d=0, acc=1", False),
    ],
)
def test_accumulators_that_hold_nothing(text, fine):
    """Assembler and machine alike, accumulator by accumulator."""
    words = assemble(f"{text}\nhalt", system=ALL_AT_ONCE, checked=False).words
    outcome = Machine(ALL_AT_ONCE).run(words)
    assert outcome.fault == (None if fine else FAULTS["ACCUMULATOR"])
    if fine:
        assemble(f"{text}\nhalt", system=ALL_AT_ONCE)
        return
    with pytest.raises(ConfigError) as caught:
        assemble(f"{text}\nhalt", system=ALL_AT_ONCE)
    assert "too early: no MAC_AB or WR_BIAS has written them since they were cleared" in str(caught.value)


def test_accumulators_as_masks():
    use = accumulator_use(ALL_AT_ONCE, instruction("SCALE_AB", mask=2, row=0, lane=0, acc=0, to=2, n=2))
    assert use == (0b1010, 0b1010, 0b1010_0000)
    assert use.after(0b1111) == 0b1010_0101


@pytest.mark.parametrize("name", SEVERAL)
def test_random_programs_use_it_all(name):
    """They are legal, and the operands that a system adds take other values than those they have without it."""
    params, rng = MAC_SYSTEMS[name], np.random.default_rng(11)
    seen = set()
    for _ in range(30):
        found = random_program(params, rng, 40, ("control", "dram", "pim"))
        for one in found.program.instructions:
            seen |= {f"{one.op.name} {key}" for key in ("acc", "to", "vectors") if one.values.get(key, 0) > 1}
            seen |= {f"{one.op.name} n"} if one.op.name in ("RD_MAC", "WR_BIAS") and one["n"] > 1 else set()
            seen |= {f"{one.op.name} int8"} if "int8" in one.flags else set()
        machine = filled(params)
        machine.send(np.zeros((found.input_words, params.lanes), np.uint16))
        assert machine.run(found.program.words).fault is None
    expected = {"WR_BIAS n", "RD_MAC n"}
    if params.vectors > 1:
        expected |= {"MAC_AB acc", "MAC_AB vectors"}
    if params.int8:
        expected |= {"MAC_AB int8"} | ({"SCALE_AB acc", "SCALE_AB to"} if params.accumulators > 2 else set())
    assert expected <= seen
