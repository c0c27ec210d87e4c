"""The disturbance must rank what a listener ranks, and agree with PESQ."""

import math
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr
import torch
from pesq import pesq

from quell_training.geometry import N_WAVE_BINS, RATE_HZ, WAVE_RATE_HZ, analysis_window, speech_wave, stft
from quell_training.loudness import Disturbance

CPU = torch.device("cpu")
DEMO = Path(__file__).parents[2] / "crates/cli/assets/fan_and_voice.flac"


@pytest.fixture(scope="module")
def sounds():
    """A voice-like sound of one and a half seconds, and noise as loud."""
    draw = torch.Generator().manual_seed(3)
    time_s = torch.arange(24_000) / WAVE_RATE_HZ
    syllables = torch.sin(2 * torch.pi * 3.0 * time_s).clamp_min(0.0)
    voice = sum(torch.sin(2 * torch.pi * 150.0 * k * time_s) / k for k in range(1, 30)) * syllables
    noise = torch.randn(24_000, generator=draw)
    return 0.1 * voice / voice.std(), 0.1 * noise / noise.std()


def lost(wanted, out) -> float:
    return float(Disturbance(CPU)(wanted[None], out[None]))


def test_no_difference_disturbs_nobody(sounds):
    assert lost(sounds[0], sounds[0]) < 0.05


def test_more_noise_disturbs_more(sounds):
    voice, noise = sounds
    points = [lost(voice, voice + gain * noise) for gain in (0.003, 0.03, 0.1, 0.3)]
    assert points == sorted(points) and points[-1] > 1.5 and points[0] < 0.5 * points[-1], points


def test_loud_and_soft_playback_are_the_same(sounds):
    voice, noise = sounds
    noisy = voice + 0.1 * noise
    assert abs(lost(voice, noisy) - lost(0.01 * voice, 0.01 * noisy)) < 0.02


def test_what_is_added_is_worse_than_what_is_missing(sounds):
    voice, noise = sounds
    both = voice + noise * (0.3 * voice.abs()).clamp_max(0.03)
    assert lost(voice, both) > 1.3 * lost(both, voice)


def test_a_lasting_colour_and_a_slow_swell_are_forgiven(sounds):
    voice, noise = sounds
    noisy = lost(voice, voice + 0.03 * noise)
    spectrum = torch.fft.rfft(voice)
    octaves = torch.log2(torch.linspace(100.0, 8_000.0, len(spectrum)) / 1_000.0)
    brighter = torch.fft.irfft(spectrum * 10.0 ** (octaves / 20.0), len(voice))
    swell = 1.0 + 0.3 * torch.sin(2 * torch.pi * torch.arange(len(voice)) / WAVE_RATE_HZ)
    assert lost(voice, brighter) < 0.3 * noisy
    assert lost(voice, voice * swell) < 0.3 * noisy


def test_a_muted_band_of_speech_is_not_forgiven(sounds):
    voice, _ = sounds
    spectrum = torch.fft.rfft(voice)
    hz = torch.linspace(0.0, 8_000.0, len(spectrum))
    muffled = torch.fft.irfft(torch.where(hz < 1_600.0, spectrum, 0.1 * spectrum), len(voice))
    assert lost(voice, muffled) > 1.5


def test_rumble_is_hardly_heard(sounds):
    voice, _ = sounds
    time_s = torch.arange(len(voice)) / WAVE_RATE_HZ
    low, middle = (lost(voice, voice + 0.02 * torch.sin(2 * torch.pi * hz * time_s)) for hz in (40.0, 2_000.0))
    assert low < 0.3 * middle


def test_the_estimate_and_pesq_agree():
    """On the voice of the demo, in noise from faint to a third of its strength."""
    clean, rate_hz = soundfile.read(DEMO, dtype="float32", always_2d=True)
    clean = soxr.resample(clean[2 * rate_hz :, 0], rate_hz, WAVE_RATE_HZ)
    noise = np.random.default_rng(5).standard_normal(len(clean)).astype(np.float32) * clean.std()
    for gain in (0.01, 0.03, 0.1, 0.3):
        noisy = clean + gain * noise
        opinion = pesq(WAVE_RATE_HZ, clean, noisy, "wb")
        # P.862.2's curve from the raw score to opinions, backwards.
        raw = (3.8224 - math.log(4.0 / (opinion - 0.999) - 1.0)) / 1.3669
        estimate = 4.5 - lost(torch.from_numpy(clean), torch.from_numpy(noisy))
        assert abs(estimate - raw) < 0.4, (gain, estimate, raw)


@pytest.mark.parametrize("is_live", [False, True])
def test_the_wave_is_that_of_the_spectra(is_live):
    """Frames taken apart and put together again are the sound, in each mode's windows."""
    n = RATE_HZ
    spectrum = torch.fft.rfft(torch.randn(n, generator=torch.Generator().manual_seed(4)))
    spectrum[n // 8 :] = 0.0  # nothing above 6 kHz, where the two ways to 16 kHz differ
    wave = speech_wave(stft(torch.fft.irfft(spectrum, n), analysis_window(is_live))[None, :, :N_WAVE_BINS], is_live)[0]
    sound = torch.fft.irfft(spectrum[: n // 6 + 1], n // 3)[480 : 480 + len(wave)]
    factor = (wave @ sound) / (sound @ sound)
    assert (wave - factor * sound).norm() < 1e-4 * wave.norm()


def test_a_gradient_is_finite_in_silence():
    out = torch.zeros(1, 8_000, requires_grad=True)
    Disturbance(CPU)(torch.zeros(1, 8_000), out).sum().backward()
    assert torch.isfinite(out.grad).all()
