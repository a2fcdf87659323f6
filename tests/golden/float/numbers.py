"""Operands worth testing: every class and border, and random ones that meet within reach of each other."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Words = npt.NDArray[Any]

#: Fp32 patterns: zeros, subnormals, least and greatest normal numbers, infinities, NaNs, one and its neighbours, and
#: numbers whose bf16 rounding is a tie, to even and to odd, or next to one.
SPECIAL = np.array(
    [
        *(0x00000000, 0x00000001, 0x00400000, 0x007FFFFF, 0x00800000, 0x00800001, 0x00FFFFFF, 0x01000000),
        *(0x7F7FFFFF, 0x7F7F0000, 0x7F000000, 0x7F800000, 0x7F800001, 0x7FC00000, 0x7FFFFFFF, 0x7E800000),
        *(0x3F800000, 0x3F800001, 0x3F7FFFFF, 0x3F808000, 0x3F818000, 0x3F817FFF, 0x3F808001, 0x40000000),
        *(0x7F7F8000, 0x7F7F7FFF, 0x007F8000, 0x33800000, 0x33800001, 0x337FFFFF, 0x4B800000, 0x3F000000),
    ],
    np.uint32,
)
SPECIAL = np.concatenate([SPECIAL, SPECIAL | np.uint32(1 << 31)])


def fp32(rng: np.random.Generator, count: int) -> Words:
    """Random patterns, every tenth a special one, some with many zeros at the end."""
    patterns = rng.integers(0, 1 << 32, count, dtype=np.uint64).astype(np.uint32)
    short = rng.random(count) < 0.2
    patterns[short] &= np.uint32(0xFFFFFFFF) << rng.integers(8, 23, short.sum()).astype(np.uint32)
    special = rng.random(count) < 0.1
    patterns[special] = rng.choice(SPECIAL, special.sum())
    return patterns


def fp32_pairs(rng: np.random.Generator, count: int) -> tuple[Words, Words]:
    """Pairs: independent ones, ones of near exponents, ones that nearly cancel, ones whose product is near an end."""
    x, y = fp32(rng, count), fp32(rng, count)
    exponent = (x >> np.uint32(23) & np.uint32(0xFF)).astype(np.int64)
    near = np.clip(exponent + rng.integers(-27, 28, count), 0, 255)
    ends = np.clip(127 + rng.choice([-126, 128], count) - (exponent - 127) + rng.integers(-2, 3, count), 0, 255)
    kind = rng.integers(0, 4, count)
    chosen = np.where(kind == 1, near, np.where(kind == 2, ends, 0)).astype(np.uint32)
    moved = (y & np.uint32(0x807FFFFF)) | chosen << np.uint32(23)
    cancelling = (x ^ np.uint32(1 << 31)) + rng.integers(-3, 4, count).astype(np.uint32)
    return x, np.where(kind == 0, y, np.where(kind == 3, cancelling, moved))


def bf16_set(rng: np.random.Generator, count: int) -> Words:
    """Different bf16 patterns: the special ones, powers of two, ones near 1, and random ones."""
    special = np.unique(SPECIAL >> np.uint32(16))
    powers = np.arange(0, 1 << 16, 1 << 10, dtype=np.uint32)  # every eighth power of two
    near_one = np.arange(0x3F7C, 0x3F8C, dtype=np.uint32)
    chosen = np.unique(np.concatenate([special, powers, near_one]))
    others = np.setdiff1d(np.arange(1 << 16, dtype=np.uint32), chosen)
    return np.concatenate([chosen, rng.choice(others, count - len(chosen), replace=False)])
