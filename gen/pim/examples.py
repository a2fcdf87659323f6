"""An example of every instruction, for the reference: what is there, a program for system ``tiny``, what it leaves.

Places are ``sram W``, ``bank C.B COLUMN``, ``buffer C W`` (word W of channel C's global buffers), ``accumulators C``
(``accumulators C.K`` are number K), ``rN``, ``input``, ``output`` and ``marks``. Numbers that don't fit into a word go
on in the next. The tests run each example on the golden model and on the hardware: values are exact, and so are the
clocks, from START to the end of HALT.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["EXAMPLES", "SYSTEM", "Example"]

SYSTEM = "tiny"
Values = tuple[float, ...]


@dataclass(frozen=True)
class Example:
    """A small program.

    Parameters
    ----------
    text : str
        Its lines but ``.system`` and ``halt``.
    given, gives : mapping of tuples
        Values by place, before and after. Integers in a register are its bits; the others are numbers.
    clocks : int
        On the hardware, HALT included.
    system : str
        What differs from ``tiny``, as ``.system`` has it.
    """

    text: str
    given: Mapping[str, Values] = field(default_factory=dict)
    gives: Mapping[str, Values] = field(default_factory=dict)
    clocks: int = 0
    system: str = ""


ONE_TO_FOUR = (1.0, 2.0, 3.0, 4.0)
INF = float("inf")
#: Element 4 c + b belongs to bank b of channel c.
SLOT = (1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0)

EXAMPLES = {
    "NOP": Example("nop", {}, {}, 17),
    "HALT": Example("halt    irq  # in place of the last line", {}, {}, 9),
    "FENCE": Example("fence", {}, {}, 17),
    "LOOP": Example(
        "i:      loop    n=3, a=1, d=2\n          vscale  a=0@i, d=8@i, n=4, imm=2\n        endl    i",
        {"sram 0": (1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0, 12.0)},
        {"sram 8": (2.0, 4.0, 6.0, 8.0), "sram 10": (10.0, 12.0, 14.0, 16.0), "sram 12": (18.0, 20.0, 22.0, 24.0)},
        75,
    ),
    "ENDL": Example(
        "i:      loop    n=2, a=4, d=4\n"
        "j:        loop    n=2, a=1, d=1\n"
        "            vmov    a=0@i@j, d=16@i@j, n=4\n"
        "          endl    j\n"
        "        endl    i",
        {"sram 0": ONE_TO_FOUR, "sram 1": (5.0,), "sram 4": (6.0,), "sram 5": (7.0, 8.0)},
        {"sram 16": (1.0, 2.0, 3.0, 4.0, 5.0, 0.0, 0.0, 0.0), "sram 20": (6.0, 0.0, 0.0, 0.0, 7.0, 8.0, 0.0, 0.0)},
        125,
    ),
    "SETR": Example("setr    r=r1, value=0.5\nsetr    r=r2, value=12", {}, {"r1": (0.5,), "r2": (12,)}, 25),
    "MARK": Example("mark    tag=7\nmark    tag=9", {}, {"marks": (7, 9)}, 25),
    "IN": Example(
        "in      d=4, n=2",
        {"input": SLOT},
        {"sram 4": SLOT},
        19,
    ),
    "OUT": Example(
        "out     a=4, n=2",
        {"sram 4": SLOT},
        {"output": SLOT},
        19,
    ),
    "ACT_AB": Example(
        "act_ab  row=3\nrd_sb   mask=CH1, bank=2, row=3, n=1, d=0",
        {"bank 1.2 24": ONE_TO_FOUR},
        {"sram 0": ONE_TO_FOUR},
        37,
    ),
    "ACT": Example(
        "act     mask=CH1, bank=2, row=3\nrd_sb   mask=CH1, bank=2, row=3, n=1, d=0",
        {"bank 1.2 24": ONE_TO_FOUR},
        {"sram 0": ONE_TO_FOUR},
        37,
    ),
    "PRE_AB": Example("act_ab  row=3\npre_ab  mask=CH0", {}, {}, 28),
    "PRE": Example("act_ab  row=3\npre     bank=1", {}, {}, 28),
    "WR_SB": Example(
        "wr_sb   mask=CH1, bank=2, row=3, col=7, n=2, a=0",
        {"sram 0": SLOT},
        {"bank 1.2 31": ONE_TO_FOUR, "bank 1.2 32": (5.0, 6.0, 7.0, 8.0)},
        47,
    ),
    "RD_SB": Example(
        "rd_sb   mask=CH1, bank=2, row=3, col=7, n=2, d=0",
        {"bank 1.2 31": SLOT},
        {"sram 0": SLOT},
        52,
    ),
    "WR_ELEM": Example(
        "wr_elem row=0, col=5, lane=2, a=0",
        {"sram 0": SLOT},
        {
            "bank 0.0 5": (0.0, 0.0, 1.0, 0.0),
            "bank 0.1 5": (0.0, 0.0, 2.0, 0.0),
            "bank 0.2 5": (0.0, 0.0, 3.0, 0.0),
            "bank 0.3 5": (0.0, 0.0, 4.0, 0.0),
            "bank 1.0 5": (0.0, 0.0, 5.0, 0.0),
            "bank 1.1 5": (0.0, 0.0, 6.0, 0.0),
            "bank 1.2 5": (0.0, 0.0, 7.0, 0.0),
            "bank 1.3 5": (0.0, 0.0, 8.0, 0.0),
        },
        24,
    ),
    "RD_ITEM": Example(
        "setr    r=r4, value=14\nrd_item row=0, n=2, r=r4, d=0",
        {"bank 1.2 2": SLOT},
        {"sram 0": SLOT, "r4": (14,)},
        97,
    ),
    "WR_GB": Example(
        "wr_gb   a=0, n=2, gb=1",
        {"sram 0": SLOT},
        {
            "buffer 0 1": ONE_TO_FOUR,
            "buffer 0 2": (5.0, 6.0, 7.0, 8.0),
            "buffer 1 1": ONE_TO_FOUR,
            "buffer 1 2": (5.0, 6.0, 7.0, 8.0),
        },
        20,
    ),
    "WR_GBX": Example(
        "wr_gbx  a=0, n=1, stride=4",
        {"sram 0": ONE_TO_FOUR, "sram 4": (5.0, 6.0, 7.0, 8.0)},
        {"buffer 0 0": ONE_TO_FOUR, "buffer 1 0": (5.0, 6.0, 7.0, 8.0)},
        24,
    ),
    "WR_BIAS": Example(
        "wr_bias a=0",
        {"sram 0": SLOT},
        {"accumulators 0": ONE_TO_FOUR, "accumulators 1": (5.0, 6.0, 7.0, 8.0)},
        19,
    ),
    "MAC_AB": Example(
        "wr_gb   a=0, n=1\nmac_ab  row=0, n=1",
        {
            "sram 0": ONE_TO_FOUR,
            "bank 0.0 0": (1.0, 1.0, 1.0, 1.0),
            "bank 0.3 0": (2.0, 0.0, 0.0, -1.0),
            "bank 1.1 0": (0.0, 0.5, 0.0, 0.0),
        },
        {
            "buffer 0 0": ONE_TO_FOUR,
            "buffer 1 0": ONE_TO_FOUR,
            "accumulators 0": (10.0, 0.0, 0.0, -2.0),
            "accumulators 1": (0.0, 1.0, 0.0, 0.0),
        },
        33,
    ),
    "RD_MAC": Example(
        "wr_bias a=0\nrd_mac  d=2, accumulate\nrd_mac  d=4, mask=CH1",
        {"sram 0": SLOT, "sram 4": (9.0, 9.0, 9.0, 9.0)},
        {
            "sram 2": SLOT,
            "sram 5": (5.0, 6.0, 7.0, 8.0),
            "accumulators 0": ONE_TO_FOUR,
            "accumulators 1": (0.0, 0.0, 0.0, 0.0),
        },
        39,
    ),
    "VMM": Example(
        "vmm     row=0, n=1, slots=2, a=0, b=4, d=8",
        {
            "sram 0": ONE_TO_FOUR,
            "sram 4": (0.5, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.25),
            "bank 0.0 0": (1.0, 1.0, 1.0, 1.0, 2.0, 0.0, 0.0, 0.0),
            "bank 1.3 0": (0.0, 0.0, 0.0, 1.0, 0.0, 0.0, -1.0, 0.0),
        },
        {
            "sram 8": (10.5, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 4.0, 2.25, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, -3.0),
            "buffer 0 0": ONE_TO_FOUR,
            "buffer 1 0": ONE_TO_FOUR,
        },
        81,
    ),
    "SCALE_AB": Example(
        "wr_gb    a=0, n=2\nmac_ab   row=0, n=1, int8\nscale_ab row=0, col=1, lane=2, acc=0, to=1",
        {
            "sram 0": SLOT,
            # The int8 1, -2, 0, 0, 0, 0, 0, 3: two a bf16 number.
            "bank 0.0 0": (-float.fromhex("0x1.02p125"), 0.0, 0.0, float.fromhex("0x1p-121")),
            "bank 0.0 1": (0.0, 0.0, 0.5, 0.0),
        },
        {
            "buffer 0 0": SLOT,
            "buffer 1 0": SLOT,
            "accumulators 0.0": (0.0, 0.0, 0.0, 0.0),
            "accumulators 0.1": (10.5, 0.0, 0.0, 0.0),
        },
        41,
        "accumulators=2, int8=true",
    ),
    "WR_BYTE": Example(
        "wr_byte row=0, col=5, byte=3, a=0  # the upper half of lane 1",
        # The bytes 0x40, 0xC0, 0x3F and 0x41, twice.
        {"sram 0": (-3.0, 11.9375, -3.0, 11.9375)},
        {
            **{f"bank {channel}.0 5": (0.0, 2.0, 0.0, 0.0) for channel in range(2)},
            **{f"bank {channel}.1 5": (0.0, -2.0, 0.0, 0.0) for channel in range(2)},
            **{f"bank {channel}.2 5": (0.0, 0.5, 0.0, 0.0) for channel in range(2)},
            **{f"bank {channel}.3 5": (0.0, 8.0, 0.0, 0.0) for channel in range(2)},
        },
        24,
        "int8=true",
    ),
    "VADD": Example(
        "vadd    a=0, b=1, d=2, n=4",
        {"sram 0": ONE_TO_FOUR, "sram 1": (0.5, -2.0, 256.0, 512.0)},
        {"sram 2": (1.5, 0.0, 260.0, 516.0)},
        30,
    ),
    "VSUB": Example(
        "vsub    a=0, b=1, d=1, n=3",
        {"sram 0": ONE_TO_FOUR, "sram 1": (0.5, -2.0, 256.0, 512.0)},
        {"sram 1": (0.5, 4.0, -253.0, 0.0)},
        30,
    ),
    "VMUL": Example(
        "vmul    a=0, b=1, d=2, n=4",
        {"sram 0": ONE_TO_FOUR, "sram 1": (0.5, -2.0, 256.0, 1e38)},
        {"sram 2": (0.5, -4.0, 770.0, INF)},
        30,
    ),
    "VAXPY": Example(
        "vaxpy   imm=-0.5, a=0, b=1, d=2, n=4",
        {"sram 0": ONE_TO_FOUR, "sram 1": (10.0, 10.0, 10.0, 10.0)},
        {"sram 2": (9.5, 9.0, 8.5, 8.0)},
        58,
    ),
    "VSCALE": Example(
        "setr    r=r5, value=1/3\nvscale  imm=r5, a=0, d=1, n=4",
        {"sram 0": ONE_TO_FOUR},
        {"sram 1": (0.334, 0.668, 1.0, 1.336)},
        37,
    ),
    "VMOV": Example(
        "vmov    a=0, d=2, n=6",
        {"sram 0": SLOT, "sram 3": (9.0, 9.0, 9.0, 9.0)},
        {"sram 2": (1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 0.0, 0.0)},
        30,
    ),
    "VGATHER": Example(
        "vgather a=0, stride=3, d=4, n=3",
        {"sram 0": SLOT},
        {"sram 4": (1.0, 4.0, 7.0, 0.0)},
        33,
    ),
    "VMADD": Example(
        "vmadd   a=0, b=1, c=2, d=3, n=4",
        {"sram 0": ONE_TO_FOUR, "sram 1": (0.5, -2.0, 3.0, 1.5), "sram 2": (10.0, 10.0, 0.0, -6.0)},
        {"sram 3": (10.5, 6.0, 9.0, 0.0)},
        59,
    ),
    "VEXP": Example(
        "vexp    a=0, d=1, n=4", {"sram 0": (0.0, 1.0, -1.0, 100.0)}, {"sram 1": (1.0, 2.72, 0.367, INF)}, 57
    ),
    "VSIG": Example("vsig    a=0, d=1, n=4", {"sram 0": (0.0, 1.0, -1.0, 8.0)}, {"sram 1": (0.5, 0.73, 0.27, 1.0)}, 92),
    "VGELU": Example(
        "vgelu   a=0, d=1, n=4", {"sram 0": (0.0, 1.0, -1.0, 8.0)}, {"sram 1": (0.0, 0.84, -0.159, 8.0)}, 127
    ),
    "VSILU": Example(
        "vsilu   a=0, d=1, n=4", {"sram 0": (0.0, 1.0, -1.0, 8.0)}, {"sram 1": (0.0, 0.73, -0.27, 8.0)}, 92
    ),
    "VGELUE": Example(
        "vgelue  a=0, d=1, n=4", {"sram 0": (0.0, 1.0, -1.0, 8.0)}, {"sram 1": (0.0, 0.84, -0.158, 8.0)}, 162
    ),
    "VRELU": Example("vrelu   a=0, d=1, n=4", {"sram 0": (-3.0, 2.5, 0.0, -INF)}, {"sram 1": (0.0, 2.5, 0.0, 0.0)}, 29),
    "VQUANT": Example(
        "vquant  a=0, scale=1, d=2, n=4  # 96, -64, 0 and 64 times 2^-5",
        {"sram 0": (3.0, -2.0, 0.0, 2.0)},
        {"sram 1": (0.03125, 0.0, 0.0, 0.0), "sram 2": (-3.5, 2.0, 0.0, 0.0)},
        55,
        "int8=true",
    ),
    "RMAX": Example("rmax    r=r1, a=0, n=4", {"sram 0": (-3.0, 2.5, 1.0, -8.0)}, {"r1": (2.5,)}, 21),
    "RSUM": Example("rsum    r=r1, a=0, n=8", {"sram 0": SLOT}, {"r1": (36.0,)}, 44),
    "RSSQ": Example("rssq    r=r1, a=0, n=4", {"sram 0": ONE_TO_FOUR}, {"r1": (30.0,)}, 77),
    "ARGMAX": Example("argmax  r=r1, a=0, n=4", {"sram 0": (-3.0, 2.5, 2.5, -8.0)}, {"r1": (1,)}, 21),
    "SRECIP": Example("srecip  r=r2, s=r1", {"r1": (3.0,)}, {"r2": (0.333335,)}, 53),
    "SRSQRT": Example("srsqrt  r=r2, s=r1", {"r1": (4.0,)}, {"r2": (0.5000106,)}, 53),
    "SKEEP": Example(
        "rmax    r=r2, a=4, n=4\nargmax  r=r3, a=4, n=4\nskeep   r=r0, s=r2, value=16",
        {"r0": (2.0,), "sram 4": (1.0, 0.5, 7.0, 7.0)},
        {"r0": (7.0,), "r1": (18,), "r2": (7.0,), "r3": (2,)},
        48,
    ),
    "SOFTMAX": Example(
        "softmax a=0, d=2, n=8, imm=0.5",
        {"sram 0": SLOT},
        {"sram 2": (0.0121, 0.0199, 0.033, 0.0542, 0.0894, 0.147, 0.243, 0.4)},
        210,
    ),
    "SOFTMUL": Example(
        "softmul a=0, b=2, d=4, n=8, imm=0.5",
        {"sram 0": SLOT, "sram 2": (1.0, 1.0, 1.0, 1.0), "sram 3": (0.5, 0.25, 0.125, 2.0)},
        {"sram 4": (0.0121, 0.0199, 0.033, 0.0542), "sram 5": (0.0447, 0.0368, 0.0304, 0.8)},
        246,
        "int8=true",
    ),
    "LAYERNORM": Example(
        "setr    r=r1, value=4*1e-5\nsetr    r=r2, value=1/4\nlayernorm a=0, b=1, beta=2, d=3, n=4, eps=r1, share=r2",
        {"sram 0": ONE_TO_FOUR, "sram 1": (1.0, 1.0, 1.0, 2.0), "sram 2": (0.0, 0.0, 1.0, 0.0)},
        {"sram 3": (-1.34, -0.447, 1.445, 2.69)},
        343,
    ),
    "RMSNORM": Example(
        "setr    r=r1, value=4*1e-5\nsetr    r=r2, value=1/4\nrmsnorm a=0, b=1, d=3, n=4, eps=r1, share=r2",
        {"sram 0": ONE_TO_FOUR, "sram 1": (1.0, 1.0, 1.0, 2.0)},
        {"sram 3": (0.365, 0.73, 1.09, 2.92)},
        225,
    ),
}
