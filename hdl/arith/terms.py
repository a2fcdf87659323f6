"""Operands as signed powers of two, one at a time: the terms of Laconic (S. Sharify et al., ISCA 2019)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from operator import or_

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib.wiring import In, Out

from hdl.arith.encoding import encoding
from hdl.lib import roles
from hdl.lib.shared import Part, place
from hdl.params import EngineParams, OperandFormat

__all__ = ["TermForm", "TermLanes", "Terms"]


@dataclass(frozen=True)
class Terms:
    """A term, or none, of each lane, as words with a bit for every lane.

    Attributes
    ----------
    present, negative : Value
        There is a term; it is negative.
    exponent : list of Value
        The bits of the exponent, the lowest first. They and the sign mean nothing where there is no term.
    """

    present: Value
    negative: Value
    exponent: list[Value]


class TermForm:
    """The terms of operands of one format: each digit that is not zero is plus or minus a power of two.

    Parameters
    ----------
    params : EngineParams
        ``encoder`` gives the digits, ``depth`` the lanes.
    operand : OperandFormat

    Attributes
    ----------
    most : int
        The most terms of an operand.
    top : int
        The greatest exponent.
    bits : int
        Wires of a term of each lane: the words of :class:`Terms`, the exponent's last.
    """

    def __init__(self, params: EngineParams, operand: OperandFormat) -> None:
        self.lanes = params.depth
        self.encoding = encoding(params.encoder, operand)
        self.most = self.encoding.digits
        self.top = max(self.exponent(i) + ("two" in fields) for i, fields in enumerate(self.encoding.fields))
        self.exponent_bits = self.top.bit_length()
        self.bits = self.lanes * (2 + self.exponent_bits)

    def exponent(self, i: int) -> int:
        """The exponent of digit i where that is 1 or -1."""
        return self.encoding.digit_bits * i

    def split(self, wires: Value) -> Terms:
        """The words in the wires of all lanes."""
        present, negative, *exponent = (wires.word_select(i, self.lanes) for i in range(2 + self.exponent_bits))
        return Terms(present, negative, exponent)


class TermQueue(Part):
    """The terms of one operand after each other, the next operand waiting behind it.

    Members
    -------
    value : In(width)
    store : In(1)
        ``value`` waits, recoded, from the next cycle on.
    load : In(1)
        The operand that waits is begun.
    step, again : In(1)
        Go on to the next term; and, where ``repeats``, ``again``: to the first one.
    more : Out(form.most)
        Bit t: the operand that waits has more than t terms. Where ``counts``.
    terms : Out(2 + form.exponent_bits)
        The term of this cycle: whether there is one left, its sign, and its exponent.
    """

    role = roles.TERMS

    def __init__(self, module: str, form: TermForm, *, repeats: bool, counts: bool) -> None:
        self.module = module
        self.form = form
        self.repeats = repeats
        self.counts = counts
        flags = ("store", "load", "step", *(("again",) if repeats else ()))
        outputs = {**({"more": Out(form.most)} if counts else {}), "terms": Out(2 + form.exponent_bits)}
        super().__init__({"value": In(form.encoding.operand.width), **{name: In(1) for name in flags}, **outputs})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        encoding = self.form.encoding
        waiting = Cat(Signal(len(wires), name=f"digit{i}", reset_less=True) for i, wires in enumerate(encoding.fields))
        recoded = encoding.recode(m, self.value)
        with m.If(self.store):
            m.d.sync += waiting.eq(recoded)
        digits = encoding.split(waiting)
        nonzero = [Signal(name=f"nonzero{i}") for i in range(len(digits))]
        m.d.comb += [wire.eq(digit.nonzero) for wire, digit in zip(nonzero, digits, strict=True)]
        if self.counts:
            m.d.comb += self.more.eq(self._count(m, nonzero))

        full = Cat(nonzero)
        left = Signal(len(digits), reset_less=True)
        lowest = [Signal(name=f"lowest{i}") for i in range(len(digits))]
        m.d.comb += [wire.eq(left[i] & ~left[:i].any()) for i, wire in enumerate(lowest)]
        term = Cat(lowest)
        after: Value = left & ~term
        if self.repeats:
            first = Signal(len(digits), reset_less=True)
            with m.If(self.load):
                m.d.sync += first.eq(full)
            after = Mux(self.again, first, after)
        with m.If(self.load):
            m.d.sync += left.eq(full)
        with m.Elif(self.step):
            m.d.sync += left.eq(after)

        held = [(i, wire) for i, wires in enumerate(encoding.fields) for wire in ("two", "neg") if wire in wires]
        wires = Signal(len(held), reset_less=True)
        with m.If(self.load):
            m.d.sync += wires.eq(Cat(getattr(digits[i], wire) for i, wire in held))
        m.d.comb += self.terms.eq(Cat(left.any(), *self._term(term, dict(zip(held, wires, strict=True)))))
        return m

    def _count(self, m: Module, bits: list[Signal]) -> Value:
        """How many bits are set, as a thermometer."""
        count: Value = Const(0, 0)
        for i, bit in enumerate(bits):
            before, count = count, Signal(i + 1, name=f"count{i}")
            m.d.comb += count.eq(Mux(bit, Cat(Const(1, 1), before), before))
        return count

    def _term(self, term: Value, wires: dict[tuple[int, str], Value]) -> list[Value]:
        """Sign and exponent of the digit that ``term`` selects."""
        form = self.form
        result: list[list[Value]] = [[] for _ in range(1 + form.exponent_bits)]
        for i, fields in enumerate(form.encoding.fields):
            if "neg" in fields or "minus" in fields:
                result[0].append(term[i] & wires[i, "neg"] if "neg" in fields else term[i])
            one, two = form.exponent(i), form.exponent(i) + ("two" in fields)
            for bit, words in enumerate(result[1:]):
                if one >> bit & two >> bit & 1:
                    words.append(term[i])
                elif (one | two) >> bit & 1:
                    wire = wires[i, "two"]
                    words.append(term[i] & (wire if two >> bit & 1 else ~wire))
        return [reduce(or_, words, Const(0, 1)) for words in result]


class TermLanes(Part):
    """The terms of one operand a lane, lanes side by side.

    Members
    -------
    values : In(lanes * width)
    store, load, step, again : In(1)
        To all lanes, see :class:`TermQueue`.
    more : Out(form.most)
        Bit t: in some lane the operand that waits has more than t terms. Where ``counts``.
    terms : Out(form.bits)
        See :meth:`TermForm.split`.
    """

    role = roles.TERMS

    def __init__(self, name: str, form: TermForm, *, repeats: bool, counts: bool) -> None:
        self.module = f"lanes_{name}"
        self.form = form
        self.queue = TermQueue(f"terms_{name}", form, repeats=repeats, counts=counts)
        members = self.queue.signature.members
        self.flags = [flag for flag in ("store", "load", "step", "again") if flag in members]
        values = {"values": In(form.lanes * len(self.queue.value))}
        more = {"more": Out(form.most)} if counts else {}
        super().__init__({**values, **{flag: In(1) for flag in self.flags}, **more, "terms": Out(form.bits)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        flags = {flag: getattr(self, flag) for flag in self.flags}
        queues = []
        for d in range(self.form.lanes):
            value = self.values.word_select(d, len(self.queue.value))
            queues.append(place(m, f"terms{d}", self.queue, value=value, **flags))
        words = zip(*(queue.terms for queue in queues), strict=True)
        m.d.comb += self.terms.eq(Cat(Cat(word) for word in words))
        if self.queue.counts:
            m.d.comb += self.more.eq(reduce(or_, (queue.more for queue in queues)))
        return m
