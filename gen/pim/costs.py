"""How long instructions take: what they become on a channel's command bus, and in the vector unit."""

from __future__ import annotations

from hdl.params.pim import Opcode

__all__ = ["ISSUE", "cost"]

#: What every instruction takes before its unit has it.
ISSUE = (
    "Instructions are issued one at a time, in their order: 8 clocks each, one more for each range of memory that "
    "they touch and one if there is any, up to 20 more for VMM and where a stride is multiplied, and some 60 more for "
    "RD_ITEM. Units have queues and work side by side; an instruction waits while a unit still writes what it reads, "
    "or uses what it writes. HALT alone takes 9 clocks."
)
_IDLE = "ends when every unit is idle"
_WRITE_ROW = "the row is opened where it is not (ACT, then tRCD_WR; before it PRE and tRP where another is open)"
#: What the commands are and which times count, of what is not the vector unit's.
_COSTS = {
    "NOP": "nothing but its issue",
    "HALT": _IDLE,
    "FENCE": _IDLE,
    "LOOP": "nothing but its issue",
    "ENDL": "nothing but its issue",
    "SETR": "nothing but its issue",
    "MARK": "nothing but its issue; the log has the clock of its issue, when earlier instructions may still be at work",
    "SKEEP": "nothing but its issue",
    "IN": "n clocks, a word a clock, longer where the host pauses",
    "OUT": "n clocks, a word a clock, longer where the host pauses",
    "ACT_AB": "one ACT_AB a channel, after PRE_AB and tRP where another row is open; then tRCD_RD, tRCD_WR or tRCD_MAC "
    "to the first column",
    "ACT": "one ACT a channel, tRRD and tFAW after others, tRC after the bank's last; then tRCD_RD or tRCD_WR",
    "PRE_AB": "one PRE_AB a channel, after tRAS, tRTP and tWR",
    "PRE": "one PRE a channel, after tRAS, tRTP and tWR",
    "WR_SB": f"n WR_SB on each channel, tCCD apart, words CWL later; {_WRITE_ROW}",
    "RD_SB": "n RD_SB, tCCD apart, words CL later, then to SRAM a word a clock; the row is opened where it is not "
    "(ACT, then tRCD_RD)",
    "RD_ITEM": "what the RD_SB of the item's place takes",
    "WR_ELEM": "BANKS / LANES (at least 1) WR_ELEM on each channel, tCCD apart; the row is opened in all banks "
    "(ACT_AB, then tRCD_WR)",
    "WR_GB": "n WR_GB on each channel, tBL apart, words CWL_REG later; tMOD after commands to banks, but where "
    "BUFFERS is above 1 beside these",
    "WR_GBX": "n WR_GB on each channel, tBL apart; the channels' words come from SRAM one after another",
    "WR_BIAS": "n times BANKS / LANES (at least 1) WR_BIAS on each channel; tMAC after MACs, tMOD after commands to "
    "banks",
    "MAC_AB": "n MAC_AB on each channel, tCCD apart, whatever the vectors; tRCD_MAC after ACT_AB, tMOD after commands "
    "to registers; a further row takes tRCD_MAC + (ROW_COLS - 1) * tCCD + tRTP + tRP, or tRAS + tRP or tRC where that "
    "is longer",
    "RD_MAC": "n times BANKS / LANES (at least 1) RD_MAC on each channel, tMAC after MACs, tMOD after commands to "
    "banks; words CL_REG later, then to SRAM a word a clock: of each accumulator one channel after the other",
    "SCALE_AB": "one SCALE_AB on each channel, with the times of one MAC_AB",
    "WR_BYTE": "what WR_ELEM takes: every word of the slot is read for each of its halves",
    "VMM": "what its parts take: for each chunk WR_GB, for each slot WR_BIAS, MAC_AB, the ACT_AB of another row and "
    "RD_MAC",
}


def cost(op: Opcode) -> str:
    """What an instruction takes beside its issue, in words."""
    if op.unit != "vector":
        return _COSTS[op.name]
    from hdl.pim.vector.phases import PHASES

    gathers = any(phase.a == "gather" for phase in PHASES[op.name])
    reads = passes = numbers = 0
    for phase in PHASES[op.name]:
        reads += bool(phase.scan)
        if phase.run:
            through = 1 + len(phase.chain)
            vector = phase.a != "x"
            passes += through * vector
            numbers += through * (not vector)
    parts = ["n clocks in the lanes, an element a clock" if gathers else _beats(passes, "lanes")] * bool(passes)
    parts += [_beats(reads, "scan")] * bool(reads)
    parts += [f"{numbers} single numbers through the lanes, one after another"] * (numbers > 1)
    parts += ["one single number through the lanes"] * (numbers == 1)
    steps = len(PHASES[op.name])
    wait = f"; {steps} steps, each after the end of the one before it" if steps > 1 else ""
    return f"{', '.join(parts)}, and the way through the unit{wait}"


def _beats(times: int, where: str) -> str:
    often = "" if times == 1 else f"{times} x "
    return f"{often}n / vector_lanes clocks in the {where}"
