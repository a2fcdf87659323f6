"""``bitloom search``: the best engine for a network within an area."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from gen.cli.commands.mapping import add_network, integer, network
from gen.cli.console import Console, table
from gen.operands import usual_sigma
from hdl.params import ConfigError, EngineParams
from hdl.params.title import Title

if TYPE_CHECKING:
    from gen.config import Config
    from sim_tb.mapping.fit import Measured
    from sim_tb.mapping.search import Candidate, Found
    from synth_scripts.library.library import Library

__all__ = ["add_options", "command"]

JSON, BEST = "search.json", "best.toml"
EFFORT = "quick"
MOST_KEPT = 100


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    add_network(parser)
    about = "the area that the engine may take, every memory counted, in the library's unit: um2, or NAND2"
    parser.add_argument("--area", type=_area, required=True, metavar="N", help=about)
    about = "auto, osu018, unit, or a Liberty file (default: that of CONFIG, or auto)"
    parser.add_argument("--library", metavar="NAME", help=about)
    about = "a configuration whose formats, encoder and accumulator engines are to have"
    parser.add_argument("--engine", metavar="CONFIG", dest="config", help=about)
    about = "kinds of engines with a name, and without one, that are looked at more closely (default: 4)"
    parser.add_argument("--keep", type=integer(MOST_KEPT), default=4, metavar="N", help=about)
    about = "engines that skip zeros, too: they are slow to synthesise"
    parser.add_argument("--skipping", action="store_true", help=about)
    about = "engines with groups of columns, too: their stream of A is some times as wide"
    parser.add_argument("--groups", action="store_true", help=about)
    parser.add_argument("-o", "--output", metavar="FOLDER", help="output folder (default: build/search-<network>)")
    parser.add_argument("--force", action="store_true", help="lose changes made by hand to the results")
    parser.set_defaults(seed=None)


def command(options: argparse.Namespace, console: Console) -> int:
    """Search, print what was found, and write the configuration of the best engine."""
    from gen.cli.commands.session import load_library
    from gen.output import open_output
    from sim_tb.mapping.kinds import kinds
    from sim_tb.mapping.search import search

    config, topology = _config(options), network(options)
    if config.front is not None:
        raise ConfigError([config.front.refusal("a search is for an engine alone")])
    library = load_library(config.synth)
    sigma = (options.sigma or usual_sigma(config.engine.recoded)) if options.skipping else None
    with open_output(options.output or Path("build", f"search-{topology.name}"), force=options.force) as output:
        output.claim([JSON, BEST])
        with console.doing(f"searching for an engine for {topology.name}") as say:
            measure = _Synthesis(config, library)
            among = kinds(config.engine, skipping=options.skipping, groups=options.groups)
            found = search(topology, options.area, among, measure, sigma=sigma, keep=options.keep, say=say)
        content = _content(found, topology.name, options.area, library)
        output.write_json(JSON, content)
        best = output.write(BEST, _toml(found.best.params))
    console.say(_text(found, content))
    console.say(f"written    {best}")
    console.json(content)
    return 0


def _config(options: argparse.Namespace) -> Config:
    from gen.cli.commands.session import load_config
    from gen.config import read

    if options.library is not None:
        options.overrides.append(f"synth.library={json.dumps(options.library)}")
    if options.config is not None:
        return load_config(options)
    return read({"synth": {} if options.library is None else {"library": options.library}}, Path("engine.toml"))


class _Synthesis:
    """Synthesises engines; what was found of one is kept in the cache."""

    def __init__(self, config: Config, library: Library) -> None:
        from gen import sources
        from gen.cli.versions import versions

        own = sources.digest("gen.emit.verilog", "synth_scripts.engine.run")
        self.settings = replace(config.synth, effort=EFFORT, clock_ns="auto")
        self.library = library
        self.basis = own, versions(), library.digest, EFFORT

    def __call__(self, engines: Sequence[EngineParams]) -> list[Measured]:
        """The figures of engines, a few side by side, so that what is interrupted has most of its work done."""
        from synth_scripts.work.jobs import cores, together

        parts = [engines[start : start + cores()] for start in range(0, len(engines), cores())]
        return [each for part in parts for each in together([partial(self._one, params) for params in part])]

    def _one(self, params: EngineParams) -> Measured:
        from gen.emit.verilog import emit
        from sim_tb.mapping.fit import Measured
        from synth_scripts.engine.run import synthesise
        from synth_scripts.work import cache

        key = cache.digest(self.basis, params.to_dict())
        found = cache.read("engines", key)
        if found is None:
            with TemporaryDirectory(prefix="bitloom_") as folder:
                made = synthesise(
                    params, emit(params), self.settings, Path(folder), library=self.library, with_power=False
                )
            found = {"area": made["engine_total_area_um2"], "clock": made["clock_ns"]}
            cache.write("engines", key, found)
        return Measured(params, found["area"], found["clock"])


# --- what comes out --------------------------------------------------------------------------------------------------
def _content(found: Found, name: str, area: float, library: Library) -> dict[str, Any]:
    unit = "NAND2" if library.is_unit else "um2"
    return {
        "network": name,
        "area": area,
        "area_unit": unit,
        "time_unit": "FO4" if library.is_unit else "ns",
        "library": library.name,
        "best": _plain(found.best),
        "best_preset": _plain(found.preset),
        "gain": found.preset.time / found.best.time,
        "front": [_plain(each) for each in found.front],
        "models": {
            words: {"area_error": model.area_error, "clock_error": model.clock_error}
            for words, model in found.fits.items()
        },
        "looked_at": found.looked_at,
        "synthesised": found.synthesised,
    }


def _plain(each: Candidate) -> dict[str, Any]:
    return {
        "engine": str(Title(each.params)),
        "parameters": each.params.to_dict(),
        "area": each.area,
        "clock": each.clock,
        "cycles": each.cycles,
        "time": each.time,
        "measured": each.measured,
    }


def _toml(params: EngineParams) -> str:
    """A configuration of an engine; one without a name is written as its nest."""
    from gen.nest.engines import engine_nest
    from gen.nest.printer import print_nest
    from gen.sweep.toml import tables

    values = params.to_dict()
    del values["point"]
    if params.point is None:
        return tables({"engine": values})
    for key in ("array", "scheme", "rows", "cols", "depth", "encoder"):
        del values[key]
    nest = engine_nest(replace(params, column_groups=1))
    assert nest is not None
    return tables({"engine": values | {"nest": print_nest(nest)}})


def _text(found: Found, content: dict[str, Any]) -> str:
    """Front, errors, and the best engine beside the best one that has a name."""
    area, time = content["area_unit"], content["time_unit"]
    rows = [["engine", f"area, {area}", f"clock, {time}", "cycles", f"time, 1,000 {time}", "by"]]
    for each in found.front:
        row = [f"{each.area:,.0f}", f"{each.clock:.4g}", f"{each.cycles:,.0f}", f"{each.time / 1000:,.0f}"]
        rows.append([str(Title(each.params)), *row, "synthesis" if each.measured else "model"])
    errors = [[model.area_error, model.clock_error] for model in found.fits.values()]
    worst = [max(column) for column in zip(*errors, strict=True)]
    mean = [sum(column) / len(column) for column in zip(*errors, strict=True)]
    verdict = f"{content['gain']:.3f} times as fast as the best preset, {Title(found.preset.params)}"
    return "\n".join(
        [
            f"{content['network']} within {content['area']:,.10g} {area} on {content['library']}: "
            f"{found.looked_at:,} engines compared, {found.synthesised} synthesised",
            table(rows, indent="  "),
            f"models     leave-one-out error of the area {mean[0]:.1%} ({worst[0]:.1%} at most), "
            f"of the clock {mean[1]:.1%} ({worst[1]:.1%} at most)",
            f"best       {Title(found.best.params)}",
            f"           {verdict if found.best != found.preset else 'a preset: no other engine is faster'}",
        ]
    )


def _area(text: str) -> float:
    try:
        value = float(text.replace("_", ""))
    except ValueError:
        value = 0.0
    if not 0 < value <= 1e12:
        raise argparse.ArgumentTypeError(f"must be an area above 0 and up to 1e12, not {text!r}")
    return value
