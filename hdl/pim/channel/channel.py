"""One channel: its command sequencer, the words on their way, and the registers of its port."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib.wiring import In, Out

from hdl.lib.delay import held
from hdl.lib.shared import Part, place
from hdl.params.pim import PimParams
from hdl.params.pim.commands import COMMAND_BITS
from hdl.pim.channel.operation import operation
from hdl.pim.channel.sequencer import Sequencer
from hdl.pim.channel.word_queue import WordQueue

__all__ = ["PHY_INPUTS", "Channel", "phy_members", "phy_outputs", "read_depth", "write_depth"]

PHY_INPUTS = ("rdata", "rvalid")


def write_depth(params: PimParams) -> int:
    """Words that wait for their time on the data bus: enough for a stream of them without a gap, or for presets."""
    t = params.timing
    return max(_power(-(-(max(t.cwl, t.cwl_reg) + 2) // t.tbl) + 3), _accumulated(params))


def read_depth(params: PimParams) -> int:
    """Answers that may be on their way or wait for the collector: enough for a stream without a gap, or for results."""
    t = params.timing
    return max(_power(-(-(max(t.cl, t.cl_reg) + 4) // t.tbl) + 1), _accumulated(params))


def _accumulated(params: PimParams) -> int:
    """Words of all accumulators twice, where there are several.

    So feeder and collector, which serve the channels in turn, are at work on some while the units multiply others.
    """
    return 2 * params.accumulators * params.parts if params.accumulators > 1 else 1


def phy_outputs(params: PimParams) -> dict[str, int]:
    """The outputs of a channel's port and their widths."""
    widths = {"cmd_valid": 1, "cmd_op": COMMAND_BITS, "cmd_bank": params.bank_bits, "cmd_row": params.row_bits}
    widths |= {"cmd_col": params.col_bits, "wvalid": 1, "wdata": params.word_bits, "wstrb": params.word_bits // 8}
    return widths


def phy_members(params: PimParams) -> dict[str, Any]:
    """The ports of all channels, ``c0_cmd_valid`` and so on, as members of a part."""
    ports: dict[str, Any] = {}
    for i in range(params.channels):
        ports |= {f"c{i}_{name}": Out(width) for name, width in phy_outputs(params).items()}
        ports |= {f"c{i}_rdata": In(params.word_bits), f"c{i}_rvalid": In(1)}
    return ports


class Channel(Part):
    """Sequencer, queue of words to write, queue of words read.

    Members
    -------
    op, op_valid, op_ready
        Operations.
    push, data : In
        A word to write, in the order of the operations. ``w_room`` : Out(1) : one may come in the next clock whatever
        comes in this one.
    pop : In(1), r_ready : Out(1), r_data : Out
        Words read, in the order of the operations: one is there; it is taken, and appears one clock later.
    cmd_*, wvalid, wdata, wstrb, rdata, rvalid
        The channel's port. ``wdata`` comes CWL or CWL_REG clocks after its command, ``rvalid`` with ``rdata`` after CL
        or CL_REG.
    busy : Out(1)
        Something is still to be done, or on its way.
    """

    module = "channel"
    resets = True

    def __init__(self, params: PimParams) -> None:
        self.params = params
        word = params.word_bits
        super().__init__(
            {
                "op": In(operation(params).size),
                "op_valid": In(1),
                "op_ready": Out(1),
                "push": In(1),
                "data": In(word),
                "w_room": Out(1),
                "pop": In(1),
                "r_ready": Out(1),
                "r_data": Out(word),
                "busy": Out(1),
                "rdata": In(word),
                "rvalid": In(1),
                **{name: Out(width) for name, width in phy_outputs(params).items()},
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        params, t = self.params, self.params.timing
        word = Signal()
        room = Signal()
        sequencer = place(m, "sequencer", Sequencer(params), op=self.op, op_valid=self.op_valid, word=word, room=room)
        m.d.comb += self.op_ready.eq(sequencer.op_ready)
        for name in ("cmd_valid", "cmd_op", "cmd_bank", "cmd_row", "cmd_col"):
            m.d.comb += getattr(self, name).eq(getattr(sequencer, name))

        # Words to write leave their queue one clock before the register of the port takes them.
        to_bank = held(m, "to_bank", sequencer.write_bank, t.cwl - 1, resets=True)
        to_register = held(m, "to_register", sequencer.write_register, t.cwl_reg - 1, resets=True)
        mark = Cat(sequencer.strobe_one, sequencer.strobe_lane, *([sequencer.strobe_bytes] if params.int8 else []))
        mark = held(m, "mark", mark, t.cwl, resets=True)
        leaving = Signal()
        leaving_bank = Signal()
        m.d.comb += leaving.eq(to_bank | to_register)
        writes = WordQueue(write_depth(params), params.word_bits)
        written = place(m, "writes", writes, push=self.push, data=self.data, pop=leaving)
        free = Signal(range(writes.depth + 1))  # words that no command has been sent for
        m.d.sync += free.eq(free + self.push - sequencer.write_bank - sequencer.write_register)
        m.d.comb += [word.eq(free.any()), self.w_room.eq(written.level <= writes.depth - 2)]
        popped = Signal()
        chosen = mark[1:][: len(sequencer.strobe_lane)]
        one_lane: Value = Cat(*((chosen == lane).replicate(2) for lane in range(params.lanes)))
        if params.int8:
            one_lane = one_lane & mark[-2:].replicate(params.lanes)
        m.d.sync += [
            popped.eq(leaving),
            leaving_bank.eq(to_bank),
            self.wvalid.eq(popped),
            self.wdata.eq(written.first),
            self.wstrb.eq(Mux(leaving_bank & mark[0], one_lane, ~Const(0, params.word_bits // 8))),
        ]

        # Answers: as many as fit into their queue may be outstanding.
        reads = WordQueue(read_depth(params), params.word_bits)
        answers = place(m, "reads", reads, push=self.rvalid, data=self.rdata, pop=self.pop)
        owed = Signal(range(reads.depth + 1))
        m.d.sync += owed.eq(owed + sequencer.read - self.pop)
        m.d.comb += [
            room.eq(owed != reads.depth),
            self.r_ready.eq(answers.level.any()),
            self.r_data.eq(answers.first),
            self.busy.eq(sequencer.busy | written.level.any() | popped | self.wvalid | owed.any()),
        ]
        return m


def _power(least: int) -> int:
    return max(4, 1 << (least - 1).bit_length())
