"""The engine: an array behind streams, with job control, counters and drain."""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Module, Signal, Value
from amaranth.lib.wiring import In, Out

from hdl.arith.float.operands import canonical
from hdl.arith.plus import plus
from hdl.bus.slice import StreamSlice
from hdl.engine.bodies import body_of
from hdl.engine.body import Body
from hdl.engine.jobs import COUNTER_BITS, Jobs
from hdl.lib import roles
from hdl.lib.shared import Part, Shared, place
from hdl.params import BeatMap, Dataflow, EngineParams
from hdl.params.port import Port

__all__ = ["Engine", "engine_ports"]

#: What a stream brings.
STREAM = ("data", "last", "valid")
#: What the body tells the job control.
EVENTS = ("beat", "beat_last", "active", "starved", "blocked", "mismatch")


def engine_ports(params: EngineParams, flow: Dataflow | None = None) -> list[Port]:
    """Every port of the engine, in order; ``flow`` is that of a body whose beats have flags."""
    flow = flow or Dataflow(params)

    def stream(name: str, width: int, what: str, last: str, *, result: bool = False) -> list[Port]:
        forth, back = ("output", "input") if result else ("input", "output")
        return [
            Port(f"{name}_tdata", forth, width, what),
            Port(f"{name}_tvalid", forth, 1, "a beat is offered"),
            Port(f"{name}_tready", back, 1, "the beat is accepted"),
            Port(f"{name}_tlast", forth, 1, last),
        ]

    if params.weight_stationary:
        a_beat, b_beat = f"a row of {params.depth} columns of A", "a row of B"
    elif params.k_step > 1:
        a_beat, b_beat = f"{params.k_step} columns of A, by rows", f"{params.k_step} rows of B, by columns"
    else:
        a_beat, b_beat = "a column of A", "a row of B"
    last_k, last_row = "last beat of a tile", "last row of a tile"
    ports = [
        Port("clk", "input", 1, "clock; everything happens at its rising edge"),
        Port("rst", "input", 1, "synchronous reset, active high"),
        *stream("s_axis_a", flow.a.tdata_bits, f"{a_beat}: {flow.a.lanes} x {params.a}, lane 0 lowest", last_k),
        *stream("s_axis_b", flow.b.tdata_bits, f"{b_beat}: {flow.b.lanes} x {params.b}, lane 0 lowest", last_k),
    ]
    row = f"a row of C: {flow.c.lanes} x {params.accumulator} bits, lane 0 lowest"
    if params.preload:
        ports += stream("s_axis_c", flow.c.tdata_bits, f"{row}, to add to the result", "not looked at")
    ports += stream("m_axis_c", flow.c.tdata_bits, row, last_row, result=True)
    ports += [
        Port("job_tiles", "input", 32, "tiles of the next job"),
        Port("job_valid", "input", 1, "a job is offered"),
        Port("job_ready", "output", 1, "the job is accepted: the engine is not busy"),
        Port("job_done", "output", 1, "one cycle: the job's last result has left"),
        Port("busy", "output", 1, "a job is under way; operands enter the array for its tiles only"),
        Port("counters_clear", "input", 1, "set counters and errors to zero"),
        Port("counter_cycles", "output", COUNTER_BITS, "cycles with a job under way"),
        Port("counter_active", "output", COUNTER_BITS, "of these, cycles in which operands entered the array"),
        Port("counter_starved", "output", COUNTER_BITS, "of these, cycles in which operands were missing"),
        Port("counter_blocked", "output", COUNTER_BITS, "of these, cycles frozen because results found no room"),
        Port("error_tlast", "output", 1, "streams disagreed on the end of a tile; stays until counters_clear"),
        Port("error_k", "output", 1, f"a tile was longer than {flow.beat_limit} beats; stays until counters_clear"),
    ]
    return ports


