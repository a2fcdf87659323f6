// A controller with its host interface and its channels of DRAM that computes; the host's side are ports (host.cpp).
//
// Reads sram<b>.hex and, for every channel, bank<c>.hex and buffer<c>.hex; writes sram<b>.out, the devices' memories as
// they are at the end, log.csv (commands) and violations.csv; with +trace also trace.txt, all ports in every clock.
//
// `CONTROLLER is the module under test; `CHANNELS connects its channels to the devices, which `DEVICES places; `SRAM
// loads the banks of its SRAM as `load` rises, after reset, and stores them (before reset a write may happen anywhere);
// `TRACE writes the ports.
module host #(
    parameter int WORD = 16, ADDRESS = 10
) (
    input  logic               clk,
    input  logic               rst,
    input  logic               load,
    input  logic [ADDRESS-1:0] s_axi_awaddr,
    input  logic               s_axi_awvalid,
    output logic               s_axi_awready,
    input  logic [31:0]        s_axi_wdata,
    input  logic [3:0]         s_axi_wstrb,
    input  logic               s_axi_wvalid,
    output logic               s_axi_wready,
    output logic [1:0]         s_axi_bresp,
    output logic               s_axi_bvalid,
    input  logic               s_axi_bready,
    input  logic [ADDRESS-1:0] s_axi_araddr,
    input  logic               s_axi_arvalid,
    output logic               s_axi_arready,
    output logic [31:0]        s_axi_rdata,
    output logic [1:0]         s_axi_rresp,
    output logic               s_axi_rvalid,
    input  logic               s_axi_rready,
    input  logic [127:0]       s_axis_program_tdata,
    input  logic               s_axis_program_tvalid,
    output logic               s_axis_program_tready,
    input  logic [WORD-1:0]    s_axis_tdata,
    input  logic               s_axis_tvalid,
    output logic               s_axis_tready,
    output logic [WORD-1:0]    m_axis_tdata,
    output logic               m_axis_tlast,
    output logic               m_axis_tvalid,
    input  logic               m_axis_tready,
    output logic               irq
);
  int log_file, viol_file, trace_file;
  bit traces;
  initial begin
    traces = $test$plusargs("trace");
    if (traces) trace_file = $fopen("trace.txt", "w");
    log_file  = $fopen("log.csv", "w");
    viol_file = $fopen("violations.csv", "w");
  end

  `CONTROLLER dut (
      .clk, .rst, .s_axi_awaddr, .s_axi_awvalid, .s_axi_awready, .s_axi_wdata, .s_axi_wstrb, .s_axi_wvalid, .s_axi_wready,
      .s_axi_bresp, .s_axi_bvalid, .s_axi_bready, .s_axi_araddr, .s_axi_arvalid, .s_axi_arready, .s_axi_rdata,
      .s_axi_rresp, .s_axi_rvalid, .s_axi_rready, .s_axis_program_tdata, .s_axis_program_tvalid, .s_axis_program_tready,
      .s_axis_tdata, .s_axis_tvalid, .s_axis_tready, .m_axis_tdata, .m_axis_tlast, .m_axis_tvalid, .m_axis_tready, .irq,
      `CHANNELS);

`DEVICES

`SRAM

`TRACE
endmodule
