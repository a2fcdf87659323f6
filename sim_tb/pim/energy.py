"""The energy of a program: its commands, counted in the log, times what the system's table gives for each.

The table is :class:`hdl.params.pim.EnergyTable`; it says where every value comes from. Background is what lasts: each
channel's standby, with a row open and without, and the controller. The controller counts as active for all of the
program, which is an upper bound: nothing counts clocks in which all of its units are idle.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from hdl.params.pim import PimParams, energy_note, energy_sources, numbers
from sim_tb.pim.log import Entry

__all__ = ["CLASSES", "EVENTS", "Energy", "energy_of", "energy_of_counts"]

#: Classes of energy: what each holds, and the keys of the table that it is computed from.
CLASSES = {
    "MAC": ("all-bank MACs of a column: arrays, and MAC units for each vector; scales", ("mac", "read")),
    "activation": ("activates with their precharges, a bank at a time", ("activate",)),
    "read": ("columns read, and their way over the bus", ("read", "interface_pj_per_bit")),
    "write": ("columns written, and their way over the bus", ("write", "interface_pj_per_bit")),
    "registers": ("words to global buffers, and to and from accumulators: the bus alone", ("interface_pj_per_bit",)),
    "refresh": ("refreshes", ("refresh",)),
    "background": ("the channels' standby", ("standby_active", "standby_precharged")),
    "controller": ("the controller, as if it were active all the time", ("controller_active",)),
}
#: The class of each command, and the event of the table that it is. A write to a lane of every bank is one write.
EVENTS = {
    "MAC_AB": ("MAC", "MAC_AB"),
    "SCALE_AB": ("MAC", "MAC_AB"),
    "ACT": ("activation", "ACT"),
    "ACT_AB": ("activation", "ACT"),
    "RD_SB": ("read", "RD_SB"),
    "WR_SB": ("write", "WR_SB"),
    "WR_ELEM": ("write", "WR_SB"),
    "WR_GB": ("registers", "WR_GB"),
    "WR_BIAS": ("registers", "WR_GB"),
    "RD_MAC": ("registers", "RD_MAC"),
    "RD_MAC_KEEP": ("registers", "RD_MAC"),
    "REF": ("refresh", "REF"),
}


@dataclass(frozen=True)
class Energy:
    """Where the energy of a program went.

    Parameters
    ----------
    parts : dict of float
        Picojoules by class.
    macs : int
        Multiply-accumulates: those of all lanes of all banks that took part, for each vector, twice as many of int8.
    nanoseconds : float
        How long it took.
    """

    parts: dict[str, float]
    macs: int
    nanoseconds: float

    @property
    def total(self) -> float:
        """Picojoules."""
        return sum(self.parts.values())

    @property
    def milliwatts(self) -> float:
        """The power on average."""
        return self.total / self.nanoseconds if self.nanoseconds else 0.0

    @property
    def pj_per_mac(self) -> float | None:
        """All energy of the program over its multiply-accumulates; None where there are none."""
        return self.total / self.macs if self.macs else None

    def figures(self, params: PimParams) -> dict[str, Any]:
        """The energy as JSON has it, with the table that it is computed from and where each value of that is from."""
        return {
            "parts_pj": self.parts,
            "total_pj": self.total,
            "average_mw": self.milliwatts,
            "macs": self.macs,
            "pj_per_mac": self.pj_per_mac,
            "table": asdict(params.energy),
            "sources": energy_sources(params.energy),
            "note": energy_note(params),
        }


def energy_of_counts(
    params: PimParams, commands: Mapping[str, int], clocks: int, open_clocks: int, products: int
) -> Energy:
    """The energy of a number of commands in a number of clocks.

    A column that meets several vectors is read from the arrays once, and each further set of products costs what the
    table's ``mac`` has beyond ``read``: assumed, as nobody has published a MAC unit like that. Int8 are two sets, as
    they are twice as many products.

    Parameters
    ----------
    params : PimParams
    commands : mapping
        How often each command (:data:`hdl.params.pim.COMMANDS`) was sent, all channels together.
    clocks : int
        How long it took.
    open_clocks : int
        Clocks in which a channel had any row open, summed over the channels.
    products : int
        Sets of products of MAC_AB: its columns times its vectors, twice that of int8.
    """
    events = params.energy.events(params.timing, params.word_bits)
    parts = dict.fromkeys(CLASSES, 0.0)
    for command, (kind, event) in EVENTS.items():
        banks = params.banks if command == "ACT_AB" else 1
        parts[kind] += commands.get(command, 0) * banks * events[event]
    parts["MAC"] += (products - commands.get("MAC_AB", 0)) * events["SET"]
    clock_ns, table = params.timing.clock_ps / 1000, params.energy
    closed = params.channels * clocks - open_clocks
    parts["background"] = (open_clocks * table.standby_active + closed * table.standby_precharged) * clock_ns
    parts["controller"] = table.controller_active * clocks * clock_ns
    return Energy(parts, products * params.banks * params.lanes, clocks * clock_ns)


def energy_of(params: PimParams, log: Sequence[Entry], start: int, end: int) -> Energy:
    """The energy of the clocks from ``start`` up to ``end`` of a command log, which begins with every bank closed."""
    counts = Counter(entry.command for entry in log if start <= entry.cycle < end)
    rows = Counter(entry.row for entry in log if start <= entry.cycle < end and entry.command == "MAC_AB")
    said = [(numbers(params.number_bits, "MAC_AB", row), count) for row, count in rows.items()]
    products = sum(each["vectors"] * (1 + each["int8"]) * count for each, count in said)
    commands = [[entry for entry in log if entry.channel == channel] for channel in range(params.channels)]
    busy = sum(_open_clocks(each, params.banks, start, end) for each in commands)
    return energy_of_counts(params, counts, end - start, busy, products)


def _open_clocks(commands: Iterable[Entry], banks: int, start: int, end: int) -> int:
    """Clocks from ``start`` up to ``end`` in which a channel has any row open."""
    opened: set[int] = set()
    found, since = 0, start
    for entry in commands:
        now = min(max(entry.cycle, start), end)
        found += (now - since) * bool(opened)
        since = now
        if entry.command == "ACT_AB":
            opened = set(range(banks))
        elif entry.command == "ACT":
            opened.add(entry.bank)
        elif entry.command == "PRE_AB":
            opened = set()
        elif entry.command == "PRE":
            opened.discard(entry.bank)
    return found + (end - since) * bool(opened)
