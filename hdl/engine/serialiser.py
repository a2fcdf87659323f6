"""Operands to terms: what stands in front of the array of Laconic."""

from __future__ import annotations

from functools import reduce
from operator import or_

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib.wiring import In, Out

from hdl.arith.terms import TermForm, TermLanes
from hdl.lib import roles
from hdl.lib.shared import Part, place
from hdl.params import EngineParams

__all__ = ["Serialiser"]


class Serialiser(Part):
    """Turn a beat of operands of A and B into steps, one for every pair of a term of A and a term of B.

    All lanes go on together: a beat takes as many steps as the greatest number of terms of an operand of A, times that
    of B; one if there are no terms in A, or none in B. The terms of B are repeated for each one of A. A lane that has
    run out of terms has none in the step. While a beat is worked off the next one waits, recoded, and its terms are
    counted, so that beats follow each other without a gap.

    Members
    -------
    en, have, last, take, valid, step_last
        See :class:`hdl.engine.stepper.Stepper`; ``latency`` counts from when the beat was taken.
    ready : Out(1)
        A beat that waits is taken.
    a : In(rows * depth * a.width)
    b : In(cols * depth * b.width)
    a_terms : Out(rows * form.bits)
    b_terms : Out(cols * form.bits)
        The terms of the step for each row and column, see :class:`hdl.arith.terms.TermForm`; those of A are none
        where there is no ``take``.

    Attributes
    ----------
    latency : int
        Cycles from a beat to its first step, at the least.
    """

    module = "serialiser"
    role = roles.SERIALISER
    resets = True
    latency = 2

    def __init__(self, params: EngineParams) -> None:
        self.params = params
        self.forms = {"a": TermForm(params, params.a), "b": TermForm(params, params.b)}
        counts = any(form.most > 1 for form in self.forms.values())
        self.lanes = {
            name: TermLanes(name, form, repeats=name == "b", counts=counts) for name, form in self.forms.items()
        }
        self.places = {"a": params.rows, "b": params.cols}
        sizes = {name: (self.places[name], len(self.lanes[name].values), self.forms[name].bits) for name in "ab"}
        super().__init__(
            {
                **{name: In(1) for name in ("en", "have", "last", "take")},
                **{name: Out(1) for name in ("ready", "valid", "step_last")},
                **{name: In(count * values) for name, (count, values, _) in sizes.items()},
                **{f"{name}_terms": Out(count * bits) for name, (count, _, bits) in sizes.items()},
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        waiting = Signal()
        waiting_last = Signal()
        valid = Signal()
        last = Signal(name="beat_last")
        store = Signal()
        load = Signal()
        again = Signal()
        done = Signal()
        step = self.take
        m.d.comb += [
            load.eq(self.en & waiting & (~valid | (self.take & done))),
            self.ready.eq(self.en & (~waiting | load)),
            store.eq(self.ready & self.have),
            self.valid.eq(valid),
            self.step_last.eq(last & done),
        ]
        with m.If(store):
            m.d.sync += [waiting.eq(1), waiting_last.eq(self.last)]
        with m.Elif(load):
            m.d.sync += waiting.eq(0)
        with m.If(load):
            m.d.sync += [valid.eq(1), last.eq(waiting_last)]
        with m.Elif(step & done):
            m.d.sync += valid.eq(0)

        more = {}
        for name, flags in (("a", {"step": step & again}), ("b", {"step": step, "again": again})):
            more[name] = self._lanes(m, name, store=store, load=load, **flags)
        # Bit t of what is left: after this term there are more than t. Where all products are zero, there are none.
        product = more["a"][0] & more["b"][0]
        left = {name: Signal(max(form.most - 1, 1), name=f"{name}_left") for name, form in self.forms.items()}
        all_b = Signal.like(left["b"], name="b_all")
        with m.If(load):
            m.d.sync += [left[name].eq(Mux(product, more[name][1:], 0)) for name in "ab"]
            m.d.sync += all_b.eq(Mux(product, more["b"][1:], 0))
        with m.Elif(step):
            m.d.sync += left["b"].eq(Mux(again, all_b, left["b"][1:]))
            with m.If(again):
                m.d.sync += left["a"].eq(left["a"][1:])
        m.d.comb += [again.eq(~left["b"][0]), done.eq(again & ~left["a"][0])]
        return m

    def _lanes(self, m: Module, name: str, **flags) -> Signal:
        """The lanes of one operand for all rows, or columns: how many terms those that wait have, as a thermometer."""
        part, form, values = self.lanes[name], self.forms[name], getattr(self, name)
        places = [
            place(m, f"{name}{i}", part, values=values.word_select(i, len(part.values)), **flags)
            for i in range(self.places[name])
        ]
        terms = [each.terms for each in places]
        if name == "a":
            terms = [Cat(word[: form.lanes] & self.take.replicate(form.lanes), word[form.lanes :]) for word in terms]
        m.d.comb += getattr(self, f"{name}_terms").eq(Cat(terms))
        more = Signal(form.most, name=f"{name}_more")
        if part.queue.counts:
            m.d.comb += more.eq(reduce(or_, (each.more for each in places)))
        return more
