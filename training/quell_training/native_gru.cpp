// A GRU with its products by input and state, and a linear layer that is added to something else before
// a ReLU6, forward and backward, in single precision.
//
// Arrays are dense, [group][frame][row][...]: rows of a group go through time together, so that weights are
// read once for all of them. Gates stand in the order r, z, n, as in PyTorch; numbers of units and inputs
// are multiples of 16.

#include "native_product.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

namespace {

using product::add, product::columns_of, product::dense, product::Packed, product::rows_of;

constexpr float CEILING = 6.0f;
// Rows whose products are taken together where time does not matter.
constexpr int BLOCK_ROWS = 96;

inline float sigmoid(float x) { return 1.0f / (1.0f + std::exp(-x)); }
inline float tanh_of(float x) { return 2.0f / (1.0f + std::exp(-2.0f * x)) - 1.0f; }

struct Shape {
    int n_groups, n_frames, n_rows, n_in, n_hidden;
    int block_frames() const { return std::max(1, BLOCK_ROWS / n_rows); }
};

void fill_rows(const float *row, int width, int n_rows, float *out) {
    for (int r = 0; r < n_rows; r++) std::copy_n(row, width, out + size_t(r) * width);
}

void add_sums(const float *x, int n_rows, size_t row, int width, float *sums) {
    for (int r = 0; r < n_rows; r++)
        for (int c = 0; c < width; c++) sums[c] += x[r * row + c];
}

// One frame of one row: `inputs` and `recalled` are products by input and state, three gates each; `kept` are r,
// z, n and n's share of the state's product.
inline void unit_forward(
    const float *__restrict inputs, const float *__restrict recalled, const float *__restrict before, int n,
    float *__restrict kept, float *__restrict state) {
    for (int u = 0; u < 2 * n; u++) kept[u] = sigmoid(inputs[u] + recalled[u]);
    for (int u = 0; u < n; u++) kept[3 * n + u] = recalled[2 * n + u];
    for (int u = 0; u < n; u++) kept[2 * n + u] = tanh_of(inputs[2 * n + u] + kept[u] * recalled[2 * n + u]);
    for (int u = 0; u < n; u++) state[u] = kept[2 * n + u] + kept[n + u] * (before[u] - kept[2 * n + u]);
}

// `inner` gets the gradients of n's share of the input's product, of r, of z, and of n's share of the
// state's product: the first three are those of the input's product, the last three those of the state's.
inline void unit_backward(
    const float *__restrict gradient, const float *__restrict kept, const float *__restrict before, int n,
    float *__restrict flow, float *__restrict inner) {
    const float *r = kept, *z = kept + n, *c = kept + 2 * n, *q = kept + 3 * n;
    for (int u = 0; u < n; u++) {
        const float now = flow[u] + gradient[u];
        const float of_new = now * (1.0f - z[u]) * (1.0f - c[u] * c[u]);
        inner[u] = of_new;
        inner[n + u] = of_new * q[u] * r[u] * (1.0f - r[u]);
        inner[2 * n + u] = now * (before[u] - c[u]) * z[u] * (1.0f - z[u]);
        inner[3 * n + u] = of_new * r[u];
        flow[u] = now * z[u];
    }
}

// Rows of three gates in the order n, r, z instead of r, z, n.
std::vector<float> n_first(const float *weight, size_t width_of_gate) {
    std::vector<float> turned(weight + 2 * width_of_gate, weight + 3 * width_of_gate);
    turned.insert(turned.end(), weight, weight + 2 * width_of_gate);
    return turned;
}

}  // namespace

// `by_input` is [input][gate][unit], `by_state` is [unit][gate][unit]; `first` has a state for each row.
extern "C" int gru_forward(
    const float *x, const float *by_input, const float *input_bias, const float *by_state, const float *state_bias,
    const float *first, float *states, float *kept, int n_groups, int n_frames, int n_rows, int n_in, int n_hidden) {
    const Shape shape = {n_groups, n_frames, n_rows, n_in, n_hidden};
    const int n = n_hidden, n_block = shape.block_frames();
    const Packed input_weights(by_input, n_in, 3 * n), state_weights(by_state, n, 3 * n);
    std::vector<float> inputs(size_t(n_block) * n_rows * 3 * n), recalled(size_t(n_rows) * 3 * n);
    for (int group = 0; group < n_groups; group++) {
        const float *before = first + size_t(group) * n_rows * n;
        for (int begin = 0; begin < n_frames; begin += n_block) {
            const int end = std::min(begin + n_block, n_frames), n_own = (end - begin) * n_rows;
            const size_t row = (size_t(group) * n_frames + begin) * n_rows;
            fill_rows(input_bias, 3 * n, n_own, inputs.data());
            add(rows_of(x + row * n_in, n_in), n_own, n_in, input_weights.right(), 3 * n, inputs.data(), 3 * n);
            for (int t = begin; t < end; t++) {
                fill_rows(state_bias, 3 * n, n_rows, recalled.data());
                add(rows_of(before, n), n_rows, n, state_weights.right(), 3 * n, recalled.data(), 3 * n);
                const size_t in_block = size_t(t - begin) * n_rows, now = row + in_block;
                for (int r = 0; r < n_rows; r++)
                    unit_forward(
                        &inputs[(in_block + r) * 3 * n], &recalled[size_t(r) * 3 * n], before + size_t(r) * n, n,
                        kept + (now + r) * 4 * n, states + (now + r) * n);
                before = states + now * n;
            }
        }
    }
    return 0;
}

