"""What the study of the gate says: lines, figures, and the sections of its page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gen.report.workload import Bars, Lines, Part, Section, Table
from hdl.params import EngineParams
from hdl.params.gate import MODES, PROBABILITY_BITS
from sim_tb.systems.gate.campaign import ATTACKERS, Attack
from sim_tb.systems.gate.checks import Checked
from sim_tb.systems.gate.digits import Accuracy
from sim_tb.systems.study import Findings

__all__ = ["ENOUGH", "Found", "findings", "needed"]

#: Weights that an attack must find on the unprotected engine, of 32.
ENOUGH = 28

BREAK = (
    "A pruned multiplication looks unlike one that is made. Who tells them apart, trace by trace, rebuilds the true "
    "sums and attacks them as if there were no gate: so Double Strike (HOST 2026) broke MACPruning. The pattern-aware "
    "attacker does it by a beam search over masks. Where it finds little, as in compact, that says how weak this "
    "attacker is there, not that the mode protects: more traces, profiled or higher-order attackers were not tried, "
    "nor an attack on the random number generator, which is linear: 64 of its bits give all others."
)


@dataclass(frozen=True)
class Found:
    """All that was measured.

    Parameters
    ----------
    checked, timed : mapping
        Products and clocks by engine and mode.
    accuracies : mapping
        By the number of important pixels, of 64.
    layer : mapping
        Results of the first layer of the digits, and wrong ones among them, by mode.
    attacks, firsts : mapping
        On the weights of late pixels, and of the first one, by mode.
    sigma : float
        Noise, in toggles.
    threshold : int
    verilog : str
        Where the Verilog of the first engine behind its gate was written.
    """

    checked: Mapping[tuple[EngineParams, str], Checked]
    timed: Mapping[tuple[EngineParams, str], Checked]
    accuracies: Mapping[int, Accuracy]
    layer: Mapping[str, tuple[int, int]]
    attacks: Mapping[str, Attack]
    firsts: Mapping[str, Attack]
    sigma: float
    threshold: int
    verilog: str

    @property
    def chance(self) -> float:
        """Of a pixel that is not important."""
        return self.threshold / (1 << PROBABILITY_BITS)

    @property
    def wrong(self) -> int:
        """Results that differ from the golden model's."""
        compared = sum(each.wrong for each in (*self.checked.values(), *self.timed.values()))
        return compared + sum(wrong for _, wrong in self.layer.values())

    @property
    def elements(self) -> int:
        """Results that were compared."""
        compared = sum(each.elements for each in (*self.checked.values(), *self.timed.values()))
        return compared + sum(count for count, _ in self.layer.values())

    def uneven(self) -> list[str]:
        """Modes that should take constant time on an engine whose time rests on no operand, and don't."""
        return [
            f"{engine.scheme} {mode}"
            for (engine, mode), each in self.timed.items()
            if MODES[mode].constant and not engine.data_dependent and not each.constant
        ]


def needed(unprotected: Attack) -> int | None:
    """Traces after which enough weights are found without protection; None if they never are."""
    enough = unprotected.targets * ENOUGH / 32
    return next((count for count in unprotected.counts if unprotected.found("fixed", count) >= enough), None)


def findings(found: Found) -> Findings:
    """What the study says."""
    count = needed(found.attacks["off"])
    most = found.attacks["off"].counts[-1]
    targets = found.attacks["off"].targets
    lines = [
        f"products   {found.elements:,} results behind the gate, {found.wrong} differ from the golden model",
        *(_time_line(found, engine) for engine in dict.fromkeys(engine for engine, _ in found.timed)),
        f"accuracy   {_accuracy_line(found)}",
        "unprotected  "
        + (f"{ENOUGH} of 32 weights after {count} traces" if count else f"fewer than {ENOUGH} of 32 weights found")
        + f", noise {found.sigma:g} toggles",
    ]
    for mode, each in found.attacks.items():
        by = ", ".join(f"{name} {each.found(name, most)}" for name in ATTACKERS)
        lines.append(f"{mode:10} of {targets} weights after {most:,} traces: {by}")
    if uneven := found.uneven():
        lines.append(f"not constant in time: {', '.join(uneven)}")
    lines.append(f"verilog    {found.verilog}")
    return Findings(
        title="Operand gate",
        subtitle="MACPruning on an output-stationary engine, and attacks on its simulated switching activity",
        lines=lines,
        figures=_figures(found, count),
        sections=_sections(found, count),
        passed=not found.wrong and not uneven,
    )


def _time_line(found: Found, engine: EngineParams) -> str:
    constant = [mode for (each, mode), checked in found.timed.items() if each == engine and checked.constant]
    jobs = next(checked.jobs for (each, _), checked in found.timed.items() if each == engine)
    words = ", ".join(constant) or "no mode"
    return (
        f"time       {engine.scheme} {engine.rows}x{engine.cols}: the same over {jobs:,} inputs and weights in {words}"
    )


def _accuracy_line(found: Found) -> str:
    each = found.accuracies[32]
    return f"{each.whole:.1%} unpruned, {each.mean:.1%} with 32 of 64 pixels important and p = {found.chance:g}"


