"""The block diagram of an engine, drawn from its parameters.

An array is drawn with its true rows and columns up to five of each; beyond that the first three and the last
stand for all. Widths on the wires come from the same objects that build the hardware.
"""

from __future__ import annotations

from gen.report.markup import Markup
from gen.report.svg import Drawing
from hdl.params import Dataflow, EngineParams
from hdl.pe.scheme import Scheme

__all__ = ["engine_diagram", "slots"]

CELL_W, CELL_H, GAP_X, GAP_Y = 58, 50, 38, 26
SLICE = 20
STEP = 15
CONTROL_W = 420


def slots(count: int) -> list[int | None]:
    """Which of ``count`` rows or columns are drawn; None stands for those left out."""
    return list(range(count)) if count <= 5 else [0, 1, 2, None, count - 1]


def engine_diagram(params: EngineParams) -> Markup:
    """The engine from its streams to its result, as an SVG element."""
    return _EngineDiagram(params).draw()


class _EngineDiagram:
    def __init__(self, params: EngineParams) -> None:
        self.params, self.flow = params, Dataflow(params)
        self.rows, self.cols = slots(params.rows), slots(params.cols)
        self.scheme = Scheme.of(params)
        self.recoded = self.scheme.recode is not None
        skew_x = STEP * min(params.rows - 1, 4)
        self.skew_x = 150
        self.recode_x = self.skew_x + skew_x + 14
        self.grid_x = self.recode_x + (54 + 34 if self.recoded else 22)
        self.skew_y = 72
        self.skewed = bool(self.flow.column_skew) and params.cols > 1
        self.collect_y = self.skew_y + STEP * (min(params.cols - 1, 4) if self.skewed else 0) + 26
        self.adder_y = self.collect_y + 30
        self.grid_y = self.adder_y + 46 if self.scheme.redundant else self.collect_y + 62
        self.grid_w = len(self.cols) * (CELL_W + GAP_X) - GAP_X
        self.grid_h = len(self.rows) * (CELL_H + GAP_Y) - GAP_Y
        self.right = self.grid_x + self.grid_w
        self.bottom = self.grid_y + self.grid_h
        self.out_x = self.right + 60
        shape = f"{params.rows} by {params.cols}"
        width = max(self.out_x + (330 if params.preload else 250), self.grid_x + CONTROL_W + 150)
        title = f"Block diagram of the {shape} engine, scheme {params.scheme}"
        self.d = Drawing(width, self.bottom + 150, title)

    def draw(self) -> Markup:
        self._result_bus()
        self._operand_a()
        self._operand_b()
        self._cells()
        self._output()
        self._control()
        return self.d.render()

    def _cell_x(self, slot: int) -> float:
        return self.grid_x + slot * (CELL_W + GAP_X)

    def _cell_y(self, slot: int) -> float:
        return self.grid_y + slot * (CELL_H + GAP_Y)

    def _bus_x(self, slot: int) -> float:
        return self._cell_x(slot) + CELL_W + 14

    def _slice(self, x: float, y: float, width: float, height: float) -> None:
        """A register slice: a box with the clock's wedge in its corner."""
        self.d.box(x, y, width, height, "box stream")
        self.d.polygon([(x + 3, y + height), (x + 9, y + height), (x + 6, y + height - 5)], "stream-fill")

    def _delays(self, x: float, y: float, delay: int, vertical: bool) -> None:
        """The shift register of a skew triangle: ``delay`` registers, the middle ones left out beyond four."""
        for place in range(min(delay, 4)):
            px, py = (x, y + place * STEP) if vertical else (x + place * STEP, y)
            if delay > 4 and place == 2:
                for part in (-3, 0, 3):
                    self.d.circle(
                        px + (0 if vertical else part + 5.5), py + (part + 5.5 if vertical else 0), 1.1, "more"
                    )
            else:
                corner = (px - 5.5, py) if vertical else (px, py - 5.5)
                self.d.box(*corner, 11, 11, "plate", 1.5)
                self.d.box(*corner, 11, 11, "box skew", 1.5)
        if delay > 4:
            tx, ty = (x + 9, y + 2.5 * STEP) if vertical else (x + 2 * STEP + 5.5, y - 9)
            self.d.text(tx, ty, f"×{delay}", "small", "start" if vertical else "middle")

    def _operand_a(self) -> None:
        """Stream, register slice, skew and recoders, row by row from the left."""
        d, params = self.d, self.params
        middle = self.grid_y + self.grid_h / 2
        self._stream_label(14, middle, "s_axis_a", f"{params.rows} × {params.a}", self.flow.a.tdata_bits)
        d.wire((14, middle), (112, middle))
        self._slice(112, self.grid_y - 4, SLICE, self.grid_h + 8)
        for slot, row in enumerate(self.rows):
            y = self._cell_y(slot) + 15
            if row is None:
                d.ellipsis(self.recode_x + 24, y + 10, vertical=True)
                continue
            start = 112 + SLICE
            end = self._cell_x(0)
            d.wire((start, y), (end, y), arrow=True)
            self._delays(self.skew_x, y, row, vertical=False)
            if not self.flow.column_skew:
                self._delays(end - 11, y, 1, vertical=False)
            if self.recoded:
                d.box(self.recode_x, y - 12, 54, 24, "plate", 3)
                d.box(self.recode_x, y - 12, 54, 24, "box recode")
                d.text(self.recode_x + 27, y + 4, "recode", "label", "middle")
        top = self.grid_y - 14
        if params.rows > 1:
            d.text(self.skew_x, top, "skew", "small")
        if self.recoded:
            d.text(self.recode_x + 27, top, params.encoder.capitalize(), "small", "middle")

    def _operand_b(self) -> None:
        """Stream, register slice and skew, column by column from the top."""
        d, params = self.d, self.params
        y = 48.0
        self._stream_label(14, y, "s_axis_b", f"{params.cols} × {params.b}", self.flow.b.tdata_bits)
        d.wire((14, y), (self.grid_x - 8, y))
        self._slice(self.grid_x - 8, y - SLICE / 2, self.grid_w + 16, SLICE)
        d.text(self.grid_x - 8, y - 16, "register slice", "small")
        for slot, col in enumerate(self.cols):
            x = self._cell_x(slot) + 16
            if col is None:
                d.ellipsis(self._cell_x(slot) + CELL_W / 2, self.skew_y + 20)
                continue
            d.wire((x, y + SLICE / 2), (x, self.grid_y), halo=True)
            if self.skewed:
                self._delays(x, self.skew_y, col, vertical=True)
        if self.skewed:
            d.text(self._cell_x(0) + 4, self.skew_y + 12, "skew", "small", "end")

    def _cells(self) -> None:
        d = self.d
        for i, row in enumerate(self.rows):
            for j, col in enumerate(self.cols):
                x, y = self._cell_x(j), self._cell_y(i)
                if row is None or col is None:
                    both = row is None and col is None
                    d.ellipsis(x + CELL_W / 2, y + CELL_H / 2, vertical=row is None and not both, diagonal=both)
                    continue
                d.box(x, y, CELL_W, CELL_H, "plate")
                d.box(x, y, CELL_W, CELL_H, "box pe")
                d.text(x + CELL_W / 2, y + CELL_H / 2 + 1, "PE", "strong", "middle")
                d.text(x + CELL_W / 2, y + CELL_H / 2 + 14, f"{row}, {col}", "small", "middle")
                if j + 1 < len(self.cols):
                    d.wire((x + CELL_W, y + 15), (x + CELL_W + GAP_X, y + 15), halo=self.cols[j + 1] is not None)
                if i + 1 < len(self.rows):
                    d.wire((x + 16, y + CELL_H), (x + 16, y + CELL_H + GAP_Y))

    def _result_bus(self) -> None:
        """Up the columns: taps, bus, registers, final adders, and the collecting line."""
        d = self.d
        d.wire(
            (self._bus_x(0), self.collect_y),
            (self.out_x, self.collect_y),
            class_="bus thick",
            arrow=self.skewed,
        )
        for slot, col in enumerate(self.cols):
            if col is not None and slot:
                d.dot(self._bus_x(slot), self.collect_y, "dot bus")
        for slot, col in enumerate(self.cols):
            if col is None:
                if self.scheme.redundant:
                    d.ellipsis(self._cell_x(slot) + CELL_W / 2, self.adder_y)
                continue
            x = self._bus_x(slot)
            last = self._cell_y(len(self.rows) - 1) + CELL_H - 12
            if self.scheme.redundant:
                d.wire((x, last), (x, self.adder_y + 12), class_="bus")
            else:
                d.wire((x, last), (x, self.collect_y), class_="bus", arrow=False)
            for i, row in enumerate(self.rows):
                if row is None:
                    continue
                y = self._cell_y(i) + CELL_H - 12
                d.wire((self._cell_x(slot) + CELL_W, y), (x, y), class_="bus", arrow=False)
                if y != last:
                    d.dot(x, y, "dot bus")
            d.box(x - 7, self.grid_y - 20, 14, 9, "plate", 1.5)
            d.box(x - 7, self.grid_y - 20, 14, 9, "box drain", 1.5)
            if self.scheme.redundant:
                d.circle(x, self.adder_y, 11, "box adders")
                d.text(x, self.adder_y + 5, "+", "op", "middle")
                d.wire((x, self.adder_y - 11), (x, self.collect_y), class_="bus", arrow=False)
        if self.flow.bus_stages > 1 and None in self.rows:
            y = self._cell_y(self.rows.index(None)) + 4
            for slot, col in enumerate(self.cols):
                if col is not None:
                    d.box(self._bus_x(slot) - 7, y, 14, 9, "plate", 1.5)
                    d.box(self._bus_x(slot) - 7, y, 14, 9, "box drain", 1.5)

    def _output(self) -> None:
        d, params, flow = self.d, self.params, self.flow
        y = self.collect_y
        x = self.out_x
        if self.skewed:
            d.box(x, y - 20, 74, 40, "box skew")
            d.text(x + 37, y + 4, "deskew", "label", "middle")
            d.wire((x + 74, y), (x + 98, y), class_="bus thick")
        else:
            d.wire((x, y), (x + 98, y), class_="bus thick")
        self._slice(x + 98, y - 26, SLICE, 52)
        end: float = x + 98 + SLICE
        if params.preload:
            end = self._preload(end, y)
        self.d.wire((end, y), (end + 120, y), class_="bus thick")
        kind = "s" if params.result_signed else "u"
        d.text(end + 120, y - 27, "m_axis_c", "port", "end")
        d.text(end + 120, y - 10, f"{flow.c.tdata_bits} bits", "bits", "end")
        d.text(end + 120, y + 19, f"{params.cols} × {kind}{params.accumulator}", "bits", "end")
        left = self._bus_x(len(self.cols) - 1) + 20
        if self.scheme.redundant:
            d.text(left, self.adder_y + 12, f"final adders: s + c − {self.scheme.excess:,} a step", "note")
        stages = flow.bus_stages
        text = "one register" if stages == 1 else f"a register every {flow.ROWS_PER_BUS_STAGE} rows"
        d.text(left, self.grid_y - 9, f"result bus: {self.scheme.acc_bits} bits a column,", "note")
        d.text(left, self.grid_y + 6, text, "note")

    def _preload(self, x: float, y: float) -> float:
        """Initial values join the rows of results; returns where the sum leaves."""
        d, above = self.d, y - 74
        d.wire((x, y), (x + 19, y), class_="bus thick")
        d.circle(x + 30, y, 11, "box adders")
        d.text(x + 30, y + 5, "+", "op", "middle")
        d.wire((x + 41, y), (x + 60, y), class_="bus thick")
        self._slice(x + 60, y - 26, SLICE, 52)
        end = x + 60 + SLICE
        d.wire((end + 120, above), (end, above))
        self._slice(end - SLICE, above - 13, SLICE, 26)
        d.wire((end - SLICE, above), (x + 30, above), (x + 30, y - 11))
        d.text(end + 120, above - 9, "s_axis_c", "port", "end")
        d.text(end + 120, above + 17, f"{self.flow.c.tdata_bits} bits", "bits", "end")
        return end

    def _stream_label(self, x: float, y: float, name: str, lanes: str, bits: int) -> None:
        self.d.text(x, y - 23, name, "port")
        self.d.text(x, y - 8, f"{bits} bits", "bits")
        self.d.text(x, y + 18, lanes, "bits")

    def _control(self) -> None:
        d = self.d
        y = self.bottom + 44
        x = self.grid_x - 8
        width = max(self.grid_w + 16, CONTROL_W)
        d.box(x, y, width, 84, "box control")
        half = width / 2
        d.text(x + 16, y + 23, "job control", "strong")
        for line, text in enumerate(
            ("counts tiles, checks tlast and K, freezes", "the array where a result finds no room")
        ):
            d.text(x + 16, y + 41 + 15 * line, text, "small")
        d.text(x + half + 16, y + 23, "counters", "strong")
        d.text(x + half + 16, y + 41, "cycles, active, starved, blocked", "small")
        d.text(x + half + 16, y + 56, "sticky: error_tlast, error_k", "small")
        d.wire((x + 40, y), (x + 40, self.bottom + 8), class_="enable")
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
