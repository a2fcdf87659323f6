"""Registers in hardware, behind AXI4-Lite, from their description as data (:mod:`hdl.bus.registers`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib.wiring import In, Out

from hdl.bus.axi_lite import AXI_INPUTS, AXI_OUTPUTS, AxiLite, axi_members
from hdl.bus.registers import REGISTER_BITS, Field, Register, RegisterMap
from hdl.lib.shared import Part, place

__all__ = ["RegisterBlock", "port_name"]


def port_name(register: Register, field: Field) -> str:
    """What the ports of a field begin with: register and field, or the register where that is all."""
    return register.name.lower() if register.whole else f"{register.name}_{field.name}".lower()


class RegisterBlock(Part):
    """The registers of a map, which the host reads and writes.

    Parameters
    ----------
    registers : RegisterMap

    Members
    -------
    s_axi_*
        The host's bus (:class:`hdl.bus.axi_lite.AxiLite`).
    address : Out
        The address, in words, of the register that is accessed: it may select among registers outside.
    lock : In(1)
        Guarded registers can't be written.
    forget : In(1)
        Every ``w1c`` field gets its reset value.
    {field} : Out
        The value of an ``rw`` or ``w1c`` field; high for a clock where the field is a ``pulse``.
    {field} : In
        The value of a field that is kept outside, in the clock after ``address`` begins to name it.
    {field}_set : In
        Bits of a ``w1c`` field to set. They are set even if they are cleared in the same clock.
    {register}_write : Out(1), write_data : Out
        The new value of a register of ``rw`` fields that are kept outside, in this clock.
    """

    resets = True

    def __init__(self, registers: RegisterMap) -> None:
        self.registers = registers
        self.module = f"{registers.name}_registers"
        self.fields = [(register, each) for register in registers.registers for each in register.fields]
        members: dict[str, Any] = axi_members(registers.address_bits)
        members |= {"address": Out(registers.address_bits - 2), "lock": In(1), "forget": In(1)}
        members["write_data"] = Out(REGISTER_BITS)
        for register, each in self.fields:
            name = port_name(register, each)
            if not each.constant:
                members[name] = In(each.width) if each.outside else Out(each.width, init=each.reset)
            if each.access == "w1c":
                members[f"{name}_set"] = In(each.width)
            if each.outside and each.access == "rw":
                members[f"{register.name.lower()}_write"] = Out(1)
        super().__init__(members)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        word = Signal(REGISTER_BITS, reset_less=True)
        refused = Signal()
        bus = place(
            m,
            "bus",
            AxiLite(self.registers.address_bits),
            word=word,
            refused=refused,
            **{f"s_axi_{name}": getattr(self, f"s_axi_{name}") for name in AXI_INPUTS},
        )
        m.d.comb += [getattr(self, f"s_axi_{name}").eq(getattr(bus, f"s_axi_{name}")) for name in AXI_OUTPUTS]
        m.d.comb += self.address.eq(bus.address)
        self._read(m, bus, word)
        self._refuse(m, bus, refused)
        self._write(m, bus, word, bus.act & bus.writes & ~refused)
        return m

    def _read(self, m: Module, bus: Any, word: Signal) -> None:
        """The value of the register, in the second clock; and a clock later that of the one that it holds."""
        held = Signal(REGISTER_BITS)
        partners = {register.holds: register for register in self.registers.registers if register.holds}
        words, later = [], []
        for register in self.registers.registers:
            here = self._at(bus, register)
            value = held if register.name in partners else self._value(register)
            words.append(Mux(here, value, 0))
            if register.holds:
                later.append(Mux(here, self._value(self.registers[register.holds]), 0))
        m.d.sync += word.eq(_any_of(words))
        if later:
            holds = _any_of([self._at(bus, partner) for partner in partners.values()])
            with m.If(bus.act & ~bus.writes & holds):
                m.d.sync += held.eq(_any_of(later))

    def _refuse(self, m: Module, bus: Any, refused: Signal) -> None:
        registers = self.registers.registers
        known = Signal()
        writable = Signal()
        guarded = Signal()
        m.d.sync += [
            known.eq(_any_of([self._at(bus, each) for each in registers])),
            writable.eq(_any_of([self._at(bus, each) for each in registers if each.writable])),
            guarded.eq(_any_of([self._at(bus, each) for each in registers if each.guarded])),
        ]
        m.d.comb += refused.eq(Mux(bus.writes, ~writable | (guarded & self.lock), ~known))

    def _write(self, m: Module, bus: Any, word: Signal, writes: Value) -> None:
        """What a write does to its register, byte by byte as the strobes say."""
        mask = Signal(REGISTER_BITS)
        bits = Signal(REGISTER_BITS)
        m.d.comb += [
            mask.eq(Cat(strobe.replicate(8) for strobe in bus.strobes)),
            bits.eq(bus.data & mask),
            self.write_data.eq(bits | (word & ~mask)),
        ]
        for register in self.registers.registers:
            if register.writable:
                here = Signal(name=f"{register.name.lower()}_here")
                m.d.comb += here.eq(writes & self._at(bus, register))
                for each in register.fields:
                    self._write_field(m, register, each, here, bits)

    def _write_field(self, m: Module, register: Register, each: Field, here: Value, bits: Value) -> None:
        name, own = port_name(register, each), slice(each.low, each.low + each.width)
        if each.outside:
            if each.access == "rw":
                m.d.comb += getattr(self, f"{register.name.lower()}_write").eq(here)
        elif each.access == "pulse":
            m.d.sync += getattr(self, name).eq(Mux(here, bits[own], 0))
        elif each.access == "w1c":
            value = getattr(self, name)
            kept = Mux(self.forget, each.reset, value & ~Mux(here, bits[own], 0))
            m.d.sync += value.eq(kept | getattr(self, f"{name}_set"))
        elif each.access == "rw":
            with m.If(here):
                m.d.sync += getattr(self, name).eq(self.write_data[own])

    def _at(self, bus: Any, register: Register) -> Value:
        found: Value = bus.address == register.offset // 4
        return found

    def _value(self, register: Register) -> Value:
        """What a register reads as."""
        total: Value = Const(0, REGISTER_BITS)
        for each in register.fields:
            if each.constant:
                total = total | (each.reset << each.low)
            elif each.access != "pulse":
                total = total | (getattr(self, port_name(register, each)) << each.low)
        return total[:REGISTER_BITS]


def _any_of(values: Sequence[Value]) -> Value:
    """All of them together, bit by bit, as a tree."""
    if len(values) < 2:
        return values[0] if values else Const(0, 1)
    half = len(values) // 2
    return _any_of(values[:half]) | _any_of(values[half:])
