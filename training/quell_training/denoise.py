"""A checkpoint as a denoiser of whole recordings, in float or in the run-time's 8 bits."""

from pathlib import Path

import torch

from . import features
from .geometry import (
    FRAME_LEN, HOP_LEN, N_BINS, band_means, band_to_bin_matrix, hann_window, overlap_add, power_of, stft, synthesis_window,
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
    return _synthesise(spectra * (gains @ band_to_bin_matrix(torch.arange(N_BINS))), n_samples)


def _padded(samples: torch.Tensor) -> torch.Tensor:
    n_frames = -(-len(samples) // HOP_LEN) + FRAME_LEN // HOP_LEN - 1
    before = FRAME_LEN - HOP_LEN
    after = FRAME_LEN + (n_frames - 1) * HOP_LEN - before - len(samples)
    return torch.nn.functional.pad(samples, (before, after))


def _synthesise(spectra: torch.Tensor, n_samples: int) -> torch.Tensor:
    """Overlap-add with a Hann window; undoes `stft`'s scale."""
    scale = float(stft(torch.ones(FRAME_LEN), torch.ones(FRAME_LEN))[0, 0].real) / FRAME_LEN
    scale *= (FRAME_LEN / float((hann_window().double() ** 2).sum())) ** 0.5
    frames = torch.fft.irfft(spectra, FRAME_LEN) * (synthesis_window(is_live=False) / scale)
    return overlap_add(frames)[:n_samples]
