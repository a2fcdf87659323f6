"""The gate: which steps of K reach an engine, and with which operands."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib.wiring import In, Out

from hdl.engine.pair import Pair
from hdl.gate.lfsr import Lfsr
from hdl.gate.store import TileStore
from hdl.lib import roles
from hdl.lib.shared import Part, place
from hdl.params import Dataflow
from hdl.params.gate import MODES, PROBABILITY_BITS, GateParams

__all__ = ["OperandGate"]


class OperandGate(Part):
    """Stands between the streams of A and B and an engine's.

    Beats of A and B are taken together, a step of K each. So they leave, through a register; where ``compact`` is built
    in, behind a :class:`TileStore`, which in that mode gives tiles away as a whole. All of them draw random bits, so
    that neither the map nor the mode changes what later ones draw. Where one stream goes on after the end of a tile,
    what is left of it passes as it is: the engine discards it, and says so.

    Parameters
    ----------
    params : GateParams

    Members
    -------
    i_a_data, i_a_last, i_a_valid, i_a_ready : the operands of A that enter; the same for B
    o_a_data, o_a_last, o_a_valid, o_a_ready : those that leave, with the flags of ``GateParams.flags`` above them
    map_we, map_addr, map_data : In
        Write a bit of the importance map; 1 is important. All are 0 after reset.
    seed_we : In(1), seed : In(64)
        Another state of the random number generator; 0 is not taken.
    threshold : In(8)
        A pixel that is not important is multiplied with probability ``threshold`` / 256.
    mode : In(3)
        A ``code`` of ``MODES``. Like ``threshold`` it holds still while a tile enters.
    active : Out(1)
        Where ``observe``: a step of K left in the last clock, and it was not pruned.
    """

    module = "gate"
    role = roles.FRONT
    resets = True

    def __init__(self, params: GateParams) -> None:
        self.params = params
        flow = Dataflow(params.engine)
        self.bits = {"a": flow.a.payload_bits, "b": flow.b.payload_bits}
        flags = {"a": len(params.flags), "b": 0}
        ports: dict[str, Any] = {}
        for name, bits in self.bits.items():
            ports |= {f"i_{name}_data": In(bits), f"i_{name}_last": In(1), f"i_{name}_valid": In(1)}
            ports |= {f"i_{name}_ready": Out(1), f"o_{name}_data": Out(bits + flags[name]), f"o_{name}_last": Out(1)}
            ports |= {f"o_{name}_valid": Out(1), f"o_{name}_ready": In(1)}
        ports |= {name: In(bits) for name, bits in params.port_bits.items()}
        super().__init__(ports | ({"active": Out(1)} if params.observe else {}))

    def elaborate(self, platform: object) -> Module:
        m = Module()
        space = Signal()  # for a beat of both
        here = {name: getattr(self, f"i_{name}_valid") & space for name in "ab"}
        take = Signal()
        lasts = {f"{name}_last": getattr(self, f"i_{name}_last") for name in "ab"}
        pair = place(m, "pair", Pair(), a_valid=here["a"], b_valid=here["b"], take=take, **lasts)
        m.d.comb += take.eq(pair.have)
        pruned, word = self._drawn(m, take, pair.last)
        chosen = {name: Signal(name=f"mode_{name}") for name in self.params.modes}
        m.d.comb += [signal.eq(self.mode == MODES[name].code) for name, signal in chosen.items()]
        out = {name: chosen[name] & pruned for name in self.params.modes if MODES[name].prunes}
        dropped = out["compact"] & ~pair.last if "compact" in out else Const(0)
        data, flags = self._operands(out, pair.last, word)
        a_rest, b_rest = here["a"] & pair.a_drop, here["b"] & pair.b_drop
        made = take & ~dropped
        leaving = {
            "a_on": made | a_rest,
            "b_on": made | b_rest,
            "a_last": self.i_a_last,
            "b_last": self.i_b_last,
            "b_data": self.i_b_data,
            "a_data": Mux(a_rest, self.i_a_data, Cat(data, flags)),
        }
        complete = (take & pair.last) | a_rest | b_rest
        m.d.comb += space.eq(self._leave(m, leaving, whole=chosen.get("compact"), last=complete))
        m.d.comb += [
            self.i_a_ready.eq(take | (pair.a_drop & space)),
            self.i_b_ready.eq(take | (pair.b_drop & space)),
        ]
        if self.params.observe:
            m.d.sync += self.active.eq(take & ~Cat(out.values()).any())
        return m

    def _drawn(self, m: Module, take: Value, last: Value) -> tuple[Value, Value]:
        """Whether the pixel is pruned, if the mode prunes at all; and the random bits that may stand for it."""
        pixels = self.params.pixels
        important = Signal(pixels)
        index = Signal(range(pixels + 1))
        with m.If(self.map_we):
            m.d.sync += important.bit_select(self.map_addr, 1).eq(self.map_data)
        with m.If(take):
            m.d.sync += index.eq(Mux(last, 0, Mux(index == pixels, index, index + 1)))
        rng = Lfsr(self.params.random_bits, self.params.seed)
        word = place(m, "lfsr", rng, step=take, seed_we=self.seed_we, seed=self.seed).word
        runs = _pick(important, index) | (word[:PROBABILITY_BITS] < self.threshold)
        pruned = Signal()
        m.d.comb += pruned.eq(~runs)
        return pruned, word[PROBABILITY_BITS:]

    def _operands(self, out: dict[str, Value], last: Value, word: Value) -> tuple[Value, Value]:
        """The operands of A of a step, and its flags; ``out`` says in which mode the pixel is pruned."""
        never: Value = Const(0)
        zero = never
        for name, pruned in out.items():
            if not MODES[name].flag:
                zero = zero | pruned
            elif MODES[name].leaves_out:
                zero = zero | (pruned & last)
        data = Mux(zero, 0, self.i_a_data)
        if "decoy" in out:
            data = Mux(out["decoy"], word, data)
        flags = [out[name] & ~last if MODES[name].leaves_out else out[name] for name in out if MODES[name].flag]
        return data[: self.bits["a"]], Cat(flags)

    def _leave(self, m: Module, leaving: dict[str, Value], whole: Value | None, last: Value) -> Value:
        """The registers of both streams, behind a store where tiles may leave as a ``whole``; says if there is room."""
        enters, free = leaving["a_on"] | leaving["b_on"], Signal(name="registers_free")
        word = Cat(leaving.values())
        room: Value = free
        if whole is not None:
            store = TileStore(self.params.store_words, len(word))
            leaves = Signal(name="store_leaves")
            stored = place(m, "store", store, whole=whole, push=enters, i_data=word, i_last=last, pop=leaves)
            m.d.comb += leaves.eq(stored.o_valid & free)
            word, enters, room = stored.o_data, leaves, stored.room
        fields, at = {}, 0
        for name, value in leaving.items():
            fields[name] = word[at : (at := at + len(value))]
        frees = []
        for name in "ab":
            full = Signal(name=f"{name}_full")
            kept = Signal(len(leaving[f"{name}_data"]), name=f"{name}_kept", reset_less=True)
            ends = Signal(name=f"{name}_ends", reset_less=True)
            frees.append(~full | getattr(self, f"o_{name}_ready"))
            taken = enters & fields[f"{name}_on"]
            with m.If(frees[-1]):
                m.d.sync += full.eq(taken)
            with m.If(taken):
                m.d.sync += [kept.eq(fields[f"{name}_data"]), ends.eq(fields[f"{name}_last"])]
            m.d.comb += [
                getattr(self, f"o_{name}_data").eq(kept),
                getattr(self, f"o_{name}_last").eq(ends),
                getattr(self, f"o_{name}_valid").eq(full),
            ]
        m.d.comb += free.eq(frees[0] & frees[1])
        return room


def _pick(bits: Value, index: Value) -> Value:
    """The bit at an index, as a tree; 0 behind the last one."""
    if not len(bits):
        return Const(0, 1)
    if not len(index):
        return bits[0]
    half = 1 << (len(index) - 1)
    return Mux(index[-1], _pick(bits[half:], index[:-1]), _pick(bits[:half], index[:-1]))
