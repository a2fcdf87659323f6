"""Every rounding and every rule, broken one at a time, must fail the comparison with the golden model."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from hdl.arith.float.passes import CONSTANTS
from hdl.lib.shared import Part
from sim_tb.golden import float as golden
from sim_tb.golden.float.functions import split
from tests.golden.float.numbers import fp32_pairs
from tests.hdl.simulate import run

#: Zeros, a subnormal number, the least and the greatest normal ones, infinities, NaN, and one.
CORNERS = np.array(
    [
        *(0x00000000, 0x80000000, 0x00400000, 0x00800000, 0x80800001, 0x7F7FFFFF, 0xFF7FFFFF),
        *(0x7F800000, 0xFF800000, 0x7FC00000, 0x3F800000, 0x40000000),
    ],
    np.uint32,
)
Words = np.ndarray


def mutate(name: str, old: str, new: str) -> ModuleType:
    """A module of ``hdl.arith.float`` with one piece of its source changed."""
    original = importlib.import_module(f"hdl.arith.float.{name}")
    source = Path(str(original.__file__)).read_text()
    assert source.count(old) == 1, f"{name} holds {source.count(old)} times {old!r}"
    changed = ModuleType(original.__name__)
    changed.__file__ = original.__file__
    exec(compile(source.replace(old, new), f"{name} with {new!r}", "exec", dont_inherit=True), changed.__dict__)
    return changed


@cache
def operands(name: str) -> tuple[Words, Words]:
    """Pairs for a unit: all of the special ones, ties, ordinary ones, and ones near the ends of the range."""
    rng = np.random.default_rng(13)
    special = [each.ravel() for each in np.meshgrid(CORNERS, CORNERS)]
    ordinary = rng.standard_normal((2, 100)).astype(np.float32).view(np.uint32)
    odd = 2 * rng.integers(-(1 << 17), 1 << 17, 60) + 1
    near_one = 0x3F800000 + rng.integers(0, 64, 60)
    if name == "split":
        ordinary[0] = (100 * rng.standard_normal(100)).astype(np.float32).view(np.uint32)
        ties = (odd[:60] % 256 / 2).astype(np.float32).view(np.uint32), near_one
    elif name == "offset":
        ties = np.ldexp(odd.astype(np.float64), -19).astype(np.float32).view(np.uint32), near_one
        ties[0][:20] = (
            np.ldexp(np.array([3.0, -3, 5, -5] * 5), -19).astype(np.float32).view(np.uint32) + 1
        )  # and a little more
    elif name == "narrow":
        ties = rng.integers(0x3F80, 0x4080, 60) << 16 | 0x8000, near_one
    elif name == "add":
        # Half of the last place of 1, and a little more.
        ties = near_one, rng.choice([0x33800000, 0x33800001, 0x2F800000, 0xB3800000], 60)
    else:
        ties = near_one, np.full(60, 0x3FC00000)  # half of the odd ones times 1.5
    groups = special, ties, ordinary, fp32_pairs(rng, 300)
    x, y = (np.concatenate(each).astype(np.uint32) for each in zip(*groups, strict=True))
    if name == "split":
        x = golden.bits(golden.flush(golden.floats(x)))
    if name == "offset":
        x = np.where(np.abs(golden.floats(x)) <= 0.5, x, np.uint32(0))
        x = golden.bits(golden.flush(golden.floats(x)))
    return x, y


def simulate(part: Part, latency: int, inputs: dict[str, Words], outputs: tuple[str, ...]) -> dict[str, Words]:
    """The outputs of a part, a set of inputs a cycle."""
    found: dict[str, list[int]] = {name: [] for name in outputs}

    async def process(ctx) -> None:
        ctx.set(part.en, (1 << len(part.en)) - 1)
        count = len(inputs["x" if "x" in inputs else "t"])
        for i in range(count + latency):
            for name, values in inputs.items():
                ctx.set(getattr(part, name), int(values[min(i, count - 1)]))
            if i >= latency:
                for name in outputs:
                    found[name].append(ctx.get(getattr(part, name)))
            await ctx.tick()

    run(part, process)
    return {name: np.array(values) for name, values in found.items()}


def agrees(name: str, modules: dict[str, ModuleType]) -> bool:
    """Whether a unit, built from these modules, gives what the golden model gives."""
    x, y = operands(name)
    a, b = golden.floats(x), golden.floats(y)
    unit = modules.get(name) or importlib.import_module(f"hdl.arith.float.{name}")
    if name == "split":
        found = simulate(unit.Split(1), 1, {"t": x, "takes_integer": np.ones(len(x), int)}, ("rest", "scale"))
        integer, rest = split(a)
        return bool((found["rest"] == golden.bits(rest)).all() and (found["scale"] == integer & 0x3FF).all())
    expected, part = {
        "add": lambda: (golden.bits(golden.add(a, b)), unit.Adder(latency=1)),
        "multiply": lambda: (golden.bits(golden.multiply(a, b)), unit.Multiplier(latency=1)),
        "narrow": lambda: (golden.narrow(a), unit.Narrow()),
        "offset": lambda: (
            golden.bits(golden.add(a, np.float32(golden.floats(np.array(CONSTANTS["power_c"]))))),
            unit.Offset(CONSTANTS["power_c"], 1),
        ),
    }[name]()
    inputs = {"x": x, "y": y} if name in ("add", "multiply") else {"x": x}
    return bool((simulate(part, 1, inputs, ("o",))["o"] == expected).all())


UNITS = ("add", "multiply", "narrow", "split", "offset")
UP = "return below[-1] & (below[:-1].any() | last) if len(below) > 1 else below[-1] & last"
#: What is broken: the module, the source text, its replacement, and the units that must notice.
MUTATIONS: dict[str, tuple[str, str, str, tuple[str, ...]]] = {
    "truncation": ("fields", UP, "return Const(0, 1)", ("add", "multiply", "narrow", "offset")),
    "ties away from zero": ("fields", UP, "return below[-1]", ("add", "multiply", "narrow", "offset")),
    "ties to odd": ("fields", UP, UP.replace("last", "~last"), ("add", "multiply", "narrow", "offset")),
    "ties down": ("fields", UP, "return below[-1] & below[:-1].any()", ("add", "multiply", "narrow", "offset")),
    "no sticky bit in products": ("fields", "below[:-1].any() |", "below[-2] |", ("multiply", "narrow")),
    "no sticky bit in sums": ("add", "small=Cat(sticky, aligned)", "small=Cat(Const(0, 1), aligned)", ("add",)),
    "far operands": ("fields", "value & ~far.replicate(len(value))", "value", ("add", "offset")),
    "no sticky bit in offsets": ("offset", "sticky | aligned", "aligned", ("offset",)),
    "no round bit": ("add", "BELOW = 3", "BELOW = 2", ("add",)),
    "no flush of results": ("fields", "zero | (low & ~infinite)", "zero", ("add", "multiply")),
    "subnormal operands": ("fields", "Cat(self.fraction, ~self.zero)", "Cat(self.fraction, Const(1, 1))", ("add",)),
    "subnormal factors": ("fields", "self.zero.eq(~self.exponent.any())", "self.zero.eq(0)", ("multiply",)),
    "no infinity": ("fields", "infinite | (high & ~zero)", "infinite", ("add", "multiply")),
    "no NaN": (
        "fields",
        "            nan,\n            form.nan",
        "            Const(0, 1),\n            form.nan",
        UNITS[:3],
    ),
    "infinity less infinity": ("add", " | (x.infinite & y.infinite & (x.sign ^ y.sign))", "", ("add",)),
    "infinity times zero": ("multiply", "x.nan | y.nan | (infinite & zero)", "x.nan | y.nan", ("multiply",)),
    "sign of a zero sum": ("add", "Mux(nothing, s3.both_minus, s3.sign)", "s3.sign", ("add",)),
    "integers towards zero": ("split", "up.eq(below[-1] & ~s1.keep)", "up.eq(0)", ("split",)),
    "halves down": ("split", "below[-1] & ~s1.keep", "below[-1] & below[:-1].any() & ~s1.keep", ("split",)),
    "far powers": ("split", "(exponent > half + INTEGER) & ~keep", "0", ("split",)),
}


@pytest.fixture
def patched(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, ModuleType], dict[str, ModuleType]]:
    """Put a changed module in the place of the original one, for all who took names from it."""

    def patch(name: str, changed: ModuleType) -> dict[str, ModuleType]:
        if name != "fields":
            return {name: changed}
        for unit in UNITS:
            module = importlib.import_module(f"hdl.arith.float.{unit}")
            for public in changed.__all__:
                if hasattr(module, public):
                    monkeypatch.setattr(module, public, getattr(changed, public))
        return {}

    return patch


@pytest.mark.parametrize("unit", UNITS)
def test_units_as_they_are(unit: str) -> None:
    """Without a change the same comparison holds."""
    assert agrees(unit, {})


@pytest.mark.parametrize("mutation", MUTATIONS)
def test_a_mutation_is_caught(mutation: str, patched: Callable[[str, ModuleType], dict[str, ModuleType]]) -> None:
    name, old, new, units = MUTATIONS[mutation]
    modules = patched(name, mutate(name, old, new))
    for unit in units:
        assert not agrees(unit, modules), f"{unit} passes with {mutation}"
