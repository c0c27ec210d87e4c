"""How likely a place of a spectrogram is voice or a tone, by harmonicity and by onsets: `protect` tries them.

Made of the recording alone, and hearing at most 40 ms further than the frame. Frames are those of `spectra_of`;
likelihoods are ``[T, 961]``, from 0 to 1.
"""

import numpy as np
import torch

from .denoise import spectra_of
from .geometry import BIN_HZ, FRAME_LEN, HOP_LEN, N_BINS, RATE_HZ

#: Bands, Hz: rumble, then 300 Hz so that one holds a harmonic or more, then ever wider.
EDGES_HZ = np.r_[0, 100, np.arange(400, 4001, 300), 4000 * 6 ** (np.arange(1, 11) / 10)]
VOICE = slice(1, 18)  # 100 Hz to 8 kHz
HZ = np.arange(N_BINS) * BIN_HZ
PITCH_LEN, PITCH_FFT = 2880, 8192  # 60 ms, 10 ms further than the frame
LAGS = np.arange(RATE_HZ // 400, RATE_HZ // 70)


def band_of(hz):
    return np.minimum(np.searchsorted(EDGES_HZ, hz, side="right") - 1, len(EDGES_HZ) - 2)


class Recording:
    """Everything likelihoods are made of."""

    def __init__(self, samples: np.ndarray):
        self.spectra = spectra_of(torch.from_numpy(samples).float()).numpy()
        self.power = np.abs(self.spectra) ** 2
        self.level_db = 10 * np.log10(self.power + 1e-15)
        totals = np.add.reduceat(self.power, np.searchsorted(band_of(HZ), np.arange(len(EDGES_HZ) - 1)), 1)
        self.band_db = 10 * np.log10(totals / np.bincount(band_of(HZ)) + 1e-15)
        self.is_silent = self.power.sum(1) < 1e-10
        self.is_silent[: FRAME_LEN // HOP_LEN] = True  # these reach back before the recording
        self._pitch(samples)

    def _pitch(self, samples):
        """Greatest normalised autocorrelation of 300 Hz to 4 kHz (rumble looks periodic), and its lag."""
        n, window, hz = len(self.power), np.hanning(PITCH_LEN), np.arange(PITCH_FFT // 2 + 1) * RATE_HZ / PITCH_FFT
        padded = np.pad(samples, (FRAME_LEN, PITCH_LEN + FRAME_LEN))
        frames = np.lib.stride_tricks.sliding_window_view(padded, PITCH_LEN)[: n * HOP_LEN : HOP_LEN]
        power = (np.abs(np.fft.rfft(frames * window, PITCH_FFT)) ** 2).astype("f4")
        taper = np.fft.irfft(np.abs(np.fft.rfft(window, PITCH_FFT)) ** 2)[: LAGS[-1] + 1]
        alike = np.fft.irfft(power * ((hz > 300) & (hz < 4000)))[:, : LAGS[-1] + 1]
        alike = alike / (alike[:, :1] + 1e-9) / (taper / taper[0])
        self.lag = LAGS[(alike[:, LAGS] - 0.03 * np.log2(LAGS / LAGS[0])).argmax(1)]  # rather an octave up than down
        self.periodic = np.clip(alike[np.arange(n), self.lag], 0, 1)


def ramp(x, low: float, high: float):
    return np.clip((x - low) / (high - low), 0.0, 1.0)


def held(likelihood, ahead: int, release: int):
    """Opens `ahead` frames before and closes over `release` frames after."""
    n, out = len(likelihood), likelihood.copy()
    for step in range(1, ahead + 1):
        out[: n - step] = np.maximum(out[: n - step], likelihood[step:])
    for t in range(1, n):
        out[t] = np.maximum(out[t], out[t - 1] - 1.0 / release)
    return out


def past(x, frames: int, how):
    """`how` (as np.mean) over the `frames` frames before each."""
    padded = np.concatenate([np.repeat(x[:1], frames, 0), x])[:-1]
    return how(np.lib.stride_tricks.sliding_window_view(padded, frames, axis=0), axis=-1)


def comb(recording, low, high):
    """In a periodic frame, bins that lie 25 Hz or less from a harmonic."""
    f0 = RATE_HZ / recording.lag[:, None]
    distance_hz = np.abs(HZ - np.maximum(np.round(HZ / f0), 1) * f0)
    return ramp(recording.periodic, low, high)[:, None] * (distance_hz <= 25.0)


def tones(recording, low, high):
    """Peaks over the median of 500 Hz around that stay for 70 ms, unless they have hardly moved for two seconds."""
    around = np.lib.stride_tricks.sliding_window_view(np.pad(recording.level_db, ((0, 0), (10, 10)), "edge"), 21, axis=1)
    over_db = recording.level_db - np.median(around[..., ::2], -1)
    n, near = len(over_db), np.pad(over_db, ((0, 0), (1, 1)), "edge")
    near = np.maximum(np.maximum(near[:, :-2], near[:, 1:-1]), near[:, 2:])
    lasting = np.pad(near, ((2, 4), (0, 0)), "edge")
    lasting = np.min([lasting[step : step + n] for step in range(7)], 0)
    level_db = past(np.where(recording.is_silent[:, None], np.nan, recording.level_db), 8, np.mean)[::10]  # no number in silence
    spread_db = past(level_db, 20, np.fmax.reduce) - past(level_db, 20, np.fmin.reduce)
    return ramp(lasting, low, high) * np.repeat(spread_db > 6.0, 10, 0)[:n]


def rises(recording):
    """How far every band stands over its mean of 200 ms before, two frames left out, dB; nothing where digital
    silence is among these, which says nothing of the noise."""
    delayed_db, delayed = (np.concatenate([x[:1], x[:1], x[:-2]]) for x in (recording.band_db, recording.is_silent))
    return (recording.band_db - past(delayed_db, 20, np.mean)) * ~past(delayed, 20, np.any)[:, None]


def onset_events(recording, low, high, rumble=None):
    """For a second from where 30 % of the bands rise by 6 dB: all of a frame, by how far its bands of `VOICE` stand
    over the level before (dB, mean); below 100 Hz also by how far all of it stands over what was there (`rumble`)."""
    rise_db, widths = rises(recording), np.bincount(band_of(HZ))
    begins, before_db, age = (rise_db > 6.0).mean(1) > 0.3, recording.band_db[0], 101
    likelihood = np.zeros_like(rise_db)
    for t in range(len(rise_db)):
        if begins[t]:
            now_db = recording.band_db[t] - rise_db[t]
            before_db, age = (now_db if age > 100 else np.minimum(now_db, before_db)), 0
        age += 1
        if age <= 100:
            likelihood[t] = ramp((recording.band_db[t] - before_db)[VOICE].mean(), low, high)
            if rumble:
                whole_db = 10 * np.log10(10 ** (recording.band_db[t] / 10) @ widths)
                likelihood[t, 0] *= ramp(whole_db - before_db[0] - 10 * np.log10(widths[0]), *rumble)
    return held(likelihood, 4, 5)[:, band_of(HZ)]
