"""Streams of aim_simulator, there and here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bench.figures.store import Group
from bench.figures.words import figures, table
from sim_tb.pim.aim import STREAMS, span

__all__ = ["GROUP", "PARTS"]


def _measure() -> dict[str, Any]:
    return {
        each.name: {
            "aim_simulator": each.clocks,
            "here": span(each.text),
            "vmm": span(each.vmm) if each.vmm else None,
        }
        for each in STREAMS
    }


GROUP = Group("aim", {"streams": _measure}, ("sim_tb.pim.aim",))


def _table() -> str:
    found = figures(GROUP.name, "streams")
    rows = []
    for stream in STREAMS:
        each = found[stream.name]
        here, there, vmm = each["here"], each["aim_simulator"], each["vmm"]
        share = f"{here / there - 1:+.2%}".replace("-", "−")
        hidden = f"{vmm:,}, {here / vmm:.2f} times as fast" if vmm else "–"
        rows.append([stream.name, f"{there:,}", f"{here:,}", share, f"{stream.rules:,}", hidden])
    heads = ["Stream", "aim_simulator, clocks", "here", "difference", "clocks of the four rules", "as VMM"]
    return table(heads, rows)


PARTS: dict[str, Callable[..., str]] = {"aim": _table}
