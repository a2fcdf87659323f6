"""Parameters of a processing-in-memory (PIM) system, and every number derived from them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from hdl.params.errors import ConfigError, Problem, near_name, near_or_legal
from hdl.params.pim.commands import NUMBERS
from hdl.params.pim.energy import EnergyTable
from hdl.params.pim.timing import TimingTable, integer_problems

__all__ = ["ELEMENT_BITS", "PimParams", "changed"]

#: bfloat16 end to end.
ELEMENT_BITS = 16
#: Greatest sizes, each with what bounds it; see :mod:`hdl.params.pim.fields` for the instruction's fields.
LIMITS = {
    "channels": (24, "the channel mask of an instruction has 24 bits"),
    "banks": (16, "the bank field of an instruction has 4 bits"),
    "lanes": (256, "a word is at most 4096 bits"),
    "row_cols": (64, "the column field of an instruction has 6 bits"),
    "rows": (1 << 16, "the row field of an instruction has 16 bits"),
    "gb_words": (4095, "the count field of an instruction has 12 bits"),
    "sram_words": (1 << 16, "an address field of an instruction has 16 bits"),
    "program_words": (1 << 16, "the program counter has 16 bits"),
    "vector_lanes": (1024, "the vector unit is at most 1024 elements wide"),
    "mark_depth": (4096, "the log of marks holds at most 4096"),
    "accumulators": (16, "the accumulator field of an instruction has 4 bits"),
    "vectors": (16, "a MAC unit has at most 16 accumulators"),
    "buffers": (16, "an instruction addresses at most 16 x 4,095 words of global buffers"),
}
#: Keys that are true or false.
SWITCHES = ("int8",)
#: Keys of what the hardware of PIM-GPT does not have; a hash leaves them out where they have their defaults.
BEYOND = ("accumulators", "vectors", "buffers", "int8")
#: What each size is.
MEANINGS = {
    "channels": "channels; one controller drives them all",
    "banks": "banks (each with a MAC unit) a channel; a power of two",
    "lanes": "multipliers a MAC unit, hence elements a column and a word; a power of two that divides channels x banks",
    "row_cols": "columns (words) a row",
    "rows": "rows a bank",
    "gb_words": "words of a global buffer",
    "sram_words": "words of the controller's SRAM",
    "program_words": "instructions that the program memory holds",
    "vector_lanes": "elements that the vector unit takes a clock, each with 8 adders and 4 multipliers; lanes times a "
    "power of two",
    "mark_depth": "entries of the log that MARK writes",
    "accumulators": "accumulators a MAC unit; a power of two",
    "vectors": "vectors that one column access is multiplied with at once, each with its own multipliers; a power of "
    "two, at most accumulators and buffers",
    "buffers": "global buffers a channel, of gb_words words each; a power of two",
    "int8": "MAC units also multiply columns of 2 x lanes int8, and scale what they have added up",
}
#: Refreshes that may be owed at any time (JEDEC).
MAX_POSTPONED = 8


@dataclass(frozen=True, kw_only=True)
class PimParams:
    """One controller and its channels of DRAM that computes; shared by hardware, models, compiler and simulator.

    A *word* is ``lanes`` elements of bf16: one column of a bank, one word of the global buffer or of the controller's
    SRAM, one beat on a channel's data bus. A *unit* is a bank with its MAC unit; unit ``c * banks + b`` is bank b of
    channel c, and a vector with one element a unit (:attr:`slot_words` words) is a *slot*. All problems are reported at
    once. The defaults are the system of PIM-GPT (arXiv 2310.09385).

    All sizes are integers of at least 1; ``MEANINGS`` says what each is, ``LIMITS`` how large it can be. ``int8`` is a
    switch: false or true.

    Raises
    ------
    ConfigError
        With every problem found.
    """

    channels: int = 8
    banks: int = 16
    lanes: int = 16
    row_cols: int = 64
    rows: int = 16384
    gb_words: int = 64
    sram_words: int = 4096
    program_words: int = 1024
    vector_lanes: int = 32
    mark_depth: int = 64
    accumulators: int = 1
    vectors: int = 1
    buffers: int = 1
    int8: bool = False
    timing: TimingTable = field(default_factory=TimingTable)
    energy: EnergyTable = field(default_factory=EnergyTable)

    def __post_init__(self) -> None:
        if problems := list(self._problems()):
            raise ConfigError(problems)

    # --- problems ----------------------------------------------------------------------------------------------------
    def _problems(self) -> Iterator[Problem]:
        bad = []
        for key, (most, why) in LIMITS.items():
            value = getattr(self, key)
            for problem in integer_problems(f"pim.{key}", value, 1, most):
                hint = f"{problem.hint}: {why}" if isinstance(value, int) and value > most else problem.hint
                bad.append(Problem(problem.where, problem.message, hint))
        for key in SWITCHES:
            if not isinstance(getattr(self, key), bool):
                bad.append(Problem(f"pim.{key}", f"must be true or false, not {getattr(self, key)!r}"))
        for key, kind in (("timing", TimingTable), ("energy", EnergyTable)):
            if not isinstance(getattr(self, key), kind):
                bad.append(Problem(f"pim.{key}", f"must be a {kind.__name__}, not {getattr(self, key)!r}"))
        yield from bad
        if not bad:
            yield from self._relations()

    def _relations(self) -> Iterator[Problem]:
        """Sizes that don't divide or don't fit each other."""
        powers = True
        for key in ("banks", "lanes", "accumulators", "vectors", "buffers"):
            value = getattr(self, key)
            if value & (value - 1):
                powers = powers and key in BEYOND
                below = 1 << (value.bit_length() - 1)
                yield Problem(f"pim.{key}", f"must be a power of two, not {value}", f"{below} or {2 * below}")
        for key, why in (("accumulators", "each vector adds up in one"), ("buffers", "each vector comes from one")):
            if self.vectors > getattr(self, key):
                message = f"must be at most {key} = {getattr(self, key)}, not {self.vectors}: {why}"
                yield Problem("pim.vectors", message, f"write {key}={self.vectors} too")
        units = self.channels * self.banks
        if powers and units % self.lanes:
            yield Problem(
                "pim.lanes",
                f"must divide channels x banks = {units}, not {self.lanes}: one result a unit fills whole words",
            )
        ratio = self.vector_lanes // self.lanes
        if powers and (self.vector_lanes % self.lanes or ratio & (ratio - 1)):
            message = f"must be lanes = {self.lanes} times a power of two, not {self.vector_lanes}"
            yield Problem("pim.vector_lanes", f"{message}: the vector unit takes whole words")
        least = self.gb_words + 2 * max(1, units // self.lanes)
        if self.sram_words < least:
            message = f"must hold a global buffer, a slot of biases and a slot of results ({least} words)"
            yield Problem("pim.sram_words", f"{message}, not {self.sram_words}", f"write {least} or more")
        timing = self.timing
        once = timing.trp + timing.trfc + self.row_clocks
        if 0 < timing.trefi < once:
            message = f"must leave time for one row between refreshes ({once} clocks with both), not {timing.trefi}"
            yield Problem("timing.trefi", message, "or write 0 for no refresh")

    # --- plain values ------------------------------------------------------------------------------------------------
    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> PimParams:
        """Build from plain values, as :meth:`to_dict` gives them; absent keys have their defaults. A table is whole.

        Raises
        ------
        ConfigError
            With every problem found, unknown keys among them.
        """
        problems: list[Problem] = []
        tables: dict[str, type] = {"timing": TimingTable, "energy": EnergyTable}
        given = _known(cls, dict(values), "pim", problems)
        for key, kind in tables.items():
            if key not in given:
                continue
            table = given.pop(key)
            if not isinstance(table, dict):
                problems.append(Problem(f"pim.{key}", f"must be a table, not {table!r}"))
                continue
            if missing := [each.name for each in fields(kind) if each.name not in table]:
                problems.append(Problem(key, f"lacks {', '.join(missing)}: a table is whole, or left out"))
            try:
                given[key] = kind(**_known(kind, table, key, problems))
            except ConfigError as error:
                problems += error.problems
        try:
            params = cls(**given)
        except ConfigError as error:
            raise ConfigError([*problems, *error.problems]) from None
        if problems:
            raise ConfigError(problems)
        return params

    def to_dict(self) -> dict[str, Any]:
        """Plain values in the order of the fields, the tables as dictionaries of their own."""
        return asdict(self)

    @property
    def hash(self) -> str:
        """SHA-256 over all that a program or a cycle count depends on: everything but the energy table."""
        shaping = self.to_dict()
        del shaping["energy"]
        for each in fields(self):
            if each.name in BEYOND and shaping[each.name] == each.default:
                del shaping[each.name]
        return hashlib.sha256(json.dumps(shaping, sort_keys=True).encode()).hexdigest()

    # --- sizes -------------------------------------------------------------------------------------------------------
    @property
    def units(self) -> int:
        """MAC units: banks of all channels."""
        return self.channels * self.banks

    @property
    def slot_words(self) -> int:
        """Words of a slot: a vector with one element a unit."""
        return self.units // self.lanes

    @property
    def parts(self) -> int:
        """Words that carry one element of every bank of a channel."""
        return -(-self.banks // self.lanes)

    @property
    def word_bits(self) -> int:
        """Bits of a word."""
        return self.lanes * ELEMENT_BITS

    @property
    def buffer_words(self) -> int:
        """Words of all global buffers of a channel; word w of buffer k has the address k * gb_words + w."""
        return self.buffers * self.gb_words

    @property
    def products(self) -> int:
        """Multiply-accumulates of a lane for each column access, at most: a vector's are one, with int8 two."""
        return self.vectors * (1 + self.int8)

    @property
    def row_elements(self) -> int:
        """Elements of a row."""
        return self.row_cols * self.lanes

    @property
    def bank_cols(self) -> int:
        """Columns (words) of a bank: its rows one after another."""
        return self.rows * self.row_cols

    @property
    def bytes(self) -> int:
        """Bytes of all banks together."""
        return self.units * self.bank_cols * self.word_bits // 8

    @property
    def sram_bytes(self) -> int:
        """Bytes of the controller's SRAM."""
        return self.sram_words * self.word_bits // 8

    @property
    def adders(self) -> int:
        """Adders of the vector unit."""
        return 8 * self.vector_lanes

    @property
    def multipliers(self) -> int:
        """Multipliers of the vector unit."""
        return 4 * self.vector_lanes

    # --- widths of a channel's port ----------------------------------------------------------------------------------
    @property
    def bank_bits(self) -> int:
        """Width of ``cmd_bank``."""
        return max(1, (self.banks - 1).bit_length())

    @property
    def row_bits(self) -> int:
        """Width of ``cmd_row``, which also carries numbers (:data:`hdl.params.pim.commands.NUMBERS`)."""
        bits = self.number_bits
        widths = [sum(bits[each] for each in NUMBERS[name]) for name in NUMBERS if name != "SCALE_AB" or self.int8]
        return max((self.rows - 1).bit_length(), *widths)

    @property
    def number_bits(self) -> dict[str, int]:
        """Widths of what commands carry in place of a row, by the names of :data:`hdl.params.pim.commands.NUMBERS`."""
        accumulators = (self.accumulators - 1).bit_length()
        return {
            "word": max(1, (self.buffer_words - 1).bit_length()),
            "lane": max(1, (self.lanes - 1).bit_length()),
            "vectors": (self.vectors - 1).bit_length(),
            "int8": int(self.int8),
            **dict.fromkeys(("acc", "to", "count"), accumulators),
        }

    @property
    def col_bits(self) -> int:
        """Width of ``cmd_col``."""
        return max(1, (self.row_cols - 1).bit_length())

    # --- time --------------------------------------------------------------------------------------------------------
    @property
    def clock_mhz(self) -> float:
        """Clock of the controller and of the command buses."""
        return 1e6 / self.timing.clock_ps

    @property
    def row_clocks(self) -> int:
        """Clocks of each further row of a stream of all-bank MACs: tRCD_MAC + (row_cols - 1) tCCD + tRTP + tRP.

        Where that is longer, tRAS + tRP or tRC.
        """
        t = self.timing
        stream = t.trcd_mac + (self.row_cols - 1) * t.tccd + t.trtp
        return max(max(stream, t.tras) + t.trp, t.trc)

    @property
    def peak_gflops(self) -> float:
        """Multiplications and additions of all MAC units, in 10^9 a second, while columns stream."""
        return 2 * self.units * self.lanes * self.products * self.clock_mhz / self.timing.tccd / 1000


