"""One number of the partial sums of a result."""

from __future__ import annotations

from dataclasses import dataclass

from amaranth.hdl import Module, Value
from amaranth.lib.wiring import In, Out

from hdl.arith.float.add import Adder
from hdl.arith.float.format import FP32
from hdl.lib import roles
from hdl.lib.delay import delay
from hdl.lib.shared import Part, place

__all__ = ["TurnSum"]


@dataclass(frozen=True)
class _Term:
    """Some neighbours of the partial sums: the steps after which their sum is there, and what it is the sum of."""

    steps: int
    sums: tuple[_Term, ...] = ()
    number: int = 0


def _plan(terms: list[_Term], latency: int) -> _Term:
    """Neighbours first; an odd one out waits for the next level."""
    while len(terms) > 1:
        pairs = [tuple(terms[i : i + 2]) for i in range(0, len(terms), 2)]
        terms = [
            pair[0] if len(pair) == 1 else _Term(max(each.steps for each in pair) + latency, pair) for pair in pairs
        ]
    return terms[0]


class TurnSum(Part):
    """Add partial sums that come one step after the other, each on its part of ``acc``.

    Parameters
    ----------
    turns : int
        Their number, and the steps of each adder.

    Attributes
    ----------
    steps : int
        From the first of them to their sum.

    Members
    -------
    en : In(1)
        Advance by one step; otherwise nothing changes.
    acc : In(32 * turns)
        Partial sum 0 lowest; each is there a step after the one before.
    sum : Out(32)
    """

    role = roles.DRAIN
    module = "finish"

    def __init__(self, turns: int) -> None:
        self.turns = turns
        self.plan = _plan([_Term(i, number=i) for i in range(turns)], turns)
        self.steps = self.plan.steps
        super().__init__({"en": In(1), "acc": In(FP32.width * turns), "sum": Out(FP32.width)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.d.comb += self.sum.eq(self._sum(m, self.plan, "sum"))
        return m

    def _sum(self, m: Module, term: _Term, name: str) -> Value:
        if not term.sums:
            return self.acc.word_select(term.number, FP32.width)
        begin = term.steps - self.turns
        addends = [
            delay(m, f"{name}_wait{i}", self.en, self._sum(m, each, f"{name}{i}"), begin - each.steps)
            for i, each in enumerate(term.sums)
        ]
        part, en = Adder(FP32, self.turns, plain=True), self.en.replicate(self.turns)
        return place(m, f"{name}_add", part, en=en, x=addends[0], y=addends[1]).o
