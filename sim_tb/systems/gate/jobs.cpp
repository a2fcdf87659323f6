// An engine behind a gate, clocked by a plain loop: jobs from a file, results, cycles and toggles into another.
// Arguments: input, output, seed of the stalls. All numbers are little-endian; the layout is that of jobs.py.
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <vector>

#include "Vtop.h"
#include "verilated.h"

namespace {

struct Header {
    uint32_t jobs, tiles, k, rows, a_bytes, b_bytes, c_bytes, pixels, mode, threshold, samples, stall;
};

struct Job {
    uint64_t seed;
    std::vector<uint8_t> a, b;
};

// xorshift: stalls need no more.
uint32_t draw(uint64_t& state) {
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    return static_cast<uint32_t>(state >> 24) & 255;
}

template <typename Port>
void give(Port& port, const uint8_t* bytes, size_t count) {
    Port value{};
    std::memcpy(&value, bytes, count);
    port = value;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 4) return 2;
    VerilatedContext context;
    context.commandArgs(argc, argv);
    Vtop top(&context);
    std::FILE* in = std::fopen(argv[1], "rb");
    std::FILE* out = std::fopen(argv[2], "wb");
    Header h;
    if (!in || !out || std::fread(&h, sizeof h, 1, in) != 1) return 2;
    uint64_t state = std::strtoull(argv[3], nullptr, 10) * 2 + 0x1234567ull;
    std::vector<uint8_t> important(h.pixels);
    if (h.pixels && std::fread(important.data(), h.pixels, 1, in) != 1) return 2;

    const auto tick = [&] { top.clk = 1; top.eval(); };
    const auto tock = [&] { top.clk = 0; top.eval(); };
    top.rst = 1, top.job_valid = 0, top.counters_clear = 0;
    top.s_axis_a_tvalid = 0, top.s_axis_b_tvalid = 0, top.m_axis_c_tready = 0;
#ifdef PRELOAD
    give(top.s_axis_c_tdata, std::vector<uint8_t>(h.c_bytes).data(), h.c_bytes);
    top.s_axis_c_tvalid = 1, top.s_axis_c_tlast = 0;  // initial values of zero, whenever they are wanted
#endif
    top.gate_map_we = 0, top.gate_seed_we = 0, top.gate_mode = h.mode, top.gate_threshold = h.threshold;
    for (int i = 0; i < 4; ++i) tock(), tick();
    top.rst = 0;
    for (uint32_t i = 0; i < h.pixels; ++i) {
        top.gate_map_we = 1, top.gate_map_addr = i, top.gate_map_data = important[i];
        tock(), tick();
    }
    top.gate_map_we = 0;
    const uint32_t beats = h.tiles * h.k, results = h.tiles * h.rows;
    Job job{0, std::vector<uint8_t>(size_t(beats) * h.a_bytes), std::vector<uint8_t>(size_t(beats) * h.b_bytes)};
    std::vector<uint8_t> rows(size_t(results) * h.c_bytes);
    std::vector<uint16_t> toggles(h.samples);
    for (uint32_t number = 0; number < h.jobs; ++number) {
        bool read = std::fread(&job.seed, 8, 1, in) == 1;
        read = read && std::fread(job.a.data(), job.a.size(), 1, in) == 1;
        if (!read || std::fread(job.b.data(), job.b.size(), 1, in) != 1) return 2;
        std::fill(toggles.begin(), toggles.end(), 0);
        std::fill(rows.begin(), rows.end(), 0);
        top.gate_seed = job.seed, top.gate_seed_we = job.seed != 0, top.counters_clear = 1;
        tock(), tick();
        top.gate_seed_we = 0, top.counters_clear = 0;
        top.job_tiles = h.tiles, top.job_valid = 1;
        uint32_t a_at = 0, b_at = 0, c_at = 0, cycles = 0, sample = 0, faults = 0;
        bool begun = false, done = false, a_on = false, b_on = false;
        while (!done && cycles < 1000 + 64 * beats + 64 * results) {
            // Inputs change after the rising edge; what is offered stays until it is taken.
            a_on = a_at < beats && (a_on || draw(state) >= h.stall);
            b_on = b_at < beats && (b_on || draw(state) >= h.stall);
            top.s_axis_a_tvalid = a_on, top.s_axis_b_tvalid = b_on;
            if (a_on) give(top.s_axis_a_tdata, &job.a[size_t(a_at) * h.a_bytes], h.a_bytes);
            if (b_on) give(top.s_axis_b_tdata, &job.b[size_t(b_at) * h.b_bytes], h.b_bytes);
            top.s_axis_a_tlast = a_at % h.k == h.k - 1, top.s_axis_b_tlast = b_at % h.k == h.k - 1;
            top.m_axis_c_tready = draw(state) >= h.stall;
            tock();
            const bool took_job = top.job_valid && top.job_ready;
            const bool took_a = a_on && top.s_axis_a_tready, took_b = b_on && top.s_axis_b_tready;
            if (top.m_axis_c_tvalid && top.m_axis_c_tready) {
                if (c_at < results) std::memcpy(&rows[size_t(c_at) * h.c_bytes], &top.m_axis_c_tdata, h.c_bytes);
                faults += top.m_axis_c_tlast != (c_at % h.rows == h.rows - 1);
                ++c_at;
            }
            done = top.job_done;
#ifdef PROBE
            if (begun && sample < h.samples) toggles[sample++] = top.toggles;
#endif
            begun = begun || took_a;
            tick();
            if (took_job) top.job_valid = 0;
            a_at += took_a, b_at += took_b, a_on = a_on && !took_a, b_on = b_on && !took_b;
            ++cycles;
        }
        faults += !done || c_at != results || a_at != beats || b_at != beats || top.error_tlast || top.error_k;
        const uint32_t said[] = {cycles, sample, faults, top.counter_cycles, top.counter_active};
        std::fwrite(said, sizeof said, 1, out);
        std::fwrite(rows.data(), rows.size(), 1, out);
        std::fwrite(toggles.data(), 2 * toggles.size(), 1, out);
    }
    return std::fclose(out);
}
