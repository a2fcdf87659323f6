"""cocotb's Verilator runner, made fast: see design.md, section 6."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cocotb_tools.config
from cocotb_tools.runner import Verilator

from hdl.params.errors import ToolError

__all__ = ["QuietVerilator"]


class QuietVerilator(Verilator):
    """cocotb's runner without ``--public-flat-rw``, which forbids most of Verilator's optimisations.

    The testbench's own signals are made public by a control file instead. The runner also only *says* what to run: the
    caller runs it, with a log and with clean-up of its own.

    Parameters
    ----------
    executable : Path
        Verilator.
    main : Path, optional
        C++ of the main program, instead of cocotb's.
    """

    def __init__(self, executable: Path | None = None, main: Path | None = None) -> None:
        super().__init__()
        self._verilator = executable
        self._main = main
        self._said: list[Sequence[str]] = []

    def _simulator_in_path_build_only(self) -> None:
        self.executable = str(self._verilator)

    def _set_env_build(self) -> None:
        pass  # the build runs in the caller's environment

    def _build_command(self) -> list[list[str]]:
        own: dict[str, list[str]] = {"--public-flat-rw": []}
        if self._main is not None:
            theirs = cocotb_tools.config.share_dir / "lib" / "verilator" / "verilator.cpp"
            own[str(theirs)] = [str(self._main)]
        return [[new for word in command for new in own.get(word, [word])] for command in super()._build_command()]

    def _execute(self, cmds: Sequence[Sequence[str]], cwd: Any) -> None:
        self._said = list(cmds)

    def commands(self, **build: Any) -> list[list[str]]:
        """The commands that build a model; ``build`` as for cocotb's ``Runner.build``."""
        self.build(**build)
        return [list(command) for command in self._said]

    def environment(self, *, top: str, module: str, seed: int, results: Path) -> dict[str, str]:
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
        self.env["COCOTB_RESULTS_FILE"] = str(results)
        return self.env
