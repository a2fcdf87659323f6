"""The embedded unit library: areas in NAND2 equivalents, delays in FO4, by logical effort.

It belongs to no process. A gate of drive ``x`` with logical effort ``g`` and parasitic delay ``p`` has the input
capacitance ``g x`` (an inverter's is 1) and the delay ``(p + load / x) / 5`` FO4; an inverter with four of its kind as
load has p = 1 and h = 4, hence one FO4. In the Liberty text one FO4 is written as one nanosecond and one inverter
input as one femtofarad. There is no energy in it.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["NAME", "SETUP", "STAGES", "liberty_text"]

NAME = "bitloom_unit"


@dataclass(frozen=True)
class Gate:
    """A combinational cell: name, outputs by name, area at drive 1, logical effort, parasitic delay, drives."""

    name: str
    functions: dict[str, str]
    area: float
    effort: float
    parasitic: float
    drives: tuple[int, ...] = (1, 2)


# Areas are transistor counts over four, a bit more where a gate is rarely drawn at minimum size. Cells with a built-in
# second stage (BUF, AND2, OR2, XOR2, FA) show a higher parasitic delay.
GATES = (
    Gate("INV", {"Y": "!A"}, 0.67, 1.0, 1.0, (1, 2, 4, 8, 16)),
    Gate("BUF", {"Y": "A"}, 1.0, 1.0, 4.0, (1, 2, 4, 8, 16)),
    Gate("NAND2", {"Y": "!(A&B)"}, 1.0, 4 / 3, 2.0, (1, 2, 4)),
    Gate("NAND3", {"Y": "!(A&B&C)"}, 1.33, 5 / 3, 3.0),
    Gate("NAND4", {"Y": "!(A&B&C&D)"}, 1.67, 2.0, 4.0),
    Gate("NOR2", {"Y": "!(A|B)"}, 1.0, 5 / 3, 2.0, (1, 2, 4)),
    Gate("NOR3", {"Y": "!(A|B|C)"}, 1.33, 7 / 3, 3.0),
    Gate("AND2", {"Y": "A&B"}, 1.33, 4 / 3, 5.0),
    Gate("OR2", {"Y": "A|B"}, 1.33, 5 / 3, 5.0),
    Gate("AOI21", {"Y": "!((A&B)|C)"}, 1.33, 2.0, 7 / 3),
    Gate("OAI21", {"Y": "!((A|B)&C)"}, 1.33, 2.0, 7 / 3),
    Gate("AOI22", {"Y": "!((A&B)|(C&D))"}, 1.67, 2.0, 4.0),
    Gate("OAI22", {"Y": "!((A|B)&(C|D))"}, 1.67, 2.0, 4.0),
    Gate("MUX2", {"Y": "(A&!S)|(B&S)"}, 2.33, 2.0, 6.0),
    Gate("XOR2", {"Y": "A^B"}, 2.33, 3.0, 6.0),
    Gate("XNOR2", {"Y": "!(A^B)"}, 2.33, 3.0, 6.0),
    Gate("MAJ3", {"Y": "(A&B)|(A&C)|(B&C)"}, 2.33, 2.5, 6.0),
    Gate("HA", {"CO": "A&B", "S": "A^B"}, 3.0, 4.0, 6.0, (1,)),
    Gate("FA", {"CO": "(A&B)|(A&C)|(B&C)", "S": "A^B^C"}, 5.33, 4.5, 10.0, (1,)),
    Gate("TIEHI", {"Y": "1"}, 0.5, 0.0, 0.0, (1,)),
    Gate("TIELO", {"Y": "0"}, 0.5, 0.0, 0.0, (1,)),
)
FLOP_AREA, LATCH_AREA, GATE_AREA = 5.33, 3.33, 4.67
#: Loads and slews of all tables.
POINTS = (0.0, 10.0, 100.0)
CLOCK_TO_Q, SETUP = 1.5, 0.8  # FO4, at no load

#: Parasitic delay and drive of every cell, from its inputs (or clock) to its outputs: its delay in FO4 is
#: (parasitic + load / drive) / 5.
STAGES = {f"{gate.name}X{drive}": (gate.parasitic, float(drive)) for gate in GATES for drive in gate.drives} | {
    "DFF": (5 * CLOCK_TO_Q, 1.0),
    "LATCH": (5 * CLOCK_TO_Q, 1.0),
    "ICG": (5.0, 2.0),
}


def _tables(kinds: tuple[str, ...], parasitic: float, drive: float) -> str:
    """Delay or slew tables, linear in the load; ABC needs three points."""
    row = ", ".join(f"{(parasitic + load / drive) / 5:.4f}" for load in POINTS)
    return "".join(f'{kind} (by_load) {{ values ("{row}", "{row}", "{row}"); }} ' for kind in kinds)


_ARC = ("cell_rise", "cell_fall", "rise_transition", "fall_transition")


def _input(name: str, capacitance: float, extra: str = "") -> str:
    return f"pin ({name}) {{ direction : input; capacitance : {capacitance:.3f}; {extra}}}\n"


def _gate(gate: Gate, drive: int) -> str:
    inputs = sorted({c for function in gate.functions.values() for c in function if c.isalpha()})
    area = gate.area * (0.5 + 0.5 * drive)
    text = f"cell ({gate.name}X{drive}) {{ area : {area:.3f};\n"
    text += "".join(_input(name, gate.effort * drive) for name in inputs)
    for output, function in gate.functions.items():
        text += f'pin ({output}) {{ direction : output; function : "{function}";\n'
        for name in inputs:
            text += f"  timing () {{ related_pin : {name}; {_tables(_ARC, gate.parasitic, drive)}}}\n"
        text += "}\n"
    return text + "}\n"


def _constraint(kind: str, value: float) -> str:
    row = ", ".join([f"{value:.3f}"] * len(POINTS))
    tables = "".join(
        f'{edge}_constraint (by_slew) {{ values ("{row}", "{row}", "{row}"); }} ' for edge in ("rise", "fall")
    )
    return f"timing () {{ related_pin : CK; timing_type : {kind}; {tables}}} "


def _sequential() -> str:
    arc = _tables(_ARC, 5 * CLOCK_TO_Q, 1)
    data = _constraint("setup_rising", SETUP) + _constraint("hold_rising", 0.0)
    clock = _input("CK", 2.0, "clock : true; ")
    output = (
        "pin (Q) {{ direction : output; function : IQ; timing () {{ related_pin : CK; timing_type : {}; {}}} {}}}\n"
    )
    through = f"timing () {{ related_pin : D; {arc}}} "
    icg_pins = (
        _input("CK", 2.0, "clock : true; clock_gate_clock_pin : true; ")
        + _input("E", 1.5, f"clock_gate_enable_pin : true; {data}")
        + f'pin (GCK) {{ direction : output; clock_gate_out_pin : true; state_function : "CK & IQ"; '
        f"timing () {{ related_pin : CK; timing_sense : positive_unate; {_tables(_ARC, 5.0, 2)}}} }}\n"
        + "pin (IQ) { direction : internal; internal_node : IQ; }\n"
    )
    return (
        f"cell (DFF) {{ area : {FLOP_AREA}; ff (IQ, IQN) {{ clocked_on : CK; next_state : D; }}\n"
        f"{clock}{_input('D', 1.5, data)}{output.format('rising_edge', arc, '')}}}\n"
        f"cell (LATCH) {{ area : {LATCH_AREA}; latch (IQ, IQN) {{ enable : CK; data_in : D; }}\n"
        f"{clock}{_input('D', 1.5, data.replace('_rising', '_falling'))}"
        f"{output.format('rising_edge', arc, through)}}}\n"
        f"cell (ICG) {{ area : {GATE_AREA}; clock_gating_integrated_cell : latch_posedge;\n"
        'statetable ("CK E", "IQ") { table : "L L : - : L, L H : - : H, H - : - : N"; }\n'
        f"{icg_pins}}}\n"
    )


def liberty_text() -> str:
    """Return the library as Liberty text; the same bytes every time."""
    points = ", ".join(f"{point:g}" for point in POINTS)
    header = f"""library ({NAME}) {{
comment : "logical effort; area in NAND2 equivalents, 1 ns = 1 FO4, 1 fF = one inverter input";
delay_model : table_lookup; time_unit : "1ns"; voltage_unit : "1V"; current_unit : "1mA";
pulling_resistance_unit : "1kohm"; leakage_power_unit : "1nW"; capacitive_load_unit (1, ff);
nom_process : 1; nom_voltage : 1; nom_temperature : 25;
input_threshold_pct_rise : 50; input_threshold_pct_fall : 50;
output_threshold_pct_rise : 50; output_threshold_pct_fall : 50;
slew_lower_threshold_pct_rise : 20; slew_lower_threshold_pct_fall : 20;
slew_upper_threshold_pct_rise : 80; slew_upper_threshold_pct_fall : 80;
lu_table_template (by_load) {{ variable_1 : input_net_transition; variable_2 : total_output_net_capacitance;
index_1 ("{points}"); index_2 ("{points}"); }}
lu_table_template (by_slew) {{ variable_1 : related_pin_transition; variable_2 : constrained_pin_transition;
index_1 ("{points}"); index_2 ("{points}"); }}
"""
    cells = "".join(_gate(gate, drive) for gate in GATES for drive in gate.drives)
    return header + cells + _sequential() + "}\n"
