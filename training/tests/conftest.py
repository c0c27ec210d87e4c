"""Sounds and folders that several tests learn from."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from quell_training import corpus, geometry


def voice(n_samples: int, pitch_hz: float) -> np.ndarray:
    """Syllables of a harmonic tone."""
    time_s = np.arange(n_samples) / geometry.RATE_HZ
    tone = sum(np.sin(2 * np.pi * pitch_hz * k * time_s) / k for k in range(1, 20))
    return 0.1 * tone * np.clip(np.sin(2 * np.pi * 3.0 * time_s), 0.0, 1.0)


def clips_of(samples: np.ndarray) -> corpus.Clips:
    """One recording of some role."""
    as_int16 = torch.from_numpy((samples * 32767.0).astype(np.int16))
    return corpus.Clips(as_int16, torch.tensor([0]), torch.tensor([len(as_int16)]), [False])


@pytest.fixture(scope="session")
def data(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("data")
    draw = np.random.default_rng(1)
    n = 4 * geometry.RATE_HZ
    parts = dict(
        speech=[voice(n, hz) for hz in (110.0, 180.0, 240.0)],
        music=[voice(n, 330.0) + voice(n, 415.0)],
        noise=[0.1 * draw.standard_normal(n), 0.1 * np.cumsum(draw.standard_normal(n)) / 200.0],
        rir=[np.r_[1.0, np.zeros(99), 0.3]],
    )
    for role, recordings in parts.items():
        (root / role).mkdir()
        for i, samples in enumerate(recordings):
            soundfile.write(root / role / f"{i}.wav", samples, geometry.RATE_HZ)
    return root


@pytest.fixture(scope="session")
def clips(data) -> dict[str, corpus.Clips]:
    return corpus.load([data], data / "cache")
