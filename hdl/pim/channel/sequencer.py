"""The command sequencer of a channel: operations in, commands out, every timing rule kept."""

from __future__ import annotations

from amaranth.hdl import Array, Cat, Const, Module, Mux, Signal, Value
from amaranth.lib.data import View
from amaranth.lib.wiring import In, Out

from hdl.lib.shared import Part, Shared, place
from hdl.params.pim import COMMANDS, NUMBERS, PimParams
from hdl.params.pim.commands import COMMAND_BITS
from hdl.pim.channel.bank import SequencerBank
from hdl.pim.channel.look_ahead import SINGLE_KINDS, LookAhead
from hdl.pim.channel.operation import COUNT_BITS, KINDS, kinds, operation
from hdl.pim.channel.refresh import Refresh
from hdl.pim.channel.rules import ChannelRules

__all__ = ["Sequencer"]

COLUMN_KINDS = ("WR_SB", "RD_SB", "WR_ELEM", "MAC_AB", "SCALE_AB")
ALL_KINDS = ("ACT_AB", "PRE_AB", "WR_ELEM", "MAC_AB", "SCALE_AB")
#: Operations with one command for every ``lanes`` banks, the last three for every accumulator.
PART_KINDS = ("WR_ELEM", "WR_BIAS", "RD_MAC", "RD_MAC_KEEP")
#: Operations whose work is the command of the same name; those on rows have none.
WORK = (*COLUMN_KINDS, "WR_GB", "WR_BIAS", "RD_MAC", "RD_MAC_KEEP")
TAKES_WORD = tuple(name for name in WORK if COMMANDS[name].data == "write")
GIVES_WORD = tuple(name for name in WORK if COMMANDS[name].data == "read")
#: Operations that read words.
READS = tuple(name for name, each in COMMANDS.items() if each.data == "read")
#: Commands for later operations: those that make banks ready, and words of global buffers, where there are several.
AHEAD = ("ACT", "PRE", "WR_GB")
#: What the queue of operations is told of each bank.
BANK_STATE = ("open", "can_activate", "can_precharge", "held")


