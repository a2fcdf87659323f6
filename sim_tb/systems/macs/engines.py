"""The engines that compute the adapter, and those whose schedules are compared."""

from __future__ import annotations

from dataclasses import dataclass

from hdl.params import ConfigError, EngineParams, Problem
from hdl.params.title import Title
from sim_tb.mapping.network import map_network
from sim_tb.systems.macs.adapter import SOURCES, Sizes
from sim_tb.systems.macs.fixed import LOW, TOP
from sim_tb.workloads.gemm import Product, Topology
from sim_tb.workloads.network import Placement

__all__ = ["Schedule", "compared", "of_user", "schedules", "usual"]

#: Sets of sources that are computed together.
BATCHES = (1, 8)


def usual(size: int) -> tuple[EngineParams, ...]:
    """On which the RTL computes: results stay, and a block of B stays."""
    return tuple(
        EngineParams(array=array, rows=size, cols=size, depth=size) for array in ("systolic_os", "systolic_ws")
    )


def compared() -> tuple[EngineParams, ...]:
    """Of which schedules are compared, by the model: 256 multiply-accumulates a cycle each."""
    return (
        EngineParams(array="systolic_os", rows=16, cols=16),
        EngineParams(array="systolic_os", rows=6, cols=43),
        EngineParams(array="matrix_2d", rows=16, cols=16),
        EngineParams(array="cube", rows=8, cols=8, depth=4),
        EngineParams(array="systolic_ws", rows=16, cols=16, depth=16),
        EngineParams(array="adder_tree", rows=16, cols=16, depth=16),
    )


def of_user(params: EngineParams) -> EngineParams:
    """A user's engine. Raises ConfigError where operands of eight bits don't fit."""
    place = Placement(params)
    problems = []
    if params.floating:
        problems.append(Problem("engine.a", f"must be integers of eight bits or more, not {params.a}", "write s8"))
    else:
        a, b = ("engine.b", "engine.a") if place.swapped else ("engine.a", "engine.b")
        if place.activation.min > LOW or place.activation.max < TOP:
            text = f"must hold activations from {LOW} to {TOP}, not {place.activation}"
            problems.append(Problem(a, text, "write s8"))
        if place.weight_top < TOP:
            problems.append(Problem(b, f"must hold weights from {-TOP} to {TOP}, not {place.weight}", "write s8"))
    if problems:
        raise ConfigError(problems)
    return params


@dataclass(frozen=True)
class Schedule:
    """The adapter on an engine, by the timing model.

    Parameters
    ----------
    engine : str
    batch : int
        Sets of sources computed together.
    utilisation, possible : float
        Share of the engine's peak, and what sizes and edges allow of it.
    cycles : int
    products : mapping of str to float
        Share of the peak by product.
    """

    engine: str
    batch: int
    utilisation: float
    possible: float
    cycles: int
    products: dict[str, float]


def _topology(sizes: Sizes, batch: int) -> Topology:
    """All products of the adapter, with keys and values of every attention layer."""
    m = SOURCES * batch
    products = [
        Product("fc1", "Gemm", m, sizes.embedding, sizes.hidden),
        Product("fc2", "Gemm", m, sizes.hidden, sizes.token),
    ]
    for width, layers in sizes.heads:
        products += [Product(f"k{width} {i}", "Gemm", m, sizes.token, width) for i in range(layers)]
        products += [Product(f"v{width} {i}", "Gemm", m, sizes.token, width) for i in range(layers)]
    return Topology("macs", tuple(products))


def schedules(params: EngineParams, sizes: Sizes) -> list[Schedule]:
    """By batch."""
    found = []
    for batch in BATCHES:
        mapping = map_network(params, _topology(sizes, batch))
        totals = mapping.totals
        once = {row["layer"].removesuffix(" 0"): row["utilisation"] for row in mapping.rows}
        products = {name: share for name, share in once.items() if " " not in name and not name.startswith("v")}
        name = str(Title(params))
        found.append(Schedule(name, batch, totals["utilisation"], totals["bound"], int(totals["cycles"]), products))
    return found
