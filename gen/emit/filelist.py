"""The file list: what simulators and linters take with ``-F``."""

from __future__ import annotations

__all__ = ["filelist"]


def filelist(top: str, verilog: str) -> str:
    """The text of the file list; names are relative to the list itself, as ``-F`` (unlike ``-f``) reads them."""
    return f"// Top module: {top}. Read with -F, which takes names relative to this file.\n{verilog}\n"
