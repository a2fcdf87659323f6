"""Systems by name. Nothing of them is imported until one is run."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import cast

from sim_tb.systems.study import Study

__all__ = ["SYSTEMS", "Entry"]


@dataclass(frozen=True)
class Entry:
    """A system.

    Parameters
    ----------
    name : str
        Of its package in this folder, and on the command line.
    about : str
        What it does, in a line.
    front : str
        The table of a configuration by which something may stand in front of its engine; empty where nothing may.
    """

    name: str
    about: str
    front: str = ""

    def load(self) -> Study:
        """Its study."""
        return cast(Study, import_module(f"sim_tb.systems.{self.name}.study").study)


_ENTRIES = (
    Entry("sesr", "photographs twice as large, by a network of 13,520 weights"),
    Entry("training", "train a network in FP16 and BF16, every product on an engine"),
    Entry("gate", "MACPruning: an operand gate, and attacks on simulated switching activity", "gate"),
    Entry("delta", "what changed since the frame before, on engines that skip zeros", "delta"),
    Entry("macs", "the adapter of MACS: products of six rows, and GELU as a table"),
)
SYSTEMS = {entry.name: entry for entry in _ENTRIES}
