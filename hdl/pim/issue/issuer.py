"""The issuer: instructions in order, each checked, held back while other data is in its way, and sent to its unit."""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Module, Mux, Signal
from amaranth.lib.data import View
from amaranth.lib.wiring import In, Out

from hdl.lib.shared import Part, Shared, place
from hdl.params.pim import FAULTS, INSTRUCTIONS, WORD_BITS, PimParams
from hdl.pim.channel.collector import collect_job
from hdl.pim.channel.feeder import ADDRESS_BITS, feed_job
from hdl.pim.channel.operation import operation
from hdl.pim.issue.decode import CONTROLS, RANGES, controls, decode
from hdl.pim.issue.expand import Expander
from hdl.pim.issue.items import Items
from hdl.pim.issue.loops import ADDRESSES, Loops
from hdl.pim.issue.orders import int8_ranges, orders
from hdl.pim.issue.present import Present, field, lowest_fault
from hdl.pim.issue.ranges import Ranges, has_more
from hdl.pim.issue.scalars import Scalars
from hdl.pim.issue.scoreboard import BOUNDS, SOURCES, Scoreboard
from hdl.pim.mover import MOVE_BITS
from hdl.pim.vector.context import context_count
from hdl.pim.vector.unit import VECTOR_INPUTS

__all__ = ["Issuer"]


