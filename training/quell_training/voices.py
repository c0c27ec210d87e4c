"""What is done to a voice to make another one of it.

All of it happens in one spectrum of the whole stretch: cut off or lengthened, it plays faster or slower
with no loss of treble, and a band copied upwards keeps its syllables.
"""

import math

import torch

from . import noise
from .geometry import HOP_LEN, RATE_HZ

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


def n_needed(n_samples: int, speed: float) -> int:
    """Samples that make `n_samples` at about this speed; whole hops, which transforms like."""
    return max(1, round(n_samples * speed / HOP_LEN)) * HOP_LEN


def changed(samples: torch.Tensor, n_samples: int, treble_draw: noise.Draw | None) -> torch.Tensor:
    """The stretch in `n_samples`; a voice without treble gets some if there is a `treble_draw`."""
    fade = torch.linspace(0.0, 1.0, FADE_LEN, device=samples.device)
    samples = samples.clone()
    samples[:FADE_LEN] *= fade
    samples[-FADE_LEN:] *= fade.flip(0)
    spectrum = torch.fft.rfft(samples)
    if treble_draw is not None:
        _add_treble(spectrum, RATE_HZ / len(samples), treble_draw)
    n_bins = n_samples // 2 + 1
    spectrum = torch.nn.functional.pad(spectrum[:n_bins], (0, max(0, n_bins - len(spectrum))))
    return torch.fft.irfft(spectrum, n_samples) * (n_samples / len(samples))


def end_hz(spectrum: torch.Tensor, bin_hz: float, to_hz: float = TREBLE_TO_HZ) -> float | None:
    """Where a voice ends below `to_hz`; nothing for one that goes on."""
    power = spectrum.real.square() + spectrum.imag.square()
    n_step = round(STEP_HZ / bin_hz)
    steps = power[: len(power) // n_step * n_step].view(-1, n_step).mean(1)
    low, high = (round(hz / STEP_HZ) for hz in CONSONANTS_HZ)
    least = steps[low:high].mean() * 10.0 ** (-MISSING_DB / 10.0)
    least = torch.maximum(least, steps.max() * 10.0 ** (-SILENT_DB / 10.0))
    for step in range(round(TREBLE_FROM_HZ / STEP_HZ), round(to_hz / STEP_HZ)):
        if steps[step] < least:
            return step * STEP_HZ
    return None


def _add_treble(spectrum: torch.Tensor, bin_hz: float, draw: noise.Draw) -> None:
    """Continues the voice above its end with copies of what lies below, each softer."""
    end = end_hz(spectrum, bin_hz)
    if end is None:
        return
    # The last step fades out already.
    first, n_copy = round((end - STEP_HZ - COPY_HZ) / bin_hz), round(COPY_HZ / bin_hz)
    source = spectrum[first : first + n_copy].clone()
    top = min(len(spectrum), round(TOP_HZ / bin_hz))
    slope_db = draw.scalar.uniform(2.0, 8.0)  # an octave
    for start in range(first + n_copy, top, n_copy):
        place = torch.arange(start, min(start + n_copy, top), device=spectrum.device)
        fall_db = slope_db * torch.log2(place / (first + 0.5 * n_copy))
        spectrum[place] = source[: len(place)] * 10.0 ** (-fall_db / 20.0)
