"""Random instructions and programs."""

from __future__ import annotations

from hypothesis import strategies as st

from hdl.params.pim import INSTRUCTIONS, SCALARS, WORD_BITS, Instruction, encode
from hdl.params.pim.encoding import advance_bit
from hdl.params.pim.fields import ADVANCING, LEVELS


@st.composite
def instructions(draw: st.DrawFn, levels: int = LEVELS) -> Instruction:
    """Any instruction that can be encoded; its addresses advance with the given number of loops."""
    op = INSTRUCTIONS[draw(st.sampled_from(sorted(INSTRUCTIONS)))]
    flags = frozenset(flag.name for flag in op.all_flags if draw(st.integers(0, 3)) == 0)
    values = {}
    for operand in op.operands:
        low, high = (0, SCALARS - 1) if operand.or_scalar and "reg" in flags else operand.range
        values[operand.name] = draw(st.integers(low, min(high, 40)) | st.integers(low, high))
    advance = 0
    for address in ADVANCING:
        if any(operand.advances == address for operand in op.operands):
            for level in range(levels):
                advance |= draw(st.integers(0, 1)) << advance_bit(address, level)
    return Instruction(op, values, flags, advance)


def words() -> st.SearchStrategy[int]:
    """Any word: instructions, instructions with bits flipped, and noise."""
    bit = st.integers(0, WORD_BITS - 1).map(lambda place: 1 << place)
    flipped = st.builds(lambda one, flip: encode(one) ^ flip, instructions(), bit)
    return instructions().map(encode) | flipped | st.integers(0, (1 << WORD_BITS) - 1)
