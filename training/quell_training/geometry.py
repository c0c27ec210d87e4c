"""Frames, windows and bands: the contract that the plugin's core keeps too.

Power is 'per 25 Hz', so it does not depend on the sample rate: white noise of variance 1 reads
``10*log10(25 / rate_hz)`` dB. `crates/core/src/unet/bands.rs` computes the same band table.
"""

import functools
import itertools
import math

import torch

from . import native

RATE_HZ = 48_000
FRAME_LEN = 1920  # 40 ms
HOP_LEN = 480  # 10 ms
N_BINS = FRAME_LEN // 2 + 1
BIN_HZ = RATE_HZ / FRAME_LEN  # 25 Hz

N_BANDS = 128
N_SINGLE = 80  # bands that are one bin each: 0 to 1975 Hz
TOP_HZ = 24_000.0


def band_edges() -> list[int]:
    """First bin of every band, and one past the last: 80 single bins, then 48 equal steps on the
    ERB-number scale of Glasberg and Moore (1990) from 2 to 24 kHz, rounded to whole bins."""

    def erb_number(hz):
        return 21.4 * math.log10(1.0 + 0.00437 * hz)

    low, high = erb_number(N_SINGLE * BIN_HZ), erb_number(TOP_HZ)
    n_wide = N_BANDS - N_SINGLE
    edges = list(range(N_SINGLE))
    for step in range(n_wide + 1):
        erb = low + (high - low) * step / n_wide
        hz = (10.0 ** (erb / 21.4) - 1.0) / 0.00437
        edges.append(math.floor(hz / BIN_HZ + 0.5))
    edges[-1] = N_BINS
    return edges


def band_means(power: torch.Tensor) -> torch.Tensor:
    """Mean over the bins of each band, ``[..., 961] -> [..., 128]``."""
    if native.can_measure(power) and power.shape[-1] == N_BINS:
        return native.band_means(power, _native_edges(), N_SINGLE)
    widths = [end - start for start, end in itertools.pairwise(band_edges()[N_SINGLE:])]
    wide = [bins.mean(-1) for bins in power[..., N_SINGLE:].split(widths, dim=-1)]
    return torch.cat([power[..., :N_SINGLE], torch.stack(wide, -1)], dim=-1)


@functools.cache
def _native_edges() -> torch.Tensor:
    return torch.tensor(band_edges(), dtype=torch.int32)


def band_to_bin_matrix(bins: torch.Tensor) -> torch.Tensor:
    """``[128, len(bins)]``: gains of bands, interpolated linearly between band centres."""
    edges = torch.tensor(band_edges(), dtype=torch.float64)
    centres = (edges[:-1] + edges[1:] - 1.0) / 2.0
    above = torch.searchsorted(centres, bins.double()).clamp(1, N_BANDS - 1)
    below = above - 1
    share = ((bins - centres[below]) / (centres[above] - centres[below])).clamp(0.0, 1.0)
    matrix = torch.zeros(N_BANDS, len(bins), dtype=torch.float64)
    columns = torch.arange(len(bins))
    matrix[below, columns] = 1.0 - share
    matrix[above, columns] += share
    return matrix.float()


def hann_window() -> torch.Tensor:
    """Analysis window of the Standard and Studio modes."""
    return torch.hann_window(FRAME_LEN, periodic=True)


def live_window() -> torch.Tensor:
    """Asymmetric analysis window of the Live mode: a slow rise and a fall within one hop."""
    rise_len = FRAME_LEN - HOP_LEN
    rise = torch.sin(0.5 * math.pi * torch.arange(rise_len) / rise_len) ** 2
    fall = torch.cos(0.5 * math.pi * torch.arange(HOP_LEN) / HOP_LEN)
    return torch.cat([rise, fall])


def analysis_window(is_live: bool) -> torch.Tensor:
    """Analysis window of a mode."""
    return live_window() if is_live else hann_window()


def synthesis_window(is_live: bool) -> torch.Tensor:
    """What the output of each frame is weighted with, so that successive frames sum to the input."""
    analysis = analysis_window(is_live)
    if not is_live:
        return analysis / 1.5
    synthesis = torch.zeros_like(analysis)
    length = 2 * HOP_LEN
    product = torch.sin(math.pi * torch.arange(length) / length) ** 2
    synthesis[-length:] = product / analysis[-length:]
    return synthesis


def stft(samples: torch.Tensor, window: torch.Tensor) -> torch.Tensor:
    """``[..., n_samples] -> [..., n_frames, 961]``, scaled so that ``|X|^2`` is power per 25 Hz."""
    return torch.fft.rfft(samples.unfold(-1, FRAME_LEN, HOP_LEN) * (window * stft_scale(window)))


def stft_scale(window: torch.Tensor) -> float:
    """What `stft` multiplies a window with."""
    return math.sqrt(BIN_HZ / (RATE_HZ * float((window.double() ** 2).sum())))


def power_of(spectra: torch.Tensor) -> torch.Tensor:
    """``|X|^2``: power per 25 Hz."""
    if spectra.is_complex() and native.can_measure(spectra):
        return native.power(spectra)
    return spectra.real.square().addcmul_(spectra.imag, spectra.imag)


#: What `speech_wave` gives: 16 kHz, a third of the rate, so a third of the bins.
WAVE_RATE_HZ = 16_000
N_WAVE_BINS = FRAME_LEN // 6 + 1


def speech_wave(spectra: torch.Tensor, is_live: bool) -> torch.Tensor:
    """Sound at 16 kHz up to a factor, ``[B, T, 321] -> [B, (T - 3) * 160]``, put together as the plugin
    does."""
    return overlap_add(torch.fft.irfft(spectra, FRAME_LEN // 3) * _wave_window(is_live, spectra.device))


@functools.cache
def _wave_window(is_live: bool, device: torch.device) -> torch.Tensor:
    """Kept where it is needed: a step that is recorded on a GPU copies nothing there."""
    return synthesis_window(is_live)[::3].to(device)


def overlap_add(frames: torch.Tensor) -> torch.Tensor:
    """``[..., T, frame_len] -> [..., (T - 3) * hop_len]``, without the hops at both ends that lack
    neighbours."""
    n_overlaps = FRAME_LEN // HOP_LEN
    n_hops = frames.shape[-2] - n_overlaps + 1
    parts = frames.unflatten(-1, (n_overlaps, -1))
    first = n_overlaps - 1
    return sum(parts[..., first - i : first - i + n_hops, i, :] for i in range(n_overlaps)).flatten(-2)
