"""Block diagram of an engine whose PEs keep a block of B: systolic, or with a tree of adders for each column."""

from __future__ import annotations

from gen.report.diagrams.sheet import CELL_H, CELL_W, GAP_X, GAP_Y, SLICE, SLICE_A, STEP, Sheet
from gen.report.diagrams.stationary import encoder_name
from gen.report.markup import Markup
from hdl.array.columns import TreeColumn
from hdl.params import Dataflow, EngineParams
from hdl.params.axes import Recoded
from hdl.pe.recode import recoder, weight_recoder

__all__ = ["weight_stationary"]

SKEW_X, SKEW_Y = 150, 72
#: Where operands of B, and sums, run through a cell.
B_X, SUM_X = 14, 44
FOOT_H = 40


def weight_stationary(params: EngineParams) -> Markup:
    """Rows of A from the left, B from above into the PEs, sums down the columns and added up below them."""
    return _WeightStationary(params).draw()


class _WeightStationary(Sheet):
    def __init__(self, params: EngineParams) -> None:
        self.tree = not params.axes.chain
        #: There is something to add up before the foot.
        self.adds = self.tree and TreeColumn(params).tree is not None
        self.steps = params.axes.digits.order is not None
        self.of_b = params.axes.recoded is Recoded.B
        self.recoded = not self.of_b and recoder(params) is not None
        self.loaded = weight_recoder(params) is not None
        self.lanes_skewed = params.axes.chain
        self.skewed = bool(Dataflow(params).column_skew)
        self.recode_x = SKEW_X + (STEP * min(params.depth - 1, 4) if self.lanes_skewed else 0) + 14
        self.recode_x += 64 if self.steps else 0
        x = self.recode_x + (54 + 34 if self.recoded else 22)
        self.load_y = SKEW_Y + (STEP * min(params.cols - 1, 4) if self.skewed else 0) + 12
        y = self.load_y + (62 if self.loaded else 28)
        self.below = 54 if self.tree else 0
        super().__init__(params, params.depth, params.cols, x, y, below=158 + self.below, right=330)
        self.foot_y = self.bottom + 34 + self.below
        self.collect_y = self.foot_y + FOOT_H + 30

    def draw(self) -> Markup:
        self._operand_a()
        self._operand_b()
        self._sums()
        self.cells()
        if self.skewed:
            self.wires_right()
        else:
            self._broadcast()
        self._feet()
        self.results(self.right + 60, self.collect_y, through="deskew" if self.skewed and self.params.cols > 1 else "")
        self._notes()
        self.control()
        return self.d.render()

    def _operand_a(self) -> None:
        """Skew and recoders: one for each step of a block."""
        d, params = self.d, self.params
        self.stream_a(params.depth)
        for slot, step in enumerate(self.rows):
            y = self.cell_y(slot) + 15
            if step is None:
                d.ellipsis((SLICE_A + SLICE + self.grid_x) / 2, y + 10, vertical=True)
                continue
            d.wire((SLICE_A + SLICE, y), (self.cell_x(0), y))
            if self.steps:
                self.plate(SKEW_X - 4, y - 12, 56, 24, "drain", "steps")
            if self.lanes_skewed:
                self.delays(SKEW_X + (64 if self.steps else 0), y, step, vertical=False)
            if self.recoded:
                self.plate(self.recode_x, y - 12, 54, 24, "recode", "recode")
        if self.lanes_skewed and params.depth > 1:
            d.text(SKEW_X + (64 if self.steps else 0), self.grid_y - 14, "skew", "small")
        if self.recoded:
            d.text(self.recode_x + 27, self.grid_y - 14, encoder_name(params), "small", "middle")

    def _operand_b(self) -> None:
        """Into the shadow registers of the columns."""
        self.stream_b(self.params.cols)
        for slot, col in enumerate(self.cols):
            x = self.cell_x(slot) + B_X
            if col is None:
                self.d.ellipsis(self.cell_x(slot) + CELL_W / 2, SKEW_Y + 16)
                continue
            self.d.wire((x, 48 + SLICE / 2), (x, self.grid_y))
            if self.skewed:
                self.delays(x, SKEW_Y, col, vertical=True)
            if self.loaded:
                self.plate(x - 8, self.load_y, 54, 24, "recode", "recode")
            for i in range(len(self.rows) - 1):
                y = self.cell_y(i) + CELL_H
                self.d.wire((x, y), (x, y + GAP_Y))
        if self.skewed and self.params.cols > 1:
            self.d.text(self.cell_x(0), SKEW_Y + 12, "skew", "small", "end")

    def _sums(self) -> None:
        """Down the columns: from PE to PE, or from every PE into the tree."""
        d = self.d
        for slot, col in enumerate(self.cols):
            if col is None:
                continue
            if self.tree:
                self._tree(slot)
                continue
            x = self.cell_x(slot) + SUM_X
            for i in range(len(self.rows)):
                y = self.cell_y(i) + CELL_H
                end = y + GAP_Y if i + 1 < len(self.rows) else self.foot_y
                d.wire((x, y), (x, end), class_="bus")

    def _tree(self, slot: int) -> None:
        """The products of a column, and the tree that adds them."""
        d, x = self.d, self.lane_x(slot)
        top = self.bottom + 26
        for i, step in enumerate(self.rows):
            if step is not None:
                y = self.cell_y(i) + CELL_H - 12
                d.wire((self.cell_x(slot) + CELL_W, y), (x, y), class_="bus", arrow=False)
        first = self.cell_y(0) + CELL_H - 12
        left = self.cell_x(slot)
        d.wire((x, first), (x, top - 10), (left + SUM_X, top - 10), (left + SUM_X, top), class_="bus thick")
        if not self.adds:
            d.wire((left + SUM_X, top), (left + SUM_X, self.foot_y), class_="bus")
            return
        corners = [(left - 2, top), (left + CELL_W + 2, top), (left + CELL_W - 14, top + 34), (left + 14, top + 34)]
        d.polygon(corners, "box adders")
        d.text(left + CELL_W / 2, top + 20, "tree", "label", "middle")
        d.wire((left + CELL_W / 2, top + 34), (left + CELL_W / 2, self.foot_y), class_="bus")

    def _broadcast(self) -> None:
        """One wire past all columns, which each PE of the row taps."""
        for i, step in enumerate(self.rows):
            if step is None:
                continue
            y = self.cell_y(i) + 15
            for j in range(len(self.cols) - 1):
                x = self.cell_x(j)
                self.d.wire((x + CELL_W, y), (x + CELL_W + GAP_X, y), halo=self.cols[j + 1] is not None)

    def _feet(self) -> None:
        """An adder and the sums of all rows over the blocks before, column by column."""
        d, y = self.d, self.foot_y
        for slot, col in enumerate(self.cols):
            if col is None:
                d.ellipsis(self.cell_x(slot) + CELL_W / 2, y + FOOT_H / 2)
                continue
            self.plate(self.cell_x(slot) - 4, y, CELL_W + 8, FOOT_H, "adders", "foot", f"{self.params.rows} sums")
            x = self.cell_x(slot) + CELL_W / 2
            d.wire((x, y + FOOT_H), (x, self.collect_y), class_="bus", arrow=False)
            if slot:
                d.dot(x, self.collect_y, "dot bus")
        start = self.cell_x(0) + CELL_W / 2
        deskew = self.skewed and self.params.cols > 1
        d.wire((start, self.collect_y), (self.right + 60, self.collect_y), class_="bus thick", arrow=deskew)

    def _notes(self) -> None:
        d, params = self.d, self.params
        left = self.right + 34
        lines = ["each PE holds an operand of B", "and the next block's behind it", ""]
        lines += ["an operand of A reaches all columns at once", ""] if not self.skewed else []
        if self.loaded:
            lines += [f"B is recoded when it is loaded: {encoder_name(params)}", ""]
        if self.steps:
            lines += ["a row of A is worked off in steps of some digits", ""]
        lines += [f"sums of a block: {params.accumulator if params.floating else params.block_bits} bits"]
        for number, line in enumerate(lines):
            d.text(left, self.grid_y + 16 + 15 * number, line, "note")
        foot = f"a foot adds up blocks of K, row by row: {params.accumulator} bits"
        d.text(self.cell_x(len(self.cols) - 1) + CELL_W + 14, self.foot_y + 12, foot, "note")
