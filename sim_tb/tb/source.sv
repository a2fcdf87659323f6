// A stream source: plays `count` words of a memory, read from FILE at the start of each run. A word that was offered
// stays until it is taken; between words `data` is the complement of the last word, which nobody may use.
module harness_source #(
    parameter int    WIDTH = 8,
    parameter int    DEPTH = 1024,
    parameter string FILE  = ""
) (
    input  logic             clk,
    input  logic             run,      // rising: load the memory
    input  logic             active,   // play
    input  logic [31:0]      count,
    input  logic [2:0]       profile,
    input  logic [31:0]      seed,
    output logic             valid,
    output logic [WIDTH-1:0] data,
    input  logic             ready,
    output logic             finished  // every word was taken
);
  localparam int INDEX = $clog2(DEPTH);

  logic [WIDTH-1:0] memory[DEPTH];
  logic [31:0]      index;  // next word to offer
  logic             go;

  // Binary, most significant byte first: read several times faster than text.
  int file, bytes;
  always @(posedge run)
    if (count != 0) begin
      file  = $fopen(FILE, "rb");
      bytes = $fread(memory, file, 0, count);
      if (bytes != count * ((WIDTH + 7) / 8)) $fatal(1, "%s: %0d words expected", FILE, count);
      $fclose(file);
    end

  harness_stall stall (.clk, .active, .profile, .seed, .go);

  assign finished = index == count && !valid;

  always_ff @(posedge clk) begin
    if (!active) begin
      valid <= 1'b0;
      index <= 32'd0;
    end else if (!valid || ready) begin
      if (go && index != count) begin
        valid <= 1'b1;
        data  <= memory[index[INDEX-1:0]];
        index <= index + 32'd1;
      end else begin
        valid <= 1'b0;
        data  <= ~data;
      end
    end
  end
endmodule
