"""The bit-weight loop nest as data: loops in space and time, and the primitive that stands at each level.

A matrix product is a loop nest over ``m``, ``n``, ``k`` and ``w``, the digits of A, or of B, by weight. A :class:`Nest`
is the list of its statements, each with the loops around it; neighbours that begin with the same loops share them.
``gen.nest`` has the text form, the checks, the rewrites and the interpreter.
"""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = [
    "BROADCAST",
    "ELEMENTS",
    "INDICES",
    "KINDS",
    "OTHER",
    "OWN",
    "PRIMITIVES",
    "RESULT",
    "SKIPPING",
    "Key",
    "Line",
    "Loop",
    "Nest",
    "Statement",
]

#: C[m,n] = sum over k and w of digit w of A[m,k], times B[k,n], times the digit's weight; or with the digits of B.
INDICES = ("m", "n", "k", "w")
KINDS = ("space", "time")
PRIMITIVES = ("encode", "map", "shift", "half_reduce", "add", "sync")
#: Modes of a loop: operands reach all copies in the same cycle; steps whose digit is zero take no cycle.
BROADCAST, SKIPPING = "broadcast", "skipping zeros"
#: The target that stands for the result C[m,n].
RESULT = "C"
#: An element of each operand as it is written, and the index that it has and the other operand has not.
ELEMENTS = {"A": "A[m,k]", "B": "B[k,n]"}
OWN = {"A": "m", "B": "n"}
OTHER = {"A": "B", "B": "A"}

#: A loop by its index and its place among the loops over that index, outermost first: ``("k", 0)``.
Key = tuple[str, int]


@dataclass(frozen=True)
class Loop:
    """One loop.

    Parameters
    ----------
    kind : str
        ``space``: a copy of the hardware for every step. ``time``: a cycle for every step.
    index : str
        ``m``, ``n``, ``k`` or ``w``. Nested loops over one index split it: the outermost has the most weight.
    size : int or None
        Steps; None, for an outermost ``time`` loop, is as many as the tile needs.
    mode : str
        Empty, ``broadcast`` (space) or ``skipping zeros`` (time).
    at : tuple of int
        Line and column in the text it was read from; (0, 0) if made otherwise. Not compared.
    """

    kind: str
    index: str
    size: int | None = None
    mode: str = ""
    at: tuple[int, int] = field(default=(0, 0), compare=False, repr=False)


@dataclass(frozen=True)
class Statement:
    """One primitive with its operand and its result.

    Parameters
    ----------
    targets : tuple of str
        One name, the two names of a carry-save pair, ``("C",)`` for the result, or nothing (``sync``).
    primitive : str
    operands : tuple of str
        Names of the value read: one, or two of a pair. Indices for ``sync``; nothing for ``encode``.
    accumulate : bool
        ``+=`` instead of ``=``.
    over : tuple of str
        Indices of the ``space`` loops inside this level whose copies are all inputs of this one.
    encoder : str
        Of ``encode``.
    bits : int
        Of ``shift``: places for each step of ``w``.
    recoded : str
        ``A`` or ``B``. Of ``encode``: what it takes apart. Of ``map``: what its digit is of; the other is multiplied.
    at : tuple of int
        As for :class:`Loop`.
    """

    targets: tuple[str, ...]
    primitive: str
    operands: tuple[str, ...] = ()
    accumulate: bool = False
    over: tuple[str, ...] = ()
    encoder: str = ""
    bits: int = 0
    recoded: str = "A"
    at: tuple[int, int] = field(default=(0, 0), compare=False, repr=False)


@dataclass(frozen=True)
class Line:
    """A statement and the loops around it, outermost first."""

    loops: tuple[Loop, ...]
    statement: Statement

    @property
    def keys(self) -> tuple[Key, ...]:
        """The key of every loop."""
        seen = dict.fromkeys(INDICES, 0)
        result = []
        for loop in self.loops:
            place = seen.get(loop.index, 0)
            result.append((loop.index, place))
            seen[loop.index] = place + 1
        return tuple(result)

    def over(self, index: str) -> tuple[Loop, ...]:
        """The loops around it over one index."""
        return tuple(loop for loop in self.loops if loop.index == index)


@dataclass(frozen=True)
class Nest:
    """A loop nest: its statements in order, each with the loops around it."""

    lines: tuple[Line, ...]

    def find(self, primitive: str) -> list[int]:
        """Positions of the lines with this primitive."""
        return [i for i, line in enumerate(self.lines) if line.statement.primitive == primitive]

    @property
    def encode(self) -> Line:
        """The line that makes digits."""
        return self.lines[self.find("encode")[0]]

    @property
    def recoded(self) -> str:
        """The operand that is taken apart: ``A`` or ``B``."""
        return self.encode.statement.recoded

    @property
    def own(self) -> str:
        """The index over which digits differ beside k: ``m`` for those of A, ``n`` for those of B."""
        return OWN[self.recoded]

    @property
    def shared(self) -> str:
        """The index over which digits are the same: ``n`` for those of A, ``m`` for those of B."""
        return OWN[OTHER[self.recoded]]