class Issuer(Part):
    """Executes programs: fetch, address, check, wait, dispatch; one instruction at a time, while units work on earlier.

    An instruction takes 6 clocks before it is dispatched, one more for each range that it touches, and one if there are
    any; VMM and those with strides 20 more, and RD_ITEM some 60 (:class:`hdl.pim.issue.items.Items`). Units have
    queues: streams of MACs see none of it. It waits while a unit writes what it reads, or uses what it writes
    (:class:`hdl.pim.issue.scoreboard.Scoreboard`); what has to do with scalar registers waits for a vector instruction
    that gives one. After an instruction that is illegal, units finish, and the program ends with the lowest code of its
    faults; ``clear`` makes it ready again. The parts of a VMM are instructions of their own, made here
    (:class:`hdl.pim.issue.expand.Expander`), and wait one by one: the first, which opens a row, for nothing.

    Members
    -------
    start, stop, clear : In(1), start_pc : In
        As CONTROL has them (:mod:`hdl.pim.registers`).
    length : In, program_addr : Out, program_data : In
        Instructions in the program memory; its read port, with data one clock later.
    running, halted, stopped : Out(1), error, error_word, pc : Out
        As STATUS, ERROR and PC have them; ``running`` also until a ``clear`` has closed all banks.
    interrupt, retired, waits, mark : Out(1), mark_tag : Out
        Events: an instruction with flag irq has ended; one has ended; one waits; a MARK.
    scalar_en : In(1), scalar_addr, scalar_in : In, scalar_out : Out
        The host's access to the scalar registers; written only while not running.
    op_*, feed*, collect*
        To :class:`hdl.pim.channel.channels.Channels`.
    move_start, move_out : Out(1), move_address, move_count : Out, move_busy : In(1), move_cancel : Out(1)
        To :class:`hdl.pim.mover.Mover`.
    vector_start : Out(1), vector_{input} : Out, vector_ready, vector_any_gives, vector_done : In(1)
    vector_slot, vector_active, vector_result, vector_target_out : In
        To :class:`hdl.pim.vector.unit.VectorUnit`.
    """

    module = "issuer"
    resets = True

    def __init__(self, params: PimParams) -> None:
        self.params = params
        flags_in = ("start", "stop", "clear", "scalar_en", "op_ready", "feed_done", "collect_done", "channels_busy")
        flags_out = ("running", "halted", "stopped", "interrupt", "retired", "waits", "mark", "op_valid", "feeds")
        super().__init__(
            {
                **{name: In(1) for name in (*flags_in, "move_busy", "vector_ready", "vector_any_gives", "vector_done")},
                **{name: Out(1) for name in (*flags_out, "collects", "move_start", "move_out", "move_cancel")},
                "start_pc": In(16),
                "length": In(17),
                "program_addr": Out(16),
                "program_data": In(WORD_BITS),
                "error": Out(8),
                "error_word": Out(WORD_BITS),
                "pc": Out(16),
                "mark_tag": Out(8),
                "scalar_addr": In(4),
                "scalar_in": In(32),
                "scalar_out": Out(32),
                "op": Out(operation(params).size),
                "op_mask": Out(params.channels),
                "feed": Out(feed_job(params).size),
                "collect": Out(collect_job(params).size),
                "move_address": Out(ADDRESS_BITS),
                "move_count": Out(MOVE_BITS),
                "vector_start": Out(1),
                **{f"vector_{name}": Out(width) for name, width in VECTOR_INPUTS.items()},
                "vector_slot": In(range(context_count(params))),
                "vector_active": In(context_count(params)),
                "vector_result": In(32),
                "vector_target_out": In(4),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        self._registers()
        self._scalars(m)
        self._parts(m)
        self._outputs(m)
        self._program(m)
        return m

    # --- registers of the present instruction ------------------------------------------------------------------------
    def _registers(self) -> None:
        self.present = Present(self.params)
        self.word, self.control, self.f = self.present.word, self.present.control, self.present.fields
        self.lane, self.value = self.present.lane, self.present.value
        own = ("expanding", "clearing", "stopping")
        self.flag = self.present.flags | {name: Signal(name=f"flag_{name}") for name in own}
        names = ("enter", "loop_ends", "clear_loops", "locate", "check", "dispatch", "expand", "step")
        self.strobe = {name: Signal(name=f"go_{name}") for name in names}
        self.bad = Signal(max(fault.code for fault in FAULTS.values()) + 1, name="bad")
        self.loaded = Signal(self.params.channels * self.params.accumulators, name="loaded")
        self.idle = Signal(name="idle")
        self.accepted = Signal(name="accepted")
        self.conflict = Signal(name="conflict")
        self.next_pc = Signal(16, name="next_pc")

    def _scalars(self, m: Module) -> None:
        """The scalar registers, and what is made of those that the instruction names."""
        f, control = self.f, self.control
        self.scalars: Shared = place(
            m,
            "scalars",
            Scalars(),
            r=f["bank"],
            s=f["imm"][:4],
            t=f["row"][:4],
            value=Mux(control.is_setr, Cat(f["imm"], f["d"]), Cat(f["d"], f["b"])),
            set=self.strobe["dispatch"] & control.is_setr,
            keep=self.strobe["dispatch"] & control.is_skeep,
            result_en=self.vector_done,
            result_at=self.vector_target_out,
            result=self.vector_result,
            host_en=self.scalar_en & ~self.running,
            host_at=self.scalar_addr,
            host_in=self.scalar_in,
        )
        m.d.comb += [
            self.scalar_out.eq(self.scalars.host_out),
            self.vector_factor.eq(Mux(self.flag["reg"] | control.takes_scalars, self.scalars.at_s, f["imm"] << 16)),
            self.vector_target.eq(f["bank"]),
            self.vector_gives.eq(control.gives_scalar),
            self.vector_eps.eq(self.scalars.at_r),
            self.vector_share.eq(self.scalars.at_t),
        ]

    def _parts(self, m: Module) -> None:
        f, control = self.f, self.control
        self.buffer_word = Mux(control.buffer_at_a, f["a"], f["d"])
        self.loops: Shared = place(
            m,
            "loops",
            Loops(self.params),
            clear=self.strobe["clear_loops"],
            enter=self.strobe["enter"],
            rows=self.flag["rows"],
            ends=self.strobe["loop_ends"],
            pc=self.pc + 1,
            count=f["n"],
            **{name: f[name] for name in ADDRESSES},
        )
        self.decoded = decode(m, self.params, field("opcode", self.program_data))
        source = {name: Const(1 << RANGES.index(name), len(RANGES)) for name in ("a", "b")}
        self.ranges: Shared = place(
            m,
            "ranges",
            Ranges(self.params),
            check=self.strobe["check"],
            has=control.has & ~Mux(self.flag["zero"], Mux(control.is_vmm, source["b"], source["a"]), 0),
            in_place=control.in_place,
            lengths=Cat(*(getattr(control, f"length_{name}") for name in RANGES)),
            multiplies=control.multiplies,
            spreads=control.each,
            n=f["n"],
            value=Mux(control.each, self.lane, self.value),
            mask=f["mask"],
            pitch=Mux(control.is_vmm, self.present.pitch, 0),
            gb=self.buffer_word,
            **({"more": self.present.more_words} if has_more(self.params) else {}),
            **int8_ranges(self.params, self.present),
            conflict=self.conflict & ~control.is_vmm,
            col=Mux(control.col, f["col"], 0),
            **{name: f[name] for name in ("a", "b", "d", "imm", "row")},
        )
        self.expander: Shared = place(
            m,
            "expander",
            Expander(self.params),
            start=self.strobe["expand"],
            step=self.strobe["step"],
            slots=self.value,
            pitch=self.present.pitch,
            zero=self.flag["zero"],
            **{name: f[name] for name in ("a", "b", "d", "row", "col", "n")},
        )
        self.items: Shared = place(
            m,
            "items",
            Items(self.params),
            start=self.strobe["locate"],
            item=self.scalars.at_r,
            **{name: f[name] for name in ("n", "row", "col")},
        )
        ranges = self.ranges
        job = Mux(control.collects | (control.stream & ~control.is_out), 1, 0)
        spans = {f"{s}_{end}": getattr(ranges, f"{s}_{end}") for s in SOURCES for end in BOUNDS}
        board = place(
            m,
            "scoreboard",
            Scoreboard(context_count(self.params), self.params.int8),
            first=ranges.first,
            past=ranges.past,
            write=ranges.write,
            collects=self.collects,
            feed=self.op_valid & self.op_ready & self.feeds & ~self.flag["zero"],
            collect=self.op_valid & self.op_ready & self.collects,
            move=self.move_start,
            move_writes=~control.is_out,
            job_first=Mux(job, ranges.d_first, ranges.a_first),
            job_past=Mux(job, ranges.d_past, ranges.a_past),
            feed_done=self.feed_done,
            collect_done=self.collect_done,
            moving=self.move_busy,
            vector=self.vector_start,
            vector_slot=self.vector_slot,
            vector_has=Cat(*(control.has[RANGES.index(name)] for name in SOURCES)),
            calculating=self.vector_active,
            **({"vector_late": self.present.is_("VQUANT")} if self.params.int8 else {}),
            **spans,
        )
        m.d.comb += self.conflict.eq(board.conflict)

    def _outputs(self, m: Module) -> None:
        """The present instruction, as its unit wants it."""
        f, control = self.f, self.control
        views = (
            View(operation(self.params), self.op),
            View(feed_job(self.params), self.feed),
            View(collect_job(self.params), self.collect),
        )
        buffers = self.ranges.buffers if self.params.buffers > 1 else None
        m.d.comb += orders(self.params, self.present, *views, self.buffer_word, buffers)
        m.d.comb += [
            self.op_mask.eq(f["mask"]),
            self.feeds.eq(control.feeds),
            self.collects.eq(control.collects),
            self.move_out.eq(control.is_out),
            self.move_address.eq(Mux(control.is_out, f["a"], f["d"])),
            self.move_count.eq(f["n"]),
            self.move_cancel.eq(self.flag["clearing"]),
            self.vector_opcode.eq(field("opcode", self.word)),
            *(getattr(self, f"vector_{name}").eq(f[name]) for name in ("n", "a", "b", "d")),
            self.vector_beta.eq(f["imm"]),
            self.vector_stride.eq(self.value),
            self.error_word.eq(self.word),
            self.mark_tag.eq(field("tag", self.word)),
            self.program_addr.eq(self.pc),
            self.idle.eq(~(self.channels_busy | self.move_busy | self.vector_active.any())),
        ]

    # --- programs ----------------------------------------------------------------------------------------------------
    def _program(self, m: Module) -> None:
        flag, control, f, go = self.flag, self.control, self.f, self.strobe
        with m.If(self.stop & self.running):
            m.d.sync += flag["stopping"].eq(1)
        with m.If(self.clear):
            m.d.sync += flag["clearing"].eq(1)
        # The scalar registers that the instruction reads or writes are the vector unit's no longer.
        scalars = control.takes_scalars | control.gives_scalar | control.is_setr | self.present.by_register()
        quiet = ~(self.vector_any_gives & scalars)
        with m.FSM():
            with m.State("rest"):
                with m.If(flag["clearing"]):
                    m.d.sync += self.running.eq(1)
                    m.next = "drain"
                with m.Elif(self.start & ~self.error.any()):
                    m.d.comb += go["clear_loops"].eq(1)
                    m.d.sync += [self.pc.eq(self.start_pc), self.running.eq(1), self.halted.eq(0), self.stopped.eq(0)]
                    m.next = "fetch"
            with m.State("fetch"):
                m.d.sync += [self.bad.eq(0), flag["expanding"].eq(0)]
                with m.If(flag["stopping"] | flag["clearing"]):
                    m.d.sync += self.stopped.eq(1)
                    m.next = "drain"
                with m.Elif(self.pc >= self.length):
                    m.d.sync += [self.bad.eq(1 << FAULTS["PROGRAM"].code), self.word.eq(0)]
                    m.next = "drain"
                with m.Else():
                    m.next = "decode"
            with m.State("decode"):
                m.d.sync += [*self.present.load(self.program_data, self.decoded), self.next_pc.eq(self.pc + 1)]
                m.next = "advance"
            with m.State("advance"):
                fenced = flag["fence"] & ~self.idle
                m.d.comb += self.waits.eq(fenced)
                with m.If(~fenced):
                    m.d.sync += [f[name].eq(value) for name, value in self.present.advanced(self.loops).items()]
                    m.next = "settle"
            with m.State("settle"):
                with m.If(self.present.moves_rows(self.loops) & (f["col"] >= self.params.row_cols)):
                    m.d.sync += [f["col"].eq(f["col"] - self.params.row_cols), f["row"].eq(f["row"] + 1)]
                with m.Elif(quiet):
                    m.d.sync += self.value.eq(Mux(self.present.by_register(), self.scalars.at_s, f["imm"]))
                    m.d.comb += go["locate"].eq(control.item)
                    m.next = "check"
                    with m.If(control.item):
                        m.next = "locate"
                m.d.comb += self.waits.eq(~quiet)
            with m.State("locate"), m.If(self.items.done):
                m.d.sync += self.present.place_item(self.items)
                m.next = "check"
            with m.State("check"):
                m.d.comb += go["check"].eq(1)
                m.next = "walk"
            with m.State("walk"):
                m.d.comb += self.waits.eq(self.ranges.waits)
                m.d.sync += self.bad.eq(self.present.faults(self.loops, self.ranges, self.items, self.loaded))
                with m.If(self.ranges.done):
                    m.next = "dispatch"
            with m.State("dispatch"):
                m.d.comb += [go["dispatch"].eq(~self.bad.any()), self.waits.eq(~self.bad.any() & ~self.accepted)]
                with m.If(self.bad.any()):
                    m.next = "drain"
                with m.Elif(self.accepted):
                    m.next = "end"
                    with m.If(control.is_vmm | (flag["expanding"] & ~self.expander.last)):
                        m.next = "expand"
            with m.State("expand"):
                m.d.sync += flag["expanding"].eq(1)
                with m.If(self.expander.ready):
                    m.d.sync += self.present.replace_by(self.expander)
                    m.next = "check"
            with m.State("end"):
                m.d.comb += [self.retired.eq(~flag["irq"] | self.idle), self.interrupt.eq(flag["irq"] & self.idle)]
                m.d.comb += self.waits.eq(~self.retired)
                with m.If(self.retired):
                    m.d.sync += self.pc.eq(self.next_pc)
                    m.next = "fetch"
                    with m.If(control.is_halt):
                        m.d.sync += self.halted.eq(1)
                        m.next = "drain"
            with m.State("drain"), m.If(self.idle):
                m.d.sync += [self.error.eq(lowest_fault(self.bad)), flag["stopping"].eq(0)]
                m.d.sync += self.running.eq(flag["clearing"])
                m.next = "rest"
                with m.If(flag["clearing"]):
                    m.d.sync += [self.control.eq(CONTROLS.const(controls(INSTRUCTIONS["PRE_AB"])))]
                    m.d.sync += [f["mask"].eq(-1), self.bad.eq(0)]
                    m.next = "close"
            with m.State("close"):
                m.d.comb += go["dispatch"].eq(1)
                with m.If(self.accepted):
                    m.next = "closed"
            with m.State("closed"), m.If(self.idle):
                m.d.sync += [self.error.eq(0), self.halted.eq(0), self.stopped.eq(0), flag["clearing"].eq(0)]
                m.d.sync += self.running.eq(0)
                m.next = "rest"
        self._dispatch(m)

    def _dispatch(self, m: Module) -> None:
        """Hand the instruction to its unit, as soon as that takes it."""
        control, go = self.control, self.strobe["dispatch"]
        m.d.comb += [
            self.op_valid.eq(go & control.channels & ~control.is_vmm),
            self.move_start.eq(go & control.stream & ~self.move_busy),
            self.vector_start.eq(go & control.vector & self.vector_ready),
            self.strobe["enter"].eq(go & control.is_loop),
            self.strobe["loop_ends"].eq(go & control.is_endl),
            self.mark.eq(go & control.is_mark),
            self.strobe["expand"].eq(go & control.is_vmm),
            self.strobe["step"].eq(self.op_valid & self.op_ready & self.flag["expanding"]),
            self.accepted.eq(
                Mux(
                    control.channels & ~control.is_vmm,
                    self.op_ready,
                    ~(control.stream & self.move_busy)
                    & ~(control.vector & ~self.vector_ready)
                    & ~((control.is_halt | control.is_fence) & ~self.idle),
                )
            ),
        ]
        with m.If(go & control.is_endl & self.loops.again):
            m.d.sync += self.next_pc.eq(self.loops.back)
        with m.If(self.op_valid & self.op_ready):
            m.d.sync += self.loaded.eq(self.present.loaded_after(self.loaded))
