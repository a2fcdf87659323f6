"""The controller as its programs see it: instructions one after another, until HALT or a fault."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import product

import numpy as np

from hdl.params.pim import (
    FAULTS,
    LEVELS,
    SCALARS,
    Fault,
    IllegalWord,
    Instruction,
    PimParams,
    accumulator_use,
    chunks,
    decode,
    item_read,
    violations,
    words_of,
)
from hdl.params.pim.loops import advanced, steps
from sim_tb.golden.float import bits, floats, widen
from sim_tb.golden.pim import vector
from sim_tb.golden.pim.device import Device, Elements
from sim_tb.golden.pim.footprint import Footprint

__all__ = ["Machine", "Outcome"]


@dataclass(frozen=True)
class Outcome:
    """How a program ended.

    Parameters
    ----------
    fault : Fault or None
        None after HALT.
    pc : int
        The instruction at fault, or the one after HALT.
    instructions : int
        How many were executed, those of loops as often as they ran.
    """

    fault: Fault | None
    pc: int
    instructions: int


@dataclass
class _Loop:
    """An open loop: its first instruction, the iterations, the one that runs, the steps, and what it moves."""

    start: int
    count: int
    step: dict[str, int]
    all_rows: bool = False
    turn: int = 0
    moved: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.advance(0)

    def advance(self, turn: int) -> None:
        self.turn = turn
        self.moved = {address: turn * by for address, by in self.step.items()}


class _Faulty(Exception):
    """An instruction that is not executed."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault


