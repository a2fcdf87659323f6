"""What stands between the register slices of an engine: an array with its control, skew and drain."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Module, Value
from amaranth.lib.wiring import In, Out

from hdl.engine.pair import Pair
from hdl.lib import roles
from hdl.lib.shared import Part, Shared, place
from hdl.params import Dataflow, EngineParams

__all__ = ["Body"]


class Body(Part):
    """The array of an engine and everything that depends on its kind.

    Parameters
    ----------
    params : EngineParams

    Attributes
    ----------
    core : dict
        How often each module of the core (PEs, and what they share) occurs, by its name without prefix.
    drops : str
        The streams of which beats may be discarded.
    ahead : int
        Cycles in which a beat is made ready before the first of its steps.
    a_flags : int
        Bits above the operands in a beat of A that say something of it.

    Members
    -------
    wanted : In(1)
        Tiles of the job have still to enter. Held until the last beat of the job's last tile is accepted on the stream
        that comes first; no beat of another tile may be accepted before it rises again.
    a_data, a_last, a_valid, a_take, a_drop
        Beats of A; ``a_take`` accepts one, ``a_drop``, where there is one, discards one. The same for B.
    beat, beat_last : Out(1)
        A beat of the stream that comes first is accepted; it is the last of its tile.
    row_data, row_last, row_valid : Out
        A row of results. There is no ready: a row comes in the cycle after ``room`` at the earliest.
    room : In(1)
        The result buffer can take a row in the next cycle.
    active, starved, blocked : Out(1)
        Operands of A enter; they are wanted but missing; nothing moves because results find no room.
    mismatch : Out(1)
        The two streams disagree on the end of a tile. The one that ends first counts as if zeros followed,
        up to the end of the other.
    """

    module = "body"
    role = roles.ARRAY
    resets = True
    core: dict[str, int]
    drops = "ab"
    ahead = 0
    a_flags = 0

    def __init__(self, params: EngineParams) -> None:
        self.params = params
        self.flow = Dataflow(params, self.a_flags)
        streams: dict[str, Any] = {}
        for name, beats in (("a", self.flow.a), ("b", self.flow.b)):
            streams |= {f"{name}_data": In(beats.payload_bits), f"{name}_last": In(1), f"{name}_valid": In(1)}
            streams |= {f"{name}_take": Out(1), **({f"{name}_drop": Out(1)} if name in self.drops else {})}
        events = ("beat", "beat_last", "active", "starved", "blocked", "mismatch")
        super().__init__(
            {
                "wanted": In(1),
                "room": In(1),
                **streams,
                "row_data": Out(self.flow.c.payload_bits),
                **{name: Out(1) for name in ("row_last", "row_valid", *events)},
            }
        )

    def elaborate(self, platform: object) -> Module:
        raise NotImplementedError

    @property
    def latency(self) -> int | None:
        """Cycles from the last operands that a tile's first row of results needs to that row, at the ports, unstalled.

        Where B stays these are the first row of A of the last block, elsewhere a tile's last beats. Where a beat takes
        several steps, that is if it is one step; more come on top. None where rows run apart.
        """
        steps = self.steps
        return None if steps is None else 2 + self.ahead + self.flow.beat_steps + steps + self.params.preload

    @property
    def steps(self) -> int | None:
        """Steps from operands to the row that they complete, aligned; None where rows run apart."""
        return None

    @property
    def align(self) -> int:
        """Steps from a sum of the first column to that of the last."""
        return (self.params.cols - 1) * self.flow.column_skew

    def pair(self, m: Module, take: Value) -> Shared:
        """Both operand streams as one, where a step takes a beat of each."""
        beats = {name: getattr(self, name) for name in ("a_valid", "a_last", "b_valid", "b_last")}
        streams = place(m, "pair", Pair(), take=take, **beats)
        m.d.comb += [getattr(self, name).eq(getattr(streams, name)) for name in ("a_drop", "b_drop", "mismatch")]
        m.d.comb += [self.a_take.eq(take), self.b_take.eq(take), self.beat_last.eq(streams.last)]
        return streams
