"""What the steps left in an output folder, read and checked."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hdl.params import ConfigError, Dataflow, EngineParams, Problem

__all__ = ["RunData", "load", "text"]

JsonObject = dict[str, Any]


@dataclass(frozen=True)
class RunData:
    """The JSON files of one output folder.

    Parameters
    ----------
    manifest : dict
        ``manifest.json``; always there.
    sim, synth : dict or None
        ``sim.json`` and ``synth.json``; None where that step has not been run.
    params : EngineParams
        The engine, built again from the manifest.
    """

    manifest: JsonObject
    sim: JsonObject | None
    synth: JsonObject | None
    params: EngineParams

    @property
    def flow(self) -> Dataflow:
        """The engine's order of beats."""
        return Dataflow(self.params)

    @property
    def designs(self) -> list[JsonObject]:
        """The synthesised designs: this engine first, then those it is compared with."""
        if self.synth is None:
            return []
        main = {"scheme": self.params.scheme, **self.synth}
        others = self.synth.get("compared")
        return [main, *(other for other in (others if isinstance(others, list) else []) if isinstance(other, dict))]


def load(folder: Path) -> RunData:
    """Read the JSON files of ``folder``.

    Raises
    ------
    ConfigError
        If there is no manifest, a file is not JSON, or the manifest does not describe an engine.
    """
    manifest = _read(folder / "manifest.json")
    if manifest is None:
        where = str(folder / "manifest.json")
        raise ConfigError(
            [Problem(where, "no such file; a report needs it", "run `bitloom generate` or `bitloom run` first")]
        )
    return RunData(manifest, _read(folder / "sim.json"), _read(folder / "synth.json"), _params(manifest, folder))


def text(value: Any) -> str:
    """A JSON value as prose: objects and lists become ``key value`` pairs, separated by commas."""
    if isinstance(value, dict):
        return ", ".join(f"{key} {text(item)}" for key, item in value.items())
    if isinstance(value, list):
        return ", ".join(text(item) for item in value)
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def _read(path: Path) -> JsonObject | None:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except json.JSONDecodeError as error:
        problem = f"is not JSON: {error.msg} in line {error.lineno}, column {error.colno}"
    except UnicodeDecodeError:
        problem = "is not UTF-8 text"
    except OSError as error:
        problem = f"cannot be read: {error.strerror}"
    else:
        if isinstance(content, dict):
            return content
        problem = "must hold a JSON object"
    raise ConfigError([Problem(str(path), problem, "run the step that writes it again")])


def _params(manifest: JsonObject, folder: Path) -> EngineParams:
    source = str(folder / "manifest.json")
    config = manifest.get("config")
    engine = config.get("engine") if isinstance(config, dict) else None
    if not isinstance(engine, dict):
        raise ConfigError([Problem("config.engine", "is missing", "run `bitloom generate` again")], source)
    try:
        return EngineParams.from_dict(engine)
    except ConfigError as error:
        raise ConfigError(error.problems, source) from None
    except TypeError as error:
        raise ConfigError([Problem("config.engine", f"does not describe an engine: {error}")], source) from None
