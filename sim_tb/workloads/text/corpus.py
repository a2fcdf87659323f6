"""The documentation strings of Python's standard library, as text of ASCII bytes."""

from __future__ import annotations

import ast
import sysconfig
import warnings
from collections.abc import Iterator
from pathlib import Path

__all__ = ["END", "VOCABULARY", "documentation"]

#: ASCII.
VOCABULARY = 128
#: Ends a documentation string, and stands before the first.
END = 0
#: Folders of the library that are no part of its documentation.
LEFT_OUT = {"test", "tests", "idlelib", "lib2to3", "site-packages", "dist-packages", "__pycache__", "turtledemo"}
SHORTEST = 30


def documentation(library: Path | None = None) -> list[bytes]:
    """Every documentation string of modules, classes and functions, once, file by file in the order of their names.

    Those shorter than 30 characters or with characters beyond ASCII are left out.

    Parameters
    ----------
    library : Path, optional
        Folder with the sources; that of the running Python by default.
    """
    library = library or Path(sysconfig.get_paths()["stdlib"])
    found: dict[bytes, None] = {}
    for path in sorted(library.rglob("*.py")):
        if not LEFT_OUT & set(path.relative_to(library).parts):
            found.update(dict.fromkeys(_strings(path)))
    return list(found)


def _strings(path: Path) -> Iterator[bytes]:
    """The documentation strings of a file."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # old escapes in string literals
            tree = ast.parse(path.read_bytes())
    except SyntaxError:  # templates
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            text = (ast.get_docstring(node) or "").strip()
            if len(text) >= SHORTEST and text.isascii() and "\0" not in text:
                yield text.encode("ascii")
