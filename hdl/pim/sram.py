"""The controller's SRAM: memory macros behind one wrapper, shared by ports that are granted in a fixed order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from amaranth.hdl import Array, Cat, Const, Module, Mux, Signal, Value
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from hdl.lib import roles
from hdl.lib.shared import Part, place
from hdl.params.pim import PimParams
from hdl.pim.channel.collector import granules

__all__ = ["Sram", "SramBank", "bank_count"]


def bank_count(params: PimParams) -> int:
    """Banks of the SRAM, by the low bits of the address: the four vectors that the vector unit reads fit."""
    return 4 * params.vector_lanes // params.lanes


class SramBank(Part):
    """A memory with a read and a write port, which a flow replaces by a macro: the only one in the controller's SRAM.

    Members
    -------
    w_en, w_addr, w_data
        Write the granules of ``w_data`` that ``w_en`` marks.
    r_addr, r_data
        The word at ``r_addr``, one cycle later; undefined if it is written in that cycle.
    """

    role = roles.MEMORY
    sized = True

    def __init__(self, depth: int, width: int, parts: int) -> None:
        self.depth = depth
        self.width = width
        self.parts = parts
        self.module = f"sram_bank_{depth}x{width}"
        address = max(1, (depth - 1).bit_length())
        super().__init__(
            {
                "w_en": In(parts),
                "w_addr": In(address),
                "w_data": In(width),
                "r_addr": In(address),
                "r_data": Out(width),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.words = words = Memory(shape=self.width, depth=self.depth, init=[])
        write, read = words.write_port(granularity=self.width // self.parts), words.read_port()
        m.d.comb += [write.en.eq(self.w_en), write.addr.eq(self.w_addr), write.data.eq(self.w_data)]
        m.d.comb += [read.addr.eq(self.r_addr), self.r_data.eq(read.data)]
        return m


class Sram(Part):
    """Words in banks; every port reaches every bank.

    A port asks for consecutive words, one from each bank at most. In a clock in which a port before it in the list asks
    for one of its banks, it is not ready. What is read while it is written is undefined: whatever issues avoids it.

    Parameters
    ----------
    params : PimParams
    reads, writes : mapping
        Names of ports, the first ones served first, and how many words each takes at once.

    Members
    -------
    {name}_valid, {name}_addr : In, {name}_ready : Out(1)
    {name}_data
        At a read port, one cycle after ``valid & ready``; at a write port, with ``valid`` and with ``{name}_mask``, a
        bit for each granule (:func:`hdl.pim.channel.collector.granules`) of each word.
    """

    module = "sram"

    def __init__(self, params: PimParams, reads: Mapping[str, int], writes: Mapping[str, int]) -> None:
        self.params = params
        self.reads = dict(reads)
        self.writes = dict(writes)
        self.banks = bank_count(params)
        self.parts = granules(params)
        self.address = max((params.sram_words - 1).bit_length(), self.banks.bit_length())
        members: dict[str, Any] = {}
        for name, words in (*self.reads.items(), *self.writes.items()):
            if words > self.banks:
                raise ValueError(f"{name} takes {words} words at once, of {self.banks} banks")
            flow = Out if name in self.reads else In
            members |= {f"{name}_valid": In(1), f"{name}_addr": In(self.address), f"{name}_ready": Out(1)}
            members[f"{name}_data"] = flow(words * params.word_bits)
            if name in self.writes:
                members[f"{name}_mask"] = In(words * self.parts)
        super().__init__(members)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        depth = max(2, -(-self.params.sram_words // self.banks))
        reads, writes = (self._grant(m, ports) for ports in (self.reads, self.writes))
        banks = []
        for i in range(self.banks):
            enable: Value = Const(0, self.parts)
            data: Value = Const(0, self.params.word_bits)
            for name, words in reversed(self.writes.items()):
                hit, offset = writes[name][i]
                enable = Mux(hit, _chosen(getattr(self, f"{name}_mask"), words, offset), enable)
                data = Mux(hit, _chosen(getattr(self, f"{name}_data"), words, offset), data)
            read, write = self._row(i, self.reads, reads), self._row(i, self.writes, writes)
            banks.append(
                place(
                    m,
                    f"bank{i}",
                    SramBank(depth, self.params.word_bits, self.parts),
                    w_en=enable,
                    w_addr=write,
                    w_data=data,
                    r_addr=read,
                )
            )
        for name, words in self.reads.items():
            first = Signal(self._low, name=f"{name}_first", reset_less=True)
            m.d.sync += first.eq(getattr(self, f"{name}_addr"))
            found = [Array([each.r_data for each in banks])[(first + k)[: self._low]] for k in range(words)]
            m.d.comb += getattr(self, f"{name}_data").eq(Cat(*found))
        return m

    @property
    def _low(self) -> int:
        """Bits of an address that choose the bank."""
        return self.banks.bit_length() - 1

    def _grant(self, m: Module, ports: Mapping[str, int]) -> dict[str, list[tuple[Value, Value]]]:
        """For each port and bank: the port is ready and takes a word of the bank, and which of its words that is."""
        taken: Value = Const(0, self.banks)
        found = {}
        for name, words in ports.items():
            address, valid = getattr(self, f"{name}_addr"), getattr(self, f"{name}_valid")
            wants, uses = Signal(self.banks, name=f"{name}_wants"), Signal(self.banks, name=f"{name}_uses")
            ready = getattr(self, f"{name}_ready")
            offsets = [(i - address[: self._low])[: self._low] for i in range(self.banks)]
            m.d.comb += [
                wants.eq(Mux(valid, Cat(*(offset < words for offset in offsets)), 0)),
                ready.eq((wants & taken) == 0),
                uses.eq(Mux(ready, wants, 0)),
            ]
            taken = taken | wants
            found[name] = [(uses[i], offset) for i, offset in enumerate(offsets)]
        return found

    def _row(self, bank: int, ports: dict[str, int], hits: Mapping[str, list[tuple[Value, Value]]]) -> Value:
        """The address within a bank: the banks before the first word's have that of the next round."""
        row: Value = Const(0, 1)
        for name, words in reversed(ports.items()):
            address = getattr(self, f"{name}_addr")
            here = address[self._low :]
            if words > 1:
                here = here + (address[: self._low] > bank)
            row = Mux(hits[name][bank][0], here, row)
        return row


def _chosen(value: Value, words: int, index: Value) -> Value:
    """One of the words that lie side by side in a value."""
    size = len(value) // words
    return Array([value[k * size : (k + 1) * size] for k in range(words)])[index] if words > 1 else value