def _known(kind: type, values: dict[str, Any], section: str, problems: list[Problem]) -> dict[str, Any]:
    """The values that a dataclass knows; the others are problems."""
    keys = [each.name for each in fields(kind)]
    for key in values:
        if key not in keys:
            legal = f"legal: {', '.join(keys)}"
            problems.append(Problem(f"{section}.{key}", "unknown key", f"{near_name(key, keys)} {legal}".strip()))
    return {key: value for key, value in values.items() if key in keys}


def changed(params: PimParams, changes: Mapping[str, int | float | bool]) -> PimParams:
    """A system with other values for some keys: ``{"channels": 4, "timing.trp": 7, "int8": True}``.

    Raises
    ------
    ConfigError
        With every problem found, unknown keys among them.
    """
    values, problems = params.to_dict(), []
    for name, value in changes.items():
        section, _, key = name.rpartition(".")
        if section and not isinstance(values.get(section), dict):
            tables = [each for each, content in values.items() if isinstance(content, dict)]
            hint = near_or_legal(section, tables)
            problems.append(Problem(name, f"{section!r} is no table of a system", hint))
        else:
            (values[section] if section else values)[key] = value
    try:
        found = PimParams.from_dict(values)
    except ConfigError as error:
        raise ConfigError([*problems, *error.problems]) from None
    if problems:
        raise ConfigError(problems)
    return found
