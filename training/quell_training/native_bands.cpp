// Powers of spectra and their means over bands, in one pass each.

#include <algorithm>
#include <cstddef>

// |x|^2 of complex numbers, real and imaginary parts side by side.
extern "C" int power(const float *x, float *out, int n) {
    for (int i = 0; i < n; i++) out[i] = x[2 * i] * x[2 * i] + x[2 * i + 1] * x[2 * i + 1];
    return 0;
}

// Means of the rows between the edges of the bands; the first bands are a bin each.
extern "C" int band_means(const float *x, const int *edges, float *out, int n_rows, int n_bins, int n_bands, int n_single) {
    for (int r = 0; r < n_rows; r++) {
        const float *row = x + size_t(r) * n_bins;
        float *means = out + size_t(r) * n_bands;
        std::copy_n(row, n_single, means);
        for (int b = n_single; b < n_bands; b++) {
            float sum = 0.0f;
            for (int i = edges[b]; i < edges[b + 1]; i++) sum += row[i];
            means[b] = sum / (edges[b + 1] - edges[b]);
        }
    }
    return 0;
}
