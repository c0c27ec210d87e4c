"""Makes tests/goldens.json: figures of pystoi and scikit-image for signals that the tests make too.

    pip install numpy scipy pystoi scikit-image
    python goldens.py > goldens.json

The signals are syllables: harmonics of a gliding voice under an envelope, noise from a linear
congruential generator, and a crude denoiser's damage. Ten of them, at five rates.
"""
import json
import numpy as np
from pystoi import stoi
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

SECONDS = 3.0


def lcg(seed, n):
    state, out = seed, np.empty(n)
    for i in range(n):
        state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
        out[i] = (state >> 33) / 2**30 - 1.0
    return out


def signals(case, rate):
    n = int(SECONDS * rate)
    t = np.arange(n) / rate
    f0 = 100.0 + 15.0 * case
    phase = 2 * np.pi * (f0 * t + 3.0 * np.sin(2 * np.pi * 0.7 * t))
    syllable = np.maximum(0.0, np.sin(2 * np.pi * (2.0 + 0.2 * case) * t)) ** 2
    voice = sum(np.sin(k * phase) * (1.0 + 0.8 * np.sin(2 * np.pi * (1.3 * t + 0.17 * k))) / k for k in range(1, 16))
    clean = 0.1 * voice * syllable
    noisy = clean + 0.01 * (1 + case) * lcg(1 + case, n)
    if case % 2:
        noisy = noisy * (0.5 + 0.5 * syllable)
    # Both sides compute from 32-bit samples.
    return clean.astype("f4").astype("f8"), noisy.astype("f4").astype("f8")


def grey(clean, other):
    window = np.hanning(2049)[:-1]
    power = lambda x: np.abs(np.fft.rfft(np.lib.stride_tricks.sliding_window_view(x, 2048)[::512] * window)) ** 2
    c, o = power(clean), power(other)
    floor = c.max() * 1e-8
    return (10 * np.log10(np.maximum(p, floor) / floor) / 80 for p in (c, o))


cases = []
for case in range(10):
    rate = (10_000, 16_000, 22_050, 44_100, 48_000)[case % 5]
    clean, noisy = signals(case, rate)
    x, y = grey(clean, noisy)
    cases.append(dict(
        rate_hz=rate, stoi=stoi(clean, noisy, rate), estoi=stoi(clean, noisy, rate, extended=True),
        ssim=structural_similarity(x, y, data_range=1.0), psnr_db=peak_signal_noise_ratio(x, y, data_range=1.0),
        mse=np.mean((x - y) ** 2), mae=np.mean(np.abs(x - y)), lsd_db=np.sqrt((((x - y) * 80) ** 2).mean(1)).mean(),
        snr_db=10 * np.log10((clean @ clean) / ((clean - noisy) @ (clean - noisy)))))
print(json.dumps(cases, indent=1, default=float))
