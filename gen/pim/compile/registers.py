"""Scalar registers of a decoder's programs."""

from __future__ import annotations

from hdl.params.pim import SCALARS

__all__ = ["EPS", "FOUND", "MOST", "MOST_IN_PIECES", "SCALE", "SHARE", "TOKEN", "token_of"]

#: The token, in front of it its logit if that is the greatest so far; the same of the piece at hand.
TOKEN, FOUND = 1, SCALARS - 2
#: What normalisation takes, and the scores' factor; tokens are in these registers before and after that.
EPS, SHARE, SCALE = 4, 5, 6
#: Sequences of a batch that have a register each; that have a pair each, where logits come in pieces.
MOST, MOST_IN_PIECES = SCALARS, FOUND // 2


def token_of(sequence: int) -> int:
    """The register with the token of a sequence: 1, 3, 5, ..., 15, and then 0, 2, ..., 14."""
    return (TOKEN + 2 * sequence) % SCALARS - sequence // (SCALARS // 2)
