"""What is mutated: engines of every axis, and the PIM controller; and the tests that should see it."""

from __future__ import annotations

import contextlib
import io
import signal
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Protocol
from unittest import mock

import pytest

from bench._mutants import chosen
from gen.emit.verilog import Emission, emit
from gen.pim.hardware import pim_verilog
from hdl.params import EngineParams, ToolError
from hdl.params.pim import PRESETS
from sim_tb.alone import run_alone
from sim_tb.pim.bench import host, system
from sim_tb.run import run_protocol, run_stress
from tests.hdl.counter_proof import counters, counts

__all__ = ["ENGINES", "SUBJECTS", "Subject", "params_of"]

#: A test: its name, and whether all is well.
Test = tuple[str, Callable[[], bool]]


class Subject(Protocol):
    """Verilog, and its tests."""

    @property
    def text(self) -> str:
        """The Verilog."""

    def tests(self, text: str, arguments: Sequence[str], seed: int) -> Iterator[Test]:
        """Its tests on another text, with arguments of the simulation; the fastest first."""


_SERIAL = {"at_once": 1, "order": "operands"}
_TWO = {"at_once": 2, "order": "operands"}
_PLANES = {"at_once": 1, "order": "planes"}
_FP16 = {"a": "fp16", "b": "fp16"}
#: Engines which have every value of every axis, and two of floating-point operands; a run of each takes a second.
ENGINES: dict[str, dict[str, Any]] = {
    "systolic_os opt1": {"rows": 3, "cols": 2, "preload": True},
    "cube mac": {"array": "cube", "scheme": "mac", "rows": 2, "cols": 2, "depth": 3, "a": "u5", "b": "s6"},
    "systolic_ws opt1": {"array": "systolic_ws", "rows": 3, "cols": 2, "depth": 3},
    "adder_tree opt2": {"array": "adder_tree", "scheme": "opt2", "rows": 3, "cols": 2, "depth": 4, "a": "s6"},
    "systolic_os opt3": {"scheme": "opt3", "rows": 2, "cols": 2, "segment": 16, "group": 2, "queue": 3},
    "matrix_2d opt4e": {"array": "matrix_2d", "scheme": "opt4e", "rows": 3, "cols": 2, "segment": 32, "queue": 3},
    "matrix_2d laconic": {"array": "matrix_2d", "scheme": "laconic", "rows": 2, "cols": 2, "depth": 2},
    "weights loaded as digits, two a step": {
        "point": {
            "stays": "weights",
            "a": "broadcast",
            "b": None,
            "k": {"form": "chain", "steps": 2},
            "digits": _TWO,
            "encode": "load",
            "recoded": "b",
            "sum": {"carries": "propagate", "per_weight": True},
        },
        "rows": 2,
        "cols": 2,
        "b": "u6",
        "preload": True,
    },
    "weights, digits in time, common zeros skipped": {
        "point": {
            "stays": "weights",
            "b": None,
            "k": {"form": "tree", "steps": 3},
            "digits": _SERIAL,
            "skip": "common",
            "sum": {"carries": "save", "per_weight": True},
        },
        "rows": 3,
        "cols": 2,
        "a": "u6",
        "b": "s5",
        "encoder": "naf",
    },
    "digits of B in time, common zeros skipped": {
        "point": {
            "a": "broadcast",
            "b": "broadcast",
            "k": {"form": "chain", "steps": 2},
            "digits": _SERIAL,
            "skip": "common",
            "recoded": "b",
            "adders": "one",
        },
        "rows": 2,
        "cols": 2,
        "b": "s6",
        "encoder": "ent",
    },
    "planes, common zeros skipped": {
        "point": {
            "a": "broadcast",
            "b": "broadcast",
            "k": {"form": "tree", "steps": 2},
            "digits": _PLANES,
            "skip": "common",
            "sum": {"carries": "save", "per_weight": True},
        },
        "rows": 2,
        "cols": 2,
        "a": "s6",
        "b": "u5",
        "encoder": "naf",
        "segment": 16,
    },
    "rows apart, operand by operand": {
        "point": {"digits": _SERIAL, "skip": "rows", "encode": "pe"},
        "rows": 2,
        "cols": 2,
        "a": "u6",
        "segment": 16,
    },
    "systolic_os bf16": {"scheme": "mac", "rows": 3, "cols": 2, "a": "bf16", "b": "bf16", "preload": True},
    "adder_tree fp16": {"array": "adder_tree", "scheme": "mac", "rows": 3, "cols": 2, "depth": 3, **_FP16},
}
#: Seconds after which a simulation counts as stuck.
TIMEOUT, PIM_TIMEOUT = 60.0, 12.0
#: The same of tests which go on for ever; the first run of all, which builds the model, takes part of it.
TEST_TIMEOUT = 150
#: Bits of an accumulator beyond those of a product: so few that tests reach the limit of K.
SPARE_BITS = 5


