"""What the issuer hands to the channels and to the ways of words between them and SRAM."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from hdl.params.pim import COMMANDS, Instruction, PimParams, buffers_of

__all__ = ["NEVER", "Collect", "Feed", "Operation", "Work", "word_channels", "work_of"]

#: A clock that does not come.
NEVER = 1 << 62


class Operation(NamedTuple):
    """What a channel's sequencer turns into commands.

    Parameters
    ----------
    code : int
        Of the command that is its work.
    bank, row, col, word : int
        Where it begins; ``word`` is of the global buffer.
    times : int
        How often its command comes.
    buffers : int
        The global buffers that it writes or reads, a bit for each, where there are several.
    """

    code: int
    bank: int
    row: int
    col: int
    word: int
    times: int
    buffers: int = 0


class Feed(NamedTuple):
    """Words from SRAM to channels: ``words`` from ``address`` on.

    ``each``: each channel has its own, ``stride`` after those of the channel before it. ``slot``: of a slot, each
    channel gets the words with its elements; with ``zero`` they are not read.
    """

    mask: int
    address: int
    words: int
    stride: int
    each: bool
    slot: bool
    zero: bool


class Collect(NamedTuple):
    """Words from channels to SRAM, ``words`` of each, from ``address`` on; of a slot, each to its place."""

    mask: int
    address: int
    words: int
    slot: bool


@dataclass(frozen=True, slots=True)
class Work:
    """An instruction for channels: the operation and its words."""

    mask: int
    operation: Operation
    feed: Feed | None
    collect: Collect | None


def word_channels(params: PimParams) -> tuple[int, ...]:
    """For each word of a slot the channels that have elements in it, as a mask."""
    masks = [0] * params.slot_words
    for channel in range(params.channels):
        first = channel * params.banks // params.lanes
        for word in range(first, first + params.parts):
            masks[word] |= 1 << channel
    return tuple(masks)


def work_of(params: PimParams, one: Instruction) -> Work:
    """The work of an instruction for channels, but VMM."""
    values, op = one.values, one.op
    slot = any(touch.length in ("slot", "spaced") for touch in op.touches)
    each = any(touch.length == "spread" for touch in op.touches)
    n = values.get("n", 1)
    name = "RD_MAC_KEEP" if "accumulate" in one.flags else "WR_GB" if each else op.name
    mask = values["mask"]
    operation = Operation(
        code=COMMANDS[name].code,
        bank=values.get("bank", 0),
        row=values.get("row", 0),
        col=values.get("col", 0),
        word=values.get("gb", 0),
        times=params.parts if slot else n,
        buffers=buffers_of(params, one),
    )
    feed = collect = None
    if op.takes("sram"):
        count = params.slot_words if slot else n
        feed = Feed(mask, values["a"], count, values.get("stride", 0), each, slot, "zero" in one.flags)
    if op.gives("sram"):
        collect = Collect(mask, values["d"], params.parts if slot else n, slot)
    return Work(mask, operation, feed, collect)
