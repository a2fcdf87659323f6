// An engine between stream sources and a sink that live inside the simulation, so that Python acts only at the start
// and at the end of a run. Operands, initial values and jobs come from a.bin, b.bin, p.bin and j.bin in the working
// folder; results go to c.hex. A word is {tlast, tdata}.
//
// `ENGINE is the engine's module name; `PRELOAD is defined where the engine has an initial-value stream. `FRONT is
// where something stands in front of the engine: its own ports, connected to `front` and `front_says`.
module harness #(
    parameter int ROWS    = 1,
    parameter int A_BITS  = 8,    // tdata widths
    parameter int B_BITS  = 8,
    parameter int C_BITS  = 8,
`ifdef FRONT
    parameter int FRONT_BITS = 1, // own inputs, and outputs, of what stands in front
    parameter int FRONT_SAYS = 1,
`endif
    parameter int DEPTH   = 1024, // words of each memory
    parameter int HANG    = 20000 // cycles without a transfer after which a run is given up
) (
    input  logic clk,     // driven by main.cpp
    output logic running  // nothing for Python to do
);
  // ---- Set by Python before `run` rises (zero until then) ----
  logic        run = 0;           // level: high for the whole run
  logic [31:0] a_count = 0, b_count = 0, p_count = 0, c_count = 0, j_count = 0;
  logic [2:0]  a_profile = 0, b_profile = 0, p_profile = 0, c_profile = 0, j_profile = 0;
  logic [31:0] seed = 1;
`ifdef FRONT
  logic [FRONT_BITS-1:0] front = 0;
`endif
  // ---- Read by Python after `done` rose ----
  logic        done = 0;
  logic        hung = 0;
  logic [31:0] cycles;            // of the run
  logic [31:0] first_tile, last_beat;  // cycle in which the first tile's, and the last, beat of A was taken
  logic [31:0] taken, stream_violations, job_violations;
  logic [31:0] counter_cycles, counter_active, counter_starved, counter_blocked;
  logic        error_tlast, error_k;
`ifdef FRONT
  logic [FRONT_SAYS-1:0] front_says;
`endif

  logic rst = 1;
  logic active = 0;
  assign running = run && !done;

  logic a_valid, a_ready, a_finished, b_valid, b_ready, b_finished, p_finished;
  logic c_valid, c_ready, j_valid, j_ready, j_finished;
  logic [A_BITS:0] a_data;
  logic [B_BITS:0] b_data;
  logic [C_BITS:0] c_data;
  logic [31:0] j_data;
  logic job_done, busy;

  harness_source #(.WIDTH(A_BITS + 1), .DEPTH(DEPTH), .FILE("a.bin")) source_a (
      .clk, .run, .active, .count(a_count), .profile(a_profile), .seed(seed),
      .valid(a_valid), .data(a_data), .ready(a_ready), .finished(a_finished));
  harness_source #(.WIDTH(B_BITS + 1), .DEPTH(DEPTH), .FILE("b.bin")) source_b (
      .clk, .run, .active, .count(b_count), .profile(b_profile), .seed(seed ^ 32'h5bd1e995),
      .valid(b_valid), .data(b_data), .ready(b_ready), .finished(b_finished));
  harness_source #(.WIDTH(32), .DEPTH(DEPTH), .FILE("j.bin")) source_j (
      .clk, .run, .active, .count(j_count), .profile(j_profile), .seed(seed ^ 32'h27d4eb2f),
      .valid(j_valid), .data(j_data), .ready(j_ready), .finished(j_finished));
  harness_sink #(.WIDTH(C_BITS + 1), .DEPTH(DEPTH), .FILE("c.hex")) sink_c (
      .clk, .active, .dump(done), .profile(c_profile), .seed(seed ^ 32'h165667b1),
      .valid(c_valid), .data(c_data), .ready(c_ready), .taken(taken), .violations(stream_violations));

