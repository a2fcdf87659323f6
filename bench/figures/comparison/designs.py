"""Which designs are compared, on what: the table of candidates, the libraries, and what the paper reports."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import isqrt

from bench._axes import planes, tree
from hdl.params import MULTIPLIERS, EngineParams
from hdl.params.axes import Axes, Digits, Encode, KForm, Order, Recoded, Travel
from hdl.params.presets import preset_axes

__all__ = ["CONTESTS", "DESIGNS", "LIBRARIES", "SIZE", "Contest", "Design", "Ratios"]

#: Rows and columns.
SIZE = 16
LIBRARIES = ("osu018", "sky130", "sg13g2", "asap7")


@dataclass(frozen=True)
class Ratios:
    """The best transformed design over the best plain one; above 1 where it is better.

    Parameters
    ----------
    core, engine : float
        Of area efficiency; of the engine None where nothing is said of it.
    energy : float
        Of energy efficiency: the engine's, or the core's where nothing is said of the engine.
    """

    core: float
    engine: float | None
    energy: float


@dataclass(frozen=True)
class Contest:
    """An array, in which designs are compared.

    Parameters
    ----------
    name, title : str
        As a configuration has it, and in words.
    depth : int
        Steps of K in space, where the array has some.
    schemes : tuple of str
        Those that have a name and are compared; a plain one is among them.
    reported : Ratios or None
        What Wu et al. (HPCA 2025) have of their cores, where they have such an array.
    wanted : Ratios or None
        What is to be reached in the median of the libraries, where anything is.
    steps : int
        Of K, that each PE takes at once and adds up in a tree: so many times fewer PEs, for smaller tiles.
    """

    name: str
    title: str
    depth: int
    schemes: tuple[str, ...]
    reported: Ratios | None = None
    wanted: Ratios | None = None
    steps: int = 1

    @property
    def label(self) -> str:
        """In tables."""
        return self.name if self.steps == 1 else f"{self.name}, tree of {self.steps}"


_SYSTOLIC = Ratios(1.27, None, 1.04)
CONTESTS = (
    Contest("systolic_os", "systolic, results stay", SIZE, ("mac", "opt1"), _SYSTOLIC, Ratios(2.0, 1.7, 1.3)),
    Contest("systolic_ws", "systolic, weights stay", SIZE, ("mac", "opt1"), _SYSTOLIC, Ratios(1.8, 1.6, 1.3)),
    Contest("cube", "3D cube", SIZE // 2, ("mac", "opt1"), Ratios(1.28, None, 1.56), Ratios(1.8, 1.6, 1.3)),
    Contest(
        *("adder_tree", "multiplier-adder tree", SIZE, ("mac", "opt1", "opt2")),
        *(Ratios(1.56, None, 1.49), Ratios(1.8, 1.6, 1.4)),
    ),
    Contest(
        *("matrix_2d", "2D matrix", SIZE, ("mac", "opt1", "opt2", "laconic", "opt3", "opt4c", "opt4e")),
        *(Ratios(1.44, None, 1.20), Ratios(2.0, 1.6, 1.3)),
    ),
    Contest("systolic_os", "the same with trees of four steps of K", SIZE, ("mac", "opt1"), steps=4),
    Contest("matrix_2d", "the same with trees of four steps of K", SIZE, ("mac", "opt1"), steps=4),
)
_PLAIN_ARRAYS = tuple(contest for contest in CONTESTS if contest.steps == 1)
_TREES = tuple(contest for contest in CONTESTS if contest.steps > 1)
#: Rows share operands of A, and hand on digits of B.
_SHARED_ROWS = Axes(recoded=Recoded.B, a=Travel.BROADCAST)


@dataclass(frozen=True)
class Design:
    """A candidate.

    Parameters
    ----------
    name : str
        In results and tables.
    contest : Contest
        Which array it is a form of.
    params : EngineParams
        The engine. One that multiplies stands for its best multiplier.
    family : str
        What it has in common with others of its array beside the scheme; they are compared once all are measured.
    """

    name: str
    contest: Contest
    params: EngineParams
    family: str = ""

    @property
    def plain(self) -> bool:
        """It multiplies: what others are compared with."""
        return self.params.axes.multiplies

    @property
    def serial(self) -> bool:
        """Digits follow each other in time, those that are zero left out or not."""
        return self.params.axes.digits.order is not None or self.params.data_dependent

    @property
    def turn(self) -> tuple[bool, bool]:
        """When it is measured: dense engines with a name take minutes, and come before other dense ones.

        Those with digits in time take up to an hour, and come last.
        """
        return self.serial, self.params.point is not None

    @property
    def laconic(self) -> bool:
        """Both operands are recoded and each lane skips its own zeros: what other serial designs are compared with."""
        return self.params.axes.recodes_both

    @property
    def forms(self) -> tuple[EngineParams, ...]:
        """The engines that are tried for it."""
        if not self.plain:
            return (self.params,)
        return tuple(replace(self.params, multiplier=name) for name in MULTIPLIERS)


def _named(contest: Contest) -> Iterator[Design]:
    """Designs that have a name; those whose rows skip zeros recode with ``ent``, which leaves the fewest digits."""
    for scheme in contest.schemes:
        params = EngineParams(array=contest.name, scheme=scheme, rows=SIZE, cols=SIZE, depth=contest.depth)
        named = replace(params, encoder="ent") if params.sparse else params
        yield Design(f"{contest.name} {scheme}", contest, named)


def _with_all_carries(contest: Contest) -> Iterator[Design]:
    """Sums that move on or go through a tree, with a carry bit in each column: a shorter path, in more area.

    Where sums stay in the PEs this gains nothing at the core (0 to 1 %), and takes more energy.
    """
    for scheme in contest.schemes:
        axes = preset_axes(contest.name, scheme, contest.depth)
        if axes.saves_carries:
            params = EngineParams(point=axes, rows=SIZE, cols=SIZE, carry_every=1)
            yield Design(f"{contest.name} {scheme}, all carries", contest, params, "all carries")
            if axes.weights_stay:
                like = _recoding_b(contest, scheme)
                params, family = replace(like.params, carry_every=1), f"{like.family}, all carries"
                yield Design(f"{like.name}, all carries", contest, params, family)


def _trees(contest: Contest) -> Iterator[Design]:
    """Dense designs that take several steps of K at once, in a tree in each PE: as many fewer PEs.

    Rows of the 2D matrix share operands of A, and digits of B are handed on: that is the better transformed one there.
    """
    side = SIZE // isqrt(contest.steps)
    for scheme in contest.schemes:
        axes, name = replace(preset_axes(contest.name, scheme, 1), k=tree(contest.steps)), f"{contest.name} {scheme}"
        name = f"{name}, tree of {contest.steps}"
        if axes.a is Travel.BROADCAST and not axes.multiplies:
            axes, name = replace(_SHARED_ROWS, k=tree(contest.steps)), f"{name}, B recoded"
        yield Design(name, contest, EngineParams(point=axes, rows=side, cols=side))


def _recoding_b(contest: Contest, scheme: str) -> Design:
    """B, which stays, is recoded: its digits are made as it is loaded, or in a multiplier of what does not change."""
    axes = replace(preset_axes(contest.name, scheme, contest.depth), recoded=Recoded.B)
    if not axes.recodes_in_pe:
        axes = replace(axes, encode=Encode.LOAD)
    params = EngineParams(point=axes, rows=SIZE, cols=SIZE)
    return Design(f"{contest.name} {scheme}, B recoded", contest, params, "B recoded")


def _planes(contest: Contest, lanes: int) -> Design:
    """Rows keep step, plane by plane, and skip only what none has; B is recoded, as there is more of A to go around."""
    name = f"{contest.name} planes, tree of {lanes}, B recoded"
    return Design(
        name, contest, EngineParams(point=planes(tree(lanes), Recoded.B), rows=SIZE, cols=SIZE, encoder="naf")
    )


def _two_in_time(contest: Contest) -> Design:
    """Two digits in time, of rows that share operands of A and hand on digits of B."""
    axes = replace(_SHARED_ROWS, k=tree(8), digits=Digits(2, Order.OPERANDS))
    side = SIZE // isqrt(4)
    name = f"{contest.name} two digits in time, tree of 8, B recoded"
    return Design(name, contest, EngineParams(point=axes, rows=side, cols=side))


_ALL = {
    design.name: design
    for design in (
        *(design for contest in _PLAIN_ARRAYS for design in _named(contest)),
        *(
            _recoding_b(contest, scheme)
            for contest in _PLAIN_ARRAYS
            if preset_axes(contest.name, contest.schemes[0], contest.depth).weights_stay
            for scheme in contest.schemes
        ),
        *(
            design
            for contest in _PLAIN_ARRAYS
            if preset_axes(contest.name, contest.schemes[0], contest.depth).k.form is not KForm.NONE
            for design in _with_all_carries(contest)
        ),
        *(design for contest in _TREES for design in _trees(contest)),
        _two_in_time(_PLAIN_ARRAYS[-1]),
        _planes(_PLAIN_ARRAYS[-1], 8),
    )
}
#: By name, in the order in which they are measured.
DESIGNS = dict(sorted(_ALL.items(), key=lambda item: item[1].turn))
