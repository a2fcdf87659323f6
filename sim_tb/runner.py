"""cocotb's Verilator runner, made fast: see design.md, section 6."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cocotb_tools.config
from cocotb_tools.runner import Verilator

from gen.workplace import Workplace
from hdl.params.errors import ToolError

__all__ = ["QuietVerilator"]

_MAIN = cocotb_tools.config.share_dir / "lib" / "verilator" / "verilator.cpp"


class QuietVerilator(Verilator):
    """cocotb's runner without ``--public-flat-rw``, which forbids most of Verilator's optimisations.

    The testbench's own signals are made public by a control file instead. The runner also only *says* what to run: the
    caller runs it, with a log and with clean-up of its own.

    Parameters
    ----------
    place : Workplace
        Where it all happens.
    verilator : sequence of str
        What calls Verilator.
    """

    def __init__(self, place: Workplace, verilator: Sequence[str] = ()) -> None:
        super().__init__()
        self._place = place
        self._verilator = verilator
        self._said: list[Sequence[str]] = []

    def _simulator_in_path_build_only(self) -> None:
        self.executable = "verilator"  # replaced below

    def _set_env_build(self) -> None:
        pass  # the build runs in the caller's environment

    def _build_command(self) -> list[list[str]]:
        libraries = cocotb_tools.config.libs_dir
        # Where the libraries are is told to a model when it runs: they may have moved since it was built.
        link = f"-L{self._libraries} -Wl,-rpath-link,{self._libraries} -lcocotbvpi_verilator"
        own: dict[str, list[str]] = {
            "verilator": [*self._verilator],
            "--public-flat-rw": [],
            f"-Wl,-rpath,{libraries} -L{libraries} -lcocotbvpi_verilator": [link],
            str(_MAIN): [],
        }
        return [[new for word in command for new in own.get(word, [word])] for command in super()._build_command()]

    def _execute(self, cmds: Sequence[Sequence[str]], cwd: Any) -> None:
        self._said = list(cmds)

    @property
    def _libraries(self) -> Path:
        return self._place.reach("cocotb", cocotb_tools.config.libs_dir)

    @property
    def main(self) -> str:
        """C++ of cocotb's main program."""
        return _MAIN.read_text(encoding="utf-8")

    def commands(self, **build: Any) -> list[list[str]]:
        """The two commands that build a model, without its main program; ``build`` as for cocotb's ``Runner.build``."""
        self.build(**build)
        return [list(command) for command in self._said]

    def environment(self, *, top: str, module: str, seed: int, results: str) -> dict[str, str]:
        """The environment in which a model of module ``top`` runs the cocotb tests of Python module ``module``."""
        self.env = {}
        self.sim_hdl_toplevel = top
        self.test_module = module
        self.hdl_toplevel_lang = "verilog"
        try:
            self._set_env_test()
        except ValueError as error:  # a Python without a shared library
            raise ToolError(f"Simulation needs a Python built with a shared library: {error}") from None
        self.env["COCOTB_REWRITE_ASSERTION_FILES"] = ""  # rewriting asserts costs most of a short test's time
        self.env["COCOTB_RANDOM_SEED"] = str(seed)
        self.env["COCOTB_RESULTS_FILE"] = results
        self.env["PYTHONPATH"] = self._place.python_path()
        before = os.environ.get("LD_LIBRARY_PATH")
        self.env["LD_LIBRARY_PATH"] = os.pathsep.join([str(self._libraries), *([before] if before else [])])
        return self.env
