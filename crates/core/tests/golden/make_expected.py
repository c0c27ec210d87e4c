#!/usr/bin/env python3
"""Write the expected outputs of the parity test with noisereduce 3.0.3.

    pip install numpy scipy noisereduce==3.0.3
    python make_expected.py

Inputs beside this script: NAME_RATE.i16 (noisy signal) and NAME_RATE_noise.i16 (noise alone), raw
little-endian 16-bit mono. Output: NAME_RATE_expected.f32, raw little-endian 32-bit float.

noisereduce clips levels that lie more than 80 dB under the loudest frame of the whole file. That
cannot be done while streaming, so the inputs carry noise in every bin, 30 dB or less under the
signal, and this script checks that the clipping changes no frame of them.
"""
import pathlib

import noisereduce
import numpy as np
from noisereduce.spectralgate.utils import _amp_to_db
from scipy.signal import stft

HERE = pathlib.Path(__file__).parent


def read(path):
    return np.fromfile(path, dtype="<i2").astype(np.float64) / 32768.0


def assert_clipping_is_idle(samples, frame_len, hop_len):
    _, _, spectrum = stft(samples, nperseg=frame_len, noverlap=frame_len - hop_len, padded=False)
    clipped = _amp_to_db(spectrum)
    plain = 20 * np.log10(np.abs(spectrum) + np.finfo(float).eps)
    assert np.array_equal(clipped, plain), "choose material that is nowhere 80 dB under its maximum"


def main():
    for source in sorted(HERE.glob("*.i16")):
        if source.stem.endswith("_noise"):
            continue
        rate = int(source.stem.rsplit("_", 1)[1])
        frame_len, hop_len = rate // 25, rate // 100
        noisy, noise = read(source), read(HERE / f"{source.stem}_noise.i16")
        for samples in (noisy, noise):
            assert_clipping_is_idle(samples, frame_len, hop_len)
        expected = noisereduce.reduce_noise(
            y=noisy, sr=rate, y_noise=noise, stationary=True, prop_decrease=1.0,
            n_std_thresh_stationary=1.5, n_fft=frame_len, win_length=frame_len, hop_length=hop_len,
            freq_mask_smooth_hz=500, time_mask_smooth_ms=40,
            # A whole number of hops, so that both cut the signal into the same frames.
            padding=60 * hop_len,
        )
        target = HERE / f"{source.stem}_expected.f32"
        expected.astype("<f4").tofile(target)
        print(target.name, len(expected), "samples")


if __name__ == "__main__":
    main()
