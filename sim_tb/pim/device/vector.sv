// The vector unit alone, fed with instructions from starts.hex, and what it does in every clock.
//
// A line of starts.hex is {clocks to wait before it, its fields}. Of those that give a scalar one is at work at a time.
// In a share of STALL/256 of the clocks a port of the SRAM is not ready, each on its own; what is read is 0.
// `MODULE is the module under test, `FIELDS its inputs in the order of a line.
module vector #(
    parameter int FIELD_BITS = 1,
    parameter int COUNT_BITS = 1,
    parameter int BEAT = 1,
    parameter int MASK_BITS = 1,
    parameter int DEPTH = 1
) (
    input logic clk
);
  logic rst = 1;
  int starts = 0, stall = 0, seed = 0, cycle = 0, limit = 0, next = 0, waited = 0, idle = 0, log_file;
  logic [16+FIELD_BITS-1:0] memory[DEPTH];
  logic start, ready, any_gives, done, multiplies;
  logic [2**COUNT_BITS-1:0] active;
  logic [(COUNT_BITS ? COUNT_BITS : 1)-1:0] slot;
  logic [31:0] result;
  logic [3:0] target_out;
  logic va_valid, vb_valid, vc_valid, vs_valid, vd_valid, va_ready, vb_ready, vc_ready, vs_ready, vd_ready;
  logic [15:0] va_addr, vb_addr, vc_addr, vs_addr, vd_addr;
  logic [BEAT-1:0] vd_data;
  logic [MASK_BITS-1:0] vd_mask;
  logic [BEAT-1:0] va_data, vb_data, vc_data, vs_data;
  logic [4:0] refused;
  `DECLARED

  `MODULE unit (.*);

  assign {va_data, vb_data, vc_data, vs_data} = '0;
  assign {`FIELDS} = memory[next][FIELD_BITS-1:0];
  assign start = !rst && next < starts && waited >= int'(memory[next][FIELD_BITS+:16]) && ready && !(gives && any_gives);
  assign {vd_ready, vs_ready, vc_ready, vb_ready, va_ready} = ~refused;

  initial begin
    void'($value$plusargs("starts=%d", starts));
    void'($value$plusargs("stall=%d", stall));
    void'($value$plusargs("seed=%d", seed));
    void'($value$plusargs("limit=%d", limit));
    $readmemh("starts.hex", memory);
    log_file = $fopen("log", "w");
    void'($urandom(seed));
    refused = '0;
  end

  always_ff @(posedge clk) begin
    cycle <= cycle + 1;
    rst   <= cycle < 3;
    for (int i = 0; i < 5; i++) refused[i] <= int'($urandom() & 255) < stall;
    if (!rst) begin
      waited <= start ? 0 : waited + 1;
      if (start) next <= next + 1;
      idle <= active != 0 || next < starts ? 0 : idle + 1;
      $fwrite(log_file, "%0x %0x %0x %0x %0x %0x %0x %0x %0x %0x %0x %0x %0x %0x\n", start, ready, slot, active,
              any_gives, done, target_out, {vd_valid, vs_valid, vc_valid, vb_valid, va_valid}, ~refused, va_addr,
              vb_addr, vc_addr, vs_addr, vd_addr);
      if (idle > 8) $finish;
      if (cycle == limit) begin
        $display("hung");
        $finish;
      end
    end
  end

  final $fclose(log_file);
endmodule
