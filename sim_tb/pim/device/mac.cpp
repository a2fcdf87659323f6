// The MAC unit of a bank in the host's floating point: additions and products rounded to nearest even, subnormal numbers
// as zeros of their sign.
#include <cmath>
#include <cstdint>
#include <cstring>
#include <vector>

#include "svdpi.h"

namespace {

float flush(float x) { return std::fabs(x) < 0x1p-126f ? std::copysign(0.0f, x) : x; }

float from_bits(uint32_t bits) {
    float x;
    std::memcpy(&x, &bits, sizeof x);
    return x;
}

float element(const svBitVecVal* word, int lane) {
    const uint32_t bits = word[lane / 2] >> (lane % 2 * 16) & 0xFFFF;
    return flush(from_bits(bits << 16));
}

}  // namespace

// accumulator + the dot product of two words: products added as a balanced tree of neighbours.
extern "C" uint32_t pim_mac(uint32_t accumulator, const svBitVecVal* weights, const svBitVecVal* inputs, int lanes) {
    static thread_local std::vector<float> sums;
    sums.resize(static_cast<size_t>(lanes));
    for (int i = 0; i < lanes; ++i) sums[i] = flush(element(weights, i) * element(inputs, i));
    for (int size = lanes / 2; size > 0; size /= 2)
        for (int i = 0; i < size; ++i) sums[i] = flush(sums[2 * i] + sums[2 * i + 1]);
    const float total = flush(flush(from_bits(accumulator)) + sums[0]);
    uint32_t bits;
    std::memcpy(&bits, &total, sizeof bits);
    return std::isnan(total) ? 0x7FC00000u : bits;
}
