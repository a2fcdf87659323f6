// The PIM controller of system `tiny` in a four-state simulator: from one cycle of reset, with unknown data on every
// input that offers nothing. Runs the program in program.hex twice, with a reset in the middle of a run in between.
// Channels keep one row a bank. Prints output words, what the host reads, and what is unknown and should not be.
`timescale 1ns / 1ps
module bench;
  parameter PROGRAM = 1, INPUTS = 1, CL = 1;
  parameter CONTROL = 0, STATUS = 0, IRQ_ENABLE = 0, IRQ_STATUS = 0, PROGRAM_LENGTH = 0;

  reg clk = 0, rst = 1'bx;
  always #5 clk = ~clk;

  reg [9:0] awaddr, araddr;
  reg [31:0] wdata;
  reg [3:0] wstrb;
  reg awvalid = 0, wvalid = 0, arvalid = 0;
  wire awready, wready, bvalid, arready, rvalid, irq, program_ready, in_ready, out_valid, out_last;
  wire [1:0] bresp, rresp;
  wire [31:0] rdata;
  reg [127:0] program_data, program_words[0:PROGRAM-1];
  reg [63:0] in_data, in_words[0:INPUTS-1];
  reg program_valid = 0, in_valid = 0, out_ready = 0;
  wire [63:0] out_data;
  wire [1:0] cmd_valid, write_valid;
  wire [4:0] op[0:1];
  wire [1:0] bank[0:1];
  wire [5:0] row[0:1];
  wire [2:0] col[0:1];
  wire [63:0] write_data[0:1];
  wire [7:0] strobes[0:1];
  reg [63:0] read_data[0:1];
  reg [1:0] read_valid = 0;

  bitloom_pim pim (
      .clk(clk), .rst(rst), .s_axi_awaddr(awaddr), .s_axi_awvalid(awvalid), .s_axi_awready(awready),
      .s_axi_wdata(wdata), .s_axi_wstrb(wstrb), .s_axi_wvalid(wvalid), .s_axi_wready(wready), .s_axi_bresp(bresp),
      .s_axi_bvalid(bvalid), .s_axi_bready(1'b1), .s_axi_araddr(araddr), .s_axi_arvalid(arvalid),
      .s_axi_arready(arready), .s_axi_rdata(rdata), .s_axi_rresp(rresp), .s_axi_rvalid(rvalid), .s_axi_rready(1'b1),
      .irq(irq), .s_axis_program_tdata(program_data), .s_axis_program_tvalid(program_valid),
      .s_axis_program_tready(program_ready), .s_axis_tdata(in_data), .s_axis_tvalid(in_valid),
      .s_axis_tready(in_ready), .m_axis_tdata(out_data), .m_axis_tlast(out_last), .m_axis_tvalid(out_valid),
      .m_axis_tready(out_ready),
      .c0_cmd_valid(cmd_valid[0]), .c0_cmd_op(op[0]), .c0_cmd_bank(bank[0]), .c0_cmd_row(row[0]), .c0_cmd_col(col[0]),
      .c0_wvalid(write_valid[0]), .c0_wdata(write_data[0]), .c0_wstrb(strobes[0]), .c0_rdata(read_data[0]),
      .c0_rvalid(read_valid[0]),
      .c1_cmd_valid(cmd_valid[1]), .c1_cmd_op(op[1]), .c1_cmd_bank(bank[1]), .c1_cmd_row(row[1]), .c1_cmd_col(col[1]),
      .c1_wvalid(write_valid[1]), .c1_wdata(write_data[1]), .c1_wstrb(strobes[1]), .c1_rdata(read_data[1]),
      .c1_rvalid(read_valid[1]));

  // ---- Streams ----
  integer seed = 1, program_at = PROGRAM, in_at = INPUTS;
  always @(posedge clk) begin
    if (!program_valid || program_ready || rst) begin
      program_valid <= !rst && program_at < PROGRAM;
      program_data <= program_at < PROGRAM ? program_words[program_at] : 128'bx;
      if (!rst && program_at < PROGRAM) program_at <= program_at + 1;
    end
    if (!in_valid || in_ready || rst) begin
      if (!rst && in_at < INPUTS && $random(seed) % 2 == 0) begin
        in_valid <= 1;
        in_data <= in_words[in_at];
        in_at <= in_at + 1;
      end else begin
        in_valid <= 0;
        in_data <= 64'bx;
      end
    end
    out_ready <= $random(seed) % 2 == 0;
  end

  // ---- Channels: reads answer CL cycles later, writes come in the order of their commands ----
  reg [63:0] memory[0:63], answers[0:63];  // answers: by cycles until they are due
  reg [31:0] due[0:1];
  reg [4:0] places[0:127];
  integer c, step, puts[0:1], gets[0:1];
  initial for (c = 0; c < 2; c = c + 1) {due[c], puts[c], gets[c]} = 96'd0;
  always @(posedge clk)
    for (c = 0; c < 2; c = c + 1) begin
      read_valid[c] <= !rst && due[c][CL-1];
      read_data[c] <= due[c][CL-1] ? answers[32*c+CL-1] : 64'bx;
      for (step = 31; step > 0; step = step - 1) answers[32*c+step] = answers[32*c+step-1];
      answers[32*c] = memory[{c[0], bank[c], col[c]}];
      due[c] = rst ? 32'd0 : {due[c][30:0], cmd_valid[c] && op[c] == 6};
      if (!rst && cmd_valid[c] && op[c] == 7) begin
        places[64*c+puts[c]%64] = {bank[c], col[c]};
        puts[c] = puts[c] + 1;
      end
      if (!rst && write_valid[c]) begin
        memory[{c[0], places[64*c+gets[c]%64]}] = write_data[c];
        gets[c] = gets[c] + 1;
      end
    end

  // ---- Nothing unknown ----
  reg known = 0;
  integer i;
  wire [12:0] flags = {awready, wready, bvalid, arready, rvalid, irq, program_ready, in_ready, out_valid, cmd_valid, write_valid};
  always @(posedge clk) begin
    if (known) begin
      if (^flags === 1'bx) $display("FAULT %0t unknown: handshakes are %b", $time, flags);
      if (bvalid && ^bresp === 1'bx) $display("FAULT %0t unknown: bresp", $time);
      if (rvalid && ^{rdata, rresp} === 1'bx) $display("FAULT %0t unknown: rdata is %h", $time, rdata);
      if (out_valid && ^{out_data, out_last} === 1'bx) $display("FAULT %0t unknown: m_axis_tdata is %h", $time, out_data);
      for (i = 0; i < 2; i = i + 1) begin
        if (cmd_valid[i] && ^op[i] === 1'bx) $display("FAULT %0t unknown: cmd_op", $time);
        if (cmd_valid[i] && op[i] == 1 && ^{bank[i], row[i]} === 1'bx) $display("FAULT %0t unknown: cmd_row", $time);
        if (cmd_valid[i] && (op[i] == 6 || op[i] == 7) && ^{bank[i], col[i]} === 1'bx)
          $display("FAULT %0t unknown: cmd_col", $time);
        if (write_valid[i] && ^{write_data[i], strobes[i]} === 1'bx) $display("FAULT %0t unknown: wdata", $time);
      end
      if (out_valid && out_ready && !rst) $display("OUT %b %h", out_last, out_data);
    end
    if (rst === 1'b1) known <= 1;
  end

  // ---- The host ----
  task write(input [31:0] address, input [31:0] data);
    begin
      {awaddr, wdata, wstrb, awvalid, wvalid} <= {address[9:0], data, 4'hf, 1'b1, 1'b1};
      while (awvalid !== 0 || wvalid !== 0 || bvalid !== 1) begin
        @(posedge clk);
        if (awvalid && awready) {awvalid, awaddr} <= {1'b0, 10'bx};
        if (wvalid && wready) {wvalid, wdata, wstrb} <= {1'b0, 32'bx, 4'bx};
        #1;
      end
      @(posedge clk);
    end
  endtask

  task read(input [31:0] address);
    begin
      {araddr, arvalid} <= {address[9:0], 1'b1};
      @(posedge clk);
      while (!arready) @(posedge clk);
      {araddr, arvalid} <= {10'bx, 1'b0};
      while (!rvalid) @(posedge clk);
      $display("READ %h", rdata);
      @(posedge clk);
    end
  endtask

  task reset;
    begin
      rst <= 1;
      {program_at, in_at} <= {PROGRAM, INPUTS};
      @(posedge clk);
      rst <= 0;
    end
  endtask

  task begin_run;
    begin
      {program_at, in_at} <= 64'd0;
      write(IRQ_ENABLE, 7);
      while (program_at < PROGRAM || program_valid) @(posedge clk);
      write(CONTROL, 1);
    end
  endtask

  integer turn, left;
  initial begin
    $readmemh("program.hex", program_words);
    $readmemh("inputs.hex", in_words);
    @(posedge clk);
    for (turn = 0; turn < 2; turn = turn + 1) begin
      reset;
      begin_run;
      left = 5000;
      while (!irq && left > 0) begin
        @(posedge clk);
        left = left - 1;
      end
      if (left == 0) $display("FAULT no interrupt");
      repeat (200) @(posedge clk);
      read(STATUS);
      $display("END");
      reset;
      begin_run;
      repeat (60) @(posedge clk);
    end
    $finish;
  end
endmodule
