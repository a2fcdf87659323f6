"""The HTML report of an output folder, from its JSON files alone."""

from __future__ import annotations

from pathlib import Path

from gen.output import Output, open_output
from gen.report.data import load
from gen.report.page import page

__all__ = ["NAME", "build"]

NAME = "report.html"


def build(output: Path | Output) -> Path:
    """Write ``report.html`` into an output folder, from the JSON files that are in it.

    A step that has not been run is named in the report. The file needs no network and no other file.

    Parameters
    ----------
    output : Path or Output
        The folder, or the folder opened already (with its leave to overwrite).

    Returns
    -------
    Path
        The report.

    Raises
    ------
    ConfigError
        If there is no manifest, or a file is not what its step writes.
    """
    folder = output.path if isinstance(output, Output) else Path(output)
    document = page(load(folder))
    opened = output if isinstance(output, Output) else open_output(folder)
    return opened.write(NAME, document)
