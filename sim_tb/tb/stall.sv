// Random stalls: `go` says whether a stream may start a transfer (source) or take one (sink) in this cycle.
// The sequence depends only on `profile` and `seed`, so a failure repeats.
module harness_stall (
    input  logic        clk,
    input  logic        active,   // low: reload the seed
    input  logic [2:0]  profile,
    input  logic [31:0] seed,     // not zero
    output logic        go
);
  // Profiles: keep in step with sim_tb.stalls.Profile.
  localparam logic [2:0] NONE = 0, RARE = 1, EVEN = 2, BURSTY = 3, STARVED = 4, ALTERNATING = 5;

  logic [31:0] state;
  logic        burst;  // toggles every cycle, or (BURSTY) every 16 cycles on average

  // xorshift32
  logic [31:0] step1, step2, step3;
  assign step1 = state ^ (state << 13);
  assign step2 = step1 ^ (step1 >> 17);
  assign step3 = step2 ^ (step2 << 5);

  always_ff @(posedge clk) begin
    if (!active) begin
      state <= seed;
      burst <= seed[31];
    end else if (profile != NONE) begin
      state <= step3;
      burst <= burst ^ (profile == ALTERNATING || state[11:8] == 4'd0);
    end
  end

  always_comb
    case (profile)
      RARE:                go = state[3:0] != 4'd0;
      EVEN:                go = state[0];
      BURSTY, ALTERNATING: go = burst;
      STARVED:             go = state[3:0] == 4'd0;
      default:             go = 1'b1;
    endcase
endmodule
