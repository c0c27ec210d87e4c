"""What 'better' means.

A gain is real, so the loss needs only |noisy|, |wanted| and the cosine between them.
"""

import torch

from .geometry import N_BINS, N_SINGLE, N_WAVE_BINS, band_to_bin_matrix, speech_wave
from .loudness import Disturbance
from .mixer import Batch

EXPONENT = 0.3
MAGNITUDE_WEIGHT, COMPLEX_WEIGHT = 0.7, 0.3
#: Too little left weighs more than too much: eaten sound is what users complain about most.
OVER_SUPPRESSION = 2.0
#: Weight of the error-to-signal ratio in dB. The compressed loss hardly sees what strong bins lose,
#: which cost stationary noise its SI-SDR; for music it is the aim.
RATIO_WEIGHT, RATIO_WEIGHT_MUSIC = 0.1, 0.25
#: Weight of the opinion points lost (see `loudness`); speech only, and not where there is none.
OPINION_WEIGHT = 2.0
#: Speech below this mean power is none, full scale squared.
LEAST_POWER = 1e-9
#: An error this far below the sound is no error, dB.
RATIO_FLOOR_DB = -45.0

#: All single bins, every second one to 8 kHz, every eighth above: treble counts, but not per bin.
LOSS_BINS = torch.cat(
    [torch.arange(N_SINGLE), torch.arange(N_SINGLE, 320, 2), torch.arange(320, N_BINS, 8)]
)
#: Bins that each of them stands for.
LOSS_BIN_SHARE = torch.cat([torch.ones(N_SINGLE), torch.full((120,), 2.0), torch.full((81,), 8.0)])


class MaskLoss:
    """Loss of gains on bands against a batch."""

    def __init__(self, device: torch.device, opinion_weight: float = OPINION_WEIGHT):
        self.opinion_weight = opinion_weight
        self.bins = LOSS_BINS.to(device)
        self.share = LOSS_BIN_SHARE.to(device)
        self.disturbance = Disturbance(device)
        self.to_bins = band_to_bin_matrix(LOSS_BINS[N_SINGLE:]).to(device)
        self.to_wave_bins = band_to_bin_matrix(torch.arange(N_SINGLE, N_WAVE_BINS)).to(device)

    def __call__(self, gains: torch.Tensor, batch: Batch):
        """Mean over the items, and its parts by name for the log."""
        noisy, wanted = batch.noisy[..., self.bins], batch.wanted[..., self.bins]
        noisy_abs, wanted_abs = noisy.abs(), wanted.abs()
        dot = noisy.real * wanted.real + noisy.imag * wanted.imag
        opinion, has_speech = self._opinion(gains, batch)
        gains = torch.cat([gains[..., :N_SINGLE], gains @ self.to_bins], -1)

        compressed = self._compressed(gains, noisy_abs, wanted_abs, dot)
        ratio_db = self._ratio_db(gains, noisy_abs, wanted_abs, dot)
        weight = torch.where(batch.is_music, RATIO_WEIGHT_MUSIC, RATIO_WEIGHT)
        loss = (compressed + weight * (ratio_db - RATIO_FLOOR_DB) + self.opinion_weight * opinion).mean()
        return loss, dict(
            compressed=compressed.mean(), opinion=opinion[has_speech].mean(),
            speech_db=ratio_db[~batch.is_music].mean(), music_db=ratio_db[batch.is_music].mean(),
        )

    def _opinion(self, gains, batch: Batch):
        """Opinion points lost, per item, and where there is speech to have an opinion of."""
        wanted = batch.wanted[..., :N_WAVE_BINS]
        has_speech = ~batch.is_music & (wanted.abs().square().sum(-1).mean(1) > LEAST_POWER)
        gains = torch.cat([gains[..., :N_SINGLE], gains @ self.to_wave_bins], -1)
        out = gains * batch.noisy[..., :N_WAVE_BINS]
        waves = (speech_wave(spectra, batch.is_live) for spectra in (wanted, out))
        return torch.where(has_speech, self.disturbance(*waves), 0.0), has_speech

    def _compressed(self, gains, noisy_abs, wanted_abs, dot):
        """Squared error of compressed magnitudes and of compressed complex values, per item."""
        floor = 1e-5
        noisy_c, wanted_c = (noisy_abs + floor) ** EXPONENT, (wanted_abs + floor) ** EXPONENT
        cosine = dot / (noisy_abs * wanted_abs + floor**2)
        out_c = (gains + 1e-4) ** EXPONENT * noisy_c
        error = wanted_c - out_c
        magnitude = error**2 * torch.where(error > 0.0, OVER_SUPPRESSION, 1.0)
        complex_ = wanted_c**2 + out_c**2 - 2.0 * wanted_c * out_c * cosine
        scale = (wanted_c**2).mean((1, 2)) + 0.1 * (noisy_c**2).mean((1, 2))
        return (MAGNITUDE_WEIGHT * magnitude + COMPLEX_WEIGHT * complex_).mean((1, 2)) / scale

    def _ratio_db(self, gains, noisy_abs, wanted_abs, dot):
        """Power of the error over that of the wanted sound, per item."""
        error = wanted_abs**2 + (gains * noisy_abs) ** 2 - 2.0 * gains * dot
        error = (error.clamp_min(0.0) * self.share).sum((1, 2))
        sound = ((wanted_abs**2 + 0.01 * noisy_abs**2) * self.share).sum((1, 2))
        return (10.0 * torch.log10(error / sound + 1e-9)).clamp_min(RATIO_FLOOR_DB)
