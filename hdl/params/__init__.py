"""Parameter objects: frozen, validated, and free of Amaranth and NumPy."""

from hdl.params.dataflow import BeatMap, Dataflow
from hdl.params.engine import ARRAYS, BUILDS, ENCODERS, MULTIPLIERS, SCHEMES, SUPPORTED, EngineParams
from hdl.params.errors import BitloomError, CheckFailed, ConfigError, Problem, ToolError, near_name, shown
from hdl.params.formats import OperandFormat

__all__ = [
    "ARRAYS",
    "BUILDS",
    "ENCODERS",
    "MULTIPLIERS",
    "SCHEMES",
    "SUPPORTED",
    "BeatMap",
    "BitloomError",
    "CheckFailed",
    "ConfigError",
    "Dataflow",
    "EngineParams",
    "OperandFormat",
    "Problem",
    "ToolError",
    "near_name",
    "shown",
]
