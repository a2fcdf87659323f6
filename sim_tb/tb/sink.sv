// A stream sink: stores what it takes in a memory, written to FILE when a run ends, and watches the protocol:
// an offered word stays offered, and unchanged, until it is taken.
module harness_sink #(
    parameter int    WIDTH = 8,
    parameter int    DEPTH = 1024,
    parameter string FILE  = ""
) (
    input  logic             clk,
    input  logic             active,
    input  logic             dump,        // rising: write the memory
    input  logic [2:0]       profile,
    input  logic [31:0]      seed,
    input  logic             valid,
    input  logic [WIDTH-1:0] data,
    output logic             ready,
    output logic [31:0]      taken,
    output logic [31:0]      violations   // cycles in which an offered word was dropped or changed
);
  localparam int INDEX = $clog2(DEPTH);

  logic [WIDTH-1:0] memory[DEPTH];
  logic [WIDTH-1:0] offered;
  logic             waiting;
  logic             go;

  harness_stall stall (.clk, .active, .profile, .seed, .go);

  always_ff @(posedge clk) begin
    ready   <= active && go;
    offered <= data;
    waiting <= active && valid && !ready;
    if (!active) begin
      taken      <= 32'd0;
      violations <= 32'd0;
    end else begin
      if (waiting && (!valid || data != offered)) violations <= violations + 32'd1;
      if (valid && ready) begin
        memory[taken[INDEX-1:0]] <= data;
        taken <= taken + 32'd1;
      end
    end
  end

  always @(posedge dump) if (taken != 0) $writememh(FILE, memory, 0, taken < DEPTH ? taken - 1 : DEPTH - 1);
endmodule
