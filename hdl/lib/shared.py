"""Components that occur many times and are emitted once.

Amaranth emits a submodule anew wherever it stands. A :class:`Shared` one becomes a module of its own that is placed by
name, so that the cost of generation grows with the number of different parts and not with the number of places.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from amaranth.hdl import (
    Cat,
    ClockSignal,
    Const,
    Elaboratable,
    Instance,
    Module,
    ResetSignal,
    Shape,
    Signal,
    Value,
    ValueLike,
)
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hdl.lib.roles import OTHER, Role

__all__ = ["Part", "Shared", "place"]


class Part(wiring.Component):
    """A component with a module of its own.

    Attributes
    ----------
    module : str
        Its module's name, without the design's prefix; equal names mean equal hardware.
    role : Role
        What it is to an engine.
    sized : bool
        Parts of this kind differ in size within an engine; each has its size in its module's name.
    clocked : bool
        It has a port ``clk``.
    resets : bool
        It has a port ``rst``. Without one, its registers are defined by what flows into them, unless the whole design
        is to have a reset.
    """

    module: str
    role: Role = OTHER
    sized = False
    clocked = True
    resets = False
    # Amaranth warns of components that nobody elaborates; of a part's many objects only the first one is.
    _MustUse__silence = True


class Emitter(Protocol):
    """What a :class:`Shared` part asks of the platform that elaborates it."""

    def name_of(self, part: Part) -> str:
        """The full name of the part's module, which is to be emitted."""

    def resets(self, part: Part) -> bool:
        """The part's module has a port ``rst``."""


def place(m: Module, name: str, part: Part, **inputs: ValueLike) -> Shared:
    """Place a part in ``m`` as submodule ``name``, with a value for each of its inputs."""
    shared = Shared(part, name, inputs)
    m.submodules[name] = shared
    return shared


class Shared(Elaboratable):
    """One place of a part; see :func:`place`.

    Attributes
    ----------
    outputs : dict of Signal
        The part's outputs by name; each is an attribute as well.
    """

    def __init__(self, part: Part, place: str, inputs: Mapping[str, ValueLike]) -> None:
        members = part.signature.members
        expected = {name for name, member in members.items() if member.flow is In}
        if expected != set(inputs):
            raise TypeError(f"{part.module} takes {', '.join(sorted(expected))}, not {', '.join(sorted(inputs))}")
        self.part = part
        self.inputs = {name: Value.cast(value) for name, value in inputs.items()}
        self.outputs = {
            name: Signal(member.shape, name=f"{place}_{name}") for name, member in members.items() if member.flow is Out
        }

    def __getattr__(self, name: str) -> Signal:
        try:
            return self.__dict__["outputs"][name]
        except KeyError:
            raise AttributeError(name) from None

    def elaborate(self, platform: Emitter) -> Instance:
        members = self.part.signature.members
        connections = {
            f"i_{name}": _fitted(value, Shape.cast(members[name].shape).width)
            for name, value in self.inputs.items()
            if len(value)
        }
        connections |= {f"o_{name}": value for name, value in self.outputs.items() if len(value)}
        if self.part.clocked:
            connections["i_clk"] = ClockSignal()
        if platform.resets(self.part):
            connections["i_rst"] = ResetSignal()
        return Instance(platform.name_of(self.part), **connections)


def _fitted(value: Value, width: int) -> Value:
    """A value as a port of some width takes it: its low bits, or with zeros or its sign above."""
    if len(value) >= width:
        return value if len(value) == width else value[:width]
    if isinstance(value, Const):
        return Const(value.value, width)
    above = value[-1] if value.shape().signed else Const(0, 1)
    return Cat(value, above.replicate(width - len(value)))