class Engine(Part):
    """A tensor processing engine: C[rows, cols] = A[rows, K] x B[K, cols], tile after tile.

    Ports are those of :func:`engine_ports`. Any gap and any back-pressure on any stream is legal and loses nothing; a
    streak of tiles enters without a bubble, one every ``Dataflow.tile_interval(K)`` cycles.

    Parameters
    ----------
    params : EngineParams
    body : Body, optional
        Another array than the parameters give.
    """

    module = "engine"
    role = roles.ENGINE
    resets = True

    def __init__(self, params: EngineParams, body: Body | None = None) -> None:
        self.params = params
        self.body = body or body_of(params)
        self.flow = self.body.flow
        self.ports = engine_ports(params, self.flow)
        ports = [port for port in self.ports if port.name not in ("clk", "rst")]
        super().__init__({port.name: (In if port.direction == "input" else Out)(port.width) for port in ports})

    @property
    def latency(self) -> int | None:
        """See :attr:`hdl.engine.body.Body.latency`; None where the operands decide how long a tile takes."""
        return None if self.params.data_dependent else self.body.latency

    def elaborate(self, platform: object) -> Module:
        m = Module()
        a_take = Signal()
        b_take = Signal()
        wanted = Signal()
        rows_ready = Signal()
        row_valid = Signal()
        row_last = Signal()
        row = Signal(self.flow.c.payload_bits)
        drops = {name: Signal(name=f"{name}_drop") for name in self.body.drops}
        a = self._entry(m, "a", self.flow.a, ready=a_take, drop=drops.get("a"))
        b = self._entry(m, "b", self.flow.b, ready=b_take, drop=drops.get("b"))
        buffer = StreamSlice(len(row))
        rows = place(m, "slice_row", buffer, i_data=row, i_last=row_last, i_valid=row_valid, o_ready=rows_ready)
        result = self._preload(m, rows, rows_ready) if self.params.preload else rows
        if not self.params.preload:
            m.d.comb += rows_ready.eq(self.m_axis_c_tready)
        body = place(
            m,
            "body",
            self.body,
            wanted=wanted,
            room=rows.room,
            **{f"{name}_{what}": getattr(s, f"o_{what}") for name, s in (("a", a), ("b", b)) for what in STREAM},
        )
        jobs = place(
            m,
            "jobs",
            Jobs(self.flow.beat_limit),
            job_tiles=self.job_tiles,
            job_valid=self.job_valid,
            counters_clear=self.counters_clear,
            result_taken=result.o_valid & self.m_axis_c_tready,
            result_last=result.o_last,
            **{name: body.outputs[name] for name in EVENTS},
        )
        m.d.comb += [getattr(self, name).eq(value) for name, value in jobs.outputs.items() if hasattr(self, name)]
        m.d.comb += [
            wanted.eq(jobs.wanted),
            a_take.eq(body.a_take),
            b_take.eq(body.b_take),
            *(drop.eq(getattr(body, f"{name}_drop")) for name, drop in drops.items()),
            row.eq(body.row_data),
            row_valid.eq(body.row_valid),
            row_last.eq(body.row_last),
            self.m_axis_c_tdata.eq(result.o_data),
            self.m_axis_c_tlast.eq(result.o_last),
            self.m_axis_c_tvalid.eq(result.o_valid),
        ]
        return m

    def _entry(self, m: Module, name: str, beats: BeatMap, ready: Value, drop: Value | None = None) -> Shared:
        """The register slice of a stream that enters."""
        data, last, valid = (getattr(self, f"s_axis_{name}_{part}") for part in ("tdata", "tlast", "tvalid"))
        if name == "c":
            last = Const(0)  # rows of initial values are as many as there are results
        entry = place(
            m,
            f"slice_{name}",
            StreamSlice(beats.payload_bits, drops=drop is not None),
            i_data=data[: beats.payload_bits],
            i_last=last,
            i_valid=valid,
            o_ready=ready,
            **({} if drop is None else {"drop": drop}),
        )
        m.d.comb += getattr(self, f"s_axis_{name}_tready").eq(entry.i_ready)
        return entry

    def _preload(self, m: Module, rows: Shared, rows_ready: Signal) -> Shared:
        """Join rows of results with rows of initial values."""
        width = self.params.accumulator
        meet = Signal()
        initial = self._entry(m, "c", self.flow.c, ready=meet)
        lanes = [slice(j * width, (j + 1) * width) for j in range(self.params.cols)]
        start = [initial.o_data[lane] for lane in lanes]
        if self.params.floating:
            start = [canonical(m, value, f"initial{j}") for j, value in enumerate(start)]
        pairs = zip((rows.o_data[lane] for lane in lanes), start, strict=True)
        sums = Cat(plus(m, self.params, f"add{j}", *pair) for j, pair in enumerate(pairs))
        buffer, ready = StreamSlice(len(sums)), self.m_axis_c_tready
        out = place(m, "slice_out", buffer, i_data=sums, i_last=rows.o_last, i_valid=meet, o_ready=ready)
        m.d.comb += [meet.eq(rows.o_valid & initial.o_valid & out.i_ready), rows_ready.eq(meet)]
        return out
