"""The tables and numbers on the page of results."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from bench.figures.pim.baselines import CLAIMS, EAGER, EAGER_BANDWIDTH, FACTS, MACHINES, bytes_of
from bench.figures.pim.beyond import MODELS as SWITCHED
from bench.figures.pim.beyond import SWITCHES
from bench.figures.pim.context import CONTEXTS
from bench.figures.pim.context import MODELS as LONG
from bench.figures.pim.models import OTHERS, SYSTEMS, item, twin
from bench.figures.pim.sample import TOKENS, decoder_of
from bench.figures.pim.systems import MODELS as VARIED
from bench.figures.pim.systems import RESPECTS
from bench.figures.store import entries
from bench.figures.words import figures, number, table
from gen.pim.model.published import PUBLISHED

__all__ = ["PARTS"]


def _of(model: str, system: str) -> dict[str, Any]:
    return figures("pim-models", item(twin(model), system))


def _roofline(machine: str, model: str, *, predict: bool) -> float:
    """Seconds a token of a machine that does nothing but read, in the middle of the tokens."""
    return bytes_of(decoder_of(model), TOKENS // 2, predict=predict) / MACHINES[machine].bandwidth


def _speed(system: str) -> str:
    """Speed and energy of the paper's models."""
    return _models(PUBLISHED, system)


def _others(system: str) -> str:
    """The same of models that PIM-GPT was not measured with."""
    return _models(OTHERS, system)


HEADS = (
    "parameters",
    "tokens/s",
    "with output matrix",
    "mJ a token",
    "with output matrix",
    "row hits",
    "MAC units busy",
)


def _models(names: Any, system: str) -> str:
    return table(["Model", *HEADS], [[f"`{name}`", *_row(name, system)] for name in names])


def _row(name: str, system: str) -> list[str]:
    found = _of(name, system)
    without, all_ = found["without"], found["with"]
    return [
        f"{found['parameters'] / 1e6:,.0f} M",
        *(f"{1 / each['seconds']:,.0f}" for each in (without, all_)),
        *(number(each["joules"] * 1e3) for each in (without, all_)),
        f"{all_['row_hits']:.1%}",
        f"{all_['mac']:.0%}",
    ]


def _ratios() -> str:
    """Times beside the paper's ranges: without the output matrix, the paper's DRAM times."""
    heads = ["Model", "here, ms a token", "T4 by its bandwidth, ms", "over it", "41 to 137 times here would be, ms"]
    heads += ["CPU by its bandwidth, ms", "over it", "631 to 1,074 times here would be, ms"]
    rows = []
    for model in PUBLISHED:
        here = _of(model, "pimgpt_paper")["without"]["seconds"]
        cells = [f"`{model}`", number(here * 1e3)]
        for machine in ("gpu", "cpu"):
            there = _roofline(machine, model, predict=False)
            low, high, _ = CLAIMS[f"speed over the {machine.upper()}"]
            cells += [number(there * 1e3), f"{there / here:.1f}"]
            cells += [f"{number(here * low * 1e3)} to {number(here * high * 1e3)}"]
        rows.append(cells)
    return table(heads, rows)


def _energies() -> str:
    """Energies beside the paper's ranges."""
    heads = ["Model", "here, mJ a token", "T4 by its bandwidth and limit, mJ", "over it"]
    heads += ["123 to 383 times here would be, mJ", "CPU by its bandwidth and TDP, mJ", "over it"]
    rows = []
    for model in PUBLISHED:
        here = _of(model, "pimgpt_paper")["without"]["joules"]
        gpu, cpu = (_roofline(name, model, predict=False) * MACHINES[name].watts for name in ("gpu", "cpu"))
        low, high, _ = CLAIMS["energy of the GPU"]
        rows.append(
            [
                f"`{model}`",
                number(here * 1e3),
                *(number(gpu * 1e3), f"{gpu / here:.0f}"),
                f"{number(here * low * 1e3)} to {number(here * high * 1e3)}",
                *(number(cpu * 1e3), f"{cpu / here:.0f}"),
            ]
        )
    return table(heads, rows)


def _claims() -> str:
    return table(
        ["PIM-GPT's", "from", "to", "read in"],
        [[name, f"{low:,}", f"{high:,}", source] for name, (low, high, source) in CLAIMS.items()],
    )


def _facts() -> str:
    rows = [[each.what, each.value or "–", f"*{each.sure}*", each.source] for each in FACTS]
    return table(["What", "Value", "How sure", "Where from"], rows)


def _eager(what: str) -> str:
    """GPT2-small in eager PyTorch on a V100: its time, over its own roofline, and over ours with its output matrix."""
    if what == "ms":
        return f"{EAGER * 1e3:.1f} ms"
    if what == "roofline":
        return f"{EAGER / (bytes_of(decoder_of('gpt2-small'), 32, predict=True, element=4) / EAGER_BANDWIDTH):.0f}"
    return f"{EAGER / _of('gpt2-small', what)['with']['seconds']:.0f}"


