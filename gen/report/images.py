"""The report's drawings as files of their own, for the documentation: ``python -m gen.report.images docs/images``."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

from gen.report.diagrams.engine import engine_diagram
from gen.report.diagrams.pe import pe_diagram
from gen.report.document import style
from gen.report.markup import Markup
from hdl.params import FLOATS, EngineParams

__all__ = ["images"]


BF16: dict[str, Any] = {"scheme": "mac", "a": FLOATS["bf16"], "b": FLOATS["bf16"]}
#: What is drawn: file name to engine.
ENGINES: dict[str, dict[str, Any]] = {
    "engine-bf16": BF16,
    "engine": {"scheme": "opt1", "preload": True},
    "engine-systolic_ws": {"array": "systolic_ws", "scheme": "opt1", "rows": 8, "cols": 8, "depth": 4},
    "engine-cube": {"array": "cube", "scheme": "opt1", "rows": 4, "cols": 4, "depth": 4},
    "engine-adder_tree": {"array": "adder_tree", "scheme": "opt1", "rows": 8, "cols": 4, "depth": 8},
    "engine-matrix_2d": {"array": "matrix_2d", "scheme": "opt1", "rows": 8, "cols": 8},
    "engine-opt3": {"array": "matrix_2d", "scheme": "opt3", "rows": 4, "cols": 4, "encoder": "ent"},
    "engine-opt4c": {"array": "systolic_os", "scheme": "opt4c", "encoder": "ent"},
    "engine-opt4e": {"array": "matrix_2d", "scheme": "opt4e", "rows": 4, "cols": 8, "encoder": "naf"},
    "engine-laconic": {"array": "matrix_2d", "scheme": "laconic", "rows": 3, "cols": 4, "depth": 8, "encoder": "naf"},
}
PES: dict[str, dict[str, Any]] = {
    "pe-mac": {"scheme": "mac"},
    "pe-bf16": BF16,
    "pe-opt1": {"scheme": "opt1"},
    "pe-opt2": {"array": "matrix_2d", "scheme": "opt2"},
    "pe-opt3": {"scheme": "opt3"},
    "pe-opt4c": {"scheme": "opt4c"},
    "pe-opt4e": {"array": "matrix_2d", "scheme": "opt4e"},
    "pe-laconic": ENGINES["engine-laconic"],
    "pe-systolic_ws": ENGINES["engine-systolic_ws"],
    "pe-cube": ENGINES["engine-cube"],
    "pe-adder_tree": ENGINES["engine-adder_tree"],
}


def images() -> dict[str, str]:
    """File name to SVG text: block diagrams, and PEs."""
    drawings = {name: engine_diagram(EngineParams(**engine)) for name, engine in ENGINES.items()}
    drawings |= {name: pe_diagram(EngineParams(**engine)) for name, engine in PES.items()}
    return {f"{name}.svg": _standalone(drawing) for name, drawing in drawings.items()}


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
