"""A network's file as a workload: quantised if need be, its layers with operands and the results they should have."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from hdl.params import ConfigError, EngineParams, Problem, near_or_legal
from sim_tb.workloads.gemm import Product, Topology
from sim_tb.workloads.network import Placement
from sim_tb.workloads.quantised import samples
from sim_tb.workloads.quantised.extract import layers
from sim_tb.workloads.quantised.inference import Inference, misfits
from sim_tb.workloads.quantised.integer import Crop, IntegerLayer
from sim_tb.workloads.quantised.nodes import IntegerNode, NoInteger, integer_node
from sim_tb.workloads.quantised.quantise import quantise
from sim_tb.workloads.readers import tables
from sim_tb.workloads.readers.content import Content
from sim_tb.workloads.readers.graph import Graph, tools
from sim_tb.workloads.readers.onnx_file import topology
from sim_tb.workloads.readers.operators import node_name

__all__ = ["Request", "prepare"]


@dataclass(frozen=True, kw_only=True)
class Request:
    """What is to be computed of a network.

    Parameters
    ----------
    path : str
        Its file, or the name of a topology that Bitloom brings along.
    names : tuple of str, optional
        Layers; all that can be if left out.
    crop : Crop
    shapes : mapping of str to tuple of int
        Of inputs whose shape is open.
    inputs, calibration : Path, optional
        Files of what the network runs on, and of what it is quantised by.
    seed : int
        Of numbers that are drawn.
    """

    path: str
    names: tuple[str, ...] | None = None
    crop: Crop = field(default_factory=Crop)
    shapes: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    inputs: Path | None = None
    calibration: Path | None = None
    seed: int = 1


def prepare(request: Request, params: EngineParams, say: Callable[[str], None] = lambda text: None) -> Inference:
    """The layers of a network for an engine.

    Those of a table have no numbers: operands are drawn over the range of the engine's formats, results are NumPy's.

    Raises
    ------
    ConfigError
        Where the engine's operands are no integers; with everything that is wrong with the network, its inputs, or the
        names of layers; and with the layers whose operands the engine can't hold.
    ToolError
        Where packages are missing.
    """
    if params.floating:
        raise ConfigError([Problem("engine.a", f"is {params.a}, and networks are computed in integers", "such as s8")])
    content = Content.fetch(request.path)
    say(f"reading {content.path.name}")
    found = _numbers(content, request, say) if content.text is None else _table(content, request, params)
    problems = misfits(found.layers, Placement(params))
    if problems:
        raise ConfigError(problems, content.label)
    return found


def _about(content: Content, whole: Topology, **words: Any) -> dict[str, Any]:
    """What ``sim.json`` says of a network."""
    return {
        "file": content.path.name,
        "sha256": content.sha256,
        "layers_of_network": len(whole),
        "others": dict(whole.others),
        **words,
    }


def _chosen(content: Content, whole: Topology, request: Request, reasons: Mapping[str, str]) -> list[Product]:
    """The layers that are asked for."""
    names = [product.name for product in whole]
    if request.names is None:
        chosen = [product for product in whole if product.name not in reasons]
        if not chosen:
            text = "no layer can be computed: " + "; ".join(f"{name}: {why}" for name, why in reasons.items())
            raise ConfigError([Problem("", text)], content.label)
        return chosen
    problems = []
    for name in request.names:
        if name not in names:
            hint = near_or_legal(name, names, 8)
            problems.append(Problem("layers", f"there is no layer {name!r}", hint))
        elif name in reasons:
            problems.append(Problem("layers", f"{name} can't be computed on the engine: {reasons[name]}"))
    if problems:
        raise ConfigError(problems, content.label)
    return [product for product in whole if product.name in request.names]


def _numbers(content: Content, request: Request, say: Callable[[str], None]) -> Inference:
    """An ONNX file's layers."""
    graph = Graph(content, request.shapes)
    quantised = "in the file"
    whole, nodes, reasons = _integers(graph)
    if not nodes:
        if request.calibration is None:
            hint = "--calibration FILE names inputs by which ONNX Runtime quantises it; `bitloom map` needs none"
            raise ConfigError([Problem("", "is in floating point", hint)], content.label)
        given = samples.read(request.calibration, graph)
        say(f"quantising {content.path.name} by {len(given)} inputs")
        graph = quantise(graph, given)
        quantised = f"by ONNX Runtime, on {len(given)} inputs of {request.calibration.name}"
        whole, nodes, reasons = _integers(graph)
    elif request.calibration is not None:
        raise ConfigError([Problem("calibration", "the network is quantised already")], content.label)
    source = request.inputs or request.calibration
    inputs = samples.drawn(graph, request.seed) if source is None else samples.read(source, graph)[0]
    chosen = [(product, nodes[product.name]) for product in _chosen(content, whole, request, reasons)]
    say(f"running {content.path.name} in ONNX Runtime")
    found, more = layers(graph, chosen, inputs, request.crop)
    if more and (request.names is not None or not found):
        problems = [Problem(name, f"can't be computed on the engine: {reason}") for name, reason in more.items()]
        raise ConfigError(problems, content.label)
    about = _about(
        content,
        whole,
        quantised=quantised,
        input=f"random, seed {request.seed}" if source is None else f"first of {source.name}",
        elsewhere={**reasons, **more},
        runtime=f"onnxruntime {tools()[1].__version__}",
    )
    return Inference(tuple(found), "ONNX Runtime", about)


def _integers(graph: Graph) -> tuple[Topology, dict[str, IntegerNode], dict[str, str]]:
    """A graph's products, those of integers by their names, and why the others are none."""
    whole = topology(graph)
    names = {product.name for product in whole}
    nodes: dict[str, IntegerNode] = {}
    reasons: dict[str, str] = {}
    for node in graph.graph.node:
        if (name := node_name(node)) in names:
            try:
                nodes[name] = integer_node(graph, node)
            except NoInteger as reason:
                reasons[name] = str(reason)
    return whole, nodes, reasons


def _table(content: Content, request: Request, params: EngineParams) -> Inference:
    """A table's layers, with numbers that are drawn."""
    given = {"shape": request.shapes, "input": request.inputs, "calibration": request.calibration}
    problems = [
        Problem(f"--{name}", "is for ONNX files: a table has no numbers") for name, value in given.items() if value
    ]
    if problems:
        raise ConfigError(problems, content.label)
    whole = tables.read(content, batch=1)
    rng = np.random.default_rng(request.seed)
    drawn = [_draw(product, request.crop, params, rng) for product in _chosen(content, whole, request, {})]
    words = f"random, seed {request.seed}"
    return Inference(tuple(drawn), "NumPy", _about(content, whole, input=words, elsewhere={}))


def _draw(product: Product, crop: Crop, params: EngineParams, rng: np.random.Generator) -> IntegerLayer:
    """A layer of random integers."""
    place = Placement(params)
    m, n, groups = (len(crop.of(size)) for size in (product.m, product.n, product.groups))
    a = rng.integers(place.activation.min, place.activation.max, (groups, m, product.k), np.int32, endpoint=True)
    low, high = place.weight.min - place.offset, place.weight.max - place.offset
    b = rng.integers(low, high, (groups, product.k, n), np.int32, endpoint=True)
    zeros = np.zeros((groups, 1, n), np.int64)
    return IntegerLayer(
        product=product,
        activations=a,
        weights=b,
        zero_activation=0,
        zero_weight=zeros,
        bias=zeros,
        scale=None,
        zero_result=0,
        low=0,
        high=0,
        expected=a.astype(np.int64) @ b.astype(np.int64),
    )
