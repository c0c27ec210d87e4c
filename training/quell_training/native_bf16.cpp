// What PyTorch is slow at on a CPU: a GRU frame by frame, neighbours side by side, and normalisation with
// its ReLU6, each with its gradient. `native.py` builds and calls it; all of it exists in PyTorch too.
//
// Arrays are dense. Those of the GRU are floats, [frame][row][gate][unit] with the gates r, z, n; the
// others are bfloat16, channels last.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <vector>

namespace {

constexpr int LANES = 16;
typedef float Lanes __attribute__((vector_size(LANES * sizeof(float)), aligned(4)));

constexpr int TILE_ROWS = 4;

inline float sigmoid(float x) { return 1.0f / (1.0f + std::exp(-x)); }
inline float tanh_of(float x) { return 2.0f / (1.0f + std::exp(-2.0f * x)) - 1.0f; }

// Adds to a tile of `out`: out[row][column] += sum over k of in[row][k] * weight[k][column].
template <int ROWS, int VECTORS>
inline void tile(const float *in, int in_stride, const float *weight, int n_in, int n_out, float *out, int out_stride) {
    Lanes sums[ROWS][VECTORS];
    for (int row = 0; row < ROWS; row++)
        for (int v = 0; v < VECTORS; v++) sums[row][v] = *(const Lanes *)(out + row * out_stride + v * LANES);
    for (int k = 0; k < n_in; k++) {
        Lanes weights[VECTORS];
        for (int v = 0; v < VECTORS; v++) weights[v] = *(const Lanes *)(weight + k * n_out + v * LANES);
        for (int row = 0; row < ROWS; row++)
            for (int v = 0; v < VECTORS; v++) sums[row][v] += in[row * in_stride + k] * weights[v];
    }
    for (int row = 0; row < ROWS; row++)
        for (int v = 0; v < VECTORS; v++) *(Lanes *)(out + row * out_stride + v * LANES) = sums[row][v];
}

// Adds the product to `out`; n_out is a multiple of 32.
void add_product(const float *in, const float *weight, int n_rows, int n_in, int n_out, float *out) {
    for (int row = 0; row < n_rows; row += TILE_ROWS) {
        const int n_tile = std::min(TILE_ROWS, n_rows - row);
        for (int column = 0; column < n_out; column += 2 * LANES) {
            const float *from = in + row * n_in;
            float *to = out + row * n_out + column;
            if (n_tile == TILE_ROWS) {
                tile<TILE_ROWS, 2>(from, n_in, weight + column, n_in, n_out, to, n_out);
            } else {
                for (int i = 0; i < n_tile; i++)
                    tile<1, 2>(from + i * n_in, n_in, weight + column, n_in, n_out, to + i * n_out, n_out);
            }
        }
    }
}

// Rows do not know of each other: each thread takes its own. `work` gets the first, how many, and its number.
template <typename Work>
void over_rows(int n_rows, int n_threads, Work work) {
    const int share = ((n_rows + n_threads - 1) / n_threads + TILE_ROWS - 1) / TILE_ROWS * TILE_ROWS;
    const int n_shares = (n_rows + share - 1) / share;
#pragma omp parallel for num_threads(n_shares) schedule(static, 1)
    for (int i = 0; i < n_shares; i++) work(i * share, std::min(share, n_rows - i * share), i);
}

// ---- bfloat16 -----------------------------------------------------------------------------------

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
std::vector<double> joined(const std::vector<double> &sums) {
    std::vector<double> total(2 * CHANNELS);
    for (size_t i = 0; i < sums.size(); i++) total[i % (2 * CHANNELS)] += sums[i];
    return total;
}

template <int CHANNELS>
void norm_forward_of(
    const Half *x, const float *weight, const float *bias, float epsilon, Half *out, float *mean, float *variance,
    int n_rows, int n_threads) {
    std::vector<double> sums(size_t(2) * CHANNELS * n_threads);
    double *all = sums.data();
    over_rows(n_rows, n_threads, [=](int row, int n_own, int thread) {
        add_moments<CHANNELS>(x + size_t(row) * CHANNELS, n_own, all + size_t(2) * CHANNELS * thread);
    });
    const std::vector<double> total = joined<CHANNELS>(sums);
    float gain[CHANNELS], shift[CHANNELS];
    for (int c = 0; c < CHANNELS; c++) {
        const double m = total[c] / n_rows, v = std::max(total[CHANNELS + c] / n_rows - m * m, 0.0);
        mean[c] = m, variance[c] = v;
        gain[c] = weight[c] / std::sqrt(v + epsilon), shift[c] = bias[c] - gain[c] * m;
    }
    const float *g = gain, *s = shift;
    over_rows(n_rows, n_threads, [=](int row, int n_own, int) {
        write_normed<CHANNELS>(x + size_t(row) * CHANNELS, g, s, n_own, out + size_t(row) * CHANNELS);
    });
}

template <int CHANNELS>
void norm_backward_of(
    const Half *gradient, const Half *x, const Half *out, const float *weight, float epsilon, const float *mean,
    const float *variance, Half *of_x, float *of_weight, float *of_bias, int n_rows, int n_threads) {
    float scale[CHANNELS], shift[CHANNELS];
    for (int c = 0; c < CHANNELS; c++) {
        scale[c] = 1.0f / std::sqrt(variance[c] + epsilon);
        shift[c] = -mean[c] * scale[c];
    }
    const float *sc = scale, *sh = shift;
    std::vector<double> sums(size_t(2) * CHANNELS * n_threads);
    double *all = sums.data();
    over_rows(n_rows, n_threads, [=](int row, int n_own, int thread) {
        const size_t at = size_t(row) * CHANNELS;
        add_flows<CHANNELS>(gradient + at, x + at, out + at, sc, sh, n_own, all + size_t(2) * CHANNELS * thread);
    });
    const std::vector<double> total = joined<CHANNELS>(sums);
    // k (flow - mean flow - normed * mean (flow * normed)), as k flow + p x + q
    float k[CHANNELS], p[CHANNELS], q[CHANNELS];
    for (int c = 0; c < CHANNELS; c++) {
        of_bias[c] = total[c], of_weight[c] = total[CHANNELS + c];
        k[c] = weight[c] * scale[c];
        p[c] = -k[c] * scale[c] * (of_weight[c] / n_rows);
        q[c] = -k[c] * (of_bias[c] / n_rows) + p[c] * shift[c] / scale[c];
    }
    const float *pk = k, *pp = p, *pq = q;
    over_rows(n_rows, n_threads, [=](int row, int n_own, int) {
        const size_t at = size_t(row) * CHANNELS;
        write_flow<CHANNELS>(gradient + at, x + at, out + at, pk, pp, pq, n_own, of_x + at);
    });
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
    int n_rows, int n_channels, int n_threads) {
#define CALL(n) norm_forward_of<n>(x, weight, bias, epsilon, out, mean, variance, n_rows, n_threads)
    FOR_CHANNELS(CALL)
#undef CALL
}

extern "C" int norm_backward(
    const Half *gradient, const Half *x, const Half *out, const float *weight, const float *mean, const float *variance,
    Half *of_x, float *of_weight, float *of_bias, float epsilon, int n_rows, int n_channels, int n_threads) {
#define CALL(n) \
    norm_backward_of<n>(gradient, x, out, weight, epsilon, mean, variance, of_x, of_weight, of_bias, n_rows, n_threads)
    FOR_CHANNELS(CALL)
#undef CALL
}

// ---- Neighbours side by side: [frame][position][channel] to [frame][position / stride][tap][channel] ---

extern "C" int taps_forward(
    const Half *x, Half *out, int n_frames, int n_positions, int n_channels, int n_taps, int stride, int n_threads) {
    const int n_out = n_positions / stride, reach = n_taps / 2, width = n_taps * n_channels;
    over_rows(n_frames, n_threads, [=](int frame, int n_own, int) {
        for (int f = frame; f < frame + n_own; f++) {
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
    });
    return 0;
}

extern "C" int taps_backward(
    const Half *gradient, Half *of_x, int n_frames, int n_positions, int n_channels, int n_taps, int stride,
    int n_threads) {
    const int n_out = n_positions / stride, reach = n_taps / 2, width = n_taps * n_channels;
    over_rows(n_frames, n_threads, [=](int frame, int n_own, int) {
        std::vector<float> sums(size_t(n_positions) * n_channels);
        for (int f = frame; f < frame + n_own; f++) {
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
    });
    return 0;
}

// ---- The GRU ------------------------------------------------------------------------------------

extern "C" int scan_forward(
    const float *projected, const float *by_state, const float *bias, const float *first, float *states,
    float *gates, float *recalled, int n_frames, int n_rows, int n_hidden, int n_threads) {
    const int n = n_hidden;
    over_rows(n_rows, n_threads, [=](int row, int n_own, int) {
        std::vector<float> product(size_t(n_own) * 3 * n);
        const float *before = first + size_t(row) * n;
        for (int t = 0; t < n_frames; t++) {
            const size_t at = size_t(t) * n_rows + row;
            for (int i = 0; i < n_own; i++) std::memcpy(&product[size_t(i) * 3 * n], bias, 3 * n * sizeof(float));
            add_product(before, by_state, n_own, n, 3 * n, product.data());
            for (int i = 0; i < n_own; i++) {
                const float *x = projected + (at + i) * 3 * n, *p = &product[size_t(i) * 3 * n], *h = before + i * n;
                float *g = gates + (at + i) * 3 * n, *out = states + (at + i) * n, *q = recalled + (at + i) * n;
                for (int u = 0; u < 2 * n; u++) g[u] = sigmoid(x[u] + p[u]);
                for (int u = 0; u < n; u++) q[u] = p[2 * n + u];
                for (int u = 0; u < n; u++) g[2 * n + u] = tanh_of(x[2 * n + u] + g[u] * p[2 * n + u]);
                for (int u = 0; u < n; u++) out[u] = g[2 * n + u] + g[n + u] * (h[u] - g[2 * n + u]);
            }
            before = states + at * n;
        }
    });
    return 0;
}

// `flow` comes in as zeros and leaves as the gradient of the first state.
extern "C" int scan_backward(
    const float *gradient, const float *weight, const float *first, const float *states, const float *gates,
    const float *recalled, float *inner, float *of_projected, float *flow, int n_frames, int n_rows, int n_hidden,
    int n_threads) {
    const int n = n_hidden;
    over_rows(n_rows, n_threads, [=](int row, int n_own, int) {
        for (int t = n_frames - 1; t >= 0; t--) {
            const size_t at = size_t(t) * n_rows + row;
            const float *before = t > 0 ? states + (at - n_rows) * n : first + size_t(row) * n;
            for (int i = 0; i < n_own; i++) {
                const float *g = gates + (at + i) * 3 * n, *d = gradient + (at + i) * n, *h = before + i * n;
                const float *q = recalled + (at + i) * n, *r = g, *z = g + n, *c = g + 2 * n;
                float *in = inner + (at + i) * 3 * n, *of = of_projected + (at + i) * 3 * n, *f = flow + size_t(row + i) * n;
                for (int u = 0; u < n; u++) {
                    const float now = f[u] + d[u];
                    const float of_new = now * (1.0f - z[u]) * (1.0f - c[u] * c[u]);
                    in[u] = of[u] = of_new * q[u] * r[u] * (1.0f - r[u]);
                    in[n + u] = of[n + u] = now * (h[u] - c[u]) * z[u] * (1.0f - z[u]);
                    in[2 * n + u] = of_new * r[u];
                    of[2 * n + u] = of_new;
                    f[u] = now * z[u];
                }
            }
            add_product(inner + at * 3 * n, weight, n_own, 3 * n, n, flow + size_t(row) * n);
        }
    });
    return 0;
}
