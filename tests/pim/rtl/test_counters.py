"""Counters of so few bits that they overflow, against plain integers."""

from __future__ import annotations

import random

import pytest

import hdl.pim.counters as counters
from hdl.params.pim import COMMANDS
from tests.hdl.simulate import run
from tests.pim.machines import TINY

BITS, CLOCKS, SEED = 4, 2_000, 3
NAMES = (*counters.EVENTS, *counters.COUNTED)


def delay(name: str) -> int:
    """Clocks from an event to its count, beyond one."""
    return 0 if name == "CYCLES" else 2 if name in counters.COUNTED else 1


def test_carries_and_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Events of any density, and clears: the high half is that of the low half's last clock."""
    monkeypatch.setattr(counters, "HALF", BITS)
    part = counters.Counters(TINY)
    rng = random.Random(SEED)
    codes = {name: {COMMANDS[kind].code for kind in kinds} for name, kinds in counters.COUNTED.items()}
    greatest = 0

    async def process(ctx) -> None:
        nonlocal greatest
        count, before = dict.fromkeys(NAMES, 0), dict.fromkeys(NAMES, 0)
        waiting = {name: [0] * delay(name) for name in NAMES}
        for clock in range(CLOCKS):
            density = (0.1, 0.5, 0.95)[clock // 50 % 3]
            events = {name: int(rng.random() < density) for name in counters.EVENTS}
            clear = rng.random() < 0.004
            ops = []
            for i in range(TINY.channels):
                valid, op = rng.random() < density, rng.choice(list(COMMANDS.values())).code
                ctx.set(getattr(part, f"c{i}_valid"), valid)
                ctx.set(getattr(part, f"c{i}_op"), op)
                ops += [op] * valid
            for name, value in (*events.items(), ("clear", clear)):
                ctx.set(getattr(part, name.lower()), value)
            for name in NAMES:
                low, high = (ctx.get(getattr(part, f"{name.lower()}_{half}")) for half in ("lo", "hi"))
                assert low == count[name] % (1 << BITS), (clock, name)
                assert high == before[name] >> BITS & ((1 << BITS) - 1), (clock, name)
                greatest = max(greatest, count[name])
                happens = events[name] if name in events else sum(op in codes[name] for op in ops)
                waiting[name].append(happens)
                before[name], count[name] = count[name], count[name] + waiting[name].pop(0)
                if clear:
                    before[name] = count[name] = 0
            await ctx.tick()

    run(part, process)
    assert greatest > 2 << BITS
