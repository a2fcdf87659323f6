// A command sequencer alone, fed with operations from ops.hex, and the log of its commands.
//
// A line of ops.hex is {clocks to wait before it, operation}. Words to write, and room for what is read, are there
// except for a share of STALL/256 of the clocks. Cycle 0 of the log is the first clock after reset.
// `SEQUENCER is the module under test; `NUMBER is that of the design and of its log.
module driver_`NUMBER #(
    parameter int OP_BITS   = 1,
    parameter int LANE_BITS = 1,
    parameter int BANK_BITS = 1,
    parameter int ROW_BITS  = 1,
    parameter int COL_BITS  = 1,
    parameter int DEPTH     = 1
) (
    input  logic clk,
    input  logic rst,
    input  int   ops,    // how many
    input  int   least,  // clocks that the run lasts
    input  int   stall,
    output logic done
);
  logic [32+OP_BITS-1:0] memory[DEPTH];
  logic [OP_BITS-1:0] op;
  logic op_valid, op_ready, word, room, busy, cmd_valid;
  logic write_bank, write_register, read, strobe_one;
  logic [LANE_BITS-1:0] strobe_lane;
  logic [1:0] strobe_bytes;  // where there is int8
  logic [4:0] cmd_op;
  logic [BANK_BITS-1:0] cmd_bank;
  logic [ROW_BITS-1:0] cmd_row;
  logic [COL_BITS-1:0] cmd_col;
  logic [31:0] noise = 32'h9e3779b9;
  int next = 0, waited = 0, cycle = 0, idle = 0, log_file;

  `SEQUENCER sequencer (.*);

  assign op       = memory[next][OP_BITS-1:0];
  assign op_valid = next < ops && waited >= int'(memory[next][OP_BITS+:32]);
  assign word     = int'(noise[7:0]) >= stall;
  assign room     = int'(noise[15:8]) >= stall;
  assign done     = next == ops && idle > 8 && cycle >= least;

  initial begin
    $readmemh("ops.hex", memory);
    log_file = $fopen($sformatf("log%0d.csv", `NUMBER), "w");
  end

  always_ff @(posedge clk) begin
    noise <= {noise[30:0], noise[31] ^ noise[21] ^ noise[1] ^ noise[0]} ^ (noise << 13);
    if (!rst) begin
      cycle  <= cycle + 1;
      waited <= op_valid && op_ready ? 0 : waited + 1;
      if (op_valid && op_ready) next <= next + 1;
      idle <= busy || cmd_valid || op_valid ? 0 : idle + 1;
      if (cmd_valid) $fwrite(log_file, "%0d,%0d,%0d,%0d,%0d\n", cycle, cmd_op, cmd_bank, cmd_row, cmd_col);
    end
  end

  final $fclose(log_file);
endmodule
