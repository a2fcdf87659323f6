"""Generated files: Verilog, constraints, file list and manifest."""

from gen.emit.generate import generate, stored

__all__ = ["generate", "stored"]
