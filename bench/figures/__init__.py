"""The figures of README and docs: measured by one command, kept in ``bench/results``, written into the pages.

``python -m bench.figures`` measures what is out of date and writes the pages. See docs/development.md.
"""
