"""The vector unit: elementwise operations, functions, reductions, softmax and normalisations of vectors in SRAM."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import or_
from typing import Any

from amaranth.hdl import Array, Cat, Const, Module, Mux, Signal, Value
from amaranth.lib.data import View
from amaranth.lib.wiring import In, Out

from hdl.arith.float.format import FP32
from hdl.arith.float.passes import LaneShape
from hdl.lib.delay import delay
from hdl.lib.shared import Part, Shared, place
from hdl.params.pim import ELEMENT_BITS, PimParams
from hdl.pim.channel.collector import granules
from hdl.pim.channel.feeder import ADDRESS_BITS
from hdl.pim.mover import MOVE_BITS
from hdl.pim.vector.context import Context, context_count, operand_layout
from hdl.pim.vector.front import Front, entry_layout, lane_job, tag_layout
from hdl.pim.vector.lanes import Lanes
from hdl.pim.vector.packer import Packer
from hdl.pim.vector.phases import phase_layout, start_fields
from hdl.pim.vector.reader import Reader
from hdl.pim.vector.scan import Scan, scan_job
from hdl.pim.vector.sum import Sum

__all__ = ["READS", "VECTOR_INPUTS", "VectorUnit"]

#: Ports that read SRAM: operands a, b and c of the lanes, and the vector that is scanned.
READS = ("va", "vb", "vc", "vs")
#: An instruction: its opcode, element count and SRAM words; its factor or scalar argument (single precision; a bf16 one
#: in the upper half) and stride; epsilon and 1 / n; the scalar register of its result, if it has one.
VECTOR_INPUTS = {
    "opcode": 6,
    "n": MOVE_BITS,
    **dict.fromkeys(("a", "b", "beta", "d"), ADDRESS_BITS),
    "factor": 32,
    "stride": 16,
    "eps": 32,
    "share": 32,
    "target": 4,
    "gives": 1,
}


class VectorUnit(Part):
    """Executes vector instructions, several of them at a time, each bit for bit as if it were alone.

    Lanes take a beat of ``vector_lanes`` elements a clock, and stop as a whole where SRAM does not keep up. Beside them
    a scan finds greatest elements and sums. For each element of a beat there are 4 multipliers and 8 adders: 5 in its
    lane, 1 in the scan, 2 in trees of sums and accumulators; and a lane's adder of a constant
    (:mod:`hdl.arith.float.passes`). Instructions may end in another order than they began in; whatever starts
    them minds their data.

    Parameters
    ----------
    params : PimParams
    shape : LaneShape
        Latencies.
    contexts : int
        Instructions at the same time, a power of two; :func:`hdl.pim.vector.context.context_count` of them by default.

    Members
    -------
    start : In(1), {input} : In, ready : Out(1)
        An instruction begins (``VECTOR_INPUTS``); only while ready.
    slot : Out, active : Out(contexts)
        The number that the next instruction will have; which instructions are at work, from the clock after ``start``
        until the last word is in SRAM.
    any_gives : Out(1)
        One of them will give a scalar.
    done : Out(1), result : Out(32), target_out : Out(4)
        A scalar and its register. The caller sees to it that only one of the instructions that give one is at work at
        a time.
    multiplies : Out(1)
        A beat enters the lanes for a pass with a multiplication.
    v{a,b,c,s,d}_*
        Ports of the SRAM (:class:`hdl.pim.sram.Sram`).
    """

    module = "vector"
    resets = True

    def __init__(self, params: PimParams, shape: LaneShape | None = None, contexts: int = 0) -> None:
        self.params = params
        self.shape = shape or LaneShape()
        self.contexts = contexts = contexts or context_count(params)
        self.words = params.vector_lanes // params.lanes
        beat = params.vector_lanes * ELEMENT_BITS
        ports: dict[str, Any] = {"start": In(1), **{name: In(width) for name, width in VECTOR_INPUTS.items()}}
        ports |= {"ready": Out(1), "slot": Out(range(contexts)), "active": Out(contexts)}
        ports |= {"any_gives": Out(1), "done": Out(1), "result": Out(32), "target_out": Out(4), "multiplies": Out(1)}
        for name in (*READS, "vd"):
            ports |= {f"{name}_valid": Out(1), f"{name}_addr": Out(ADDRESS_BITS), f"{name}_ready": In(1)}
            ports[f"{name}_data"] = Out(beat) if name == "vd" else In(beat)
        ports["vd_mask"] = Out(self.words * granules(params))
        super().__init__(ports)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        self.en = Signal(name="en")
        contexts, wires = self._contexts(m)
        oldest = self._ages(m, contexts)
        lanes, counts = self._lanes(m, contexts, wires, oldest)
        self._scan(m, contexts, wires, oldest)
        self._ends(m, contexts, wires, lanes, counts)
        self._results(m, contexts)
        return m

    # --- instructions ------------------------------------------------------------------------------------------------
    def _contexts(self, m: Module) -> tuple[list[Shared], list[dict[str, Signal]]]:
        """The instructions, and their inputs that come from later."""
        params = self.params
        first = start_fields(m, params, self.opcode, "begins")
        layout = operand_layout(params)
        operands = View(layout, Signal(layout.size, name="operands"))
        tail = (params.vector_lanes - 1).bit_length()
        above = Signal(MOVE_BITS)
        m.d.comb += [
            above.eq(self.n - 1),
            operands.tail.eq(above[:tail]),
            operands.beats.eq(above[tail:]),
            operands.b.eq(Mux(first.b_is_a, self.a, self.b)),
            operands.c.eq(Mux(first.c_is_b, self.b, self.beta)),
            *(operands[name].eq(getattr(self, name)) for name in ("a", "d", "stride", "share", "eps", "gives")),
            operands.target.eq(self.target),
        ]
        names = {"lane_start": 1, "scan_start": 1, "lane_done": 1, "scan_done": 1, "first_valid": 1}
        names |= {"lane_value": 32, "scan_value": 32, "first": 16}
        found, wires = [], []
        for i in range(self.contexts):
            here = {name: Signal(width, name=f"context{i}_{name}") for name, width in names.items()}
            found.append(
                place(
                    m,
                    f"context{i}",
                    Context(params),
                    load=self.start & (self.slot == i),
                    state=first.state,
                    operands=operands.as_value(),
                    start_x=self.factor,
                    **here,
                )
            )
            wires.append(here)
        return found, wires

    def _ages(self, m: Module, contexts: list[Shared]) -> Signal:
        """Instructions begin in a ring: the oldest one's number."""
        oldest = Signal(range(self.contexts))
        newest = Signal(range(self.contexts))
        active = Array(each.active for each in contexts)
        m.d.comb += [
            self.slot.eq(newest),
            self.ready.eq(~active[newest]),
            self.active.eq(Cat(each.active for each in contexts)),
        ]
        with m.If(self.start):
            m.d.sync += newest.eq(newest + 1)
        # Where they meet, all numbers were in use, or none: one that begins where the oldest one was is the newest.
        with m.If(Mux(oldest == newest, self.start & self.active.any(), ~active[oldest])):
            m.d.sync += oldest.eq(oldest + 1)
        return oldest

    def _pick(self, m: Module, name: str, oldest: Signal, wants: Sequence[Value]) -> tuple[Signal, Signal]:
        """The oldest one that wants something: whether there is one, and its number."""
        which, some = Signal(range(self.contexts), name=f"{name}_picked"), Signal(name=f"{name}_some")
        m.d.comb += some.eq(Cat(wants).any())
        bits = Array(wants)
        for i in reversed(range(self.contexts)):
            number = Signal(range(self.contexts), name=f"{name}_number{i}")
            m.d.comb += number.eq(oldest + i)
            with m.If(bits[number]):
                m.d.comb += which.eq(number)
        return some, which

    # --- lanes -------------------------------------------------------------------------------------------------------
    def _next(self, m: Module, contexts: list[Shared], oldest: Signal) -> tuple[Signal, Signal, Signal]:
        """Whose phase is next in the lanes; the last signal is to say that no sum may begin.

        Numbers first: they take a step, and others wait for them. Then sums: between two of them the lanes need
        something else to do, and that is all the rest.
        """
        closed, some, which = Signal(name="closed"), Signal(name="lane_some"), Signal(range(self.contexts), name="next")
        phases = [View(phase_layout(self.params), each.phase) for each in contexts]
        pairs = list(zip(contexts, phases, strict=True))
        groups = {
            "vectors": [each.wants_lane & phase.vector & ~phase.adds for each, phase in pairs],
            "sums": [each.wants_lane & phase.adds & ~closed for each, phase in pairs],
            "numbers": [each.wants_lane & ~phase.vector for each, phase in pairs],
        }
        for name, wants in groups.items():
            found, number = self._pick(m, name, oldest, wants)
            with m.If(found):
                m.d.comb += [some.eq(1), which.eq(number)]
        return some, which, closed

    def _lanes(
        self, m: Module, contexts: list[Shared], wires: list[dict[str, Signal]], oldest: Signal
    ) -> tuple[Shared, Value]:
        params, en = self.params, self.en
        held = [View(operand_layout(params), each.held) for each in contexts]
        some, which, closed = self._next(m, contexts, oldest)
        layout = lane_job(params, self.contexts)
        job = View(layout, Signal(layout.size, name="lane_job"))
        fields = ("a", "b", "c", "beats", "stride")
        m.d.comb += [
            job.context.eq(which),
            job.phase.as_value().eq(Array(each.phase for each in contexts)[which]),
            *(job[name].eq(Array(each[name] for each in held)[which]) for name in fields),
        ]
        self.sum = Sum(params.vector_lanes, self.shape.adder)
        front = place(
            m,
            "front",
            Front(params, self.shape, self.contexts, self.sum.gap),
            en=en,
            offer=some,
            job=job.as_value(),
            base=Cat(each.b for each in held),
        )
        m.d.comb += closed.eq(front.closed)
        for i, here in enumerate(wires):
            m.d.comb += here["lane_start"].eq(front.take & (which == i))
        readers = {}
        for name in "abc":
            own = {"gather": front.a_gather, "first": front.a_first, "stride": front.a_stride} if name == "a" else {}
            readers[name] = place(
                m,
                f"reader_{name}",
                Reader(params, gathers=name == "a"),
                en=en,
                push=getattr(front, f"{name}_push"),
                address=getattr(front, f"{name}_address"),
                pop=getattr(front, f"{name}_pop"),
                r_ready=getattr(self, f"v{name}_ready"),
                r_data=getattr(self, f"v{name}_data"),
                **own,
            )
            m.d.comb += getattr(self, f"v{name}_valid").eq(readers[name].r_valid)
            m.d.comb += getattr(self, f"v{name}_addr").eq(readers[name].r_addr)
        scalars = {name: Signal(FP32.width, name=f"lane_{name}", reset_less=True) for name in ("x", "s0", "s1", "s2")}
        with m.If(en & front.soon):
            for name, register in scalars.items():
                m.d.sync += register.eq(Array(getattr(each, name) for each in contexts)[front.soon_context])
        lanes = place(
            m,
            "lanes",
            Lanes(params, self.shape, self.contexts),
            en=en,
            valid=front.valid,
            entry=front.entry,
            **{name: reader.data for name, reader in readers.items()},
            **scalars,
        )
        entry = View(entry_layout(params, self.contexts), front.entry)
        m.d.comb += self.multiplies.eq(en & front.valid & entry.counts)
        self.ready_operands = Cat(reader.ok for reader in readers.values()).all()
        return lanes, self._counts(m, contexts, View(tag_layout(params, self.contexts), lanes.tag))

    def _counts(self, m: Module, contexts: list[Shared], tag: View) -> Signal:
        """Which elements of a result belong to its vector."""
        layout, size = operand_layout(self.params), self.params.vector_lanes
        tail = Array(View(layout, each.held).tail for each in contexts)[tag.context]
        counts = Signal(size, name="counts")
        others = [~tag.last | (tail >= i) for i in range(1, size)]
        if self.params.int8:
            others = [each & ~tag.single for each in others]
        m.d.comb += counts.eq(Cat(Const(1, 1), *others))
        return counts

    # --- sums and greatest elements ----------------------------------------------------------------------------------
    def _scan(self, m: Module, contexts: list[Shared], wires: list[dict[str, Signal]], oldest: Signal) -> None:
        params = self.params
        some, which = self._pick(m, "scan", oldest, [each.wants_scan for each in contexts])
        held = [View(operand_layout(params), each.held) for each in contexts]
        layout = scan_job(params, self.contexts)
        job = View(layout, Signal(layout.size, name="scan_job"))
        phase = View(phase_layout(params), Array(each.phase for each in contexts)[which])
        m.d.comb += [
            job.context.eq(which),
            job.address.eq(Array(each.a for each in held)[which]),
            job.beats.eq(Array(each.beats for each in held)[which]),
            job.tail.eq(Array(each.tail for each in held)[which]),
            job.sums.eq(phase.sum | phase.centred),
            job.centred.eq(phase.centred),
            job.place.eq(phase.place),
            *([job.scale.eq(phase.scale)] if params.int8 else []),
        ]
        start = Signal(name="scan_begins")
        ready = Signal(name="scan_free")
        m.d.comb += start.eq(some & ready)
        scan = place(
            m,
            "scan",
            Scan(params, self.shape.adder, self.contexts),
            start=start,
            job=job.as_value(),
            r_ready=self.vs_ready,
            r_data=self.vs_data,
        )
        m.d.comb += [ready.eq(scan.ready), self.vs_valid.eq(scan.r_valid), self.vs_addr.eq(scan.r_addr)]
        for i, here in enumerate(wires):
            found, summed = scan.found & (scan.found_context == i), scan.sum & (scan.sum_context == i)
            m.d.comb += [
                here["scan_start"].eq(start & (which == i)),
                here["first_valid"].eq(scan.first_valid & (scan.first_context == i)),
                here["first"].eq(scan.first),
                here["scan_done"].eq(found | summed),
                here["scan_value"].eq(Mux(summed, scan.sum_value, scan.found_value)),
            ]

    # --- results -----------------------------------------------------------------------------------------------------
    def _ends(
        self, m: Module, contexts: list[Shared], wires: list[dict[str, Signal]], lanes: Shared, counts: Value
    ) -> None:
        """What comes out of the lanes at the end of a phase: a sum, a number, or the last word of a vector."""
        tag = View(tag_layout(self.params, self.contexts), lanes.tag)
        width = FP32.width
        lane_sum = place(
            m,
            "lane_sum",
            self.sum,
            valid=self.en & lanes.valid_y & tag.adds,
            last=tag.last,
            x=Cat(lanes.y[width * i :][:width] & count.replicate(width) for i, count in enumerate(counts)),
        )
        added = delay(m, "sum_owner", Const(1, 1), tag.context, self.sum.latency)
        written = self._write(m, contexts, lanes, counts)
        for i, here in enumerate(wires):
            sum_done = lane_sum.done & (added == i)
            number = self.en & lanes.valid_y & tag.number & (tag.context == i)
            if self.params.int8:
                number = number & ~tag.single
            m.d.comb += [
                here["lane_done"].eq(sum_done | number | written[i]),
                here["lane_value"].eq(Mux(sum_done, lane_sum.total, lanes.y[:width])),
            ]

    def _write(self, m: Module, contexts: list[Shared], lanes: Shared, counts: Value) -> list[Value]:
        """Results to SRAM; in which instructions the last word is written now. And whether the lanes advance."""
        params, en = self.params, self.en
        tag = View(tag_layout(params, self.contexts), lanes.tag)
        valid, last = Signal(name="writes"), Signal(name="writes_last", reset_less=True)
        owner = Signal(range(self.contexts), name="writes_owner", reset_less=True)
        address = Signal(ADDRESS_BITS, name="writes_to", reset_less=True)
        kept = Signal(len(counts), name="writes_counts", reset_less=True)
        held = [View(operand_layout(params), each.held) for each in contexts]
        begins = Array(each.d for each in held)
        writes, offset, begin = tag.writes, tag.offset, begins[tag.context]
        if params.int8:
            # Two beats are as many bytes as one has elements; they are written with the second one, or the last.
            odd = tag.offset[self.words.bit_length() - 1]
            writes = writes & (~tag.packs | odd | tag.last)
            offset = Mux(tag.packs, tag.offset >> 1 & -self.words, tag.offset)
            begin = Mux(tag.single, Array(each.b for each in held)[tag.context], begin)
        m.d.comb += en.eq(self.ready_operands & (~valid | self.vd_ready))
        with m.If(en):
            m.d.sync += valid.eq(lanes.valid_y & writes)
        with m.If(en & lanes.valid_y & tag.writes):
            m.d.sync += [
                last.eq(tag.last),
                owner.eq(tag.context),
                address.eq(begin + offset),
                kept.eq(counts),
            ]
        bits = ELEMENT_BITS
        data: Value = Cat(lanes.o[bits * i :][:bits] & count.replicate(bits) for i, count in enumerate(kept))
        words: Sequence[Value] = [kept[params.lanes * k] for k in range(self.words)]
        if params.int8:
            packs, second = Signal(name="writes_packed"), Signal(name="writes_second", reset_less=True)
            with m.If(en):
                m.d.sync += [packs.eq(lanes.valid_y & tag.packs), second.eq(odd)]
            packer = place(m, "packer", Packer(params), en=en, valid=packs, odd=second, o=lanes.o, counts=kept)
            data = Mux(packs, packer.data, data)
            words = [Mux(packs, packer.words[k], word) for k, word in enumerate(words)]
        m.d.comb += [
            self.vd_valid.eq(valid),
            self.vd_addr.eq(address),
            self.vd_data.eq(data),
            self.vd_mask.eq(Cat(word.replicate(granules(params)) for word in words)),
        ]
        return [en & valid & last & (owner == i) for i in range(self.contexts)]

    def _results(self, m: Module, contexts: list[Shared]) -> None:
        """Numbers for scalar registers."""
        held = [View(operand_layout(self.params), each.held) for each in contexts]
        gives = [each.ends & here.gives for each, here in zip(contexts, held, strict=True)]
        m.d.comb += [
            self.any_gives.eq(Cat(each.active & here.gives for each, here in zip(contexts, held, strict=True)).any()),
            self.done.eq(Cat(gives).any()),
            self.result.eq(
                reduce(or_, (each.x & given.replicate(32) for each, given in zip(contexts, gives, strict=True)))
            ),
            self.target_out.eq(
                reduce(or_, (here.target & given.replicate(4) for here, given in zip(held, gives, strict=True)))
            ),
        ]
