// The engine alone, clocked by a plain loop: operands from arrays, results summed up. Prints cycles, processor seconds,
// operand beats and a checksum. Arguments: tiles, K.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <type_traits>
#include <vector>

#include "Vtop.h"
#include "verilated.h"

namespace {

// A stream's words, random, all of the port's width.
template <typename Port>
std::vector<Port> random_words(size_t count, int bits, uint64_t state) {
    std::vector<Port> words(count);
    for (auto& word : words) {
        uint8_t bytes[sizeof(Port)] = {};
        for (int i = 0; i < bits / 8; ++i) {
            state ^= state << 13, state ^= state >> 7, state ^= state << 17;
            bytes[i] = static_cast<uint8_t>(state >> 32);
        }
        std::memcpy(&word, bytes, sizeof word);
    }
    return words;
}

}  // namespace

int main(int argc, char** argv) {
    const long tiles = std::atol(argv[1]), k = std::atol(argv[2]);
    VerilatedContext context;
    Vtop top(&context);
    using A = std::remove_reference_t<decltype(top.s_axis_a_tdata)>;
    using B = std::remove_reference_t<decltype(top.s_axis_b_tdata)>;
    const auto words_a = random_words<A>(tiles * k, A_BITS, 88172645463325252ull);
    const auto words_b = random_words<B>(tiles * k, B_BITS, 1234567890987654321ull);
    const auto tick = [&] { top.clk = 1; top.eval(); };
    const auto tock = [&] { top.clk = 0; top.eval(); };
    top.rst = 1;
    for (int i = 0; i < 4; ++i) tock(), tick();
    top.rst = 0, top.job_tiles = tiles, top.job_valid = 1, top.m_axis_c_tready = 1;
    tock();
    long index_a = 0, index_b = 0, cycles = 0;
    uint64_t sum = 0;
    bool done = false;
    const std::clock_t began = std::clock();
    while (!done) {
        // Inputs change after the rising edge; what the edge saw decides.
        const bool took_a = top.s_axis_a_tvalid && top.s_axis_a_tready;
        const bool took_b = top.s_axis_b_tvalid && top.s_axis_b_tready;
        const bool took_job = top.job_valid && top.job_ready;
        if (top.m_axis_c_tvalid) {
            uint32_t low;
            std::memcpy(&low, &top.m_axis_c_tdata, sizeof low < sizeof top.m_axis_c_tdata ? sizeof low : sizeof top.m_axis_c_tdata);
            sum += low;
        }
        done = top.job_done;
        tick();
        if (took_job) top.job_valid = 0;
        index_a += took_a, index_b += took_b;
        if ((top.s_axis_a_tvalid = index_a < tiles * k)) {
            top.s_axis_a_tdata = words_a[index_a];
            top.s_axis_a_tlast = index_a % k == k - 1;
        }
        if ((top.s_axis_b_tvalid = index_b < tiles * k)) {
            top.s_axis_b_tdata = words_b[index_b];
            top.s_axis_b_tlast = index_b % k == k - 1;
        }
        tock();
        ++cycles;
    }
    const double seconds = static_cast<double>(std::clock() - began) / CLOCKS_PER_SEC;
    std::printf("{\"cycles\": %ld, \"seconds\": %.6f, \"active\": %u, \"checksum\": %llu}\n", cycles, seconds,
                static_cast<unsigned>(top.counter_active), static_cast<unsigned long long>(sum));
    return 0;
}
