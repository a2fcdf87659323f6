// The host of a PIM controller: accesses registers over AXI4-Lite, sends programs and words, and takes words.
//
// Reads bus.txt, a line for each step, and writes a line for each answer to answers.txt:
//   w ADDRESS DATA STROBES     write a register; answers the response
//   r ADDRESS                  read one; answers response and data
//   x ADDRESS DATA STROBES AT  write one and read another, at the same time; answers both, the write first
//   p COUNT                    send so many instructions, of program.bin
//   i COUNT                    wait for the interrupt line, for so many clocks at most; answers 0 and how many, or 1
//   n COUNT                    wait so many clocks
// Several writes may be on their way at once, or several reads. Words of the input stream come from input.bin; those that
// the controller sends go to output.bin, each with a byte for tlast. Every channel pauses at random, in `stall` of 256
// clocks. Arguments: stall, limit (clocks without an end), seed, and 1 for a host that makes nothing but the clock while
// it waits for the interrupt. Prints cycles and processor seconds, of all and of the time spent waiting for interrupts, and
// the cycle in which the last of these waits ended.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <deque>
#include <fstream>
#include <iterator>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "Vtop.h"
#include "verilated.h"

namespace {

constexpr int kInstruction = 16, kOutstanding = 4;

struct Step {
    char kind;
    uint32_t values[4];
};

struct Written {
    uint32_t data, strobes;
};

std::vector<uint8_t> bytes_of(const char* name) {
    std::ifstream file(name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<Step> steps_of(const char* name) {
    std::vector<Step> steps;
    std::ifstream file(name);
    for (std::string line; std::getline(file, line);) {
        std::istringstream text(line);
        Step step{};
        text >> step.kind;
        for (auto& value : step.values) text >> value;
        steps.push_back(step);
    }
    return steps;
}

}  // namespace

int main(int argc, char** argv) {
    const auto context = std::make_unique<VerilatedContext>();
    context->commandArgs(argc, argv);
    const auto top = std::make_unique<Vtop>(context.get());
    const uint32_t stall = std::atoi(argv[1]);
    const long limit = std::atol(argv[2]);
    uint64_t noise = 88172645463325252ull ^ (std::atoll(argv[3]) * 0x9E3779B97F4A7C15ull);
    const auto steps = steps_of("bus.txt");
    const auto program = bytes_of("program.bin"), input = bytes_of("input.bin");
    std::ofstream answers("answers.txt"), output("output.bin", std::ios::binary);

    // What is to be sent on each channel, and what is expected.
    std::deque<uint32_t> aw, ar;
    std::deque<Written> w;
    size_t next = 0, taken = 0, loaded = 0, to_load = 0;
    int writes = 0, reads = 0;
    uint64_t pause = 0;
    std::string write_answer;
    bool both = false;
    long cycle = 0, waiting = 0, waited = 0, ended = 0;
    std::clock_t began_waiting = 0, spent_waiting = 0;
    const bool bare = std::atoi(argv[4]);

    const auto goes = [&] {
        noise ^= noise << 13, noise ^= noise >> 7, noise ^= noise << 17;
        return (noise >> 40 & 255) >= stall;
    };
    const auto done = [&] {
        return next == steps.size() && !writes && !reads && loaded == to_load && !pause && !top->m_axis_tvalid;
    };
    const auto admit = [&] {  // the next steps, as far as those before them allow
        while (next < steps.size() && !pause && loaded == to_load) {
            const Step& step = steps[next];
            const auto& v = step.values;
            const bool quiet = !writes && !reads;
            if (step.kind == 'w' && !reads && !both && writes < kOutstanding) {
                aw.push_back(v[0]), w.push_back({v[1], v[2]}), ++writes;
            } else if (step.kind == 'r' && !writes && !both && reads < kOutstanding) {
                ar.push_back(v[0]), ++reads;
            } else if (step.kind == 'x' && quiet) {
                aw.push_back(v[0]), w.push_back({v[1], v[2]}), ar.push_back(v[3]), ++writes, ++reads, both = true;
            } else if (step.kind == 'p' && quiet) {
                to_load += size_t{v[0]} * kInstruction;
            } else if (step.kind == 'n' && quiet) {
                pause = v[0];
            } else if (step.kind == 'i' && quiet) {
                if (!waiting) began_waiting = std::clock();
                for (; bare && !top->irq && waiting < v[0] && cycle < limit; ++waiting, ++cycle)
                    top->clk = 0, top->eval(), top->clk = 1, top->eval();
                if (!top->irq && waiting++ < v[0]) return;
                spent_waiting += std::clock() - began_waiting;
                answers << int{!top->irq} << ' ' << waiting << '\n';
                waited += waiting, waiting = 0, ended = cycle;
            } else {
                return;
            }
            ++next;
        }
    };

    top->rst = 1, top->load = 0;
    top->s_axi_awvalid = top->s_axi_wvalid = top->s_axi_arvalid = 0;
    top->s_axis_program_tvalid = top->s_axis_tvalid = 0;
    for (int i = 0; i < RESET_CLOCKS; ++i) {
        top->clk = 0, top->eval(), context->timeInc(1);
        top->clk = 1, top->eval(), context->timeInc(1);
    }
    top->rst = 0, top->load = 1;
    const std::clock_t began = std::clock();
    while (cycle < limit && !done()) {
        admit();
        // Once valid, a channel stays so until it is taken.
        if (!aw.empty() && (top->s_axi_awvalid || goes())) top->s_axi_awvalid = 1, top->s_axi_awaddr = aw.front();
        if (!w.empty() && (top->s_axi_wvalid || goes()))
            top->s_axi_wvalid = 1, top->s_axi_wdata = w.front().data, top->s_axi_wstrb = w.front().strobes;
        if (!ar.empty() && (top->s_axi_arvalid || goes())) top->s_axi_arvalid = 1, top->s_axi_araddr = ar.front();
        if (loaded < to_load && (top->s_axis_program_tvalid || goes())) {
            top->s_axis_program_tvalid = 1;
            std::memcpy(&top->s_axis_program_tdata, &program[loaded], kInstruction);
        }
        if (taken < input.size() && (top->s_axis_tvalid || goes())) {
            top->s_axis_tvalid = 1;
            std::memcpy(&top->s_axis_tdata, &input[taken], WORD_BYTES);
        }
        top->s_axi_bready = goes(), top->s_axi_rready = goes(), top->m_axis_tready = goes();
        top->clk = 0, top->eval(), context->timeInc(1);

        // What the edge sees.
        const bool took_aw = top->s_axi_awvalid && top->s_axi_awready, took_w = top->s_axi_wvalid && top->s_axi_wready;
        const bool took_ar = top->s_axi_arvalid && top->s_axi_arready, took_in = top->s_axis_tvalid && top->s_axis_tready;
        const bool took_program = top->s_axis_program_tvalid && top->s_axis_program_tready;
        if (top->s_axi_bvalid && top->s_axi_bready) {
            answers << int{top->s_axi_bresp} << " 0\n";
            --writes;
            if (both) answers << write_answer, write_answer.clear(), both = reads > 0;
        }
        if (top->s_axi_rvalid && top->s_axi_rready) {
            std::ostringstream line;
            line << int{top->s_axi_rresp} << ' ' << top->s_axi_rdata << '\n';
            --reads;
            if (both && writes) write_answer = line.str();  // the write's answer comes first
            else answers << line.str();
            both = both && writes;
        }
        if (top->m_axis_tvalid && top->m_axis_tready) {
            output.write(reinterpret_cast<const char*>(&top->m_axis_tdata), WORD_BYTES);
            output.put(static_cast<char>(top->m_axis_tlast));
        }
        top->clk = 1, top->eval(), context->timeInc(1);
        if (took_aw) top->s_axi_awvalid = 0, aw.pop_front();
        if (took_w) top->s_axi_wvalid = 0, w.pop_front();
        if (took_ar) top->s_axi_arvalid = 0, ar.pop_front();
        if (took_program) top->s_axis_program_tvalid = 0, loaded += kInstruction;
        if (took_in) top->s_axis_tvalid = 0, taken += WORD_BYTES;
        if (pause) --pause;
        ++cycle;
    }
    const double seconds = static_cast<double>(std::clock() - began) / CLOCKS_PER_SEC;
    const bool hung = cycle >= limit;
    top->final();
    std::printf("{\"cycles\": %ld, \"seconds\": %.6f, \"hung\": %s, \"waited\": %ld, \"waiting\": %.6f, \"ended\": %ld}\n",
                cycle, seconds, hung ? "true" : "false", waited, static_cast<double>(spent_waiting) / CLOCKS_PER_SEC, ended);
    return 0;
}
