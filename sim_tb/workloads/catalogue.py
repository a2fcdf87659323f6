"""Workloads by the names that ``sim.json`` has for them.

A simulation imports no more than its own: to import all of them takes longer than a short run.
"""

from __future__ import annotations

from importlib import import_module
from typing import cast

from sim_tb.workloads.workload import Workload

__all__ = ["WORKLOADS", "workload_class"]

#: The class of each, and its module in ``sim_tb``.
WORKLOADS = {
    "digits": "workloads.network:Network",
    "digits-float": "workloads.float_network:FloatNetwork",
    "frames": "systems.delta.frames:Frames",
    "network": "workloads.quantised.inference:Inference",
    "training-passes": "systems.training.check:Passes",
    "macs": "systems.macs.integers:IntegerAdapter",
    "random": "workloads.tileset:RandomTiles",
    "delta": "systems.delta.sequences:Sequences",
    "tiles": "workloads.tileset:TileSet",
    "training": "systems.training.run:Training",
    "sesr": "systems.sesr.upscaling:Upscaling",
}


def workload_class(name: str) -> type[Workload]:
    """The class of the workload with this name."""
    module, kind = WORKLOADS[name].split(":")
    return cast(type[Workload], getattr(import_module(f"sim_tb.{module}"), kind))
