"""Systems and models by what users call them: names of presets and published models, or files."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from hdl.params import ConfigError, Problem, near_name, shown

if TYPE_CHECKING:
    from gen.pim.model import Decoder
    from hdl.params.pim import PimParams

__all__ = ["changed_system", "model_of", "position_problems", "system_of"]


def system_of(name: str) -> PimParams:
    """A preset, or the system that a JSON file describes."""
    from gen.pim.files import read_text
    from gen.pim.json_text import Twice, parse
    from hdl.params.pim import PRESETS, PimParams, preset

    if name in PRESETS or not (name.endswith(".json") or os.path.exists(name)):
        return preset(name)
    try:
        values = parse(read_text(Path(name)))
    except Twice as error:
        raise ConfigError([Problem(error.key, error.message)], name) from None
    except (ValueError, RecursionError) as error:
        raise ConfigError([Problem("", f"is not valid JSON: {_why(error)}")], name) from None
    if not isinstance(values, dict):
        raise ConfigError([Problem("", "must hold an object: the parameters of a system")], name)
    try:
        return PimParams.from_dict(values)
    except ConfigError as error:
        raise ConfigError(error.problems, name) from None


def _why(error: Exception) -> str:
    """What is wrong with a text that is no JSON."""
    if isinstance(error, RecursionError):
        return "brackets inside brackets without end"
    return str(error) if isinstance(error, json.JSONDecodeError) else "a number of more digits than can be read"


def changed_system(params: PimParams, changes: Sequence[str]) -> PimParams:
    """A system with ``KEY=VALUE`` applied to it, as ``--set`` has them: ``timing.trp=7``, ``int8=true``."""
    from hdl.params.pim import changed

    values: dict[str, int | float | bool] = {}
    problems = []
    for text in changes:
        key, _, value = text.partition("=")
        found = {"true": True, "false": False}.get(value, _number(value))
        if key and found is not None:
            values[key] = found
        else:
            problems.append(Problem("--set", f"must be KEY=VALUE with a number, true or false, not {shown(text)}"))
    if problems:
        raise ConfigError(problems)
    return changed(params, values) if values else params


def _number(text: str) -> int | float | None:
    if re.fullmatch(r"-?[0-9]{1,18}", text):
        return int(text)
    return float(text) if re.fullmatch(r"-?[0-9]{1,18}\.[0-9]{1,18}(e-?[0-9]{1,3})?", text) else None


def model_of(name: str) -> Decoder:
    """The decoder of a folder or a ``config.json``, or the published one of that name."""
    from gen.pim.model import read
    from gen.pim.model.published import PUBLISHED, published

    path = Path(name)
    if path.exists() or path.suffix or len(path.parts) > 1:
        return read(path)
    if name in PUBLISHED:
        return published(name)
    hint = near_name(name, PUBLISHED) or f"names are {', '.join(PUBLISHED)}"
    raise ConfigError([Problem("", f"there is no such file or folder, and no published model called {name!r}", hint)])


def position_problems(context: int, first: int, tokens: int, names: tuple[str, str]) -> list[Problem]:
    """What is wrong with positions that are to be simulated.

    Parameters
    ----------
    context : int
        Positions that the model has.
    first, tokens : int
        The first one, and how many.
    names : (str, str)
        What the user calls these two.
    """
    if not 0 <= first < context:
        return [Problem(names[0], f"must be 0 to {context - 1}, as the context ends there, not {first}")]
    if not 1 <= tokens <= context - first:
        message = f"must be 1 to {context - first}, what is left of the context of {context}, not {tokens}"
        return [Problem(names[1], message)]
    return []
