"""Parameters, commands and instruction set of the processing-in-memory (PIM) system."""

from hdl.params.pim.accumulators import AccumulatorUse, accumulator_use
from hdl.params.pim.buffers import buffers_of, mode_registers
from hdl.params.pim.commands import COMMANDS, NUMBERS, Command, number, numbers
from hdl.params.pim.encoding import IllegalWord, Instruction, decode, encode, instruction
from hdl.params.pim.energy import EnergyTable
from hdl.params.pim.expansion import chunks, expand_vmm, expanded, item_read
from hdl.params.pim.fields import FIELDS, ITEM_BITS, LEVELS, SCALARS, WORD_BITS
from hdl.params.pim.instructions import INSTRUCTIONS, OPCODES, SUM_WAYS
from hdl.params.pim.legality import FAULTS, Access, Fault, Violation, accesses, faults_of, violations, words_of
from hdl.params.pim.opcode import LENGTHS, UNITS, Opcode, Touch
from hdl.params.pim.presets import PRESETS, energy_note, energy_sources, preset, size_sources, timing_sources
from hdl.params.pim.system import ELEMENT_BITS, PimParams, changed
from hdl.params.pim.timing import TimingTable

__all__ = [
    "COMMANDS",
    "ELEMENT_BITS",
    "FAULTS",
    "FIELDS",
    "INSTRUCTIONS",
    "ITEM_BITS",
    "LENGTHS",
    "LEVELS",
    "NUMBERS",
    "OPCODES",
    "PRESETS",
    "SCALARS",
    "SUM_WAYS",
    "UNITS",
    "WORD_BITS",
    "Access",
    "AccumulatorUse",
    "Command",
    "EnergyTable",
    "Fault",
    "IllegalWord",
    "Instruction",
    "Opcode",
    "PimParams",
    "TimingTable",
    "Touch",
    "Violation",
    "accesses",
    "accumulator_use",
    "buffers_of",
    "changed",
    "chunks",
    "decode",
    "encode",
    "energy_note",
    "energy_sources",
    "expand_vmm",
    "expanded",
    "faults_of",
    "instruction",
    "item_read",
    "mode_registers",
    "number",
    "numbers",
    "preset",
    "size_sources",
    "timing_sources",
    "violations",
    "words_of",
]
