// A controller with its channels of DRAM that computes, and a host that runs programs one after the other.
//
// Reads program.hex, runs.hex (where each run starts), input.hex (words of the input stream), scalars.hex, and for every
// channel bank<c>.hex and buffer<c>.hex. Writes runs.csv (cycle, error, pc, halted, instructions, interrupts, clocks in
// which the vector unit was at work, beats that it took in to multiply), marks.csv, output.hex, scalars_out.hex, log.csv
// (commands), violations.csv, and the devices' memories as they are at the end.
// After an error the host clears it. The host's streams pause in 'stall' of 256 clocks. It stops or clears once at a
// given cycle, and rests at the end.
//
// `CONTROLLER is the module under test; `PORTS connects its channels to the devices, which `DEVICES places.
module system #(
    parameter int CHANNELS = 1, BANKS = 1, LANES = 1, ROW_COLS = 1, ROWS = 1, GB_WORDS = 1, PROGRAM = 1,
    parameter int BEAT = 16, PROGRAM_BITS = 1, INPUTS = 1 << 16
) (
    input logic clk
);
  localparam int WORD = 16 * LANES;
  logic rst = 1;
  int program_length = 0, runs = 0, inputs = 0, stall = 0, limit = 1000000, rest = 0, stop_at = 0, clear_at = 0;
  int log_file, viol_file, runs_file, marks_file, output_file, scalars_file;

  logic [127:0] program_words[PROGRAM];
  logic [31:0] starts[256], scalars[16];
  logic [WORD-1:0] input_words[INPUTS];

  // ---- The controller ----
  logic start = 0, clear = 0, scalar_en = 0, program_en = 0, running, halted, stopped;
  logic [15:0] start_pc = 0, pc;
  logic [7:0] error, mark_tag;
  logic [127:0] program_word = 0;
  logic [PROGRAM_BITS-1:0] program_at = 0;
  logic [3:0] scalar_addr = 0;
  logic [31:0] scalar_in = 0, scalar_out;
  logic interrupt, retired, waits, mark;
  logic [WORD-1:0] s_axis_tdata, m_axis_tdata;
  logic s_axis_tvalid, s_axis_tready, m_axis_tlast, m_axis_tvalid, m_axis_tready;
  logic channels_busy, move_busy, move_waits, vector_busy, vector_multiplies;

  `CONTROLLER controller (
      .clk, .rst, .start, .stop(cycle == stop_at), .clear, .start_pc, .length(17'(program_length)),
      .scalar_en, .scalar_addr, .scalar_in, .scalar_out, .program_en, .program_at, .program_word,
      .running, .halted, .stopped, .error, .error_word(), .pc, .interrupt, .retired, .waits, .mark, .mark_tag,
      .s_axis_tdata, .s_axis_tvalid, .s_axis_tready, .m_axis_tdata, .m_axis_tlast, .m_axis_tvalid, .m_axis_tready,
      .channels_busy, .move_busy, .move_waits,
      .vector_busy, .vector_multiplies, `PORTS);

`DEVICES

  // ---- The host ----
  int cycle = 0, state = 0, index = 0, run_number = 0, taken = 0, count = 0, interrupts = 0, idle = 0;
  int clocks = 0, beats = 0;
  logic [31:0] noise = 32'h9e3779b9;
  assign s_axis_tdata  = input_words[taken];
  assign s_axis_tvalid = taken < inputs && int'(noise[7:0]) >= stall;
  assign m_axis_tready = int'(noise[15:8]) >= stall;

  initial begin
    void'($value$plusargs("program=%d", program_length));
    void'($value$plusargs("runs=%d", runs));
    void'($value$plusargs("inputs=%d", inputs));
    void'($value$plusargs("stall=%d", stall));
    void'($value$plusargs("limit=%d", limit));
    void'($value$plusargs("rest=%d", rest));
    void'($value$plusargs("stop_at=%d", stop_at));
    void'($value$plusargs("clear_at=%d", clear_at));
    $readmemh("program.hex", program_words);
    $readmemh("runs.hex", starts);
    $readmemh("scalars.hex", scalars);
    $readmemh("input.hex", input_words);
    log_file = $fopen("log.csv", "w");
    viol_file = $fopen("violations.csv", "w");
    runs_file = $fopen("runs.csv", "w");
    marks_file = $fopen("marks.csv", "w");
    output_file = $fopen("output.hex", "w");
    scalars_file = $fopen("scalars_out.hex", "w");
  end

  always_ff @(posedge clk) begin
    noise <= {noise[30:0], noise[31] ^ noise[21] ^ noise[1] ^ noise[0]} ^ (noise << 13);
    rst   <= cycle < 3;
    cycle <= cycle + 1;
    {start, scalar_en, program_en} <= '0;
    clear <= cycle == clear_at;
    if (!rst) begin
      if (s_axis_tvalid && s_axis_tready) taken <= taken + 1;
      if (m_axis_tvalid && m_axis_tready) $fwrite(output_file, "%h %0d\n", m_axis_tdata, m_axis_tlast);
      if (mark) $fwrite(marks_file, "%0d,%0d\n", cycle, mark_tag);
      count <= count + int'(retired);
      interrupts <= interrupts + int'(interrupt);
      clocks <= clocks + int'(vector_busy);
      beats <= beats + int'(vector_multiplies);
      idle <= running ? 0 : idle + 1;
      case (state)
        0: begin  // load
          program_en <= index < program_length;
          program_at <= PROGRAM_BITS'(index);
          program_word <= program_words[index % PROGRAM];
          scalar_en <= index < 16;
          scalar_addr <= 4'(index);
          scalar_in <= scalars[index % 16];
          index <= index + 1;
          if (index >= program_length && index >= 16) state <= 1;
        end
        1: begin  // start
          start <= 1'b1;
          start_pc <= starts[run_number][15:0];
          count <= 0;
          interrupts <= 0;
          clocks <= 0;
          beats <= 0;
          state <= 2;
        end
        2: if (running) state <= 3;
        3: if (!running) begin
          $fwrite(runs_file, "%0d,%0d,%0d,%0d,%0d,%0d,%0d,%0d\n", cycle, error, pc, halted, count, interrupts, clocks, beats);
          if (error != 0) clear <= 1'b1;
          run_number <= run_number + 1;
          state <= 4;
        end
        4: if (!clear && error == 0 && !running) begin
          index <= 0;
          state <= run_number == runs ? 5 : 1;
        end
        5: begin  // scalar registers
          scalar_addr <= 4'(index);
          if (index > 0) $fwrite(scalars_file, "%h\n", scalar_out);
          index <= index + 1;
          if (index == 16) state <= 6;
        end
        default: if (idle > 200 + rest) $finish;
      endcase
      if (cycle == limit) begin
        $display("hung at pc %0d", pc);
        $finish;
      end
    end
  end

  final begin
    $display("cycles %0d", cycle);
  end
endmodule
