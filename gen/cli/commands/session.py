"""The steps on one configuration and one output folder, as the commands combine them."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from gen.cli.console import Console
from hdl.params import MULTIPLIERS, CheckFailed, ConfigError, EngineParams, Problem, ToolError

if TYPE_CHECKING:
    from gen.config import Config
    from gen.emit.verilog import Emission
    from synth_scripts.library import Library
    from synth_scripts.metrics import Rate

__all__ = ["SIM", "SYNTH", "Session", "load_config", "load_library"]

SIM, SYNTH, REPORT = "sim.json", "synth.json", "report.html"

#: Operands by which the throughput of sparse engines is measured: inner size of tiles, and sigma of 8-bit operands.
RATE_K, RATE_SIGMA = 512, 30.0

Json = dict[str, Any]


def load_config(options: argparse.Namespace) -> Config:
    """The configuration that the options name, with what they replace."""
    from gen.config import load

    overrides = list(options.overrides)
    if options.seed is not None:
        overrides.append(f"workload.seed={options.seed}")
    return load(options.config, overrides)


def load_library(config: Config) -> Library:
    """The cell library that a configuration names. Raises ToolError where it is missing or unusable."""
    from synth_scripts.library import load

    library = config.synth.library
    try:
        return load(library if isinstance(library, str) else list(library))
    except ToolError as error:
        raise ToolError(f"synth.library: {error}") from None


class Session:
    """A configuration, its output folder, and the steps between them. A context manager: it holds the folder's lock.

    Heavy packages are imported by the step that needs them, so that ``bitloom --help`` is quick.

    Parameters
    ----------
    options : argparse.Namespace
    console : Console
    """

    def __init__(self, options: argparse.Namespace, console: Console) -> None:
        from gen.output import open_output

        self.config = load_config(options)
        self.console = console
        self.waves = bool(getattr(options, "waves", False))
        self.failure: CheckFailed | None = None
        self.emission: Emission
        self.output = open_output(options.output or Path("build", self.config.name), force=options.force)

    def __enter__(self) -> Session:
        self.output.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.output.__exit__(kind, error, trace)

    def generate(self) -> Json:
        """The generated files, made anew where they are not current."""
        with self.console.doing(f"generating {describe(self.config.engine)}"):
            from gen.emit import generate, stored

            manifest = generate(self.config, self.output)
            self.emission = stored(self.output, manifest)
        for name in (*manifest["files"].values(), "manifest.json"):
            self.console.detail(f"  {self.output / name}")
        return manifest

    def check_library(self) -> None:
        """Raise ToolError where the cell library is missing or unusable, before work that would be lost."""
        load_library(self.config)

    def simulate(self) -> Json:
        """The workload on the generated Verilog; its result is in ``sim.json``, whether it passed or not."""
        self.output.claim([SIM, REPORT])
        before = self.output.read_json(SIM)
        with self.console.doing(f"simulating the workload {self.config.workload.name!r} in Verilator") as say:
            from sim_tb.run import simulate

            try:
                seed = self.config.workload.seed
                simulate(self.config, self.output, seed=seed, waves=self.waves, hardware=self.emission, say=say)
            except CheckFailed as failure:
                self.failure = failure
        return self._recorded(SIM, before)

    def synth(self) -> Json:
        """The engine, and the schemes to compare it with, on the cell library; the result is in ``synth.json``."""
        self.output.claim([SYNTH, REPORT])
        before = self.output.read_json(SYNTH)
        engine = self.config.engine
        try:
            design = self._synthesise(engine)
            others = [scheme for scheme in self.config.synth.compare if scheme != engine.scheme]
            design["compared"] = [self._strongest(scheme) for scheme in others]
        except CheckFailed:
            self.output.remove(SYNTH, REPORT)  # of an earlier run, which no longer holds
            raise
        self.output.write_json(SYNTH, design)
        return self._recorded(SYNTH, before)

    def _strongest(self, scheme: str) -> Json:
        """A scheme to compare with, in the best form there is: a baseline must not lose by how it was written."""
        forms = [replace(self.config.engine, scheme=scheme)]
        if scheme == "mac":
            forms = [replace(forms[0], multiplier=name) for name in MULTIPLIERS]
        designs = [self._synthesise(form) for form in forms]
        return max(designs, key=lambda each: (each["wns_ns"] >= 0, each["gops_per_mm2_core"]))

    def _synthesise(self, params: EngineParams) -> Json:
        with self.console.doing(f"synthesising {describe(params)}"):
            from gen.emit.verilog import emit
            from synth_scripts.run import synthesise

            own = params == self.config.engine
            emission = self.emission if own else emit(params, self.config.output.prefix)
            form = {"scheme": params.scheme}
            if params.scheme == "mac":
                form["multiplier"] = params.multiplier
            workdir = self.output.workdir("synth") / "-".join(form.values())
            rate = self._rate(params, emission)
            return {**form, **synthesise(params, emission, self.config.synth, workdir, rate=rate)}

    def _rate(self, params: EngineParams, emission: Emission) -> Rate | None:
        """The speed of an engine whose operands decide about it, by simulation; None where there is no simulator."""
        if not params.data_dependent:
            return None
        from sim_tb.rate import measure_streak
        from synth_scripts.metrics import Rate

        k = min(RATE_K, params.k_limit)
        sigma = RATE_SIGMA * params.a.max / 127
        try:
            streak = measure_streak(params, emission, k=k, tiles=4, sigma=sigma, seed=self.config.workload.seed)
        except ToolError as error:
            self.console.detail(f"  throughput was not measured: {error}")
            return None
        return Rate(streak.macs_per_cycle, streak.words)

    def report(self) -> Path:
        """The HTML report of what the folder holds."""
        self.output.claim([REPORT])
        manifest = self.output.read_json("manifest.json")
        if manifest is None or manifest["config_hash"] != self.config.hash:
            hint = "run `bitloom generate`, `simulate` or `synth` into it first"
            raise ConfigError([Problem(str(self.output.path), "holds no engine of this configuration", hint)])
        with self.console.doing("writing the report"):
            from gen.report import build

            if self.output.force:
                self.output.remove(REPORT)
            return Path(build(self.output.path))

    def end(self) -> None:
        """Raise what a step found wrong, once everything is said about it."""
        if self.failure is not None:
            raise self.failure

    def _recorded(self, name: str, before: Json | None) -> Json:
        """A step's result as it is written; a report of the result before it would be wrong."""
        self.console.detail(f"  {self.output / name}")
        content = self.output.read_json(name)
        if content != before:
            self.output.remove(REPORT)
        return content or {}


def describe(params: EngineParams) -> str:
    """An engine in a few words."""
    scheme = f"{params.scheme} ({params.multiplier})" if params.scheme == "mac" else params.scheme
    depth = f"x{params.depth}" if params.deep else ""
    return f"{params.rows}x{params.cols}{depth} {params.array} {scheme}, {params.a} x {params.b}"
