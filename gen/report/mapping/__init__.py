"""The page about a network on an engine."""

from gen.report.mapping.page import mapping_page

__all__ = ["mapping_page"]
