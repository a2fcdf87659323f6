"""A small decoder that has learned the documentation of Python's standard library, on the PIM controller.

:func:`generate` continues a text; ``config.json`` and ``model.safetensors`` are the decoder as
other people have theirs, and :mod:`sim_tb.workloads.text.train` made the weights.
"""

from sim_tb.workloads.text.generate import SYSTEM, Agreement, Text, agreement, compiled, generate, weights

__all__ = ["SYSTEM", "Agreement", "Text", "agreement", "compiled", "generate", "weights"]
