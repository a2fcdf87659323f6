"""The page about a network on an engine."""

from gen.report.mapping.page import mapping_page
from gen.report.mapping.roofline import moved

__all__ = ["mapping_page", "moved"]
