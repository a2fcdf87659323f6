"""``bitloom workload training``: passes of single layers, a training run, and clocks of networks in FP16 or BF16."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from gen.emit.verilog import emit
from hdl.params import FLOATS, ConfigError, EngineParams, Problem
from hdl.params.title import Title
from sim_tb.run import run_workload
from sim_tb.systems.options import Option as Key
from sim_tb.systems.options import file, one_of, read_options, share, whole
from sim_tb.systems.study import Findings, Request
from sim_tb.systems.training import sections
from sim_tb.systems.training.check import Passes
from sim_tb.systems.training.data import Data, digits, read
from sim_tb.systems.training.layer import Layer
from sim_tb.systems.training.networks import NETWORKS
from sim_tb.systems.training.rates import rates
from sim_tb.systems.training.run import Course, Plan, Training, golden, single, train
from sim_tb.workloads.workload import at_once

__all__ = ["OPTIONS", "engine", "engines_of_rates", "study", "trained"]

#: Rows and columns of the engines that are simulated, and of those whose clocks are counted.
SIZE, SIZES = 4, (16, 4)
#: Steps that run on the RTL where little is to be done.
FEW = 5
_USUAL = Plan()
OPTIONS = (
    Key("format", "both", one_of(*FLOATS, "both")),
    Key("steps", _USUAL.steps, whole(2, 5000)),
    Key("rtl", None, whole(1, 5000)),
    Key("batch", _USUAL.batch, whole(1, 256)),
    Key("rate", _USUAL.rate, share(0.001, 10.0)),
    Key("data", None, file(".npz")),
)


def engine(form: str, size: int = SIZE, **more: Any) -> EngineParams:
    """An engine of floating-point operands: square, and the output-stationary array unless told otherwise."""
    return EngineParams.from_dict({"scheme": "mac", "a": form, "b": form, "rows": size, "cols": size, **more})


def engines_of_rates(form: str) -> list[EngineParams]:
    """Those whose clocks are counted: two sizes where results stay, and a tree of as many multipliers as the larger."""
    tree = engine(form, SIZES[0], array="adder_tree", depth=SIZES[0])
    return [*(engine(form, size) for size in SIZES), tree]


def study(request: Request, say: Callable[[str], None]) -> Findings:
    """Run it. Raises BitloomError for what a user can mend."""
    values = read_options(request.options, OPTIONS)
    engines = _engines(request, values["format"])
    plan = _plan(values, request)
    data = digits() if values["data"] is None else read(values["data"])
    problems: list[str] = []
    passes = {}
    for params in engines:
        say(f"single layers on {Title(params)}")
        keep = _folder(request, f"passes-{params.a}")
        answer = run_workload(params, emit(params), workload=Passes(params, request.seed), keep=keep, say=say)
        problems += answer["problems"]
        passes[str(params.a)] = answer["network"]["passes"]
    say("training in fp32")
    courses = {"fp32": at_once(train(data, replace(plan, first=0), single))}
    runs = {}
    for params in engines:
        form = str(params.a)
        run = trained(params, data, plan, _folder(request, f"training-{form}"), say)
        courses[form], runs[form] = run.course, run.answer
        problems += run.answer["problems"]
    say("clocks of networks")
    counted = engines if request.config is not None else engines_of_rates(str(engines[0].a))
    clocks = {
        str(Title(each)): {
            name: {how: _rates(each, layers(1), pack=how == "packed") for how in ("plain", "packed")}
            for name, layers in NETWORKS.items()
        }
        for each in counted
    }
    titles = {str(each.a): str(Title(each)) for each in engines}
    figures = {
        "plan": vars(plan),
        "engines": titles,
        "passes": passes,
        "training": {form: _course(course, runs.get(form)) for form, course in courses.items()},
        "clocks": clocks,
        "problems": problems,
    }
    return Findings(
        "Training in 16 bits",
        "; ".join(titles.values()),
        [*sections.lines(figures), *problems],
        figures,
        sections.sections(figures),
        passed=not problems,
    )


def _folder(request: Request, name: str) -> Path:
    """A folder for what a simulation leaves."""
    found = request.folder / name
    found.mkdir(parents=True, exist_ok=True)
    return found


def _engines(request: Request, form: str) -> list[EngineParams]:
    """The engines that run it."""
    if request.config is None:
        return [engine(each) for each in (FLOATS if form == "both" else [form])]
    own, where = request.config.engine, f"--engine {request.config.name}"
    if not own.floating:
        text = f"must be {' or '.join(FLOATS)}, as gradients are no integers, not {own.a}"
        raise ConfigError([Problem("engine.a", text, "configs/bf16-8x8.toml has such an engine")], where)
    if form not in ("both", str(own.a)):
        raise ConfigError([Problem("--option format", f"is {form}, and the engine's operands are {own.a}")], where)
    return [own]


def _plan(values: dict[str, Any], request: Request) -> Plan:
    """How long it takes, and how much of it on the RTL."""
    steps = values["steps"]
    first = values["rtl"] or (min(FEW, steps) if request.quick else steps)
    if first > steps:
        raise ConfigError([Problem("--option rtl", f"must be at most the {steps} steps of the run, not {first}")])
    return Plan(steps, values["batch"], values["rate"], request.seed, first)


@dataclass(frozen=True)
class Run:
    """A training run.

    Parameters
    ----------
    course : Course
        All of it, by the golden model.
    answer : dict
        What came of the steps on the RTL.
    """

    course: Course
    answer: dict[str, Any]


def trained(params: EngineParams, data: Data, plan: Plan, keep: Path | None, say: Callable[[str], None]) -> Run:
    """Train by the golden model, and the first steps of the same run, or all, on the RTL; ``keep`` is for its log."""
    say(f"training in {params.a} by the golden model")
    course = golden(data, replace(plan, first=0), params)
    same = course if plan.made == plan.steps else golden(data, plan, params)
    work = Training(data, plan, params, same.outputs())
    answer = run_workload(params, emit(params), workload=work, keep=keep, say=say)
    return Run(course, answer)


def _rates(params: EngineParams, layers: tuple[Layer, ...], *, pack: bool) -> dict[str, Any]:
    return {which: rate.to_dict() for which, rate in rates(params, layers, pack=pack).items()}


def _course(course: Course, answer: dict[str, Any] | None) -> dict[str, Any]:
    """A run in figures."""
    found: dict[str, Any] = {"losses": np.asarray(course.losses, float).tolist(), "accuracy": course.accuracy}
    if answer is not None:
        keys = ("elements_checked", "mismatches", "macs", "cycles")
        found["rtl"] = {"steps": len(answer["network"]["losses"]), **{key: answer[key] for key in keys}}
    return found
