"""An ONNX graph whose shapes are known, and what is wrong with one that isn't fit for use."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from hdl.params import ConfigError, Problem, ToolError, near_or_legal
from sim_tb.golden import Matrix
from sim_tb.workloads.readers.content import Content
from sim_tb.workloads.readers.operators import OTHER_PRODUCTS, node_name

__all__ = ["Graph", "first_line", "session", "tools"]

#: Operators whose outputs differ from call to call, so that they are no constants.
RANDOM = {"RandomNormal", "RandomUniform", "RandomNormalLike", "RandomUniformLike", "Bernoulli", "Multinomial"}

#: Both are names of ONNX's own operators.
ONNX_DOMAINS = ("", "ai.onnx")
#: Names of nodes in a message, the others are counted.
SHOWN = 3


def tools() -> tuple[Any, Any]:
    """The packages ``onnx`` and ``onnxruntime``. Raises ToolError where they are missing."""
    try:
        import onnx
        import onnxruntime
    except ImportError:
        text = "networks in ONNX need the packages onnx and onnxruntime: pip install 'bitloom[networks]'"
        raise ToolError(text) from None
    onnxruntime.set_default_logger_severity(4)
    return onnx, onnxruntime


def session(model: Any, *, optimise: bool = True) -> Any:
    """ONNX Runtime's session of a model, on the processor, quiet.

    On processors without instructions for products of bytes, integer kernels saturate sums of two products at 16 bits,
    unless they are told to be exact. Where activations are signed there are no exact kernels, and no need of them where
    the processor has these instructions.
    """
    _, runtime = tools()
    level = "ORT_ENABLE_ALL" if optimise else "ORT_DISABLE_ALL"
    data = model.SerializeToString()

    def made(exact: str) -> Any:
        options = runtime.SessionOptions()
        options.log_severity_level = 4
        options.graph_optimization_level = getattr(runtime.GraphOptimizationLevel, level)
        options.add_session_config_entry("session.x64quantprecision", exact)
        return runtime.InferenceSession(data, options, providers=["CPUExecutionProvider"])

    try:
        return made("1")
    except Exception:  # onnxruntime's, of a dozen kinds
        return made("0")


class Graph:
    """A checked ONNX model, inputs of fixed shapes.

    Parameters
    ----------
    content : Content
        The file.
    shapes : mapping of str to tuple of int
        Shapes of inputs.

    Attributes
    ----------
    model : onnx.ModelProto
        Weights inside, whatever file they were in.

    Raises
    ------
    ConfigError
        With everything that is wrong.
    """

    def __init__(self, content: Content, shapes: Mapping[str, tuple[int, ...]]) -> None:
        self.content = content
        self.onnx, _ = tools()
        self.model = self._parse()
        self.graph = self.model.graph
        self.fail(
            [
                *self._load_weights(),
                *self._unknown_operators(),
                *self._new_operators(),
                *self._refused(),
                *self._fix_inputs(shapes),
            ]
        )
        self._fix_outputs()
        try:
            self.onnx.checker.check_model(self.model)
        except Exception as error:  # of several kinds, which have no common base
            self.fail([Problem("", f"is no valid ONNX: {first_line(error)}")])

    def fail(self, problems: Iterable[Problem]) -> None:
        """Raise ConfigError where there are problems."""
        if found := list(problems):
            raise ConfigError(found, self.content.label)

    # --- checks ------------------------------------------------------------------------------------------------------
    def _parse(self) -> Any:
        try:
            model = self.onnx.load_model_from_string(self.content.data)
        except Exception as error:  # google.protobuf's, which no public module names
            self.fail([Problem("", f"is neither ONNX nor a table of layers, or is cut off: {first_line(error)}")])
        if not model.graph.node or not model.opset_import:
            self.fail([Problem("", "is neither ONNX nor a table of layers: there is no graph in it")])
        return model

    def _load_weights(self) -> list[Problem]:
        """Bring weights in from the files that hold them."""
        folder = self.content.path.parent
        problems, there = [], set()
        for tensor in _tensors(self.graph):
            if tensor.data_location == tensor.EXTERNAL:
                name = next((entry.value for entry in tensor.external_data if entry.key == "location"), "")
                if not name or not (folder / name).is_file():
                    problems.append(name)
                there.add(name)
        if problems:
            counts = Counter(problems)
            return [
                Problem("", f"{count} of its weights are in {name!r}, which isn't there")
                for name, count in counts.items()
            ]
        if there:
            try:
                self.onnx.load_external_data_for_model(self.model, os.fspath(folder))
            except Exception as error:  # files that are too short, or outside of the folder
                return [Problem("", f"its weights can't be read: {first_line(error)}")]
        return []

    def _unknown_operators(self) -> list[Problem]:
        """Operators that neither ONNX Runtime nor the model itself defines, all of them."""
        from onnxruntime.capi import onnxruntime_pybind11_state as state

        known = {(schema.domain, schema.name) for schema in state.get_all_operator_schema()}
        known |= {(function.domain, function.name) for function in self.model.functions}
        unknown: dict[str, list[str]] = {}
        for node in _nodes(self.graph):
            if ("" if node.domain in ONNX_DOMAINS else node.domain, node.op_type) not in known:
                name = f"{node.domain}.{node.op_type}" if node.domain else node.op_type
                unknown.setdefault(name, []).append(node_name(node))
        return [Problem(_some(nodes), f"unsupported operator {name}") for name, nodes in unknown.items()]

    def _new_operators(self) -> Iterator[Problem]:
        """A set of ONNX's operators whose meaning our ONNX doesn't know yet."""
        newest = self.onnx.defs.onnx_opset_version()
        for each in self.model.opset_import:
            if each.domain in ONNX_DOMAINS and each.version > newest:
                text = f"is of opset {each.version}, and onnx {self.onnx.__version__} knows opsets up to {newest}"
                yield Problem("", text)

    def _refused(self) -> Iterator[Problem]:
        """Nodes of kinds that aren't read, but for those which compute constants."""
        for node in self.graph.node:
            if all(name in self.constants for name in node.output):
                continue
            if node.op_type in OTHER_PRODUCTS:
                kind = "is a matrix product of a kind that is not supported"
                yield Problem(node_name(node), f"{node.op_type} {kind}")
            elif any(attribute.HasField("g") for attribute in node.attribute):
                yield Problem(node_name(node), f"{node.op_type} holds a graph of its own, which is not supported")

    def _fix_inputs(self, shapes: Mapping[str, tuple[int, ...]]) -> list[Problem]:
        """Give inputs their shapes."""
        problems = []
        names = [each.name for each in self.inputs]
        for name in shapes:
            if name not in names:
                hint = near_or_legal(name, names) or "it has none"
                problems.append(Problem(f"shape of {name}", "the network has no such input", hint))
        kinds = {*self.onnx.TensorProto.DataType.values()} - {self.onnx.TensorProto.UNDEFINED}
        for each in self.inputs:
            if each.type.tensor_type.elem_type not in kinds:
                problems.append(Problem(f"input {each.name}", "is no tensor of a type that ONNX knows"))
            dims = each.type.tensor_type.shape.dim
            if any(dim.HasField("dim_value") and dim.dim_value == 0 for dim in dims):  # below 0 it is open
                problems.append(Problem(f"input {each.name}", "has a size of 0"))
                continue
            words = [dim.dim_value if dim.dim_value > 0 else dim.dim_param or "?" for dim in dims]
            given = shapes.get(each.name)
            shown = f"({', '.join(map(str, words))})"
            if given is None:
                if any(not isinstance(word, int) for word in words):
                    example = ",".join(str(word) if isinstance(word, int) else "1" for word in words)
                    hint = f"give its shape, such as --shape {each.name}={example}"
                    problems.append(Problem(f"input {each.name}", f"has the shape {shown}, which is open", hint))
                continue
            fits = len(given) == len(words) and all(
                size > 0 and (not isinstance(word, int) or word == size)
                for size, word in zip(given, words, strict=True)
            )
            if not fits:
                text = f"{','.join(map(str, given))} does not fit the input's shape {shown}"
                problems.append(Problem(f"shape of {each.name}", text))
                continue
            for dim, size in zip(dims, given, strict=True):
                dim.dim_value = size
        return problems

    def _fix_outputs(self) -> None:
        """Give outputs the shapes that follow, where a file says none: ONNX wants them, and ONNX Runtime doesn't."""
        open_ones = [each for each in self.graph.output if not each.type.tensor_type.HasField("shape")]
        if open_ones:
            inferred = {each.name: each for each in self.onnx.shape_inference.infer_shapes(self.model).graph.output}
            for each in open_ones:
                each.CopyFrom(inferred[each.name])

    # --- what is in it -----------------------------------------------------------------------------------------------
    @cached_property
    def weights(self) -> dict[str, Any]:
        """Tensors that are stored in the file."""
        stored = {tensor.name: tensor for tensor in self.graph.initializer}
        for node in self.graph.node:
            for attribute in node.attribute:
                if node.op_type == "Constant" and attribute.name == "value":
                    stored[node.output[0]] = attribute.t
        return stored

    @property
    def inputs(self) -> list[Any]:
        """Inputs that have no value."""
        stored = {tensor.name for tensor in self.graph.initializer}
        return [each for each in self.graph.input if each.name not in stored]

    @cached_property
    def producer(self) -> dict[str, Any]:
        """The node that gives a tensor."""
        return {name: node for node in self.graph.node for name in node.output}

    @cached_property
    def consumers(self) -> dict[str, list[Any]]:
        """The nodes that take a tensor."""
        found: dict[str, list[Any]] = {}
        for node in self.graph.node:
            for name in dict.fromkeys(node.input):
                found.setdefault(name, []).append(node)
        return found

    @cached_property
    def constants(self) -> set[str]:
        """Tensors that don't depend on the inputs."""
        found = {*self.weights, ""}
        for node in self.graph.node:
            if node.op_type not in RANDOM and all(name in found for name in node.input):
                found.update(node.output)
        return found

    def value(self, name: str) -> Matrix | None:
        """A tensor of the file; None where it isn't stored in it."""
        tensor = self.weights.get(name)
        try:
            return None if tensor is None else self.onnx.numpy_helper.to_array(tensor)
        except (KeyError, TypeError, ValueError) as error:
            problem = Problem(name, f"its numbers can't be read: {first_line(error)}")
            raise ConfigError([problem], self.content.label) from None

    def zeros(self) -> dict[str, Matrix]:
        """Inputs of zeros."""
        return {each.name: np.zeros(self.shape_of(each), self.type_of(each)) for each in self.inputs}

    def type_of(self, value: Any) -> Any:
        """The NumPy type of an input's elements."""
        return self.onnx.helper.tensor_dtype_to_np_dtype(value.type.tensor_type.elem_type)

    @staticmethod
    def shape_of(value: Any) -> tuple[int, ...]:
        """The shape of an input."""
        return tuple(dim.dim_value for dim in value.type.tensor_type.shape.dim)

    def shapes(self, names: Iterable[str]) -> dict[str, tuple[int, ...]]:
        """The shapes of tensors: inferred, and where that doesn't say, those that a run on zeros gives."""
        wanted = [name for name in dict.fromkeys(names) if name]
        found = {name: tuple(tensor.dims) for name, tensor in self.weights.items()}
        inferred = self.onnx.shape_inference.infer_shapes(self.model, data_prop=True).graph
        for each in (*inferred.value_info, *inferred.input, *inferred.output):
            dims = each.type.tensor_type.shape.dim
            if each.type.tensor_type.HasField("shape") and all(dim.dim_value > 0 for dim in dims):
                found.setdefault(each.name, tuple(dim.dim_value for dim in dims))
        if missing := [name for name in wanted if name not in found]:
            values = self.run(self.zeros(), missing, optimise=False)
            found |= {name: value.shape for name, value in values.items()}
        return {name: found[name] for name in wanted}

    def run(self, inputs: Mapping[str, Matrix], names: Iterable[str], *, optimise: bool = True) -> dict[str, Matrix]:
        """Values of tensors in ONNX Runtime. Raises ConfigError where it refuses the model."""
        wanted = list(dict.fromkeys(names))
        model = self.onnx.ModelProto()
        model.CopyFrom(self.model)
        outputs = {each.name for each in model.graph.output}
        for name in wanted:
            if name not in outputs:
                model.graph.output.add().name = name
        try:
            return dict(zip(wanted, session(model, optimise=optimise).run(wanted, dict(inputs)), strict=True))
        except Exception as error:  # onnxruntime's, of a dozen kinds
            raise ConfigError(
                [Problem("", f"ONNX Runtime can't run it: {first_line(error)}")], self.content.label
            ) from None


def _nodes(graph: Any) -> Iterator[Any]:
    """Nodes of a graph and of those inside of its nodes."""
    for node in graph.node:
        yield node
        for attribute in node.attribute:
            for inner in (attribute.g, *attribute.graphs):
                yield from _nodes(inner)


def _some(names: Sequence[str]) -> str:
    """The first few names, and how many more there are."""
    more = [f"and {len(names) - SHOWN} more"] if len(names) > SHOWN else []
    return " ".join([", ".join(names[:SHOWN]), *more])


def _tensors(graph: Any) -> Iterator[Any]:
    """Stored tensors of a graph, and of nodes in it."""
    yield from graph.initializer
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.HasField("t"):
                yield attribute.t
            if attribute.HasField("g"):
                yield from _tensors(attribute.g)


def first_line(error: Exception) -> str:
    """What a library says of an error, in a line of bearable length."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= 200 else f"{text[:200]}..."
