"""A network on an engine: all layers, their sums, and both as plain values."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from hdl.params import EngineParams
from hdl.params.title import Title
from sim_tb.mapping.energy import Energy
from sim_tb.mapping.layer import Layer, layer
from sim_tb.mapping.traffic import Buffers, Traffic, traffic
from sim_tb.workloads.gemm import Topology

__all__ = ["COLUMNS", "Mapping", "map_network"]

#: Columns of the table: key, words, and unit.
COLUMNS = (
    ("layer", "Layer", ""),
    ("kind", "Kind", ""),
    ("m", "M", ""),
    ("k", "K", ""),
    ("n", "N", ""),
    ("groups", "Groups", ""),
    ("swapped", "A and B swapped", ""),
    ("packed", "Packed", ""),
    ("tiles", "Tiles", ""),
    ("macs", "MACs", "MAC"),
    ("cycles", "Cycles", "cycles"),
    ("utilisation", "Of the peak", "share"),
    ("bound", "Possible", "share"),
    ("of_bound", "Of what is possible", "share"),
    ("read_activations", "Activations read", "bytes"),
    ("read_weights", "Weights read", "bytes"),
    ("written", "Results", "bytes"),
    ("read_once", "Read once", ""),
    ("memory_cycles", "Cycles of memory", "cycles"),
    ("energy_uj", "Energy", "uJ"),
)


@dataclass(frozen=True)
class Mapping:
    """The layers of a network on an engine, one job after the other.

    Parameters
    ----------
    params : EngineParams
    topology : Topology
    layers : sequence of Layer
    buffers : Buffers
    energy : Energy or None
        What a cycle takes, where it was measured.
    """

    params: EngineParams
    topology: Topology
    layers: Sequence[Layer]
    buffers: Buffers
    energy: Energy | None

    def moved(self, each: Layer) -> Traffic:
        """What a layer moves."""
        rows, cols = each.tiling.tile
        tile = (cols, rows) if each.swapped else (rows, cols)
        return traffic(self.params, each.product, self.buffers, tile, len(each.streaks))

    @cached_property
    def rows(self) -> list[dict[str, Any]]:
        """A row of :data:`COLUMNS` for each layer."""
        return [self._row(each) for each in self.layers]

    def _row(self, each: Layer) -> dict[str, Any]:
        product, moved = each.product, self.moved(each)
        return {
            "layer": product.name,
            "kind": product.kind,
            "m": product.m,
            "k": product.k,
            "n": product.n,
            "groups": product.groups,
            "swapped": each.swapped,
            "packed": each.words,
            "tiles": sum(count for count, _ in each.streaks),
            "macs": product.macs,
            "cycles": self._whole(each.cycles),
            "utilisation": round(each.utilisation, 6),
            "bound": round(each.possible, 6),
            "of_bound": round(each.bound / each.cycles, 6),
            "read_activations": moved.activations,
            "read_weights": moved.weights,
            "written": moved.results,
            "read_once": moved.outer,
            "memory_cycles": -(-moved.total // self.buffers.bandwidth),
            "energy_uj": None if self.energy is None else self.energy.picojoules(each.cycles, each.busy) / 1e6,
        }

    def _whole(self, cycles: float) -> float:
        return round(cycles, 1) if self.params.data_dependent else int(cycles)

    @property
    def totals(self) -> dict[str, Any]:
        """Sums over all layers, and shares of the whole."""
        cycles, bound = (sum(getattr(each, name) for each in self.layers) for name in ("cycles", "bound"))
        peak = self.layers[0].peak
        sums = ("macs", "read_activations", "read_weights", "written")
        return {
            **{name: sum(row[name] for row in self.rows) for name in sums},
            "cycles": self._whole(cycles),
            "utilisation": round(self.topology.macs / (cycles * peak), 6),
            "bound": round(self.topology.macs / (bound * peak), 6),
            "of_bound": round(bound / cycles, 6),
            "least_of_bound": min(row["of_bound"] for row in self.rows),
            "memory_bound": sum(row["memory_cycles"] > row["cycles"] for row in self.rows),
            "energy_uj": None if self.energy is None else sum(row["energy_uj"] for row in self.rows),
        }

    def to_dict(self) -> dict[str, Any]:
        """All of it as plain values."""
        topology = self.topology
        return {
            "network": topology.name,
            "source": None if topology.source is None else topology.source.name,
            "sha256": topology.sha256,
            "others": dict(topology.others),
            "engine": str(Title(self.params)),
            "parameters": self.params.to_dict(),
            "exact": not self.params.data_dependent,
            "sigma": self.layers[0].sigma if self.params.data_dependent else None,
            "peak": self.layers[0].peak,
            "buffers": vars(self.buffers),
            "energy": None if self.energy is None else self.energy.to_dict(),
            "layers": self.rows,
            "totals": self.totals,
            "units": {key: unit for key, _, unit in COLUMNS if unit},
        }

    def csv(self) -> str:
        """The table, with a line of keys first."""
        text = io.StringIO()
        writer = csv.DictWriter(text, [key for key, _, _ in COLUMNS], lineterminator="\n")
        writer.writeheader()
        writer.writerows(self.rows)
        return text.getvalue()


def map_network(
    params: EngineParams,
    topology: Topology,
    *,
    sigma: float | None = None,
    buffers: Buffers | None = None,
    energy: Energy | None = None,
    pack: bool = True,
) -> Mapping:
    """Every layer of a network in the way in which it takes the fewest cycles.

    Parameters
    ----------
    sigma : float, optional
        Of the operands of A, where they decide about the cycles: normal around 0; uniform if left out.
    buffers : Buffers, optional
        On the chip.
    energy : Energy, optional
        Of a cycle.
    pack : bool
        Layers that fill few columns may be packed.
    """
    layers = [layer(params, product, sigma, pack=pack) for product in topology]
    return Mapping(params, topology, layers, buffers or Buffers(), energy)
