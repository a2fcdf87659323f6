"""A driver for each net that is as strong as its load needs, across the borders of modules.

Modules are mapped one by one: what an output drives outside is not known there. So nets with more load than their
drivers are good for are shared out first, and drivers chosen by the load that is left.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from synth_scripts.library.drives import Drive
from synth_scripts.netlist.fanout import Added, share_out
from synth_scripts.netlist.netlist import Loads, Netlist

__all__ = ["SHARED", "serve_loads"]

#: What its load may add to the delay of a flip-flop, FO4, before that is shared out.
SHARED = 1.5
#: Stronger cells are loads themselves: the second time those of the first are known.
ROUNDS = 2


def serve_loads(netlist: Netlist, sizes: Mapping[str, Drive], slow: float, copies: int = 1) -> Added:
    """Share out the loads of nets, and replace drivers that are slow for what is left; returns what was added.

    Parameters
    ----------
    netlist : Netlist
    sizes : mapping
        What the library's cells drive, see :func:`synth_scripts.library.drives.drives`.
    slow : float
        What a load may add to the delay of its driver, FO4, before a stronger one is taken.
    copies : int
        The most flip-flops that one with many sinks becomes.
    """
    added = share_out(netlist, sizes, SHARED, copies)
    for _ in range(ROUNDS):
        _size(netlist, sizes, slow)
    return added


def _size(netlist: Netlist, sizes: Mapping[str, Drive], slow: float) -> None:
    """Give each cell the smallest form that is not slow for its loads, or the strongest one."""
    inside: Loads = {}
    for name in netlist.order:
        inside[name] = netlist.at_inputs(name, netlist.totals(name, inside))
    outside: Loads = defaultdict(lambda: defaultdict(dict))
    # Fan-out trees give their buffers what these are good for.
    tree = netlist.library.tree_buffer[0]
    # From the top downwards: by then all places are known in which a module stands.
    for name in reversed(netlist.order):
        module, totals = netlist.module(name), defaultdict(float, netlist.totals(name, inside))
        for port, values in module["ports"].items():
            if values["direction"] == "output":
                for i, bit in enumerate(values["bits"]):
                    totals[bit] += outside[name][port].get(i, netlist.library.load_ff)
        for cell in module["cells"].values():
            kind = cell["type"]
            driven = {
                pin: bits for pin, bits in cell["connections"].items() if cell["port_directions"][pin] == "output"
            }
            if kind in inside:
                for pin, bits in driven.items():
                    most = outside[kind][pin]
                    most.update((i, max(most.get(i, 0.0), totals[bit])) for i, bit in enumerate(bits))
            elif kind in sizes and kind != tree:
                loads = {pin: totals[bits[0]] for pin, bits in driven.items() if bits}
                cell["type"] = _fitting(sizes, kind, loads, slow)


def _fitting(sizes: Mapping[str, Drive], kind: str, loads: Mapping[str, float], slow: float) -> str:
    def slowed(form: str) -> float:
        return max((sizes[form].slowed(pin, load) for pin, load in loads.items()), default=0.0)

    if slowed(kind) <= slow:
        return kind
    forms = sizes[kind].forms
    return next((form for form in forms if slowed(form) <= slow), min(forms, key=slowed))
