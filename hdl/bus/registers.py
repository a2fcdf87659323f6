"""Registers as data: described once, for hardware, C header, documentation and SystemRDL (:mod:`gen.pim.registers`).

Registers are 32 bits wide, at byte offsets that are multiples of four, as AXI4-Lite reads and writes them
(:class:`hdl.bus.register_block.RegisterBlock`). Bits without a field read as zero, and writing them does nothing. An
offset without a register reads as zero too; to access it, or to write a register that has nothing to write, is an error
(SLVERR), and does nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from hdl.params import ConfigError, Problem

__all__ = ["ACCESS", "REGISTER_BITS", "Field", "Register", "RegisterMap"]

REGISTER_BITS = 32
#: How software may use a field, and what that means.
ACCESS = {
    "ro": "read only",
    "rw": "read and write",
    "w1c": "read; writing 1 clears the bit",
    "pulse": "writing 1 does something once; reads as 0",
}


@dataclass(frozen=True)
class Field:
    """Bits of a register.

    Parameters
    ----------
    name : str
        In capitals.
    low, width : int
        Bits ``low`` to ``low + width - 1``.
    access : str
        A key of ``ACCESS``.
    meaning : str
    reset : int
        Value after reset; of a field that other hardware keeps, its value then.
    values : mapping
        Names of values, where they have any.
    outside : bool
        Other hardware keeps the value, and not the block of registers. A field that is read only and not kept outside
        is a constant.
    """

    name: str
    low: int
    width: int
    access: str
    meaning: str
    reset: int = 0
    values: Mapping[str, int] = field(default_factory=dict)
    outside: bool = False

    @property
    def constant(self) -> bool:
        """Its value never changes."""
        return self.access == "ro" and not self.outside


@dataclass(frozen=True)
class Register:
    """A register of 32 bits at a byte offset.

    Parameters
    ----------
    name : str
    offset : int
    meaning : str
    fields : tuple of Field
    guarded : bool
        Written only while the block is not locked; refused otherwise (SLVERR).
    holds : str
        Another register, which reading this one holds: until a register with such a partner is read again, all of the
        partners read what this one's was a clock later.
    """

    name: str
    offset: int
    meaning: str
    fields: tuple[Field, ...]
    guarded: bool = False
    holds: str = ""

    @property
    def reset(self) -> int:
        """Its value after reset."""
        return sum(each.reset << each.low for each in self.fields)

    @property
    def whole(self) -> bool:
        """One field takes all its bits."""
        return len(self.fields) == 1 and self.fields[0].width == REGISTER_BITS

    @property
    def writable(self) -> bool:
        """Some field of it can be written."""
        return any(each.access != "ro" for each in self.fields)


@dataclass(frozen=True)
class RegisterMap:
    """The registers of a block.

    Raises
    ------
    ConfigError
        With every name that occurs twice, every offset that is taken or not aligned, and every field that overlaps
        another, leaves the register or doesn't hold its reset value.
    """

    name: str
    meaning: str
    registers: tuple[Register, ...]

    def __post_init__(self) -> None:
        if problems := list(self._problems()):
            raise ConfigError(problems)

    def __getitem__(self, name: str) -> Register:
        return next(each for each in self.registers if each.name == name)

    @property
    def address_bits(self) -> int:
        """Width of a byte address that reaches every register."""
        return max(each.offset for each in self.registers).bit_length()

    def _problems(self) -> Iterator[Problem]:
        names: set[str] = set()
        offsets: dict[int, str] = {}
        every = {register.name for register in self.registers}
        for register in self.registers:
            where = f"{self.name}.{register.name}"
            if register.name in names:
                yield Problem(where, "is the name of two registers")
            if register.offset % 4 or register.offset < 0:
                yield Problem(where, f"offset must be a multiple of 4, not {register.offset:#x}")
            elif register.offset in offsets:
                yield Problem(where, f"offset {register.offset:#x} is {offsets[register.offset]}'s")
            if register.holds and register.holds not in every:
                yield Problem(where, f"holds {register.holds}, which is no register")
            names.add(register.name)
            offsets.setdefault(register.offset, register.name)
            yield from self._field_problems(where, register)

    def _field_problems(self, where: str, register: Register) -> Iterator[Problem]:
        taken: dict[int, str] = {}
        names: set[str] = set()
        for each in register.fields:
            place = f"{where}.{each.name}"
            if each.name in names:
                yield Problem(place, "is the name of two fields")
            names.add(each.name)
            if each.access not in ACCESS:
                yield Problem(place, f"access must be one of {', '.join(ACCESS)}, not {each.access!r}")
            if each.low < 0 or each.width < 1 or each.low + each.width > REGISTER_BITS:
                yield Problem(place, f"must lie in bits 0 to {REGISTER_BITS - 1}")
                continue
            if not 0 <= each.reset < 1 << each.width:
                yield Problem(place, f"reset value {each.reset:#x} has more than {each.width} bits")
            if each.outside and each.access not in ("ro", "rw"):
                yield Problem(place, f"is kept outside, and can't be {each.access}")
            if each.access == "pulse" and each.reset:
                yield Problem(place, "reads as 0, and so it is at reset")
            for name, value in each.values.items():
                if not 0 <= value < 1 << each.width:
                    yield Problem(place, f"value {name} = {value} has more than {each.width} bits")
            for bit in range(each.low, each.low + each.width):
                if bit in taken:
                    yield Problem(place, f"overlaps {taken[bit]} in bit {bit}")
                    break
                taken[bit] = each.name
