"""The instruction that the issuer works on: its fields, its addresses in this iteration, and its faults."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Cat, Const, Mux, Signal, Value
from amaranth.lib.data import View

from hdl.lib.shared import Shared
from hdl.params.pim import FAULTS, FIELDS, INSTRUCTIONS, LEVELS, SCALARS, WORD_BITS, PimParams
from hdl.params.pim.fields import ADVANCING
from hdl.params.pim.opcode import ACCUMULATE, FENCE, INT8, IRQ, REG, ROWS, ZERO
from hdl.pim.issue.decode import CONTROLS, controls
from hdl.pim.issue.expand import PHASES
from hdl.pim.issue.loops import ADDRESSES, ALL_ROWS
from hdl.pim.mover import MOVE_BITS

__all__ = ["Present", "field", "lowest_fault"]


class Present:
    """Registers of the present instruction, and what follows from them.

    Attributes
    ----------
    word : Signal
        As it came from the program memory.
    control : View
        What its opcode means (``CONTROLS``).
    fields : dict of Signal
        Its operands, addresses as they are in this iteration.
    lane : Signal
        The lane of WR_ELEM and SCALE_AB, the byte of WR_BYTE, the stride of WR_GBX, WR_BIAS and RD_MAC, the vectors of
        MAC_AB: field b as it is in the word.
    value : Signal
        The integer operand that may come from a scalar register.
    flags : dict of Signal
        Those flags that mean something for the instruction.
    """

    def __init__(self, params: PimParams) -> None:
        self.params = params
        self.word = Signal(WORD_BITS, name="word")
        self.control = View(CONTROLS, Signal(CONTROLS.size, name="control"))
        widths = {"mask": 24, "bank": 4, "row": 16, "col": 8, "n": MOVE_BITS, "a": 16, "b": 16, "d": 16, "imm": 16}
        self.fields = {name: Signal(width, name=f"field_{name}") for name, width in widths.items()}
        self.lane = Signal(16, name="lane")
        self.flags = {
            name: Signal(name=f"flag_{name}") for name in ("fence", "keep", "irq", "reg", "rows", "zero", "int8")
        }
        self.value = Signal(16, name="value")

    def load(self, word: Value, found: View) -> list[Any]:
        """Take a word from the program memory, and what its opcode means."""
        f, flags = self.fields, field("flags", word)
        fields = {name: field(name, word) for name in ("bank", "row", "a", "b", "d", "imm")}
        return [
            self.word.eq(word),
            self.control.eq(found),
            *(f[name].eq(value) for name, value in fields.items()),
            f["mask"].eq(Cat(field("ch_mask", word), fields["imm"])),
            f["col"].eq(Mux(found.col | found.is_loop, field("col", word), 0)),
            f["n"].eq(Cat(field("n", word), Mux(found.wide, field("col", word), 0))),
            self.lane.eq(fields["b"]),
            self.flags["fence"].eq(flags[FENCE.bit]),
            self.flags["irq"].eq(flags[IRQ.bit] & found.legal),
            self.flags["reg"].eq(flags[REG.bit]),
            self.flags["rows"].eq(flags[ROWS.bit] & found.is_loop),
            self.flags["zero"].eq(flags[ZERO.bit] & found.zeroes),
            self.flags["int8"].eq(flags[INT8.bit] & found.vectors),
            self.flags["keep"].eq(flags[ACCUMULATE.bit] & found.reads_accumulators & found.collects),
        ]

    def is_(self, name: str) -> Value:
        """It is this instruction, as it came from the program memory; one that only some systems have."""
        return field("opcode", self.word) == INSTRUCTIONS[name].code

    @property
    def half(self) -> Value:
        """The slot of bytes of WR_BYTE begins in the upper half of a word."""
        return self.fields["d"][0]

    def by_register(self) -> Value:
        """An operand comes from a scalar register."""
        return self.flags["reg"] & (self.control.scalar | self.control.factor)

    @property
    def pitch(self) -> Value:
        """The pitch of VMM."""
        return Cat(self.fields["mask"][: FIELDS["ch_mask"].width], self.fields["bank"])

    def moves_rows(self, loops: Shared) -> Value:
        """The instruction has rows, and some of its addresses, or all rows, have advanced."""
        tag = field("tag", self.word)
        mask = Cat(*(getattr(self.control, f"advance_{name}") for name in ADVANCING))
        moved = Cat(*(getattr(loops, f"moved_{name}_all") for name in ALL_ROWS)).any()
        return ((tag & mask.replicate(LEVELS)).any() | moved) & self.control.advance_row

    def advanced(self, loops: Shared) -> dict[str, Value]:
        """Addresses in this iteration; columns may still be beyond the row's end."""
        tag = field("tag", self.word)
        found = {}
        for name in ADDRESSES:
            index = ADVANCING.index("row" if name == "col" else name)
            total = self.fields[name]
            allowed = getattr(self.control, f"advance_{ADVANCING[index]}")
            for level in range(LEVELS):
                moves = tag[index + len(ADVANCING) * level] & allowed
                moved = getattr(loops, f"moved_{name}_{level}")
                if name == "a":
                    by_b = tag[ADVANCING.index("b") + len(ADVANCING) * level] & self.control.a_by_b
                    moves, moved = moves | by_b, Mux(by_b, getattr(loops, f"moved_b_{level}"), moved)
                total = total + Mux(moves, moved, 0)
            if name in ALL_ROWS:
                total = total + Mux(allowed, getattr(loops, f"moved_{name}_all"), 0)
            found[name] = total
        return found

    def faults(self, loops: Shared, ranges: Shared, items: Shared, loaded: Value) -> Value:
        """Each fault at the bit of its code; ``loaded`` are the accumulators that were loaded."""
        params, f, control = self.params, self.fields, self.control
        own = f["mask"] & ((1 << params.channels) - 1)
        rows = self.flags["rows"]
        # A pitch below the words of the whole input and below the longest chunk.
        near = self.pitch.any() & (self.pitch < f["n"]) & (self.pitch < params.gb_words)
        many = self.many
        misplaced = (f["bank"] + many > params.accumulators) | (
            control.vectors & ((many == 0) | (many > params.vectors) | (self.flags["int8"] if not params.int8 else 0))
        )
        if params.int8:
            apart = (f["d"] >= f["bank"] + f["n"]) | (f["bank"] >= f["d"] + f["n"])
            misplaced = misplaced | (control.scales & ((f["d"] + f["n"] > params.accumulators) | ~apart))
        beyond = control.lane & (self.lane >= params.lanes)
        if params.int8:
            beyond = beyond | (self.is_("WR_BYTE") & ((self.lane >= 2 * params.lanes) | (f["d"] > 1)))
        last_register = (f["bank"] == SCALARS - 1) | (f["imm"][:4] == SCALARS - 1)
        found = {
            "OPCODE": ~control.legal,
            "LOOP": (control.is_loop & (Mux(rows, ~loops.empty, loops.full) | (f["col"] >= params.row_cols)))
            | (rows & (f["a"].any() | f["b"].any() | f["d"].any()))
            | (control.is_endl & loops.empty),
            "MASK": control.mask & (~own.any() | (f["mask"] != own) | (control.single & (own & (own - 1)).any())),
            "OPERAND": (control.count & (f["n"] == 0))
            | (control.is_vmm & ((self.value == 0) | near))
            | (control.accumulator & misplaced)
            | (control.pair & last_register)
            | (control.item & items.operand_fault)
            | (control.bank & (f["bank"] >= params.banks))
            | (control.col & (f["col"] >= params.row_cols))
            | beyond,
            "SRAM": ranges.sram,
            "ROW": ranges.row_fault | (control.item & items.row_fault),
            "BUFFER": ranges.buffer,
            "OVERLAP": ranges.overlap,
            "ACCUMULATOR": control.reads_accumulators & (self.accumulators(own, f["bank"]) & ~loaded).any(),
        }
        bits: list[Value] = [Const(0, 1)] * (max(fault.code for fault in FAULTS.values()) + 1)
        for name, broken in found.items():
            bits[FAULTS[name].code] = broken
        return Cat(*bits)

    @property
    def many(self) -> Value:
        """How many accumulators the instruction has to do with, if it has."""
        return Mux(self.control.vectors, self.lane, self.fields["n"])

    def accumulators(self, channels: Value, first: Value) -> Value:
        """Those of some channels from a first one on, as :func:`hdl.params.pim.accumulator_use` has them."""
        count = self.params.accumulators
        if count == 1:
            return channels
        taken = [(index >= first) & (index < first + self.many) for index in range(count)]
        return Cat(*(channels[: self.params.channels] & each.replicate(self.params.channels) for each in taken))

    def loaded_after(self, loaded: Value) -> Value:
        """The accumulators that hold something after the instruction, from those that did before."""
        f, control = self.fields, self.control
        own = f["mask"][: self.params.channels]
        first = Mux(control.scales, f["d"], f["bank"]) if self.params.int8 else f["bank"]
        cleared = Mux(control.reads_accumulators & ~self.flags["keep"], self.accumulators(own, f["bank"]), 0)
        return (loaded & ~cleared) | Mux(control.loads, self.accumulators(own, first), 0)

    @property
    def slot_stride(self) -> Value:
        """Words from the slot of an accumulator to that of the next one."""
        return Mux(self.control.collects & ~self.lane.any(), self.params.slot_words, self.lane)

    @property
    def more_words(self) -> Value:
        """Words that ranges are longer because of several accumulators, vectors, or columns of int8.

        For an illegal instruction it may be any number.
        """
        params, f, control = self.params, self.fields, self.control
        beyond = (self.many - 1)[: max(1, (params.accumulators - 1).bit_length())]
        found: Value = Const(0, 1)
        if params.accumulators > 1:
            found = Mux(control.spaced, beyond * self.slot_stride, found)
        if params.vectors > 1 or params.int8:
            vectors = beyond[: (params.vectors - 1).bit_length()] * params.gb_words
            found = Mux(control.vectors, vectors + Mux(self.flags["int8"], f["n"], 0), found)
        return found

    def place_item(self, items: Shared) -> list[Any]:
        """Take the place of an item."""
        places = {"mask": items.mask, "bank": items.bank, "row": items.at_row, "col": items.at_col}
        return [self.fields[name].eq(value) for name, value in places.items()]

    def replace_by(self, expander: Shared) -> list[Any]:
        """Take the present part of a VMM."""
        f = self.fields
        names = ("a", "d", "row", "col", "n")
        table: Value = Const(0, CONTROLS.size)
        for i, name in enumerate(PHASES):
            bits = CONTROLS.const(controls(INSTRUCTIONS[name])).as_value()
            table = table | Mux(expander.phase[i], bits, 0)
        return [
            self.control.eq(table),
            f["mask"].eq((1 << self.params.channels) - 1),
            f["bank"].eq(0),
            self.lane.eq(1),
            *(f[name].eq(getattr(expander, f"part_{name}")) for name in names),
            self.flags["zero"].eq(expander.part_zero),
        ]


def field(name: str, word: Value) -> Value:
    """A field of a word."""
    place = FIELDS[name]
    return word[place.low : place.low + place.width]


def lowest_fault(bad: Value) -> Value:
    """The lowest code among faults, or 0."""
    code: Value = Const(0, 8)
    for fault in sorted(FAULTS.values(), key=lambda each: -each.code):
        code = Mux(bad[fault.code], fault.code, code)
    return code
