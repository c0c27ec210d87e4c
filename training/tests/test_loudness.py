"""The disturbance must rank what a listener ranks."""

import pytest
import torch

from quell_training.geometry import hann_window, power_of, stft
from quell_training.loss import LOSS_BIN_SHARE, LOSS_BINS
from quell_training.loudness import Disturbance, hearing_threshold_db

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def sounds():
    """A voice-like sound of one and a half seconds, and noise as loud."""
    draw = torch.Generator().manual_seed(3)
    time_s = torch.arange(72_000) / 48_000
    syllables = torch.sin(2 * torch.pi * 3.0 * time_s).clamp_min(0.0)
    voice = sum(torch.sin(2 * torch.pi * 150.0 * k * time_s) / k for k in range(1, 30)) * syllables
    noise = torch.randn(72_000, generator=draw)
    return 0.1 * voice / voice.std(), 0.1 * noise / noise.std()


def lost(wanted, out) -> float:
    disturbance = Disturbance(LOSS_BINS, LOSS_BIN_SHARE, CPU)
    powers = (power_of(stft(x, hann_window()))[None][..., LOSS_BINS] for x in (wanted, out))
    return float(disturbance(*powers))


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
    voice, _ = sounds
    hum = 0.05 * torch.sin(2 * torch.pi * 2_000.0 * torch.arange(len(voice)) / 48_000)
    both = voice + hum
    assert lost(voice, both) > 1.3 * lost(both, voice)


def test_the_ear_is_keenest_at_three_kilohertz():
    keenest = min(range(100, 16_000, 100), key=hearing_threshold_db)
    assert 3_000 <= keenest <= 3_600


def test_a_gradient_is_finite_in_silence(sounds):
    disturbance = Disturbance(LOSS_BINS, LOSS_BIN_SHARE, CPU)
    out = torch.zeros(1, 50, len(LOSS_BINS), requires_grad=True)
    disturbance(torch.zeros(1, 50, len(LOSS_BINS)), out).sum().backward()
    assert torch.isfinite(out.grad).all()
