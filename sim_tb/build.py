"""Build simulation models with Verilator, once: models are kept in a cache folder and shared by all processes."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import cocotb_tools.config

from hdl.params.errors import ToolError
from sim_tb.process import run_logged
from sim_tb.tools import find_verilator, versions

__all__ = ["Model", "build_model", "cache_folder"]

#: Models that nobody ran for so long are deleted from the cache.
KEEP_DAYS = 30

#: Two optimisations that rename every copy of a module apart: without them a PE's code is generated, compiled and held
#: in the processor's cache once instead of once a copy. A 16x16 array then builds six times, and runs twice, as fast.
#: ``-O3`` would turn them on again, so they come after it.
SHARE_CODE = ("-fno-gate", "-fno-dfg")

#: Verilator and C++ flags. A short run spends most of its time in the compiler, a workload in the model.
#: The quick build starts registers at random (see ``+verilator+rand+reset+2``), so that a missing reset shows.
FLAGS: dict[str, Sequence[str]] = {
    "quick": ("-O3", "--x-assign", "unique", "--x-initial", "unique"),
    "speed": ("-O3", "--x-assign", "fast", "--x-initial", "fast", "--noassert"),
}
OPTIMISE = {"quick": "OPT_FAST=-O1 OPT_SLOW=-O0 OPT_GLOBAL=-O1", "speed": "OPT_FAST=-O3 OPT_SLOW=-O1 OPT_GLOBAL=-O2"}


@dataclass(frozen=True)
class Model:
    """What to build.

    Parameters
    ----------
    name : str
        Short name, for the folder and messages.
    top : str
        Top module.
    sources : dict of str
        File name to text: Verilog, and Verilator control files (``.vlt``).
    defines, parameters : dict of str
        Macros, and the top module's parameters.
    effort : str
        ``quick`` (quick to build) or ``speed`` (quick to run).
    waves : bool
        Able to write waveforms.
    main : str
        C++ of the main program; empty for cocotb's.
    python : bool
        Linked with cocotb.
    """

    name: str
    top: str
    sources: dict[str, str]
    defines: dict[str, str] = field(default_factory=dict)
    parameters: dict[str, str] = field(default_factory=dict)
    effort: str = "quick"
    waves: bool = False
    main: str = ""
    python: bool = True

    @property
    def flags(self) -> list[str]:
        """Verilator's flags."""
        return ["--no-timing", "--threads", "1", "-Wno-fatal", "-Wno-lint", *FLAGS[self.effort], *SHARE_CODE]

    @property
    def key(self) -> str:
        """Names the model in the cache; the same for the same content, flags and tool versions."""
        parts = [self.top, repr(sorted(self.sources.items())), repr(sorted(self.defines.items()))]
        parts += [
            repr(sorted(self.parameters.items())),
            repr(self.flags),
            OPTIMISE[self.effort],
            repr((self.waves, self.python)),
            self.main,
        ]
        parts += [versions()["verilator"], versions()["cocotb"], os.environ.get("CXX", "g++")]
        if self.python:  # the executable looks for cocotb's libraries where they are now
            parts.append(os.fspath(cocotb_tools.config.libs_dir))
        return f"{self.name}-{hashlib.sha256(chr(0).join(parts).encode()).hexdigest()[:20]}"


def cache_folder() -> Path:
    """The folder of built models: ``models`` in ``$BITLOOM_CACHE``, or in ``~/.cache/bitloom``."""
    return Path(os.environ.get("BITLOOM_CACHE") or Path.home() / ".cache" / "bitloom") / "models"


def build_model(model: Model) -> Path:
    """Build ``model`` unless it is in the cache already, and return its folder.

    The folder holds the executable, named after the top module, and ``build.log``. It appears under its final name
    only when it is complete, so an interrupted build leaves nothing that a later run could take for a model.

    Raises
    ------
    ToolError
        If a tool is missing or refuses the Verilog.
    """
    find_verilator()
    cache = cache_folder()
    try:
        cache.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ToolError(f"The cache folder {cache} can't be made ({error.strerror}); set BITLOOM_CACHE") from None
    folder = cache / model.key
    with _locked(cache / f"{model.key}.lock"):
        if folder.is_dir():
            os.utime(folder)
            return folder
        _prune(cache)
        # Not in the cache: make can't work in a folder with a space in its path.
        with tempfile.TemporaryDirectory(prefix="bitloom-build-") as name:
            _build(model, Path(name))
            partial = cache / f"{model.key}.partial"
            shutil.rmtree(partial, ignore_errors=True)
            shutil.copytree(Path(name) / "done", partial)
            partial.rename(folder)
    return folder


def _build(model: Model, work: Path) -> None:
    """Build in the folder ``work``; its subfolder ``done`` then has what is worth keeping."""
    tool = find_verilator()
    log = work / "build.log"
    environment = {**os.environ, **tool.environment}
    environment["MAKEFLAGS"] += " " + OPTIMISE[model.effort]
    for command in _commands(model, work, tool.executable):
        try:
            status = run_logged(command, cwd=work, env=environment, log=log)
        except OSError as error:
            raise ToolError(f"{command[0]} can't be run: {error.strerror}") from None
        if status != 0:
            raise ToolError(f"Verilator could not build {model.name}:\n{_tail(log)}")
    done = work / "done"
    done.mkdir()
    shutil.copy2(work / "obj" / model.top, done)
    shutil.copy2(log, done)


def _commands(model: Model, work: Path, executable: Path) -> Iterator[list[str]]:
    from cocotb_tools.runner import VerilatorControlFile

    from sim_tb.runner import QuietVerilator

    source = work / "src"
    source.mkdir()
    paths = []
    for name, text in model.sources.items():
        (source / name).write_text(text, encoding="utf-8")
        paths.append(VerilatorControlFile(source / name) if name.endswith(".vlt") else source / name)
    main = source / "main.cpp"
    if model.main:
        main.write_text(model.main, encoding="utf-8")
    if model.python:
        yield from QuietVerilator(executable, main if model.main else None).commands(
            sources=paths,
            hdl_toplevel=model.top,
            build_dir=work / "obj",
            defines=model.defines,
            parameters=model.parameters,
            build_args=model.flags,
            waves=model.waves,
            timescale=("1ns", "1ns"),
        )
        return
    files = [str(main), *(str(source / name) for name in model.sources)]
    settings = [f"-G{name}={value}" for name, value in model.parameters.items()]
    settings += [f"-D{name}={value}" for name, value in model.defines.items()]
    yield [
        *(str(executable), "-cc", "--exe", "-Mdir", str(work / "obj"), "--top-module", model.top),
        *("--prefix", "Vtop", "-o", model.top, *model.flags, *settings, *files),
    ]
    yield ["make", "-j", "2", "-C", str(work / "obj"), "-f", "Vtop.mk"]


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold a lock between processes. The lock dies with its holder; the empty file stays behind for the next one."""
    with open(path, "w", encoding="utf-8") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _prune(cache: Path) -> None:
    """Delete models that nobody ran for KEEP_DAYS, and what killed builds left behind."""
    limit = time.time() - KEEP_DAYS * 86400
    for path in cache.iterdir():
        with suppress(OSError):
            if path.stat().st_mtime < limit:
                shutil.rmtree(path) if path.is_dir() else path.unlink()


def _tail(log: Path, lines: int = 15) -> str:
    """The lines of a log that say what went wrong, or else its last lines."""
    text = log.read_text(errors="replace").splitlines()
    return "\n".join([line for line in text if "rror" in line][:lines] or text[-lines:])
