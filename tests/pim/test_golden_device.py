"""The golden model: dot products against plain Python, memory, global buffers and streams."""

from __future__ import annotations

import numpy as np
import pytest

from gen.pim.assemble import assemble
from hdl.params.pim import FAULTS
from sim_tb.golden.float import narrow, widen
from sim_tb.golden.pim import Machine, vector
from sim_tb.pim.bench.programs import random_elements
from tests.pim.machines import FEW_BANKS, SYSTEMS, TINY, machine, numbers, single

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
            assert found.device.accumulators[channel, 0, bank] == exact
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
    assert found.device.accumulators[:, 0, 0].tolist() == [1, 0, 0, 4]


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
        assert found.device.accumulators[0, 0, 0] == dot_by_hand(widen(weights).tolist(), widen(inputs).tolist(), 0.0)
        chain = np.float32(0)
        for product in (widen(weights) * widen(inputs)).reshape(-1):
            chain += product
        differ += chain != found.device.accumulators[0, 0, 0]
        long = random_elements(rng, (500,))
        differ += vector.sums(long, 4)[0] != vector.sums(long, 8)[0]
    assert differ >= 16


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
