// An engine in a four-state simulator, driven from vectors: commands in commands.hex, the beats of its streams in
// a.hex, b.hex and c.hex. Whatever an engine may not look at is unknown here: data of a stream that offers nothing, bits
// that fill a beat up to whole bytes, registers before the reset, the size of a job that is not offered.
//
// `ENGINE is the engine's module name; `PRELOAD is defined where it has a stream of initial values, `FRONT where
// something stands in front of it: its own inputs with their values.
// Prints a line for whatever happened; tests/sim/icarus.py reads them.
`timescale 1ns / 1ps
module bench;
  parameter A_BITS = 8, B_BITS = 8, C_BITS = 8;     // tdata
  parameter A_USED = 8, B_USED = 8, C_USED = 8;     // of them, bits that count
  parameter WORDS = 1, COMMANDS = 1;
  parameter [0:0] IDLE = 1'bx;                      // what is idle, and the reset before it begins

  reg clk = 0, rst = IDLE;
  always #5 clk = ~clk;

  // ---- Streams ----
  reg [A_USED:0] a_words[0:WORDS-1];
  reg [B_USED:0] b_words[0:WORDS-1];
  reg [C_USED:0] c_words[0:WORDS-1];
  integer a_at = 0, a_end = 0, b_at = 0, b_end = 0, c_at = 0, c_end = 0;
  reg a_valid = 0, b_valid = 0, c_valid = 0, m_ready = 0;
  reg a_last = IDLE, b_last = IDLE, c_last = IDLE;
  reg [A_USED-1:0] a_data = {A_USED{IDLE}};
  reg [B_USED-1:0] b_data = {B_USED{IDLE}};
  reg [C_USED-1:0] c_data = {C_USED{IDLE}};
  wire a_ready, b_ready, c_ready, m_valid, m_last;
  wire [C_BITS-1:0] m_data;
  wire [A_BITS-1:0] a_wires;
  wire [B_BITS-1:0] b_wires;
  wire [C_BITS-1:0] c_wires;
  generate
    if (A_BITS > A_USED) assign a_wires = {{A_BITS - A_USED{1'bx}}, a_data}; else assign a_wires = a_data;
    if (B_BITS > B_USED) assign b_wires = {{B_BITS - B_USED{1'bx}}, b_data}; else assign b_wires = b_data;
    if (C_BITS > C_USED) assign c_wires = {{C_BITS - C_USED{1'bx}}, c_data}; else assign c_wires = c_data;
  endgenerate

  // ---- Control ----
  reg [31:0] job_tiles = {32{IDLE}};
  reg job_valid = 0, counters_clear = 0;
  wire job_ready, job_done, busy, error_tlast, error_k;
  wire [31:0] counter_cycles, counter_active, counter_starved, counter_blocked;

  `ENGINE engine (
      .clk(clk), .rst(rst),
      .s_axis_a_tdata(a_wires), .s_axis_a_tlast(a_last), .s_axis_a_tvalid(a_valid), .s_axis_a_tready(a_ready),
      .s_axis_b_tdata(b_wires), .s_axis_b_tlast(b_last), .s_axis_b_tvalid(b_valid), .s_axis_b_tready(b_ready),
`ifdef PRELOAD
      .s_axis_c_tdata(c_wires), .s_axis_c_tlast(c_last), .s_axis_c_tvalid(c_valid), .s_axis_c_tready(c_ready),
`endif
      .m_axis_c_tdata(m_data), .m_axis_c_tlast(m_last), .m_axis_c_tvalid(m_valid), .m_axis_c_tready(m_ready),
      .job_tiles(job_tiles), .job_valid(job_valid), .job_ready(job_ready), .job_done(job_done), .busy(busy),
`ifdef FRONT
      `FRONT,
`endif
      .counters_clear(counters_clear), .counter_cycles(counter_cycles), .counter_active(counter_active),
      .counter_starved(counter_starved), .counter_blocked(counter_blocked),
      .error_tlast(error_tlast), .error_k(error_k));
`ifndef PRELOAD
  assign c_ready = 1'b1;
`endif

  // ---- Sources and sink: `stalls` holds four bits for each of a, b, c, m, how many cycles of 16 they stall ----
  integer seed = 1;
  reg [15:0] stalls = 0;
  reg stop = 0;  // offer nothing from this edge on
  function stalled(input [3:0] share);
    stalled = $unsigned($random(seed)) % 16 < share;
  endfunction

  always @(posedge clk) begin
    if (stop || !a_valid || a_ready) begin
      if (!stop && a_at < a_end && !stalled(stalls[3:0])) begin
        a_valid <= 1;
        {a_last, a_data} <= a_words[a_at];
        a_at <= a_at + 1;
      end else begin
        a_valid <= 0;
        {a_last, a_data} <= {A_USED + 1{IDLE}};
      end
    end
    if (stop || !b_valid || b_ready) begin
      if (!stop && b_at < b_end && !stalled(stalls[7:4])) begin
        b_valid <= 1;
        {b_last, b_data} <= b_words[b_at];
        b_at <= b_at + 1;
      end else begin
        b_valid <= 0;
        {b_last, b_data} <= {B_USED + 1{IDLE}};
      end
    end
    if (stop || !c_valid || c_ready) begin
      if (!stop && c_at < c_end && !stalled(stalls[11:8])) begin
        c_valid <= 1;
        {c_last, c_data} <= c_words[c_at];
        c_at <= c_at + 1;
      end else begin
        c_valid <= 0;
        {c_last, c_data} <= {C_USED + 1{IDLE}};
      end
    end
    m_ready <= !stalled(stalls[15:12]);
  end

  // ---- What the engine must keep to ----
  reg known = 0;  // a rising edge with `rst` is over
  reg waits = 0, held_last;
  reg [C_BITS-1:0] held_data;
  reg was_busy = 0;  // counters watch registers
  integer busy_cycles = 0;
  wire [3:0] handshakes = {a_ready, b_ready, c_ready, m_valid};
  wire [4:0] flags = {job_ready, job_done, busy, error_tlast, error_k};
  wire [127:0] counters = {counter_cycles, counter_active, counter_starved, counter_blocked};

  always @(posedge clk) begin
    if (known) begin
      if (^handshakes === 1'bx) $display("FAULT %0t unknown: a_ready b_ready c_ready m_valid are %b", $time, handshakes);
      if (^flags === 1'bx) $display("FAULT %0t unknown: job_ready job_done busy error_tlast error_k are %b", $time, flags);
      if (^counters === 1'bx) $display("FAULT %0t unknown: counters are %h", $time, counters);
      if (m_valid === 1'b1 && ^{m_last, m_data} === 1'bx)
        $display("FAULT %0t unknown: m_last is %b, m_data %h", $time, m_last, m_data);
      if (job_ready !== !busy) $display("FAULT %0t job_ready is %b, busy %b", $time, job_ready, busy);
      if (waits && !rst && (m_valid !== 1'b1 || {m_last, m_data} !== {held_last, held_data}))
        $display("FAULT %0t a beat of results was withdrawn or changed", $time);
      if (m_valid && m_ready && !rst) $display("RESULT %b %h", m_last, m_data);
    end
    waits <= m_valid && !m_ready && !rst;
    {held_last, held_data} <= {m_last, m_data};
    if (rst === 1'b1) known <= 1;
    was_busy <= rst === 1'b0 && busy === 1'b1;
    busy_cycles <= rst !== 1'b0 || counters_clear ? 0 : busy_cycles + was_busy;
  end

  // ---- Commands ----
  reg [31:0] commands[0:4*COMMANDS-1];
  integer i, left;
  reg [31:0] op, x, y, z;

  task offer(input [31:0] tiles);
    begin
      job_tiles <= tiles;
      job_valid <= 1;
      @(posedge clk);
      left = 5000;
      while (job_ready !== 1'b1 && left > 0) begin
        @(posedge clk);
        left = left - 1;
      end
      if (left == 0) begin
        $display("FAULT %0t no job_ready", $time);
        $finish;
      end
      job_valid <= 0;
      job_tiles <= {32{IDLE}};
    end
  endtask

  initial begin
    $readmemh("a.hex", a_words);
    $readmemh("b.hex", b_words);
    $readmemh("c.hex", c_words);
    $readmemh("commands.hex", commands);
    @(posedge clk);
    for (i = 0; i < COMMANDS; i = i + 1) begin
      {op, x, y, z} = {commands[4*i], commands[4*i+1], commands[4*i+2], commands[4*i+3]};
      case (op)
        1: begin  // reset of x cycles; nothing is offered meanwhile
          rst <= 1;
          stop <= 1;
          {a_end, b_end, c_end} <= 96'd0;
          job_valid <= 0;
          job_tiles <= {32{IDLE}};
          repeat (x) @(posedge clk);
          rst <= 0;
          stop <= 0;
        end
        2: begin  // a job of x tiles; given up after y cycles
          offer(x);
          left = y;
          while (job_done !== 1'b1 && left > 0) begin
            @(posedge clk);
            left = left - 1;
          end
          if (left > 0) $display("DONE");
          else $display("FAULT %0t no job_done after %0d cycles", $time, y);
          @(posedge clk);
        end
        3: offer(x);
        4: repeat (x) @(posedge clk);
        5: begin  // offer words y up to z of stream x, after those before y that are still to be offered
          if (x == 0) begin if (a_at >= a_end) a_at <= y; a_end <= z; end
          if (x == 1) begin if (b_at >= b_end) b_at <= y; b_end <= z; end
          if (x == 2) begin if (c_at >= c_end) c_at <= y; c_end <= z; end
          @(posedge clk);
        end
        6: stalls <= x[15:0];
        7: begin
          $display("STATE %b %b %b %0d %0d %0d %0d %0d", busy, error_tlast, error_k, counter_cycles, counter_active,
                   counter_starved, counter_blocked, busy_cycles);
          // Beats that were not taken.
          $display("LEFT %0d %0d %0d", a_end - a_at + a_valid, b_end - b_at + b_valid, c_end - c_at + c_valid);
        end
        8: begin
          counters_clear <= 1;
          @(posedge clk);
          counters_clear <= 0;
        end
        9: if (m_valid !== 1'b0 || busy !== 1'b0) $display("FAULT %0t not quiet: m_valid is %b, busy %b", $time, m_valid, busy);
      endcase
    end
    $finish;
  end
endmodule
