"""The study of the gate: products, time, accuracy, and what attackers find in simulated switching activity."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gen.emit.verilog import emit
from hdl.params import EngineParams
from hdl.params.gate import MODES, PROBABILITY_BITS, GateParams
from sim_tb.systems.gate import page
from sim_tb.systems.gate.campaign import Attack, attack
from sim_tb.systems.gate.checks import Checked, check_products, check_time
from sim_tb.systems.gate.digits import Accuracy, accuracy, first_layer, importance, most_important, network
from sim_tb.systems.gate.jobs import Setting
from sim_tb.systems.gate.options import ALL, PIXELS, read
from sim_tb.systems.study import Findings, Request

__all__ = [
    "ATTACKED",
    "COUNTS",
    "DENSE",
    "FIRST",
    "KEYS",
    "SHORT_TRACES",
    "SKIPPING",
    "Effort",
    "attack_all",
    "attack_first",
    "check_all",
    "counts_up_to",
    "digits",
    "key_of",
    "study",
]

DENSE = EngineParams(array="systolic_os", scheme="mac", rows=4, cols=4)
SKIPPING = EngineParams(array="systolic_os", scheme="opt4c", rows=4, cols=4)
#: What is attacked: one PE, so that nothing else switches.
ATTACKED = EngineParams(array="systolic_os", scheme="mac", rows=1, cols=1)
#: Pixels from which on the weights count as protected: many random ones come before.
FIRST = 16
COUNTS = (50, 100, 200, 300, 500, 1000, 2000, 3000)
#: Keys, and their length, for the weight of the first pixel; and traces of each.
KEYS, SHORT, SHORT_TRACES = 32, 4, 1000
#: Pixels of the digits that are important.
IMPORTANT = (0, 16, 32, 48)


@dataclass(frozen=True)
class Effort:
    """How much is done.

    Parameters
    ----------
    traces : int
        Of the attack.
    jobs, timed : int
        Of the comparison with the golden model, and of the test of constant time.
    draws : int
        Of the accuracy.
    images : int
        Whose first layer runs on the RTL.
    keys, traces_first : int
        For the weight of the first pixel.
    """

    traces: int = COUNTS[-1]
    jobs: int = 40
    timed: int = 1000
    draws: int = 20
    images: int = 64
    keys: int = KEYS
    traces_first: int = SHORT_TRACES


QUICK = Effort(traces=300, jobs=10, timed=200, draws=4, images=16, keys=8, traces_first=300)


def study(request: Request, say: Callable[[str], None]) -> Findings:
    """Run everything; for the options see :mod:`sim_tb.systems.gate.options`."""
    options = read(request.options)
    effort = QUICK if request.quick else Effort()
    threshold, state = round(options["p"] * (1 << PROBABILITY_BITS)), options["state"]
    own = None if request.config is None else request.config.front
    gates = [own] if isinstance(own, GateParams) else [GateParams(each) for each in request.engines(DENSE, SKIPPING)]
    verilog = request.folder / "gated_engine.v"
    verilog.write_text(emit(gates[0]).text, encoding="utf-8")
    modes = tuple(MODES) if options["mode"] == ALL else tuple(dict.fromkeys(("off", options["mode"])))
    checked, timed = check_all(gates, modes, threshold, effort, request.seed, say)
    accuracies, layer = digits(modes, threshold, state, effort, say)
    counts = counts_up_to(options["traces"] or effort.traces)
    attacks, firsts = {}, {}
    for mode in modes:
        say(f"attacking {mode}: {counts[-1]:,} traces")
        attacks[mode] = attack_all(mode, counts, options["map"], threshold, options["sigma"], request.seed, state)
        firsts[mode] = attack_first(
            mode, effort.keys, effort.traces_first, threshold, options["sigma"], request.seed, state
        )
    found = page.Found(checked, timed, accuracies, layer, attacks, firsts, options["sigma"], threshold, str(verilog))
    return page.findings(found)


def check_all(
    gates: Sequence[GateParams],
    modes: Sequence[str],
    threshold: int,
    effort: Effort,
    seed: int,
    say: Callable[[str], None],
) -> tuple[dict[tuple[EngineParams, str], Checked], dict[tuple[EngineParams, str], Checked]]:
    """Products under stalls, and clocks without, by engine and mode."""
    rng = np.random.default_rng(seed)
    checked, timed = {}, {}
    for gate in gates:
        important = rng.random(gate.pixels) < 0.5
        for mode in (name for name in modes if name in gate.modes):
            say(f"products behind the gate, {gate.engine.array} {gate.engine.scheme}, {mode}")
            setting = Setting(gate, mode, important, threshold)
            checked[gate.engine, mode] = check_products(
                setting, jobs=effort.jobs, tiles=3, k=21, stall=80, seed=seed + 1
            )
            timed[gate.engine, mode] = check_time(setting, jobs=effort.timed, k=gate.pixels, seed=seed + 2)
    return checked, timed


def digits(
    modes: Sequence[str], threshold: int, state: int, effort: Effort, say: Callable[[str], None]
) -> tuple[dict[int, Accuracy], dict[str, tuple[int, int]]]:
    """Accuracy by the number of important pixels, and the first layer on the RTL by mode."""
    say("training a network on the digits")
    net, values = network(DENSE), importance()
    own = GateParams(DENSE, modes=("zero",))  # the accuracy rests on masks alone: no bits are drawn for decoys
    accuracies = {
        count: accuracy(net, own, most_important(values, count), threshold, effort.draws, state) for count in IMPORTANT
    }
    layer = {}
    dense = GateParams(DENSE)
    for mode in modes:
        say(f"the first layer of {effort.images} digits on the RTL, {mode}")
        setting = Setting(dense, mode, most_important(values, IMPORTANT[2]), threshold)
        layer[mode] = first_layer(setting, net, effort.images, state % (1 << 62) + 1)
    return accuracies, layer


def counts_up_to(most: int) -> tuple[int, ...]:
    """Numbers of traces, the greatest last."""
    return (*(count for count in COUNTS if count < most), most)


def attack_all(
    mode: str, counts: Sequence[int], important: Any, threshold: int, sigma: float, seed: int, state: int
) -> Attack:
    """Attack the weights of all pixels from ``FIRST`` on: one key."""
    setting = Setting(GateParams(ATTACKED, pixels=PIXELS), mode, important, threshold)
    keys = key_of(seed, 1, PIXELS)
    return attack(setting, keys, range(FIRST, PIXELS), counts, sigma, seed, state)


def attack_first(mode: str, keys: int, traces: int, threshold: int, sigma: float, seed: int, state: int) -> Attack:
    """Attack the weight of the first pixel of many keys, none of which is important."""
    setting = Setting(GateParams(ATTACKED, pixels=PIXELS), mode, np.zeros(PIXELS, bool), threshold)
    return attack(setting, key_of(seed, keys, SHORT), [0], [traces], sigma, seed, state)


def key_of(seed: int, keys: int, pixels: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Secret weights."""
    form = ATTACKED.b
    return np.random.default_rng([seed, keys, pixels]).integers(form.min, form.max + 1, (keys, pixels))
