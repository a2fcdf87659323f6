"""The golden model of programs: against arithmetic of its own, float64, programs without loops, and every fault."""

from __future__ import annotations

import struct
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from gen.pim.assemble import assemble
from gen.pim.check import check
from gen.pim.program import Program
from hdl.params.pim import FAULTS, INSTRUCTIONS, PRESETS, Instruction, PimParams, encode, instruction
from hdl.params.pim.loops import advanced, steps
from sim_tb.golden.float import narrow, widen
from sim_tb.golden.float import rmsnorm as library_rmsnorm
from sim_tb.golden.pim import Machine, vector
from sim_tb.pim.programs import random_elements, random_program

TINY = PRESETS["tiny"]
#: Fewer banks than lanes, and more.
FEW_BANKS = replace(TINY, channels=4, banks=2, lanes=8, vector_lanes=8)
MANY_BANKS = replace(TINY, channels=3, banks=8, lanes=4)
SYSTEMS = {"tiny": TINY, "few banks": FEW_BANKS, "many banks": MANY_BANKS}


def machine(text: str, params: PimParams = TINY, **state: Any) -> Machine:
    """A machine after a program, which must end well."""
    found = Machine(params)
    for name, value in state.items():
        getattr(found, name)[: len(value)] = value
    outcome = found.run(assemble(f"{text}\nhalt", system=params).words)
    assert outcome.fault is None
    return found


def numbers(rng: np.random.Generator, *shape: int) -> np.ndarray:
    return narrow(rng.standard_normal(shape).astype(np.float32))


def single(value: float) -> float:
    """The nearest single-precision number, by way of its bytes."""
    return struct.unpack("<f", struct.pack("<f", value))[0]


# --- dot products ----------------------------------------------------------------------------------------------------


def dot_by_hand(weights: list[list[float]], inputs: list[list[float]], start: float) -> float:
    """One bank's MACs in Python's doubles, each result rounded to single precision."""
    total = start
    for column, word in zip(weights, inputs, strict=True):
        level = [single(w * x) for w, x in zip(column, word, strict=True)]
        while len(level) > 1:
            level = [single(level[i] + level[i + 1]) for i in range(0, len(level), 2)]
        total = single(total + level[0])
    return total


@pytest.mark.parametrize("name", SYSTEMS)
def test_dot_products_element_by_element(name):
    """Across a row, with an offset into the global buffer and biases: every result against plain floats."""
    params = SYSTEMS[name]
    rng = np.random.default_rng(1)
    found = Machine(params)
    columns, start, offset = 5, 6, 2
    weights = random_elements(rng, (params.channels, params.banks, columns, params.lanes))
    for channel in range(params.channels):
        for bank in range(params.banks):
            found.device.write(channel, bank, 3 * params.row_cols + start, weights[channel, bank])
    found.sram[:columns] = random_elements(rng, (columns, params.lanes))
    found.sram[10 : 10 + params.slot_words] = numbers(rng, params.slot_words, params.lanes)
    text = f"wr_gb a=0, n={columns}, gb={offset}\nwr_bias a=10\nmac_ab row=3, col={start}, n={columns}, gb={offset}\n"
    outcome = found.run(assemble(f"{text}rd_mac d=100, accumulate\nhalt", system=params).words)
    assert outcome.fault is None
    inputs, bias = widen(found.sram[:columns]).tolist(), widen(found.sram[10:]).reshape(-1)
    results = found.sram[100:].reshape(-1)
    checked = 0
    for channel in range(params.channels):
        for bank in range(params.banks):
            unit = channel * params.banks + bank
            exact = dot_by_hand(widen(weights[channel, bank]).tolist(), inputs, float(bias[unit]))
            assert found.device.accumulators[channel, bank] == exact
            assert results[unit] == narrow(np.array([exact], np.float32))[0]
            checked += 1
    assert checked == params.units


