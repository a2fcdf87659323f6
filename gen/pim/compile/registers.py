"""Scalar registers of a decoder's programs."""

from __future__ import annotations

__all__ = ["BEST", "EPS", "FOUND", "SCALE", "SHARE", "TOKEN"]

#: The greatest logit so far, and its token behind it; the same of the piece at hand.
BEST, TOKEN, FOUND = 0, 1, 2
#: What normalisation takes, and the scores' factor.
EPS, SHARE, SCALE = 4, 5, 6
