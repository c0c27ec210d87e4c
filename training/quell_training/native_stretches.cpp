// Stretches of recordings at any speed, forwards or backwards; what is too short repeats.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace {

// Neighbours on each side of a place that its value is put together of, by a windowed sinc.
constexpr int REACH = 8, N_TAPS = 2 * REACH;
// Places between two samples that weights are kept for; straight lines between them are off by a millionth.
constexpr int N_PHASES = 1024;

using Taps = std::array<float, N_TAPS>;

Taps weights_at(double share) {
    Taps weights;
    for (int tap = 0; tap < N_TAPS; tap++) {
        const double away = share - (tap + 1 - REACH);
        const double sinc = std::abs(away) < 1e-9 ? 1.0 : std::sin(M_PI * away) / (M_PI * away);
        const double fade = std::cos(away * M_PI / N_TAPS);
        weights[tap] = sinc * fade * fade;
    }
    return weights;
}

std::vector<Taps> all_weights() {
    std::vector<Taps> weights;
    for (int phase = 0; phase <= N_PHASES + 1; phase++) weights.push_back(weights_at(double(phase) / N_PHASES));
    return weights;
}

float fine(const float *around, float share) {
    static const std::vector<Taps> weights = all_weights();
    const int phase = share * N_PHASES;
    const float past = share * N_PHASES - phase;
    const float *low = weights[phase].data(), *high = weights[phase + 1].data();
    float sum = 0.0f;
    for (int tap = 0; tap < N_TAPS; tap++) sum += around[tap] * (low[tap] + past * (high[tap] - low[tap]));
    return sum;
}

// `n` samples of a clip that repeats, from any place on.
void unrolled(const int16_t *clip, int64_t n_clip, int64_t from, size_t n, std::vector<float> &out) {
    out.resize(n);
    int64_t at = (from % n_clip + n_clip) % n_clip;
    for (size_t i = 0; i < n;) {
        const size_t n_run = std::min<size_t>(n - i, n_clip - at);
        for (size_t k = 0; k < n_run; k++) out[i + k] = clip[at + k] * (1.0f / 32768.0f);
        i += n_run, at = 0;
    }
}

}  // namespace

// Rows of `n_samples`, one for each of the clips that `first` and `length` name. `reach` is 0 where nothing is
// played at another speed (`speed` may be missing then), 1 for straight lines between samples, 8 for a voice.
extern "C" int stretches_cut(
    const int16_t *samples, const int64_t *first, const int64_t *length, const int64_t *start, const double *speed,
    const bool *is_backwards, float *out, int n_rows, int n_samples, int reach
) {
    if (reach != 0 && reach != 1 && reach != REACH) return 1;
    const int before = reach == REACH ? REACH - 1 : 0;
    std::vector<float> sound;
    for (int r = 0; r < n_rows; r++) {
        const double rate = reach ? speed[r] : 1.0;
        const size_t n_heard = size_t((n_samples - 1) * rate) + 1 + before + reach;
        unrolled(samples + first[r], length[r], start[r] - before, n_heard, sound);
        const bool turned = is_backwards && is_backwards[r];
        float *row = out + size_t(r) * n_samples + (turned ? n_samples - 1 : 0);
        const ptrdiff_t step = turned ? -1 : 1;
        for (int i = 0; i < n_samples; i++) {
            // In double precision, or a place a few seconds in would be wrong by a tenth of a sample.
            const double place = i * rate;
            const size_t below = place;
            const float share = place - below, *at = sound.data() + below;
            row[i * step] = reach == REACH ? fine(at, share) : reach ? at[0] + share * (at[1] - at[0]) : at[0];
        }
    }
    return 0;
}
