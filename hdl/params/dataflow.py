"""The order of beats: how a tile of A and B becomes stream beats, and how result beats become C.

Testbenches, workload runs and documentation all ask this object; nothing else knows the order.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from hdl.params.axes import Adders, Order, Travel
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
        ``index(k, beat, lane)`` is the (row, column) of the matrix element in a tile with inner size ``k``, or None
        where the lane is padding (zero).
    beats : callable
        ``beats(k)`` is the number of beats of a tile with inner size ``k``.
    flags : int
        Bits above the elements that say something of the whole beat.
    """

    lanes: int
    element_bits: int
    signed: bool
    index: Callable[[int, int, int], tuple[int, int] | None]
    beats: Callable[[int], int]
    flags: int = 0

    @property
    def payload_bits(self) -> int:
        """Bits of ``tdata`` that carry elements, and flags."""
        return self.lanes * self.element_bits + self.flags

    @property
    def tdata_bits(self) -> int:
        """Width of ``tdata``: whole bytes, as AXI-Stream asks; padding bits are zero and ignored.

        Beats with flags are none of AXI-Stream, and not filled up.
        """
        return self.payload_bits if self.flags else -(-self.payload_bits // 8) * 8

    def indices(self, k: int) -> list[list[tuple[int, int] | None]]:
        """The matrix position of every lane of every beat of a tile."""
        return [[self.index(k, beat, lane) for lane in range(self.lanes)] for beat in range(self.beats(k))]


class Dataflow:
    """The dataflow of an engine.

    Where the sums stay in the PEs, beat t of A holds A[:, k] and beat t of B holds B[k, :] for the ``k_step`` steps of
    K from t * k_step on; the steps of one row, or column, stand side by side. A has ``a_rows`` rows; those of a row of
    PEs, one for each group of columns, follow each other. Where B stays (``systolic_ws``, ``adder_tree``), K is cut
    into blocks of ``depth`` steps: a beat of A is one row of a block, a beat of B one step of K; blocks follow each
    other, in a block rows, or steps. The last beat, or block, is filled up with zeros.

    Parameters
    ----------
    params : EngineParams
    a_flags : int
        Flags of a beat of A.

    Attributes
    ----------
    a, b : BeatMap
        Operand streams ``s_axis_a`` and ``s_axis_b``.
    c : BeatMap
        Result stream ``m_axis_c``, and the preload stream ``s_axis_c`` where there is one: beat i holds C[i, :].
    """

    #: Rows of PEs that share one stage of the result bus.
    ROWS_PER_BUS_STAGE = 8
    #: Sums that one stage of an adder tree adds up.
    TREE_FAN_IN = 4

    def __init__(self, params: EngineParams, a_flags: int = 0) -> None:
        self.params = params
        self.axes = params.axes
        rows, cols, step = params.rows, params.cols, params.k_step
        if params.weight_stationary:
            a = BeatMap(step, params.a.width, params.a.signed, self._row_of_block, lambda k: -(-k // step) * rows)
            b = BeatMap(cols, params.b.width, params.b.signed, self._step_of_k, lambda k: -(-k // step) * step)
        else:
            lanes = params.a_rows * step, cols * step
            a = BeatMap(lanes[0], params.a.width, params.a.signed, self._steps_of_a, lambda k: -(-k // step), a_flags)
            b = BeatMap(lanes[1], params.b.width, params.b.signed, self._steps_of_b, lambda k: -(-k // step))
        self.a, self.b = a, b
        self.c = BeatMap(
            cols, params.accumulator, params.result_signed, lambda k, beat, lane: (beat, lane), lambda k: rows
        )

    def _steps_of_a(self, k: int, beat: int, lane: int) -> tuple[int, int] | None:
        row, step = divmod(lane, self.params.k_step)
        step += beat * self.params.k_step
        return (row, step) if step < k else None

    def _steps_of_b(self, k: int, beat: int, lane: int) -> tuple[int, int] | None:
        col, step = divmod(lane, self.params.k_step)
        step += beat * self.params.k_step
        return (step, col) if step < k else None

    def _row_of_block(self, k: int, beat: int, lane: int) -> tuple[int, int] | None:
        block, row = divmod(beat, self.params.rows)
        step = block * self.params.depth + lane
        return (row, step) if step < k else None

    def _step_of_k(self, k: int, beat: int, lane: int) -> tuple[int, int] | None:
        return (beat, lane) if beat < k else None

    @property
    def beat_limit(self) -> int:
        """Beats of the longest tile, on the stream that comes first."""
        first = self.b if self.params.weight_stationary else self.a
        return first.beats(self.params.k_limit)

    @property
    def column_skew(self) -> int:
        """Steps by which a column works behind the one before it."""
        return int(self.axes.hands_a_over)

    @property
    def row_skew(self) -> int:
        """Steps by which a row works behind the one above it, where results stay."""
        return int(self.axes.b is Travel.HAND_OVER)

    @property
    def lane_skew(self) -> int:
        """Steps by which a PE works behind the one that takes the step of K before, where a beat holds several."""
        return int(self.axes.has_cells)

    @property
    def gated_bus(self) -> bool:
        """Finished sums go straight onto the result bus: no two of a column come in one step, and none waits."""
        return bool(self.row_skew) and self.in_turn is not Adders.ONE

    @property
    def bus_stages(self) -> int:
        """Registers on the way of a result from the last row up to the first, but those that hold results back."""
        return -(-self.params.rows // self.ROWS_PER_BUS_STAGE) if self.gated_bus else 1

    @property
    def result_steps(self) -> int:
        """Steps from the first row of a tile's results on the result bus to the last one."""
        if self.in_turn is Adders.ONE:
            return (self.params.rows - 1) * self.params.cols + 1
        return self.params.rows + self.bus_stages - 1

    @property
    def in_turn(self) -> Adders:
        """What shares a final adder where results stay and rows keep step; elsewhere a column's takes rows in turn."""
        keeps_step = not self.axes.weights_stay and not self.axes.skips_by_row
        return self.axes.adders if keeps_step else Adders.COLUMN

    @property
    def turn_steps(self) -> int:
        """Steps from the first to the last column that an adder of a row takes in turn."""
        last = self.params.cols - 1
        return last + last // self.ROWS_PER_BUS_STAGE * self.column_skew

    @property
    def hold_steps(self) -> int:
        """Steps from the first PE that finishes a sum to the last one."""
        return (self.params.rows - 1) * self.row_skew + (self.params.cols - 1) * self.column_skew

    @property
    def drain_cycles(self) -> int:
        """Cycles in which one tile's results occupy result bus and final adders."""
        if self.in_turn is Adders.ONE:
            return self.params.rows * self.params.cols + self.hold_steps
        if self.in_turn is Adders.ROW:
            return max(self.result_steps, self.turn_steps + 1)
        return self.result_steps

    @property
    def beat_steps(self) -> int:
        """Steps that a beat of A takes: one, or one for each group of digits that follow each other in time.

        Where zeros are skipped it is the least number: then a beat takes more as its operands ask for.
        """
        digits = self.axes.digits
        if digits.at_once is None or digits.order is Order.PLANES or self.params.data_dependent:
            return 1
        return self.params.digits // digits.at_once

    def tile_interval(self, k: int) -> int:
        """Cycles from one tile to the next in an unstalled streak.

        Where that depends on the operands it holds if every beat is a single step. Where both are recoded, a beat takes
        as many as, in all its operands, the most terms of one of A times the most terms of one of B; where only steps
        are skipped in which no row has a digit, as many as there are digits that are not zero in one of them. Partial
        sums that take steps in turn all take as many.
        """
        if self.params.weight_stationary:
            return -(-k // self.params.depth) * max(self.params.rows * self.beat_steps, self.params.depth)
        steps = max(self.a.beats(k) * self.beat_steps, self.drain_cycles)
        return -(-steps // self.params.interleave) * self.params.interleave
