"""Workloads by the names that ``sim.json`` has for them."""

from __future__ import annotations

from sim_tb.systems.delta.frames import Frames
from sim_tb.systems.delta.sequences import Sequences
from sim_tb.systems.macs.integers import IntegerAdapter
from sim_tb.systems.sesr.upscaling import Upscaling
from sim_tb.systems.training.check import Passes
from sim_tb.systems.training.run import Training
from sim_tb.workloads.float_network import FloatNetwork
from sim_tb.workloads.network import Network
from sim_tb.workloads.quantised.inference import Inference
from sim_tb.workloads.tileset import RandomTiles, TileSet
from sim_tb.workloads.workload import Workload

__all__ = ["WORKLOADS"]

WORKLOADS: dict[str, type[Workload]] = {
    Network.name: Network,
    FloatNetwork.name: FloatNetwork,
    Frames.name: Frames,
    Inference.name: Inference,
    Passes.name: Passes,
    IntegerAdapter.name: IntegerAdapter,
    RandomTiles.name: RandomTiles,
    Sequences.name: Sequences,
    TileSet.name: TileSet,
    Training.name: Training,
    Upscaling.name: Upscaling,
}
