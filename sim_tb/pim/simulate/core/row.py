"""Rows of integers that are written and read one by one: the first number says how far."""

from __future__ import annotations

#: In the place of a clock that does not come.
ENDLESS = 1 << 30


def put(O, value):
    """Another number; if there is no room, the last one is that, which is asked for at the end."""
    O[0] = min(O[0] + 1, len(O) - 1)
    O[O[0]] = value


def get(O):
    """The next number."""
    O[0] += 1
    return O[O[0]]


def put_clocks(S, O, first, many, now, base):
    """Clocks as distances, 0 for those up to a distance; nothing if they are all over."""
    ahead = False
    for i in range(first, first + many):
        if S[i] - now > base:
            ahead = True
    put(O, 1 if ahead else 0)
    if ahead:
        for i in range(first, first + many):
            put(O, S[i] - now if S[i] - now > base else 0)


def get_clocks(S, O, first, many, now):
    """Undo the same."""
    ahead = get(O)
    for i in range(first, first + many):
        S[i] = now + (get(O) if ahead else 0)


def put_queue(S, O, count, queue, now):
    """Clocks in their order, as distances."""
    put(O, S[count])
    for i in range(S[count]):
        put(O, max(0, S[queue + i] - now))


def get_queue(S, O, count, queue, now):
    """Undo the same."""
    S[count] = get(O)
    for i in range(S[count]):
        S[queue + i] = now + get(O)
