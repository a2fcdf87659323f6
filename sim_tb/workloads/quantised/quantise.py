"""Quantise a network of floats with ONNX Runtime's own static quantiser."""

from __future__ import annotations

import contextlib
import io
import logging
import tempfile
from pathlib import Path

from hdl.params import ConfigError, Problem
from sim_tb.golden import Matrix
from sim_tb.workloads.readers.content import Content
from sim_tb.workloads.readers.graph import Graph, first_line

__all__ = ["quantise"]

#: The first version of ONNX's operators in which a scale may be that of a channel.
PER_CHANNEL = 13


def quantise(graph: Graph, samples: list[dict[str, Matrix]]) -> Graph:
    """The network with weights of 8 signed bits, a scale for each channel, and activations of 8 unsigned bits.

    Parameters
    ----------
    graph : Graph
        In floating point.
    samples : list of dict
        Inputs by name, on which the range of every activation is measured.

    Raises
    ------
    ConfigError
        Where the quantiser refuses the network.
    """
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process

    class Samples(CalibrationDataReader):  # type: ignore[misc]
        def __init__(self) -> None:
            self.rest = iter(samples)

        def get_next(self) -> dict[str, Matrix] | None:
            return next(self.rest, None)

    logging_before = logging.root.manager.disable
    try:
        logging.disable(logging.WARNING)
        with (
            tempfile.TemporaryDirectory(prefix="bitloom-quantise-") as folder,
            contextlib.redirect_stdout(io.StringIO()),
        ):
            given, ready, made = (Path(folder, f"{name}.onnx") for name in ("given", "ready", "made"))
            model = graph.model
            if max(each.version for each in model.opset_import if each.domain in ("", "ai.onnx")) < PER_CHANNEL:
                model = graph.onnx.version_converter.convert_version(model, PER_CHANNEL)
            given.write_bytes(model.SerializeToString())
            quant_pre_process(given, ready, skip_symbolic_shape=True)
            quantize_static(
                ready,
                made,
                Samples(),
                quant_format=QuantFormat.QDQ,
                per_channel=True,
                activation_type=QuantType.QUInt8,
                weight_type=QuantType.QInt8,
            )
            data = made.read_bytes()
    except Exception as error:  # the quantiser's own, and onnxruntime's
        problem = Problem("", f"ONNX Runtime can't quantise it: {first_line(error)}")
        raise ConfigError([problem], graph.content.label) from None
    finally:
        logging.disable(logging_before)
    return Graph(Content(graph.content.path, data), {})