def _range(machine: str, system: str, output: str) -> str:
    """From the least to the greatest ratio over a machine's bandwidth, over the eight models."""
    found = [
        _roofline(machine, model, predict=output == "with") / _of(model, system)[output]["seconds"]
        for model in PUBLISHED
    ]
    return f"{min(found):.1f} to {max(found):.1f}"


def _hits(system: str) -> str:
    found = [_of(model, system)["with"]["row_hits"] for model in PUBLISHED]
    return f"{min(found):.2%} to {max(found):.2%}"


def _how() -> str:
    """What the figures of models come from."""
    if all("tokens" in entry["figures"] for entry in entries("pim-models").values()):
        return "every position is simulated, one after the other, with all layers and with refreshes"
    return "two positions of decoders with 2 and with 6 layers stand for all, with refreshes"


def _columns(group: str, models: Sequence[str]) -> list[tuple[str, str]]:
    """Models and systems that are measured."""
    kept = entries(group)
    return [(model, system) for model in models for system in SYSTEMS if item(model, system) in kept]


def _systems() -> str:
    """Times on other systems, over those on the system itself."""
    columns = _columns("pim-systems", VARIED)
    rows = []
    for respect in RESPECTS:
        cells = [respect or "the system itself, µs"]
        for model, system in columns:
            found = figures("pim-systems", item(model, system))
            each = found.get(respect, {})
            if "seconds" not in each:
                cells.append("doesn't fit" if each else "–")
            elif respect:
                cells.append(f"{each['seconds'] / found['']['seconds']:.2f}")
            else:
                cells.append(number(each["seconds"] * 1e6))
        rows.append(cells)
    return table(["", *(f"`{model}`, `{system}`" for model, system in columns)], rows)


def _contexts() -> str:
    columns = _columns("pim-context", LONG)
    rows = []
    for tokens in CONTEXTS:
        cells = [f"{tokens:,}"]
        for model, system in columns:
            found = figures("pim-context", item(model, system))
            each = found.get(str(tokens))
            cells.append(f"{number(each['seconds'] * 1e6)}, {each['row_hits']:.1%}" if each else "doesn't fit")
        rows.append(cells)
    return table(["Tokens", *(f"`{model}`, `{system}`" for model, system in columns)], rows)


def _caches(what: str) -> str:
    """What caches of 8 bits gain at the end of each context: seconds, joules, or rows of caches."""
    columns = _columns("pim-context", LONG)
    rows = []
    for tokens in CONTEXTS:
        cells = [f"{tokens:,}"]
        for model, system in columns:
            plain, small = figures("pim-context", item(model, system))["eight"].values()
            each = [some.get(str(tokens)) for some in (plain, small)]
            cells.append(f"{each[0][what] / each[1][what]:.2f}" if all(each) else "doesn't fit")
        rows.append(cells)
    return table(["Tokens", *(f"`{model}`, `{system}`" for model, system in columns)], rows)


def _beyond(what: str) -> str:
    """Throughput, or energy, of each switch over the plain mapping."""
    columns = _columns("pim-beyond", SWITCHED)
    rows = []
    for name, switch in SWITCHES.items():
        settings = [f"`--set {key}={str(value).lower()}`" for key, value in switch.system.items()]
        settings += [f"`{flag}`" for flag in _flags(switch.mapping)]
        cells = [name, ", ".join(settings) or "–"]
        for model, system in columns:
            found = figures("pim-beyond", item(model, system))
            each, plain = found[name], found["plain"]
            if "problem" in each:
                cells.append("–")
            elif name == "plain":
                cells.append(f"{1 / each['seconds']:,.0f}/s" if what == "seconds" else f"{each[what] * 1e3:.2f} mJ")
            else:
                cells.append(f"{plain[what] / each[what]:.2f}")
        rows.append(cells)
    return table(["Switch", "How", *(f"`{model}`, `{system}`" for model, system in columns)], rows)


def _flags(mapping: dict[str, Any]) -> list[str]:
    """The options of the command line that a mapping stands for."""
    found = [] if mapping.get("overlap", True) else ["--no-overlap"]
    return found + [f"--{key} {value}" for key, value in mapping.items() if key != "overlap"]


PARTS: dict[str, Callable[..., str]] = {
    "pim-speed": _speed,
    "pim-how": _how,
    "pim-others": _others,
    "pim-ratios": _ratios,
    "pim-energies": _energies,
    "pim-claims": _claims,
    "pim-facts": _facts,
    "pim-eager": _eager,
    "pim-range": _range,
    "pim-hits": _hits,
    "pim-systems": _systems,
    "pim-contexts": _contexts,
    "pim-beyond": _beyond,
    "pim-caches": _caches,
}
