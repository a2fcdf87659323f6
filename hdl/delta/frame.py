"""What a delta encoder has to know of a frame: its settings, and which beat of it comes next."""

from __future__ import annotations

from amaranth.hdl import Module, Signal
from amaranth.lib.wiring import In, Out

from hdl.lib import roles
from hdl.lib.counter import Counter
from hdl.lib.shared import Part, place
from hdl.params.delta import DeltaParams

__all__ = ["Frame"]


class Frame(Part):
    """A job is a frame: its beats are numbered from 0, and its settings hold until the next one begins.

    The first frame after a reset is sent whole, whatever its setting is: the memory knows nothing then.

    Parameters
    ----------
    params : DeltaParams
        Of the encoder.

    Members
    -------
    start : In(1), tiles : In(32)
        A job of so many tiles begins with the next cycle.
    i_whole : In(1), i_shift, i_threshold : In
        The settings of its frame, taken with ``start``.
    beat, beat_last : In(1)
        A beat enters the encoder; it is the last of its tile.
    clear : In(1)
        ``error`` falls.
    open : Out(1)
        The job has beats that are still to enter.
    addr : Out
        The number of the next one.
    whole, shift, threshold : Out
        The settings that hold.
    error : Out(1)
        A frame had more beats than there are words; those behind the last word shared it. Stays until ``clear``.
    """

    module = "delta_frame"
    role = roles.FRONT
    resets = True

    def __init__(self, params: DeltaParams) -> None:
        self.params = params
        super().__init__(
            {
                "start": In(1),
                "tiles": In(32),
                "i_whole": In(1),
                "i_shift": In(params.shift_bits),
                "i_threshold": In(params.x.width),
                "beat": In(1),
                "beat_last": In(1),
                "clear": In(1),
                "open": Out(1),
                "addr": Out(params.address_bits),
                "whole": Out(1),
                "shift": Out(params.shift_bits),
                "threshold": Out(params.x.width),
                "error": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        begun = Signal()  # a frame has been sent since the reset
        full = Signal()  # every word of the memory has had its beat
        counter = Counter(32, down=True)
        left = place(m, "tiles_left", counter, step=self.beat & self.beat_last, set=self.start, to=self.tiles).value
        with m.If(self.start):
            m.d.sync += self.open.eq(self.tiles.any())
        with m.Elif(self.beat & self.beat_last & (left == 1)):
            m.d.sync += self.open.eq(0)
        with m.If(self.beat):
            at_end = self.addr == self.params.words - 1
            with m.If(at_end):
                m.d.sync += full.eq(1)
            with m.Else():
                m.d.sync += self.addr.eq(self.addr + 1)
            with m.If(full):
                m.d.sync += self.error.eq(1)
        with m.If(self.start):
            m.d.sync += [self.addr.eq(0), full.eq(0), begun.eq(1)]
            m.d.sync += [
                self.whole.eq(self.i_whole | ~begun),
                self.shift.eq(self.i_shift),
                self.threshold.eq(self.i_threshold),
            ]
        with m.If(self.clear):
            m.d.sync += self.error.eq(0)
        return m
