"""What the block diagrams of all engines share: streams, the grid of PEs, results, control.

An array is drawn with its true rows and columns up to five of each; beyond that the first three and the last
stand for all. Widths on the wires come from the same objects that build the hardware.
"""

from __future__ import annotations

from gen.report.svg import Drawing
from hdl.params import Dataflow, EngineParams
from hdl.params.title import Title

__all__ = ["CELL_H", "CELL_W", "GAP_X", "GAP_Y", "SLICE", "SLICE_A", "STEP", "Sheet", "slots"]

CELL_W, CELL_H, GAP_X, GAP_Y = 58, 50, 38, 26
SLICE = 20
STEP = 15
CONTROL_W = 420
#: Where the register slice of operands A stands.
SLICE_A = 112


def slots(count: int) -> list[int | None]:
    """Which of ``count`` rows or columns are drawn; None stands for those left out."""
    return list(range(count)) if count <= 5 else [0, 1, 2, None, count - 1]


class Sheet:
    """A drawing of an engine around a grid of PEs.

    Parameters
    ----------
    params : EngineParams
    rows, cols : int
        Rows and columns of the grid.
    x, y : float
        Its upper left corner.
    below : float
        Room between the grid and the control.
    right : float
        Room to the right of the grid.
    stacked : bool
        There are more cells behind each one.
    """

    def __init__(
        self,
        params: EngineParams,
        rows: int,
        cols: int,
        x: float,
        y: float,
        *,
        below: float = 44,
        right: float = 310,
        stacked: bool = False,
    ) -> None:
        self.params, self.flow = params, Dataflow(params)
        self.stack = 6 if stacked else 0
        self.rows, self.cols = slots(rows), slots(cols)
        self.grid_x, self.grid_y = x, y
        self.grid_w = len(self.cols) * (CELL_W + GAP_X) - GAP_X
        self.grid_h = len(self.rows) * (CELL_H + GAP_Y) - GAP_Y
        self.right, self.bottom = x + self.grid_w, y + self.grid_h
        self.control_y = self.bottom + below
        width = max(self.right + right + (80 if params.preload else 0), x + CONTROL_W + 150)
        title = Title(params)
        words = f"Block diagram of the {title.size(' by ')} engine, {title.caption}"
        self.d = Drawing(width, self.control_y + 106, words)

    def cell_x(self, slot: int) -> float:
        """Left side of a column of the grid."""
        return self.grid_x + slot * (CELL_W + GAP_X)

    def cell_y(self, slot: int) -> float:
        """Upper side of a row of the grid."""
        return self.grid_y + slot * (CELL_H + GAP_Y)

    def lane_x(self, slot: int) -> float:
        """Where the result wire of a column runs."""
        return self.cell_x(slot) + CELL_W + 14

    def slice(self, x: float, y: float, width: float, height: float) -> None:
        """A register slice: a box with the clock's wedge in its corner."""
        self.d.box(x, y, width, height, "box stream")
        self.d.polygon([(x + 3, y + height), (x + 9, y + height), (x + 6, y + height - 5)], "stream-fill")

    def plate(self, x: float, y: float, width: float, height: float, role: str, *lines: str, radius: float = 3) -> None:
        """A box of a role that hides what lies beneath, with a name and small lines of text."""
        self.d.box(x, y, width, height, "plate", radius)
        self.d.box(x, y, width, height, f"box {role}", radius)
        top = y + height / 2 + 4 - 6.5 * (len(lines) - 1)
        for number, line in enumerate(lines):
            self.d.text(x + width / 2, top + 14 * number, line, "small" if number else "label", "middle")

    def delays(self, x: float, y: float, delay: int, vertical: bool) -> None:
        """The shift register of a skew triangle: ``delay`` registers, the middle ones left out beyond four."""
        for place in range(min(delay, 4)):
            px, py = (x, y + place * STEP) if vertical else (x + place * STEP, y)
            if delay > 4 and place == 2:
                for part in (-3, 0, 3):
                    self.d.circle(
                        px + (0 if vertical else part + 5.5), py + (part + 5.5 if vertical else 0), 1.1, "more"
                    )
            else:
                self.register(*((px - 5.5, py) if vertical else (px, py - 5.5)))
        if delay > 4:
            tx, ty = (x + 9, y + 2.5 * STEP) if vertical else (x + 2 * STEP + 5.5, y - 9)
            self.d.text(tx, ty, f"×{delay}", "small", "start" if vertical else "middle")

    def register(self, x: float, y: float) -> None:
        """One small register on a wire."""
        self.d.box(x, y, 11, 11, "plate", 1.5)
        self.d.box(x, y, 11, 11, "box skew", 1.5)

    def stream_a(self, lanes: int, height: float | None = None) -> None:
        """The stream of operands A and its register slice, left of the grid."""
        height = self.grid_h if height is None else height
        middle = self.grid_y + height / 2
        self._stream_label(14, middle, "s_axis_a", f"{lanes} × {self.params.a}", self.flow.a.tdata_bits)
        self.d.wire((14, middle), (SLICE_A, middle))
        self.slice(SLICE_A, self.grid_y - 4, SLICE, height + 8)

    def stream_b(self, lanes: int, x: float | None = None, width: float | None = None) -> None:
        """The stream of operands B and its register slice, above the grid."""
        x = self.grid_x - 8 if x is None else x
        width = self.grid_w + 16 if width is None else width
        y = 48.0
        self._stream_label(14, y, "s_axis_b", f"{lanes} × {self.params.b}", self.flow.b.tdata_bits)
        self.d.wire((14, y), (x, y))
        self.slice(x, y - SLICE / 2, width, SLICE)
        self.d.text(x, y - 16, "register slice", "small")

    def cells(self, name: str = "PE") -> None:
        """The grid."""
        d = self.d
        for i, row in enumerate(self.rows):
            for j, col in enumerate(self.cols):
                x, y = self.cell_x(j), self.cell_y(i)
                if row is None or col is None:
                    both = row is None and col is None
                    d.ellipsis(x + CELL_W / 2, y + CELL_H / 2, vertical=row is None and not both, diagonal=both)
                    continue
                for shift in range(self.stack, -1, -3):
                    d.box(x + shift, y - shift, CELL_W, CELL_H, "plate")
                    d.box(x + shift, y - shift, CELL_W, CELL_H, "box pe")
                d.text(x + CELL_W / 2, y + CELL_H / 2 + 1, name, "strong", "middle")
                d.text(x + CELL_W / 2, y + CELL_H / 2 + 14, f"{row}, {col}", "small", "middle")

    def wires_right(self, dy: float = 15) -> None:
        """From each cell of a row to the next."""
        for i, row in enumerate(self.rows):
            if row is None:
                continue
            for j in range(len(self.cols) - 1):
                x, y = self.cell_x(j), self.cell_y(i) + dy
                halo = self.cols[j + 1] is not None
                self.d.wire((x + CELL_W + self.stack, y), (x + CELL_W + GAP_X, y), halo=halo)

    def wires_down(self, dx: float = 16) -> None:
        """From each cell of a column to the one below."""
        for j, col in enumerate(self.cols):
            for i in range(len(self.rows) - 1):
                if col is not None:
                    x, y = self.cell_x(j) + dx, self.cell_y(i) + CELL_H
                    self.d.wire((x, y), (x, y + GAP_Y - self.stack))

    def results(self, x: float, y: float, *, through: str = "") -> None:
        """From the line that collects a row of results to the stream.

        ``through`` names what a row goes through first; then it is buffered, and added to initial values.
        """
        d, params = self.d, self.params
        if through:
            self.plate(x, y - 20, 74, 40, "skew", through)
            d.wire((x + 74, y), (x + 98, y), class_="bus thick")
        else:
            d.wire((x, y), (x + 98, y), class_="bus thick")
        self.slice(x + 98, y - 26, SLICE, 52)
        end: float = x + 98 + SLICE
        if params.preload:
            end = self._preload(end, y)
        d.wire((end, y), (end + 120, y), class_="bus thick")
        d.text(end + 120, y - 27, "m_axis_c", "port", "end")
        d.text(end + 120, y - 10, f"{self.flow.c.tdata_bits} bits", "bits", "end")
        d.text(end + 120, y + 19, f"{params.cols} × {params.result}", "bits", "end")

    def _preload(self, x: float, y: float) -> float:
        """Initial values join the rows of results; returns where the sum leaves."""
        d, above = self.d, y - 74
        d.wire((x, y), (x + 19, y), class_="bus thick")
        self.adder(x + 30, y)
        d.wire((x + 41, y), (x + 60, y), class_="bus thick")
        self.slice(x + 60, y - 26, SLICE, 52)
        end = x + 60 + SLICE
        d.wire((end + 120, above), (end, above))
        self.slice(end - SLICE, above - 13, SLICE, 26)
        d.wire((end - SLICE, above), (x + 30, above), (x + 30, y - 11))
        d.text(end + 120, above - 9, "s_axis_c", "port", "end")
        d.text(end + 120, above + 17, f"{self.flow.c.tdata_bits} bits", "bits", "end")
        return end

    def adder(self, x: float, y: float) -> None:
        """An adder around (x, y)."""
        self.d.circle(x, y, 11, "plate")
        self.d.circle(x, y, 11, "box adders")
        self.d.text(x, y + 5, "+", "op", "middle")

    def _stream_label(self, x: float, y: float, name: str, lanes: str, bits: int) -> None:
        self.d.text(x, y - 23, name, "port")
        self.d.text(x, y - 8, f"{bits} bits", "bits")
        self.d.text(x, y + 18, lanes, "bits")

    def control(self, *, freezes: bool = True) -> None:
        """Jobs and counters, below everything; ``freezes``: the array stops where results find no room."""
        d = self.d
        x, y = self.grid_x - 8, self.control_y
        width = max(self.grid_w + 16, CONTROL_W)
        d.box(x, y, width, 84, "box control")
        half = width / 2
        d.text(x + 16, y + 23, "job control", "strong")
        what = ("counts tiles, checks tlast and K,", "lets in the operands of a job only")
        if freezes:
            what = ("counts tiles, checks tlast and K, freezes", "the array where a result finds no room")
        for line, text in enumerate(what):
            d.text(x + 16, y + 41 + 15 * line, text, "small")
        d.text(x + half + 16, y + 23, "counters", "strong")
        d.text(x + half + 16, y + 41, "cycles, active, starved, blocked", "small")
        d.text(x + half + 16, y + 56, "sticky: error_tlast, error_k", "small")
        if freezes:
            d.wire((x + 40, y), (x + 40, y - 36), class_="enable")
            d.text(x + 48, y - 12, "enable", "small")
        for line, (name, inward) in enumerate((("job_tiles", True), ("job_valid", True), ("job_ready", False))):
            at = y + 18 + 24 * line
            d.text(14, at + 4, name, "port")
            ends = ((96, at), (x, at))
            d.wire(*(ends if inward else ends[::-1]))
        for line, name in enumerate(("job_done", "busy", "counter_…")):
            at = y + 18 + 24 * line
            d.wire((x + width, at), (x + width + 60, at))
            d.text(x + width + 68, at + 4, name, "port")
