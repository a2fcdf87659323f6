"""The steps on one configuration and one output folder, as the commands combine them."""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from gen.cli import summary
from gen.cli.commands import network
from gen.cli.console import Console
from hdl.params import MULTIPLIERS, CheckFailed, ConfigError, EngineParams, Problem, ToolError
from hdl.params.points import beside
from hdl.params.title import Title

if TYPE_CHECKING:
    from gen.config import Config, SynthSettings
    from gen.emit.verilog import Emission
    from gen.stimuli import Stimuli
    from sim_tb.workloads.workload import Workload
    from synth_scripts.engine.engine import Form
    from synth_scripts.engine.metrics import Rate
    from synth_scripts.library.library import Library

__all__ = ["REPORT", "SIM", "SYNTH", "Session", "forms_of", "load_config", "load_library", "names"]

SIM, SYNTH, REPORT = "sim.json", "synth.json", "report.html"

#: Inner size of the tiles by which the throughput of engines is measured whose operands decide about it.
RATE_K = 512

Json = dict[str, Any]


def load_config(options: argparse.Namespace) -> Config:
    """The configuration that the options name, with what they replace."""
    from gen.config import load

    overrides = list(options.overrides)
    if options.seed is not None:
        overrides.append(f"workload.seed={options.seed}")
    return load(options.config, overrides)


