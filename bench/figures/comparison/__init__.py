"""Whole engines against the plain ones and against each other, on open libraries, beside what the paper reports.

``group`` measures, and imports nothing of what writes the page, which may change without new measurements.
"""
