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

uint32_t bits_of(float x) {
    uint32_t bits;
    std::memcpy(&bits, &x, sizeof bits);
    return std::isnan(x) ? 0x7FC00000u : bits;
}

// accumulator + the sum of products as a balanced tree of neighbours; `size` is a power of two.
uint32_t total(uint32_t accumulator, std::vector<float>& sums, int size) {
    for (size /= 2; size > 0; size /= 2)
        for (int i = 0; i < size; ++i) sums[i] = flush(sums[2 * i] + sums[2 * i + 1]);
    return bits_of(flush(flush(from_bits(accumulator)) + sums[0]));
}

}  // namespace

// accumulator + the dot product of two words.
extern "C" uint32_t pim_mac(uint32_t accumulator, const svBitVecVal* weights, const svBitVecVal* inputs, int lanes) {
    static thread_local std::vector<float> sums;
    sums.resize(static_cast<size_t>(lanes));
    for (int i = 0; i < lanes; ++i) sums[i] = flush(element(weights, i) * element(inputs, i));
    return total(accumulator, sums, lanes);
}

// accumulator + the dot product of a word of int8 and two words, element k in byte k.
extern "C" uint32_t pim_mac_int8(uint32_t accumulator, const svBitVecVal* weights, const svBitVecVal* first,
                                 const svBitVecVal* second, int lanes) {
    static thread_local std::vector<float> sums;
    sums.resize(static_cast<size_t>(2 * lanes));
    for (int i = 0; i < 2 * lanes; ++i) {
        const auto weight = static_cast<int8_t>(weights[i / 4] >> i % 4 * 8 & 0xFF);
        const float input = i < lanes ? element(first, i) : element(second, i - lanes);
        sums[i] = flush(static_cast<float>(weight) * input);
    }
    return total(accumulator, sums, 2 * lanes);
}

// total + accumulator times a factor, the product rounded too.
extern "C" uint32_t pim_scale(uint32_t total, uint32_t accumulator, const svBitVecVal* factor) {
    const float product = flush(flush(from_bits(accumulator)) * element(factor, 0));
    return bits_of(flush(flush(from_bits(total)) + product));
}
