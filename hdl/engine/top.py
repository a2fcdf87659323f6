"""The engine: an array behind streams, with job control, counters and drain."""

from __future__ import annotations

from dataclasses import dataclass

from amaranth.hdl import Cat, ClockSignal, Instance, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hdl.array.skew import Skew
from hdl.bus.slice import StreamSlice
from hdl.engine.control import COUNTER_BITS, Control
from hdl.engine.drain import Drain
from hdl.params import BeatMap, Dataflow, EngineParams
from hdl.pe.scheme import Scheme

__all__ = ["Engine", "Port", "engine_ports"]


@dataclass(frozen=True)
class Port:
    """A port of the engine: its direction is ``input`` or ``output``."""

    name: str
    direction: str
    width: int
    description: str


def engine_ports(params: EngineParams) -> list[Port]:
    """Every port of the engine, in order."""
    flow = Dataflow(params)

    def stream(name: str, width: int, what: str, last: str, *, result: bool = False) -> list[Port]:
        forth, back = ("output", "input") if result else ("input", "output")
        return [
            Port(f"{name}_tdata", forth, width, what),
            Port(f"{name}_tvalid", forth, 1, "a beat is offered"),
            Port(f"{name}_tready", back, 1, "the beat is accepted"),
            Port(f"{name}_tlast", forth, 1, last),
        ]

    last_k, last_row = "last beat of a tile", "last row of a tile"
    ports = [
        Port("clk", "input", 1, "clock; everything happens at its rising edge"),
        Port("rst", "input", 1, "synchronous reset, active high"),
        *stream("s_axis_a", flow.a.tdata_bits, f"a column of A: {flow.a.lanes} x {params.a}, lane 0 lowest", last_k),
        *stream("s_axis_b", flow.b.tdata_bits, f"a row of B: {flow.b.lanes} x {params.b}, lane 0 lowest", last_k),
    ]
    row = f"a row of C: {flow.c.lanes} x {params.accumulator} bits, lane 0 lowest"
    if params.preload:
        ports += stream("s_axis_c", flow.c.tdata_bits, f"{row}, to add to the result", last_row)
    ports += stream("m_axis_c", flow.c.tdata_bits, row, last_row, result=True)
    ports += [
        Port("job_tiles", "input", 32, "tiles of the next job"),
        Port("job_valid", "input", 1, "a job is offered"),
        Port("job_ready", "output", 1, "the job is accepted: the engine is not busy"),
        Port("job_done", "output", 1, "one cycle: the job's last result has left"),
        Port("busy", "output", 1, "a job is under way; operands are accepted for its tiles only"),
        Port("counters_clear", "input", 1, "set counters and errors to zero"),
        Port("counter_cycles", "output", COUNTER_BITS, "cycles with a job under way"),
        Port("counter_active", "output", COUNTER_BITS, "of these, cycles in which operands entered the array"),
        Port("counter_starved", "output", COUNTER_BITS, "of these, cycles in which operands were missing"),
        Port("counter_blocked", "output", COUNTER_BITS, "of these, cycles frozen because results found no room"),
        Port("error_tlast", "output", 1, "streams disagreed on the end of a tile; stays until counters_clear"),
        Port("error_k", "output", 1, f"a tile was longer than {params.k_limit} beats; stays until counters_clear"),
    ]
    return ports