class Sequencer(Part):
    """Turns operations, one after the other, into commands, as early as the rules allow.

    Which command comes next follows from the present operation and the banks alone:

    1. A refresh, where one may cut in (below): PRE_AB if any row is open, then REF.
    2. Work on columns needs its row in its bank, or in all banks opened by one ACT_AB. If that is so, the column's
       command; else ACT or ACT_AB where the bank is closed (all are); else PRE or PRE_AB. Nothing is closed before
       something else is wanted: rows stay open from operation to operation.
    3. Work on registers: its command.
    4. ACT and ACT_AB open a row as 2. does, and PRE and PRE_AB close one; as soon as that is so, they take one clock
       more without a command.

    It leaves in the first clock in which no timing rule forbids it, and, if it writes, its word is there, and, if it
    reads, there is room for the answer. The first command of an operation can leave in the clock after the last one of
    the operation before it.

    In a clock in which none of these commands leaves, a bank may be made ready for a later operation. That needs the
    present operation to be ACT, PRE, WR_SB or RD_SB and no refresh to be due. A *candidate* is a WR_SB or RD_SB among
    the ``look_ahead.DEPTH`` operations that wait, for which every operation before it, the present one included, is
    ACT, PRE, WR_SB or RD_SB and on another bank: operations on registers and on all banks end the search. Then leaves

    5. ACT, for the oldest candidate whose bank is closed and has its tRC and tRP behind it, with the row in which that
       candidate begins, if tRRD, tFAW, tMOD and tRFC allow; else
    6. PRE, for the oldest candidate in whose bank another row is open than that in which it begins, and which has its
       tRAS, tRTP and tWR behind it, if tMOD and tRFC allow.

    Where there are several global buffers, and neither of these leaves,

    7. WR_GB, for the operation that :class:`hdl.pim.channel.loads.Loads` has picked, if a word is there, the rules of
       data allow, and the present operation is none that reads, which a word on the bus would keep waiting.

    Refreshes are no hindrance to it before REF, nor is tMOD. A MAC waits until the buffers that it reads have their
    words; an operation that writes several buffers counts for each of them up to its last word.

    The present operation always goes first, and what it finds open or closed is all that changes for it; column
    commands keep the order of their operations.

    An operation is taken in a clock in which fewer than ``look_ahead.DEPTH`` wait, and waits from the next clock on.
    The oldest that waits is the present one from the clock after that in which there is no present one, or that one
    ends: its last command leaves, or 4. takes its clock.

    A refresh cuts in when one is due and (a) there is no present operation; or (b) the next command would be ACT or
    ACT_AB: no row has to be opened again for it; or (c) ``refresh.URGENT`` or more are owed: anywhere. It repeats until
    none is due. Rows are opened again as 2. says.

    Members
    -------
    op, op_valid, op_ready
        Operations (:func:`hdl.pim.channel.operation.operation`).
    word, room : In(1)
        The next word to write is there; one more answer can be taken.
    cmd_valid, cmd_op, cmd_bank, cmd_row, cmd_col : Out
        The command bus, from registers: one clock after the decision. Fields that a command does not use are zero.
    write_bank, write_register, read : Out(1)
        The command decided on in this clock writes to banks, writes to registers, reads.
    strobe_lane, strobe_one, strobe_bytes : Out
        With ``write_bank``: only that lane is written; with int8 only those bytes of it.
    busy : Out(1)
        An operation has commands to give.
    """

    module = "sequencer"
    resets = True

    def __init__(self, params: PimParams) -> None:
        self.params = params
        self.layout = operation(params)
        self.kinds = kinds(params)
        self.commands = tuple(name for name in COMMANDS if name in self.kinds or name not in KINDS)
        outputs = ("op_ready", "write_bank", "write_register", "read", "strobe_one", "busy", "cmd_valid")
        super().__init__(
            {
                "op": In(self.layout.size),
                **{name: In(1) for name in ("op_valid", "word", "room")},
                **{name: Out(1) for name in outputs},
                "strobe_lane": Out(len(View(self.layout, Signal(self.layout.size)).lane)),
                **({"strobe_bytes": Out(2)} if params.int8 else {}),
                "cmd_op": Out(COMMAND_BITS),
                "cmd_bank": Out(params.bank_bits),
                "cmd_row": Out(params.row_bits),
                "cmd_col": Out(params.col_bits),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        self.own = {name: Signal(name=f"send_{name.lower()}") for name in self.commands}
        self.several = self.params.buffers > 1
        ahead = AHEAD if self.several else AHEAD[:2]
        self.ahead = {name: Signal(name=f"ahead_{name.lower()}") for name in ahead}
        self.sent = {name: own | self.ahead.get(name, 0) for name, own in self.own.items()}
        self.ended = Signal(name="ended")
        self._present()
        banks = self._banks(m)
        refresh = place(m, "refresh", Refresh(self.params), done=self.sent["REF"])
        self._take(m, banks, refresh)
        wanted = self._wanted(m, banks, refresh)
        rules = ChannelRules(m, self.params, self.sent, self._buffers())
        for name, signal in self.own.items():
            allowed = rules.allow(name) & self._bank_rules(name, banks)
            if name in TAKES_WORD:
                allowed = allowed & self.word
            if name in GIVES_WORD:
                allowed = allowed & self.room
            m.d.comb += signal.eq(wanted[name] & allowed)
        self._ahead(m, rules)
        self._advance(m)
        self._command(m)
        return m

    # --- the operation at work ---------------------------------------------------------------------------------------
    def _present(self) -> None:
        self.valid = Signal(name="valid")
        self.kind = Signal(len(self.kinds), name="kind", reset_less=True)
        self.bank = Signal(self.params.bank_bits, name="bank", reset_less=True)
        self.row = Signal(self.layout["row"].width, name="row", reset_less=True)
        self.col = Signal(self.params.col_bits, name="col", reset_less=True)
        self.buffer = Signal(self.layout["word"].width, name="buffer", reset_less=True)
        self.lane = Signal(self.layout["lane"].width, name="lane", reset_less=True)
        self.count = Signal(COUNT_BITS, name="count", reset_less=True)
        # What a system has one of has no bits.
        wide = ("acc", "more", "to", "int8", "strobes")
        self.numbers = {name: Signal(self.layout[name].width, name=name, reset_less=True) for name in wide}
        if self.several:
            self.buffers = Signal(self.params.buffers, name="buffers", reset_less=True)

    def _take(self, m: Module, banks: list[Shared], refresh: Shared) -> None:
        """Take an operation from the queue as soon as the one before it has ended."""
        queue = self.queue = place(
            m,
            "queue",
            LookAhead(self.params),
            op=self.op,
            op_valid=self.op_valid,
            take=self.ended | ~self.valid,
            look=self.valid & self.is_(*SINGLE_KINDS) & ~refresh.due,
            bank=self.bank,
            opens=Cat(*self.opens),
            row=self.opened,
            **{name: Cat(*(getattr(bank, name) for bank in banks)) for name in BANK_STATE},
            **(self._load_inputs() if self.several else {}),
        )
        new = View(self.layout, queue.first)
        m.d.comb += [
            self.op_ready.eq(queue.op_ready),
            self.busy.eq(self.valid | queue.valid),
            self.strobe_lane.eq(self.lane),
            self.strobe_one.eq(self.is_("WR_ELEM")),
        ]
        if self.params.int8:
            m.d.comb += self.strobe_bytes.eq(self.numbers["strobes"])
        with m.If(self.ended | ~self.valid):
            m.d.sync += self.valid.eq(queue.valid)
            m.d.sync += [
                self.kind.eq(Const(1, len(self.kinds)) << new.kind),
                self.bank.eq(new.bank),
                self.row.eq(new.row),
            ]
            m.d.sync += [self.col.eq(new.col), self.buffer.eq(new.word), self.lane.eq(new.lane)]
            m.d.sync += [signal.eq(getattr(new, name)) for name, signal in self.numbers.items() if len(signal)]
            m.d.sync += self.count.eq(self._times(new))
            if self.several:
                m.d.sync += self.buffers.eq(new.buffers)

    def _times(self, new: View) -> Value:
        """How many commands an operation has."""
        params = self.params

        def is_any(*names: str) -> Value:
            return Cat(*((new.kind == KINDS.index(name)) for name in names)).any()

        if params.accumulators == 1:
            return Mux(is_any(*PART_KINDS), params.parts, new.count)
        scales = is_any("SCALE_AB") if params.int8 else Const(0, 1)
        slots = new.count << (params.parts.bit_length() - 1)
        times = Mux(is_any(*PART_KINDS[1:]), slots, Mux(scales, 1, new.count))
        return Mux(is_any("WR_ELEM"), params.parts, times)

    def _load_inputs(self) -> dict[str, Value]:
        """What a WR_GB that waits has to know of the present operation."""
        return {
            "takes": self.valid & self.is_(*TAKES_WORD),
            "reads": Mux(self.valid & self.is_("MAC_AB"), self.buffers, 0),
            "load_sent": self.ahead["WR_GB"],
        }

    def _buffers(self) -> list[tuple[Value, Value]]:
        """For each global buffer, where there are several: it is written now; the present operation reads it."""
        if not self.several:
            return []
        own = Mux(self.own["WR_GB"], self.buffers, 0)
        written = own | Mux(self.ahead["WR_GB"], self.queue.load_buffers, 0)
        return [(written[i], self.buffers[i]) for i in range(self.params.buffers)]

    def is_(self, *names: str) -> Value:
        """The operation is of one of these kinds."""
        return Cat(*(self.kind[self.kinds.index(name)] for name in names if name in self.kinds)).any()

    # --- banks -------------------------------------------------------------------------------------------------------
    def _banks(self, m: Module) -> list[Shared]:
        """The banks; ``opens`` says which open the row ``opened`` in this clock."""
        part, sent, banks = SequencerBank(self.params), self.sent, []
        self.opened = Signal(len(self.row), name="opened")
        self.opens = [Signal(name=f"opens{i}") for i in range(self.params.banks)]
        self.closes = [Signal(name=f"closes{i}") for i in range(self.params.banks)]
        for i, opens in enumerate(self.opens):
            here = self.bank == i
            inputs = {
                "activate": opens,
                "precharge": self.closes[i],
                "read": sent["MAC_AB"] | sent.get("SCALE_AB", 0) | (sent["RD_SB"] & here),
                "write": sent["WR_ELEM"] | (sent["WR_SB"] & here),
            }
            banks.append(place(m, f"bank{i}", part, row=self.opened, wanted=self.row, **inputs))
        return banks

    def _bank_rules(self, name: str, banks: list[Shared]) -> Value:
        """What the banks themselves demand of a command."""
        every = {"ACT_AB": "can_activate", "PRE_AB": "can_precharge", "REF": "rested"}
        one = {"ACT": "can_activate", "PRE": "can_precharge", "RD_SB": "can_read", "WR_SB": "can_write"}
        if name in every:
            return Cat(*(getattr(bank, every[name]) for bank in banks)).all()
        if name in one:
            return Array([getattr(bank, one[name]) for bank in banks])[self.bank]
        return Const(1, 1)

    # --- the next command --------------------------------------------------------------------------------------------
    def _wanted(self, m: Module, banks: list[Shared], refresh: Shared) -> dict[str, Value]:
        """For each command, whether it is the one that the present operation needs, or a refresh."""
        sent = self.sent
        together = Signal()  # all banks were opened by one ACT_AB
        with m.If(sent["ACT_AB"]):
            m.d.sync += together.eq(1)
        with m.If(sent["PRE"] | sent["PRE_AB"]):
            m.d.sync += together.eq(0)

        everyone = self.is_(*ALL_KINDS)
        some_open = Signal()
        held = Signal()  # the bank, or any that is meant, is open
        hit = Signal()
        opening = Signal()
        must_open = Signal()
        must_close = Signal()
        cut_in = Signal()
        m.d.comb += [
            some_open.eq(Cat(*(bank.open for bank in banks)).any()),
            held.eq(Mux(everyone, some_open, Array([bank.open for bank in banks])[self.bank])),
            hit.eq(Mux(everyone, together & banks[0].hit, Array([bank.hit for bank in banks])[self.bank])),
            opening.eq(self.is_(*COLUMN_KINDS, "ACT", "ACT_AB")),
            must_open.eq(self.valid & opening & ~hit & ~held),
            must_close.eq(self.valid & held & Mux(opening, ~hit, self.is_("PRE", "PRE_AB"))),
            cut_in.eq(refresh.urgent | (refresh.due & (~self.valid | must_open))),
        ]
        wanted: dict[str, Value] = {
            "PRE_AB": Mux(cut_in, some_open, must_close & everyone),
            "REF": cut_in & ~some_open,
            "PRE": ~cut_in & must_close & ~everyone,
            "ACT": ~cut_in & must_open & ~everyone,
            "ACT_AB": ~cut_in & must_open & everyone,
        }
        for name in (name for name in WORK if name in self.kinds):
            ready = self.valid & ~cut_in & self.is_(name)
            wanted[name] = ready & hit if name in COLUMN_KINDS else ready
        opened, closed = self.is_("ACT", "ACT_AB") & hit, self.is_("PRE", "PRE_AB") & ~held
        self.needless = self.valid & ~cut_in & (opened | closed)
        if self.several:
            left = self.count.any()
            wanted["WR_GB"] = wanted["WR_GB"] & left
            self.needless = self.needless | (self.valid & ~cut_in & self.is_("WR_GB") & ~left)
        return wanted

    def _ahead(self, m: Module, rules: ChannelRules) -> None:
        """Make a bank ready for a later operation, in a clock in which nothing else leaves."""
        own, queue, activate, precharge = self.own, self.queue, self.ahead["ACT"], self.ahead["PRE"]
        spare = ~Cat(*own.values()).any()
        m.d.comb += [
            activate.eq(spare & rules.allow("ACT") & queue.activate.any()),
            precharge.eq(spare & rules.allow("PRE") & queue.precharge.any() & ~activate),
            self.opened.eq(Mux(own["ACT"] | own["ACT_AB"], self.row, queue.wanted)),
        ]
        if self.several:
            spare = spare & ~activate & ~precharge & ~(self.valid & self.is_(*READS))
            m.d.comb += self.ahead["WR_GB"].eq(spare & rules.allow("WR_GB") & self.word & queue.load)
        for i in range(self.params.banks):
            here = self.bank == i
            m.d.comb += [
                self.opens[i].eq(own["ACT_AB"] | (own["ACT"] & here) | (activate & queue.activate[i])),
                self.closes[i].eq(own["PRE_AB"] | (own["PRE"] & here) | (precharge & queue.precharge[i])),
            ]

    def _advance(self, m: Module) -> None:
        """The place of the next command, and the end of the operation."""
        params, sent, ended = self.params, self.own, self.ended
        load = self.sent["WR_GB"] if self.several else sent["WR_GB"]
        work = Signal()
        row_end = self.col == params.row_cols - 1
        m.d.comb += [
            work.eq(Cat(*(sent[name] for name in WORK if name in sent)).any()),
            ended.eq((work & (self.count == 1)) | self.needless),
        ]
        with m.If(work & ~ended):
            m.d.sync += self.count.eq(self.count - 1)
            with m.If(self.is_("WR_SB", "RD_SB", "MAC_AB")):
                m.d.sync += self.col.eq(Mux(row_end, 0, self.col + 1))
                m.d.sync += self.row.eq(self.row + row_end)
            with m.If(self.is_("WR_GB", "MAC_AB")):
                two = self.numbers["int8"] if params.int8 else 0
                m.d.sync += self.buffer.eq(self.buffer + 1 + two)
            if params.parts > 1:
                with m.If(self.is_(*PART_KINDS)):
                    m.d.sync += self.bank.eq(self.bank + params.lanes)
            if params.accumulators > 1:
                last = self.bank == (params.parts - 1) * params.lanes
                with m.If(self.is_(*PART_KINDS[1:]) & last):
                    m.d.sync += self.numbers["acc"].eq(self.numbers["acc"] + 1)
        m.d.comb += [
            self.write_bank.eq(sent["WR_SB"] | sent["WR_ELEM"]),
            self.write_register.eq(load | sent["WR_BIAS"]),
            self.read.eq(Cat(*(sent[name] for name in GIVES_WORD)).any()),
        ]

    def _command(self, m: Module) -> None:
        """The registers of the command bus."""
        sent, queue, ahead = self.sent, self.queue, Cat(*(self.ahead[name] for name in ("ACT", "PRE"))).any()
        chosen = Mux(self.ahead["ACT"], queue.activate, queue.precharge)
        bits = [Cat(*(chosen[i] for i in range(len(chosen)) if i >> bit & 1)).any() for bit in range(len(self.bank))]
        code: Value = Const(0, COMMAND_BITS)
        uses: dict[str, Value] = {}
        for name, signal in sent.items():
            code = code | Mux(signal, COMMANDS[name].code, 0)
            for field in COMMANDS[name].uses:
                if field != "row" or name not in NUMBERS:
                    uses[field] = uses.get(field, Const(0, 1)) | signal
        row: Value = Mux(uses["row"], self.opened, 0)
        for names in (("MAC_AB",), ("WR_GB",), PART_KINDS[1:], ("SCALE_AB",)):
            number = Cat(*(self._number(each) for each in NUMBERS[names[0]]))
            if len(number) and names[0] in sent:
                row = Mux(Cat(*(sent[name] for name in names)).any(), number, row)
        if self.several:
            row = Mux(self.ahead["WR_GB"], queue.load_word, row)
        m.d.sync += [
            self.cmd_valid.eq(Cat(*sent.values()).any()),
            self.cmd_op.eq(code),
            self.cmd_bank.eq(Mux(ahead, Cat(*bits), Mux(uses["bank"], self.bank, 0))),
            self.cmd_row.eq(row),
            self.cmd_col.eq(Mux(uses["col"], self.col, 0)),
        ]

    def _number(self, name: str) -> Value:
        """A number that a command carries in place of a row (``NUMBERS``)."""
        own = {"word": self.buffer, "lane": self.lane}
        if name in own:
            return own[name]
        bits = self.params.number_bits[name]
        return self.numbers["more" if name in ("vectors", "count") else name][:bits]
