"""The vector unit as it is seen from outside: which words it asks for in which clock, and when instructions end."""

from __future__ import annotations

from sim_tb.pim.simulate.core.lanes import clock_lanes, clock_scan, rest_lanes, rest_scan, skip_lanes, word_of
from sim_tb.pim.simulate.core.layout import *
from sim_tb.pim.simulate.core.turns import clock_turns, next_ending, skip_turns


def requested(S, P, port):
    """The first of a beat's words that a port asks to read in this clock, or -1; the last port is the scan's."""
    if port == 3:
        return S[SCAN_WORD]
    o = OPERANDS + port * OPERAND
    return word_of(S, P, o) if S[o + O_WAITING] else -1


def clock_vector(S, P, granted, written):
    """Advance by a clock: ports whose request is granted, as a mask, and whether the word to write is taken."""
    clock_lanes(S, P, granted, written)
    clock_scan(S, P, granted & 8)
    clock_turns(S, P)
    S[STARTS] = 0


def rest_vector(S, P):
    """Clocks from this one on in which, without a start, the unit asks for nothing and no output changes."""
    rest = rest_scan(S)
    if rest > 0:
        rest = min(rest, rest_lanes(S, P))
    if rest <= 0:
        return 0
    return min(rest, 0 if S[COMPLETE] else next_ending(S) - S[NOW])


def skip_vector(S, P, clocks):
    """Advance by at most as many clocks as it rests."""
    skip_lanes(S, P, clocks)
    skip_turns(S, P, clocks)
