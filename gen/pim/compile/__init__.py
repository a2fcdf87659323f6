"""The mapping compiler: a decoder and a system become a placement, an image of the banks, and programs."""

from gen.pim.compile.caches import CACHES
from gen.pim.compile.compiled import Compiled, compile_decoder
from gen.pim.compile.kinds import LAYOUTS
from gen.pim.compile.operations import OPERATIONS
from gen.pim.compile.placement import Placement
from gen.pim.compile.registers import TOKEN, token_of
from gen.pim.compile.sram import Sram
from gen.pim.model.quantise import WEIGHTS

__all__ = [
    "CACHES",
    "LAYOUTS",
    "OPERATIONS",
    "TOKEN",
    "WEIGHTS",
    "Compiled",
    "Placement",
    "Sram",
    "compile_decoder",
    "token_of",
]
