"""The instruction set of the controller, as data.

Assembler, static check, decoder, golden model and documentation all read this table: operands and flags, what each
instruction touches, what it means. The word is described in :mod:`hdl.params.pim.fields`, what makes an instruction
illegal in :mod:`hdl.params.pim.legality`. A program means what its instructions do one after another; the controller
overlaps them where that makes no difference. An access to a bank opens and closes rows as needed and is never disturbed
by a refresh; ACT and PRE only move that work to a better time.

Vector operands are bf16. Arithmetic is single precision inside, each addition and product rounded to nearest even with
subnormal numbers as zeros, functions as :mod:`sim_tb.golden.float` computes them, and what goes to SRAM is rounded
to bf16 once, with every NaN as 0x7FC0. That holds for VMOV and VGATHER as well: they move numbers, not bits.

Why they are as they are:

* LOOP has its strides in its own address fields, not in registers, and every instruction says with its tag
  which of its addresses advance: no set-up instructions, and constant addresses beside moving ones.
* Vector operations count elements, not words, and more than 4,095 of them: softmax over any number of tokens. What is
  left of a result's last word is zero, so that a product with it is harmless.
* The sources of WR_ELEM and WR_BYTE move with step b: slots of a token's value are written while the words that values
  are multiplied with move by ``a``, and results by ``d``.
* VMM has its sizes in the word (slots also from a register). Partial sums of a long input re-enter the accumulators
  as a preset, which rounds once less than adding them in the vector unit and needs no room for them. With a pitch of
  a whole row no slot spreads over two, and each row is opened while accumulators are read, which takes as long.
* A loop over the layers of a decoder moves nothing but rows, and of every instruction: LOOP has flag rows for it, and
  tags have no bits for a third level.
* RD_ITEM finds a row of an embedding, in an order in which the same rows are the matrix of the outputs.
* SKEEP joins the greatest numbers of several pieces: logits of a vocabulary that is longer than the SRAM.
* SETR has a 32-bit value. The host reads and writes the scalar registers itself, and needs no form of its own.
* LAYERNORM and RMSNORM take the summand to the variance and 1 / n from registers. SOFTMAX has a factor, for attention.
* MAC_AB has fields for an accumulator and a number of vectors: batches, prefill and queries that share their keys read
  a column once for several dot products. VMM has none: such products are loops of other instructions.
* SCALE_AB takes its factors from a column, a lane of every bank: scales of int8 lie where their weights lie, and a dot
  product is scaled without leaving its bank, before it meets those of other scales.
* VQUANT takes a power of two as scale, as MX formats do: it needs no division, and no value is rounded twice. It
  quantises one vector: heads with scales of their own are a loop, whose instructions the vector unit overlaps. What it
  packs goes to banks as it is, row by row with WR_SB and column by column with WR_BYTE.
* SOFTMUL is softmax and a product in one, for scales of what probabilities are multiplied with: a product of its own
  waits for softmax, and whatever comes behind it waits, too.
* There is no rotation: VMOV, VSCALE, VMUL and VADD on the two halves of a head do it. Nor are there copies between
  banks and global buffer: whatever is multiplied comes from the vector unit, through SRAM.
* Opcode 0 is illegal, so that cleared memory is no program.
* RD_MAC waits for the MACs before it (tMAC). What it can't wait for is a MAC that never was: reading accumulators that
  nothing was added to since they were cleared is the error.
"""

from __future__ import annotations

from hdl.params.pim.fields import Flag, operand_table
from hdl.params.pim.opcode import ACCUMULATE, INT8, ROWS, ZERO, Opcode, Touch

__all__ = ["INSTRUCTIONS", "OPCODES", "SUM_WAYS"]

#: Sums over a vector: the elements of a beat (``vector_lanes``, missing ones +0) add up as a balanced tree of
#: neighbours; beat i joins running sum i mod SUM_WAYS, which begins at +0; the running sums add up as a balanced tree.
SUM_WAYS = 4

_TABLE = operand_table()


def _opcode(
    code: int, name: str, unit: str, operands: str, meaning: str, *more: Flag | Touch, needs: str = ""
) -> Opcode:
    flags = tuple(each for each in more if isinstance(each, Flag))
    touches = tuple(each for each in more if isinstance(each, Touch))
    return Opcode(name, code, unit, tuple(_TABLE[each] for each in operands.split()), flags, meaning, touches, needs)


