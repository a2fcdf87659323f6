"""The operations that wait behind the one at work, and the banks that can be made ready for them meanwhile."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Array, Cat, Const, Module, Mux, Signal, Value
from amaranth.lib.data import View
from amaranth.lib.wiring import In, Out

from hdl.lib.shared import Part
from hdl.params.pim import PimParams
from hdl.pim.channel.loads import Loads
from hdl.pim.channel.operation import KINDS, operation

__all__ = ["DEPTH", "SINGLE_KINDS", "LookAhead"]

#: Operations that can wait. Reads of `aim_reference` want seven: tRCD_RD 36 at an activate every tRRD 5.
DEPTH = 8
#: Operations on one bank.
SINGLE_KINDS = ("ACT", "PRE", "WR_SB", "RD_SB")
#: Those that want a row open, and whose bank can therefore be made ready.
WISHES = ("WR_SB", "RD_SB")


class LookAhead(Part):
    """A queue of ``DEPTH`` operations, and the search for one whose bank can be made ready.

    An operation enters at the end of the clock in which ``op_valid`` and ``op_ready`` are high, and is offered as
    ``first`` from the next clock on if there is none before it.

    A *candidate* is a WR_SB or RD_SB in the queue for which every operation before it, the present one included, is of
    ``SINGLE_KINDS`` and on another bank. Each candidate says whether the row open in its bank is the one in which it
    begins. ``activate`` is the bank of the oldest candidate whose bank is closed and can activate;
    ``precharge`` is that of the oldest one in whose bank another row is open that can be closed.

    Members
    -------
    op, op_valid, op_ready
        Operations (:func:`hdl.pim.channel.operation.operation`); ``op_ready`` comes from registers.
    first, valid : Out, take : In(1)
        The oldest operation, if there is one; it leaves.
    look : In(1), bank : In
        There may be candidates: the present operation is of ``SINGLE_KINDS``; and its bank.
    open, can_activate, can_precharge, held : In
        For each bank: a row is open; its rules allow ACT, PRE; the row that it opened last, side by side.
    opens : In, row : In
        The banks that open this row in this clock.
    activate, precharge : Out, wanted : Out
        A bit for each bank, of which at most one is set; the row to open.
    takes : In(1), reads : In, load_sent : In(1), load : Out(1), load_word, load_buffers : Out
        Where there are several global buffers: a WR_GB that goes on before its turn
        (:class:`hdl.pim.channel.loads.Loads`).
    """

    module = "look_ahead"
    resets = True

    def __init__(self, params: PimParams) -> None:
        self.params = params
        self.layout = operation(params)
        banks, row = params.banks, self.layout["row"].width
        super().__init__(
            {
                "op": In(self.layout.size),
                "op_valid": In(1),
                "op_ready": Out(1),
                "first": Out(self.layout.size),
                "valid": Out(1),
                "take": In(1),
                "look": In(1),
                "bank": In(params.bank_bits),
                **{name: In(banks) for name in ("open", "can_activate", "can_precharge", "opens")},
                "held": In(banks * row),
                "row": In(row),
                "activate": Out(banks),
                "precharge": Out(banks),
                "wanted": Out(row),
                **(self._load_members() if params.buffers > 1 else {}),
            }
        )

    def _load_members(self) -> dict[str, Any]:
        members: dict[str, Any] = {"takes": In(1), "reads": In(self.params.buffers), "load_sent": In(1)}
        return members | {
            "load": Out(1),
            "load_word": Out(self.layout["word"].width),
            "load_buffers": Out(self.params.buffers),
        }

    def elaborate(self, platform: object) -> Module:
        m = Module()
        entries = [View(self.layout, Signal(self.layout.size, name=f"op{i}", reset_less=True)) for i in range(DEPTH)]
        valid = [Signal(name=f"valid{i}") for i in range(DEPTH)]
        hits = [Signal(name=f"hit{i}", reset_less=True) for i in range(DEPTH)]
        masks = [self._mask(m, f"mask{i}", entry.bank) for i, entry in enumerate(entries)]
        # What is taken is known late in its clock, and all others move up in the next one. Until then the one that was
        # taken stays in front; in that clock it is the present one, on whose kind and bank the search depends anyway.
        self.gone = Signal(name="gone")
        known = self._hits(m, entries, hits, masks)
        self._queue(m, entries, valid, hits, known)
        self._search(m, entries, valid, known, masks)
        if self.params.buffers > 1:
            self._loads(m, entries, valid)
        return m

    def _loads(self, m: Module, entries: list[View], valid: list[Signal]) -> None:
        waits = [valid[0] & ~self.gone, *valid[1:]]
        loads = Loads(m, entries, waits, self.gone, self.takes, self.reads, self.load_sent)
        loads.count(m, View(self.layout, self.first), [~self.gone, self.gone, *[Const(0, 1)] * (DEPTH - 2)])
        m.d.comb += [
            self.load.eq(loads.picked),
            self.load_word.eq(loads.word),
            self.load_buffers.eq(loads.buffers),
        ]

    def _mask(self, m: Module, name: str, bank: Value) -> Signal:
        """A bank's number as a bit."""
        mask = Signal(self.params.banks, name=name)
        m.d.comb += mask.eq(Const(1, self.params.banks) << bank)
        return mask

    def _hits(self, m: Module, entries: list[View], hits: list[Signal], masks: list[Signal]) -> list[Value]:
        """For each operation: its row is the one that its bank opened last. For the one that enters, a clock before."""
        # What opens in a clock is known late in it, and a row takes long to compare: that is done in the next one.
        opened = Signal(self.params.banks)
        row = Signal(len(self.row), name="opened_row", reset_less=True)
        m.d.sync += [opened.eq(self.opens), row.eq(self.row)]
        found: list[Value] = [
            Mux((mask & opened).any(), entry.row == row, hit)
            for entry, hit, mask in zip(entries, hits, masks, strict=True)
        ]
        new = View(self.layout, self.op)
        width = len(self.row)
        held = Array([self.held[i * width :][:width] for i in range(self.params.banks)])[new.bank]
        return [*found, held == new.row]

    def _queue(
        self, m: Module, entries: list[View], valid: list[Signal], hits: list[Signal], known: list[Value]
    ) -> None:
        push = Signal()
        m.d.comb += [
            self.op_ready.eq(~valid[-1] | self.gone),
            push.eq(self.op_valid & self.op_ready),
            self.first.eq(Mux(self.gone, entries[1], entries[0])),
            self.valid.eq(Mux(self.gone, valid[1], valid[0])),
        ]
        m.d.sync += self.gone.eq(self.take & self.valid)
        *found, new = known
        for i in range(DEPTH):
            behind = valid[i + 1] if i + 1 < DEPTH else Const(0, 1)
            m.d.sync += hits[i].eq(found[i])
            with m.If(self.gone):
                m.d.sync += valid[i].eq(behind | (push & valid[i]))
                with m.If(behind):
                    m.d.sync += [entries[i].eq(entries[(i + 1) % DEPTH]), hits[i].eq(found[(i + 1) % DEPTH])]
                with m.Else():
                    m.d.sync += [entries[i].eq(self.op), hits[i].eq(new)]
            with m.Elif(push & ~valid[i]):
                m.d.sync += [entries[i].eq(self.op), hits[i].eq(new), valid[i].eq(valid[i - 1] if i else 1)]

    def _search(
        self, m: Module, entries: list[View], valid: list[Signal], known: list[Value], masks: list[Signal]
    ) -> None:
        """From the oldest operation to the youngest."""
        looks: Value = self.look
        used: Value = self._mask(m, "mask_present", self.bank)
        opener: Value = Const(0, 1)
        closer: Value = Const(0, 1)
        activate: Value = Const(0, self.params.banks)
        precharge: Value = Const(0, self.params.banks)
        wanted: Value = Const(0, len(self.row))
        for i, (entry, mask) in enumerate(zip(entries, masks, strict=True)):
            waits = valid[i] if i else valid[i] & ~self.gone
            candidate, opens, closes = Signal(name=f"candidate{i}"), Signal(name=f"opens{i}"), Signal(name=f"closes{i}")
            is_open = (mask & self.open).any()
            m.d.comb += [
                candidate.eq(looks & waits & _is(entry, WISHES) & ~(mask & used).any()),
                opens.eq(candidate & ~is_open & (mask & self.can_activate).any()),
                closes.eq(candidate & is_open & ~known[i] & (mask & self.can_precharge).any()),
            ]
            activate = activate | Mux(opens & ~opener, mask, 0)
            wanted = wanted | Mux(opens & ~opener, entry.row, 0)
            precharge = precharge | Mux(closes & ~closer, mask, 0)
            opener, closer = opener | opens, closer | closes
            looks, used = looks & _is(entry, SINGLE_KINDS), used | mask
        m.d.comb += [self.activate.eq(activate), self.precharge.eq(precharge), self.wanted.eq(wanted)]


def _is(entry: View, names: tuple[str, ...]) -> Value:
    return Cat(*(entry.kind == KINDS.index(name) for name in names)).any()
