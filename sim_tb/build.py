"""Build simulation models with Verilator, once: models are kept in a cache folder and shared by all processes."""

from __future__ import annotations

import fcntl
import hashlib
import os
import platform
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from gen.cache import Cache, cache
from gen.workplace import Workplace, workplace
from hdl.params.errors import ToolError
from sim_tb.headers import Headers
from sim_tb.tools import find_verilator, versions

__all__ = ["Model", "build_model"]

#: Models unused for this long are deleted from the cache.
KEEP_DAYS = 30

#: Two optimisations that rename every copy of a module apart: without them a PE's code is generated, compiled and held
#: in the processor's cache once instead of once a copy. A 16x16 array then builds six times, and runs twice, as fast.
#: ``-O3`` would turn them on again, so they come after it. Where a model names such modules itself, the first one is
#: left to work on all others: a PIM system is a sixth smaller with it.
SHARE_CODE = ("-fno-gate", "-fno-dfg")

#: Verilator and C++ flags. A short run spends most of its time in the compiler, a workload in the model.
#: The quick build starts registers at random (see ``+verilator+rand+reset+2``), so that a missing reset shows.
FLAGS: dict[str, Sequence[str]] = {
    "quick": ("-O3", "--x-assign", "unique", "--x-initial", "unique"),
    "speed": ("-O3", "--x-assign", "fast", "--x-initial", "fast", "--noassert"),
}
#: All of a model is one C++ file, ``ONE_FILE``: each further one would read the standard library's headers again, which
#: takes longer than compiling most modules.
ONE_FILE = "VM_PARALLEL_BUILDS=0"
#: What stands in it before the half that runs once, at the start. GCC remarks that declarations follow definitions.
COLD = '#pragma GCC diagnostic ignored "-Wattributes"\n#pragma GCC optimize ("O0")\n'
#: ``-Og`` compiles a large model in half the time of ``-O1``, and what it makes is about as fast.
OPTIMISE = {"quick": "OPT_FAST=-Og OPT_GLOBAL=-O1", "speed": "OPT_FAST=-O3 OPT_GLOBAL=-O2"}


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
    names_copies : bool
        A control file among the sources names the modules that come in many copies.
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
    names_copies: bool = False

    @property
    def flags(self) -> list[str]:
        """Verilator's flags."""
        share = SHARE_CODE[1:] if self.names_copies else SHARE_CODE
        return ["--no-timing", "--threads", "1", "-Wno-fatal", "-Wno-lint", *FLAGS[self.effort], *share]

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
        parts += [versions()["verilator"], versions()["cocotb"], os.environ.get("CXX", "g++"), platform.machine()]
        return f"{self.name}-{hashlib.sha256(chr(0).join(parts).encode()).hexdigest()[:20]}"


#: In the folder of a built model, beside the executable: its SHA-256, and what the tools said.
SUM, LOG = "sha256", "build.log"


def build_model(model: Model) -> Path:
    """Build ``model`` unless it is in the cache already, and return its folder.

    The folder holds the executable, named after the top module, its sum and ``build.log``. It appears under its final
    name only when it is complete; one that was damaged since is made anew.

    Raises
    ------
    ToolError
        If a tool is missing or refuses the Verilog.
    """
    find_verilator()
    store = cache()
    if (built := _find(store, model)) is not None:
        return built
    with _locked(store.folder("models") / f"{model.key}.lock"):
        if (built := _find(store, model)) is not None:  # by another process, while we waited
            return built
        _prune(store.folder("models"))
        with workplace("build") as place:
            return store.write_folder("models", model.key, _build(model, place))


def _find(store: Cache, model: Model) -> Path | None:
    """The folder of a model that was built, and is whole."""

    def whole(folder: Path) -> bool:
        program = folder / model.top
        return (folder / SUM).read_text(encoding="ascii") == _sum(program) and os.access(program, os.X_OK)

    folder = store.find_folder("models", model.key, whole, "no simulator that can be run")
    if folder is not None:
        with suppress(OSError):  # a cache that can't be written
            os.utime(folder)
    return folder


def _sum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _build(model: Model, place: Workplace) -> Path:
    """Build a model, and return the folder with what is worth keeping."""
    tool = find_verilator()
    environment = tool.environment_in(place)
    environment["MAKEFLAGS"] += f" {ONE_FILE} {OPTIMISE[model.effort]}"
    headers = Headers(repr((model.waves, model.python, OPTIMISE[model.effort])), tool.compiler)
    for command in _commands(model, place, tool.command_in(place), headers):
        status = place.run(command, log=LOG, env=environment)
        if status and "ccache: error" in place.log_tail(LOG):  # its own cache is of no use: do without
            environment["OBJCACHE"] = ""
            status = place.run(command, log=LOG, env=environment)
        if status:
            raise ToolError(f"Verilator could not build {model.name}:\n{_tail(place / LOG)}")
    headers.keep(place / "obj")
    done = place / "done"
    done.mkdir()
    program = shutil.copy2(place / "obj" / model.top, done)
    (done / SUM).write_text(_sum(Path(program)), encoding="ascii")
    shutil.copy2(place / LOG, done)
    return done


def _commands(model: Model, place: Workplace, verilator: Sequence[str], headers: Headers) -> Iterator[list[str]]:
    from cocotb_tools.runner import VerilatorControlFile

    from sim_tb.runner import QuietVerilator

    source, objects = place / "src", place / "obj"
    source.mkdir()
    paths = []
    for name, text in model.sources.items():
        (source / name).write_text(text, encoding="utf-8")
        paths.append(VerilatorControlFile(source / name) if name.endswith(".vlt") else source / name)
    main = source / "main.cpp"
    if model.python:
        runner = QuietVerilator(place, verilator)
        main.write_text(model.main or runner.main, encoding="utf-8")
        translate, make = runner.commands(
            sources=paths,
            hdl_toplevel=model.top,
            build_dir=objects,
            defines=model.defines,
            parameters=model.parameters,
            build_args=model.flags,
            waves=model.waves,
            timescale=("1ns", "1ns"),
        )
    else:
        main.write_text(model.main, encoding="utf-8")
        files = [str(source / name) for name in model.sources]
        settings = [f"-G{name}={value}" for name, value in model.parameters.items()]
        settings += [f"-D{name}={value}" for name, value in model.defines.items()]
        translate = [
            *(*verilator, "-cc", "--exe", "-Mdir", str(objects), "--top-module", model.top),
            *("--prefix", "Vtop", "-o", model.top, *model.flags, *settings, *files),
        ]
        make = ["make", "-j", "2", "-C", str(objects), "-f", "Vtop.mk"]
    yield translate
    (objects / "cold.cpp").write_text(COLD, encoding="utf-8")
    with (objects / "Vtop_classes.mk").open("a", encoding="utf-8") as classes:  # into the one file, before what is cold
        classes.write(f"VM_SUPPORT_FAST += {main.with_suffix('')} cold\n")
        classes.write(headers.rules(objects))
    yield make


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold a lock between processes. The lock dies with its holder; the empty file stays behind for the next one.

    Without one, which is where there is no room for it or the file system has none, a model may be built twice.
    """
    with ExitStack() as stack:
        with suppress(OSError):
            handle = stack.enter_context(open(path, "a", encoding="utf-8"))
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
    text = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return "\n".join([line for line in text if "rror" in line][:lines] or text[-lines:])
