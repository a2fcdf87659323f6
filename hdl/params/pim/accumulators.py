"""Which accumulators an instruction reads, clears and loads: those that hold nothing must not be read."""

from __future__ import annotations

from typing import NamedTuple

from hdl.params.pim.encoding import Instruction
from hdl.params.pim.system import PimParams

__all__ = ["AccumulatorUse", "accumulator_use"]


class AccumulatorUse(NamedTuple):
    """Accumulators as masks: those of number k of all units of channel c are bit k * channels + c.

    Parameters
    ----------
    reads : int
        It is a fault if nothing was added or preset to one of these since it was cleared.
    clears, loads : int
        Those that hold nothing afterwards, and those that do.
    """

    reads: int = 0
    clears: int = 0
    loads: int = 0

    def after(self, loaded: int) -> int:
        """The accumulators that hold something after the instruction, from those that did before."""
        return loaded & ~self.clears | self.loads


def accumulator_use(params: PimParams, one: Instruction) -> AccumulatorUse:
    """What an instruction does with accumulators; it may be illegal."""
    values, name = one.values, one.op.name
    if name == "VMM":
        return AccumulatorUse(clears=_mask(params, -1, 0, 1))
    if name == "MAC_AB":
        return AccumulatorUse(loads=_mask(params, values["mask"], values["acc"], values["vectors"]))
    if name == "WR_BIAS":
        return AccumulatorUse(loads=_mask(params, values["mask"], values["acc"], values["n"]))
    if name == "RD_MAC":
        read = _mask(params, values["mask"], values["acc"], values["n"])
        return AccumulatorUse(reads=read, clears=0 if "accumulate" in one.flags else read)
    if name == "SCALE_AB":
        read = _mask(params, values["mask"], values["acc"], values["n"])
        return AccumulatorUse(read, read, _mask(params, values["mask"], values["to"], values["n"]))
    return AccumulatorUse()


def _mask(params: PimParams, channels: int, first: int, many: int) -> int:
    """Accumulators from a first one on, as far as there are any, of some channels."""
    channels &= (1 << params.channels) - 1
    return sum(channels << index * params.channels for index in range(first, min(first + many, params.accumulators)))
