"""The golden model of vectors as int8 with a common scale, and of columns that are written byte by byte."""

from __future__ import annotations

import numpy as np
import pytest

from gen.pim.assemble import assemble
from gen.pim.elements import numbers as values_of
from gen.pim.program import Program
from hdl.params import ConfigError
from hdl.params.pim import PimParams, instruction, violations
from sim_tb.golden.pim import Footprint, Machine
from sim_tb.golden.pim.quantise import packed, quantised
from tests.pim.machines import ALL_AT_ONCE, ONLY_INT8, TINY, WIDE_INT8, numbers

SYSTEMS = {"all at once": ALL_AT_ONCE, "only int8": ONLY_INT8, "wide int8": WIDE_INT8}
EVERY = np.arange(1 << 16, dtype=np.uint16)
LEAST = 2.0**-126


#: A bf16 number that is no subnormal one is an integer of this.
GRAIN = 2.0**-133


def exact(bits: int) -> float | None:
    """A bf16 number; None for infinities and NaNs, 0 for what counts as zero."""
    exponent, fraction = bits >> 7 & 0xFF, bits & 0x7F
    if exponent == 255:
        return None
    return (-1) ** (bits >> 15) * (128.0 + fraction) * 2.0 ** (exponent - 134) if exponent else 0.0


def reference(vector: list[int]) -> tuple[list[int], float | None]:
    """Integers and scale by the words of the reference, exact in doubles; None is NaN."""
    found = [exact(bits) for bits in vector]
    if None in found:
        return [0] * len(vector), None
    digits = int(max(abs(each) for each in found) / GRAIN).bit_length()
    scale = GRAIN * 2.0 ** max(digits - 7, 7)
    return [max(-127, min(127, round(each / scale))) for each in found], scale


@pytest.mark.parametrize("greatest", [0x3F80, 0x42FF, 0xC2FE, 0x0080, 0x03FF, 0x7F7F, 0x0000, 0x7F80, 0xFFC1])
def test_every_number_beside_a_fixed_one(greatest):
    """All 65,536 of them: 1, 127.5 and -127, the least and the greatest, zero, an infinity, a NaN."""
    for bits in range(1 << 16) if greatest == 0x42FF else range(greatest & 15, 1 << 16, 16):
        integers, scale = quantised(np.array([bits, greatest], np.uint16))
        assert (integers.tolist(), exact(scale)) == reference([bits, greatest])


def test_scales():
    """Powers of two from 2^-126 on: the greatest magnitude is 64 to 127.5 times the scale, or as much as there is."""
    for bits in EVERY:
        (integer,), scale = quantised(np.array([bits]))
        value, step = exact(int(bits)), exact(scale)
        if value is None:
            assert (integer, scale) == (0, 0x7FC0)
            continue
        assert step is not None
        assert scale & 0x807F == 0
        assert step == LEAST or 64 <= abs(value) / step < 128
        assert abs(value - int(integer) * step) <= step / 2
        assert -127 <= integer <= 127