// `input_weight` and `state_weight` are [gate][unit][input or unit]. `of_x` and the gradients of the weights
// are added to; those of the weights are laid out like `by_input` and `by_state`, but that of the input's
// weight and bias have the gates in the order n, r, z.
extern "C" int gru_backward(
    const float *gradient, const float *x, const float *input_weight, const float *state_weight, const float *first,
    const float *states, const float *kept, float *of_x, float *of_input_weight, float *of_input_bias,
    float *of_state_weight, float *of_state_bias, float *of_first, int n_groups, int n_frames, int n_rows, int n_in,
    int n_hidden) {
    const Shape shape = {n_groups, n_frames, n_rows, n_in, n_hidden};
    const int n = n_hidden, n_block = shape.block_frames();
    const Packed input_weights(n_first(input_weight, size_t(n) * n_in).data(), 3 * n, n_in);
    const Packed state_weights(state_weight, 3 * n, n);
    std::vector<float> inner(size_t(n_block) * n_rows * 4 * n);
    for (int group = 0; group < n_groups; group++) {
        float *flow = of_first + size_t(group) * n_rows * n;
        const float *first_of_group = first + size_t(group) * n_rows * n;
        for (int end = n_frames; end > 0; end -= n_block) {
            const int begin = std::max(0, end - n_block), n_own = (end - begin) * n_rows;
            const size_t row = (size_t(group) * n_frames + begin) * n_rows;
            for (int t = end - 1; t >= begin; t--) {
                const size_t in_block = size_t(t - begin) * n_rows, now = row + in_block;
                const float *before = t > 0 ? states + (now - n_rows) * n : first_of_group;
                for (int r = 0; r < n_rows; r++)
                    unit_backward(
                        gradient + (now + r) * n, kept + (now + r) * 4 * n, before + size_t(r) * n, n, flow + size_t(r) * n,
                        &inner[(in_block + r) * 4 * n]);
                add(rows_of(&inner[in_block * 4 * n + n], 4 * n), n_rows, 3 * n, state_weights.right(), n, flow, n);
            }
            const float *of_input = inner.data(), *of_state = inner.data() + n;
            add(rows_of(of_input, 4 * n), n_own, 3 * n, input_weights.right(), n_in, of_x + row * n_in, n_in);
            add(columns_of(x + row * n_in, n_in), n_in, n_own, dense(of_input, 4 * n), 3 * n, of_input_weight, 3 * n);
            // The first frame of all has its state before it elsewhere.
            const int n_apart = begin > 0 ? 0 : n_rows;
            add(columns_of(first_of_group, n), n, n_apart, dense(of_state, 4 * n), 3 * n, of_state_weight, 3 * n);
            add(columns_of(states + (row + n_apart - n_rows) * n, n), n, n_own - n_apart,
                dense(of_state + size_t(n_apart) * 4 * n, 4 * n), 3 * n, of_state_weight, 3 * n);
            add_sums(of_input, n_own, 4 * n, 3 * n, of_input_bias);
            add_sums(of_state, n_own, 4 * n, 3 * n, of_state_bias);
        }
    }
    return 0;
}

// out = ReLU6 of x + y weight + bias; `weight` is [channel of y][channel of x]. Where there is no x it is zero.
extern "C" int added_forward(
    const float *x, const float *y, const float *weight, const float *bias, float *out, int n_rows, int n_in, int n_out) {
    const Packed packed(weight, n_in, n_out);
    for (int row = 0; row < n_rows; row += BLOCK_ROWS) {
        const int n_own = std::min(BLOCK_ROWS, n_rows - row);
        const size_t at = size_t(row) * n_out;
        float *to = out + at;
        fill_rows(bias, n_out, n_own, to);
        if (x)
            for (size_t i = 0; i < size_t(n_own) * n_out; i++) to[i] += x[at + i];
        add(rows_of(y + size_t(row) * n_in, n_in), n_own, n_in, packed.right(), n_out, to, n_out);
        for (size_t i = 0; i < size_t(n_own) * n_out; i++) to[i] = std::min(std::max(to[i], 0.0f), CEILING);
    }
    return 0;
}

// `weight` is [channel of x][channel of y]. `of_x` is written, `of_y` and the rest are added to.
extern "C" int added_backward(
    const float *gradient, const float *y, const float *weight, const float *out, float *of_x, float *of_y,
    float *of_weight, float *of_bias, int n_rows, int n_in, int n_out) {
    const Packed packed(weight, n_out, n_in);
    for (int row = 0; row < n_rows; row += BLOCK_ROWS) {
        const int n_own = std::min(BLOCK_ROWS, n_rows - row);
        const size_t at = size_t(row) * n_out;
        for (size_t i = at; i < at + size_t(n_own) * n_out; i++)
            of_x[i] = (out[i] > 0.0f) & (out[i] < CEILING) ? gradient[i] : 0.0f;
        add(rows_of(of_x + at, n_out), n_own, n_out, packed.right(), n_in, of_y + size_t(row) * n_in, n_in);
        add(columns_of(y + size_t(row) * n_in, n_in), n_in, n_own, dense(of_x + at, n_out), n_out, of_weight, n_out);
        add_sums(of_x + at, n_own, n_out, n_out, of_bias);
    }
    return 0;
}
