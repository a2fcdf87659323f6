// A channel of DRAM that computes: banks, global buffers, MAC units, and its own check of every timing rule.
//
// Commands are carried out whatever they break; a broken rule raises viol_valid with its number in `viol_code` for the
// next clock and a line `cycle,channel,cmd,rule` in violations.csv. Rules are numbered as in sim_tb.pim.check.rules.RULES.
// Memories belong to whoever places the device: `memory` holds columns one after another, of each all banks' words, of
// the first KEPT rows; what is written to others is lost.
`define RULE(condition, number) if (condition) violate(number)
module pim_device #(
    parameter int CHANNEL = 0, BANKS = 1, LANES = 1, ROW_COLS = 1, ROWS = 1, GB_WORDS = 1,
    parameter int ACCUMULATORS = 1, VECTORS = 1, BUFFERS = 1, INT8 = 0,
    parameter int BANK_BITS = 1, ROW_BITS = 1, COL_BITS = 1, KEPT = ROWS
) (
    input  logic                 clk,
    input  logic                 rst,
    input  int                   log_file,
    input  int                   viol_file,
    input  logic                 cmd_valid,
    input  logic [4:0]           cmd_op,
    input  logic [BANK_BITS-1:0] cmd_bank,
    input  logic [ROW_BITS-1:0]  cmd_row,
    input  logic [COL_BITS-1:0]  cmd_col,
    input  logic                 wvalid,
    input  logic [16*LANES-1:0]  wdata,
    input  logic [2*LANES-1:0]   wstrb,
    output logic                 rvalid,
    output logic [16*LANES-1:0]  rdata,
    output logic                 viol_valid,
    output logic [4:0]           viol_code
);
  import "DPI-C" function int unsigned pim_mac(
      input int unsigned accumulator, input bit [16*LANES-1:0] weights, input bit [16*LANES-1:0] inputs, input int lanes);
  import "DPI-C" function int unsigned pim_mac_int8(
      input int unsigned accumulator, input bit [16*LANES-1:0] weights, input bit [16*LANES-1:0] first,
      input bit [16*LANES-1:0] second, input int lanes);
  import "DPI-C" function int unsigned pim_scale(
      input int unsigned total, input int unsigned accumulator, input bit [15:0] factor);

  localparam int ACT = 1, ACT_AB = 2, PRE = 3, PRE_AB = 4, REF = 5, RD_SB = 6, WR_SB = 7, WR_ELEM = 8, MAC_AB = 9, WR_GB = 10,
      WR_BIAS = 11, RD_MAC = 12, RD_MAC_KEEP = 13, SCALE_AB = 14;
  // Widths of the numbers in cmd_row.
  localparam int BUFFER_WORDS = BUFFERS * GB_WORDS, ACC_BITS = $clog2(ACCUMULATORS), VECTOR_BITS = $clog2(VECTORS);
  localparam int WORD_BITS = BUFFER_WORDS > 1 ? $clog2(BUFFER_WORDS) : 1, LANE_BITS = LANES > 1 ? $clog2(LANES) : 1;
  localparam int SOON = 128;  // clocks of latency at most
  localparam int LONG_AGO = -1000000000;

  // ---- Timing: +<name>=<clocks> on the command line ----
  int RCD_RD, RCD_WR, RCD_MAC, RP, RAS, RC, CCD, BL, WRT, RTP, WTR, RTW, RRD, FAW, RFC, REFI, MOD, MACT, CL, CWL, CL_REG, CWL_REG;
  initial begin
    void'($value$plusargs("RCD_RD=%d", RCD_RD));
    void'($value$plusargs("RCD_WR=%d", RCD_WR));
    void'($value$plusargs("RCD_MAC=%d", RCD_MAC));
    void'($value$plusargs("RP=%d", RP));
    void'($value$plusargs("RAS=%d", RAS));
    void'($value$plusargs("RC=%d", RC));
    void'($value$plusargs("CCD=%d", CCD));
    void'($value$plusargs("BL=%d", BL));
    void'($value$plusargs("WRT=%d", WRT));
    void'($value$plusargs("RTP=%d", RTP));
    void'($value$plusargs("WTR=%d", WTR));
    void'($value$plusargs("RTW=%d", RTW));
    void'($value$plusargs("RRD=%d", RRD));
    void'($value$plusargs("FAW=%d", FAW));
    void'($value$plusargs("RFC=%d", RFC));
    void'($value$plusargs("REFI=%d", REFI));
    void'($value$plusargs("MOD=%d", MOD));
    void'($value$plusargs("MACT=%d", MACT));
    void'($value$plusargs("CL=%d", CL));
    void'($value$plusargs("CWL=%d", CWL));
    void'($value$plusargs("CL_REG=%d", CL_REG));
    void'($value$plusargs("CWL_REG=%d", CWL_REG));
  end

  // ---- What it stores ----
  logic [16*LANES-1:0] memory[KEPT*ROW_COLS*BANKS];
  logic [16*LANES-1:0] buffer[BUFFER_WORDS];
  logic [31:0] accumulator[ACCUMULATORS*BANKS];
  int open_row[BANKS];  // -1 where a bank is closed

  // ---- Words on their way ----
  typedef struct packed {
    logic valid;
    logic [4:0] op;
    int bank, row, col;
  } write_t;
  write_t write_due[SOON];
  logic read_due[SOON];
  logic [16*LANES-1:0] read_word[SOON];
  int bus_from[SOON], bus_to[SOON];
  int bus_next;

  // ---- When what happened: for each command, on the channel and on each bank ----
  int cycle, last[16], bank_last[16][BANKS], written[BUFFERS], activates[4], refreshes, forgiven;

  function automatic int after(int first, int second);
    return cycle - (last[first] > last[second] ? last[first] : last[second]);
  endfunction

  function automatic int bank_after(int bank, int first, int second);
    return cycle - (bank_last[first][bank] > bank_last[second][bank] ? bank_last[first][bank] : bank_last[second][bank]);
  endfunction

  task automatic violate(int code);
    viol_valid <= 1'b1;
    viol_code  <= 5'(code);
    $fwrite(viol_file, "%0d,%0d,%0d,%0d\n", cycle, CHANNEL, cmd_valid ? cmd_op : 0, code);
  endtask

  // ---- Timing rules ----
  // Registers need a mode of their own, but where one global buffer can be written while another one is used.
  function automatic logic switches(int op);
    return op >= WR_GB && op <= RD_MAC_KEEP && (op != WR_GB || BUFFERS == 1);
  endfunction

  function automatic int buffer_of(int word);
    return word / GB_WORDS;
  endfunction

  // The last write to any of the global buffers that a MAC reads.
  function automatic int newest_written();
    int vectors = part(WORD_BITS + ACC_BITS, VECTOR_BITS), two = part(WORD_BITS + ACC_BITS + VECTOR_BITS, INT8);
    newest_written = LONG_AGO;
    for (int v = 0; v <= vectors; v++)
      for (int i = 0; i <= two; i++) begin
        int which = buffer_of(part(0, WORD_BITS) + v * GB_WORDS + i);
        if (which < BUFFERS && written[which] > newest_written) newest_written = written[which];
      end
  endfunction

  function automatic int newest_array();
    newest_array = last[SCALE_AB];
    for (int i = ACT; i <= MAC_AB; i++) if (last[i] > newest_array) newest_array = last[i];
  endfunction

  function automatic int newest_register();
    newest_register = LONG_AGO;
    for (int i = WR_GB; i <= RD_MAC_KEEP; i++) if (switches(i) && last[i] > newest_register) newest_register = last[i];
  endfunction

  task automatic check_bank(int op, int bank);
    logic is_open = open_row[bank] >= 0;
    case (op)
      ACT, ACT_AB: begin
        `RULE(is_open, 3);
        `RULE(bank_after(bank, ACT, ACT_AB) < RC, 10);
        `RULE(bank_after(bank, PRE, PRE_AB) < RP, 11);
      end
      REF: begin
        `RULE(is_open, 3);
        `RULE(bank_after(bank, PRE, PRE_AB) < RP, 11);
      end
      PRE, PRE_AB:
      if (is_open) begin
        `RULE(bank_after(bank, ACT, ACT_AB) < RAS, 9);
        `RULE(bank_after(bank, RD_SB, MAC_AB) < RTP || cycle - bank_last[SCALE_AB][bank] < RTP, 15);
        `RULE(bank_after(bank, WR_SB, WR_ELEM) < CWL + BL + WRT, 16);
      end
      RD_SB: begin
        `RULE(!is_open, 2);
        `RULE(bank_after(bank, ACT, ACT_AB) < RCD_RD, 6);
      end
      WR_SB, WR_ELEM: begin
        `RULE(!is_open, 2);
        `RULE(bank_after(bank, ACT, ACT_AB) < RCD_WR, 7);
      end
      MAC_AB, SCALE_AB: begin
        `RULE(!is_open, 2);
        `RULE(bank_after(bank, ACT, ACT_AB) < RCD_MAC, 8);
      end
      default: ;
    endcase
    `RULE((op == WR_ELEM || op == MAC_AB || op == SCALE_AB) && open_row[bank] != open_row[0], 4);
  endtask

  task automatic check_channel(int op);
    logic reads = op == RD_SB || op == RD_MAC || op == RD_MAC_KEEP;
    logic multiplies = op == MAC_AB || op == SCALE_AB;
    logic column = (op >= RD_SB && op <= MAC_AB) || multiplies;
    logic registers = op >= WR_GB && op <= RD_MAC_KEEP;
    `RULE(cycle - last[REF] < RFC, 22);
    `RULE(switches(op) && cycle - newest_array() < MOD, 21);
    `RULE(!registers && cycle - newest_register() < MOD, 21);
    `RULE(column && (after(RD_SB, WR_SB) < CCD || after(WR_ELEM, MAC_AB) < CCD || cycle - last[SCALE_AB] < CCD), 14);
    `RULE(op == ACT && cycle - last[ACT] < RRD, 12);
    `RULE(op == ACT && cycle - activates[0] < FAW, 13);
    `RULE((reads || multiplies) && after(WR_SB, WR_ELEM) < CWL + BL + WTR, 17);
    `RULE(reads && after(WR_GB, WR_BIAS) < CWL_REG + BL + WTR, 17);
    `RULE((op == WR_SB || op == WR_ELEM) && cycle - last[RD_SB] < CL + BL + RTW - CWL, 18);
    `RULE((op == WR_SB || op == WR_ELEM) && after(RD_MAC, RD_MAC_KEEP) < CL_REG + BL + RTW - CWL, 18);
    `RULE((op == WR_GB || op == WR_BIAS) && cycle - last[RD_SB] < CL + BL + RTW - CWL_REG, 18);
    `RULE((op == WR_GB || op == WR_BIAS) && after(RD_MAC, RD_MAC_KEEP) < CL_REG + BL + RTW - CWL_REG, 18);
    `RULE(multiplies && cycle - last[WR_BIAS] < CWL_REG + BL, 19);
    `RULE(op == MAC_AB && cycle - newest_written() < CWL_REG + BL, 19);
    `RULE((op == WR_BIAS || op == RD_MAC || op == RD_MAC_KEEP) && after(MAC_AB, SCALE_AB) < MACT, 20);
  endtask

  task automatic check_data(int start);
    for (int i = 0; i < SOON; i++) `RULE(bus_from[i] < start + BL && start < bus_to[i], 5);
    bus_from[bus_next] = start;
    bus_to[bus_next] = start + BL;
    bus_next = (bus_next + 1) % SOON;
  endtask

  task automatic check_refresh(int now);
    int due = REFI == 0 ? 0 : now / REFI;
    if (REFI != 0 && due - refreshes - forgiven > 8) begin
      forgiven = due - refreshes - 8;
      violate(23);
    end
    `RULE(REFI != 0 && refreshes - due > 8, 23);
  endtask

  // ---- What commands do ----
  function automatic logic [15:0] narrow(logic [31:0] x);
    if (x[30:23] == 8'hFF && x[22:0] != 0) return 16'h7FC0;
    if (x[30:23] == 0) return {x[31], 15'b0};
    return x[31:16] + 16'(x[15] && (x[14:0] != 0 || x[16]));
  endfunction

  function automatic logic [31:0] widen(logic [15:0] x);
    if (x[14:7] == 8'hFF && x[6:0] != 0) return 32'h7FC00000;
    if (x[14:7] == 0) return {x[15], 31'b0};
    return {x, 16'b0};
  endfunction

  // A number in cmd_row, from its lowest bit on.
  function automatic int part(int low, int width);
    return (int'(cmd_row) >> low) & ((1 << width) - 1);
  endfunction

  // Banks, columns, and numbers of words and accumulators exist.
  function automatic logic addressed(int op);
    int word = part(0, WORD_BITS), vectors = part(WORD_BITS + ACC_BITS, VECTOR_BITS), lane = part(0, LANE_BITS);
    int acc = part(op == MAC_AB ? WORD_BITS : LANE_BITS, ACC_BITS), to = part(LANE_BITS + ACC_BITS, ACC_BITS);
    int more = part(LANE_BITS + 2 * ACC_BITS, ACC_BITS), two = part(WORD_BITS + ACC_BITS + VECTOR_BITS, INT8);
    if (op < ACT || op > (INT8 != 0 ? SCALE_AB : RD_MAC_KEEP)) return 1'b0;
    if (int'(cmd_bank) >= BANKS || int'(cmd_col) >= ROW_COLS) return 1'b0;
    case (op)
      WR_GB: return int'(cmd_row) < BUFFER_WORDS;
      MAC_AB: return word + vectors * GB_WORDS + two < BUFFER_WORDS && acc + vectors < ACCUMULATORS;
      SCALE_AB: return lane < LANES && acc + more < ACCUMULATORS && to + more < ACCUMULATORS;
      WR_BIAS, RD_MAC, RD_MAC_KEEP: return int'(cmd_row) < ACCUMULATORS;
      default: return int'(cmd_row) < ROWS;
    endcase
  endfunction

  // Dot products of a column of every bank, each vector into an accumulator of its own.
  task automatic multiply();
    int first = part(WORD_BITS, ACC_BITS), vectors = part(WORD_BITS + ACC_BITS, VECTOR_BITS) + 1;
    logic int8 = part(WORD_BITS + ACC_BITS + VECTOR_BITS, INT8) != 0;
    for (int v = 0; v < vectors; v++) begin
      int word = part(0, WORD_BITS) + v * GB_WORDS;
      for (int b = 0; b < BANKS; b++)
        if (open_row[b] >= 0) begin
          logic [16*LANES-1:0] weights = memory[place(b, open_row[b], int'(cmd_col))];
          int at = (first + v) * BANKS + b;
          accumulator[at] = int8 ? pim_mac_int8(accumulator[at], weights, buffer[word], buffer[word+1], LANES)
                                 : pim_mac(accumulator[at], weights, buffer[word], LANES);
        end
    end
  endtask

  // Accumulators of every bank, times a lane of a column, to others.
  task automatic scale();
    int lane = part(0, LANE_BITS), from = part(LANE_BITS, ACC_BITS), to = part(LANE_BITS + ACC_BITS, ACC_BITS);
    for (int i = 0; i <= part(LANE_BITS + 2 * ACC_BITS, ACC_BITS); i++)
      for (int b = 0; b < BANKS; b++)
        if (open_row[b] >= 0) begin
          logic [16*LANES-1:0] factors = memory[place(b, open_row[b], int'(cmd_col))];
          int source = (from + i) * BANKS + b, target = (to + i) * BANKS + b;
          accumulator[target] = pim_scale(accumulator[target], accumulator[source], factors[16*lane+:16]);
          accumulator[source] = 0;
        end
  endtask

  task automatic answer(int latency, logic [16*LANES-1:0] word);
    read_due[(cycle+latency)%SOON]  = 1'b1;
    read_word[(cycle+latency)%SOON] = word;
  endtask

  task automatic expect_word(int op, int latency);
    write_due[(cycle+latency)%SOON] = '{1'b1, 5'(op), int'(cmd_bank), op < WR_GB ? open_row[cmd_bank] : int'(cmd_row),
                                        int'(cmd_col)};
  endtask

  function automatic int place(int bank, int row, int col);
    return (row * ROW_COLS + col) * BANKS + bank;
  endfunction

  task automatic command(int op);
    logic [16*LANES-1:0] word = '0;
    case (op)
      ACT: open_row[cmd_bank] = int'(cmd_row);
      ACT_AB: for (int b = 0; b < BANKS; b++) open_row[b] = int'(cmd_row);
      PRE: open_row[cmd_bank] = -1;
      PRE_AB: for (int b = 0; b < BANKS; b++) open_row[b] = -1;
      REF: refreshes++;
      RD_SB: answer(CL, open_row[cmd_bank] < 0 ? '0 : memory[place(int'(cmd_bank), open_row[cmd_bank], int'(cmd_col))]);
      WR_SB, WR_ELEM: expect_word(op, CWL);
      WR_GB, WR_BIAS: expect_word(op, CWL_REG);
      MAC_AB: multiply();
      SCALE_AB: scale();
      default: begin
        for (int i = 0; i < LANES && int'(cmd_bank) + i < BANKS; i++) begin
          int at = int'(cmd_row) * BANKS + int'(cmd_bank) + i;
          word[16*i+:16] = narrow(accumulator[at]);
          if (op == RD_MAC) accumulator[at] = 0;
        end
        answer(CL_REG, word);
      end
    endcase
  endtask

  task automatic store(write_t what);
    case (int'(what.op))
      WR_SB:
      if (what.row >= 0)
        for (int i = 0; i < 2 * LANES; i++)
          if (wstrb[i]) memory[place(what.bank, what.row, what.col)][8*i+:8] = wdata[8*i+:8];
      WR_ELEM:
      for (int b = 0; b < LANES && what.bank + b < BANKS; b++)
        for (int i = 0; i < 2 * LANES; i++)
          if (wstrb[i] && what.row >= 0)
            memory[place(what.bank+b, what.row, what.col)][8*i+:8] = wdata[16*b+8*(i%2)+:8];
      WR_GB: buffer[what.row] = wdata;
      default:
      for (int i = 0; i < LANES && what.bank + i < BANKS; i++)
        accumulator[what.row*BANKS+what.bank+i] = widen(wdata[16*i+:16]);
    endcase
  endtask

  task automatic happened(int op);
    last[op] = cycle;
    if (op == WR_GB) written[buffer_of(int'(cmd_row))] = cycle;
    for (int b = 0; b < BANKS; b++)
      if (op == ACT_AB || op == PRE_AB || op == MAC_AB || op == SCALE_AB || op == WR_ELEM || op == REF || b == int'(cmd_bank))
        if (!((op == PRE || op == PRE_AB) && open_row[b] < 0)) bank_last[op][b] = cycle;
    if (op == ACT) begin
      for (int i = 0; i < 3; i++) activates[i] = activates[i+1];
      activates[3] = cycle;
    end
  endtask

  always_ff @(posedge clk) begin
    viol_valid <= 1'b0;
    if (rst) begin
      cycle = 0;
      refreshes = 0;
      forgiven = 0;
      bus_next = 0;
      for (int i = 0; i < 4; i++) activates[i] = LONG_AGO;
      for (int i = 0; i < 16; i++) last[i] = LONG_AGO;
      for (int i = 0; i < BUFFERS; i++) written[i] = LONG_AGO;
      for (int i = 0; i < 16; i++) for (int b = 0; b < BANKS; b++) bank_last[i][b] = LONG_AGO;
      for (int b = 0; b < BANKS; b++) open_row[b] = -1;
      for (int i = 0; i < SOON; i++) begin
        write_due[i] = '0;
        read_due[i]  = 1'b0;
        bus_from[i]  = LONG_AGO;
        bus_to[i]    = LONG_AGO;
      end
    end else begin
      if (wvalid != write_due[cycle%SOON].valid) violate(5);  // a word at the wrong time
      if (wvalid) store(write_due[cycle%SOON]);
      write_due[cycle%SOON].valid = 1'b0;
      if (cmd_valid) begin
        $fwrite(log_file, "%0d,%0d,%0d,%0d,%0d,%0d\n", cycle, CHANNEL, cmd_op, cmd_bank, cmd_row, cmd_col);
        if (!addressed(int'(cmd_op))) violate(1);
        else begin
          for (int b = 0; b < BANKS; b++)
            if (cmd_op == ACT_AB || cmd_op == PRE_AB || cmd_op == REF || cmd_op == MAC_AB || cmd_op == SCALE_AB || cmd_op == WR_ELEM
                || (cmd_op < WR_GB && b == int'(cmd_bank)))
              check_bank(int'(cmd_op), b);
          check_channel(int'(cmd_op));
          if (cmd_op == RD_SB) check_data(cycle + CL);
          if (cmd_op == WR_SB || cmd_op == WR_ELEM) check_data(cycle + CWL);
          if (cmd_op == WR_GB || cmd_op == WR_BIAS) check_data(cycle + CWL_REG);
          if (cmd_op == RD_MAC || cmd_op == RD_MAC_KEEP) check_data(cycle + CL_REG);
          happened(int'(cmd_op));
          command(int'(cmd_op));
          check_refresh(cycle);
        end
      end
      cycle = cycle + 1;
      check_refresh(cycle);
      rvalid <= read_due[cycle%SOON];
      rdata  <= read_word[cycle%SOON];
      read_due[cycle%SOON] = 1'b0;
    end
    if (rst) rvalid <= 1'b0;
  end
endmodule
`undef RULE
