"""What the steps left in an output folder, read and checked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gen.report.layout_records import Layouts
from gen.report.records import Manifest, Record, Synthesis, read
from gen.report.simulation_records import Simulation
from hdl.params import ConfigError, Dataflow, EngineParams, Problem
from hdl.params.front import Front
from hdl.params.fronts import front_of
from hdl.params.title import Title

__all__ = ["RunData", "load", "pairs"]

JsonObject = dict[str, Any]


@dataclass(frozen=True)
class RunData:
    """The JSON files of one output folder.

    Parameters
    ----------
    manifest : Manifest
        ``manifest.json``; always there.
    sim : Simulation or None
    synth : Synthesis or None
        ``sim.json`` and ``synth.json``; None where that step has not been run.
    layout : Layouts or None
        ``layout.json``, likewise.
    params : EngineParams
        The engine, built again from the manifest.
    front : Front or None
        What stands in front of it.
    """

    manifest: Manifest
    sim: Simulation | None
    synth: Synthesis | None
    layout: Layouts | None
    params: EngineParams
    front: Front | None = None

    @property
    def flow(self) -> Dataflow:
        """The engine's order of beats."""
        return Dataflow(self.params)


def load(folder: Path) -> RunData:
    """Read the JSON files of ``folder``.

    Raises
    ------
    ConfigError
        If there is no manifest, a file is not JSON or not what its step writes today, or the manifest does not
        describe an engine. All of it is named at once.
    """
    problems: list[Problem] = []
    manifest = _load(folder / "manifest.json", Manifest, "generate", problems)
    params, front = _design(manifest, folder, problems) if manifest else (None, None)
    if manifest is None and not problems:
        where, hint = str(folder / "manifest.json"), "run `bitloom generate` or `bitloom run` first"
        problems.append(Problem(where, "no such file; a report needs it", hint))
    sim = _load(folder / "sim.json", Simulation, "simulate", problems)
    synth = _load(folder / "synth.json", Synthesis, "synth", problems)
    layout = _load(folder / "layout.json", Layouts, "layout", problems)
    if synth and params:
        synth = _named(synth, params, folder, problems)
    if problems or manifest is None or params is None:
        raise ConfigError(problems)
    return RunData(manifest, sim, synth, layout, params, front)


def pairs(values: Mapping[str, object]) -> str:
    """``key value`` pairs, separated by commas."""
    return ", ".join(f"{key} {value}" for key, value in values.items())


def _load(path: Path, kind: type[Record], step: str, problems: list[Problem]) -> Record | None:
    again = f"run `bitloom {step}` again"
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except json.JSONDecodeError as error:
        problem = f"is not JSON: {error.msg} in line {error.lineno}, column {error.colno}"
    except UnicodeDecodeError:
        problem = "is not UTF-8 text"
    except (RecursionError, ValueError):
        problem = "is not JSON that can be read"
    except OSError as error:
        problem = f"cannot be read: {error.strerror}"
    else:
        hint = f"not what this version of Bitloom writes: {again}"
        return read(kind, content, str(path), problems, hint)
    problems.append(Problem(str(path), problem, again))
    return None


def _named(synth: Synthesis, params: EngineParams, folder: Path, problems: list[Problem]) -> Synthesis | None:
    """The synthesis, if it is of this engine."""
    own = Title(params).scheme
    if synth.scheme == own:
        return synth
    where, hint = str(folder / "synth.json"), "run `bitloom synth` again"
    problems.append(Problem(where, f"is of scheme {synth.scheme}, the engine's is {own}", hint))
    return None


def _design(
    manifest: Manifest, folder: Path, problems: list[Problem]
) -> tuple[EngineParams, Front | None] | tuple[None, None]:
    """The engine, and what stands in front of it."""
    source = str(folder / "manifest.json")
    engine = manifest.config.get("engine")
    if not isinstance(engine, dict):
        problems.append(Problem(f"{source}: config.engine", "is missing", "run `bitloom generate` again"))
        return None, None
    try:
        params = EngineParams.from_dict(engine)
        return params, front_of(params, manifest.config)
    except ConfigError as error:
        problems += [Problem(f"{source}: {each.where}", each.message, each.hint) for each in error.problems]
    except (TypeError, ValueError) as error:
        problems.append(Problem(f"{source}: config.engine", f"does not describe an engine: {error}"))
    return None, None
