"""The energy of a channel and of the controller: powers while something lasts, and energies of events."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from typing import Any

from hdl.params.errors import ConfigError, Problem
from hdl.params.pim.timing import TimingTable

__all__ = ["EnergyTable"]

#: A kilowatt a channel, or a nanojoule a bit.
MAX_MILLIWATTS = 1_000_000


def _power(default: float, meaning: str, source: str) -> Any:
    return field(default=default, metadata={"meaning": meaning, "source": source})


_CURRENTS = "at 1.25 V, given for PIM-GPT"


@dataclass(frozen=True, kw_only=True)
class EnergyTable:
    """Powers in milliwatts, of one channel unless said otherwise; :meth:`rules` says what each is and where it is from.

    The defaults follow from the currents given for PIM-GPT (IDD0 122, IDD2N 92, IDD3N 142, IDD4R 530, IDD4W 470, IDD5B
    277 mA at 1.25 V; see :meth:`from_currents`). The paper gives no interface energy: its default is AiM's.

    Raises
    ------
    ConfigError
        With every value that is no number from 0 to a million.
    """

    standby_active: float = _power(177.5, "mW while any row is open", f"IDD3N 142 mA {_CURRENTS}")
    standby_precharged: float = _power(115.0, "mW while no row is open", f"IDD2N 92 mA {_CURRENTS}")
    activate: float = _power(
        37.5, "mW of one bank, for tRC after each activate, precharge included", f"IDD0 122 - IDD2N 92 mA {_CURRENTS}"
    )
    read: float = _power(485.0, "mW beyond standby, for tBL a column", f"IDD4R 530 - IDD3N 142 mA {_CURRENTS}")
    write: float = _power(410.0, "mW beyond standby, for tBL a column", f"IDD4W 470 - IDD3N 142 mA {_CURRENTS}")
    mac: float = _power(
        634.29,
        "mW of all banks' arrays and MAC units, for tCCD an all-bank MAC",
        "a read's 485 mW, and 149.29 mW that PIM-GPT gives for a channel's MAC units",
    )
    refresh: float = _power(168.75, "mW beyond standby, for tRFC a refresh", f"IDD5B 277 - IDD3N 142 mA {_CURRENTS}")
    interface_pj_per_bit: float = _power(
        5.5, "pJ a bit on the data bus between controller and channel", "GDDR6-AiM's; PIM-GPT gives none"
    )
    controller_active: float = _power(
        304.59,
        "mW of the whole controller while any of its units works",
        "published for PIM-GPT's own controller (28 nm, 1 GHz), not measured on this one",
    )
    controller_idle: float = _power(0.0, "mW of the whole controller while none works", "assumed")

    def __post_init__(self) -> None:
        if problems := list(self._problems()):
            raise ConfigError(problems)

    @classmethod
    def rules(cls) -> dict[str, dict[str, str]]:
        """Meaning of every value, unit first, and the source of its default, by its key."""
        return {each.name: dict(each.metadata) for each in fields(cls)}

    @classmethod
    def from_currents(
        cls,
        *,
        vdd: float,
        idd0: float,
        idd2n: float,
        idd3n: float,
        idd4r: float,
        idd4w: float,
        idd5b: float,
        mac_units: float,
        **others: float,
    ) -> EnergyTable:
        """The table from a data sheet's currents in mA and the supply in V.

        An activate costs (IDD0 - IDD2N) for tRC. The usual form, which takes the active standby off as well, is
        negative for currents with IDD0 below IDD3N, such as PIM-GPT's. A MAC costs a read of the arrays and
        ``mac_units``, the power of a channel's MAC units in mW.
        """
        read = vdd * (idd4r - idd3n)
        return cls(
            standby_active=vdd * idd3n,
            standby_precharged=vdd * idd2n,
            activate=vdd * (idd0 - idd2n),
            read=read,
            write=vdd * (idd4w - idd3n),
            mac=read + mac_units,
            refresh=vdd * (idd5b - idd3n),
            **others,
        )

    def events(self, timing: TimingTable, word_bits: int) -> dict[str, float]:
        """Energy in picojoules of one command on one channel, background and controller excluded.

        ``ACT`` is one bank's activate with its precharge, ``MAC_AB`` that of one column with one vector, ``SET`` what
        each further vector adds to it: ``mac`` without a read of the arrays, which is assumed. ``WR_GB`` and ``RD_MAC``
        the transfer of one word to or from registers (a preset of the accumulators is a ``WR_GB``).
        """
        clock_ns = timing.clock_ps / 1000
        bus = self.interface_pj_per_bit * word_bits
        return {
            "ACT": self.activate * timing.trc * clock_ns,
            "RD_SB": self.read * timing.tbl * clock_ns + bus,
            "WR_SB": self.write * timing.tbl * clock_ns + bus,
            "MAC_AB": self.mac * timing.tccd * clock_ns,
            "SET": max(0.0, self.mac - self.read) * timing.tccd * clock_ns,
            "WR_GB": bus,
            "RD_MAC": bus,
            "REF": self.refresh * timing.trfc * clock_ns,
        }

    def _problems(self) -> Iterator[Problem]:
        for each in fields(self):
            value: Any = getattr(self, each.name)
            number = isinstance(value, (int, float)) and not isinstance(value, bool)
            if not number or not 0 <= value <= MAX_MILLIWATTS:  # a NaN is neither
                yield Problem(f"energy.{each.name}", f"must be a number from 0 to {MAX_MILLIWATTS:,}, not {value!r}")
