"""A hierarchy of mapped modules as one flat module, all in Yosys' JSON form.

An engine of equal PEs has few distinct modules: copying them here is far quicker than letting Yosys write and read all
of the copies as text.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from synth_scripts.library.library import Library
from synth_scripts.work import yosys

__all__ = ["Place", "flatten", "mapped_modules", "places"]

#: A net by number, or a constant.
Bit = int | str


def mapped_modules(library: Library, verilog: str, top: str, folder: Path, name: str) -> dict[str, Any]:
    """Modules of library cells in Yosys' JSON form, by name; ``<name>.v`` and a log stay in the folder.

    Raises
    ------
    ToolError
        Where Yosys can't read them.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.v").write_text(verilog)
    commands = [
        f"read_liberty -lib -ignore_miss_func {yosys.LIBRARY}",
        f"read_verilog {name}.v",
        f"hierarchy -top {top}",
        f"write_json {name}.json",
    ]
    yosys.run(commands, folder, name, files={yosys.LIBRARY: library.mapping})
    written = folder / f"{name}.json"
    modules: dict[str, Any] = json.loads(written.read_text())["modules"]
    written.unlink()
    return modules


def flatten(modules: Mapping[str, Any], top: str, leaves: Collection[str]) -> dict[str, Any]:
    """The top module with every cell in it that is a leaf; a cell's name begins with the instances it stands in.

    Parameters
    ----------
    modules : mapping
        By name.
    top : str
    leaves : collection of str
        Kinds of cells that stay.

    Returns
    -------
    dict
        ``ports``, ``cells`` and ``netnames``, the last with nothing but the highest number of a net.
    """
    return _Flat(modules, leaves).module(top)


@dataclass(frozen=True)
class Place:
    """An instance of a module in the hierarchy.

    Parameters
    ----------
    names : tuple of str
        The instances that lead to it from the top module, which has none.
    module : str
    nets : dict
        The flat net, or constant, by the module's own number of a net.
    """

    names: tuple[str, ...]
    module: str
    nets: Mapping[int, Bit]

    def cell(self, name: str) -> str:
        """What a cell in it is called in the flat module."""
        return ".".join((*self.names, name))


def places(modules: Mapping[str, Any], top: str, leaves: Collection[str]) -> list[Place]:
    """Every instance of a module that :func:`flatten` dissolves, and how its nets are called in the flat module."""
    flat = _Flat(modules, leaves)
    flat.module(top)
    return [
        Place(each.names, each.module, {net: flat.find(bit) for net, bit in each.nets.items()}) for each in flat.places
    ]


class _Flat:
    def __init__(self, modules: Mapping[str, Any], leaves: Collection[str]) -> None:
        self.modules, self.leaves = modules, leaves
        self.places: list[Place] = []
        #: By net: the net or constant it is joined with, or itself. Numbers 0 and 1 are none.
        self.joined: list[Bit] = [0, 1]
        self.cells: dict[str, dict[str, Any]] = {}

    def module(self, top: str) -> dict[str, Any]:
        """Walk through all of it, then give nets that are joined one number."""
        nets: dict[int, Bit] = {}
        ports = {
            name: {**port, "bits": [self._net(bit, nets) for bit in port["bits"]]}
            for name, port in self.modules[top]["ports"].items()
        }
        self._place(top, (), nets)
        for part in self.cells.values():
            part["connections"] = {pin: [self.find(bit) for bit in bits] for pin, bits in part["connections"].items()}
        for port in ports.values():
            port["bits"] = [self.find(bit) for bit in port["bits"]]
        return {"ports": ports, "cells": self.cells, "netnames": {"last": {"bits": [len(self.joined) - 1]}}}

    def _place(self, name: str, path: tuple[str, ...], nets: dict[int, Bit]) -> None:
        """The cells of a module, whose ports are bound to ``nets``."""
        self.places.append(Place(path, name, nets))
        for cell_name, cell in self.modules[name]["cells"].items():
            pins = {pin: [self._net(bit, nets) for bit in bits] for pin, bits in cell["connections"].items()}
            if cell["type"] in self.leaves:
                self.cells[".".join((*path, cell_name))] = {**cell, "connections": pins}
                continue
            inside: dict[int, Bit] = {}
            for port, spec in self.modules[cell["type"]]["ports"].items():
                for bit, outer in zip(spec["bits"], pins.get(port, ()), strict=False):
                    if isinstance(bit, str):
                        self._join(outer, bit)
                    elif bit in inside:  # one net at two ports
                        self._join(inside[bit], outer)
                    else:
                        inside[bit] = outer
            self._place(cell["type"], (*path, cell_name), inside)

    def _net(self, bit: Bit, nets: dict[int, Bit]) -> Bit:
        """The flat net of a module's own one, a new one where it is not known."""
        if isinstance(bit, str):
            return bit
        if bit not in nets:
            nets[bit] = len(self.joined)
            self.joined.append(len(self.joined))
        return nets[bit]

    def find(self, bit: Bit) -> Bit:
        """The net or constant that a net is joined with, or itself."""
        while isinstance(bit, int) and self.joined[bit] != bit:
            bit = self.joined[bit]
        return bit

    def _join(self, one: Bit, other: Bit) -> None:
        one, other = self.find(one), self.find(other)
        if isinstance(one, int):
            self.joined[one] = other
        elif isinstance(other, int):
            self.joined[other] = one
