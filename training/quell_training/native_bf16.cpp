// What surrounds the products of a convolution in bfloat16, which PyTorch does with AMX: neighbours side by
// side, and normalisation with its ReLU6, each with its gradient. Arrays are dense, channels last.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <vector>

namespace {

typedef uint16_t Half;

inline float widened(Half x) {
    return __builtin_bit_cast(float, uint32_t(x) << 16);
}

// To nearest, ties to even.
inline Half narrowed(float x) {
    const uint32_t bits = __builtin_bit_cast(uint32_t, x);
    return Half((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
}

constexpr float CEILING = 6.0f;

// What ReLU6 lets through of a gradient: all or nothing, by a mask, since a branch would keep the loops
// from running on vectors. `out` is 0 to 6, which is 0x40C0.
inline float passed(Half gradient, Half out) {
    const Half mask = -Half((Half(out & 0x7FFF) != 0) & (out != 0x40C0));
    return widened(gradient & mask);
}

// Rows summed in single precision before they join a sum in double precision.
constexpr int BLOCK_ROWS = 64;

// Sum and sum of squares of each channel.
template <int CHANNELS>
void add_moments(const Half *__restrict x, int n_rows, double *__restrict sums) {
    for (int begin = 0; begin < n_rows; begin += BLOCK_ROWS) {
        float first[CHANNELS] = {}, second[CHANNELS] = {};
        for (int r = begin; r < std::min(begin + BLOCK_ROWS, n_rows); r++) {
            const Half *row = x + size_t(r) * CHANNELS;
            for (int c = 0; c < CHANNELS; c++) {
                const float value = widened(row[c]);
                first[c] += value, second[c] += value * value;
            }
        }
        for (int c = 0; c < CHANNELS; c++) sums[c] += first[c], sums[CHANNELS + c] += second[c];
    }
}

// Sum of the gradient that ReLU6 lets through, and of its product with the normalised input.
template <int CHANNELS>
void add_flows(
    const Half *__restrict gradient, const Half *__restrict x, const Half *__restrict out, const float *__restrict scale,
    const float *__restrict shift, int n_rows, double *__restrict sums) {
    float own_scale[CHANNELS], own_shift[CHANNELS];
    std::copy(scale, scale + CHANNELS, own_scale), std::copy(shift, shift + CHANNELS, own_shift);
    for (int begin = 0; begin < n_rows; begin += BLOCK_ROWS) {
        float first[CHANNELS] = {}, second[CHANNELS] = {};
        for (int r = begin; r < std::min(begin + BLOCK_ROWS, n_rows); r++) {
            const Half *g = gradient + size_t(r) * CHANNELS, *in = x + size_t(r) * CHANNELS, *o = out + size_t(r) * CHANNELS;
            for (int c = 0; c < CHANNELS; c++) {
                const float flow = passed(g[c], o[c]);
                first[c] += flow, second[c] += flow * (widened(in[c]) * own_scale[c] + own_shift[c]);
            }
        }
        for (int c = 0; c < CHANNELS; c++) sums[c] += first[c], sums[CHANNELS + c] += second[c];
    }
}

// of_x = k flow + p x + q
template <int CHANNELS>
void write_flow(
    const Half *__restrict gradient, const Half *__restrict x, const Half *__restrict out, const float *__restrict k,
    const float *__restrict p, const float *__restrict q, int n_rows, Half *__restrict of_x) {
    float own_k[CHANNELS], own_p[CHANNELS], own_q[CHANNELS];
    std::copy(k, k + CHANNELS, own_k), std::copy(p, p + CHANNELS, own_p), std::copy(q, q + CHANNELS, own_q);
    for (int r = 0; r < n_rows; r++) {
        const Half *g = gradient + size_t(r) * CHANNELS, *in = x + size_t(r) * CHANNELS, *o = out + size_t(r) * CHANNELS;
        Half *to = of_x + size_t(r) * CHANNELS;
        for (int c = 0; c < CHANNELS; c++)
            to[c] = narrowed(own_k[c] * passed(g[c], o[c]) + own_p[c] * widened(in[c]) + own_q[c]);
    }
}

// ReLU6 of gain x + shift
template <int CHANNELS>
void write_normed(
    const Half *__restrict x, const float *__restrict gain, const float *__restrict shift, int n_rows,
    Half *__restrict out) {
    float own_gain[CHANNELS], own_shift[CHANNELS];
    std::copy(gain, gain + CHANNELS, own_gain), std::copy(shift, shift + CHANNELS, own_shift);
    for (int r = 0; r < n_rows; r++) {
        const Half *from = x + size_t(r) * CHANNELS;
        Half *to = out + size_t(r) * CHANNELS;
        for (int c = 0; c < CHANNELS; c++) {
            const float value = widened(from[c]) * own_gain[c] + own_shift[c];
            to[c] = narrowed(std::min(std::max(value, 0.0f), CEILING));
        }
    }
}

template <int CHANNELS>
void norm_forward_of(
    const Half *x, const float *weight, const float *bias, float epsilon, Half *out, float *mean, float *variance,
    int n_rows) {
    double total[2 * CHANNELS] = {};
    add_moments<CHANNELS>(x, n_rows, total);
    float gain[CHANNELS], shift[CHANNELS];
    for (int c = 0; c < CHANNELS; c++) {
        const double m = total[c] / n_rows, v = std::max(total[CHANNELS + c] / n_rows - m * m, 0.0);
        mean[c] = m, variance[c] = v;
        gain[c] = weight[c] / std::sqrt(v + epsilon), shift[c] = bias[c] - gain[c] * m;
    }
    write_normed<CHANNELS>(x, gain, shift, n_rows, out);
}

template <int CHANNELS>
void norm_backward_of(
    const Half *gradient, const Half *x, const Half *out, const float *weight, float epsilon, const float *mean,
    const float *variance, Half *of_x, float *of_weight, float *of_bias, int n_rows) {
    float scale[CHANNELS], shift[CHANNELS];
    for (int c = 0; c < CHANNELS; c++) {
        scale[c] = 1.0f / std::sqrt(variance[c] + epsilon);
        shift[c] = -mean[c] * scale[c];
    }
    double total[2 * CHANNELS] = {};
    add_flows<CHANNELS>(gradient, x, out, scale, shift, n_rows, total);
    // k (flow - mean flow - normed * mean (flow * normed)), as k flow + p x + q
    float k[CHANNELS], p[CHANNELS], q[CHANNELS];
    for (int c = 0; c < CHANNELS; c++) {
        of_bias[c] = total[c], of_weight[c] = total[CHANNELS + c];
        k[c] = weight[c] * scale[c];
        p[c] = -k[c] * scale[c] * (of_weight[c] / n_rows);
        q[c] = -k[c] * (of_bias[c] / n_rows) + p[c] * shift[c] / scale[c];
    }
    write_flow<CHANNELS>(gradient, x, out, k, p, q, n_rows, of_x);
}

}  // namespace

// ---- Normalisation and ReLU6 over [rows][channels] ----------------------------------------------

#define FOR_CHANNELS(call)              \
    switch (n_channels) {               \
        case 8: call(8); return 0;      \
        case 16: call(16); return 0;    \
        case 24: call(24); return 0;    \
        case 32: call(32); return 0;    \
        case 64: call(64); return 0;    \
        default: return 1;              \
    }

extern "C" int norm_forward(
    const Half *x, const float *weight, const float *bias, Half *out, float *mean, float *variance, float epsilon,
    int n_rows, int n_channels) {
#define CALL(n) norm_forward_of<n>(x, weight, bias, epsilon, out, mean, variance, n_rows)
    FOR_CHANNELS(CALL)
#undef CALL
}

extern "C" int norm_backward(
    const Half *gradient, const Half *x, const Half *out, const float *weight, const float *mean, const float *variance,
    Half *of_x, float *of_weight, float *of_bias, float epsilon, int n_rows, int n_channels) {
#define CALL(n) \
    norm_backward_of<n>(gradient, x, out, weight, epsilon, mean, variance, of_x, of_weight, of_bias, n_rows)
    FOR_CHANNELS(CALL)
#undef CALL
}

// ---- Neighbours side by side: [frame][position][channel] to [frame][position / stride][tap][channel] ---

extern "C" int taps_forward(
    const Half *x, Half *out, int n_frames, int n_positions, int n_channels, int n_taps, int stride) {
    const int n_out = n_positions / stride, reach = n_taps / 2, width = n_taps * n_channels;
    for (int f = 0; f < n_frames; f++) {
        const Half *from = x + size_t(f) * n_positions * n_channels;
        for (int p = 0; p < n_out; p++) {
            Half *to = out + (size_t(f) * n_out + p) * width;
            const int first = p * stride - reach, begin = std::max(first, 0);
            const int end = std::min(first + n_taps, n_positions);
            std::memset(to, 0, (begin - first) * n_channels * sizeof(Half));
            std::memcpy(to + (begin - first) * n_channels, from + size_t(begin) * n_channels,
                        (end - begin) * n_channels * sizeof(Half));
            std::memset(to + (end - first) * n_channels, 0, (first + n_taps - end) * n_channels * sizeof(Half));
        }
    }
    return 0;
}

extern "C" int taps_backward(
    const Half *gradient, Half *of_x, int n_frames, int n_positions, int n_channels, int n_taps, int stride) {
    const int n_out = n_positions / stride, reach = n_taps / 2, width = n_taps * n_channels;
    std::vector<float> sums(size_t(n_positions) * n_channels);
    for (int f = 0; f < n_frames; f++) {
        std::fill(sums.begin(), sums.end(), 0.0f);
        for (int p = 0; p < n_out; p++) {
            const Half *from = gradient + (size_t(f) * n_out + p) * width;
            const int first = p * stride - reach, begin = std::max(first, 0);
            const int n = (std::min(first + n_taps, n_positions) - begin) * n_channels;
            from += (begin - first) * n_channels;
            float *to = &sums[size_t(begin) * n_channels];
            for (int i = 0; i < n; i++) to[i] += widened(from[i]);
        }
        Half *to = of_x + size_t(f) * n_positions * n_channels;
        for (int i = 0; i < n_positions * n_channels; i++) to[i] = narrowed(sums[i]);
    }
    return 0;
}
