"""Bounded proofs with Yosys' SAT solver: whatever the inputs do, for so many clocks from reset on.

The properties are SystemVerilog monitors, written here from what the interfaces promise: the bus from ARM's
specification, the command bus from the table of timing rules that simulation is checked against.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from gen.emit.verilog import verilog_of
from hdl.bus.axi_lite import AxiLite
from hdl.lib.shared import Part
from hdl.params import ToolError
from hdl.params.pim import COMMANDS, PimParams, TimingTable
from hdl.pim.channel.operation import KINDS
from hdl.pim.channel.sequencer import Sequencer
from sim_tb.pim.check.rules import ACTIVATES, COLUMNS, PRECHARGES, spacings
from synth_scripts.work import yosys
from tests.pim.machines import TINY

pytestmark = pytest.mark.synth

BUS = """module properties(input clk, rst, input [9:0] s_axi_awaddr, s_axi_araddr, input s_axi_awvalid, s_axi_wvalid,
    s_axi_bready, s_axi_arvalid, s_axi_rready, input [31:0] s_axi_wdata, word, input [3:0] s_axi_wstrb, input refused);
  wire s_axi_awready, s_axi_wready, s_axi_bvalid, s_axi_arready, s_axi_rvalid, look, act;
  wire [1:0] s_axi_bresp, s_axi_rresp;
  wire [31:0] s_axi_rdata;
  bitloom_axi_lite_10 dut(.*, .address(), .writes(), .data(), .strobes());
  reg started = 0, kept_b, kept_r;
  reg [1:0] bresp, rresp, aw = 0, w = 0, ar = 0;
  reg [31:0] rdata;
  always @(posedge clk) begin
    started <= 1;
    kept_b <= s_axi_bvalid & ~s_axi_bready & ~rst;
    kept_r <= s_axi_rvalid & ~s_axi_rready & ~rst;
    {bresp, rresp, rdata} <= {s_axi_bresp, s_axi_rresp, s_axi_rdata};
    aw <= rst ? 0 : aw + (s_axi_awvalid & s_axi_awready) - (s_axi_bvalid & s_axi_bready);
    w <= rst ? 0 : w + (s_axi_wvalid & s_axi_wready) - (s_axi_bvalid & s_axi_bready);
    ar <= rst ? 0 : ar + (s_axi_arvalid & s_axi_arready) - (s_axi_rvalid & s_axi_rready);
  end
  always @* begin
    if (!started) assume (rst);
    else if (!rst) begin
      if (kept_b) assert (s_axi_bvalid && s_axi_bresp == bresp);  // an answer stays until it is taken
      if (kept_r) assert (s_axi_rvalid && s_axi_rresp == rresp && s_axi_rdata == rdata);
      if (s_axi_bvalid) assert (aw > 0 && w > 0);  // there was something to answer
      if (s_axi_rvalid) assert (ar > 0);
      assert (aw <= 2 && w <= 2 && ar <= 2);
      assert (!(s_axi_bvalid && s_axi_rvalid) && !(look && act));
    end
  end
