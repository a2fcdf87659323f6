"""The HTML report of an output folder, from its JSON files alone."""

from __future__ import annotations

from pathlib import Path

from gen.report.data import load
from gen.report.page import page

__all__ = ["NAME", "build"]

NAME = "report.html"


def build(output: Path) -> Path:
    """Write ``report.html`` into an output folder, from ``manifest.json``, ``sim.json`` and ``synth.json``.

    A step that has not been run is named in the report. The file needs no network and no other file.

    Parameters
    ----------
    output : Path
        The folder.

    Returns
    -------
    Path
        The report.

    Raises
    ------
    ConfigError
        If there is no manifest, or a file is not what its step writes.
    """
    from gen.output import open_output

    document = page(load(Path(output)))
    return open_output(Path(output)).write(NAME, document)
