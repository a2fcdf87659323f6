"""Block diagram of an engine whose sums stay in the array: systolic, cube, 2D matrix."""

from __future__ import annotations

from gen.report.diagrams.adders import WIDE, adder_of_all, adders_of_rows
from gen.report.diagrams.sheet import CELL_H, CELL_W, SLICE, SLICE_A, STEP, Sheet
from gen.report.markup import Markup
from hdl.params import Dataflow, EngineParams
from hdl.params.axes import Adders, Recoded, Skip
from hdl.params.encoders import CAPTIONS
from hdl.pe.scheme import Scheme

__all__ = ["output_stationary"]

SKEW_X, SKEW_Y = 150, 72
#: Room for what makes terms of operands.
TERMS_W = 62


def output_stationary(params: EngineParams) -> Markup:
    """Operands from the left and from above, results up the columns."""
    return _OutputStationary(params).draw()


class _OutputStationary(Sheet):
    def __init__(self, params: EngineParams) -> None:
        self.scheme = Scheme.of(params)
        self.recoded = self.scheme.recode is not None
        self.skewed = bool(Dataflow(params).column_skew) and params.cols > 1
        self.heads = self.recoded and self.scheme.recodes_b
        self.adders = self.scheme.adders if self.scheme.redundant else None
        self.cube = params.axes.has_cells
        #: What each beat of A, and of B, is held as while its digits are worked off.
        self.held = _held(params)
        self.recode_x = SKEW_X + TERMS_W * bool(self.held) + STEP * min(params.rows - 1, 4) + 14
        self.head_y = SKEW_Y + STEP * (min(params.cols - 1, 4) if self.skewed else 0) + 4
        self.collect_y = self.head_y + 22 + 24 * (bool(self.held) or self.heads)
        self.adder_y = self.collect_y + 30
        x = self.recode_x + (54 + 34 if self.recoded and not self.heads else 22)
        y = self.adder_y + 46 if self.adders is Adders.COLUMN else self.collect_y + 62
        self.ends = WIDE if self.adders is Adders.ROW else 60
        super().__init__(params, params.rows, params.cols, x, y, stacked=self.cube and params.depth > 1)

    def draw(self) -> Markup:
        self._buses()
        self._operand_a()
        self._operand_b()
        self.cells("cell" if self.cube else "PE")
        self.wires_right()
        self.wires_down()
        self.results(self.right + self.ends, self.collect_y, through="deskew" if self.deskews else "")
        self._notes()
        self.control()
        return self.d.render()

    @property
    def deskews(self) -> bool:
        """The results of a row come one after another, and wait for each other."""
        return self.skewed and self.adders not in (Adders.ROW, Adders.ONE)

    def _operand_a(self) -> None:
        """Skew and recoders, row by row."""
        d, params = self.d, self.params
        self.stream_a(self.flow.a.lanes)
        for slot, row in enumerate(self.rows):
            y = self.cell_y(slot) + 15
            if row is None:
                d.ellipsis(self.recode_x + 24, y + 10, vertical=True)
                continue
            end = self.cell_x(0)
            d.wire((SLICE_A + SLICE, y), (end, y))
            if self.held:
                self._hold("a", SKEW_X - 8, y - 12, below=True)
            if self.flow.row_skew:
                self.delays(SKEW_X + TERMS_W * bool(self.held), y, row, vertical=False)
            if not self.flow.column_skew:
                self.delays(end - 11, y, 1, vertical=False)
            if self.recoded and not self.heads:
                self.plate(self.recode_x, y - 12, 54, 24, "recode", "recode")
                if (places := self.scheme.lanes * params.column_groups) > 1:
                    d.text(self.recode_x + 27, y + 23, f"×{places}", "small", "middle")
        top = self.grid_y - 14
        if params.rows > 1 and self.flow.row_skew:
            d.text(SKEW_X + TERMS_W * bool(self.held), top, "skew", "small")
        if self.recoded and not self.heads:
            d.text(self.recode_x + 27, top, encoder_name(params), "small", "middle")

    def _operand_b(self) -> None:
        """Skew, column by column."""
        self.stream_b(self.flow.b.lanes)
        for slot, col in enumerate(self.cols):
            x = self.cell_x(slot) + 16
            if col is None:
                self.d.ellipsis(self.cell_x(slot) + CELL_W / 2, SKEW_Y + 20)
                continue
            self.d.wire((x, 48 + SLICE / 2), (x, self.grid_y - self.stack), halo=True)
            if self.skewed:
                self.delays(x, SKEW_Y, col, vertical=True)
            if self.held:
                self._hold("b", x - 27, self.head_y, below=False)
            if self.heads:
                self.plate(x - 27, self.head_y, 54, 24, "recode", "recode")
                if self.scheme.lanes > 1:
                    self.d.text(x + 30, self.head_y + 8, f"×{self.scheme.lanes}", "small")
            if not self.flow.row_skew:
                self.register(x - 5.5, self.grid_y - self.stack - 18)
        if self.heads:
            self.d.text(self.cell_x(0) - 16, self.head_y + 16, encoder_name(self.params), "small", "end")
        if self.skewed:
            self.d.text(self.cell_x(0) + 4, SKEW_Y + 12, "skew", "small", "end")

    def _hold(self, name: str, x: float, y: float, *, below: bool) -> None:
        """What holds operands of every lane."""
        self.plate(x, y, 54, 24, "recode", self.held[name])
        if self.params.k_step > 1:
            lanes = f"×{self.params.k_step}"
            if below:
                self.d.text(x + 27, y + 35, lanes, "small", "middle")
            else:
                self.d.text(x + 58, y + 8, lanes, "small")

    def _buses(self) -> None:
        """Up the columns: taps, bus, registers, final adders, and the collecting line."""
        d = self.d
        if self.adders is Adders.ROW:
            adders_of_rows(self, self.collect_y)
            return
        d.wire(
            (self.lane_x(0), self.collect_y),
            (self.right + 60, self.collect_y),
            class_="bus thick",
            arrow=self.deskews,
        )
        for slot, col in enumerate(self.cols):
            if col is not None and slot:
                d.dot(self.lane_x(slot), self.collect_y, "dot bus")
        for slot, col in enumerate(self.cols):
            if col is None:
                if self.adders is Adders.COLUMN:
                    d.ellipsis(self.cell_x(slot) + CELL_W / 2, self.adder_y)
                continue
            x = self.lane_x(slot)
            last = self.cell_y(len(self.rows) - 1) + CELL_H - 12
            if self.adders is Adders.COLUMN:
                d.wire((x, last), (x, self.adder_y + 12), class_="bus")
            else:
                d.wire((x, last), (x, self.collect_y), class_="bus", arrow=False)
            for i, row in enumerate(self.rows):
                if row is None:
                    continue
                y = self.cell_y(i) + CELL_H - 12
                d.wire((self.cell_x(slot) + CELL_W + self.stack, y), (x, y), class_="bus", arrow=False)
                if y != last:
                    d.dot(x, y, "dot bus")
                if self.adders is Adders.OWN:
                    self.adder(x, y)
            self._stage(x, self.grid_y - 20)
            if self.adders is Adders.COLUMN:
                self.adder(x, self.adder_y)
                d.wire((x, self.adder_y - 11), (x, self.collect_y), class_="bus", arrow=False)
        if self.adders is Adders.ONE:
            adder_of_all(self, self.collect_y)
        if self.flow.bus_stages > 1 and None in self.rows:
            y = self.cell_y(self.rows.index(None)) + 4
            for slot, col in enumerate(self.cols):
                if col is not None:
                    self._stage(self.lane_x(slot), y)

    def _stage(self, x: float, y: float) -> None:
        """A register of a result bus."""
        self.d.box(x - 7, y, 14, 9, "plate", 1.5)
        self.d.box(x - 7, y, 14, 9, "box drain", 1.5)

    def _notes(self) -> None:
        d, params = self.d, self.params
        left = self.lane_x(len(self.cols) - 1) + 20
        if self.adders is Adders.ROW:
            left += WIDE
        if self.adders is Adders.COLUMN:
            words = f"s + c − {self.scheme.excess:,} a step"
            if params.floating:
                words = " + ".join(f"s{i}" for i in range(params.interleave))
            d.text(left, self.adder_y + 12, f"final adders: {words}", "note")
        lines = self._bus_words()
        if self.cube:
            chain = "a PE" if params.depth == 1 else f"{params.depth} PEs, one after another along K,"
            lines += ["", f"a cell: {chain}", "and an accumulator at the end of the chain"]
        if self.held:
            lines += ["", *_pace(params)]
        if params.column_groups > 1:
            lines += ["", f"{params.column_groups} groups of columns:", "each has operands of A of its own"]
        for number, line in enumerate(lines):
            d.text(left, self.grid_y - 9 + 15 * number, line, "note")

    def _bus_words(self) -> list[str]:
        """How results leave."""
        flow, adders = self.flow, self.adders
        every = f"a register every {flow.ROWS_PER_BUS_STAGE} rows" if flow.bus_stages > 1 else "one register"
        if not flow.gated_bus:
            every = "a register in every row" if adders is not Adders.ONE else "a register for every result"
        if adders is Adders.ROW:
            return ["a final adder at the end of each row", "takes its columns in turn;", f"rows go up: {every}"]
        if adders is Adders.ONE:
            return ["one final adder takes all results in turn;", every]
        bits = self.scheme.bus_bits // self.params.cols
        own = ["a final adder at each result,"] if adders is Adders.OWN else []
        return [*own, f"result bus: {bits} bits a column,", every]


