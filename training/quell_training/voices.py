"""Treble for voices that were recorded without: what lies below the end of a voice is copied upwards, with
its syllables."""

import torch

from . import noise
from .geometry import RATE_HZ

#: Both ends fade over this many samples, or the seam of a spectrum would sound like treble.
FADE_LEN = 240
STEP_HZ = 500.0
#: A voice has no treble where a step above this frequency lies so far below the band that carries its
#: consonants.
TREBLE_FROM_HZ, TREBLE_TO_HZ, MISSING_DB = 6_000.0, 11_000.0, 30.0
#: Or so far below its strongest step, where there are no consonants.
SILENT_DB = 65.0
CONSONANTS_HZ = (3_000.0, 6_000.0)
#: What is copied upwards: the band of this width below the end of the voice.
COPY_HZ = 3_000.0
TOP_HZ = 20_000.0


def with_treble(samples: torch.Tensor, draw: noise.Draw) -> torch.Tensor:
    """Rows of speech; those without treble get some."""
    fade = torch.linspace(0.0, 1.0, FADE_LEN, device=samples.device)
    samples = samples.clone()
    samples[:, :FADE_LEN] *= fade
    samples[:, -FADE_LEN:] *= fade.flip(0)
    n_samples = samples.shape[1]
    return torch.fft.irfft(_continued(torch.fft.rfft(samples), RATE_HZ / n_samples, draw), n_samples)


def end_hz(spectra: torch.Tensor, bin_hz: float, to_hz: float = TREBLE_TO_HZ) -> torch.Tensor:
    """Where each voice ends below `to_hz`; infinity for one that goes on."""
    power = spectra.real.square() + spectra.imag.square()
    n_step = round(STEP_HZ / bin_hz)
    steps = power[:, : power.shape[1] // n_step * n_step].unflatten(1, (-1, n_step)).mean(2)
    low, high = (round(hz / STEP_HZ) for hz in CONSONANTS_HZ)
    least = steps[:, low:high].mean(1) * 10.0 ** (-MISSING_DB / 10.0)
    least = torch.maximum(least, steps.amax(1) * 10.0 ** (-SILENT_DB / 10.0))
    from_step, to_step = round(TREBLE_FROM_HZ / STEP_HZ), round(to_hz / STEP_HZ)
    is_end = steps[:, from_step:to_step] < least[:, None]
    first = from_step + is_end.int().argmax(1)
    return torch.where(is_end.any(1), first * STEP_HZ, torch.inf)


def _continued(spectra: torch.Tensor, bin_hz: float, draw: noise.Draw) -> torch.Tensor:
    """Each voice above its end with copies of what lies below, each softer."""
    end = end_hz(spectra, bin_hz)
    n_copy = round(COPY_HZ / bin_hz)
    # The last step fades out already.
    first = ((end.nan_to_num(posinf=TREBLE_TO_HZ) - STEP_HZ - COPY_HZ) / bin_hz).round().long()[:, None]
    place = torch.arange(spectra.shape[1], device=spectra.device)
    source = (first + (place - first) % n_copy).clamp_max(spectra.shape[1] - 1)
    slope_db = draw.between(2.0, 8.0, len(spectra), 1)  # an octave
    fall_db = slope_db * torch.log2((place / (first + 0.5 * n_copy)).clamp_min(1.0))
    is_missing = (end[:, None] < torch.inf) & (place >= first + n_copy) & (place < round(TOP_HZ / bin_hz))
    return torch.where(is_missing, spectra.gather(1, source) * 10.0 ** (-fall_db / 20.0), spectra)
