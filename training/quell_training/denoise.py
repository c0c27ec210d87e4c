"""A checkpoint as a denoiser of whole recordings, in float or in the run-time's 8 bits."""

from pathlib import Path

import torch

from . import features
from .geometry import (
    FRAME_LEN, HOP_LEN, N_BINS, analysis_window, band_means, band_to_bin_matrix, hann_window, overlap_add, power_of, stft,
    stft_scale, synthesis_window,
)
from .mixer import captured_bands
from .quantise import load_float, load_quantised


class CheckpointDenoiser:
    """Runs as the plugin's Standard mode does: 40 ms Hann frames, 10 ms hops, no look-ahead."""

    def __init__(self, checkpoint: Path, is_quantised: bool = False):
        self.model = (load_quantised if is_quantised else load_float)(checkpoint)
        self.level = self.model.options.level

    @torch.no_grad()
    def __call__(self, noisy: torch.Tensor, noise: torch.Tensor | None, source: float) -> torch.Tensor:
        """Denoises 48 kHz samples; `noise` is the print where `source` is `CAPTURED`."""
        spectra = spectra_of(noisy)
        power = band_means(power_of(spectra))[None]
        if source == features.CAPTURED:
            profile = _captured(noise).expand_as(power)
        else:
            profile = features.running_minimum(power)
        inputs = features.network_input(power, profile, torch.tensor([source]), self.level)
        gains, _ = self.model(inputs)
        return with_gains(spectra, gains[0], len(noisy))


def _captured(noise: torch.Tensor) -> torch.Tensor:
    return captured_bands(power_of(stft(noise, hann_window())))


def spectra_of(samples: torch.Tensor) -> torch.Tensor:
    """All frames that hold a part of the samples, ``[T, 961]``."""
    return stft(_padded(samples), hann_window())


def with_gains(spectra: torch.Tensor, gains: torch.Tensor, n_samples: int) -> torch.Tensor:
    """Sound of such frames after ``[T, 128]`` gains."""
    return sound_of(spectra * (gains @ band_to_bin_matrix(torch.arange(N_BINS))))[:n_samples]


def _padded(samples: torch.Tensor) -> torch.Tensor:
    n_frames = -(-len(samples) // HOP_LEN) + FRAME_LEN // HOP_LEN - 1
    before = FRAME_LEN - HOP_LEN
    after = FRAME_LEN + (n_frames - 1) * HOP_LEN - before - len(samples)
    return torch.nn.functional.pad(samples, (before, after))


def sound_of(spectra: torch.Tensor, is_live: bool = False) -> torch.Tensor:
    """``[..., T, 961] -> [..., (T - 3) * 480]``, put together as the plugin does; undoes `stft`'s scale."""
    synthesis = synthesis_window(is_live) / stft_scale(analysis_window(is_live))
    return overlap_add(torch.fft.irfft(spectra, FRAME_LEN) * synthesis.to(spectra.device))
