"""The timing rules between commands of a channel, apart from those of single banks: what waits how long for what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from amaranth.hdl import Const, Module, Mux, Signal, Value

from hdl.params.pim import PimParams, mode_registers
from hdl.pim.channel.since import Since

__all__ = ["ChannelRules", "waits"]

#: Classes of commands that rules treat alike; an all-bank activate is in none but ``array``.
CLASSES = {
    "read": ("RD_SB",),
    "write": ("WR_SB", "WR_ELEM"),
    "mac": ("MAC_AB", "SCALE_AB"),
    "load": ("WR_GB", "WR_BIAS"),
    "fetch": ("RD_MAC", "RD_MAC_KEEP"),
    "refresh": ("REF",),
    "activate": ("ACT",),
    "activate_all": ("ACT_AB",),
}
REGISTERS = ("WR_GB", "WR_BIAS", "RD_MAC", "RD_MAC_KEEP")


def waits(params: PimParams) -> dict[str, dict[str, int]]:
    """For each command, the clocks since the last one of each class, ``register``, ``array`` and ``preset`` among them.

    Words follow each other on the data bus in the order of their commands: a command whose latency is shorter does not
    overtake. That is implied by tRTW and tWTR where the direction changes.

    Where there are several global buffers, a MAC waits for the one that it reads, which is not in this table.
    """
    t, several, switching = params.timing, params.buffers > 1, mode_registers(params)
    latency = {"read": t.cl, "write": t.cwl, "load": t.cwl_reg, "fetch": t.cl_reg}
    of = {name: each for each, names in CLASSES.items() for name in names}
    table: dict[str, dict[str, int]] = {}
    for name in (
        "ACT",
        "ACT_AB",
        "PRE",
        "PRE_AB",
        "REF",
        "RD_SB",
        "WR_SB",
        "WR_ELEM",
        "MAC_AB",
        "SCALE_AB",
        *REGISTERS,
    ):
        own = of.get(name, "")
        rules = table[name] = {"refresh": t.trfc}
        if name in switching:
            rules["array"] = t.tmod
        elif name not in REGISTERS:
            rules["register"] = t.tmod
        if own in ("read", "write", "mac"):
            rules |= dict.fromkeys(("read", "write", "mac"), t.tccd)
        if own in latency:
            for before, clocks in latency.items():
                turn = 0
                if before in ("read", "fetch") and own in ("write", "load"):
                    turn = t.trtw
                rules[before] = max(rules.get(before, 0), clocks + t.tbl + turn - latency[own])
        if own in ("read", "fetch"):
            rules["load"] = max(rules["load"], t.cwl_reg + t.tbl + t.twtr)
        if own in ("read", "fetch", "mac"):
            rules["write"] = max(rules["write"], t.cwl + t.tbl + t.twtr)
        if own == "mac":
            rules["preset" if several else "load"] = t.cwl_reg + t.tbl
            rules["activate_all"] = t.trcd_mac
        if name == "WR_ELEM":
            rules["activate_all"] = t.trcd_wr
        if own == "fetch" or name == "WR_BIAS":
            rules["mac"] = t.tmac
        if name == "ACT":
            rules["activate"] = t.trrd
    return table


class ChannelRules:
    """Whether the rules between commands allow each command in this clock.

    Parameters
    ----------
    m : Module
    params : PimParams
    sent : mapping
        For each command, a value that is high in the clock in which it leaves.
    buffers : sequence of (Value, Value)
        For each global buffer, where there are several: it is written in this clock, and the next MAC_AB reads it.
    """

    def __init__(
        self, m: Module, params: PimParams, sent: Mapping[str, Value], buffers: Sequence[tuple[Value, Value]] = ()
    ) -> None:
        table, timing = waits(params), params.timing
        events = {each: _any(sent, names) for each, names in CLASSES.items()}
        events["preset"] = sent["WR_BIAS"]
        events["register"] = _any(sent, mode_registers(params))
        events["array"] = _any(sent, [name for name in sent if name not in REGISTERS])
        since = {}
        for before, event in events.items():
            distances = {rules[before] for rules in table.values() if before in rules}
            if distances:
                since[before] = Since(m, before, event, *distances)
        self._allowed: dict[str, Value] = {}
        for name, rules in table.items():
            if name not in sent:
                continue
            allowed = self._allowed[name] = Signal(name=f"rules_{name.lower()}")
            terms = [since[before].past(clocks) for before, clocks in rules.items()]
            if name == "ACT" and timing.tfaw:
                terms.append(_window(m, events["activate"], timing.tfaw))
            if name == "MAC_AB":
                arrives = timing.cwl_reg + timing.tbl
                for i, (written, read) in enumerate(buffers):
                    terms.append(~read | Since(m, f"written{i}", written, arrives).past(arrives))
            m.d.comb += allowed.eq(_all(terms))

    def allow(self, name: str) -> Value:
        """The command breaks no rule in this clock."""
        return self._allowed[name]


def _window(m: Module, activate: Value, clocks: int) -> Value:
    """The fourth last activate was ``clocks`` clocks ago: four timers take turns."""
    turn = Signal(2, name="activate_turn")
    m.d.sync += turn.eq(Mux(activate, turn + 1, turn))
    timers = [Since(m, f"activate{i}", activate & (turn == i), clocks) for i in range(4)]
    found = timers[0].past(clocks)
    for i in range(1, 4):
        found = Mux(turn == i, timers[i].past(clocks), found)
    return found


def _any(sent: Mapping[str, Value], names: list[str] | tuple[str, ...]) -> Value:
    found: Value = Const(0, 1)
    for name in names:
        if name in sent:
            found = found | sent[name]
    return found


def _all(terms: list[Value]) -> Value:
    found: Value = Const(1, 1)
    for term in terms:
        found = found & term
    return found
