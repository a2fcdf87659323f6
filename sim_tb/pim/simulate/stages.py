"""The phases of vector instructions as their time sees them: what each waits for, asks for and gives, in steps."""

from __future__ import annotations

from dataclasses import dataclass

from hdl.arith.float.passes import LaneShape, pass_named
from hdl.pim.vector.phases import PHASES, Phase, early, has_b

__all__ = ["Plan", "Stage", "plans"]


@dataclass(frozen=True, slots=True)
class Stage:
    """A phase.

    Parameters
    ----------
    scans : str
        ``greatest`` or ``sum`` if it reads a vector beside the lanes; or empty.
    runs : bool
        It sends something through the lanes: a vector, or one number.
    vector, gathers : bool
        A vector; one whose elements are collected one by one.
    sums, writes : bool
        Results are added up; or go to SRAM. If neither, one is a number.
    packs, single : bool
        Of what goes to SRAM: two beats are written together, as they are int8; it is one number, to the word b.
    b, c : int
        Steps from operand ``a`` of a beat to its other operands; -1 for none.
    early : bool
        Its results leave the lanes after the first multiplication.
    again : tuple of int
        A pass for each time that a result goes back: steps from there to operand ``b``, or -1.
    final : bool
        The instruction's last phase.
    """

    scans: str = ""
    runs: bool = False
    vector: bool = False
    gathers: bool = False
    sums: bool = False
    writes: bool = False
    packs: bool = False
    single: bool = False
    b: int = -1
    c: int = -1
    early: bool = False
    again: tuple[int, ...] = ()
    final: bool = False

    @property
    def parts(self) -> int:
        """Things that must come to their end before the next phase."""
        return int(self.runs) + bool(self.scans)


@dataclass(frozen=True, slots=True)
class Plan:
    """An instruction.

    Parameters
    ----------
    stages : tuple of Stage
    b_is_a, c_is_b : bool
        Operand ``b`` of the lanes is the instruction's vector a; operand ``c`` is its vector b.
    """

    stages: tuple[Stage, ...]
    b_is_a: bool
    c_is_b: bool


def _lag(shape: LaneShape, run: str, operand: str) -> int:
    lag = shape.lag(pass_named(run), operand)
    return -1 if lag is None else lag


def _stage(shape: LaneShape, name: str, phase: Phase) -> Stage:
    run, vector = phase.run, bool(phase.run) and phase.a != "x"
    return Stage(
        scans={"": "", "sum": "sum", "centred": "sum"}.get(phase.scan, "greatest"),
        runs=bool(run),
        vector=vector,
        gathers=phase.a == "gather",
        sums=vector and phase.to == "sum",
        writes=bool(run) and phase.to in ("write", "pack", "single"),
        packs=phase.to == "pack",
        single=phase.to == "single",
        b=_lag(shape, run, "b") if run else -1,
        c=_lag(shape, run, "c") if run else -1,
        early=early(name, phase),
        again=tuple(_lag(shape, step.run, "b") for step in phase.chain),
        final=phase is PHASES[name][-1],
    )


def plans(shape: LaneShape) -> dict[str, Plan]:
    """Every vector instruction in lanes of a shape."""
    found = {}
    for name, phases in PHASES.items():
        stages = tuple(_stage(shape, name, phase) for phase in phases)
        # A vector b that no phase takes as operand b is added as operand c.
        takes_b = any(stage.b >= 0 for stage in stages)
        found[name] = Plan(stages, not has_b(name), has_b(name) and not takes_b)
    return found
