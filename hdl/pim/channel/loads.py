"""Loads of global buffers that wait behind other operations, and go on while banks work."""

from __future__ import annotations

from collections.abc import Sequence

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib.data import View

from hdl.params.pim import COMMANDS
from hdl.pim.channel.operation import KINDS

__all__ = ["Loads"]

#: Operations that take words, which come in the order of operations.
TAKERS = tuple(name for name, each in COMMANDS.items() if each.data == "write")


class Loads:
    """Picks one WR_GB of a queue of operations that can go on before its turn, and counts its words in the queue.

    A WR_GB can if no operation before it, the present one included, takes words, and none of them reads a global buffer
    that it writes: another WR_GB before it must have written all of its words, and a MAC_AB must use other buffers.
    Once that is so it stays so. It is found in one clock and can go on from the next one, and is *picked* until it has
    written all, or becomes the present operation, which then does the rest. A WR_GB that has nothing left to write
    stays in the queue with a count of zero.

    Parameters
    ----------
    m : Module
    entries : sequence of View
        The operations (:func:`hdl.pim.channel.operation.operation`), the oldest one first.
    waits : sequence of Value
        Those that wait. Behind one that does not wait none does, unless that one is the oldest.
    moves : Value
        The queue moves up in this clock, and the oldest operation, which does not wait, leaves.
    takes, reads : Value
        The present operation takes words; the buffers that it reads, a bit for each.
    sent : Value
        The picked one writes a word in this clock.

    Attributes
    ----------
    picked : Value
        There is one.
    word, buffers : Value
        Its next word of the buffers; which buffers it writes.
    """

    def __init__(
        self,
        m: Module,
        entries: Sequence[View],
        waits: Sequence[Value],
        moves: Value,
        takes: Value,
        reads: Value,
        sent: Value,
    ) -> None:
        self._entries, self._moves, self._sent = entries, moves, sent
        picks = [Signal(name=f"pick{i}") for i in range(len(entries))]
        self._picks = [pick & wait for pick, wait in zip(picks, waits, strict=True)]
        self.picked = Cat(*self._picks).any()
        self.word, self.buffers, count = (self._of_picked(name) for name in ("word", "buffers", "count"))
        self._after = {"word": self.word + 1, "count": count - 1}
        last = sent & (count == 1)
        found = self._search(waits, takes, reads)
        stays = [Mux(self.picked, pick & ~last, new) for pick, new in zip(self._picks, found, strict=True)]
        for pick, own, behind in zip(picks, stays, [*stays[1:], Const(0, 1)], strict=True):
            m.d.sync += pick.eq(Mux(moves, behind, own))

    def _of_picked(self, name: str) -> Value:
        found: Value = Const(0, 1)
        for pick, entry in zip(self._picks, self._entries, strict=True):
            found = found | Mux(pick, getattr(entry, name), 0)
        return found

    def _search(self, waits: Sequence[Value], takes: Value, reads: Value) -> list[Value]:
        """From the oldest operation to the youngest: at most one is found."""
        found = []
        free = ~takes
        for entry, wait in zip(self._entries, waits, strict=True):
            left = entry.count.any()
            loads = entry.kind == KINDS.index("WR_GB")
            taker = Cat(*(entry.kind == KINDS.index(name) for name in TAKERS)).any()
            found.append(wait & free & loads & left & ~(entry.buffers & reads).any())
            free = free & ~(wait & taker & ~(loads & ~left))
            reads = reads | Mux(wait & (entry.kind == KINDS.index("MAC_AB")), entry.buffers, 0)
        return found

    def count(self, m: Module, first: View, offers: Sequence[Value]) -> None:
        """The word that is sent is no longer to be written, wherever the operation is from the next clock on.

        ``first`` is the operation that may be taken in this clock, and ``offers`` says for each one that it is that.
        These statements come after all others that move operations.
        """
        with m.If((Cat(*self._picks) & Cat(*offers)).any() & self._sent):
            m.d.comb += [getattr(first, name).eq(value) for name, value in self._after.items()]
        for i, entry in enumerate(self._entries):
            here = self._picks[i] & ~self._moves
            if i + 1 < len(self._entries):
                here = here | (self._picks[i + 1] & self._moves)
            with m.If(here & self._sent):
                m.d.sync += [getattr(entry, name).eq(value) for name, value in self._after.items()]
