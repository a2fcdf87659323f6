"""A row of PEs whose rows keep step."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Signal, Value
from amaranth.lib.wiring import In, Out

from hdl.lib import roles
from hdl.lib.shared import Part, place
from hdl.params import EngineParams
from hdl.params.sparse import SparseShape
from hdl.sparse.plane_pe import PlanePE, Step

__all__ = ["PlaneRow"]


class PlaneRow(Part):
    """One row of PEs, and its share of the result buses.

    Members
    -------
    step : In
        See :class:`Step`.
    b : In
        What all columns have, one a lane. ``b_out`` : Out where it is handed over to the next row.
    bus_in, bus_out
        From below and to above: the sums of all columns.
    """

    module = "row"
    role = roles.ROW

    def __init__(self, params: EngineParams) -> None:
        self.params = params
        self.pe = PlanePE(params)
        operands = params.cols * Step.lanes(SparseShape(params))[1]
        bus = params.cols * self.pe.plane.acc_bits
        follow = {"b_out": Out(operands)} if self.pe.hands_b_over else {}
        super().__init__(
            {
                "step": In(Step.bits(SparseShape(params))),
                "b": In(operands),
                **follow,
                "bus_in": In(bus),
                "bus_out": Out(bus),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        params = self.params
        step: Value = self.step
        if not params.axes.hands_a_over:
            register = Signal(len(step), name="step_register", reset_less=True)
            m.d.sync += register.eq(step)
            step = register
        sums, operands = [], []
        for j in range(params.cols):
            b = self.b.word_select(j, len(self.b) // params.cols)
            names = ("step_in" if params.axes.hands_a_over else "step", "b_in" if self.pe.hands_b_over else "b")
            pe = place(m, f"pe{j}", self.pe, **dict(zip(names, (step, b), strict=True)))
            if params.axes.hands_a_over:
                step = pe.step_out
            if self.pe.hands_b_over:
                operands.append(pe.b_out)
            sums.append(pe.acc)
        if operands:
            m.d.comb += self.b_out.eq(Cat(operands))
        m.d.comb += self.bus_out.eq(self.bus_in | Cat(sums))
        return m
