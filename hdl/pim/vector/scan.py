"""Greatest elements and sums of vectors that are only read: beside the lanes, so that those can multiply meanwhile."""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib.data import StructLayout, View
from amaranth.lib.wiring import In, Out

from hdl.arith.float.add import Adder
from hdl.arith.float.format import BF16, FP32
from hdl.lib.delay import delay, later, moves
from hdl.lib.shared import Part, place
from hdl.params.pim import PimParams
from hdl.pim.channel.feeder import ADDRESS_BITS
from hdl.pim.mover import MOVE_BITS
from hdl.pim.vector.greatest import Greatest
from hdl.pim.vector.int8 import scale_of
from hdl.pim.vector.sum import Sum

__all__ = ["Scan", "scan_job"]


def scan_job(params: PimParams, contexts: int) -> StructLayout:
    """The vector at SRAM word ``address``: its last beat's number and the number of elements in that, less one.

    ``sums`` its elements, ``centred`` less the first one; otherwise finds the greatest one, or its ``place``, or with
    int8 the ``scale`` for its greatest magnitude.
    """
    tail = (params.vector_lanes - 1).bit_length()
    flags = dict.fromkeys(("sums", "centred", "place", *(["scale"] if params.int8 else [])), 1)
    owner = {"context": range(contexts)}
    return StructLayout(owner | {"address": ADDRESS_BITS, "beats": MOVE_BITS - tail, "tail": tail, **flags})


class Scan(Part):
    """Reads one vector after the other, a beat a clock where SRAM keeps up; results come in the order of each kind.

    Parameters
    ----------
    params : PimParams
    adder : int
        Latency of adders.
    contexts : int
        Instructions at work.

    Members
    -------
    start : In(1), job : In, ready : Out(1)
        A vector (:func:`scan_job`); only while ready.
    r_valid, r_addr, r_ready, r_data
        A port of the SRAM.
    first_valid : Out(1), first : Out(16)
        The element that is subtracted from all, once a vector, of instruction ``first_context``.
    found : Out(1), found_value : Out(32), found_context : Out
        A greatest element in single precision, or its index.
    sum : Out(1), sum_value : Out(32), sum_context : Out
        A sum.
    """

    resets = True

    def __init__(self, params: PimParams, adder: int, contexts: int) -> None:
        self.params = params
        self.layout = layout = scan_job(params, contexts)
        self.total = Sum(params.vector_lanes, adder)
        self.adder = Adder(FP32, adder)
        self.greatest = Greatest(params.vector_lanes)
        self.module = f"vector_scan_{adder}"
        lanes = params.vector_lanes
        super().__init__(
            {
                "start": In(1),
                "job": In(layout.size),
                "ready": Out(1),
                "r_valid": Out(1),
                "r_addr": Out(ADDRESS_BITS),
                "r_ready": In(1),
                "r_data": In(lanes * BF16.width),
                "first_valid": Out(1),
                "first": Out(BF16.width),
                **{name: Out(1) for name in ("found", "sum")},
                **{f"{name}_value": Out(FP32.width) for name in ("found", "sum")},
                **{f"{name}_context": Out(range(contexts)) for name in ("first", "found", "sum")},
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        lanes, high = self.params.vector_lanes, Const(1, 1)
        reads = Signal()
        first = Signal(name="reads_first", reset_less=True)
        # Clocks until the accumulator takes the next vector; by then the last beat of this one has its job behind it.
        waits = Signal(range(self.total.gap + 1))
        layout = self.layout
        job = View(layout, Signal(layout.size, name="present", reset_less=True))
        last = job.beats == 0
        granted = Signal()
        m.d.comb += [
            self.ready.eq(~reads & ~waits.any()),
            self.r_valid.eq(reads),
            self.r_addr.eq(job.address),
            granted.eq(reads & self.r_ready),
        ]
        # A beat: granted, at the SRAM's port, in a register.
        at_port = Signal()
        there = Signal()
        marks = delay(m, "marks", high, Cat(first, last), 1)
        beat = Signal(len(self.r_data), reset_less=True)
        mark = Signal(2, reset_less=True)
        m.d.sync += [at_port.eq(granted), there.eq(at_port)]
        with m.If(at_port):
            m.d.sync += [beat.eq(self.r_data), mark.eq(marks)]
        counts = Signal(lanes)
        m.d.comb += counts.eq(Cat(Const(1, 1), *((job.tail >= i) | ~mark[1] for i in range(1, lanes))))
        with m.If(waits.any()):
            m.d.sync += waits.eq(waits - 1)
        with m.If(granted):
            m.d.sync += [first.eq(0), job.beats.eq(job.beats - 1), waits.eq(self.total.gap)]
            m.d.sync += [job.address.eq(job.address + lanes // self.params.lanes), reads.eq(~last)]

        found = place(
            m,
            "greatest",
            self.greatest,
            valid=there & ~job.sums,
            first=mark[0],
            last=mark[1],
            x=self._magnitudes(beat, job) if self.params.int8 else beat,
            counts=counts,
        )
        # Element 0, negated; -0 changes nothing.
        held = Signal(BF16.width, reset_less=True)
        less = Signal(BF16.width)
        start = Mux(job.centred, beat[: BF16.width], 0)
        m.d.comb += less.eq(Mux(mark[0], Cat(start[:-1], ~start[-1]), held))
        m.d.comb += [self.first_valid.eq(there & mark[0] & job.centred), self.first.eq(beat[: BF16.width])]
        with m.If(there):
            m.d.sync += held.eq(less)
        low = Const(0, FP32.width - BF16.width)
        steps = self.adder.latency
        on_way = later(m, "on_way", high, there & job.sums, steps)
        enables = moves(high, there & job.sums, on_way)
        sums = []
        for i in range(lanes):
            x = Cat(low, beat[BF16.width * i :][: BF16.width])
            total = place(m, f"smaller_{i}", self.adder, en=enables, x=x, y=Cat(low, less)).o
            sums.append(total)
        late = delay(m, "late", enables, Cat(mark[1], counts), steps)
        total = place(
            m,
            "adder",
            self.total,
            valid=on_way[-1],
            last=late[0],
            x=Cat(value & late[1 + i].replicate(FP32.width) for i, value in enumerate(sums)),
        )
        scale = [job.scale] if self.params.int8 else []
        owner = delay(m, "owner", high, Cat(job.place, job.context, *scale), self.greatest.latency)
        greatest = Cat(low, found.value)
        if self.params.int8:
            greatest = Mux(owner[-1], scale_of(found.value), greatest)
        m.d.comb += [
            self.first_context.eq(job.context),
            self.found.eq(found.done),
            self.found_value.eq(Mux(owner[0], found.place, greatest)),
            self.found_context.eq(owner[1:][: len(job.context)]),
            self.sum.eq(total.done),
            self.sum_value.eq(total.total),
            self.sum_context.eq(delay(m, "sum_owner", high, job.context, steps + self.total.latency)),
        ]
        with m.If(self.start):
            m.d.sync += [job.eq(View(layout, self.job)), first.eq(1), reads.eq(1)]
        return m

    def _magnitudes(self, beat: Signal, job: View) -> Value:
        """A beat without signs, if its scale is wanted."""
        signs = Cat(Const(0, BF16.width - 1), job.scale).replicate(self.params.vector_lanes)
        return beat & ~signs
