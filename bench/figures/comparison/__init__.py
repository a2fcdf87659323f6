"""Whole engines against the plain ones and against each other, on open libraries, beside what the paper reports."""

from bench.figures.comparison.group import EFFORT, group
from bench.figures.comparison.page import PARTS

__all__ = ["EFFORT", "PARTS", "group"]
