"""The SRAM's ports: data of every width and alignment, granules, and who is served first; and a queue of words."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from hdl.pim.channel.word_queue import WordQueue
from hdl.pim.sram import Sram, bank_count
from tests.hdl.simulate import run
from tests.pim.machines import FEW_BANKS

#: Two words a port of the vector unit, four granules a word.
PARAMS = replace(FEW_BANKS, vector_lanes=16, sram_words=32, gb_words=8)
READS, WRITES = {"feed": 1, "va": 2, "vb": 2}, {"collect": 1, "vd": 2}


def test_random_traffic():
    sram = Sram(PARAMS, READS, WRITES)
    banks, bits = bank_count(PARAMS), PARAMS.word_bits
    assert (banks, sram.parts, bits) == (8, 4, 128)
    rng = np.random.default_rng(3)
    words = [0] * PARAMS.sram_words
    known = [False] * PARAMS.sram_words
    counts = {"reads": 0, "refused": 0, "writes": 0}

    def granted(ports, asked):
        """The ports whose banks no port before them asks for."""
        taken, found = set(), []
        for name, count in ports.items():
            if name in asked:
                here = {(asked[name] + k) % banks for k in range(count)}
                if not here & taken:
                    found.append(name)
                taken |= here
        return found

    async def process(ctx):
        expected = {}
        for _ in range(3000):
            reads = {n: int(rng.integers(PARAMS.sram_words - k + 1)) for n, k in READS.items() if rng.random() < 0.6}
            writes = {n: int(rng.integers(PARAMS.sram_words - k + 1)) for n, k in WRITES.items() if rng.random() < 0.5}
            touched = {a + k for n, a in writes.items() for k in range(WRITES[n])}
            reads = {n: a for n, a in reads.items() if not touched & set(range(a, a + READS[n]))}
            for name in (*READS, *WRITES):
                asked = {**reads, **writes}
                ctx.set(getattr(sram, f"{name}_valid"), name in asked)
                ctx.set(getattr(sram, f"{name}_addr"), asked.get(name, 0))
            data = {n: [int.from_bytes(rng.bytes(16), "little") for _ in range(k)] for n, k in WRITES.items()}
            masks = {n: int(rng.integers(1 << 4 * k)) for n, k in WRITES.items()}
            for name in WRITES:
                ctx.set(getattr(sram, f"{name}_data"), sum(word << bits * i for i, word in enumerate(data[name])))
                ctx.set(getattr(sram, f"{name}_mask"), masks[name])
            for name, right in expected.items():
                assert ctx.get(getattr(sram, f"{name}_data")) == right
                counts["reads"] += 1
            for ports, asked in ((READS, reads), (WRITES, writes)):
                served = granted(ports, asked)
                for name in asked:
                    assert ctx.get(getattr(sram, f"{name}_ready")) == (name in served)
                    counts["refused"] += name not in served
            expected = {}
            for name in granted(READS, reads):
                here = range(reads[name], reads[name] + READS[name])
                if all(known[at] for at in here):
                    expected[name] = sum(words[at] << bits * i for i, at in enumerate(here))
            await ctx.tick()
            for name in granted(WRITES, writes):
                for i, word in enumerate(data[name]):
                    at, mask = writes[name] + i, masks[name] >> 4 * i & 15
                    span = sum((2**32 - 1) << 32 * part for part in range(4) if mask >> part & 1)
                    words[at] = words[at] & ~span | word & span
                    known[at] |= True
                    counts["writes"] += 1

    run(sram, process)
    assert min(counts.values()) > 500, counts


def test_queue():
    queue = WordQueue(4, 8)
    rng = np.random.default_rng(4)
    inside: list[int] = []
    popped = 0

    async def process(ctx):
        nonlocal popped
        first = None
        for _ in range(2000):
            assert ctx.get(queue.level) == len(inside)
            if first is not None:
                assert ctx.get(queue.first) == first
                popped += 1
            push, pop = len(inside) < 4 and rng.random() < 0.6, bool(inside) and rng.random() < 0.6
            word = int(rng.integers(256))
            ctx.set(queue.push, push)
            ctx.set(queue.pop, pop)
            ctx.set(queue.data, word)
            first = inside.pop(0) if pop else None
            if push:
                inside.append(word)
            await ctx.tick()

    run(queue, process)
    assert popped > 800
