"""Programs for the preset ``tiny``: streams, long inputs, and what waits for what. They take up to 1,400 words."""

from __future__ import annotations

__all__ = ["DIRECTED"]

_VMM = """
    vmm row=0, n=16, slots=5, a=0, b=100, d=300
    mark tag=1
    vmm row=3, col=5, n=21, slots=3, a=7, zero, d=300
"""
_SLOTS = """
    setr r=r3, value=37
    vmm row=0, n=8, slots=r3, a=0, b=100, d=300
    vmm row=0, n=8, slots=1, a=300, zero, d=8
"""
_LONG_ROWS = """
    wr_gb a=0, n=8
    wr_bias zero
    i: loop n=60, col=5
        mac_ab row=2@i, col=3@i, n=8
    endl i
    rd_mac d=0
    out a=0, n=4
"""
_VECTORS = """
    i: loop n=12, a=3, d=5
        wr_sb bank=1, row=1, n=9, a=0@i
        softmax imm=0.5, a=40@i, d=200@i, n=70
        vgather stride=3, a=0, d=300, n=20
        argmax r=r2, a=200@i, n=50
        wr_gbx a=200, stride=9, n=6
    endl i
"""
_READS = """
    i: loop n=30, d=2, col=7
        rd_sb mask=CH1, bank=3, row=7@i, col=6@i, n=19, d=100@i
        rd_sb mask=CH0, bank=0, row=1, n=3, d=20
        wr_elem row=8, col=1, lane=2, a=100
        vadd a=100, b=20, d=400, n=60
    endl i
"""
_FENCES = """
    mac_ab row=0, n=8, fence
    in d=0, n=700
    out a=0, n=600, irq
    mark tag=3, fence
    pre bank=2
    fence
    act bank=2, row=5
"""
DIRECTED = {
    name: f"{text}halt"
    for name, text in {
        "vmm": _VMM,
        "slots": _SLOTS,
        "long rows": _LONG_ROWS,
        "vectors": _VECTORS,
        "reads": _READS,
        "fences": _FENCES,
    }.items()
}
