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
_BANKS = """
    i: loop n=9, row=1, d=4
        rd_sb mask=CH0, bank=0, row=1@i, n=3, d=100@i
        rd_sb mask=CH0, bank=1, row=2@i, col=5, n=9, d=200
        rd_sb mask=CH0, bank=2, row=3, n=1, d=300
        act bank=3, row=5@i
        rd_sb mask=CH0, bank=3, row=4@i, n=2, d=400
        pre bank=1
        wr_sb bank=2, row=3@i, n=2, a=0
        wr_sb bank=0, row=9@i, n=1, a=8
        wr_sb bank=1, row=9@i, n=1, a=9
    endl i
    wr_gb a=0, n=2
"""
_LAYERS = """
    setr r=r1, value=9
    setr r=r2, value=0
    setr r=r4, value=1.5
    setr r=r5, value=6
    l: loop rows, n=3, row=7, col=3
        rd_item row=1, n=5, r=r1, d=700
        vmm row=2, n=8, slots=5, pitch=8, a=700, zero, d=300
        vmm row=2, col=6, n=19, slots=3, pitch=13, a=700, b=40, d=300
        i: loop n=2, row=1, a=1
            mac_ab row=0@i, n=3, gb=1@i
            vmadd a=300, b=310, c=320, d=330, n=30
        endl i
        argmax r=r6, a=300, n=40
        setr r=r7, value=3
        skeep r=r4, s=r2, value=40
        rd_item row=9, col=2, n=3, r=r5, d=720
    endl l
    rd_mac d=0
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
        "banks": _BANKS,
        "layers": _LAYERS,
    }.items()
}
