"""A study of a system, run in a folder that is gone afterwards."""

from __future__ import annotations

import tempfile
from pathlib import Path

from sim_tb.systems.study import Findings, Request, Study

__all__ = ["studied"]


def studied(study: Study, *, quick: bool = False, **options: str) -> Findings:
    """What a study finds on its own engines; says nothing on the way. Raises what the study raises."""
    with tempfile.TemporaryDirectory(prefix="bitloom_") as folder:
        return study(Request(Path(folder), quick=quick, options=options), lambda text: None)
