// A matrix product for small matrices that lie in the caches, in single precision: what every native part
// of the trainer is made of. Sums stay in registers, 16 columns (a panel) of a few rows at a time.

#pragma once

#include <cstddef>
#include <vector>

namespace product {

#if defined(__AVX512F__)
constexpr int LANES = 16, TILE_ROWS = 12;
#elif defined(__AVX__)
constexpr int LANES = 8, TILE_ROWS = 6;
#else
constexpr int LANES = 4, TILE_ROWS = 4;
#endif
constexpr int PANEL = 16, HALF_PANEL = 8;
constexpr int HALF_LANES = LANES < HALF_PANEL ? LANES : HALF_PANEL;
template <int N>
struct Vector {
    typedef float Of __attribute__((vector_size(N * sizeof(float)), aligned(4)));
};

// The left side: element (r, k) stands at r * row + k * step.
struct Left {
    const float *at;
    size_t row, step;
};

// The right side: columns of a panel side by side, rows `step` apart, panels `panel` apart.
struct Right {
    const float *at;
    size_t step, panel;
};

template <int N, int VECTORS, int ROWS>
inline void tile(Left left, int n_inner, const float *right, size_t right_step, float *out, size_t out_row) {
    typedef typename Vector<N>::Of Lanes;
    Lanes sums[ROWS][VECTORS];
#pragma GCC unroll 16
    for (int r = 0; r < ROWS; r++)
#pragma GCC unroll 4
        for (int v = 0; v < VECTORS; v++) sums[r][v] = *(const Lanes *)(out + r * out_row + v * N);
    for (int k = 0; k < n_inner; k++) {
        Lanes columns[VECTORS];
#pragma GCC unroll 4
        for (int v = 0; v < VECTORS; v++) columns[v] = *(const Lanes *)(right + v * N);
#pragma GCC unroll 16
        for (int r = 0; r < ROWS; r++)
#pragma GCC unroll 4
            for (int v = 0; v < VECTORS; v++) sums[r][v] += left.at[r * left.row] * columns[v];
        left.at += left.step, right += right_step;
    }
#pragma GCC unroll 16
    for (int r = 0; r < ROWS; r++)
#pragma GCC unroll 4
        for (int v = 0; v < VECTORS; v++) *(Lanes *)(out + r * out_row + v * N) = sums[r][v];
}

// What is left of the rows, fewer than a tile has.
template <int N, int VECTORS, int ROWS>
inline void rest(Left left, int n_rows, int n_inner, const float *right, size_t right_step, float *out, size_t out_row) {
    if constexpr (ROWS > 0) {
        if (n_rows == ROWS) tile<N, VECTORS, ROWS>(left, n_inner, right, right_step, out, out_row);
        else rest<N, VECTORS, ROWS - 1>(left, n_rows, n_inner, right, right_step, out, out_row);
    }
}

template <int N, int VECTORS, int ROWS>
void columns(Left left, int n_rows, int n_inner, const float *right, size_t right_step, float *out, size_t out_row) {
    for (; n_rows >= ROWS; n_rows -= ROWS, left.at += ROWS * left.row, out += ROWS * out_row)
        tile<N, VECTORS, ROWS>(left, n_inner, right, right_step, out, out_row);
    rest<N, VECTORS, ROWS - 1>(left, n_rows, n_inner, right, right_step, out, out_row);
}

// out[r][c] += sum over k of left(r, k) * right(k, c); n_columns is a multiple of 8.
inline void add(Left left, int n_rows, int n_inner, Right right, int n_columns, float *out, size_t out_row) {
    int c = 0;
    for (; c + PANEL <= n_columns; c += PANEL, right.at += right.panel)
        columns<LANES, PANEL / LANES, TILE_ROWS>(left, n_rows, n_inner, right.at, right.step, out + c, out_row);
    if (c < n_columns)
        columns<HALF_LANES, HALF_PANEL / HALF_LANES, 2 * TILE_ROWS>(left, n_rows, n_inner, right.at, right.step, out + c, out_row);
}

inline Left rows_of(const float *at, size_t width) { return {at, width, 1}; }
inline Left columns_of(const float *at, size_t width) { return {at, 1, width}; }
inline Right dense(const float *at, size_t width) { return {at, width, PANEL}; }

// A large matrix with its panels one after the other, so that it is read from end to end.
struct Packed {
    std::vector<float> values;
    size_t n_rows;
    Packed(const float *from, size_t rows, size_t width) : values(rows * width), n_rows(rows) {
        for (size_t r = 0; r < rows; r++)
            for (size_t c = 0; c < width; c++)
                values[c / PANEL * PANEL * rows + r * PANEL + c % PANEL] = from[r * width + c];
    }
    Right right() const { return {values.data(), PANEL, PANEL * n_rows}; }
};

}  // namespace product
