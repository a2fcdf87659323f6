"""What it means that a channel has several global buffers: one is written while banks use another."""

from __future__ import annotations

from hdl.params.pim.commands import COMMANDS
from hdl.params.pim.encoding import Instruction
from hdl.params.pim.legality import accesses
from hdl.params.pim.system import PimParams

__all__ = ["buffers_of", "mode_registers"]


def mode_registers(params: PimParams) -> tuple[str, ...]:
    """Commands to registers that tMOD keeps apart from those to banks.

    Where there are several global buffers, WR_GB is none of them: it needs no switch of mode.
    """
    return tuple(name for name, each in COMMANDS.items() if each.register and (params.buffers == 1 or name != "WR_GB"))


def buffers_of(params: PimParams, one: Instruction) -> int:
    """The global buffers that an instruction writes or reads, a bit for each; 0 where a channel has only one."""
    touched = [each for each in accesses(params, one) if each.space == "buffer"]
    if params.buffers == 1 or not touched:
        return 0
    first, past = min(each.start for each in touched), max(each.start + each.length for each in touched)
    words = params.gb_words
    return sum(1 << i for i in range(params.buffers) if i * words < past and first < (i + 1) * words)
