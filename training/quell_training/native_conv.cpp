// A convolution over the bands with batch normalisation and ReLU6, forward and backward, in single precision,
// in as few passes over memory as there can be, for memory is what they wait for: what a convolution gives
// is kept as it is, and whoever reads it does its norm and its ReLU6 on the way. Gradients of it are those
// of what is read.
//
// Arrays are dense, [frame][position][channel]. The input may come in two parts whose channels stand side
// by side. Channels of the output, and of inputs with a norm or a gradient, are multiples of 8.

#include "native_product.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

namespace {

constexpr float CEILING = 6.0f;
constexpr int OCTET = product::HALF_PANEL;
typedef float Octet __attribute__((vector_size(OCTET * sizeof(float)), aligned(4)));

inline Octet &octet(float *at) { return *(Octet *)at; }
inline const Octet &octet(const float *at) { return *(const Octet *)at; }
inline Octet all(float x) { return x - Octet{}; }

// What is read of an array: its values as they are where there is no gain, else ReLU6 of gain x + shift.
// Gain and shift repeat every `period` values.
struct Source {
    const float *at, *gain, *shift;
    int n, period;

    // Values of one frame from `first` on.
    void read(size_t first, int n_values, float *out) const {
        if (!gain) {
            std::memcpy(out, at + first, n_values * sizeof(float));
            return;
        }
        for (int i = 0, c = first % period; i < n_values; i += OCTET, c = c + OCTET == period ? 0 : c + OCTET)
            octet(out + i) = limited(octet(at + first + i) * octet(gain + c) + octet(shift + c));
    }
    static Octet limited(Octet x) {
        x = x > all(0.0f) ? x : all(0.0f);
        return x < all(CEILING) ? x : all(CEILING);
    }
};

struct Shape {
    int n_frames, n_positions, n_first, n_second, n_taps, stride, n_out;
    int channels() const { return n_first + n_second; }
    int reach() const { return n_taps / 2; }
    int width() const { return n_taps * channels(); }
    int places() const { return n_positions / stride; }
    // Zeros between frames that stand one after the other, as whole strides: they end one and begin the next.
    int gap() const { return (reach() + stride - 1) / stride; }
    int pitch() const { return places() + gap(); }
    // Frames that are worked on together, so that they stay in the cache.
    int block() const { return std::max(1, 256 / places()); }
};

// Frames with zeros before, between and after, and the places of a convolution in them.
class Gathered {
  public:
    explicit Gathered(Shape shape) : shape(shape), values((shape.reach() + size_t(shape.block()) * shape.pitch() * shape.stride) * shape.channels()) {}

    void load(const Source &first, const Source &second, int frame, int n) {
        for (int i = 0; i < n; i++) {
            float *to = &values[(shape.reach() + size_t(i) * shape.pitch() * shape.stride) * shape.channels()];
            const size_t position = size_t(frame + i) * shape.n_positions;
            if (!second.at) {
                first.read(position * first.n, shape.n_positions * first.n, to);
                continue;
            }
            for (size_t p = position; p < position + shape.n_positions; p++, to += shape.channels()) {
                first.read(p * first.n, first.n, to);
                second.read(p * second.n, second.n, to + first.n);
            }
        }
    }
    // All neighbours of the first place of a frame; those of the next follow `step()` later.
    const float *frame(int i) const { return &values[size_t(i) * shape.pitch() * step()]; }
    size_t step() const { return size_t(shape.stride) * shape.channels(); }

