"""The energy of a channel and of the controller: powers while something lasts, and energies of events."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any

from hdl.params.errors import ConfigError, Problem
from hdl.params.pim.timing import TimingTable

__all__ = ["EnergyTable"]


@dataclass(frozen=True, kw_only=True)
class EnergyTable:
    """Powers in milliwatts, of one channel unless said otherwise.

    The defaults follow from the currents given for PIM-GPT (IDD0 122, IDD2N 92, IDD3N 142, IDD4R 530, IDD4W 470, IDD5B
    277 mA at 1.25 V; see :meth:`from_currents`). The paper gives no interface energy: its default is AiM's.

    Parameters
    ----------
    standby_active, standby_precharged : float
        While any row is open, and while none is.
    activate : float
        Of one bank, for tRC after each activate, precharge included.
    read, write : float
        Beyond standby, for tBL a column.
    mac : float
        Of all banks' arrays and MAC units, for tCCD an all-bank MAC.
    refresh : float
        Beyond standby, for tRFC a refresh.
    interface_pj_per_bit : float
        Of the data bus between controller and channel.
    controller_active, controller_idle : float
        Of the whole controller while any of its units works, and while none does.

    Raises
    ------
    ConfigError
        With every value that is no number of at least 0.
    """

    standby_active: float = 177.5
    standby_precharged: float = 115.0
    activate: float = 37.5
    read: float = 485.0
    write: float = 410.0
    mac: float = 634.29
    refresh: float = 168.75
    interface_pj_per_bit: float = 5.5
    controller_active: float = 304.59
    controller_idle: float = 0.0

    def __post_init__(self) -> None:
        if problems := list(self._problems()):
            raise ConfigError(problems)

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

        ``ACT`` is one bank's activate with its precharge, ``MAC`` an all-bank MAC of one column, ``WRGB`` and ``RDMAC``
        the transfer of one word to or from registers (a preset of the accumulators is a ``WRGB``).
        """
        clock_ns = timing.clock_ps / 1000
        bus = self.interface_pj_per_bit * word_bits
        return {
            "ACT": self.activate * timing.trc * clock_ns,
            "RD": self.read * timing.tbl * clock_ns + bus,
            "WR": self.write * timing.tbl * clock_ns + bus,
            "MAC": self.mac * timing.tccd * clock_ns,
            "WRGB": bus,
            "RDMAC": bus,
            "REF": self.refresh * timing.trfc * clock_ns,
        }

    def _problems(self) -> Iterator[Problem]:
        for each in fields(self):
            value: Any = getattr(self, each.name)
            number = isinstance(value, (int, float)) and not isinstance(value, bool)
            if not number or not math.isfinite(value) or value < 0:
                yield Problem(f"energy.{each.name}", f"must be a number of at least 0, not {value!r}")
