"""An engine behind a delta encoder."""

from __future__ import annotations

from amaranth.hdl import Module, Signal

from hdl.delta.encoder import DeltaEncoder
from hdl.delta.frame import Frame
from hdl.engine.top import Engine
from hdl.front.engine import FrontedEngine
from hdl.lib.shared import place
from hdl.params.delta_front import DeltaFront

__all__ = ["DeltaEngine"]


class DeltaEngine(FrontedEngine):
    """An engine that takes activations, and multiplies how they changed since the job before.

    A beat of A enters the engine two cycles after it was taken; none is taken before its job is.

    Parameters
    ----------
    params : DeltaFront
    """

    def __init__(self, params: DeltaFront) -> None:
        self.encoder = DeltaEncoder(params.encoder, tags=False)
        super().__init__(params, Engine(params.engine))

    def elaborate(self, platform: object) -> Module:
        m = Module()
        params = self.encoder.params
        accepted = Signal()
        ready = Signal()
        job_ready = Signal()
        frame = place(
            m,
            "frame",
            Frame(params),
            start=self.job_valid & job_ready,
            tiles=self.job_tiles,
            i_whole=self.delta_whole,
            i_shift=self.delta_shift,
            i_threshold=self.delta_threshold,
            beat=accepted,
            beat_last=self.s_axis_a_tlast,
            clear=self.counters_clear,
        )
        offered = self.s_axis_a_tvalid & frame.open
        encoder = place(
            m,
            "encoder",
            self.encoder,
            shift=frame.shift,
            threshold=frame.threshold,
            i_data=self.s_axis_a_tdata[: params.lanes * params.x.width],
            i_addr=frame.addr,
            i_last=self.s_axis_a_tlast,
            i_whole=frame.whole,
            i_valid=offered,
            o_ready=ready,
        )
        streams = {f"s_axis_a_t{what}": getattr(encoder, f"o_{what}") for what in ("data", "last", "valid")}
        engine = self.place_engine(m, **streams)
        m.d.comb += [
            accepted.eq(offered & encoder.i_ready),
            ready.eq(engine.s_axis_a_tready),
            job_ready.eq(engine.job_ready),
            self.s_axis_a_tready.eq(encoder.i_ready & frame.open),
            self.error_frame.eq(frame.error),
        ]
        return m
