// `DESIGNS sequencers side by side, each with a driver and a log of its own.
module sequencers (
    input logic clk
);
  logic rst = 1;
  logic [`DESIGNS-1:0] done;
  int ops = 0, least = 0, stall = 0, cycle = 0;

`PLACES

  initial begin
    void'($value$plusargs("ops=%d", ops));
    void'($value$plusargs("least=%d", least));
    void'($value$plusargs("stall=%d", stall));
  end

  always_ff @(posedge clk) begin
    cycle <= cycle + 1;
    rst   <= cycle < 3;
    if (!rst && &done) $finish;
    if (cycle == 20000000) begin
      $display("hung");
      $finish;
    end
  end
endmodule
