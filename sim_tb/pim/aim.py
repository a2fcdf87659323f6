"""Streams that were measured with aim_simulator, the public simulator of AiM, as programs of the controller.

Its clocks are those of commit 0f28a07 of github.com/arkhadem/aim_simulator, from its first clock to its end; it has no
refreshes. Ours are those from the first command of a channel to its last one. Four rules make the whole difference:

* After reset its channels are in the mode for banks: the first write to a register waits for the other one.
* Its change of modes is a command: a clock more to banks, two more to accumulators that are read.
* It reads accumulators and presets them again a clock sooner.
* Its end comes two clocks after the last multiply-accumulate, four after the last read-out.
"""

from __future__ import annotations

from dataclasses import dataclass

from gen.pim.assemble import assemble
from hdl.params.pim import PRESETS
from sim_tb.pim.simulate import simulate

__all__ = ["LAYER", "STREAMS", "SYSTEM", "Stream", "span"]

SYSTEM = PRESETS["aim_reference"]


@dataclass(frozen=True)
class Stream:
    """A stream of commands.

    Parameters
    ----------
    name : str
    text : str
        The program, without its HALT.
    clocks : int
        What aim_simulator takes.
    slots : int
        Slots of products in it; 0 for multiply-accumulates alone.
    vmm : str
        The same product as VMM has it, which hides changes of rows; empty where there is none.
    """

    name: str
    text: str
    clocks: int
    slots: int = 0
    vmm: str = ""

    @property
    def rules(self) -> int:
        """Clocks that aim_simulator takes longer, by its four rules."""
        if not self.slots:
            return 2
        return SYSTEM.timing.tmod + (1 + 2) * self.slots - (self.slots - 1) + 4


def _macs(rows: int, columns: int, clocks: int) -> Stream:
    """Multiply-accumulates alone, N columns of each row."""
    text = f"i: loop n={rows}, row=1\nmac_ab row=0@i, n={columns}\nendl\n"
    name = f"{rows} row{'s' * (rows > 1)}, {columns} MAC{'s' * (columns > 1)} in each"
    return Stream(name, text, clocks)


def _slots(slots: int, columns: int, chunks: int) -> str:
    """Products: a global buffer, then slots of a row each, whose accumulators are preset, filled and read."""
    one, all_ = (f"{each}{slots}x{columns}" for each in ("slot", "chunk"))
    return f"""
        {all_}: loop n={chunks}, row={slots}
        wr_gb a=0, n={columns}
        {one}: loop n={slots}, row=1
        wr_bias a=64
        mac_ab row=0@{one}@{all_}, n={columns}
        rd_mac d=512
        endl
        endl
        """


def _vmm(slots: int, columns: int, chunks: int) -> str:
    return f"vmm row=0, n={columns * chunks}, slots={slots}, pitch=64, a=0, b=1024, d=2048\n"


def _product(name: str, slots: int, columns: int, chunks: int, clocks: int) -> Stream:
    text, vmm = _slots(slots, columns, chunks), _vmm(slots, columns, chunks)
    return Stream(name, text, clocks, chunks * slots, vmm)


#: The matrices of a layer of GPT2-small on 8 channels, a slot a row.
LAYER = (
    _product("queries, keys, values", 18, 48, 1, 4668),
    _product("projection", 6, 48, 1, 1620),
    _product("first of MLP", 24, 48, 1, 6192),
    _product("second of MLP", 6, 64, 3, 5532),
)
STREAMS = (
    *(
        _macs(rows, columns, clocks)
        for rows, columns, clocks in (
            *((1, 1, 59), (1, 2, 61), (1, 16, 89), (1, 48, 153), (1, 64, 185)),
            *((2, 64, 411), (3, 64, 637), (10, 64, 2219), (100, 64, 22559), (10, 16, 1259), (10, 1, 959)),
        )
    ),
    _product("8 slots", 8, 64, 1, 2416),
    _product("2 x 8 slots", 8, 64, 2, 4832),
    _product("100 slots", 100, 64, 1, 28728),
    Stream("250 x 8 slots", _slots(8, 64, 250), 604000, 2000),
    *LAYER,
    Stream(
        "all four matrices",
        "".join(each.text for each in LAYER),
        18012,
        sum(each.slots for each in LAYER),
        "".join(each.vmm for each in LAYER),
    ),
)


def span(text: str) -> int:
    """Clocks from the first command of a program to its last one."""
    log = simulate(SYSTEM, assemble(f"{text}\nhalt", "stream", SYSTEM).words).log
    return log[-1].cycle - log[0].cycle + 1
