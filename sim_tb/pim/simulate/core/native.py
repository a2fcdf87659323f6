"""Functions on integers as machine code: what ``translate`` writes of them, compiled by the compiler that there is.

Where there is no compiler, or ``BITLOOM_NATIVE`` is ``no``, Python does the work.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import platform
import subprocess
import tempfile
from collections.abc import Callable
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from types import FunctionType
from typing import Any

import numpy as np
import numpy.typing as npt

from gen.cache import Cache, cache
from hdl.params import ToolError
from sim_tb.pim.simulate.core.translate import Function, source_of
from sim_tb.tools import find_compiler

__all__ = ["Native", "Numbers", "Pinned"]

Numbers = npt.NDArray[np.int64]

#: In the folder of a library: itself, and its SHA-256.
LIBRARY, SUM = "native.so", "sha256"
#: What the compiler is told: integers wrap, and rows may be the same.
FLAGS = ("-O2", "-fwrapv", "-fno-strict-aliasing", "-shared", "-fPIC", "-w")


class Pinned(np.ndarray[tuple[int], np.dtype[np.int64]]):
    """A row that is passed often: where it lies is looked up once."""

    place: tuple[int, int]

    @classmethod
    def of(cls, row: Numbers) -> Pinned:
        """The same row."""
        found = row.view(cls)
        found.place = place_of(row)
        return found


class Native:
    """Functions that are called from Python.

    Parameters
    ----------
    entries : function ...
        By name they are attributes: compiled when the first one is wanted.

    Raises
    ------
    ToolError
        If the compiler refuses them.
    """

    def __init__(self, *entries: Callable[..., Any]) -> None:
        self._entries: dict[str, FunctionType] = {each.__name__: each for each in entries}  # type: ignore[misc]

    def __getattr__(self, name: str) -> Callable[..., int]:
        if name.startswith("_"):
            raise AttributeError(name)
        library = self._library
        found = self._entries[name] if library is None else _called(library, Function(self._entries[name]).name)
        setattr(self, name, found)
        return found

    @cached_property
    def _library(self) -> ctypes.CDLL | None:
        compiler = find_compiler()
        if not compiler or os.environ.get("BITLOOM_NATIVE") == "no":
            return None
        source = source_of(list(self._entries.values()))
        parts = (source, compiler, *FLAGS, platform.machine())
        key = hashlib.sha256("\0".join(parts).encode()).hexdigest()[:20]
        store = cache()
        return ctypes.CDLL(str(_built(store, key) or _build(store, key, source, compiler)))


def _built(store: Cache, key: str) -> Path | None:
    """The library in the cache, if it is there and whole."""
    for folder in store.places("native", key):
        path = folder / LIBRARY
        if path.is_file():
            with suppress(OSError):
                if (folder / SUM).read_text(encoding="ascii") == _sum(path):
                    return path
            store.damaged(folder, "no library that can be used")
    return None


def _build(store: Cache, key: str, source: str, compiler: str) -> Path:
    """Compile a library into the cache."""
    with tempfile.TemporaryDirectory(prefix="bitloom-native-") as name:
        place = Path(name)
        (place / "native.cpp").write_text(source, encoding="ascii")
        command = [*compiler.split(), *FLAGS, "native.cpp", "-o", LIBRARY]
        done = subprocess.run(command, cwd=place, capture_output=True, text=True, check=False)
        if done.returncode:
            raise ToolError(f"{compiler} could not build the simulator:\n{done.stderr[-2000:]}")
        (place / SUM).write_text(_sum(place / LIBRARY), encoding="ascii")
        return store.write_folder("native", key, place) / LIBRARY


def _sum(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _called(library: ctypes.CDLL, name: str) -> Callable[..., int]:
    function = getattr(library, f"call_{name}")
    function.restype = ctypes.c_int64

    def call(*given: Any) -> int:
        numbers: list[int] = []
        for each in given:
            if isinstance(each, int):
                numbers.append(each)
            elif isinstance(each, Pinned):
                numbers += each.place
            else:
                numbers += place_of(each)
        return int(function((ctypes.c_int64 * len(numbers))(*numbers)))

    return call


def place_of(row: Numbers) -> tuple[int, int]:
    """Where a row lies, and its length."""
    return row.__array_interface__["data"][0], len(row)
