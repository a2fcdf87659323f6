"""A hierarchical netlist in Yosys' JSON form as one flat module: what Yosys' ``flatten`` does, many times as fast."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["flattened_module"]

Bit = int | str


def flattened_module(modules: Mapping[str, Any], top: str) -> dict[str, Any]:
    """The top module with the cells of all modules in it, each under its path, joined by points.

    Parameters
    ----------
    modules : mapping
        Modules by name; cells of kinds that are missing, or that are black boxes, stay.
    top : str

    Returns
    -------
    dict
        ``ports``, ``cells`` and ``netnames``, the last with all nets under one name.
    """
    return _Flat(modules).module(top)


class _Flat:
    def __init__(self, modules: Mapping[str, Any]) -> None:
        self.modules = {name: module for name, module in modules.items() if not module["attributes"].get("blackbox")}
        self.cells: dict[str, dict[str, Any]] = {}
        #: Nets that are another one, or a constant, since a module passes it through.
        self.same: dict[int, Bit] = {}
        self.next = 2

    def module(self, top: str) -> dict[str, Any]:
        nets: dict[int, Bit] = {}
        ports = {
            name: {**port, "bits": [self._net(bit, nets) for bit in port["bits"]]}
            for name, port in self.modules[top]["ports"].items()
        }
        self._place(top, "", nets)
        for cell in self.cells.values():
            connections = cell["connections"]
            for pin, bits in connections.items():
                connections[pin] = [self._root(bit) for bit in bits]
        for port in ports.values():
            port["bits"] = [self._root(bit) for bit in port["bits"]]
        return {"ports": ports, "cells": self.cells, "netnames": {"nets": {"bits": list(range(2, self.next))}}}

    def _place(self, kind: str, path: str, nets: dict[int, Bit]) -> None:
        """The cells of a module, whose own nets are known by ``nets`` as far as they are at its ports."""
        for name, cell in self.modules[kind]["cells"].items():
            connections = {pin: [self._net(bit, nets) for bit in bits] for pin, bits in cell["connections"].items()}
            part = self.modules.get(cell["type"])
            if part is None:
                kept = {"type": cell["type"], "port_directions": cell["port_directions"], "connections": connections}
                self.cells[f"{path}{name}"] = kept
                continue
            inside: dict[int, Bit] = {}
            for pin, port in part["ports"].items():
                for bit, outside in zip(port["bits"], connections.get(pin, ()), strict=False):
                    if isinstance(bit, int) and bit not in inside:
                        inside[bit] = outside
                    else:
                        self._join(self._net(bit, inside), outside)
            self._place(cell["type"], f"{path}{name}.", inside)

    def _net(self, bit: Bit, nets: dict[int, Bit]) -> Bit:
        """The net of a module's bit, a new one where it has none yet."""
        if isinstance(bit, str):
            return bit
        net = nets.get(bit)
        if net is None:
            net = nets[bit] = self.next
            self.next += 1
        return net

    def _join(self, one: Bit, other: Bit) -> None:
        one, other = self._root(one), self._root(other)
        if one == other:
            return
        if isinstance(other, int):
            self.same[other] = one
        elif isinstance(one, int):
            self.same[one] = other

    def _root(self, bit: Bit) -> Bit:
        while isinstance(bit, int) and bit in self.same:
            bit = self.same[bit]
        return bit