def test_results_of_other_channels_stay():
    found = Machine(FEW_BANKS)
    found.sram[:] = 7
    for channel in range(4):
        found.device.accumulators[channel] = channel + 1
    text = "mac_ab row=0, n=1\nrd_mac d=5, mask=CH1|CH2\nrd_mac d=6, mask=CH1|CH3, accumulate"
    words = assemble(f"{text}\nhalt", system=FEW_BANKS, checked=False).words
    outcome = found.run(words)
    assert outcome.fault == FAULTS["ACCUMULATOR"]  # channel 1 was cleared
    assert outcome.pc == 2
    assert found.sram[5].tolist() == [7, 7, 0x4000, 0x4000, 0x4040, 0x4040, 7, 7]
    assert found.sram[6].tolist() == [7] * 8
    assert found.device.accumulators[:, 0].tolist() == [1, 0, 0, 4]


@pytest.mark.parametrize("zero", [True, False])
@pytest.mark.parametrize("name", SYSTEMS)
def test_matrix_times_vector(name, zero):
    """VMM with three chunks against float64, and bit for bit against the same written out by hand."""
    params = SYSTEMS[name]
    rng = np.random.default_rng(2)
    columns, slots, gb = 2 * params.gb_words + 3, 2, params.gb_words
    k, n = columns * params.lanes, slots * params.units
    matrix, x, bias = numbers(rng, k, n), numbers(rng, k), numbers(rng, n)
    at = 5 * params.row_cols + 3
    text = f"vmm row=5, col=3, n={columns}, slots={slots}, a=0, d=200, {'zero' if zero else 'b=100'}"
    state = {"sram": x.reshape(columns, params.lanes)}
    machines = []
    by_hand = []
    for first in range(0, columns, gb):
        size = min(gb, columns - first)
        by_hand.append(f"wr_gb a={first}, n={size}")
        for slot in range(slots):
            source = 200 if first else 100
            preset = "zero" if zero and not first else f"a={source + slot * params.slot_words}"
            row, col = divmod(at + slots * first + slot * size, params.row_cols)
            by_hand += [f"wr_bias {preset}", f"mac_ab row={row}, col={col}, n={size}"]
            by_hand.append(f"rd_mac d={200 + slot * params.slot_words}")
    for source in (text, "\n".join(by_hand)):
        found = Machine(params)
        found.sram[:columns] = state["sram"]
        found.sram[100 : 100 + n // params.lanes] = bias.reshape(-1, params.lanes)
        for first in range(0, columns, gb):
            size = min(gb, columns - first)
            for slot in range(slots):
                for unit in range(params.units):
                    part = matrix[first * params.lanes : (first + size) * params.lanes, slot * params.units + unit]
                    place = at + slots * first + slot * size
                    found.device.write(*divmod(unit, params.banks), place, part.reshape(size, params.lanes))
        assert found.run(assemble(f"{source}\nhalt", system=params).words).fault is None
        machines.append(found)
    assert np.array_equal(machines[0].sram, machines[1].sram)
    result = widen(machines[0].sram[200:].reshape(-1)[:n]).astype(np.float64)
    wide = [widen(each).astype(np.float64) for each in (matrix, x, bias)]
    exact = np.zeros(n) if zero else wide[2]
    bound = np.full(n, 1e-4)  # of the sums in single precision
    for first in range(0, k, gb * params.lanes):  # each chunk ends with a rounding to bf16
        exact = exact + wide[1][first : first + gb * params.lanes] @ wide[0][first : first + gb * params.lanes]
        bound += 2**-8 * np.abs(exact)
    assert result.size == n
    assert np.all(np.abs(result - exact) <= bound)


def test_products_beyond_the_range():
    """Overflow, underflow to a zero of the sign, subnormal operands, and infinity times zero."""
    pairs = [(0x7F7F, 0x4000), (0x0080, 0x3F00), (0x8080, 0x3F00), (0x007F, 0x7F7F), (0x7F80, 0x0000), (0xFF80, 0x4000)]
    for (a, b), expected in zip(pairs, [0x7F80, 0, 0, 0, 0x7FC0, 0xFF80], strict=True):
        found = Machine(TINY)
        found.device.write(0, 0, 0, np.array([[a, 0, 0, 0]], np.uint16))
        found.sram[0, 0] = b
        found.run(assemble("wr_gb a=0, n=1\nmac_ab row=0, n=1\nrd_mac d=8\nhalt", system=TINY).words)
        assert found.sram[8, 0] == expected, (a, b)


# --- memory ----------------------------------------------------------------------------------------------------------


def test_columns_go_on_in_the_next_row():
    rng = np.random.default_rng(3)
    data = numbers(rng, 20, 4)
    found = machine(
        "wr_sb bank=2, row=7, col=5, n=20, a=0\nrd_sb mask=CH1, bank=2, row=7, col=5, n=20, d=40", sram=data
    )
    assert np.array_equal(found.sram[40:60], data)
    rows = found.device.rows()
    assert set(rows) == {(channel, row) for channel in (0, 1) for row in (7, 8, 9, 10)}
    assert np.array_equal(rows[0, 8][2], data[3:11])
    assert not rows[0, 8][[0, 1, 3]].any()
    assert not rows[0, 7][2, :5].any()


@pytest.mark.parametrize("name", SYSTEMS)
def test_one_element_of_every_bank(name):
    params = SYSTEMS[name]
    rng = np.random.default_rng(4)
    slot = numbers(rng, params.slot_words, params.lanes)
    lane = params.lanes - 1
    found = machine(
        f"wr_elem row=2, col=1, lane={lane}, a=0, mask=CH0|CH2"
        if params.channels > 2
        else f"wr_elem row=2, col=1, lane={lane}, a=0",
        params,
        sram=slot,
    )
    channels = (0, 2) if params.channels > 2 else (0, 1)
    rows = found.device.rows()
    assert set(rows) == {(channel, 2) for channel in channels}
    for channel in channels:
        mine = slot.reshape(-1)[channel * params.banks : (channel + 1) * params.banks]
        assert np.array_equal(rows[channel, 2][:, 1, lane], mine)
        assert np.count_nonzero(rows[channel, 2]) == np.count_nonzero(mine)


def test_global_buffers():
    rng = np.random.default_rng(5)
    data = numbers(rng, 30, 4)
    found = machine("wr_gb a=0, n=8\nwr_gbx a=10, stride=7, n=3, gb=4\nwr_gb a=20, n=1, mask=CH1, gb=7", sram=data)
    expected = np.array([data[:8], data[:8]])
    expected[0, 4:7], expected[1, 4:7] = data[10:13], data[17:20]
    expected[1, 7] = data[20]
    assert np.array_equal(found.device.buffers, expected)


def test_streams_marks_and_interrupts():
    found = Machine(TINY)
    data = np.arange(24, dtype=np.uint16).reshape(6, 4)
    found.send(data)
    text = "i: loop n=3, d=2, a=2\nin d=8@i, n=2\nout a=9@i, n=1, irq\nmark tag=7\nendl\nhalt irq"
    outcome = found.run(assemble(text, system=TINY).words)
    assert (outcome.fault, outcome.pc, outcome.instructions) == (None, 6, 1 + 3 * 4 + 1)
    assert np.array_equal(found.sram[8:14], data)
    assert np.array_equal(found.outputs, data[1::2])
    assert (found.marks, found.interrupts) == ([7, 7, 7], 4)
    with pytest.raises(IndexError):
        found.run(assemble("in d=0, n=1\nhalt", system=TINY).words)


# --- vectors ---------------------------------------------------------------------------------------------------------


def run_vector(
    name: str, n: int, a: np.ndarray, b: np.ndarray | None = None, *, lanes: int = 4, **values: int
) -> np.ndarray:
    """The result of a vector instruction, the rest of its last word included."""
    params = replace(TINY, vector_lanes=lanes)
    found = Machine(params)
    found.sram.reshape(-1)[: a.size] = a
    if b is not None:
        found.sram.reshape(-1)[2000 : 2000 + b.size] = b
    found.sram[1000:1400] = 0x1234
    flags = ["reg"] if "reg" in values else []
    values.pop("reg", None)
    found.scalars[:2] = values.pop("scalars", 0)
    operands = {"a": 0, "n": n, "d": 1000} | ({"b": 500} if b is not None else {}) | values
    one = instruction(name, *flags, **operands)
    assert found.run([encode(one), encode(instruction("HALT"))]).fault is None
    words = -(-n // params.lanes)
    assert np.all(found.sram[1000 + words : 1400] == 0x1234)
    result = found.sram[1000 : 1000 + words].reshape(-1)
    assert not result[n:].any()  # what is left of the last word is zero
    return result[:n]


@pytest.mark.parametrize("n", [1, 3, 4, 5, 16, 17, 100])
def test_elementwise_against_float64(n):
    rng = np.random.default_rng(n)
    a, b = numbers(rng, n), numbers(rng, n)
    x, y = widen(a).astype(np.float64), widen(b).astype(np.float64)
    cases = {
        "VADD": (x + y, {"b": b}),
        "VSUB": (x - y, {"b": b}),
        "VMUL": (x * y, {"b": b}),
        "VMOV": (x, {}),
        "VEXP": (np.exp(x), {}),
        "VSIG": (1 / (1 + np.exp(-x)), {}),
        "VSILU": (x / (1 + np.exp(-x)), {}),
        "VGELU": (x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3))) / 2, {}),
        "VSCALE": (0.75 * x, {"imm": 0x3F40}),
        "VAXPY": (0.75 * x + y, {"b": b, "imm": 0x3F40}),
    }
    for name, (exact, others) in cases.items():
        second = others.pop("b", None)
        result = widen(run_vector(name, n, a, second, **others)).astype(np.float64)
        assert np.all(np.abs(result - exact) <= 5e-3 * np.maximum(1e-3, np.abs(exact))), name
    assert set(cases) == {name for name, op in INSTRUCTIONS.items() if name[0] == "V" and op.unit == "vector"} - {
        "VGATHER"
    }


