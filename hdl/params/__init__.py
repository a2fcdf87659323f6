"""Parameter objects: frozen, validated, and free of Amaranth and NumPy."""

from hdl.params.axes import Axes
from hdl.params.dataflow import BeatMap, Dataflow
from hdl.params.encoders import ENCODERS
from hdl.params.engine import MULTIPLIERS, EngineParams
from hdl.params.errors import (
    BitloomError,
    CheckFailed,
    ConfigError,
    Problem,
    ToolError,
    near_name,
    near_or_legal,
    shown,
)
from hdl.params.formats import FLOATS, FloatOperand, OperandFormat
from hdl.params.presets import ARRAYS, BUILDS, SCHEMES, SUPPORTED

__all__ = [
    "ARRAYS",
    "BUILDS",
    "ENCODERS",
    "FLOATS",
    "MULTIPLIERS",
    "SCHEMES",
    "SUPPORTED",
    "Axes",
    "BeatMap",
    "BitloomError",
    "CheckFailed",
    "ConfigError",
    "Dataflow",
    "EngineParams",
    "FloatOperand",
    "OperandFormat",
    "Problem",
    "ToolError",
    "near_name",
    "near_or_legal",
    "shown",
]
