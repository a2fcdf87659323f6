"""How fast and how frugal models are on memory that computes: the page of results."""

from bench.figures.pim import beyond, context, models, synth, systems, tables

__all__ = ["GROUPS", "PARTS"]

#: The longest first.
GROUPS = (models.GROUP, synth.GROUP, systems.GROUP, beyond.GROUP, context.GROUP)
PARTS = tables.PARTS | synth.PARTS
