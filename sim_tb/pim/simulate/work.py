"""What the issuer hands to the channels and to the ways of words between them and SRAM."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from hdl.params.pim import COMMANDS, NUMBERS, Instruction, PimParams, buffers_of, number

__all__ = ["NEVER", "Collect", "Feed", "Operation", "Range", "Work", "word_channels", "work_of"]

#: Instructions with another one's command.
ALIKE = {"WR_BYTE": "WR_ELEM"}
#: SRAM words: the first one, and the first one past them.
Range = tuple[int, int]
#: A clock that does not come.
NEVER = 1 << 62


class Operation(NamedTuple):
    """What a channel's sequencer turns into commands.

    Parameters
    ----------
    code : int
        Of the command that is its work.
    bank, row, col, word : int
        Where it begins; ``word`` are the numbers that the command carries in place of a row.
    times : int
        How often its command comes.
    buffers : int
        The global buffers that it writes or reads, a bit for each, where there are several.
    rises : int
        How far ``word`` goes from command to command.
    products : int
        Multiply-accumulates of each command, a set of ``lanes`` in every bank counting as one.
    """

    code: int
    bank: int
    row: int
    col: int
    word: int
    times: int
    buffers: int = 0
    rises: int = 0
    products: int = 0


class Feed(NamedTuple):
    """Words from SRAM to channels: ``words`` from ``address`` on.

    ``each``: each channel has its own, ``stride`` after those of the channel before it. ``slot``: of a slot, each
    channel gets the words with its elements, and of ``more`` slots, ``stride`` apart; with ``zero`` they are not read.
    Of a slot of bytes each ``half`` of a word comes on its own, from the lower (0) or the upper (1) one of the first
    word on; other words come whole (-1).
    """

    mask: int
    address: int
    words: int
    stride: int
    each: bool
    slot: bool
    more: int
    half: int
    zero: bool


class Collect(NamedTuple):
    """Words from channels to SRAM, ``words`` of each, from ``address`` on; of a slot, each to its place.

    ``more`` slots follow, ``stride`` apart.
    """

    mask: int
    address: int
    words: int
    slot: bool
    more: int
    stride: int


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
    slot = any(touch.length in ("slot", "bytes", "spaced") for touch in op.touches)
    each = any(touch.length == "spread" for touch in op.touches)
    n = values.get("n", 1)
    name = "RD_MAC_KEEP" if "accumulate" in one.flags else "WR_GB" if each else ALIKE.get(op.name, op.name)
    mask, spaced = values["mask"], any(touch.length == "spaced" for touch in op.touches)
    slots = n if spaced else 1
    step, vectors = 1 + ("int8" in one.flags), values.get("vectors", 1)
    said = {"word": values.get("gb", 0), "vectors": vectors, "int8": step - 1, "count": n}
    said |= {key: values[key] for key in ("acc", "to", "lane") if key in values}
    product = COMMANDS[name].name == "MAC_AB"
    operation = Operation(
        code=COMMANDS[name].code,
        bank=values.get("bank", 0),
        row=values.get("row", 0),
        col=values.get("col", 0),
        word=number(params.number_bits, name, **said) if name in NUMBERS else 0,
        times=params.parts * slots if slot else 1 if name == "SCALE_AB" else n,
        buffers=buffers_of(params, one),
        rises=step if name in NUMBERS else 0,
        products=vectors * step * product,
    )
    feed = collect = None
    if op.takes("sram"):
        count = params.slot_words if slot else n
        stride, half = values.get("stride", 0), values.get("half", -1)
        feed = Feed(mask, values["a"], count, stride, each, slot, slots - 1, half, "zero" in one.flags)
    if op.gives("sram"):
        stride = values.get("stride", 0) or params.slot_words
        collect = Collect(mask, values["d"], params.parts if slot else n, slot, slots - 1, stride)
    return Work(mask, operation, feed, collect)
