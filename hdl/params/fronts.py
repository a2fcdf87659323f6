"""All that may stand in front of an engine, by the table of a configuration that asks for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hdl.params.delta_front import DeltaFront
from hdl.params.engine import EngineParams
from hdl.params.errors import ConfigError, Problem
from hdl.params.front import Front
from hdl.params.gate import GateParams

__all__ = ["FRONTS", "front_of"]

FRONTS: dict[str, type[Front]] = {front.key: front for front in (GateParams, DeltaFront)}


def front_of(engine: EngineParams, tables: Mapping[str, Any]) -> Front | None:
    """What some tables of a configuration put in front of an engine; None where no table is one of :data:`FRONTS`.

    Raises
    ------
    ConfigError
        With every problem found; where there are two, that there are.
    """
    found: dict[str, Front] = {}
    problems: list[Problem] = []
    asked = [key for key in FRONTS if key in tables]
    for key in asked:
        try:
            found[key] = FRONTS[key].from_dict(engine, tables[key])
        except ConfigError as error:
            problems += error.problems
    message = f"can't stand beside [{asked[0]}]: one thing at a time stands in front of an engine" if asked else ""
    problems += [Problem(key, message, "take one out") for key in asked[1:]]
    if problems:
        raise ConfigError(problems)
    return next(iter(found.values()), None)
