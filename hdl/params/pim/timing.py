"""The timing of a DRAM channel that computes: every rule as a number of controller clocks.

The names and what they mean are JEDEC's where JEDEC has them (JESD250, GDDR6) and AiM's where it has not: an all-bank
multiply-accumulate (MAC) has a longer tRCD than a read, and registers (global buffer, accumulators) are reached without
a row, in a mode of their own. All times run between commands on one channel's command bus, unless a description says
"data": data occupies the bus for tBL clocks, beginning CL, CWL, CL_REG or CWL_REG clocks after its command.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from typing import Any

from hdl.params.errors import ConfigError, Problem

__all__ = ["TimingTable", "integer_problems"]

MAX_CLOCKS = 1 << 20
MAX_CLOCK_PS = 1_000_000


#: Where defaults come from.
_PAPER = "stated for PIM-GPT; not checked against the paper"
_LEAST = "assumed, as PIM-GPT gives none: the least there is"


def _clocks(default: int, symbol: str, meaning: str, source: str, least: int = 1) -> Any:
    return field(default=default, metadata={"symbol": symbol, "meaning": meaning, "source": source, "least": least})


@dataclass(frozen=True, kw_only=True)
class TimingTable:
    """The timing rules of a channel, in clocks; the defaults are the paper's (``pimgpt_paper``).

    Raises
    ------
    ConfigError
        With every value out of range and every pair of values that contradict each other.
    """

    clock_ps: int = 1000
    trcd_rd: int = _clocks(12, "tRCD_RD", "activate to read", _PAPER)
    trcd_wr: int = _clocks(12, "tRCD_WR", "activate to write", _PAPER)
    trcd_mac: int = _clocks(12, "tRCD_MAC", "activate to multiply-accumulate", _PAPER)
    trp: int = _clocks(12, "tRP", "precharge to activate or refresh", _PAPER)
    tras: int = _clocks(24, "tRAS", "activate to precharge", "assumed, as PIM-GPT gives none: tRCD + tRP")
    trc: int = _clocks(36, "tRC", "activate to activate of the same bank", "tRAS + tRP")
    tccd: int = _clocks(1, "tCCD", "column command (read, write, MAC) to column command", _PAPER)
    tbl: int = _clocks(1, "tBL", "clocks that the data of one column or register takes on the bus", _LEAST)
    twr: int = _clocks(12, "tWR", "end of write data to precharge", _PAPER)
    trtp: int = _clocks(1, "tRTP", "read or MAC to precharge", _LEAST)
    twtr: int = _clocks(1, "tWTR", "end of write data to a read; of data written to a bank also to a MAC", _LEAST)
    trtw: int = _clocks(0, "tRTW", "end of read data to the beginning of write data", _LEAST, 0)
    trrd: int = _clocks(1, "tRRD", "activate to activate of another bank; an all-bank activate is exempt", _LEAST)
    tfaw: int = _clocks(
        0, "tFAW", "window that holds at most four activates; 0 is off, an all-bank activate exempt", _LEAST, 0
    )
    trfc: int = _clocks(455, "tRFC", "refresh to any command", _PAPER)
    trefi: int = _clocks(
        6825, "tREFI", "average interval of refreshes, of which eight may be postponed; 0 is off", _PAPER, 0
    )
    tmod: int = _clocks(0, "tMOD", "switch between commands to registers and commands to banks", _LEAST, 0)
    tmac: int = _clocks(6, "tMAC", "MAC to a read or preset of the accumulators: the pipeline drains", "assumed")
    cl: int = _clocks(1, "CL", "read to its data", _LEAST)
    cwl: int = _clocks(1, "CWL", "write to its data", _LEAST)
    cl_reg: int = _clocks(1, "CL_REG", "accumulator read to its data", _LEAST)
    cwl_reg: int = _clocks(1, "CWL_REG", "global buffer write or accumulator preset to its data", _LEAST)

    def __post_init__(self) -> None:
        if problems := list(self._problems()):
            raise ConfigError(problems)

    @classmethod
    def rules(cls) -> dict[str, dict[str, Any]]:
        """Symbol, meaning, least value and the default's source of every time, by its key, in the table's order."""
        return {each.name: dict(each.metadata) for each in fields(cls) if each.metadata}

    @classmethod
    def sources(cls) -> dict[str, str]:
        """Where each default comes from, by its key, the clock's first."""
        return {"clock_ps": "1 GHz, " + _PAPER} | {key: rule["source"] for key, rule in cls.rules().items()}

    def symbols(self) -> dict[str, int]:
        """The clocks by symbol: ``{"tRCD_RD": 12, ...}``."""
        return {rule["symbol"]: getattr(self, key) for key, rule in self.rules().items()}

    @property
    def text(self) -> str:
        """The table in effect in one line: ``clock 1000 ps, tRCD_RD 12, ...``, in clocks but for the first."""
        times = (f"{symbol} {clocks}" for symbol, clocks in self.symbols().items())
        return ", ".join([f"clock {self.clock_ps} ps", *times])

    @property
    def hash(self) -> str:
        """Eight digits for the table in effect: the beginning of SHA-256 over :attr:`text`."""
        return hashlib.sha256(self.text.encode()).hexdigest()[:8]

    def _problems(self) -> Iterator[Problem]:
        bad = list(integer_problems("timing.clock_ps", self.clock_ps, 1, MAX_CLOCK_PS))
        for key, rule in self.rules().items():
            bad += integer_problems(f"timing.{key}", getattr(self, key), rule["least"], MAX_CLOCKS)
        yield from bad
        if not bad:
            yield from self._contradictions()

    def _contradictions(self) -> Iterator[Problem]:
        """Pairs of values that no device can have at once."""
        at_least = (
            ("trc", self.tras + self.trp, "tRAS + tRP", "a bank is open for tRAS and then precharges"),
            ("tras", max(self.trcd_rd, self.trcd_wr), "tRCD_RD and tRCD_WR", "a row stays open until it can be used"),
            ("tccd", self.tbl, "tBL", "the data of two columns would meet on the bus"),
        )
        for key, least, what, why in at_least:
            if getattr(self, key) < least:
                message = f"must be at least {what} = {least}, not {getattr(self, key)}: {why}"
                yield Problem(f"timing.{key}", message)
        if 0 < self.tfaw < self.trrd:
            yield Problem("timing.tfaw", f"must be 0 (off) or at least tRRD = {self.trrd}, not {self.tfaw}")
        if 0 < self.trefi <= self.trp + self.trfc:
            busy = self.trp + self.trfc
            message = (
                f"must be 0 (off) or above tRP + tRFC = {busy}, not {self.trefi}: refreshes would take all the time"
            )
            yield Problem("timing.trefi", message)


def integer_problems(where: str, value: object, low: int, high: int) -> Iterator[Problem]:
    """What is wrong with a value that must be an integer from ``low`` to ``high``."""
    if isinstance(value, bool) or not isinstance(value, int):
        yield Problem(where, f"must be an integer, not {value!r}")
    elif not low <= value <= high:
        nearest = min(max(value, low), high)
        yield Problem(where, f"must be {low} to {high}, not {value}", f"the nearest legal value is {nearest}")
