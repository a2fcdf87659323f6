"""Block diagram of an engine with a store: what stands in front of the rows, and the collectors behind them."""

from __future__ import annotations

from gen.report.diagrams.sheet import CELL_H, CELL_W, SLICE, SLICE_A, Sheet
from gen.report.diagrams.stationary import encoder_name
from gen.report.markup import Markup
from hdl.params import EngineParams
from hdl.params.axes import Travel
from hdl.params.sparse import SparseShape
from hdl.sparse.plane import PlaneSum

__all__ = ["sparse_engine"]

RECODE_X, STORE_X, STORE_W = 152, 236, 104
WINDOW_Y, WINDOW_H = 110, 36
FOOT_H = 44


def sparse_engine(params: EngineParams) -> Markup:
    """Operands into the store, groups of digits to the rows, their operands to the columns, sums down the columns."""
    return _Sparse(params).draw()


class _Sparse(Sheet):
    def __init__(self, params: EngineParams) -> None:
        self.shape, self.plane = SparseShape(params), PlaneSum(params)
        self.per_weight = params.axes.sum.per_weight
        self.picker_x = STORE_X + STORE_W + 36
        x, y = self.picker_x + 66 + 32, WINDOW_Y + WINDOW_H + 54
        super().__init__(params, params.rows, params.cols, x, y, below=142, right=350)
        self.foot_y = self.bottom + 34
        self.collect_y = self.foot_y + FOOT_H + 26

    def draw(self) -> Markup:
        self._store()
        self._buses()
        self._windows()
        self.cells()
        self._rows()
        self.wires_right()
        self._collectors()
        self.results(self.right + 60, self.collect_y, through="sync")
        self._notes()
        self.control(freezes=False)
        return self.d.render()

    def _store(self) -> None:
        """Streams, recoders, and the store with its lists."""
        d, params = self.d, self.params
        self.stream_a(self.flow.a.lanes)
        self.stream_b(self.flow.b.lanes, STORE_X, STORE_W)
        for slot, row in enumerate(self.rows):
            y = self.cell_y(slot) + CELL_H / 2
            if row is None:
                d.ellipsis(RECODE_X + 27, y, vertical=True)
                continue
            d.wire((SLICE_A + SLICE, y), (STORE_X, y))
            if params.recodes_b:
                continue
            self.plate(RECODE_X, y - 12, 54, 24, "recode", "recode")
            if self.shape.lanes > 1:
                d.text(RECODE_X + 27, y + 24, f"×{self.shape.lanes}", "small", "middle")
        top, middle = WINDOW_Y, STORE_X + STORE_W / 2
        d.wire((middle, 48 + SLICE / 2), (middle, top))
        if params.recodes_b:
            self.plate(middle - 27, 72, 54, 24, "recode", "recode")
            d.text(middle + 32, 90, f"{encoder_name(params)}, ×{params.cols * self.shape.lanes}", "small")
        else:
            d.text(RECODE_X + 27, self.grid_y - 4, encoder_name(params), "small", "middle")
        d.box(STORE_X, top, STORE_W, self.bottom - top, "box stream")
        about = (
            "2 segments of",
            f"{self.shape.segment} steps of K,",
            *(("listed by the", "planes in which") if self.shape.together == 1 else ("listed where",)),
            "they have digits",
        )
        for line, text in enumerate(about):
            d.text(STORE_X + STORE_W / 2, top + 42 + 14 * line, text, "small", "middle")
        d.text(STORE_X + STORE_W / 2, top + 24, "store", "strong", "middle")

    def _windows(self) -> None:
        """The operands of the groups in front of the rows, a window a column."""
        d, params = self.d, self.params
        y = WINDOW_Y + WINDOW_H / 2
        systolic = params.axes.hands_a_over
        d.wire((STORE_X + STORE_W, y), (self.cell_x(0) - 4, y), class_="wire thick")
        for slot, col in enumerate(self.cols):
            x = self.cell_x(slot)
            if col is None:
                d.ellipsis(x + CELL_W / 2, y)
                continue
            about = ("window", f"{params.queue} × {self.shape.banks}") if params.sparse else self._operands(col)
            self.plate(x - 4, WINDOW_Y, CELL_W + 8, WINDOW_H, "skew", *about)
            d.wire((x + 16, WINDOW_Y + WINDOW_H), (x + 16, self.grid_y), class_="wire thick")
            for i in range(len(self.rows) - 1):
                below = self.cell_y(i) + CELL_H
                d.wire((x + 16, below), (x + 16, self.cell_y(i + 1)), class_="wire thick")
            if slot + 1 < len(self.cols):
                d.wire((x + CELL_W + 4, y), (self.cell_x(slot + 1) - 4, y), class_="wire thick")
        if systolic and params.cols > 1:
            d.text(self.right + 14, y + 4, "a column a cycle after the other", "note")

    def _operands(self, col: int) -> tuple[str, str]:
        """What stands in front of a column where rows keep step."""
        steps = col * self.flow.column_skew + (self.params.axes.b is Travel.BROADCAST)
        return "operands", _registers(steps)

    def _rows(self) -> None:
        """What walks through the groups, and picks the digits that are not zero; or what a step waits for."""
        d, params = self.d, self.params
        name = "walker" if params.axes.recodes_in_pe else "picker"
        for slot, row in enumerate(self.rows):
            y = self.cell_y(slot) + 15
            if row is None:
                d.ellipsis(self.picker_x + 33, y + 10, vertical=True)
                continue
            d.wire((STORE_X + STORE_W, y), (self.picker_x, y))
            steps = row * (params.axes.b is Travel.HAND_OVER) + (params.axes.a is Travel.BROADCAST)
            about = (name, f"{params.queue} groups") if params.sparse else ("step", _registers(steps))
            self.plate(self.picker_x, y - 15, 66, 36, "recode" if params.sparse else "skew", *about)
            if self.shape.lanes > 1:
                d.text(self.picker_x + 33, y + 34, f"×{self.shape.lanes}", "small", "middle")
            d.wire((self.picker_x + 66, y), (self.cell_x(0), y))

    def _buses(self) -> None:
        """Sums of planes, down the columns."""
        d = self.d
        for slot, col in enumerate(self.cols):
            if col is None:
                continue
            x = self.lane_x(slot)
            first = self.cell_y(0) + CELL_H - 10
            end, turn = self.cell_x(slot) + CELL_W - 14, self.bottom + 14
            d.wire((x, first), (x, turn), (end, turn), (end, self.foot_y), class_="bus")
            for i, row in enumerate(self.rows):
                if row is not None:
                    tap = self.cell_y(i) + CELL_H - 10
                    d.wire((self.cell_x(slot) + CELL_W, tap), (x, tap), class_="bus", arrow=False)
                    if i:
                        d.dot(x, tap, "dot bus")

    def _collectors(self) -> None:
        """Final adders, shifters and results, and the grants of the buses."""
        d, y = self.d, self.foot_y
        about = ("arbiter", "of the buses") if self.params.sparse else ("ends", "of planes")
        self.plate(self.picker_x, y, 66, FOOT_H, "control", *about)
        d.wire((self.picker_x + 33, self.bottom + 4), (self.picker_x + 33, y), class_="enable")
        for slot, col in enumerate(self.cols):
            if col is None:
                d.ellipsis(self.cell_x(slot) + CELL_W / 2, y + FOOT_H / 2)
                continue
            results = f"2 × {self.params.rows} sums"
            self.plate(self.cell_x(slot) - 6, y, CELL_W + 12, FOOT_H, "adders", "collector", results)
            x = self.cell_x(slot) + CELL_W / 2
            d.wire((x, y + FOOT_H), (x, self.collect_y), class_="bus", arrow=False)
            if slot:
                d.dot(x, self.collect_y, "dot bus")
        d.wire((self.cell_x(0) + CELL_W / 2, self.collect_y), (self.right + 60, self.collect_y), class_="bus thick")

    def _notes(self) -> None:
        d, left = self.d, self.right + 34
        bits, excess = self.plane.acc_bits, self.plane.excess
        about = "a plane" if self.per_weight else "a tile"
        lines = [
            *self._about_rows(),
            "",
            f"result bus: {bits} bits a column",
            f"for the sum of {about}: s + c − {excess:,} a step" if self.plane.saves else f"for the sum of {about}",
        ]
        if self.per_weight:
            lines += [
                "a collector adds those, shifts them by the plane",
                f"and adds up the planes: {self.params.accumulator} bits",
            ]
        for number, line in enumerate(lines):
            d.text(left, self.grid_y - 16 + 15 * number, line, "note")

    def _about_rows(self) -> list[str]:
        """What a PE takes, and how rows go on."""
        shape = self.shape
        digits = f"{shape.lanes} digits at once" if shape.lanes > 1 else "a digit at once"
        lanes = f", on each of {shape.lanes} lanes" if shape.lanes > 1 else ""
        if not self.params.sparse:
            return [f"a PE takes {digits}", "rows keep step: one that is zero in all", "of them takes no cycle"]
        steps = f"{shape.group} digits of a plane" if shape.together == 1 else f"all digits of {shape.group} steps"
        return [
            f"a group: {steps}{lanes}",
            f"a PE takes {digits}, none of them zero",
            "rows are groups apart, up to the window",
        ]


def _registers(count: int) -> str:
    """A chain of registers."""
    return "wires" if not count else "a register" if count == 1 else f"{count} registers"