endmodule
"""
#: A channel in which everything is near: two banks, and times of a few clocks that all differ from what others add up
#: to, refreshes among them.
SMALL = replace(
    TINY,
    channels=1,
    banks=2,
    lanes=2,
    vector_lanes=2,
    rows=2,
    row_cols=2,
    gb_words=2,
    timing=TimingTable(
        trcd_rd=2,
        trcd_wr=1,
        trcd_mac=3,
        trp=2,
        tras=3,
        trc=6,
        tccd=2,
        twr=1,
        trtp=2,
        twtr=2,
        trtw=1,
        trrd=3,
        trfc=3,
        trefi=14,
        tmod=2,
        tmac=3,
        cl=2,
        cwl=1,
    ),
)


def monitor(params: PimParams) -> str:
    """The rules of the command bus as assertions."""
    code = {name: command.code for name, command in COMMANDS.items()}
    bits, count = Sequencer(params).layout.size, Sequencer(params).layout["count"]
    checks, counts = [], []

    def is_(*names: str, bank: int | None = None) -> str:
        """A command is one of these, on a bank."""
        found = []
        for name in names:
            hit = f"op == {code[name]}"
            if bank is not None and not COMMANDS[name].all_banks:
                hit = f"({hit} && bank == {bank})"
            found.append(hit)
        return f"(valid && ({' || '.join(found)}))"

    for number, rule in enumerate(spacings(params)):
        for bank in range(params.banks) if rule.same_bank else (None,):
            left = f"left_{number}" + ("" if bank is None else f"_{bank}")
            counts.append(
                f"  reg [4:0] {left} = 0;\n  always @(posedge clk)\n    {left} <= rst ? 0 : "
                f"{is_(*rule.before, bank=bank)} ? {rule.clocks - 1} : {left} == 0 ? 0 : {left} - 1;"
            )
            checks.append(f"assert (!({is_(*rule.after, bank=bank)} && {left} != 0));  // {rule.rule}")
    for bank in range(params.banks):
        counts.append(
            f"  reg open_{bank} = 0; reg row_{bank} = 0;\n  always @(posedge clk) begin\n"
            f"    if (rst || {is_(*PRECHARGES, bank=bank)}) open_{bank} <= 0;\n"
            f"    else if ({is_(*ACTIVATES, bank=bank)}) begin open_{bank} <= 1; row_{bank} <= row; end\n  end"
        )
        checks.append(f"assert (!({is_(*ACTIVATES, 'REF', bank=bank)} && open_{bank}));  // bank open")
        checks.append(f"assert (!({is_(*COLUMNS, bank=bank)} && !open_{bank}));  // bank closed")
    checks.append(f"assert (!({is_('MAC_AB', 'WR_ELEM')} && row_0 != row_1));  // rows differ")
    nl = "\n"
    return f"""module properties(input clk, rst, op_valid, word, room, input [{bits - 1}:0] op_in);
  wire valid, ready;
  wire [4:0] op;
  wire bank, row;
  bitloom_sequencer dut(.clk(clk), .rst(rst), .op(op_in), .op_valid(op_valid), .op_ready(ready), .word(word),
    .room(room), .cmd_valid(valid), .cmd_op(op), .cmd_bank(bank), .cmd_row(row));
  reg started = 0, waits = 0;
  reg [{bits - 1}:0] held;
  always @(posedge clk) begin
    started <= 1;
    waits <= op_valid & ~ready & ~rst;
    held <= op_in;
  end
{nl.join(counts)}
  always @* begin
    if (!started) assume (rst);
    assume (op_in[3:0] < {len(KINDS)});
    assume (op_in[{count.offset + 11}:{count.offset + 2}] == 0);  // long ones show nothing new in so few clocks
    if (waits) assume (op_valid && op_in == held);
    if (started && !rst) begin
      {(nl + "      ").join(checks)}
    end
  end
endmodule
"""


def prove(part: Part, properties: str, clocks: int, folder: Path) -> None:
    """Look for inputs that break a property within so many clocks from reset on; ToolError if there are any."""
    (folder / "design.v").write_text(verilog_of(part, "bitloom"))
    (folder / "properties.sv").write_text(properties)
    solve = f"sat -verify -prove-asserts -set-assumes -seq {clocks}"
    yosys.run(
        [
            *("read_verilog design.v", "read_verilog -formal -sv properties.sv", "hierarchy -top properties"),
            *("proc", "flatten", "chformal -lower", "async2sync", "opt -full", "clean", solve),
        ],
        folder,
        "proof",
    )


def test_the_bus(tmp_path):
    """Answers stay until they are taken, and there is never one too many."""
    prove(AxiLite(10), BUS, 20, tmp_path)


def test_a_bus_that_forgets_is_found(tmp_path):
    forgetful = BUS.replace("~s_axi_bready & ~rst", "~rst")
    with pytest.raises(ToolError, match="proof did fail"):
        prove(AxiLite(10), forgetful, 10, tmp_path)


@pytest.mark.slow
def test_the_command_bus(tmp_path):
    """No rule is broken, no column of a closed bank wanted, no open bank opened or refreshed."""
    prove(Sequencer(SMALL), monitor(SMALL), 16, tmp_path)


@pytest.mark.parametrize("key", ["trc", "tmac", "trp", "twr"])
def test_a_rule_shortened_by_one_is_found(key, tmp_path):
    """To the sequencer, whose monitor is stricter by one."""
    longer = {key: getattr(SMALL.timing, key) + 1}
    strict = replace(SMALL, timing=replace(SMALL.timing, **({"trefi": 0, "trc": 7} | longer)))
    sequencer = Sequencer(replace(SMALL, timing=replace(SMALL.timing, trefi=0, trc=7 - (key == "trc"))))
    with pytest.raises(ToolError, match="proof did fail"):
        prove(sequencer, monitor(strict), 12, tmp_path)