@pytest.mark.parametrize("name", SYSTEMS)
@pytest.mark.parametrize("n", [1, 2, 3, 7, 8, 9, 31, 32, 33, 100])
def test_vectors(name, n):
    """Bytes in their order, what is left is zero; the scale has a word of its own."""
    params, rng = SYSTEMS[name], np.random.default_rng(n)
    found = Machine(params)
    found.sram[:] = 0x7FFF
    vector = numbers(rng, n)
    found.sram.reshape(-1)[:n] = vector
    program = assemble(f"vquant a=0, scale=200, d=300, n={n}\nhalt", system=params)
    assert found.run(program.words).fault is None
    integers, scale = reference(vector.tolist())
    words = -(-n // (2 * params.lanes))
    left = found.sram[300 : 300 + words].astype("<u2").tobytes()
    assert list(np.frombuffer(left, np.int8)) == integers + [0] * (2 * params.lanes * words - n)
    assert exact(int(found.sram[200, 0])) == scale
    assert not found.sram[200, 1:].any()
    assert (found.sram[[199, 201, 299, 300 + words]] == 0x7FFF).all()


def test_in_place():
    """The integers where the vector begins; the scale anywhere in it."""
    rng = np.random.default_rng(4)
    vector = numbers(rng, 40)
    for scale in (9, 20):
        found = Machine(ALL_AT_ONCE)
        found.sram.reshape(-1)[:40] = vector
        program = assemble(f"vquant a=0, scale={scale}, d=0, n=40\nhalt", system=ALL_AT_ONCE)
        assert found.run(program.words).fault is None
        integers, factor = quantised(vector)
        assert (found.sram[:5].reshape(-1) == packed(integers)).all()
        assert found.sram[scale].tolist() == [factor, 0, 0, 0]


@pytest.mark.parametrize("name", SYSTEMS)
def test_values_of_a_token_go_to_its_byte(name):
    """VQUANT's output, slot by slot: dimension j is byte j, in unit j mod units, at the byte of the token."""
    params, rng = SYSTEMS[name], np.random.default_rng(1)
    found = Machine(params)
    before = rng.integers(0, 1 << 16, (params.banks, params.row_cols, params.lanes)).astype(np.uint16)
    for channel in range(params.channels):
        for bank in range(params.banks):
            found.device.write(channel, bank, 0, before[bank])
    slots, vector = 5, numbers(rng, 5 * params.units)
    found.sram.reshape(-1)[: len(vector)] = vector
    everyone, byte = (1 << params.channels) - 1, 2 * params.lanes - 1
    code = [instruction("VQUANT", a=0, scale=60, d=64, n=len(vector))]
    for slot in range(slots):
        word, half = divmod(slot * params.slot_words, 2)
        code.append(instruction("WR_BYTE", mask=everyone, row=0, col=slot, byte=byte, a=64 + word, half=half))
    assert found.run(Program.of(params, [*code, instruction("HALT")]).words).fault is None
    integers, _ = quantised(vector)
    for unit in range(params.units):
        channel, bank = divmod(unit, params.banks)
        columns = found.device.read(channel, bank, 0, params.row_cols)
        bytes_now = columns.astype("<u2").view(np.int8).reshape(params.row_cols, -1)
        expected = before[bank].astype("<u2").view(np.int8).reshape(params.row_cols, -1).copy()
        expected[:slots, byte] = integers[unit :: params.units]
        assert (bytes_now == expected).all()


def test_a_cache_of_int8_is_multiplied():
    """Keys row by row, values column by column, by MAC_AB of int8: what the integers times the scale give."""
    params, rng = ALL_AT_ONCE, np.random.default_rng(2)
    found = Machine(params)
    key, query = numbers(rng, 16), numbers(rng, 16)
    found.sram.reshape(-1)[:16], found.sram[8:12] = key, query.reshape(4, 4)
    text = """
        vquant a=0, scale=20, d=16, n=16
        wr_sb  mask=CH0, bank=1, row=0, n=2, a=16
        wr_sb  mask=CH0, bank=1, row=0, col=2, n=1, a=20
        wr_gb  a=8, n=4
        mac_ab row=0, n=2, int8
        scale_ab row=0, col=2, lane=0, acc=0, to=1
        halt"""
    assert found.run(assemble(text, system=params).words).fault is None
    integers, scale = reference(key.tolist())
    assert scale is not None
    factors = values_of(query).astype(np.float64)
    wanted = sum(a * b for a, b in zip(integers, factors, strict=True)) * scale
    assert found.device.accumulators[0, 1, 1] == pytest.approx(wanted, rel=1e-5)
    # As near to the product with the key itself as steps of the scale allow.
    assert abs(wanted - values_of(key).astype(np.float64) @ factors) <= scale / 2 * np.abs(factors).sum()


def faults(params: PimParams, name: str, **values: int) -> list[str]:
    return [
        f"{each.fault.name} {each.operand}: {each.message}" for each in violations(params, instruction(name, **values))
    ]


@pytest.mark.parametrize(
    ("name", "good", "bad", "message"),
    [
        (
            "VQUANT",
            {"n": 16, "scale": 99, "d": 0},
            {"d": 1},
            "OVERLAP d: must begin where 'a' begins, or not overlap it",
        ),
        ("VQUANT", {"n": 16, "scale": 102, "d": 100}, {"scale": 101}, "OVERLAP scale: must not overlap 'd'"),
        ("VQUANT", {"n": 17, "scale": 103, "d": 100}, {"scale": 102}, "OVERLAP scale: must not overlap 'd'"),
        ("VQUANT", {"n": 16, "scale": 99, "d": 100}, {"scale": 100}, "OVERLAP scale: must not overlap 'd'"),
        ("VQUANT", {"n": 16, "scale": 2047, "d": 2045}, {"d": 2047}, "SRAM d: words 2047 to 2048 go beyond"),
        ("VQUANT", {"n": 16, "scale": 2047, "d": 100}, {"scale": 2048}, "SRAM scale: words 2048 to 2048 go beyond"),
        ("VQUANT", {"n": 1, "scale": 99, "d": 100}, {"n": 0}, "OPERAND n: a count must be at least 1, not 0"),
        ("WR_BYTE", {"byte": 7}, {"byte": 8}, "OPERAND byte: the last byte is 7, not 8"),
        ("WR_BYTE", {"byte": 7, "half": 1}, {"half": 2}, "OPERAND half: the last half is 1, not 2"),
        ("WR_BYTE", {"byte": 0, "a": 2047}, {"half": 1}, "SRAM a: words 2047 to 2048 go beyond"),
        ("WR_BYTE", {"byte": 0, "col": 7}, {"col": 8}, "OPERAND col: the last col is 7, not 8"),
        ("WR_BYTE", {"byte": 0, "row": 63}, {"row": 64}, "ROW row: columns 512 to 512 go beyond a bank"),
        ("WR_BYTE", {"byte": 0}, {"mask": 4}, "MASK mask: channel 2 takes part"),
    ],
)
def test_at_the_limit_and_beyond(name, good, bad, message):
    good = {"a": 0} | ({"mask": 3, "row": 0} if name == "WR_BYTE" else {}) | good
    assert faults(ALL_AT_ONCE, name, **good) == []
    assert any(each.startswith(message) for each in faults(ALL_AT_ONCE, name, **(good | bad)))


def test_only_with_int8():
    for text in ("vquant a=0, scale=1, d=2, n=4", "wr_byte row=0, byte=0, a=0"):
        assert assemble(f"{text}\nhalt", system=ALL_AT_ONCE)
        with pytest.raises(ConfigError, match="there is no such instruction in a system without int8"):
            assemble(f"{text}\nhalt", system=TINY)


def test_a_scale_that_comes_to_its_integers_in_a_loop():
    """The assembler finds it in any iteration."""
    text = "i: loop n=4, b=1, d=1\nvquant a=0, scale=10@i, d={}@i, n=8\nendl i\nhalt"
    assert assemble(text.format(11), system=ALL_AT_ONCE)
    still = text.replace("@i, d", ", d")
    with pytest.raises(ConfigError, match="must not overlap 'd'"):
        assemble(still.format(8), system=ALL_AT_ONCE)


def test_what_is_read():
    """Only the words with bytes of the channels that take part."""
    found = Machine(ALL_AT_ONCE)
    found.footprint = Footprint(ALL_AT_ONCE)
    assert (
        found.run(assemble("wr_byte mask=CH1, row=0, byte=0, a=5, half=1\nhalt", system=ALL_AT_ONCE).words).fault
        is None
    )
    assert [(stray.space, stray.first, stray.count) for stray in found.footprint.strays] == [("SRAM", 6, 1)]