def _vector(code: int, name: str, operands: str, meaning: str, needs: str = "") -> Opcode:
    """An instruction of the vector unit: its results may replace its sources."""
    touches = [
        Touch("sram", operand.name, "vector", write=operand.name == "d", in_place=operand.name != "d")
        for operand in (_TABLE[each] for each in operands.split())
        if operand.kind == "sram"
    ]
    return _opcode(code, name, "vector", operands, meaning, *touches, needs=needs)


def _source(operand: str, length: str) -> Touch:
    return Touch("sram", operand, length)


def _result(operand: str, length: str) -> Touch:
    return Touch("sram", operand, length, write=True)


def _columns(length: str, *, write: bool = False) -> Touch:
    return Touch("dram", "row", length, write)


def _buffer(length: str = "count", *, write: bool = False) -> Touch:
    return Touch("buffer", "gb", length, write)


_ORDER = (
    "each beat of vector_lanes elements as a balanced tree of neighbours, "
    f"beat i added to running sum i mod {SUM_WAYS}, the running sums as a tree"
)
_SLOT = "element c * BANKS + b of the slot belongs to bank b of channel c"

INSTRUCTIONS = {
    each.name: each
    for each in (
        _opcode(0x01, "NOP", "control", "", "nothing"),
        _opcode(0x02, "HALT", "control", "", "the program ends when every unit is idle"),
        _opcode(0x03, "FENCE", "control", "", "wait until every unit is idle"),
        _opcode(
            0x04,
            "LOOP",
            "control",
            "iterations row_step col_step a_step b_step d_step",
            "execute the instructions up to the matching ENDL n times; addresses that their tags name advance by the "
            "steps with each iteration (rows and columns as one number, row * ROW_COLS + col). With flag rows it is "
            "the outermost loop, around the two that tags name; it has no steps of a, b and d, and the rows and "
            "columns of every instruction inside advance, whatever its tag",
            ROWS,
        ),
        _opcode(0x05, "ENDL", "control", "", "end of the innermost loop"),
        _opcode(0x06, "SETR", "control", "r value", "r = value"),
        _opcode(0x07, "MARK", "control", "tag", "append the tag and the cycle counter to the log of marks"),
        _opcode(
            0x08,
            "IN",
            "stream",
            "d many_words",
            "SRAM words d.. = the next n words of the input stream",
            _result("d", "count"),
        ),
        _opcode(
            0x09,
            "OUT",
            "stream",
            "a many_words",
            "the next n words of the output stream = SRAM words a..",
            _source("a", "count"),
        ),
        _opcode(0x10, "ACT_AB", "dram", "mask row", "open the row in every bank of the channels", _columns("open")),
        _opcode(0x11, "ACT", "dram", "mask bank row", "open the row in one bank of each channel", _columns("open")),
        _opcode(0x12, "PRE_AB", "dram", "mask", "close every bank of the channels"),
        _opcode(0x13, "PRE", "dram", "mask bank", "close one bank of each channel"),
        _opcode(
            0x14,
            "WR_SB",
            "dram",
            "mask bank row col columns a",
            "columns of one bank of each channel = SRAM words a..",
            _columns("count", write=True),
            _source("a", "count"),
        ),
        _opcode(
            0x15,
            "RD_SB",
            "dram",
            "mask bank row col columns d",
            "SRAM words d.. = columns of one bank of one channel",
            _columns("count"),
            _result("d", "count"),
        ),
        _opcode(
            0x16,
            "WR_ELEM",
            "dram",
            "mask row col lane slot",
            f"one lane of one column of every bank of the channels = its element of the slot at SRAM word a; {_SLOT}",
            _columns("one", write=True),
            _source("a", "slot"),
        ),
        _opcode(
            0x17,
            "RD_ITEM",
            "dram",
            "row col columns item d",
            "SRAM words d.. = the item whose number is in register r, of items of n columns that go round the units: "
            "item i is in unit i mod UNITS, from column row * ROW_COLS + col + (i // UNITS) * n on",
            _columns("item"),
            _result("d", "count"),
        ),
        _opcode(
            0x18,
            "WR_GB",
            "pim",
            "mask a words gb",
            "words gb.. of the channels' global buffers = SRAM words a..",
            _source("a", "count"),
            _buffer(write=True),
        ),
        _opcode(
            0x19,
            "WR_GBX",
            "pim",
            "mask a words channel_stride gb",
            "words gb.. of channel c's global buffer = SRAM words a + c * stride..",
            _source("a", "spread"),
            _buffer(write=True),
        ),
        _opcode(
            0x1A,
            "WR_BIAS",
            "pim",
            "mask preset acc accumulators preset_stride",
            "for i below n: accumulator acc + i of the channels' units = the slot at SRAM word a + i * stride, or "
            f"zeros with flag zero; {_SLOT}",
            ZERO,
            _source("a", "spaced"),
        ),
        _opcode(
            0x1B,
            "MAC_AB",
            "pim",
            "mask row col columns mac_gb acc vectors",
            "for i below n and v below vectors, in every bank of the channels: accumulator acc + v += dot product of "
            "column i (from row and col on and across rows) and global buffer word gb + v * GB_WORDS + i. Products and "
            "sums are single precision: the sum over a column's lanes as a balanced tree of neighbours, then one "
            "addition to the accumulator. With flag int8 a column holds 2 * LANES int8 (two's complement), element k "
            "in byte k; each is a number of single precision, and they meet the words gb + v * GB_WORDS + 2 i (the "
            "first LANES) and the one behind it (the others), with one balanced tree over all of them",
            INT8,
            _columns("count"),
            _buffer("vectors"),
        ),
        _opcode(
            0x1C,
            "RD_MAC",
            "pim",
            "mask d acc accumulators result_stride",
            f"for i below n: elements of the slot at SRAM word d + i * stride = accumulator acc + i of the channels' "
            f"units, rounded to bf16; elements of other channels stay; {_SLOT}. The accumulators are cleared, but not "
            f"with flag accumulate",
            ACCUMULATE,
            _result("d", "spaced"),
        ),
        _opcode(
            0x1D,
            "VMM",
            "pim",
            "row col columns slots pitch a bias d",
            "matrix times vector on all channels: the vector is SRAM words a.. (n of them), slot s of the result goes "
            "to SRAM word d + s * SLOT_WORDS and begins from the slot of biases at b + s * SLOT_WORDS, or from zeros "
            "with flag zero. The matrix lies from row and col on, in chunks of GB_WORDS columns of every slot (the "
            "last chunk shorter), slots pitch columns apart. Between chunks sums are rounded to bf16. The global "
            "buffers are overwritten, and the accumulators are cleared",
            ZERO,
            _source("a", "count"),
            Touch("sram", "b", "slots", in_place=True),
            _result("d", "slots"),
            _columns("matrix"),
        ),
        _opcode(
            0x1E,
            "SCALE_AB",
            "pim",
            "mask row col lane acc to accumulators",
            "for i below n, in every bank of the channels: accumulator to + i += accumulator acc + i * element lane of "
            "the column, the product rounded too; accumulator acc + i = 0",
            _columns("one"),
            needs="int8",
        ),
        _opcode(
            0x1F,
            "WR_BYTE",
            "dram",
            "mask row col byte bytes half",
            "one byte of one column of every bank of the channels = its byte of the slot of bytes that begins at SRAM "
            "word a, in its upper half with half = 1: of bank b of channel c byte c * BANKS + b from there on. Byte k "
            "of a word, or column, is half of element k // 2, the lower half first: where VQUANT packs n elements to "
            "d, those from i * UNITS on are the slot at a = d + i * SLOT_WORDS // 2, half = i * SLOT_WORDS mod 2. In "
            "columns that MAC_AB reads with flag int8, byte k is their element k",
            _columns("one", write=True),
            _source("a", "bytes"),
            needs="int8",
        ),
        _vector(0x20, "VADD", "a b d elements", "d = a + b, element by element"),
        _vector(0x21, "VSUB", "a b d elements", "d = a - b"),
        _vector(0x22, "VMUL", "a b d elements", "d = a * b"),
        _vector(0x23, "VAXPY", "imm a b d elements", "d = imm * a + b, the product rounded too"),
        _vector(0x24, "VSCALE", "imm a d elements", "d = imm * a"),
        _vector(0x25, "VMOV", "a d elements", "d = a"),
        _opcode(
            0x26,
            "VGATHER",
            "vector",
            "a gather_stride d elements",
            "d[i] = a[i * stride]",
            _source("a", "strided"),
            _result("d", "vector"),
        ),
        _vector(0x27, "VMADD", "a b c d elements", "d = a * b + c, the product rounded too"),
        _vector(0x28, "VEXP", "a d elements", "d = exp(a)"),
        _vector(0x29, "VSIG", "a d elements", "d = 1 / (1 + exp(-a))"),
        _vector(0x2A, "VGELU", "a d elements", "d = GELU(a), tanh form"),
        _vector(0x2B, "VSILU", "a d elements", "d = a / (1 + exp(-a))"),
        _vector(0x2C, "VGELUE", "a d elements", "d = GELU(a), with the error function"),
        _vector(0x2D, "VRELU", "a d elements", "d = a where a is above zero or NaN, and +0 elsewhere"),
        _opcode(
            0x2E,
            "VQUANT",
            "vector",
            "a scale_at d elements",
            "d = a as n int8 with a common scale, and the scale as a bf16 number in element 0 of word scale, whose "
            "other elements become zero. With E the greatest exponent field of a (0 for zeros and what counts as "
            "zero), the scale is the power of two whose exponent field is max(E - 6, 1), so that the greatest "
            "magnitude is 64 to 127.5 times the scale, and less only where the scale is 2^-126. Element i becomes "
            "a[i] / scale, rounded to the nearest integer, ties to even, and saturated: 127.5 gives 127 and -127.5 "
            "gives -127, half a step away like any tie; -128 never occurs. Zeros of either sign give 0; all zeros have "
            "scale 2^-126. If any element is infinite or NaN, the scale is NaN (0x7FC0) and every int8 is 0. They are "
            "two's complement, byte k of a word is int8 k of its 2 * LANES, as in columns of int8, and what is left "
            "of the last word is zero. The scale is written last: it may lie in a, but not in d",
            Touch("sram", "a", "vector", in_place=True),
            Touch("sram", "scale", "one", write=True, late=True),
            _result("d", "packed"),
            needs="int8",
        ),
        _vector(0x30, "RMAX", "r a elements", "r = greatest of a; NaN if any is; +0 for zeros of either sign"),
        _vector(0x31, "RSUM", "r a elements", f"r = sum of a: {_ORDER}"),
        _vector(0x32, "RSSQ", "r a elements", f"r = sum of the squares of a: {_ORDER}"),
        _vector(0x33, "ARGMAX", "r a elements", "r = index of the first NaN of a, or else of its first greatest"),
        _vector(0x34, "SRECIP", "r s", "r = 1 / s"),
        _vector(0x35, "SRSQRT", "r s", "r = 1 / square root of s"),
        _opcode(
            0x36,
            "SKEEP",
            "control",
            "kept found origin",
            "where the number in s is greater than that in r, or is NaN where that in r is none: r = s, and the "
            "register after r = the one after s + value (integers). Zeros of either sign are equal",
        ),
        _vector(
            0x38,
            "SOFTMAX",
            "scale a d elements",
            "d = softmax(imm * a): m = greatest of a; z = sum of exp((a - m) * imm); q = 1 / z; "
            "d = exp((a - m) * imm) * q, rounded to bf16 once: the powers are computed twice",
        ),
        _vector(
            0x3B,
            "SOFTMUL",
            "scale a b d elements",
            "d = softmax(imm * a) * b, element by element: what SOFTMAX computes, times b before it is rounded",
            needs="int8",
        ),
        _vector(
            0x39,
            "LAYERNORM",
            "a gamma beta d elements eps share",
            "m = a[0] + sum(a - a[0]) * share; q = 1 / sqrt((sum((a - m)^2) + eps) * share); "
            "d = ((a - m) * q) * b + beta. Less a[0], a constant vector gives beta exactly",
        ),
        _vector(
            0x3A,
            "RMSNORM",
            "a gamma d elements eps share",
            "q = 1 / sqrt((sum(a^2) + eps) * share); d = (a * q) * b",
        ),
    )
}

OPCODES = {each.code: each for each in INSTRUCTIONS.values()}