def params_of(name: str) -> EngineParams:
    """One of ``ENGINES``."""
    params = EngineParams.from_dict(ENGINES[name])
    return params if params.floating else replace(params, accumulator=params.product_bits + SPARE_BITS)


@dataclass(frozen=True)
class _Engine:
    """An engine: a stress test of 300 tiles, then one of 1,500, the protocol tests, and a proof of its counters."""

    name: str

    @cached_property
    def hardware(self) -> Emission:
        return emit(params_of(self.name))

    @property
    def text(self) -> str:
        return self.hardware.text

    def tests(self, text: str, arguments: Sequence[str], seed: int) -> Iterator[Test]:
        hardware, params = replace(self.hardware, text=text), params_of(self.name)

        def passes(run: Callable[..., dict[str, Any]], **settings: int) -> bool:
            try:
                return bool(run(params, hardware, arguments=arguments, timeout=TIMEOUT, **settings)["passed"])
            except ToolError:  # it ended without an answer
                return False

        yield "stress, 300 tiles", partial(passes, run_stress, tiles=300, seed=seed)
        yield "stress, 1,500 tiles", partial(passes, run_stress, tiles=1500, seed=seed + 1)
        yield "protocol", partial(passes, run_protocol, seed=seed + 2)
        for counter in counters(text):
            yield "proof of a counter", partial(counts, chosen(text, arguments), counter)


PIM = Path(__file__).parents[1] / "tests" / "pim"
#: Tests of the controller on the system ``tiny``: files, or single tests of them.
PIM_TESTS: dict[str, tuple[str, ...]] = {
    "random programs": tuple(f"rtl/test_system.py::test_random_programs[tiny-{seed}]" for seed in range(3)),
    "host": ("rtl/test_host.py",),
    "clocks": ("simulate/test_equal.py",),
    "system": ("rtl/test_system.py",),
    "vector unit and instructions": ("rtl/test_vector.py", "rtl/test_instructions.py", "rtl/test_counters.py"),
}
#: Systems whose Verilog is another, and tests which simulate none.
OTHERS = "not (banks or all or many or int8 or lint or icarus or rule or sharp or long or least or buffers or decoder)"


class _Pim:
    """The PIM controller ``tiny`` with its host interface: its own tests, as pytest runs them."""

    params = PRESETS["tiny"]

    @cached_property
    def text(self) -> str:
        return pim_verilog(self.params)

    def tests(self, text: str, arguments: Sequence[str], seed: int) -> Iterator[Test]:
        for name, files in PIM_TESTS.items():
            yield name, partial(self._passes, files, text, arguments)

    def _passes(self, files: Sequence[str], text: str, arguments: Sequence[str]) -> bool:
        """The file of the controller holds that of its core, which has test benches of its own."""

        def run(model: Any, built: Path, place: Any, own: Sequence[str], timeout: float | None = None) -> str:
            return run_alone(model, built, place, [*own, *arguments], timeout or PIM_TIMEOUT)

        def late(number: int, frame: object) -> None:
            raise TimeoutError("a test goes on for ever")

        signal.signal(signal.SIGALRM, late)
        system._model.cache_clear()
        host.host_model.cache_clear()
        with (
            mock.patch.object(system, "verilog_of", return_value=text),
            mock.patch.object(host, "pim_verilog", return_value=text),
            mock.patch.object(system, "run_alone", run),
            mock.patch.object(host, "run_alone", run),
            contextlib.redirect_stdout(io.StringIO()),
        ):
            tests = [str(PIM / file) for file in files]
            signal.alarm(TEST_TIMEOUT)
            try:
                return pytest.main(["-x", "-q", "-p", "no:cacheprovider", "-k", OTHERS, *tests]) == pytest.ExitCode.OK
            finally:
                signal.alarm(0)


SUBJECTS: dict[str, Subject] = {**{name: _Engine(name) for name in ENGINES}, "PIM controller": _Pim()}