def test_factors_from_a_register():
    """Single precision, not bf16: a factor of 1 + 2^-20 shows in the sum."""
    a, b = narrow(np.array([2.0**20] * 4, np.float32)), narrow(np.array([-(2.0**20)] * 4, np.float32))
    exact = run_vector("VAXPY", 4, a, b, imm=1, reg=1, scalars=0x3F80_0008)
    assert widen(exact).tolist() == [1.0] * 4
    assert np.array_equal(run_vector("VSCALE", 4, a, imm=0, reg=1, scalars=0x4000_0000), a + 0x80)


@pytest.mark.parametrize("stride", [0, 1, 3])
def test_gather(stride):
    a = numbers(np.random.default_rng(6), 64)
    assert np.array_equal(run_vector("VGATHER", 9, a, stride=stride), a[np.arange(9) * stride])
    assert np.array_equal(
        run_vector("VGATHER", 9, a, stride=1, reg=1, scalars=0xABC0_0000 | stride), a[np.arange(9) * stride]
    )


def test_numbers_are_moved_not_bits():
    a = np.array([0x0001, 0x8001, 0x7F81, 0xFFFF, 0x8000, 0x7F80, 0x0080], np.uint16)
    moved = [0x0000, 0x8000, 0x7FC0, 0x7FC0, 0x8000, 0x7F80, 0x0080]
    assert run_vector("VMOV", 7, a).tolist() == moved
    assert run_vector("VGATHER", 7, a, stride=1).tolist() == moved


