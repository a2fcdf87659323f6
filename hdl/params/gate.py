"""Parameters of the gate in front of an engine's operands, and what its modes are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from hdl.params.engine import EngineParams
from hdl.params.errors import ConfigError, Problem, near_name, shown
from hdl.params.formats import OperandFormat
from hdl.params.front import Front
from hdl.params.port import Port

__all__ = ["DEFAULT_SEED", "MAX_PIXELS", "MODES", "PROBABILITY_BITS", "SEED_BITS", "GateMode", "GateParams"]

#: Bits of the random number that is compared with the threshold, and of the state of the generator.
PROBABILITY_BITS, SEED_BITS = 8, 64
DEFAULT_SEED = 0x9E3779B97F4A7C15
MAX_PIXELS = 4096
#: Bits of the port that chooses a mode.
MODE_BITS = 3


@dataclass(frozen=True)
class GateMode:
    """What becomes of the step of K of a pruned pixel.

    Parameters
    ----------
    name : str
    code : int
        What the port ``mode`` takes.
    words : str
        What happens, as part of a sentence.
    prunes : bool
        Pixels are pruned at all.
    leaves_out : bool
        The step is not made, so that a pruned pixel's operands may not end a tile: the last one of a tile is zero.
    constant : bool
        A tile takes as many cycles whatever is pruned.
    flag : str
        The flag that goes to the array with the operands; empty where the array need not know.
    """

    name: str
    code: int
    words: str
    prunes: bool = True
    leaves_out: bool = False
    constant: bool = True
    flag: str = ""


#: All modes by name. A code that is not built in acts as ``off``.
MODES = {
    mode.name: mode
    for mode in (
        GateMode("off", 0, "nothing is pruned", prunes=False),
        GateMode("zero", 1, "the operand is zero"),
        GateMode("hold", 2, "the array stands still for the step", leaves_out=True, flag="hold"),
        GateMode("compact", 3, "both operands are dropped, and the tile is shorter", leaves_out=True, constant=False),
        GateMode("decoy", 4, "a random operand is multiplied and added to a dummy accumulator", flag="decoy"),
    )
}


@dataclass(frozen=True)
class GateParams(Front):
    """A gate in front of an engine: which pixels of an input are multiplied, and what happens instead.

    A pixel is one step of K. Its operands enter if it is important, or if a random number of 8 bits is less than the
    threshold (MACPruning, HOST 2025).

    Parameters
    ----------
    engine : EngineParams
        Of integers, with one step of K in a beat, and results that stay.
    pixels : int
        Bits of the importance map, 1 to 4096. Steps of K behind them are not important.
    modes : tuple of str
        Modes that are built in beside ``off``, names of ``MODES``; all that the engine can have where there are none.
    seed : int
        State of the random number generator after reset, 1 to 2**64 - 1.
    observe : bool
        The gate says at a port which pixels were multiplied. For simulation: whoever sees it knows what is hidden.

    Raises
    ------
    ConfigError
        With every problem found.
    """

    key: ClassVar[str] = "gate"
    module: ClassVar[str] = "gated_engine"
    workloads: ClassVar[tuple[str, ...]] = ("digits", "random")
    passes: ClassVar[bool] = True

    pixels: int = 64
    modes: tuple[str, ...] = ()
    seed: int = DEFAULT_SEED
    observe: bool = False

    def __post_init__(self) -> None:
        if not self.modes:
            object.__setattr__(self, "modes", tuple(name for name in MODES if not self._lacks(name)))
        if problems := list(self._problems()):
            raise ConfigError(problems)
        named = {"off", *self.modes}
        object.__setattr__(self, "modes", tuple(name for name in MODES if name in named))

    def _problems(self) -> Iterator[Problem]:
        yield from _integer("gate.pixels", self.pixels, 1, MAX_PIXELS)
        yield from _integer("gate.seed", self.seed, 1, (1 << SEED_BITS) - 1)
        engine = self.engine
        if engine.floating:
            yield Problem("engine.a", f"a gate takes integers, not {engine.a}")
        elif engine.weight_stationary or engine.k_step != 1:
            message = "a gate stands in front of engines whose results stay, with one step of K in a beat"
            yield Problem("engine", message, "write array = systolic_os or matrix_2d, and mac, opt1, opt3 or opt4c")
        elif engine.column_groups > 1:
            message = f"must be 1 behind a gate, whose pixel is a step of K of all columns, not {engine.column_groups}"
            yield Problem("engine.column_groups", message)
        for name in self.modes:
            if name not in MODES:
                message = f"must be some of {', '.join(MODES)}, not {shown(name)}"
                yield Problem("gate.modes", message, near_name(name, MODES))
            elif lacking := self._lacks(name):
                yield Problem("gate.modes", f"this engine can't have {name!r}: {lacking}")

    def _lacks(self, name: str) -> str:
        """What the engine lacks for a mode; empty if nothing."""
        axes = self.engine.axes
        in_step = axes.digits.order is None and not axes.recodes_both and not axes.weights_stay
        lacking = {
            "hold": "" if in_step else "its steps are not its beats, so that it can't stand still for one",
            "decoy": "" if in_step and axes.multiplies else "its PEs have no single number to which a dummy fits (mac)",
        }
        return lacking.get(name, "")

    @property
    def flags(self) -> tuple[str, ...]:
        """What goes to the array with the operands of A, a bit each."""
        return tuple(MODES[name].flag for name in self.modes if MODES[name].flag)

    @classmethod
    def from_dict(cls, engine: EngineParams, values: Mapping[str, Any]) -> Self:
        """Build from plain values: modes as a list, or one of them alone."""
        own = dict(values)
        modes = own.pop("modes", ())
        return cls(engine, modes=(modes,) if isinstance(modes, str) else tuple(modes), **own)

    def to_dict(self) -> dict[str, Any]:
        """The keys of its table as plain values."""
        return {"pixels": self.pixels, "modes": list(self.modes), "seed": self.seed, "observe": self.observe}

    @property
    def title(self) -> str:
        """What it is, for people."""
        pixels = "a pixel" if self.pixels == 1 else f"{self.pixels:,} pixels"
        return f"a gate of {pixels}: {', '.join(self.modes)}"

    @property
    def a(self) -> OperandFormat:
        """The engine's: some operands are left out, but none is another."""
        return self.engine.a

    @property
    def latency(self) -> int:
        """Cycles that a beat takes through its register, and through its store where it has one."""
        return 3 if "compact" in self.modes else 1

    @property
    def store_words(self) -> int:
        """Steps of K that wait until their tile is complete, where steps may be dropped: those of a map, at least."""
        return 1 << max(1, (self.pixels - 1).bit_length())

    @property
    def decoy_bits(self) -> int:
        """Random bits that stand for the operands of a beat."""
        return self.engine.rows * self.engine.a.width if "decoy" in self.modes else 0

    @property
    def random_bits(self) -> int:
        """Random bits of every beat, whatever its mode: the number of the pixel, and operands above it."""
        return PROBABILITY_BITS + self.decoy_bits

    @property
    def own_ports(self) -> tuple[Port, ...]:
        """Inputs that set it, and where it observes, what it says."""
        codes = ", ".join(f"{MODES[name].code} {name}" for name in self.modes)
        words = {
            "map_we": "write a bit of the importance map",
            "map_addr": "its pixel",
            "map_data": "1: the pixel is important, and always multiplied",
            "seed_we": "set the state of the random number generator",
            "seed": "the state; 0 is not taken",
            "threshold": "other pixels are multiplied with a probability of this / 256",
            "mode": f"what happens to those that are not: {codes}; any other acts as off",
        }
        own = [Port(f"gate_{name}", "input", bits, words[name]) for name, bits in self.port_bits.items()]
        if self.observe:
            own.append(Port("gate_active", "output", 1, "for simulation: a pixel left the gate that is multiplied"))
        return tuple(own)

    @property
    def port_bits(self) -> dict[str, int]:
        """The gate's own inputs beside the streams, and their bits."""
        address = max(1, (self.pixels - 1).bit_length())
        own = {"map_we": 1, "map_addr": address, "map_data": 1, "seed_we": 1, "seed": SEED_BITS}
        return own | {"threshold": PROBABILITY_BITS, "mode": MODE_BITS}


def _integer(where: str, value: object, least: int, most: int) -> Iterator[Problem]:
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        yield Problem(where, f"must be an integer from {least:,} to {most:,}, not {shown(value)}")