def _figures(found: Found, count: int | None) -> dict[str, Any]:
    return {
        "elements": found.elements,
        "wrong": found.wrong,
        "sigma_toggles": found.sigma,
        "probability": found.chance,
        "cycles": [
            {"engine": engine.scheme, "mode": mode, "jobs": each.jobs, "least": each.least, "most": each.most}
            for (engine, mode), each in found.timed.items()
        ],
        "accuracy": {str(pixels): vars(each) for pixels, each in found.accuracies.items()},
        "traces_needed_unprotected": count,
        "attacks": {mode: _attack_figures(each) for mode, each in found.attacks.items()},
        "first_pixel": {mode: _attack_figures(each) for mode, each in found.firsts.items()},
    }


def _attack_figures(each: Attack) -> dict[str, Any]:
    return {
        "traces": list(each.counts),
        "targets": each.targets,
        "found": each.over(each.found),
        "mean_rank": each.over(each.mean_rank, 2),
    }


def _sections(found: Found, count: int | None) -> list[Section]:
    return [
        Section(
            "What attackers find",
            "One PE multiplies random inputs with 48 secret weights; the bits of its registers that change are counted "
            f"in every clock, and normal noise with a standard deviation of {found.sigma:g} toggles is added. Attacked "
            f"are the weights of {found.attacks['off'].targets} pixels that have 16 others before them, those before "
            "each given to the attacker. This is simulated switching activity: a model of what leaks, no measurement.",
            [_attack_table(found, count), *_charts(found)],
        ),
        Section("The known break", BREAK, [_best(found)]),
        Section(
            "The first pixel",
            "No mask comes before the first pixel, and it counts as unprotected. It isn't easy to attack all the same, "
            "even with no gate: the sum of the tile before is still in the register, and what changes depends on it.",
            [_first_table(found)],
        ),
        Section(
            "Accuracy",
            "Handwritten digits by a network of 64, 32 and 10; the pixels with the greatest mean of |dL/dx * x| are "
            f"important, the others are multiplied with probability {found.chance:g}. It was trained without masks.",
            [_accuracy_table(found)],
        ),
        Section(
            "Products and time",
            f"{found.elements:,} results were compared with a golden model that shares no code with the hardware; "
            f"{found.wrong} differ. Clocks are those of a tile whose inputs, weights and random bits are others each "
            "time; an engine that skips zero digits takes as long as its operands have digits, whatever a gate does.",
            [_time_table(found)],
        ),
    ]


def _attack_table(found: Found, count: int | None) -> Table:
    first = found.attacks["off"]
    wanted = {first.counts[-1], *(each for each in (count, 10 * (count or 0)) if each in first.counts)}
    counts = sorted(wanted)
    heads = [f"{name}, {number:,}" for name in ATTACKERS for number in counts]
    rows: list[list[str | int]] = [
        [mode, *(each.found(name, number) for name in ATTACKERS for number in counts)]
        for mode, each in found.attacks.items()
    ]
    words = "; ".join(f"{name}: {about}" for name, about in ATTACKERS.items())
    note = f"Weights that rank first, of {first.targets}, by attacker and number of traces. {words}."
    return Table(["mode", *heads], rows, note)


def _charts(found: Found) -> list[Part]:
    if len(found.attacks["off"].counts) < 2:
        return []
    return [
        Lines(
            f"Attacker: {words}",
            "traces",
            "mean rank of the right weight",
            {
                mode: [(float(count), each.mean_rank(name, count)) for count in each.counts]
                for mode, each in found.attacks.items()
            },
            "0: found. 127.5: nothing is known.",
        )
        for name, words in ATTACKERS.items()
    ]


def _best(found: Found) -> Bars:
    most = found.attacks["off"].counts[-1]
    bars = [(mode, float(each.best(most))) for mode, each in found.attacks.items()]
    targets = found.attacks["off"].targets
    title = f"Weights that the best attacker finds with {most:,} traces"
    return Bars(title, f"of {targets}", bars, most=float(targets))


def _first_table(found: Found) -> Table:
    one = found.firsts["off"]
    rows: list[list[str | int]] = [
        [mode, *(each.found(name, each.counts[-1]) for name in ATTACKERS)] for mode, each in found.firsts.items()
    ]
    return Table(["mode", *ATTACKERS], rows, f"Of {one.targets} keys, {one.counts[-1]:,} traces of each.")


def _accuracy_table(found: Found) -> Table:
    rows: list[list[str | int]] = [
        [pixels, f"{each.mean:.1%}", f"{each.least:.1%}", f"{each.most:.1%}", f"{each.kept:.0%}"]
        for pixels, each in found.accuracies.items()
    ]
    whole = next(iter(found.accuracies.values())).whole
    heads = ["important of 64", "accuracy", "least", "most", "multiplications made"]
    return Table(heads, rows, f"Unpruned: {whole:.1%}.")


def _time_table(found: Found) -> Table:
    rows: list[list[str | int]] = [
        [f"{engine.array} {engine.scheme}", mode, each.jobs, each.least, each.most, "yes" if each.constant else "no"]
        for (engine, mode), each in found.timed.items()
    ]
    return Table(["engine", "mode", "tiles", "least clocks", "most clocks", "constant"], rows)