def load_library(synth: SynthSettings) -> Library:
    """The cell library that settings name. Raises ToolError where it is missing or unusable."""
    from synth_scripts.library.load import load

    try:
        return load(synth.library, lef=synth.lef, wires=synth.wires)
    except ToolError as error:
        own = str(error).startswith("synth.")  # it names the key that it is about
        raise error if own else ToolError(f"synth.library: {error}") from None


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
        #: What synthesis writes beside the netlist.
        self.files = [kind for kind in ("sdf", "saif") if getattr(options, kind, False)]
        #: What is computed instead of the configured workload.
        self.request = network.request(options, self.config.workload.seed)
        self._fits_front()
        self.workload: Workload | None = None
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

    def _fits_front(self) -> None:
        """Raise ConfigError for what makes no sense behind what stands in front of the engine."""
        front = self.config.front
        if front is None:
            return
        problems = []
        if self.request is not None:
            message = f"a network is computed by an engine alone, not behind {front.title}"
            problems.append(front.refusal(message, "--workload"))
        if not front.passes:
            message = f"no netlist is simulated behind {front.title}"
            problems += [front.refusal(message, f"--{kind}") for kind in self.files]
        if problems:
            raise ConfigError(problems)

    def generate(self) -> Json:
        """The generated files, made anew where they are not current."""
        with self.console.doing(f"generating {self.config.title}"):
            from gen.emit.generate import generate, stored

            manifest = generate(self.config, self.output)
            self.emission = stored(self.output, manifest)
        for name in (*manifest["files"].values(), "manifest.json"):
            self.console.detail(f"  {self.output / name}")
        return manifest

    def check_library(self) -> None:
        """Raise ToolError where the cell library is missing or unusable, before work that would be lost."""
        load_library(self.config.synth)

    def prepare(self) -> None:
        """Read the network that is to be computed, if one is. Raises ConfigError where it can't be."""
        if self.request is None:
            return
        with self.console.doing(f"preparing {self.request.path}") as say:
            from sim_tb.workloads.quantised.prepare import prepare

            self.workload = prepare(self.request, self.config.engine, say)

    def simulate(self) -> Json:
        """The workload on the generated Verilog; its result is in ``sim.json``, whether it passed or not."""
        self.output.claim([SIM, REPORT])
        before = self.output.read_json(SIM)
        name = self.config.workload.name if self.request is None else self.request.path
        with self.console.doing(f"simulating the workload {name!r} in Verilator") as say:
            from sim_tb.simulate import simulate

            try:
                seed = self.config.workload.seed
                simulate(
                    self.config,
                    self.output,
                    seed=seed,
                    waves=self.waves,
                    hardware=self.emission,
                    workload=self.workload,
                    say=say,
                )
            except CheckFailed as failure:
                self.failure = failure
        return self._recorded(SIM, before)

    def synth(self) -> Json:
        """The engine, and the schemes to compare it with, on the cell library; the result is in ``synth.json``.

        A clock that one of them misses is a failure, which :meth:`end` raises.
        """
        from synth_scripts.engine.metrics import ratios

        self.output.claim([SYNTH, REPORT])
        before = self.output.read_json(SYNTH)
        engine = self.config.engine
        others = [form for scheme in self.config.synth.compare if (form := beside(engine, scheme)) != engine]
        try:
            design, *compared = self._synthesise([[engine], *map(forms_of, others)])
        except CheckFailed:
            self.output.remove(SYNTH, REPORT)  # of an earlier run, which no longer holds
            raise
        design["compared"] = [{**other, "ratios": ratios(design, other)} for other in compared]
        self.output.write_json(SYNTH, design)
        missed = [text for each in (design, *compared) if (text := summary.missed(each))]
        if missed:
            self.failure = CheckFailed("\n".join(missed))
        return self._recorded(SYNTH, before)

    def _synthesise(self, designs: list[list[EngineParams]]) -> list[Json]:
        """Designs, each in the best of its forms, side by side on all cores."""
        from gen.emit.verilog import emit
        from synth_scripts.engine.run import Form, strongest
        from synth_scripts.work.jobs import together

        folder = self.output.workdir("synth")
        engine = designs[0][0]
        words = str(Title(engine)) if len(designs) == 1 else f"{len(designs)} designs, {Title(engine).place}"
        with self.console.doing(f"synthesising {words}") as say:

            def form(params: EngineParams) -> Form:
                own, prefix = params == self.config.engine, self.config.output.prefix
                emission = self.emission if own else emit(self.config.design_of(params), prefix)
                place = folder / "-".join(names(params).values())
                return Form(params, emission, place, lambda text: say(f"synthesising {Title(params).form}: {text}"))

            forms = [[form(params) for params in each] for each in designs]
            rates = [self._rate(each[0]) for each in forms]
            settings = self.config.synth
            library = load_library(settings)

            def one(own: list[Form], rate: Rate | None) -> Json:
                start = time.monotonic()
                stimuli = self._stimuli(own[0].params)
                params, found = strongest(own, settings, library=library, rate=rate, stimuli=stimuli, files=self.files)
                place = next(form.workdir for form in own if form.params == params).relative_to(self.output.path)
                found["netlist"] = {kind: str(place / name) for kind, name in found["netlist"].items()}
                self.console.detail(f"  {Title(params)}: {time.monotonic() - start:.1f} s")
                return {**names(params), **found}

            return together([partial(one, *each) for each in zip(forms, rates, strict=True)])

    def _rate(self, form: Form) -> Rate | None:
        """The speed of an engine whose operands decide about it, by simulation; None where there is no simulator.

        What stands in front takes a beat a cycle, and doesn't matter.
        """
        params = form.params
        if not params.data_dependent:
            return None
        from gen.emit.verilog import emit
        from sim_tb.rate import measure_streak
        from synth_scripts.engine.metrics import Rate

        k = min(RATE_K, params.k_limit)
        seed, stimuli = self.config.workload.seed, self._stimuli(params)
        try:
            emission = form.emission if self.config.front is None else emit(params, self.config.output.prefix)
            streak = measure_streak(params, emission, k=k, tiles=4, stimuli=stimuli, seed=seed)
        except ToolError as error:
            self.console.detail(f"  throughput was not measured: {error}")
            return None
        return Rate(streak.macs_per_cycle, streak.words)

    def _stimuli(self, params: EngineParams) -> Stimuli:
        """What is multiplied where figures depend on it."""
        from gen.operands import Operands
        from gen.stimuli import Drawn

        operands = Operands.read(self.config.synth.operands)
        if operands.drawn:
            return Drawn(operands)
        from sim_tb.workloads.layers import load

        return load(operands.kind, params)

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


def names(params: EngineParams) -> dict[str, str]:
    """A scheme, and which form of it, as ``synth.json`` has them."""
    return {"scheme": Title(params).scheme} | ({"multiplier": params.multiplier} if params.axes.multiplies else {})


def forms_of(engine: EngineParams) -> list[EngineParams]:
    """The forms of an engine that is compared with: a baseline must not lose by how it was written."""
    return [replace(engine, multiplier=name) for name in MULTIPLIERS] if engine.axes.multiplies else [engine]
