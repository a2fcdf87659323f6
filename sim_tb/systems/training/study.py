"""``bitloom workload training``: passes of single layers, a training run, and clocks of networks in FP16 or BF16."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
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
from sim_tb.systems.training.data import digits, read
from sim_tb.systems.training.layer import Layer
from sim_tb.systems.training.networks import NETWORKS
from sim_tb.systems.training.rates import rates
from sim_tb.systems.training.run import Course, Plan, Training, golden, single, train
from sim_tb.workloads.workload import at_once

__all__ = ["OPTIONS", "SIZES", "engine", "study"]

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


def _engines_of_rates(form: str) -> list[EngineParams]:
    """Those whose clocks are counted: two sizes where results stay, and a tree of as many multipliers as the larger."""
    tree = engine(form, SIZES[0], array="adder_tree", depth=SIZES[0])
    return [*(engine(form, size) for size in SIZES), tree]


def study(request: Request, say: Callable[[str], None]) -> Findings:
    """Run it. Raises BitloomError for what a user can mend."""
    values = read_options(request.options, OPTIONS)
    engines = _engines(request, values["format"])
    plan = _plan(values, request)
    data = digits() if values["data"] is None else read(values["data"])
    say("training in fp32")
    full = replace(plan, first=0)
    courses = {"fp32": _sound("fp32", at_once(train(data, full, single)))}
    for params in engines:
        say(f"training in {params.a} by the golden model")
        courses[str(params.a)] = _sound(str(params.a), golden(data, full, params))
    passes, runs = {}, {}
    for params in engines:
        form = str(params.a)
        say(f"single layers on {Title(params)}")
        passes[form] = _run(request, Passes(params, request.seed), say)
        say(f"training on {Title(params)}")
        course = courses[form] if plan.made == plan.steps else golden(data, plan, params)
        runs[form] = _run(request, Training(data, plan, params, course.outputs()), say)
    problems = [problem for each in (*passes.values(), *runs.values()) for problem in each["problems"]]
    say("clocks of networks")
    counted = engines if request.config is not None else _engines_of_rates(str(engines[0].a))
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
        "passes": {form: each["network"]["passes"] for form, each in passes.items()},
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


def _run(request: Request, work: Passes | Training, say: Callable[[str], None]) -> dict[str, Any]:
    """What came of a workload on its engine's RTL; the log is kept."""
    keep = request.folder / f"{work.name}-{work.engine.a}"
    keep.mkdir(parents=True, exist_ok=True)
    return run_workload(work.engine, emit(work.engine), workload=work, keep=keep, say=say)


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


def _sound(form: str, course: Course) -> Course:
    """The same; ConfigError where it diverged."""
    wrong = np.flatnonzero(~np.isfinite(course.losses))
    if len(wrong):
        text = f"is too much in {form}: the loss of step {wrong[0] + 1} is {course.losses[wrong[0]]}"
        raise ConfigError([Problem("--option rate", text, "a smaller one, or images of smaller numbers")])
    return course


def _rates(params: EngineParams, layers: tuple[Layer, ...], *, pack: bool) -> dict[str, Any]:
    return {which: rate.to_dict() for which, rate in rates(params, layers, pack=pack).items()}


def _course(course: Course, answer: dict[str, Any] | None) -> dict[str, Any]:
    """A run in figures."""
    found: dict[str, Any] = {"losses": np.asarray(course.losses, float).tolist(), "accuracy": course.accuracy}
    if answer is not None:
        keys = ("elements_checked", "mismatches", "macs", "cycles")
        found["rtl"] = {"steps": len(answer["network"]["losses"]), **{key: answer[key] for key in keys}}
    return found
