"""Power of an engine: activity from simulating its netlist, without delays and with them, energy from the library.

The netlist of the engine (of an 8x8 one where it is larger) multiplies tiles, back to back; every lane of the
simulation without delays has its own operands, and its results are compared with the product. Some lanes are repeated
with delays, net by net the same at the end of every cycle: then glitches are counted.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from gen.timing import drain_cycles
from hdl.lib.roles import MEMORY
from hdl.params import EngineParams
from hdl.params.front import Front
from synth_scripts.library.library import Library
from synth_scripts.power.events import Activity
from synth_scripts.power.power import ModulePower, macro_powers, module_powers
from synth_scripts.power.simulated import LANES, SEED, Setup, SimulatedEngine
from synth_scripts.work import cache, icarus

__all__ = ["LIMIT", "EnginePower", "Parts", "RolePower", "measure_engine", "tile_k", "unavailable"]

#: What :class:`EnginePower` holds of parts.
PARTS = ("plain", "glitching", "wireless", "glitching_wireless", "idle")
#: The largest engine that is simulated, in each direction.
LIMIT = 8
#: Beats of a tile of the simulated operands, at full size; where B stays, steps of K.
K = 64


@dataclass(frozen=True)
class RolePower:
    """Power (mW) by role, and of the macros in it."""

    parts: dict[str, float]
    macros: float

    @property
    def total(self) -> float:
        """Of the engine, mW."""
        return sum(self.parts.values())


@dataclass(frozen=True)
class Parts:
    """Power of a simulated engine, by module and of its macros."""

    modules: dict[str, ModulePower]
    macros: dict[str, ModulePower]

    def by_role(
        self, roles: Mapping[str, str], period_ns: float, areas: Mapping[str, float], memories: float
    ) -> RolePower:
        """Power at a clock of the engine that this one stands for.

        Parameters
        ----------
        roles : mapping of str to str
            The role of every module.
        period_ns : float
        areas : mapping of str to float
            The other engine's area by role: a role's power goes with it.
        memories : float
            How much more memory the other engine has, by the area that counts macros and flip-flops alike.
        """
        milliwatts: dict[str, float] = defaultdict(float)
        own: dict[str, float] = defaultdict(float)
        for name, module in self.modules.items():
            milliwatts[roles[name]] += module.mw(period_ns)
            own[roles[name]] += module.area
        macros = sum(module.mw(period_ns) for module in self.macros.values())
        if macros:
            milliwatts[MEMORY.name] += macros
        scales = {name: areas.get(name, 0.0) / area if area else 1.0 for name, area in own.items()} | {
            MEMORY.name: memories
        }
        return RolePower({name: each * scales[name] for name, each in milliwatts.items()}, macros * memories)


@dataclass(frozen=True)
class EnginePower:
    """Power of a simulated engine.

    Parameters
    ----------
    plain : Parts
        Without glitches.
    glitching : Parts or None
        With them; None where there is no simulator for that.
    wireless, glitching_wireless : Parts or None
        The same transitions, without the energy of wires; as the former where the library has none.
    idle : Parts
        In cycles that wait for operands while a job is under way; without glitches.
    words, glitch_words, idle_words : str
        How each was measured, or why it wasn't.
    results : int
        How many results were right.
    """

    plain: Parts
    glitching: Parts | None
    wireless: Parts
    glitching_wireless: Parts | None
    idle: Parts
    words: str
    glitch_words: str
    idle_words: str
    results: int


def tile_k(params: EngineParams, full: EngineParams) -> int:
    """The inner size of a tile that keeps the drain as busy, cycle for cycle, as in the full engine."""
    if params.weight_stationary:  # rows are time: as many blocks
        return min(params.k_limit, max(1, K // params.depth) * params.depth)
    beats = max(drain_cycles(params) or 1, K * params.rows // full.rows)
    return max(1, min(params.k_limit, beats * params.k_step))


def measure_engine(setup: Setup) -> EnginePower:
    """Simulate a synthesised engine and take its power.

    Raises
    ------
    CheckFailed
        Where the netlist computes anything but the product.
    ToolError
    """
    simulated_by = icarus.version() if icarus.available() else ""
    params, library = setup.params, setup.library
    key = cache.key(
        *(__name__, library.digest, params.to_dict(), setup.k, setup.verilog, setup.top),
        *(setup.stimuli.digest, sorted(memory.module for memory in setup.memories)),
        simulated_by,
    )
    stored = cache.read("power", key)
    if stored is not None:
        return _restored(stored)
    engine = SimulatedEngine(setup)

    def parts(activity: Activity | None = None, *, by: Library = library) -> Parts:
        simulator = engine.simulator
        return Parts(
            module_powers(simulator, engine.modules, setup.top, by, activity=activity),
            macro_powers(simulator, by, activity),
        )

    def wireless(found: Parts, activity: Activity | None = None) -> Parts:
        return found if library.bare is None else parts(activity, by=library.bare)

    plain = parts()
    bare = wireless(plain)
    glitching, glitching_wireless, glitch_words = None, None, f"not measured: {icarus.MISSING}"
    if simulated_by:
        activity = engine.activity()
        glitching = parts(activity)
        glitching_wireless = wireless(glitching, activity)
        glitch_words = (
            f"{engine.lanes} of the streams repeated with the library's delays at the netlist's loads, pulses pass a "
            f"gate if they are longer than its delay (Icarus Verilog {simulated_by}, "
            f"{activity.cycles:,} cycles): {activity.excess:.2f} transitions for each that is not a glitch"
        )
    waiting = engine.idle()
    found = EnginePower(
        plain,
        glitching,
        bare,
        glitching_wireless,
        parts(),
        f"netlist of {params.rows}x{params.cols} simulated without glitches: {LANES} streams of tiles back to back, "
        f"{params.a} x {params.b}, {setup.stimuli.words(params)}, K = {setup.k}, seed {SEED}",
        glitch_words,
        f"the same netlist, when nothing is left to do and a job is under way: {waiting} cycles without operands",
        engine.results,
    )
    cache.write("power", key, asdict(found))
    return found


def _restored(stored: dict[str, object]) -> EnginePower:
    """What the cache holds."""

    def parts(values: object) -> Parts | None:
        if not isinstance(values, dict):
            return None
        modules, macros = (
            {name: ModulePower(**each) for name, each in values[kind].items()} for kind in ("modules", "macros")
        )
        return Parts(modules, macros)

    return EnginePower(**{**stored, **{kind: parts(stored[kind]) for kind in PARTS}})  # type: ignore[arg-type]


def unavailable(library: Library, effort: str, front: Front | None = None) -> str:
    """Why power can't be or is not measured of an engine, behind something or not; empty where it is."""
    if front is not None and not front.passes:
        return f"not measured behind {front.title}"
    if library.without_power:
        return f"not measured: {library.without_power}"
    if effort == "quick":
        return "not measured at effort quick"
    return ""
