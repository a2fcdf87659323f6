"""Which designs are compared, on what: the table of candidates, the libraries, and what the paper reports."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from hdl.params import MULTIPLIERS, EngineParams
from hdl.params.axes import KForm, KSpace
from hdl.params.presets import preset_axes

__all__ = ["ARRAYS", "DESIGNS", "LIBRARIES", "SIZE", "Array", "Design"]

#: Rows and columns, and steps of K in space of arrays that have some: half as many in a cube, whose chains are long.
SIZE = 16
DEPTH = {"systolic_ws": 16, "adder_tree": 16, "cube": 8}
LIBRARIES = ("osu018", "sky130", "sg13g2", "asap7")


@dataclass(frozen=True)
class Array:
    """An array, and what Wu et al. (HPCA 2025) report for its best transformed core over the plain one.

    Parameters
    ----------
    title : str
        Here and there.
    area, energy : float
        Ratios of area efficiency and of energy efficiency.
    """

    title: str
    area: float
    energy: float


ARRAYS = {
    "systolic_os": Array("systolic, results stay", 1.27, 1.04),
    "systolic_ws": Array("systolic, weights stay", 1.27, 1.04),
    "cube": Array("3D cube", 1.28, 1.56),
    "adder_tree": Array("multiplier-adder tree", 1.56, 1.49),
    "matrix_2d": Array("2D matrix", 1.44, 1.20),
}


@dataclass(frozen=True)
class Design:
    """A candidate.

    Parameters
    ----------
    name : str
        In results and tables.
    array : str
        Which array it is a form of, a key of :data:`ARRAYS`.
    params : EngineParams
        The engine. One that multiplies stands for its best multiplier.
    """

    name: str
    array: str
    params: EngineParams

    @property
    def plain(self) -> bool:
        """It multiplies: what others are compared with."""
        return self.params.axes.multiplies

    @property
    def sparse(self) -> bool:
        """Its cycles depend on the operands."""
        return self.params.data_dependent

    @property
    def laconic(self) -> bool:
        """Both operands are recoded and each lane skips its own zeros: what sparse designs are compared with."""
        return self.params.axes.recodes_both

    @property
    def forms(self) -> tuple[EngineParams, ...]:
        """The engines that are tried for it."""
        if not self.plain:
            return (self.params,)
        return tuple(replace(self.params, multiplier=name) for name in MULTIPLIERS)


def _named(array: str, *schemes: str) -> Iterator[Design]:
    """Designs that have a name; those whose rows skip zeros recode with ``ent``, which leaves the fewest digits."""
    for scheme in schemes:
        params = EngineParams(array=array, scheme=scheme, rows=SIZE, cols=SIZE, depth=DEPTH.get(array, SIZE))
        yield Design(f"{array} {scheme}", array, replace(params, encoder="ent") if params.sparse else params)


def _tree(array: str, scheme: str, steps: int) -> Design:
    """A named design that takes several steps of K at once, in a tree in each PE."""
    axes = replace(preset_axes(array, scheme, 1), k=KSpace(KForm.TREE, steps))
    params = EngineParams(point=axes, rows=SIZE // 2, cols=SIZE // 2)
    return Design(f"{array} {scheme}, tree of {steps}", array, params)


DESIGNS = {
    design.name: design
    for design in (
        *_named("systolic_os", "mac", "opt1"),
        *_named("systolic_ws", "mac", "opt1"),
        *_named("cube", "mac", "opt1"),
        *_named("adder_tree", "mac", "opt1", "opt2"),
        *_named("matrix_2d", "mac", "opt1", "opt2"),
        *_named("matrix_2d", "laconic", "opt3", "opt4c", "opt4e"),
        _tree("systolic_os", "mac", 4),
        _tree("systolic_os", "opt1", 4),
    )
}