  private:
    Shape shape;
    std::vector<float> values;
};

// Adds sum and sum of squares of each channel; single precision for a block, double for the whole.
void add_moments(const float *x, int n_rows, int n, double *sums) {
    for (int c = 0; c < n; c += OCTET) {
        Octet first = {}, second = {};
        for (int r = 0; r < n_rows; r++) {
            const Octet value = octet(x + size_t(r) * n + c);
            first += value, second += value * value;
        }
        for (int i = 0; i < OCTET; i++) sums[c + i] += first[i], sums[n + c + i] += second[i];
    }
}

inline Octet passed(Octet gradient, Octet normed) {
    return (normed > all(0.0f)) & (normed < all(CEILING)) ? gradient : all(0.0f);
}

// Adds the sum of the gradient that ReLU6 lets through, and of its product with the input.
void add_flows(
    const float *gradient, const float *y, const float *gains, const float *shifts, int n_rows, int n, double *sums) {
    for (int c = 0; c < n; c += OCTET) {
        const Octet gain = octet(gains + c), shift = octet(shifts + c);
        Octet first = {}, second = {};
        for (int r = 0; r < n_rows; r++) {
            const size_t at = size_t(r) * n + c;
            const Octet value = octet(y + at), flow = passed(octet(gradient + at), value * gain + shift);
            first += flow, second += flow * value;
        }
        for (int i = 0; i < OCTET; i++) sums[c + i] += first[i], sums[n + c + i] += second[i];
    }
}

// Gradient of the convolution's result: k flow + p y + q, which is
// gain (flow - mean flow - normed * mean (flow * normed)).
struct Flow {
    std::vector<float> k, p, q;
    // `sums` are those of `add_flows`; the gradients of the norm come along.
    Flow(const std::vector<double> &sums, const float *gain, const float *mean, const float *variance, float epsilon,
         int n_rows, int n, float *of_norm_weight, float *of_norm_bias)
        : k(gain, gain + n), p(n), q(n) {
        for (int c = 0; c < n; c++) {
            const double scale = 1.0 / std::sqrt(variance[c] + epsilon);
            of_norm_bias[c] = sums[c];
            of_norm_weight[c] = scale * (sums[n + c] - mean[c] * sums[c]);
            p[c] = -gain[c] * scale * (of_norm_weight[c] / n_rows);
            q[c] = -gain[c] * (sums[c] / n_rows) - p[c] * mean[c];
        }
    }
    void write(
        const float *gradient, const float *y, const float *gains, const float *shifts, int n_rows, int n, float *out) const {
        for (int c = 0; c < n; c += OCTET) {
            const Octet gain = octet(gains + c), shift = octet(shifts + c);
            const Octet own_k = octet(&k[c]), own_p = octet(&p[c]), own_q = octet(&q[c]);
            for (int r = 0; r < n_rows; r++) {
                const size_t at = size_t(r) * n + c;
                const Octet value = octet(y + at), flow = passed(octet(gradient + at), value * gain + shift);
                octet(out + at) = own_k * flow + own_p * value + own_q;
            }
        }
    }
};

// Gradient of one part of the input for one frame; `sums` is room for it with its neighbours.
void write_of_input(
    Shape shape, const float *flow, const float *weight, int first_channel, int n, std::vector<float> &sums, float *out) {
    std::fill(sums.begin(), sums.end(), 0.0f);
    for (int tap = 0; tap < shape.n_taps; tap++) {
        const product::Right right = product::dense(weight + tap * shape.channels() + first_channel, shape.width());
        product::add(
            product::rows_of(flow, shape.n_out), shape.places(), shape.n_out, right, n, &sums[size_t(tap) * n],
            size_t(shape.stride) * n);
    }
    std::copy_n(&sums[size_t(shape.reach()) * n], size_t(shape.n_positions) * n, out);
}

}  // namespace

// `weight` is [tap][channel of the input][channel of the output]. What is to be done to `y` where it is read is
// written to `gain` and `shift`.
extern "C" int conv_forward(
    const float *first, const float *first_gain, const float *first_shift, const float *second, const float *second_gain,
    const float *second_shift, const float *weight, const float *bias, const float *norm_weight, const float *norm_bias,
    float *y, float *gain, float *shift, float *mean, float *variance, float epsilon, int n_frames, int n_positions,
    int n_first, int first_period, int n_second, int second_period, int n_taps, int stride, int n_out) {
    const Shape shape = {n_frames, n_positions, n_first, n_second, n_taps, stride, n_out};
    const int places = shape.places(), n_rows = n_frames * places;
    const Source one = {first, first_gain, first_shift, n_first, first_period};
    const Source other = {second, second_gain, second_shift, n_second, second_period};
    Gathered gathered(shape);
    std::vector<double> sums(2 * n_out);
    for (int frame = 0; frame < n_frames; frame += shape.block()) {
        const int n = std::min(shape.block(), n_frames - frame);
        gathered.load(one, other, frame, n);
        for (int i = 0; i < n; i++) {
            float *to = y + size_t(frame + i) * places * n_out;
            for (int p = 0; p < places; p++) std::copy_n(bias, n_out, to + size_t(p) * n_out);
            const product::Left left = {gathered.frame(i), gathered.step(), 1};
            product::add(left, places, shape.width(), product::dense(weight, n_out), n_out, to, n_out);
            add_moments(to, places, n_out, sums.data());
        }
    }
    for (int c = 0; c < n_out; c++) {
        const double m = sums[c] / n_rows;
        mean[c] = m, variance[c] = std::max(sums[n_out + c] / n_rows - m * m, 0.0);
        gain[c] = norm_weight[c] / std::sqrt(variance[c] + epsilon), shift[c] = norm_bias[c] - gain[c] * mean[c];
    }
    return 0;
}