def reduce_by_hand(values: list[float], lanes: int) -> float:
    """The documented order, in plain Python: a tree over each beat, four running sums, a tree over those."""
    running = [0.0] * 4
    for beat, first in enumerate(range(0, len(values), lanes)):
        level = values[first : first + lanes] + [0.0] * (lanes - len(values[first : first + lanes]))
        while len(level) > 1:
            level = [single(level[i] + level[i + 1]) for i in range(0, len(level), 2)]
        running[beat % 4] = single(running[beat % 4] + level[0])
    return single(single(running[0] + running[1]) + single(running[2] + running[3]))


@pytest.mark.parametrize("lanes", [4, 8, 32])
@pytest.mark.parametrize("n", [1, 2, 7, 33, 130, 500])
def test_reductions(n, lanes):
    params = replace(TINY, vector_lanes=lanes)
    rng = np.random.default_rng(n)
    a = narrow((rng.standard_normal(n) * 10.0 ** rng.integers(-3, 4, n)).astype(np.float32))
    text = f"rmax r=r1, a=0, n={n}\nrsum r=r2, a=0, n={n}\nrssq r=r3, a=0, n={n}\nargmax r=r4, a=0, n={n}"
    filled = np.zeros(-(-n // 4) * 4, np.uint16)
    filled[:n] = a
    found = machine(text, params, sram=filled.reshape(-1, 4))
    values = widen(a).tolist()
    results = found.scalars[1:4].view(np.float32).tolist()
    assert results == [
        max(values),
        reduce_by_hand(values, lanes),
        reduce_by_hand([single(v * v) for v in values], lanes),
    ]
    assert found.scalars[4] == values.index(max(values))


def test_greatest_of_special_numbers():
    def of(*bits: int) -> tuple[int, int]:
        a = np.array([*bits] + [0] * (-len(bits) % 4), np.uint16).reshape(-1, 4)
        found = machine(f"rmax r=r0, a=0, n={len(bits)}\nargmax r=r1, a=0, n={len(bits)}", sram=a)
        return int(found.scalars[0]) >> 16, int(found.scalars[1])

    assert of(0xBF80, 0x8000, 0x0000, 0x8000) == (0x0000, 1)  # zeros are equal, and +0
    assert of(0x8000) == (0x0000, 0)
    assert of(0x0001, 0x8001) == (0x0000, 0)  # subnormal numbers are zeros
    assert of(0x3F80, 0x7FC1, 0x7F80, 0xFFFF) == (0x7FC0, 1)  # a NaN beats infinity, the first of them counts
    assert of(0xFF80, 0xFF80) == (0xFF80, 0)
    assert of(0x4000, 0x4040, 0x4040) == (0x4040, 1)


def test_scalar_functions():
    bits = {name: struct.unpack("<I", struct.pack("<f", value))[0] for name, value in (("x", 7.25), ("y", 0.0))}
    text = f"setr r=r1, value={bits['x']}\nsrecip r=r2, s=r1\nsrsqrt r=r3, s=r1\nsrecip r=r4, s=r5\nsrsqrt r=r5, s=r4"
    found = machine(text).scalars.view(np.float32)
    assert found[2] == pytest.approx(1 / 7.25, rel=1e-5)
    assert found[3] == pytest.approx(7.25**-0.5, rel=3e-5)
    assert np.isposinf(found[4])
    assert found[5] == 0


# --- softmax and normalisation ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [*range(1, 18), 128, 500])
def test_softmax(n):
    rng = np.random.default_rng(n)
    a = narrow((4 * rng.standard_normal(n)).astype(np.float32))
    for factor, operands in (
        (1.0, {}),
        (0.125, {"imm": 0x3E00}),
        (0.125, {"imm": 1, "reg": 1, "scalars": 0x3E00_0000}),
    ):
        result = widen(run_vector("SOFTMAX", n, a, lanes=32, **{"imm": 0x3F80} | operands)).astype(np.float64)
        x = factor * widen(a).astype(np.float64)
        exact = np.exp(x - x.max())
        exact /= exact.sum()
        assert np.abs(result - exact).max() <= 5e-3 * exact.max()
        assert abs(result.sum() - 1) <= 4e-3
        likely = exact > 1e-6
        assert (np.abs(result - exact)[likely] <= 6e-3 * exact[likely]).all()


def test_softmax_of_special_vectors():
    def of(*bits: int) -> list[int]:
        return run_vector("SOFTMAX", len(bits), np.array(bits, np.uint16), imm=0x3F80).tolist()

    assert of(0x4120) == [0x3F80]
    assert of(*[0xC2C8] * 8) == [0x3E00] * 8
    assert of(0x3F80, 0x7F80) == [0x7FC0] * 2  # infinity less infinity
    assert of(0xFF80, 0xFF80) == [0x7FC0] * 2
    assert of(0x3F80, 0xFF80) == [0x3F80, 0]
    assert of(0x7FC1, 0x3F80) == [0x7FC0] * 2


def constants(n: int, eps: float = 1e-5) -> tuple[np.float32, np.float32]:
    return np.float32(n * eps), np.float32(1 / n)


def norm(
    name: str, a: np.ndarray, gamma: np.ndarray, beta: np.ndarray | None = None, params: PimParams = TINY
) -> np.ndarray:
    n = len(a)
    eps, share = (int(each.view(np.uint32)) for each in constants(n))
    found = Machine(params)
    flat = found.sram.reshape(-1)
    flat[:n], flat[2400 : 2400 + n] = a, gamma
    more = ""
    if beta is not None:
        flat[4800 : 4800 + n] = beta
        more = f", beta={4800 // params.lanes}"
    b = 2400 // params.lanes
    text = (
        f"setr r=r2, value={eps}\nsetr r=r3, value={share}\n{name} a=0, b={b}{more}, d=0, n={n}, eps=r2, share=r3\nhalt"
    )
    assert found.run(assemble(text, system=params).words).fault is None
    return flat[:n].copy()


@pytest.mark.parametrize("n", [2, 5, 64, 768, 1280])
def test_normalisation_against_float64(n):
    rng = np.random.default_rng(n)
    a = narrow((rng.standard_normal(n) + 3).astype(np.float32))
    a[n // 2] = narrow(np.array([20.0], np.float32))[0]
    gamma, beta = numbers(rng, n), numbers(rng, n)
    x, g, b = (widen(each).astype(np.float64) for each in (a, gamma, beta))
    exact = (x - x.mean()) / np.sqrt(x.var() + 1e-5) * g + b
    result = widen(norm("layernorm", a, gamma, beta))
    assert (np.abs(result - exact) <= 5e-3 * np.maximum(1, np.abs(exact))).all()
    exact = x / np.sqrt((x * x).mean() + 1e-5) * g
    result = norm("rmsnorm", a, gamma)
    assert (np.abs(widen(result) - exact) <= 5e-3 * np.maximum(1, np.abs(exact))).all()
    assert np.array_equal(result, library_rmsnorm(a, gamma, 1e-5, TINY.vector_lanes))


@pytest.mark.parametrize("n", [1, 3, 5, 7, 48, 768, 1000])
@pytest.mark.parametrize("value", [0.0, 1.0, 3.140625, -255.0, 1e4, 1e20, 3e-30])
def test_a_constant_vector_gives_beta(n, value):
    """Exactly, whatever the rounding of 1 / n does to a sum."""
    beta = numbers(np.random.default_rng(n), n)
    beta[n // 2] = 0
    a = np.full(n, narrow(np.array([value], np.float32))[0], np.uint16)
    assert np.array_equal(norm("layernorm", a, np.full(n, 0x3F80, np.uint16), beta), beta)


# --- programs --------------------------------------------------------------------------------------------------------


def unroll(params: PimParams, code: list[Instruction], moved: tuple = ()) -> list[Instruction]:
    """A program without its loops: an independent way to the same addresses."""
    listing, index = [], 0
    while index < len(code):
        one = code[index]
        if one.op.name != "LOOP":
            listing.append(replace(advanced(params, one, moved), advance=0))
            index += 1
            continue
        depth, end = 1, index
        while depth:
            end += 1
            depth += (code[end].op.name == "LOOP") - (code[end].op.name == "ENDL")
        for turn in range(one["n"]):
            here = {key: turn * by for key, by in steps(params, one).items()}
            listing += unroll(params, code[index + 1 : end], (*moved, here))
        index = end + 1
    return listing


def start(params: PimParams, rng: np.random.Generator, words: int) -> Machine:
    """A machine with something everywhere a random program looks."""
    found = Machine(params)
    found.sram[:] = random_elements(rng, found.sram.shape)
    found.scalars[:] = rng.standard_normal(16).astype(np.float32).view(np.uint32)
    found.device.buffers[:] = random_elements(rng, found.device.buffers.shape)
    for channel in range(params.channels):
        for bank in range(params.banks):
            found.device.write(channel, bank, 0, random_elements(rng, (6 * params.row_cols, params.lanes)))
    found.send(random_elements(rng, (words, params.lanes)))
    return found


def state(found: Machine) -> list[Any]:
    rows = found.device.rows()
    arrays = [
        found.sram,
        found.scalars,
        found.device.buffers,
        found.device.accumulators.view(np.uint32),
        *rows.values(),
    ]
    return [
        list(rows),
        found.marks,
        [word.tolist() for word in found.outputs],
        len(found.inputs),
        *map(np.ndarray.tolist, arrays),
    ]


@pytest.mark.parametrize("name", SYSTEMS)
@pytest.mark.parametrize("seed", range(12))
def test_random_programs_without_their_loops(name, seed):
    """A program and its unrolled form leave the same state; systems of other shapes included."""
    print(f"seed {seed}")
    params = SYSTEMS[name]
    made = random_program(params, np.random.default_rng(seed), 30)
    assert check(made.program) == []
    code = [one for one in made.program.instructions if one is not None]
    plain = Program.of(params, unroll(params, code))
    machines = [start(params, np.random.default_rng(seed + 1000), made.input_words) for _ in range(2)]
    before = state(machines[0])
    outcomes = [found.run(each.words) for found, each in zip(machines, (made.program, plain), strict=True)]
    assert [outcome.fault for outcome in outcomes] == [None, None]
    assert state(machines[0]) == state(machines[1]) != before
    assert not machines[0].inputs


ATTENTION = """
# One head of attention over TOKENS tokens, keys and values written token by token; head of 8 elements.
.const q = 0              # 2 words
.const k = 10             # 2 words a token
.const v = 100            # a slot (8 elements) a token
.const scores = 300
.const keys = 4           # rows: token t is a column pair of unit t % UNITS
.const values = 20        # row: element j of the head is unit j, token t its lane t
"""


def test_attention():
    """K as bursts to one bank each, V element by element, scores, softmax and the sum of values, against float64."""
    tokens, d = 13, 8
    rng = np.random.default_rng(9)
    q, keys, values = numbers(rng, d), numbers(rng, tokens, d), numbers(rng, tokens, d)
    lines = [ATTENTION]
    for t in range(tokens):
        channel, bank = divmod(t % TINY.units, TINY.banks)
        col, lane = divmod(t, TINY.lanes)
        lines.append(f"wr_sb mask=CH{channel}, bank={bank}, row=keys, col={2 * (t // TINY.units)}, n=2, a=k+{2 * t}")
        lines.append(f"wr_elem row=values, col={col}, lane={lane}, a=v+{2 * t}")
    lines.append("wr_gb a=q, n=2")
    for slot in range(2):
        lines += [f"mac_ab row=keys, col={2 * slot}, n=2", f"rd_mac d=scores+{slot}*SLOT_WORDS"]
    lines += [f"softmax a=scores, d=scores, n={tokens}, imm=0.25", "wr_gb a=scores, n=4"]
    lines += ["mac_ab row=values, n=4", "rd_mac d=400"]
    found = Machine(TINY)
    found.sram[:2] = q.reshape(2, 4)
    found.sram[10 : 10 + 2 * tokens] = keys.reshape(-1, 4)
    found.sram[100 : 100 + 2 * tokens] = values.reshape(-1, 4)
    assert found.run(assemble("\n".join([*lines, "halt"]), system=TINY).words).fault is None
    wide = [widen(each).astype(np.float64) for each in (q, keys, values)]
    weights = np.exp(0.25 * (wide[1] @ wide[0]))
    exact = weights / weights.sum() @ wide[2]
    result = widen(found.sram[400:402].reshape(-1))
    assert np.abs(result - exact).max() < 2e-2


# --- faults ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "fault", "pc"),
    [
        (".word 0", "OPCODE", 1),
        ("endl", "LOOP", 1),
        ("loop n=1\nloop n=1\nloop n=1\nendl\nendl\nendl", "LOOP", 3),
        ("loop n=1, col=8\nendl", "LOOP", 1),
        ("loop n=0\nendl", "OPERAND", 1),
        ("pre_ab mask=0", "MASK", 1),
        ("pre_ab mask=4", "MASK", 1),
        ("rd_sb bank=0, row=0, n=1, d=0", "MASK", 1),
        ("pre bank=4", "OPERAND", 1),
        ("vexp a=0, d=0, n=0", "OPERAND", 1),
        ("vexp a=2047, d=0, n=5", "SRAM", 1),
        ("act_ab row=64", "ROW", 1),
        ("wr_gb a=0, n=9", "BUFFER", 1),
        ("vexp a=0, d=1, n=8", "OVERLAP", 1),
        ("rd_mac d=0", "ACCUMULATOR", 1),
        ("wr_bias zero\nrd_mac d=0\nrd_mac d=0", "ACCUMULATOR", 3),
        ("nop", "PROGRAM", 2),
        ("mac_ab mask=0, row=64, n=9", "MASK", 1),  # the first of several
        ("setr r=r3, value=0\nvmm row=0, n=1, slots=r3, a=0, d=8, zero", "OPERAND", 2),
        ("setr r=r3, value=600\nvmm row=0, n=1, slots=r3, a=0, d=8, zero", "ROW", 2),
        ("setr r=r3, value=3000\nvgather a=0, d=1000, n=5, stride=r3", "SRAM", 2),
        ("i: loop n=3, a=1000\nout a=100@i, n=1\nendl", "SRAM", 2),
    ],
)
def test_every_fault(text, fault, pc):
    """The program stops at the instruction, and what came before it has been done."""
    found = Machine(TINY)
    outcome = found.run(assemble(f"mark tag=5\n{text}", system=TINY, checked=False).words)
    assert (outcome.fault, outcome.pc) == (FAULTS[fault], pc)
    assert found.marks == [5]
    # It recovers: another program runs, on what is there.
    assert found.run(assemble("mark tag=6\nhalt", system=TINY).words).fault is None
    assert found.marks == [5, 6]


def test_faults_are_all_there():
    faults = {case[1] for case in test_every_fault.pytestmark[0].args[1]}
    assert faults == set(FAULTS)


@pytest.mark.parametrize("seed", range(60))
def test_what_the_machine_faults_on_the_checker_had_found(seed):
    """Random programs with one bit flipped. Only what comes from a scalar register can escape the checker."""
    print(f"seed {seed}")
    rng = np.random.default_rng(seed)
    words = random_program(TINY, rng, 15).program.words
    for _ in range(8):
        index, bit = int(rng.integers(len(words))), int(rng.integers(128))
        flipped = words[index] ^ 1 << bit
        trial = Program(TINY, (*words[:index], flipped, *words[index + 1 :]))
        code = trial.instructions
        if np.prod([one["n"] for one in code if one is not None and one.op.name == "LOOP"]) > 300:
            continue
        found = Machine(TINY)
        found.send(np.zeros((100000, 4), np.uint16))
        outcome = found.run(trial.words)
        if outcome.fault is not None and not check(trial):
            blamed = code[outcome.pc]
            assert blamed is not None
            assert blamed.op.name in ("VMM", "VGATHER")
            assert "reg" in blamed.flags


def test_other_orders_of_summation_show():
    """The comparison is sharp: sums in a chain, or over beats of another width, come out different."""
    differ = 0
    for seed in range(16):
        rng = np.random.default_rng(seed)
        weights, inputs = random_elements(rng, (8, 4)), random_elements(rng, (8, 4))
        found = Machine(TINY)
        found.device.write(0, 0, 0, weights)
        found.device.buffers[0] = inputs
        found.device.multiply_accumulate([0], 0, 8, 0)
        assert found.device.accumulators[0, 0] == dot_by_hand(widen(weights).tolist(), widen(inputs).tolist(), 0.0)
        chain = np.float32(0)
        for product in (widen(weights) * widen(inputs)).reshape(-1):
            chain += product
        differ += chain != found.device.accumulators[0, 0]
        long = random_elements(rng, (500,))
        differ += vector.sums(long, 4)[0] != vector.sums(long, 8)[0]
    assert differ >= 16
