"""The golden model: vectors against float64, and reductions in their documented order."""

from __future__ import annotations

import math
import struct
from dataclasses import replace

import numpy as np
import pytest

from gen.pim.assemble import assemble
from hdl.params.pim import INSTRUCTIONS, PimParams, encode, instruction
from sim_tb.golden.float import gelu, gelue, narrow, widen
from sim_tb.golden.pim import Machine
from tests.pim.machines import TINY, machine, numbers, single

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
        "VMADD": (x * y + x, {"b": b, "c": 0}),
        "VGELUE": (np.array([v * math.erfc(-v / math.sqrt(2)) / 2 for v in x]), {}),
        "VRELU": (np.maximum(x, 0), {}),
    }
    for name, (exact, others) in cases.items():
        second = others.pop("b", None)
        result = widen(run_vector(name, n, a, second, **others)).astype(np.float64)
        assert np.all(np.abs(result - exact) <= 5e-3 * np.maximum(1e-3, np.abs(exact))), name
    elsewhere = {"VGATHER", "VQUANT"}
    known = {name for name, op in INSTRUCTIONS.items() if name[0] == "V" and op.unit == "vector"}
    assert set(cases) | elsewhere == known


def test_a_product_is_rounded_before_the_sum():
    """(1 + 2^-7) (1 + 2^-7)... squared numbers of 8 bits are exact, and what a sum takes away shows the rounding."""
    a = narrow(np.array([1.0078125, -3.0, 2.0**-100, 2.0**120], np.float32))
    c = narrow(np.array([-1.015625, 9.0, 1.0, -np.inf], np.float32))
    found = Machine(TINY)
    found.sram[0], found.sram[1] = a, c
    assert found.run(assemble("vmadd a=0, b=0, c=1, d=2, n=4\nhalt", system=TINY).words).fault is None
    assert np.isnan(widen(found.sram[2:3])[0, 3])  # the product is infinite
    assert widen(found.sram[2])[:3].tolist() == [2.0**-14, 18.0, 1.0]


def test_gelu_with_the_error_function():
    """All bf16 numbers: far nearer to float64 than the tanh form, which is 4.7e-4 away."""
    every = np.arange(1 << 16, dtype=np.uint16)
    x = widen(every)
    finite = np.isfinite(x)
    exact = np.array([v * math.erfc(-v / math.sqrt(2)) / 2 for v in x[finite].astype(np.float64)])
    error = np.abs(gelue(x)[finite] - exact) / np.maximum(1, np.abs(exact))
    assert error.max() < 3e-5
    tanh = np.abs(gelu(x)[finite] - exact) / np.maximum(1, np.abs(exact))
    assert tanh.max() > 10 * error.max()
    assert gelue(x[0x7F80:0x7F81]).tolist() == [np.inf]
    assert np.isnan(gelue(x[[0xFF80, 0x7FC0]])).all()


def test_relu_of_all_numbers():
    every = np.arange(1 << 16, dtype=np.uint16)
    subnormal, nan = every & 0x7F80 == 0, (every & 0x7FFF) > 0x7F80
    exact = np.where(nan, 0x7FC0, np.where((every >> 15 == 1) | subnormal, 0, every))
    params = replace(TINY, sram_words=1 << 16)
    found = Machine(params)
    found.sram[: 1 << 14] = every.reshape(-1, 4)
    found.run([encode(instruction("VRELU", a=0, d=1 << 14, n=1 << 16)), encode(instruction("HALT"))])
    assert np.array_equal(found.sram[1 << 14 : 1 << 15].reshape(-1), exact)


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


NAN, INFINITY = 0x7FC0_0000, 0x7F80_0000


@pytest.mark.parametrize(
    ("kept", "found", "taken"),
    [
        (0x3F80_0000, 0x3F80_0001, True),
        (0x3F80_0001, 0x3F80_0000, False),
        (0x3F80_0000, 0x3F80_0000, False),
        (0xC000_0000, 0xBF80_0000, True),
        (0xBF80_0000, 0xC000_0000, False),
        (0xBF80_0000, 0x0000_0000, True),
        (0x8000_0000, 0x0000_0000, False),  # zeros are equal
        (0x0000_0000, 0x0000_0001, False),  # and subnormal numbers are zeros
        (0x8000_0001, 0x0080_0000, True),
        (INFINITY | 1 << 31, 0xFF7F_FFFF, True),
        (INFINITY, INFINITY, False),
        (INFINITY, NAN, True),
        (INFINITY, 0xFF80_0001, True),
        (NAN, INFINITY, False),
        (NAN, NAN, False),  # the first one stays, as in ARGMAX
    ],
)
def test_the_greater_of_two_numbers(kept, found, taken):
    after = machine(
        f"setr r=r4, value={kept}\nsetr r=r5, value=7\nsetr r=r8, value={found}\nsetr r=r9, value=0xFFFFFFFF\n"
        "skeep r=r4, s=r8, value=0x30001"
    ).scalars
    assert after[4:6].tolist() == ([found, 0x30000] if taken else [kept, 7])
    assert after[8:10].tolist() == [found, 0xFFFFFFFF]


def test_the_greatest_of_pieces():
    """RMAX, ARGMAX and SKEEP over pieces give what they give over the whole."""
    rng = np.random.default_rng(3)
    for nans in ([], [37], [20, 90]):
        a = numbers(rng, 100)
        a[nans] = 0x7FC0
        lines = ["setr r=r0, value=-inf"]
        for piece in range(5):
            words = f"a={5 * piece}, n=20"
            lines += [f"rmax r=r2, {words}", f"argmax r=r3, {words}", f"skeep r=r0, s=r2, value={20 * piece}"]
        lines += ["rmax r=r4, a=0, n=100", "argmax r=r5, a=0, n=100"]
        after = machine("\n".join(lines), sram=a.reshape(-1, 4)).scalars
        assert after[:2].tolist() == after[4:6].tolist()


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


@pytest.mark.parametrize("n", [1, 2, 5, 17, 64, 768, 1280, 1600, 2048])
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


@pytest.mark.parametrize("n", [1, 3, 5, 7, 48, 768, 1000])
@pytest.mark.parametrize("value", [0.0, 1.0, 3.140625, -255.0, 1e4, 1e20, 3e-30])
def test_a_constant_vector_gives_beta(n, value):
    """Exactly, whatever the rounding of 1 / n does to a sum."""
    beta = numbers(np.random.default_rng(n), n)
    beta[n // 2] = 0
    a = np.full(n, narrow(np.array([value], np.float32))[0], np.uint16)
    assert np.array_equal(norm("layernorm", a, np.full(n, 0x3F80, np.uint16), beta), beta)