// `weight` is [channel of the output][tap][channel of the input], `of_weight` as in the forward pass. The
// gradients of the inputs may be null. That of the bias is zero: the norm takes it away.
extern "C" int conv_backward(
    const float *gradient, const float *first, const float *first_gain, const float *first_shift, const float *second,
    const float *second_gain, const float *second_shift, const float *weight, const float *y, const float *gain,
    const float *shift, const float *mean, const float *variance, float *of_first, float *of_second, float *of_weight,
    float *of_norm_weight, float *of_norm_bias, float epsilon, int n_frames, int n_positions, int n_first,
    int first_period, int n_second, int second_period, int n_taps, int stride, int n_out) {
    const Shape shape = {n_frames, n_positions, n_first, n_second, n_taps, stride, n_out};
    const int places = shape.places(), n_rows = n_frames * places;
    const Source one = {first, first_gain, first_shift, n_first, first_period};
    const Source other = {second, second_gain, second_shift, n_second, second_period};
    std::vector<double> sums(2 * n_out);
    for (int frame = 0; frame < n_frames; frame++) {
        const size_t at = size_t(frame) * places * n_out;
        add_flows(gradient + at, y + at, gain, shift, places, n_out, sums.data());
    }
    const Flow flow(sums, gain, mean, variance, epsilon, n_rows, n_out, of_norm_weight, of_norm_bias);
    Gathered gathered(shape);
    // Zeros follow each frame, as in `gathered`.
    std::vector<float> flows(size_t(shape.block()) * shape.pitch() * n_out);
    const size_t n_padded = n_positions + 2 * shape.reach() + stride;
    std::vector<float> room_first(n_padded * n_first), room_second(n_padded * n_second);
    std::fill_n(of_weight, size_t(shape.width()) * n_out, 0.0f);
    // From the end, which the sums have just been over.
    for (int end = n_frames; end > 0; end -= shape.block()) {
        const int frame = std::max(0, end - shape.block()), n = end - frame;
        gathered.load(one, other, frame, n);
        for (int i = 0; i < n; i++) {
            const size_t at = size_t(frame + i) * places * n_out, position = size_t(frame + i) * n_positions;
            float *own = &flows[size_t(i) * shape.pitch() * n_out];
            flow.write(gradient + at, y + at, gain, shift, places, n_out, own);
            if (of_first) write_of_input(shape, own, weight, 0, n_first, room_first, of_first + position * n_first);
            if (of_second) write_of_input(shape, own, weight, n_first, n_second, room_second, of_second + position * n_second);
        }
        // The zeros after the last frame are left out: there is nothing to read beside them.
        product::add(
            product::columns_of(gathered.frame(0), gathered.step()), shape.width(), n * shape.pitch() - shape.gap(),
            product::dense(flows.data(), n_out), n_out, of_weight, n_out);
    }
    return 0;
}

// What is read of `y`.
extern "C" int conv_read(const float *y, const float *gain, const float *shift, float *out, int n_rows, int n) {
    const Source source = {y, gain, shift, n, n};
    for (int r = 0; r < n_rows; r++) source.read(size_t(r) * n, n, out + size_t(r) * n);
    return 0;
}

// One number out of eight channels: their product with `weight`, and `bias`.
extern "C" int head_forward(
    const float *y, const float *gain, const float *shift, const float *weight, const float *bias, float *out, int n_rows) {
    const Source source = {y, gain, shift, OCTET, OCTET};
    for (int r = 0; r < n_rows; r++) {
        float x[OCTET];
        source.read(size_t(r) * OCTET, OCTET, x);
        float sum = bias[0];
        for (int c = 0; c < OCTET; c++) sum += x[c] * weight[c];
        out[r] = sum;
    }
    return 0;
}

extern "C" int head_backward(
    const float *gradient, const float *y, const float *gain, const float *shift, const float *weight, float *of_y,
    float *of_weight, float *of_bias, int n_rows) {
    const Source source = {y, gain, shift, OCTET, OCTET};
    double sums[OCTET + 1] = {};
    constexpr int BLOCK_ROWS = 256;
    for (int begin = 0; begin < n_rows; begin += BLOCK_ROWS) {
        Octet of_block = {};
        float of_rows = 0.0f;
        for (int r = begin; r < std::min(begin + BLOCK_ROWS, n_rows); r++) {
            float x[OCTET];
            source.read(size_t(r) * OCTET, OCTET, x);
            octet(of_y + size_t(r) * OCTET) = all(gradient[r]) * octet(weight);
            of_block += all(gradient[r]) * octet(x), of_rows += gradient[r];
        }
        for (int c = 0; c < OCTET; c++) sums[c] += of_block[c];
        sums[OCTET] += of_rows;
    }
    std::copy_n(sums, OCTET, of_weight), of_bias[0] = sums[OCTET];
    return 0;
}
