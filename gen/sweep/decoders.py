"""Sweeps of ``bitloom pim simulate``: models on systems, over their options and any keys of a system."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gen.pim.named import changed_system, model_of, position_problems, system_of
from gen.sweep.point import Task
from gen.sweep.toml import value as written
from hdl.params import ConfigError, Problem, near_name, shown

__all__ = ["Decoders"]

MODEL, SYSTEM, TOKENS, FROM = "model", "system", "tokens", "from"
#: Options of the command that have a value, and its type.
OPTIONS: Mapping[str, tuple[type, str]] = {
    MODEL: (str, "a text"),
    SYSTEM: (str, "a text"),
    TOKENS: (int, "an integer"),
    FROM: (int, "an integer"),
    "layout": (str, "a text"),
    "batch": (int, "an integer"),
    "weights": (str, "a text"),
    "caches": (str, "a text"),
}
#: Options that are on unless they are switched off.
SWITCHES = {"overlap": "--no-overlap", "output_matrix": "--no-output-matrix"}
USUAL_SYSTEM = "aim_measured"
#: Figures by their path in what the command prints, and their units.
FIGURES: Mapping[str, str] = {
    "tokens_per_second": "tokens/s",
    "clocks_per_token": "clocks",
    "energy.joules_per_token": "J",
    "clocks": "clocks",
    "seconds": "s",
    "row_hits.share": "share",
    "utilisation.mac": "share",
    "utilisation.vector": "share",
    "traffic_bytes.read": "bytes",
    "traffic_bytes.written": "bytes",
    "rows": "rows",
    "instructions": "",
    "refreshes": "",
    "parameters": "",
    "layers": "",
}


@dataclass(frozen=True)
class Decoders:
    """The kind of sweep.

    Parameters
    ----------
    usual_tokens : int
        Tokens that the command simulates where it isn't told how many.
    """

    usual_tokens: int
    command: str = "pim simulate"
    modules: tuple[str, ...] = ("gen.pim.compile", "gen.pim.named", "sim_tb.pim.performance", "sim_tb.pim.tokens")
    group: str = ""
    charts: tuple[tuple[str, str], ...] = (
        ("energy.joules_per_token", "tokens_per_second"),
        ("clocks_per_token", "utilisation.mac"),
    )

    @property
    def tables(self) -> Mapping[str, str]:
        """One table for all that is fixed."""
        return {"pim": ""}

    @property
    def figures(self) -> Mapping[str, str]:
        """Those of a simulation."""
        return FIGURES

    def key(self, name: str) -> str:
        """The key itself, where it is one."""
        return name if name in self.names() else ""

    def names(self) -> Iterable[str]:
        """Options of the command, and keys of systems."""
        values = system_of(USUAL_SYSTEM).to_dict()
        own = [key for key, value in values.items() if not isinstance(value, dict)]
        nested = [f"{key}.{name}" for key, value in values.items() if isinstance(value, dict) for name in value]
        return [*OPTIONS, *SWITCHES, *own, *nested]

    def task(self, values: Mapping[str, Any], folder: Path) -> tuple[str, Task, Mapping[str, Any]]:
        """``bitloom pim simulate`` with these options, on a system with these values."""
        problems = [problem for path, value in values.items() if (problem := _type_problem(path, value))]
        if MODEL not in values:
            problems.append(Problem(MODEL, "is missing", "name a published model, or the folder of one"))
        _check_choices(values, problems)
        if problems:
            raise ConfigError(problems)
        model, system = (_file(values.get(key, usual), folder) for key, usual in ((MODEL, ""), (SYSTEM, USUAL_SYSTEM)))
        changes = [f"{key}={written(value)}" for key, value in values.items() if key not in (*OPTIONS, *SWITCHES)]
        decoder = _at(MODEL, lambda: model_of(model))
        params = _at(SYSTEM, lambda: system_of(system))
        params = _at("", lambda: changed_system(params, changes))
        first, tokens = int(values.get(FROM, 0)), int(values.get(TOKENS, self.usual_tokens))
        if problems := position_problems(decoder.context, first, tokens, (FROM, TOKENS)):
            raise ConfigError(problems)
        arguments = ["pim", "simulate", model, "--system", system]
        arguments += [word for change in changes for word in ("--set", change)]
        for key in OPTIONS:
            if key in values and key not in (MODEL, SYSTEM):
                arguments += [f"--{key}", str(values[key])]
        arguments += [flag for key, flag in SWITCHES.items() if not values.get(key, True)]
        title = f"{values[MODEL]} on {values.get(SYSTEM, USUAL_SYSTEM)}"
        return title, Task(tuple(arguments)), {"system": params.hash, "model": repr(decoder), "tokens": tokens}

    def found(self, result: Mapping[str, Any]) -> tuple[Mapping[str, Any], Mapping[str, str]]:
        """The figures, and of which system they are."""
        return {"family": result["family"], **{key: _within(result, key) for key in FIGURES}}, FIGURES


def _type_problem(path: str, value: Any) -> Problem | None:
    kind, words = OPTIONS.get(path, (bool, "true or false") if path in SWITCHES else ((int, float, bool), "a number"))
    fine = isinstance(value, kind) and not (kind is int and isinstance(value, bool))
    return None if fine else Problem(path, f"must be {words}, not {shown(value)}")


def _check_choices(values: Mapping[str, Any], problems: list[Problem]) -> None:
    """Report texts that are none of those which the compiler knows."""
    from gen.pim.compile import CACHES, LAYOUTS, WEIGHTS

    for key, legal in (("layout", LAYOUTS), ("weights", WEIGHTS), ("caches", CACHES)):
        value = values.get(key)
        if isinstance(value, str) and value not in legal:
            message = f"must be one of {', '.join(legal)}, not {shown(value)}"
            problems.append(Problem(key, message, near_name(value, legal)))
    batch = values.get("batch", 1)
    if isinstance(batch, int) and batch < 1:
        problems.append(Problem("batch", f"must be at least 1, not {batch}"))


def _file(name: str, folder: Path) -> str:
    """A name as it is, or the whole path of the file or folder that it names beside the sweep file."""
    path = os.path.abspath(folder / os.path.expanduser(name))
    return path if os.path.exists(path) or os.sep in name or name.endswith(".json") else name


def _at(path: str, make: Any) -> Any:
    """What a function makes; its problems are those of a key."""
    try:
        return make()
    except ConfigError as error:
        raise ConfigError([_moved(problem, path, error.source) for problem in error.problems]) from None


def _moved(problem: Problem, path: str, source: str) -> Problem:
    if not path:  # its place is a key of the system
        return Problem(problem.where.removeprefix("pim."), problem.message, problem.hint)
    words = ": ".join(filter(None, (source, problem.where, problem.message)))
    return Problem(path, words, problem.hint)


def _within(result: Mapping[str, Any], path: str) -> Any:
    found: Any = result
    for name in path.split("."):
        found = found.get(name) if isinstance(found, Mapping) else None
    return found
