"""The engines that are measured, and what an engine must have to take changes."""

from __future__ import annotations

from dataclasses import dataclass

from hdl.params import ConfigError, EngineParams, OperandFormat, Problem
from hdl.params.axes import Axes, Digits, KForm, KSpace, Order, Skip, Sum
from hdl.params.delta import DeltaParams
from hdl.params.title import Title
from sim_tb.workloads.network import Placement

__all__ = ["Contender", "contenders", "encoder_of", "of_user"]

#: Rows are what runs in lockstep, or apart. Columns all do the same, so that few show what many would take.
ROWS, COLS = 16, 4
#: Activations as they come.
PIXELS = OperandFormat(8, signed=False)


@dataclass(frozen=True)
class Contender:
    """An engine in the comparison.

    Parameters
    ----------
    key : str
    words : str
        What its rows do about zeros.
    params : EngineParams
    """

    key: str
    words: str
    params: EngineParams

    @property
    def takes_pixels(self) -> bool:
        """Its activations hold pixels of eight bits as they are."""
        return Placement(self.params).activation.max >= PIXELS.max

    @property
    def gathers(self) -> bool:
        """Tiles may be cut for it with steps left out: A takes activations, and weights are as they are."""
        place = Placement(self.params)
        return not place.swapped and not place.offset


def contenders() -> tuple[Contender, ...]:
    """Two engines whose rows skip their own zeros, one that skips common ones, and one that skips none."""

    def engine(**keys: object) -> EngineParams:
        formats = {"a": OperandFormat(9, signed=True), "b": OperandFormat(8, signed=True)}
        return EngineParams(rows=ROWS, cols=COLS, preload=True, encoder="naf", **{**formats, **keys})  # type: ignore[arg-type]

    common = Axes(k=KSpace(KForm.TREE, 4), digits=Digits(1, Order.PLANES), skip=Skip.COMMON, sum=Sum(per_weight=True))
    return (
        Contender("opt4c", "each row skips its own zeros", engine(scheme="opt4c")),
        Contender("opt4e", "each row skips its own zeros, four steps of K at once", engine(scheme="opt4e")),
        Contender("common-4", "rows keep step, and skip common zeros, four steps of K at once", engine(point=common)),
        Contender("opt1", "no zeros are skipped", engine(scheme="opt1")),
    )


def encoder_of(params: EngineParams, lanes: int, words: int) -> DeltaParams:
    """The encoder whose changes an engine takes."""
    return DeltaParams(lanes=lanes, words=max(words, 2), x=PIXELS, d=Placement(params).activation)


def of_user(params: EngineParams, theta: int) -> Contender:
    """A user's engine.

    Raises
    ------
    ConfigError
        Where it takes no initial values, or its activations don't hold every change of pixels in units of theta.
    """
    problems = []
    activation = Placement(params).activation
    key = "engine.b" if Placement(params).swapped else "engine.a"
    if params.floating:
        problems.append(Problem("engine.a", f"must be integers, as changes are, not {params.a}", "write s9"))
    elif not activation.signed or activation.max < PIXELS.max // theta:
        least = f"s{(PIXELS.max // theta).bit_length() + 1}"
        text = f"must hold changes of up to {PIXELS.max // theta} either way with theta {theta}, not {activation}"
        problems.append(Problem(key, text, f"write {least}, or raise theta"))
    if not params.preload:
        problems.append(Problem("engine.preload", "must be true: results begin with those of the frame before"))
    if problems:
        raise ConfigError(problems)
    words = "skips zeros" if params.data_dependent else "no zeros are skipped"
    return Contender("engine", f"{Title(params)}: {words}", params)
