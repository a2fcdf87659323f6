"""Instructions as objects and as 128-bit words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from operator import index
from types import MappingProxyType

from hdl.params.errors import ConfigError, Problem, near_name
from hdl.params.pim.fields import ADVANCING, FIELDS, LEVELS, SCALARS, WORD_BITS
from hdl.params.pim.instructions import INSTRUCTIONS, OPCODES
from hdl.params.pim.opcode import Opcode

__all__ = ["IllegalWord", "Instruction", "advance_bit", "decode", "encode", "instruction"]

_FLAGS, _TAG, _OPCODE = FIELDS["flags"], FIELDS["tag"], FIELDS["opcode"]


class IllegalWord(ValueError):
    """A word that is no instruction."""


@dataclass(frozen=True)
class Instruction:
    """One instruction. Made by :func:`instruction` or :func:`decode`, which check what it is made of.

    Parameters
    ----------
    op : Opcode
    values : mapping
        Every operand's value by its name, as the fields hold it: bf16 as its bits, a channel mask as its bits.
    flags : frozenset of str
        Names of the flags that are set.
    advance : int
        Which addresses advance with which loop; see :func:`advance_bit`.
    """

    op: Opcode
    values: Mapping[str, int] = field(default_factory=dict)
    flags: frozenset[str] = frozenset()
    advance: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", MappingProxyType(dict(self.values)))

    def __getitem__(self, operand: str) -> int:
        return self.values[operand]

    def advances(self, operand: str, level: int) -> bool:
        """The operand's address advances with the loop of that level (0 is the outermost)."""
        found = self.op.operand(operand)
        return bool(found and found.advances and self.advance >> advance_bit(found.advances, level) & 1)

    @property
    def by_register(self) -> bool:
        """An integer operand is in a scalar register."""
        operand = self.op.integer
        return operand is not None and (operand.register or "reg" in self.flags)

    @cached_property
    def word(self) -> int:
        """Its 128-bit word."""
        word = self.op.code << _OPCODE.low | self.advance << _TAG.low
        for flag in self.op.all_flags:
            word |= (flag.name in self.flags) << (_FLAGS.low + flag.bit)
        for operand in self.op.operands:
            word |= operand.insert(self.values[operand.name])
        return word

    def __str__(self) -> str:
        parts = [f"{name}={value}" for name, value in self.values.items()] + sorted(self.flags)
        if self.advance:
            parts.append(f"advance={self.advance:#04x}")
        return f"{self.op.name.lower()} {', '.join(parts)}".rstrip()


def advance_bit(address: str, level: int) -> int:
    """The bit of the tag that lets an address (a member of ``ADVANCING``) advance with the loop of a level."""
    return ADVANCING.index(address) + len(ADVANCING) * level


def instruction(name: str, *flags: str, advance: int = 0, **values: int) -> Instruction:
    """An instruction from its parts, operands left out taking their defaults.

    Raises
    ------
    ConfigError
        With every unknown name, missing operand and value that its field can't hold.
    """
    return _instruction(name, flags, advance, tuple(values.items()))


@lru_cache(1 << 14)  # programs consist of the same instructions again and again
def _instruction(name: str, flags: tuple[str, ...], advance: int, given: tuple[tuple[str, int], ...]) -> Instruction:
    values = dict(given)
    op = INSTRUCTIONS.get(name.upper())
    if op is None:
        hint = near_name(name.upper(), INSTRUCTIONS)
        raise ConfigError([Problem("instruction", f"there is no instruction {name!r}", hint)])
    where = op.name.lower()
    names = [operand.name for operand in op.operands]
    problems = [
        Problem(where, f"has no operand {other!r}", near_name(other, names)) for other in values if other not in names
    ]
    legal = [flag.name for flag in op.all_flags]
    problems += [Problem(where, f"has no flag {flag!r}", near_name(flag, legal)) for flag in flags if flag not in legal]
    full = {}
    for operand in op.operands:
        default = 0 if operand.name == op.unused(flags) else operand.default
        value = values.get(operand.name, default)
        if value is None:
            problems.append(Problem(where, f"needs operand {operand.name!r}"))
            continue
        low, high = (0, SCALARS - 1) if operand.or_scalar and "reg" in flags else operand.range
        try:
            value = index(value)  # NumPy's integers have 64 bits, a word has 128
        except TypeError:
            problems.append(Problem(f"{where} {operand.name}", f"must be an integer, not {value!r}"))
            continue
        if not low <= value <= high:
            problems.append(Problem(f"{where} {operand.name}", f"must be {low} to {high}, not {value}"))
        else:
            full[operand.name] = value
    if advance & ~_advance_mask(op):
        problems.append(Problem(where, f"can't let those addresses advance ({advance:#04x})"))
    if problems:
        raise ConfigError(problems)
    return Instruction(op, full, frozenset(flags), advance)


def encode(one: Instruction) -> int:
    """The 128-bit word of an instruction."""
    return one.word


def decode(word: int) -> Instruction:
    """The instruction of a 128-bit word; bits that it doesn't use are ignored, as the controller ignores them.

    Raises
    ------
    IllegalWord
        If there is no such opcode.
    """
    if not 0 <= word < 1 << WORD_BITS:
        raise IllegalWord(f"a word has {WORD_BITS} bits, not {word:#x}")
    code = word >> _OPCODE.low
    op = OPCODES.get(code)
    if op is None:
        raise IllegalWord(f"no instruction has opcode {code:#04x}")
    values = {operand.name: operand.extract(word) for operand in op.operands}
    flags = frozenset(flag.name for flag in op.all_flags if word >> (_FLAGS.low + flag.bit) & 1)
    advance = word >> _TAG.low & _advance_mask(op)
    if (scalar := op.or_scalar) and "reg" in flags:
        values[scalar.name] %= SCALARS
    for operand in op.operands:
        if operand.register:
            values[operand.name] %= SCALARS
    return Instruction(op, values, flags, advance)


def _advance_mask(op: Opcode) -> int:
    """Bits of the tag that mean something."""
    addresses: Iterable[str] = {operand.advances for operand in op.operands if operand.advances}
    return sum(1 << advance_bit(address, level) for address in addresses for level in range(LEVELS))
