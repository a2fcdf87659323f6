"""Words of programs without what time does not depend on: lanes, tokens, which single bank it is."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

from hdl.params.pim import FIELDS, OPCODES, IllegalWord, Instruction, PimParams, decode, encode
from hdl.params.pim.fields import Operand
from sim_tb.pim.simulate.prepare import MADE

__all__ = ["Word", "Words"]

#: Units whose instructions may follow each other in a block, and flags that keep them apart.
UNITS, APART = ("dram", "pim", "vector"), frozenset({"fence", "irq"})
#: Kinds of operands that time does not depend on, whatever they are.
TIMELESS = ("bf16", "lane", "bits")


class Word(NamedTuple):
    """A word of a program: an instruction that takes the same time, None if it is none; and a word that does.

    ``plain``: it may be in a block without a loop. ``opens``: loops that it opens, -1 where it ends one. ``bank``: the
    single one that it works on, or -1.
    """

    one: Instruction | None
    normal: int
    plain: bool = False
    opens: int = 0
    bank: int = -1


class Words:
    """Looks at words, at each once.

    Parameters
    ----------
    params : PimParams
    """

    def __init__(self, params: PimParams) -> None:
        self.params = params
        self._known: dict[int, Word] = {}
        self._alike: dict[int, Word] = {}

    def look(self, word: int) -> Word:
        """What there is to know of a word."""
        found = self._known.get(word)
        if found is None:
            alike, bank = self._same_time(word)
            found = self._alike.get(alike)
            if found is None:
                found = self._alike[alike] = self._decoded(alike)
            if bank >= 0:
                found = found._replace(bank=bank)
            self._known[word] = found
        return found

    def _same_time(self, word: int) -> tuple[int, int]:
        """A word that takes the same time, whatever its numbers are; and the single bank of the first one, or -1."""
        bits, single, elements = _bits(word >> FIELDS["opcode"].low)
        bank = single.extract(word) if single else -1
        if single and bank < self.params.banks:
            bits |= single.insert(-1)
        else:
            bank = -1
        if elements:
            lanes, number = self.params.lanes, elements.extract(word)
            word ^= elements.insert(number) ^ elements.insert(min(elements.range[1], -(-number // lanes) * lanes))
        return word & ~bits, bank

    def _decoded(self, word: int) -> Word:
        """A word whose numbers, but for times, are left out."""
        try:
            one = decode(word)
        except IllegalWord:
            return Word(None, word)
        opens = (one.op.name == "LOOP") - (one.op.name == "ENDL")
        return Word(one, encode(one), self._plain(one), opens)

    @staticmethod
    def _plain(one: Instruction) -> bool:
        return one.op.unit in UNITS and one.op.name not in MADE and APART.isdisjoint(one.flags)


@cache
def _bits(code: int) -> tuple[int, Operand | None, Operand | None]:
    """The bits of an instruction that time does not depend on; its single bank; elements, of which lanes make words."""
    op = OPCODES.get(code)
    operands = op.operands if op else ()
    kinds = {operand.kind: operand for operand in operands}
    bits = sum(operand.insert(-1) for operand in operands if operand.kind in TIMELESS)
    return bits, kinds.get("bank"), kinds.get("elements") if op and op.name != "VGATHER" else None
