"""The order of beats: how a tile of A and B becomes stream beats, and how result beats become C.

Testbenches, workload runs and documentation all ask this object; nothing else knows the order.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from hdl.params.engine import EngineParams

__all__ = ["BeatMap", "Dataflow"]


@dataclass(frozen=True)
class BeatMap:
    """One stream's beats for one tile.

    Parameters
    ----------
    lanes : int
        Elements in a beat; lane 0 is in the least significant bits of ``tdata``.
    element_bits : int
        Width of an element.
    signed : bool
        Elements are two's complement.
    index : callable
        ``index(beat, lane)`` is the (row, column) of the matrix element, or None where the lane is padding (zero).
    beats : callable
        ``beats(k)`` is the number of beats of a tile with inner size ``k``.
    """

    lanes: int
    element_bits: int
    signed: bool
    index: Callable[[int, int], tuple[int, int] | None]
    beats: Callable[[int], int]

    @property
    def payload_bits(self) -> int:
        """Bits of ``tdata`` that carry elements."""
        return self.lanes * self.element_bits

    @property
    def tdata_bits(self) -> int:
        """Width of ``tdata``: whole bytes, as AXI-Stream asks; padding bits are zero and ignored."""
        return -(-self.payload_bits // 8) * 8

    def indices(self, k: int) -> list[list[tuple[int, int] | None]]:
        """The matrix position of every lane of every beat of a tile."""
        return [[self.index(beat, lane) for lane in range(self.lanes)] for beat in range(self.beats(k))]


class Dataflow:
    """The dataflow of an engine.

    Parameters
    ----------
    params : EngineParams

    Attributes
    ----------
    a, b : BeatMap
        Operand streams ``s_axis_a`` and ``s_axis_b``. Beat k of an output-stationary array holds A[:, k] and B[k, :].
    c : BeatMap
        Result stream ``m_axis_c``, and the preload stream ``s_axis_c`` where there is one: beat i holds C[i, :].
    """

    #: Rows of PEs that share one stage of the result bus.
    ROWS_PER_BUS_STAGE = 8

    def __init__(self, params: EngineParams) -> None:
        self.params = params
        rows, cols = params.rows, params.cols
        self.a = BeatMap(rows, params.a.width, params.a.signed, lambda beat, lane: (lane, beat), lambda k: k)
        self.b = BeatMap(cols, params.b.width, params.b.signed, lambda beat, lane: (beat, lane), lambda k: k)
        self.c = BeatMap(
            cols, params.accumulator, params.result_signed, lambda beat, lane: (beat, lane), lambda k: rows
        )

    @property
    def column_skew(self) -> int:
        """Steps by which a column works behind the one before it."""
        return 1 if self.params.array == "systolic_os" else 0

    @property
    def bus_stages(self) -> int:
        """Registers on the way of a result from the last row up to the first."""
        return -(-self.params.rows // self.ROWS_PER_BUS_STAGE)

    @property
    def drain_cycles(self) -> int:
        """Cycles in which one tile's results occupy the result bus."""
        return self.params.rows + self.bus_stages - 1

    @property
    def finish_steps(self) -> int:
        """Steps of the final addition of a carry-save accumulator."""
        return 0 if self.params.scheme == "mac" else 2

    @property
    def align_steps(self) -> int:
        """Steps from a finished sum of the first column to its row, aligned."""
        return self.finish_steps + (self.params.cols - 1) * self.column_skew

    @property
    def latency(self) -> int:
        """Cycles from a tile's last beat of operands to its first row of results, both at the ports, unstalled."""
        return 5 + self.align_steps + self.params.preload

    def tile_interval(self, k: int) -> int:
        """Cycles from one tile to the next in an unstalled streak."""
        return max(k, self.drain_cycles)
