"""The report's drawings as files of their own, for the documentation: ``python -m gen.report.images docs/images``."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from gen.report.diagram import engine_diagram
from gen.report.markup import Markup
from gen.report.page import style
from gen.report.pe_diagram import pe_diagram
from hdl.params import EngineParams

__all__ = ["images"]


def images() -> dict[str, str]:
    """File name to SVG text: the demonstration's engine, and a PE of each scheme."""
    opt1, mac = EngineParams(scheme="opt1", preload=True), EngineParams(scheme="mac")
    drawings = {"engine.svg": engine_diagram(opt1), "pe-opt1.svg": pe_diagram(opt1), "pe-mac.svg": pe_diagram(mac)}
    return {name: _standalone(drawing) for name, drawing in drawings.items()}


def _standalone(drawing: Markup) -> str:
    """A drawing with its colours: the style sheet's variables, light and dark, and its rules for drawings."""
    variables = re.findall(r"^:root \{.*?^\}\n|^@media \(prefers-color-scheme: dark\) \{.*?^\}\n", style(), re.M | re.S)
    rules = re.findall(r"^svg .*\n", style(), re.MULTILINE)
    css = "".join([*variables, "svg { background: var(--sheet); }\n", *rules])
    return drawing.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1).replace(
        "<title>", f"<style>\n{css}</style><title>", 1
    )


if __name__ == "__main__":
    target = Path(sys.argv[1])
    target.mkdir(parents=True, exist_ok=True)
    for name, text in images().items():
        (target / name).write_text(text, encoding="utf-8")
