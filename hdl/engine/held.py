"""Operands that are held while their digits are worked off, some in every step."""

from __future__ import annotations

from functools import reduce
from operator import or_

from amaranth.hdl import Cat, Module, Signal, Value
from amaranth.lib.wiring import In, Out

from hdl.arith.encoding import Recoder
from hdl.arith.step import Step, step_digits
from hdl.lib import roles
from hdl.lib.shared import Part, place
from hdl.params import EngineParams
from hdl.params.axes import Skip

__all__ = ["HeldColumn", "HeldRow"]


class _Held(Part):
    """The operands of a beat for one row, or column.

    Where steps are skipped the next beat waits behind the one that is worked off, so that it is known in time which
    steps it needs: operands move from ``store`` to ``load``.

    Members
    -------
    values : In(lanes * width)
    store : In(1)
        ``values`` are held, or wait, from the next cycle on.
    load : In(1)
        What waits is held. Where steps are skipped.
    select : In(steps)
        The step that is asked for, one-hot; no bit at all gives zero.
    """

    role = roles.SERIALISER

    def __init__(self, params: EngineParams, width: int, outputs: dict[str, int]) -> None:
        self.params = params
        self.group = step_digits(params)
        self.waits = params.axes.skip is not Skip.NONE
        self.lanes = params.k_step
        inputs = {"values": self.lanes * width, "store": 1, **({"load": 1} if self.waits else {})}
        inputs["select"] = self.group.steps
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


class HeldRow(_Held):
    """The operands of A for a row, recoded where they enter. For the other ports see :class:`_Held`.

    Members
    -------
    some : Out(steps)
        Bit i: an operand that waits has a digit in step i. Where steps are skipped.
    digits : Out(lanes * group.bits)
        The digits of the step, the lowest lane's first.
    """

    module = "held_row"

    def __init__(self, params: EngineParams) -> None:
        self.recoder = Recoder(params.encoder, params.a)
        group = step_digits(params)
        some = {} if params.axes.skip is Skip.NONE else {"some": group.steps}
        super().__init__(params, params.a.width, {**some, "digits": params.k_step * group.bits})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        recoded: list[Value] = [self.values.word_select(d, self.params.a.width) for d in range(self.lanes)]
        if not self.recoder.encoding.plain:
            recoded = [place(m, f"recode{d}", self.recoder, value=value).digits for d, value in enumerate(recoded)]
        waiting, held = self.hold(m, Cat(recoded))
        m.d.comb += self.digits.eq(self.selected(self._steps(held)))
        if self.waits:
            m.d.comb += self.some.eq(Cat(each.any() for each in self._steps(waiting)))
        return m

    def _steps(self, recoded: Value) -> list[Value]:
        """For each step, its digits of all lanes."""
        bits = len(recoded) // self.lanes
        lanes = [self.group.groups(recoded.word_select(d, bits)) for d in range(self.lanes)]
        return [Cat(groups) for groups in zip(*lanes, strict=True)]


class HeldColumn(_Held):
    """The operands of B for a column, shifted to the weight of the step. For the other ports see :class:`_Held`.

    Members
    -------
    weighted : Out(lanes * step.b.width)
        The operands, times the weight of the step, the lowest lane's first.
    """

    module = "held_column"

    def __init__(self, params: EngineParams) -> None:
        self.form = Step.of(params).b
        super().__init__(params, params.b.width, {"weighted": params.k_step * self.form.width})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        _, held = self.hold(m, self.values)
        choices = []
        for step in range(self.group.steps):
            lanes = []
            for d in range(self.lanes):
                value = held.word_select(d, self.params.b.width)
                lanes.append(Signal(self.form.width, name=f"weighted{step}_{d}"))
                signed = value.as_signed() if self.form.signed else value
                m.d.comb += lanes[-1].eq(signed.shift_left(step * self.group.step_bits))
            choices.append(Cat(lanes))
        m.d.comb += self.weighted.eq(self.selected(choices))
        return m
