"""Bf16 numbers in NumPy: from floating point with one rounding, and back."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from hdl.params import ConfigError, Problem

__all__ = ["Elements", "bf16", "numbers", "oddities"]

#: Bf16 numbers as their bits.
Elements = npt.NDArray[np.uint16]

EXPONENT, FRACTION = 0x7F80, 0x007F
NAN = 0x7FC0


def bf16(values: npt.ArrayLike) -> Elements:
    """The nearest bf16 numbers, ties to even, as their bits; numbers below 2^-126 become zeros.

    Parameters
    ----------
    values : array-like
        Floating-point numbers, which are rounded once whatever their precision, or ``uint16``, which is taken for the
        bits of bf16 numbers and stays as it is.

    Raises
    ------
    ConfigError
        For other types, and for a finite number beyond the greatest of bf16, 3.39e38.
    """
    given = np.asarray(values)
    if given.dtype.kind == "u" and given.dtype.itemsize == 2:
        return np.ascontiguousarray(given, np.uint16).reshape(given.shape)
    if given.dtype.kind != "f":
        message = f"must hold bf16 as uint16, or floating-point numbers, not {given.dtype}"
        hint = "numbers: .astype(numpy.float32); bits: .astype(numpy.uint16)" if given.dtype.kind in "iub" else ""
        raise ConfigError([Problem("", message, hint)])
    with np.errstate(over="ignore", invalid="ignore"):
        exact = given.astype(np.float64)
        single = exact.astype(np.float32)
    # To the odd neighbour where it is not exact: what bf16 rounds then is on the same side of every tie as the number.
    back = single.astype(np.float64)
    pattern = np.atleast_1d(single).view(np.uint32).reshape(exact.shape).astype(np.int64)
    pattern = pattern - (np.abs(back) > np.abs(exact)) | (back != exact)
    rounded = (pattern + 0x7FFF + (pattern >> 16 & 1)) >> 16
    sign = pattern >> 16 & 0x8000
    found = np.where(pattern & (EXPONENT << 16), rounded, sign)
    found = np.where(np.isnan(exact), NAN, found)
    lost = np.isfinite(exact) & (found & EXPONENT == EXPONENT)
    if lost.any():
        place = [int(each) for each in np.argwhere(lost)[0]]
        message = f"the number {exact[tuple(place)]:g} at {place} is beyond the greatest of bf16, 3.39e38"
        raise ConfigError([Problem("", message)])
    return found.astype(np.uint16)


def numbers(elements: npt.ArrayLike) -> npt.NDArray[np.float32]:
    """The numbers that the bits of bf16 stand for; exact."""
    found: npt.NDArray[np.float32] = (np.asarray(elements, np.uint16).astype(np.uint32) << np.uint32(16)).view(
        np.float32
    )
    return found


def oddities(elements: Elements) -> list[str]:
    """What should be looked at among elements, in words: infinities and NaNs, and bits that count as zero."""
    found: list[tuple[npt.NDArray[Any], str]] = [
        (elements & EXPONENT == EXPONENT, "infinite or NaN"),
        (
            (elements & EXPONENT == 0) & (elements & FRACTION != 0),
            "no normal numbers and count as zero (uint16 holds the bits of bf16 numbers)",
        ),
    ]
    texts = []
    for where, what in found:
        if count := int(where.sum()):
            place = [int(each) for each in np.argwhere(where)[0]]
            texts.append(f"{count:,} of {elements.size:,} elements are {what}, the first at {place}")
    return texts
