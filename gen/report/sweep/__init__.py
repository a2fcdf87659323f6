"""The page of a sweep."""

from gen.report.sweep.page import sweep_page

__all__ = ["sweep_page"]
