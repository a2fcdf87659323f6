"""Every attribute of a simulated unit is known to be in its state, or not to change: a state without one goes wrong."""

from __future__ import annotations

from collections.abc import Iterable

from sim_tb.pim.simulate.units import Units

__all__ = ["check_complete"]

#: By class, the attributes that state and restore take care of, that say what was seen, and that never change.
KNOWN = {
    "Channel": "ahead answered answers arrivals bank banks base begins begun buffers bursts code col count ends fed "
    "freed interval latencies leaves left loads number owed params pops products queue queued quiet_from "
    "read_depth refreshes rises row spans steps valid wake word write_depth",
    "Banks": "activates bank_ready open ready rows single together waits window",
    "Loads": "_busy _gives _reads _stale _takes arrives look pick ready",
    "Feeder": "accesses address base channels ended ends freed index job left more queue quiet_from slots start valid "
    "wake who words",
    "Collector": "accesses base channels ended ends freed index job mask places queue quiet_from turn valid wake words",
    "Mover": "address inputs left out quiet_from spans wake words",
    "Memory": "beats changed collector due feeder gives low mover shown spans start time vector",
    "Board": "collects feeds moved vectors",
    "VectorUnit": "_lanes _scan turns",
    "Turns": "_complete _count _ends _idle _oldest _params _plans _stale active done gives jobs now numbers ready "
    "scans slot sums target vectors",
    "Lanes": "_asked _asked_mask _b _beats _c _front _full _gap _lanes _last_of _meets _offset _open _ports _results "
    "_returning _short _step _sum_latency _turns _wholes _wholes_mask _words a b c writing",
    "Scan": "_beats _gap _latency _open _turns _which _words word",
    "Operand": "_elements _lanes count there waiting",
    "Job": "_stages a b beats c code d gives left number stage stride target",
}


def check_complete(units: Units) -> None:
    """Raise AssertionError if a unit has an attribute that nobody has thought of here."""
    for unit in _parts(units):
        name = type(unit).__name__
        found = set(vars(unit)) if hasattr(unit, "__dict__") else set()
        found.update(*(getattr(each, "__slots__", ()) for each in type(unit).__mro__))
        if unknown := sorted(found - set(KNOWN[name].split())):
            message = f"{name} has {', '.join(unknown)}: its state() and restore(), burst/canonical.py and this list"
            raise AssertionError(message + " must know them, or burst mode takes states for equal which are not")


def _parts(units: Units) -> Iterable[object]:
    """One of each kind of unit, with what it consists of."""
    channel, vector = units.channels[0], units.vector
    yield from (channel, channel.banks, units.feeder, units.collector, units.mover, units.memory, units.board)
    if channel.loads:
        yield channel.loads
    yield from (vector, *vector.parts, vector.turns.jobs[0])