class Machine:
    """A controller and its channels. State is kept from one program to the next.

    Parameters
    ----------
    params : PimParams

    Attributes
    ----------
    device : Device
        The channels.
    sram : uint16 array of shape (sram_words, lanes)
    scalars : uint32 array of shape (16,)
        Scalar registers, as bits.
    inputs : deque of uint16 arrays of shape (lanes,)
        Words that the host has sent. A program that wants more than there are never ends; here it raises IndexError.
    outputs : list of uint16 arrays of shape (lanes,)
        Words that the host has received.
    marks : list of int
        Tags of the marks passed, all of them.
    interrupts : int
        Instructions with flag irq that have ended.
    given : list of int
        What vector instructions have given to scalar registers, as bits, all of it.
    footprint : Footprint or None
        What is to follow the words that programs read and write; None, as it takes time.
    """

    def __init__(self, params: PimParams) -> None:
        self.params = params
        self.device = Device(params)
        self.sram: Elements = np.zeros((params.sram_words, params.lanes), np.uint16)
        self.scalars = np.zeros(SCALARS, np.uint32)
        self.inputs: deque[Elements] = deque()
        self.outputs: list[Elements] = []
        self.marks: list[int] = []
        self.interrupts = 0
        self.given: list[int] = []
        self.footprint: Footprint | None = None
        self._loaded = 0
        self._loops: list[_Loop] = []

    def send(self, words: Elements) -> None:
        """Put words of shape (count, lanes) into the input stream."""
        self.inputs.extend(np.asarray(words, np.uint16))

    def run(self, program: Sequence[int], start: int = 0) -> Outcome:
        """Execute a program of 128-bit words."""
        decoded: dict[int, Instruction] = {}
        self._loops.clear()
        pc, count = start, 0
        try:
            while True:
                if not 0 <= pc < len(program):
                    raise _Faulty(FAULTS["PROGRAM"])
                if pc not in decoded:
                    try:
                        decoded[pc] = decode(program[pc])
                    except IllegalWord:
                        raise _Faulty(FAULTS["OPCODE"]) from None
                one = decoded[pc]
                pc = self._step(one, pc)
                count += 1
                self.interrupts += "irq" in one.flags
                if one.op.name == "HALT":
                    return Outcome(None, pc, count)
        except _Faulty as faulty:
            return Outcome(faulty.fault, pc, count)

    def _step(self, one: Instruction, pc: int) -> int:
        """Execute an instruction; returns the next one's place."""
        name = one.op.name
        if name == "ENDL":
            if not self._loops:
                raise _Faulty(FAULTS["LOOP"])
            loop = self._loops[-1]
            if loop.turn + 1 < loop.count:
                loop.advance(loop.turn + 1)
                return loop.start
            self._loops.pop()
            return pc + 1
        named = [loop.moved for loop in self._loops if not loop.all_rows]
        rows = sum(loop.moved["row"] for loop in self._loops if loop.all_rows) % (self.params.row_cols << 16)
        one = advanced(self.params, one, named, rows=rows)
        scalar = self._scalar(one)
        if name == "LOOP" and (self._loops if "rows" in one.flags else len(named) == LEVELS):
            raise _Faulty(FAULTS["LOOP"])
        if broken := violations(self.params, one, scalar):
            raise _Faulty(broken[0].fault)
        use = accumulator_use(self.params, one)
        if use.reads & ~self._loaded:
            raise _Faulty(FAULTS["ACCUMULATOR"])
        self._loaded = use.after(self._loaded)
        if self.footprint:
            self.footprint.note(pc, one, scalar)
        if name == "LOOP":
            self._loops.append(_Loop(pc + 1, one["n"], steps(self.params, one), "rows" in one.flags))
        elif name == "VMM":
            assert scalar is not None
            self._vmm(one, scalar)
        elif name == "RD_ITEM":
            assert scalar is not None
            self._dram(item_read(self.params, one, scalar))
        else:
            self._execute(one, scalar)
        return pc + 1

    def _scalar(self, one: Instruction) -> int | None:
        """The integer operand that may come from a scalar register."""
        operand = one.op.integer
        if operand is None:
            return None
        value = one[operand.name]
        return int(self.scalars[value]) & (1 << operand.integer_bits) - 1 if one.by_register else value

    def _factor(self, one: Instruction) -> np.float32:
        """The factor, a bf16 number in the word or a single-precision one in a scalar register."""
        if "reg" in one.flags:
            return self._number(one["imm"])
        return np.float32(widen(np.array(one["imm"], np.uint16)))

    def _number(self, register: int) -> np.float32:
        return np.float32(floats(self.scalars[register : register + 1])[0])

    def _channels(self, one: Instruction) -> list[int]:
        return [channel for channel in range(self.params.channels) if one["mask"] >> channel & 1]

    # --- instructions ------------------------------------------------------------------------------------------------
    def _execute(self, one: Instruction, scalar: int | None) -> None:
        name = one.op.name
        if name == "SETR":
            self.scalars[one["r"]] = one["value"]
        elif name == "SKEEP":
            self._keep(one["r"], one["s"], one["value"])
        elif name == "MARK":
            self.marks.append(one["tag"])
        elif one.op.unit == "stream":
            self._stream(one)
        elif one.op.unit == "dram":
            self._dram(one)
        elif one.op.unit == "pim":
            self._pim(one)
        elif one.op.unit == "vector":
            self._vector(one, scalar)

    def _keep(self, kept: int, found: int, origin: int) -> None:
        """The greater of two numbers in registers, and its place in the register behind it."""
        best, other = (vector.plain(self._number(register)) for register in (kept, found))
        if other > best or (np.isnan(other) and not np.isnan(best)):
            place = (int(self.scalars[found + 1]) + origin) % (1 << 32)
            self.scalars[kept : kept + 2] = self.scalars[found], place

    def _stream(self, one: Instruction) -> None:
        if one.op.name == "IN":
            for index in range(one["n"]):
                self.sram[one["d"] + index] = self.inputs.popleft()
        else:
            self.outputs.extend(self.sram[one["a"] : one["a"] + one["n"]].copy())

    def _dram(self, one: Instruction) -> None:
        name = one.op.name
        if name.startswith(("ACT", "PRE")):  # a matter of time only
            return
        column = one["row"] * self.params.row_cols + one["col"]
        for channel in self._channels(one):
            if name == "WR_SB":
                self.device.write(channel, one["bank"], column, self.sram[one["a"] : one["a"] + one["n"]])
            elif name == "RD_SB":
                words = self.device.read(channel, one["bank"], column, one["n"])
                self.sram[one["d"] : one["d"] + one["n"]] = words
            elif name == "WR_BYTE":
                self.device.write_byte(channel, column, one["byte"], self._bytes(one, channel))
            else:
                self.device.write_element(channel, column, one["lane"], self._slot(one["a"], channel))

    def _slot(self, word: int, channel: int) -> Elements:
        """The elements of a slot in SRAM that belong to a channel; a view."""
        first = word * self.params.lanes + channel * self.params.banks
        return self.sram.reshape(-1)[first : first + self.params.banks]

    def _bytes(self, one: Instruction, channel: int) -> Elements:
        """The bytes of a slot of bytes that belong to a channel."""
        first = (2 * one["a"] + one["half"]) * self.params.lanes + channel * self.params.banks
        places = first + np.arange(self.params.banks)
        elements = self.sram.reshape(-1)[places // 2]
        return np.where(places % 2, elements >> 8, elements & 0xFF).astype(np.uint16)

    def _pim(self, one: Instruction) -> None:
        name, channels = one.op.name, self._channels(one)
        if name in ("WR_GB", "WR_GBX"):
            for channel in channels:
                first = one["a"] + channel * one.values.get("stride", 0)
                words = self.sram[first : first + one["n"]]
                self.device.buffers[channel, one["gb"] : one["gb"] + one["n"]] = words
        elif name == "WR_BIAS":
            for index, channel in product(range(one["n"]), channels):
                elements = np.zeros(self.params.banks, np.uint16)
                if "zero" not in one.flags:
                    elements = self._slot(one["a"] + index * one["stride"], channel)
                self.device.preset(channel, elements, one["acc"] + index)
        elif name == "MAC_AB":
            column, int8 = one["row"] * self.params.row_cols + one["col"], "int8" in one.flags
            for vector in range(one["vectors"]):
                first = one["gb"] + vector * self.params.gb_words
                place = channels, column, one["n"], first, one["acc"] + vector
                self.device.multiply_accumulate(*place, int8=int8)
        elif name == "SCALE_AB":
            column = one["row"] * self.params.row_cols + one["col"]
            for index in range(one["n"]):
                self.device.scale(channels, column, one["lane"], one["acc"] + index, one["to"] + index)
        else:
            self._read_accumulators(one, channels)

    def _vmm(self, one: Instruction, slots: int) -> None:
        """What the instructions of ``expand_vmm`` do, all slots of a chunk at once."""
        params, source, column = self.params, one["a"], one["row"] * self.params.row_cols + one["col"]
        shape, words = (slots, params.channels, params.banks), slots * params.slot_words
        start = (
            self.sram[one["b"] : one["b"] + words]
            if "zero" not in one.flags
            else np.zeros((words, params.lanes), np.uint16)
        )
        for index, count in enumerate(chunks(params, one["n"])):
            inputs, pitch = self.sram[source : source + count], one["pitch"] or count
            word = index % params.buffers * params.gb_words
            self.device.buffers[:, word : word + count] = inputs
            result = self.device.multiply(column, slots, inputs, start.reshape(shape), pitch)
            start = self.sram[one["d"] : one["d"] + words]
            start[:] = result.reshape(start.shape)
            source, column = source + count, column + slots * pitch
        for channel in range(params.channels):
            self.device.clear(channel)

    def _read_accumulators(self, one: Instruction, channels: Iterable[int]) -> None:
        stride = one["stride"] or self.params.slot_words
        for index, channel in product(range(one["n"]), channels):
            self._slot(one["d"] + index * stride, channel)[:] = self.device.results(channel, one["acc"] + index)
            if "accumulate" not in one.flags:
                self.device.clear(channel, one["acc"] + index)

    def _vector(self, one: Instruction, scalar: int | None) -> None:
        value = vector.FUNCTIONS[one.op.name](self._operands(one, scalar or 0))
        if isinstance(value, tuple):
            value, scale = value
            self._result(one["scale"], scale)
        if "d" in one.values:
            self._result(one["d"], np.asarray(value, np.uint16))
        else:
            self.scalars[one["r"]] = value if isinstance(value, int) else bits(np.asarray(value, np.float32))[0]
            self.given.append(int(self.scalars[one["r"]]))

    def _operands(self, one: Instruction, stride: int) -> vector.Operands:
        values, n = one.values, one.values.get("n", 0)

        def read(name: str, size: int) -> Elements:
            return self._vector_at(values.get(name, 0), size if name in values else 0)

        def number(name: str) -> np.float32:
            return self._number(values.get(name, 0))

        return vector.Operands(
            a=read("a", (n - 1) * stride + 1 if "stride" in values else n),
            b=read("b", n),
            beta=read("beta", n),
            c=read("c", n),
            n=n,
            factor=self._factor(one) if "imm" in values else np.float32(0),
            argument=number("s"),
            eps=number("eps"),
            share=number("share"),
            stride=stride,
            lanes=self.params.vector_lanes,
        )

    def _vector_at(self, word: int, n: int) -> Elements:
        first = word * self.params.lanes
        return self.sram.reshape(-1)[first : first + n].copy()

    def _result(self, word: int, elements: Elements) -> None:
        """Write a vector; what is left of its last word becomes zero."""
        words = words_of(self.params, len(elements))
        filled = np.zeros(words * self.params.lanes, np.uint16)
        filled[: len(elements)] = elements
        self.sram[word : word + words] = filled.reshape(words, self.params.lanes)
