"""Configuration files: TOML in, one frozen and checked object out."""

from __future__ import annotations

import hashlib
import json
import os
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from gen.key import Key
from gen.keys import EFFORTS, KEYS, SECTIONS, WIRES, WORKLOADS, markdown, schema
from gen.operands import KINDS, Operands
from gen.settings import DEFAULT_K, OutputSettings, SynthSettings, WorkloadSettings
from gen.toml_file import parse_file
from gen.version import SCHEMA_VERSION
from hdl.params import ConfigError, EngineParams, OperandFormat, Problem, near_name, shown
from hdl.params.errors import not_one_of
from hdl.params.front import Front
from hdl.params.fronts import FRONTS, front_of
from hdl.params.points import array_of, beside
from hdl.params.presets import not_built, unknown_name
from hdl.params.title import Title

__all__ = [
    "Config",
    "OutputSettings",
    "SynthSettings",
    "WorkloadSettings",
    "load",
    "markdown",
    "read",
    "schema",
]


@dataclass(frozen=True, kw_only=True)
class Config:
    """A checked configuration.

    Parameters
    ----------
    engine : EngineParams
    workload : WorkloadSettings
    synth : SynthSettings
    output : OutputSettings
    front : Front, optional
        What stands in front of that engine.
    name : str
        What to call it: the stem of the file's name.

    Raises
    ------
    ValueError
        If the front is another engine's.
    """

    engine: EngineParams = field(default_factory=EngineParams)
    workload: WorkloadSettings = field(default_factory=WorkloadSettings)
    synth: SynthSettings = field(default_factory=SynthSettings)
    output: OutputSettings = field(default_factory=OutputSettings)
    front: Front | None = None
    name: str = "engine"

    def __post_init__(self) -> None:
        if self.front is not None and self.front.engine != self.engine:
            raise ValueError(f"{self.front.title} stands in front of another engine")

    def to_dict(self) -> dict[str, Any]:
        """Plain values, section by section."""
        return self.hardware | {name: asdict(getattr(self, name)) for name in ("workload", "synth", "output")}

    @property
    def hardware(self) -> dict[str, Any]:
        """Plain values of the sections that say what is built."""
        front = {} if self.front is None else {self.front.key: self.front.to_dict()}
        return {"engine": self.engine.to_dict(), **front}

    @property
    def design(self) -> EngineParams | Front:
        """What is built: the engine, or what stands in front of it, and it."""
        return self.engine if self.front is None else self.front

    def design_of(self, engine: EngineParams) -> EngineParams | Front:
        """The same with another engine. Raises ConfigError where that can't have what stands in front of this one."""
        return engine if self.front is None else self.front.before(engine)

    @property
    def title(self) -> str:
        """What is built, in a few words."""
        return str(Title(self.engine)) if self.front is None else f"{Title(self.engine)}, behind {self.front.title}"

    @property
    def hash(self) -> str:
        """SHA-256 over everything that shapes the generated files (not workload, library or comparison)."""
        shaping = self.hardware | {
            "clock_ns": self.synth.clock_ns,
            "prefix": self.output.prefix,
            "schema_version": SCHEMA_VERSION,
        }
        return hashlib.sha256(json.dumps(shaping, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class _Given:
    """A value and where it came from: a file, or an option of the command line."""

    value: Any
    source: str
    option: bool = False


def load(path: str | Path, overrides: Sequence[str] = ()) -> Config:
    """Read and check a configuration file.

    Parameters
    ----------
    path : path
        The TOML file. Nothing in it is executed.
    overrides : sequence of str
        ``key=value`` or ``section.key=value``, later ones winning; values are TOML, or text without quotes.

    Raises
    ------
    ConfigError
        With every problem found, each with its file or option and its key.
    """
    path = Path(path)
    loader = _Loader(str(path))
    loader.read_tables(parse_file(path))
    for override in overrides:
        loader.read_override(override)
    return loader.config(path)


def read(tables: Mapping[str, Any], path: Path) -> Config:
    """Check tables as a configuration file at ``path``, which need not exist, would have them.

    Raises
    ------
    ConfigError
        With every problem found, each at its key.
    """
    loader = _Loader("")
    loader.read_tables(tables)
    return loader.config(path)


class _Loader:
    """Collects values and problems from all sources before it judges."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.given: dict[str, _Given] = {}
        self.sections: set[str] = set()
        self.problems: list[Problem] = []

    # --- sources -----------------------------------------------------------------------------------------------------
    def read_tables(self, tables: Mapping[str, Any]) -> None:
        for section, table in tables.items():
            if section == "schema_version":
                if table != SCHEMA_VERSION or isinstance(table, bool):
                    self.report(self.source, section, f"must be {SCHEMA_VERSION}, not {shown(table)}")
            elif section not in SECTIONS:
                self.report(self.source, section, *_unknown_section(section, table))
            elif not isinstance(table, dict):
                self.report(self.source, section, f"must be a table, not {shown(table)}", f"write [{section}]")
            else:
                self._read_table(section, table)

    def _read_table(self, section: str, table: dict[str, Any]) -> None:
        self.sections.add(section)
        own = [key.name for key in KEYS if key.section == section]
        for name, value in table.items():
            if name in own:
                self.given[f"{section}.{name}"] = _Given(value, self.source)
                continue
            homes = [key.section for key in KEYS if key.name == name]
            hint = f"it belongs in [{homes[0]}]" if homes else near_name(name, own)
            self.report(self.source, f"{section}.{name}", "unknown key", hint)

    def read_override(self, override: str) -> None:
        name, equals, text = (part.strip() for part in override.partition("="))
        source = f"--set {name}"
        if not (equals and name):
            self.report(f"--set {override}", "", "must be key=value")
            return
        matches = [key for key in KEYS if name in (key.name, key.path)]
        if not matches:
            names = [key.path if "." in name else key.name for key in KEYS]
            self.report(source, "", "unknown key", near_name(name, names))
            return
        self.sections.add(matches[0].section)
        self.given[matches[0].path] = _Given(_toml_value(text), source, option=True)

    # --- judgement ---------------------------------------------------------------------------------------------------
    def report(self, source: str, where: str, message: str, hint: str = "") -> None:
        """Note a problem; its place is the source, then the key within the source."""
        self.problems.append(Problem(": ".join(filter(None, (source, where))), message, hint))

    def blame(self, path: str, message: str, hint: str = "", *, at: str = "") -> None:
        """Note a problem with the value of a key, or with a place in that value, wherever it came from."""
        message = f"{at}: {message}" if at else message
        given = self.given.get(path)
        if given is not None and given.option:
            self.report(given.source, "", message, hint)
        else:
            self.report(self.source, path, message, hint)

    def config(self, path: Path) -> Config:
        values: dict[str, dict[str, Any]] = {section: {} for section in SECTIONS}
        for key in KEYS:
            if key.path in self.given:
                value = self.given[key.path].value
                if fault := key.fault(value):
                    self.blame(key.path, fault, _hint(key, value))
                else:
                    values[key.section][key.name] = value
        engine = self._engine(values["engine"])
        front = self._front(engine, {key: values[key] for key in FRONTS if key in self.sections})
        workload = self._workload(values["workload"], engine, front)
        synth = self._synth(values["synth"], engine, front, path.parent)
        if self.problems or engine is None:
            raise ConfigError(self.problems)
        output = OutputSettings(**values["output"])
        return Config(engine=engine, workload=workload, synth=synth, output=output, front=front, name=path.stem)

    def _engine(self, values: dict[str, Any]) -> EngineParams | None:
        nest = values.pop("nest", None)
        fields = {} if nest is None else self._nest(nest, values)
        try:
            params = EngineParams.from_dict(values | fields)
        except ConfigError as error:
            for problem in error.problems:
                key = problem.where.removeprefix("engine.")
                if key in fields:
                    self.blame("engine.nest", problem.message, problem.hint, at=key)
                else:
                    self.blame(problem.where, problem.message, problem.hint)
            return None
        return params if nest is None or fields else None

    def _nest(self, text: str, values: dict[str, Any]) -> dict[str, Any]:
        """What a nest says of the engine; nothing if it is no engine's. What is given beside it must agree."""
        from gen.nest.lower import lower
        from gen.nest.parse import parse

        formats: dict[str, OperandFormat | None] = {}
        for key in ("a", "b"):
            try:
                formats[key] = OperandFormat.parse(values.get(key, str(getattr(EngineParams(), key))))
            except ValueError:
                formats[key] = None
        try:
            fields = lower(parse(text), **formats)
        except ConfigError as error:
            for problem in error.problems:
                at = "" if problem.where == "nest" else problem.where
                self.blame("engine.nest", problem.message, problem.hint, at=at)
            return {}
        if "point" in fields:
            for key in ("array", "scheme"):
                if (name := values.pop(key, None)) is not None:
                    self.blame(
                        f"engine.{key}", f"is not {shown(name)}: the engine of this nest has no name", "leave it out"
                    )
        for key, value in fields.items():
            if values.get(key, value) != value:
                self.blame(f"engine.{key}", f"is {shown(value)} in the nest, not {shown(values[key])}", "leave it out")
        return fields

    def _front(self, engine: EngineParams | None, tables: dict[str, dict[str, Any]]) -> Front | None:
        """What stands in front of the engine, if that is known."""
        if engine is None:
            return None
        try:
            return front_of(engine, tables)
        except ConfigError as error:
            for problem in error.problems:
                self.blame(problem.where, problem.message, problem.hint)
            return None

    def _workload(self, values: dict[str, Any], engine: EngineParams | None, front: Front | None) -> WorkloadSettings:
        fitting = WORKLOADS if front is None else front.workloads
        name = values.setdefault("name", fitting[0])
        self._choice("workload.name", name, WORKLOADS)
        if front is not None and name in WORKLOADS and name not in fitting:
            legal = " or ".join(map(repr, fitting))
            self.blame("workload.name", f"must be {legal} behind {front.title}, not {name!r}")
        if engine is not None:
            limit = engine.k_limit
            beats = f" in whole beats of {engine.k_step}" if engine.k_step > 1 else ""
            usual = range(min(DEFAULT_K, limit), 0, -1)
            fits = (k for k in usual if front is None or front.tiles_at_most(k) != 0)
            k = values.setdefault("k", next(fits, 1))
            if not 1 <= k <= limit:
                self.blame(
                    "workload.k",
                    f"must be 1 to {limit}, the most {engine.a} x {engine.b} products that an accumulator of "
                    f"{engine.accumulator} bits holds{beats}, not {k}",
                    "raise engine.accumulator for more" if k > limit else "",
                )
            elif front is not None and (most := front.tiles_at_most(k)) is not None:
                tiles = values.setdefault("tiles", max(1, min(WorkloadSettings.tiles, most)))
                if tiles > most:
                    message = f"must be at most {most} of K = {k} behind {front.title}, not {tiles}"
                    self.blame("workload.tiles", message, f"raise {front.key}.words, or lower workload.k")
        return WorkloadSettings(**values)

    def _choice(self, path: str, value: str, legal: Sequence[str]) -> None:
        for problem in not_one_of(path, value, legal):
            self.blame(path, problem.message, problem.hint)

    def _synth(
        self, values: dict[str, Any], engine: EngineParams | None, front: Front | None, folder: Path
    ) -> SynthSettings:
        if "library" in values:
            option = self.given["synth.library"].option
            values["library"] = _library(values["library"], Path() if option else folder)
        if values.get("lef", "auto") not in ("auto", "none"):
            option = self.given["synth.lef"].option
            values["lef"] = str((Path() if option else folder) / os.path.expanduser(values["lef"]))
        if isinstance(values.get("wires"), str):
            self._choice("synth.wires", values["wires"], WIRES)
        self._choice("synth.effort", values.get("effort", "normal"), EFFORTS)
        compare = values.get("compare", list(SynthSettings.compare))
        compare = [compare] if isinstance(compare, str) else compare
        for scheme in compare:
            if unknown := unknown_name("scheme", scheme, "synth.compare"):
                self.blame("synth.compare", unknown[0].message, unknown[0].hint)
            elif engine is not None:
                self._comparable(engine, front, scheme)
        values["compare"] = tuple(dict.fromkeys(compare))
        try:
            operands = Operands.read(values.get("operands", SynthSettings.operands))
        except ValueError as error:
            known = values["operands"].split(" ")[0] in KINDS
            self.blame("synth.operands", str(error), "" if known else near_name(values["operands"], KINDS))
        else:
            values["operands"] = operands.text
        return SynthSettings(**values)

    def _comparable(self, engine: EngineParams, front: Front | None, scheme: str) -> None:
        """Blame a scheme that the array does not have, or not with the other keys, or not behind what stands there."""
        if missing := not_built(array_of(engine), scheme):
            self.blame("synth.compare", missing)
            return
        try:
            other = beside(engine, scheme)
            if front is not None:
                front.before(other)
        except ConfigError as error:
            for problem in error.problems:
                self.blame("synth.compare", f"{scheme!r}: {problem.where}: {problem.message}", problem.hint)


def _unknown_section(name: str, value: Any) -> tuple[str, str]:
    """Message and hint for a name at the top of the file that is no section."""
    homes = [key.section for key in KEYS if key.name == name]
    if homes and not isinstance(value, dict):
        return "unknown key at the top of the file", f"it belongs in [{homes[0]}]"
    kind = "section" if isinstance(value, dict) else "key"
    return f"unknown {kind}", near_name(name, SECTIONS)


def _hint(key: Key, value: Any) -> str:
    """What to write instead of a value of the wrong type, where that is plain."""
    if key.kind == "integer" and isinstance(value, str) and re.fullmatch(r"0|[1-9][0-9]{,9}", value):
        return f"write {key.name} = {value}, without quotes"
    if key.kind == "boolean" and isinstance(value, str) and value.lower() in ("true", "false"):
        return f"write {key.name} = {value.lower()}, without quotes"
    return ""


def _toml_value(text: str) -> Any:
    """The value of an override: TOML if it is TOML, else the text itself."""
    try:
        table = tomllib.loads(f"value = {text}")
    except (ValueError, RecursionError):
        return text
    return table["value"] if list(table) == ["value"] else text


def _library(value: str | Iterable[str], folder: Path) -> str | tuple[str, ...]:
    """Library names as they are, files relative to the folder of the configuration file."""
    if not isinstance(value, str):
        return tuple(str(folder / os.path.expanduser(name)) for name in value)
    is_file = "/" in value or value.endswith((".lib", ".lib.gz"))
    return str(folder / os.path.expanduser(value)) if is_file else value
