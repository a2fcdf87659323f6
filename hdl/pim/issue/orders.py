"""The present instruction as channels, feeder and collector want it, and what its ranges depend on with int8."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from amaranth.hdl import Mux, Value
from amaranth.lib.data import View

from hdl.params.pim import PimParams
from hdl.pim.channel.operation import KINDS
from hdl.pim.issue.present import Present

__all__ = ["int8_ranges", "orders"]


def orders(
    params: PimParams, present: Present, op: View, feed: View, collect: View, word: Value, buffers: Value | None
) -> Iterator[Any]:
    """Assignments of an operation and the jobs of its words.

    Parameters
    ----------
    params : PimParams
    present : Present
    op, feed, collect : View
        :func:`hdl.pim.channel.operation.operation`, ``feed_job`` and ``collect_job``.
    word : Value
        The first word of the global buffers.
    buffers : Value or None
        Where there are several, those that it touches.
    """
    f, control, lane = present.fields, present.control, present.lane
    number: Value = lane
    if params.int8:
        byte = present.is_("WR_BYTE")
        number = Mux(byte, lane >> 1, lane)
        yield op.strobes.eq(Mux(byte, Mux(lane[0], 2, 1), 3))
        yield from (feed.bytes.eq(byte), feed.half.eq(present.half))
    yield op.kind.eq(Mux(present.flags["keep"], KINDS.index("RD_MAC_KEEP"), control.kind))
    # Commands of one element a bank begin at the first one, whatever an instruction has in the field.
    yield op.bank.eq(Mux(control.bank | control.item, f["bank"], 0))
    yield from (op[name].eq(f[name]) for name in ("row", "col"))
    yield from (op.count.eq(f["n"]), op.word.eq(word), op.lane.eq(number), op.acc.eq(f["bank"]))
    yield from (op.more.eq(present.many - 1), op.to.eq(f["d"]), op.int8.eq(present.flags["int8"]))
    yield from (view.mask.eq(f["mask"]) for view in (feed, collect))
    yield from (view.slot.eq(control.slot) for view in (feed, collect))
    yield from (feed.address.eq(f["a"]), feed.count.eq(Mux(control.slot, params.slot_words, f["n"])))
    yield from (feed.stride.eq(lane), feed.each.eq(control.each), feed.zero.eq(present.flags["zero"]))
    yield from (view.more.eq(Mux(control.spaced, f["n"] - 1, 0)) for view in (feed, collect))
    yield collect.stride.eq(present.slot_stride)
    if buffers is not None:
        yield op.buffers.eq(buffers)
    yield from (collect.address.eq(f["d"]), collect.count.eq(Mux(control.slot, params.parts, f["n"])))


def int8_ranges(params: PimParams, present: Present) -> dict[str, Value]:
    """Inputs of :class:`hdl.pim.issue.ranges.Ranges` that systems with int8 have."""
    if not params.int8:
        return {}
    return {"bytes": present.is_("WR_BYTE"), "half": present.half, "quantises": present.is_("VQUANT")}