class Engine(wiring.Component):
    """A tensor processing engine: C[rows, cols] = A[rows, K] x B[K, cols], tile after tile.

    Ports are those of :func:`engine_ports`. Any gap and any back-pressure on any stream is legal and loses nothing; a
    streak of tiles enters without a bubble, one every ``Dataflow.tile_interval(K)`` cycles.

    Parameters
    ----------
    params : EngineParams
    scheme : Scheme
    array_name : str
        Module that holds the array.
    """

    def __init__(self, params: EngineParams, scheme: Scheme, array_name: str) -> None:
        self.params = params
        self.scheme = scheme
        self.array_name = array_name
        self.flow = Dataflow(params)
        ports = [port for port in engine_ports(params) if port.name not in ("clk", "rst")]
        super().__init__({port.name: (In if port.direction == "input" else Out)(port.width) for port in ports})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.drain = drain = Drain(self.params, self.scheme)
        m.submodules.control = control = Control(self.params, latency=2 + drain.latency)
        self._connect_control(m, control)
        a = self._operand(m, control, "a", self.flow.a)
        b = self._operand(m, control, "b", self.flow.b)
        m.d.comb += control.have.eq(a.o_valid & b.o_valid)
        self._array(m, control, a.o_data[1:], b.o_data[1:], drain)
        self._results(m, control, drain)
        return m

    def _connect_control(self, m: Module, control: Control) -> None:
        """Connect the ports that engine and control share by name."""
        for port in engine_ports(self.params):
            if port.name in control.signature.members:
                mine, its = getattr(self, port.name), getattr(control, port.name)
                m.d.comb += its.eq(mine) if port.direction == "input" else mine.eq(its)

    def _operand(self, m: Module, control: Control, name: str, beats: BeatMap) -> StreamSlice:
        """The register slice of an operand stream; ``last`` in its lowest bit."""
        stream = {part: getattr(self, f"s_axis_{name}_{part}") for part in ("tdata", "tvalid", "tready", "tlast")}
        m.submodules[f"slice_{name}"] = entry = StreamSlice(beats.payload_bits + 1)
        m.d.comb += [
            entry.i_data.eq(Cat(stream["tlast"], stream["tdata"][: beats.payload_bits])),
            entry.i_valid.eq(stream["tvalid"]),
            stream["tready"].eq(entry.i_ready),
            entry.o_ready.eq(control.take),
            getattr(control, f"{name}_last").eq(entry.o_data[0]),
        ]
        return entry

    def _array(self, m: Module, control: Control, a, b, drain: Drain) -> None:
        """Skew the operands into the array. A bubble is a zero operand of A: its products are zero."""
        params = self.params
        m.submodules.skew_a = skew_a = Skew(params.rows, params.a.width)
        m.submodules.skew_b = skew_b = Skew(params.cols, params.b.width)
        m.submodules.skew_clear = skew_clear = Skew(params.rows, 1)
        m.d.comb += [
            skew_a.i.eq(a & control.take.replicate(len(a))),
            skew_b.i.eq(b),
            skew_clear.i.eq(control.clear),
            drain.clear.eq(control.clear),
        ]
        for part in (skew_a, skew_b, skew_clear, drain):
            m.d.comb += part.en.eq(control.en)
        m.submodules.array = Instance(
            self.array_name,
            i_clk=ClockSignal(),
            i_en=control.en,
            i_clear=skew_clear.o,
            i_a=skew_a.o,
            i_b=skew_b.o,
            o_acc=drain.acc,
        )

    def _results(self, m: Module, control: Control, drain: Drain) -> None:
        """Buffer the rows; add the preloaded values on the way out."""
        m.submodules.slice_row = rows = StreamSlice(len(drain.row) + 1)
        m.d.comb += [
            rows.i_data.eq(Cat(control.row_last, drain.row)),
            rows.i_valid.eq(control.en & control.row_valid),
            control.room.eq(rows.room),
        ]
        out = self._preload(m, control, rows) if self.params.preload else rows
        m.d.comb += [
            self.m_axis_c_tdata.eq(out.o_data[1:]),
            self.m_axis_c_tvalid.eq(out.o_valid),
            self.m_axis_c_tlast.eq(out.o_data[0]),
            out.o_ready.eq(self.m_axis_c_tready),
            control.result_taken.eq(out.o_valid & out.o_ready),
            control.result_last.eq(out.o_data[0]),
        ]

    def _preload(self, m: Module, control: Control, rows: StreamSlice) -> StreamSlice:
        """Join rows of results with rows of initial values."""
        width, bits = self.params.accumulator, self.flow.c.payload_bits
        m.submodules.slice_c = initial = StreamSlice(bits + 1)
        m.submodules.slice_out = out = StreamSlice(bits + 1)
        join = Signal()
        x, y = rows.o_data[1:], initial.o_data[1:]
        lanes = [slice(j * width, (j + 1) * width) for j in range(self.params.cols)]
        m.d.comb += [
            initial.i_data.eq(Cat(self.s_axis_c_tlast, self.s_axis_c_tdata[:bits])),
            initial.i_valid.eq(self.s_axis_c_tvalid),
            self.s_axis_c_tready.eq(initial.i_ready),
            join.eq(rows.o_valid & initial.o_valid & out.i_ready),
            rows.o_ready.eq(join),
            initial.o_ready.eq(join),
            control.c_mismatch.eq(join & (rows.o_data[0] != initial.o_data[0])),
            out.i_valid.eq(join),
            out.i_data.eq(Cat(rows.o_data[0], ((x[lane] + y[lane])[:width] for lane in lanes))),
        ]
        return out