`ifdef PRELOAD
  logic p_valid, p_ready;
  logic [C_BITS:0] p_data;
  harness_source #(.WIDTH(C_BITS + 1), .DEPTH(DEPTH), .FILE("p.bin")) source_p (
      .clk, .run, .active, .count(p_count), .profile(p_profile), .seed(seed ^ 32'h85ebca6b),
      .valid(p_valid), .data(p_data), .ready(p_ready), .finished(p_finished));
`else
  assign p_finished = 1'b1;
`endif

  `ENGINE engine (
      .clk, .rst,
      .s_axis_a_tdata(a_data[A_BITS-1:0]), .s_axis_a_tlast(a_data[A_BITS]),
      .s_axis_a_tvalid(a_valid), .s_axis_a_tready(a_ready),
      .s_axis_b_tdata(b_data[B_BITS-1:0]), .s_axis_b_tlast(b_data[B_BITS]),
      .s_axis_b_tvalid(b_valid), .s_axis_b_tready(b_ready),
`ifdef PRELOAD
      .s_axis_c_tdata(p_data[C_BITS-1:0]), .s_axis_c_tlast(p_data[C_BITS]),
      .s_axis_c_tvalid(p_valid), .s_axis_c_tready(p_ready),
`endif
      .m_axis_c_tdata(c_data[C_BITS-1:0]), .m_axis_c_tlast(c_data[C_BITS]),
      .m_axis_c_tvalid(c_valid), .m_axis_c_tready(c_ready),
      .job_tiles(j_data), .job_valid(j_valid), .job_ready(j_ready), .job_done, .busy,
`ifdef FRONT
      `FRONT,
`endif
      .counters_clear(!active), .counter_cycles, .counter_active, .counter_starved, .counter_blocked,
      .error_tlast, .error_k);

  // ---- Reset, start and end of a run ----
  logic [31:0] idle;  // cycles since anything moved
  logic moved, complete;
  assign moved = (a_valid && a_ready) || (b_valid && b_ready) || (c_valid && c_ready) || (j_valid && j_ready);
  assign complete = a_finished && b_finished && p_finished && j_finished && !busy && taken == c_count;

  always_ff @(posedge clk) begin
    rst    <= !run && !active && !done ? 1'b1 : 1'b0;
    active <= run && !rst;
    if (!active) begin
      idle   <= 32'd0;
      cycles <= 32'd0;
      done   <= done && run;
      if (!run) hung <= 1'b0;
    end else if (!done) begin
      cycles <= cycles + 32'd1;
      idle   <= moved ? 32'd0 : idle + 32'd1;
      // Some cycles more than needed, to see results that nobody asked for.
      if (complete && idle >= 32'd32) done <= 1'b1;
      if (idle >= HANG || taken > c_count) begin  // stuck, or results without end
        done <= 1'b1;
        hung <= 1'b1;
      end
    end
  end

  // ---- What the engine must keep to, and when things happened ----
  logic in_job;
  logic [31:0] rows_due, a_tiles, results, busy_cycles;
  assign results = taken + 32'(c_valid && c_ready);

  always_ff @(posedge clk) begin
    if (!active) begin
      in_job         <= 1'b0;
      rows_due       <= 32'd0;
      a_tiles        <= 32'd0;
      first_tile     <= 32'd0;
      last_beat      <= 32'd0;
      busy_cycles    <= 32'd0;
      job_violations <= 32'd0;
    end else begin
      busy_cycles <= busy_cycles + 32'(busy);
      if (j_valid && j_ready) begin
        in_job   <= 1'b1;
        rows_due <= rows_due + j_data * ROWS;
      end else if (job_done) in_job <= 1'b0;
      if (a_valid && a_ready) begin
        a_tiles   <= a_tiles + 32'(a_data[A_BITS]);
        last_beat <= cycles;
        if (a_data[A_BITS] && a_tiles == 0) first_tile <= cycles;
      end
      if ((job_done && (results != rows_due || !in_job))       // too early, too late, or twice
          || (j_ready == busy) || (in_job != busy && !job_done)
          || (c_valid && taken == rows_due)                     // a result beyond the job
          || (complete && idle == 32'd16 && counter_cycles != busy_cycles))
        job_violations <= job_violations + 32'd1;
    end
  end
endmodule
