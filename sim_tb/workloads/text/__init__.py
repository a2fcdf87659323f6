"""A small decoder that has learned the documentation of Python's standard library, on the PIM controller.

:func:`generate` continues a text; the weights are in ``decoder.npz``, and :mod:`sim_tb.workloads.text.train` made them.
"""

from sim_tb.workloads.text.generate import HEADS, SYSTEM, Agreement, Text, agreement, generate, weights

__all__ = ["HEADS", "SYSTEM", "Agreement", "Text", "agreement", "generate", "weights"]
