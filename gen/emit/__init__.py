"""Generated files: Verilog, constraints, file list and manifest."""

from gen.emit.generate import generate

__all__ = ["generate"]
