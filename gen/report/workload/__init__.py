"""The page about a workload: what was measured, in tables, charts and pictures."""

from gen.report.workload.page import workload_page
from gen.report.workload.parts import Bars, Lines, Part, Pictures, Section, Table

__all__ = ["Bars", "Lines", "Part", "Pictures", "Section", "Table", "workload_page"]