def _held(params: EngineParams) -> dict[str, str]:
    """What operands of A, and of B, are held as while their digits are worked off; nothing where a beat is a step."""
    if params.axes.recodes_both:
        return {"a": "terms", "b": "terms"}
    if params.axes.digits.order is None:
        return {}
    words = "digits", "weight"
    return dict(zip("ab", reversed(words) if params.axes.recoded is Recoded.B else words, strict=True))


def _pace(params: EngineParams) -> list[str]:
    """How many steps a beat takes, in lines."""
    if params.axes.recodes_both:
        pairs = "a pair of terms" if params.depth == 1 else f"{params.depth} pairs of terms"
        return [
            f"a PE takes {pairs} a step;",
            "a beat takes the most terms of an A",
            "times the most terms of a B steps",
        ]
    at_once = params.axes.digits.at_once
    each = "a digit" if at_once == 1 else f"{at_once} digits"
    if params.axes.skip is Skip.COMMON:
        return [
            f"a PE takes {each} of each operand a step;",
            "a beat takes a step for every weight",
            "that some digit has",
        ]
    steps = Dataflow(params).beat_steps
    return [f"a PE takes {each} of each operand a step;", f"a beat takes {steps} {'step' if steps == 1 else 'steps'}"]


def encoder_name(params: EngineParams) -> str:
    """The encoder as a caption."""
    return CAPTIONS[params.encoder]
