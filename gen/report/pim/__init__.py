"""The HTML report of a model's simulation, from its figures alone."""

from gen.report.pim.page import BEGINS, pim_report

__all__ = ["BEGINS", "pim_report"]
