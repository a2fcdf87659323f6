"""Operands that are held while the digits of some of them are worked off, in several steps."""

from __future__ import annotations

from functools import reduce
from operator import or_

from amaranth.hdl import Cat, Module, Signal, Value
from amaranth.lib.wiring import In, Out

from hdl.arith.encoding import Recoder
from hdl.arith.step import StepDigits
from hdl.lib import roles
from hdl.lib.shared import Part, place
from hdl.params import OperandFormat

__all__ = ["Held", "HeldDigits", "HeldOperands"]


class Held(Part):
    """The operands of a beat for one row, or column.

    Parameters
    ----------
    digits : StepDigits
        The digits of the operands that are recoded.
    form : OperandFormat
        The format of the operands held here.
    lanes : int
        Number of operands.
    waits : bool
        The next beat waits behind the one that is worked off: operands move from ``store`` to ``load``.
    outputs : dict
        Bits of each output, by name.
    selects : bool
        Steps differ in what is held here.

    Members
    -------
    values : In(lanes * form.width)
    store : In(1)
        ``values`` are held, or wait, from the next cycle on.
    load : In(1)
        What waits is held. Where one ``waits``.
    select : In(digits.steps)
        The step that is asked for, one-hot; no bit at all gives zero. Where steps differ.
    """

    role = roles.SERIALISER

    def __init__(
        self,
        digits: StepDigits,
        form: OperandFormat,
        lanes: int,
        *,
        waits: bool,
        outputs: dict[str, int],
        selects: bool = True,
    ) -> None:
        self.group, self.form, self.lanes, self.waits, self.selects = digits, form, lanes, waits, selects
        inputs = {"values": lanes * form.width, "store": 1, **({"load": 1} if waits else {})}
        inputs |= {"select": digits.steps} if selects else {}
        super().__init__(
            {name: In(bits) for name, bits in inputs.items()} | {name: Out(bits) for name, bits in outputs.items()}
        )

    def hold(self, m: Module, value: Value) -> tuple[Value, Value]:
        """What waits, and what is held."""
        held = Signal(len(value), name="held", reset_less=True)
        waiting, load = value, self.store
        if self.waits:
            waiting, load = Signal(len(value), name="waiting", reset_less=True), self.load
            with m.If(self.store):
                m.d.sync += waiting.eq(value)
        with m.If(load):
            m.d.sync += held.eq(waiting)
        return waiting, held

    def selected(self, choices: list[Value]) -> Value:
        """The choice of the step that is asked for."""
        return reduce(or_, (each & bit.replicate(len(each)) for each, bit in zip(choices, self.select, strict=True)))


class HeldDigits(Held):
    """Operands that are recoded where they enter, by ``recoder``. For parameters and other ports see :class:`Held`.

    Members
    -------
    some : Out(digits.steps)
        Bit i: an operand that waits has a digit in step i. Where one ``waits``.
    step : Out(lanes * digits.bits)
        The digits of the step, the lowest lane's first.
    """

    module = "held_digits"

    def __init__(self, digits: StepDigits, recoder: Recoder, lanes: int, *, waits: bool) -> None:
        self.recoder = recoder
        outputs = {**({"some": digits.steps} if waits else {}), "step": lanes * digits.bits}
        super().__init__(digits, digits.operand, lanes, waits=waits, outputs=outputs)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        recoded: list[Value] = [self.values.word_select(d, self.form.width) for d in range(self.lanes)]
        if not self.recoder.encoding.plain:
            recoded = [place(m, f"recode{d}", self.recoder, value=value).digits for d, value in enumerate(recoded)]
        waiting, held = self.hold(m, Cat(recoded))
        m.d.comb += self.step.eq(self.selected(self._steps(held)))
        if self.waits:
            m.d.comb += self.some.eq(Cat(each.any() for each in self._steps(waiting)))
        return m

    def _steps(self, recoded: Value) -> list[Value]:
        """For each step, its digits of all lanes."""
        bits = len(recoded) // self.lanes
        lanes = [self.group.groups(recoded.word_select(d, bits)) for d in range(self.lanes)]
        return [Cat(groups) for groups in zip(*lanes, strict=True)]


class HeldOperands(Held):
    """Operands that are shifted to the weight of each step. For parameters and other ports see :class:`Held`.

    Parameters
    ----------
    width : int
        Bits that hold an operand at any weight; those of an operand where it is not shifted.

    Members
    -------
    step : Out(lanes * width)
        The operands, times the weight of the step if they are shifted, the lowest lane's first.
    """

    module = "held_operands"

    def __init__(self, digits: StepDigits, form: OperandFormat, width: int, lanes: int, *, waits: bool) -> None:
        self.width = width
        self.shifts = width > form.width
        super().__init__(digits, form, lanes, waits=waits, outputs={"step": lanes * width}, selects=self.shifts)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        _, held = self.hold(m, self.values)
        if not self.shifts:
            m.d.comb += self.step.eq(held)
            return m
        choices = []
        for step in range(self.group.steps):
            lanes = []
            for d in range(self.lanes):
                value = held.word_select(d, self.form.width)
                lanes.append(Signal(self.width, name=f"weighted{step}_{d}"))
                signed = value.as_signed() if self.form.signed else value
                m.d.comb += lanes[-1].eq(signed.shift_left(step * self.group.step_bits))
            choices.append(Cat(lanes))
        m.d.comb += self.step.eq(self.selected(choices))
        return m
