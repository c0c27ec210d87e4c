"""What 'better' means.

A gain is real, so the loss needs only |noisy|, |wanted| and the cosine between them.
"""

from dataclasses import dataclass

import torch

from . import terms
from .clarity import Clarity
from .geometry import BIN_HZ, N_BINS, N_SINGLE, N_WAVE_BINS, band_means, band_to_bin_matrix, power_of, speech_wave
from .loudness import Disturbance
from .mixer import LOW_SNR_DB, Batch

EXPONENT = 0.3
MAGNITUDE_WEIGHT, COMPLEX_WEIGHT = 0.7, 0.3
#: Too little left weighs more than too much: eaten sound is what users complain about most.
OVER_SUPPRESSION = 2.0
#: Weight of the error-to-signal ratio in dB. The compressed loss hardly sees what strong bins lose,
#: which cost stationary noise its SI-SDR; for music it is the aim.
RATIO_WEIGHT, RATIO_WEIGHT_MUSIC = 0.1, 0.25
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
#: Treble: places among the bins of the loss from 8 to 16 kHz, in groups of 2 kHz.
TREBLE = ((LOSS_BINS >= 8_000 / BIN_HZ) & (LOSS_BINS < 16_000 / BIN_HZ)).nonzero()[:, 0]
TREBLE_GROUP = 10


@dataclass(frozen=True)
class Weights:
    """What the parts of the loss that can be left out weigh."""

    opinion: float = 2.0  # opinion points lost (`loudness`); speech only, and not where there is none
    clarity: float = 0.0  # envelopes that move otherwise (`clarity`); speech in loud noise only
    pause: float = 0.0  # noise left in pauses
    treble: float = 0.0  # what is missing from 8 to 16 kHz; speech only
    bins: float = 0.0  # complex error of each of the single bins by its own strength
    teacher: float = 0.0  # difference from a teacher (`lessons`) where it is nearer to the wanted sound


class MaskLoss:
    """Loss of gains on bands against a batch."""

    def __init__(self, device: torch.device, weights: Weights = Weights()):
        self.weights = weights
        self.clarity = Clarity(device)
        self.treble = TREBLE.to(device)
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
        opinion, unclear, has_speech = self._heard(gains, batch)
        taught = self._taught(gains, batch)
        gains = torch.cat([gains[..., :N_SINGLE], gains @ self.to_bins], -1)

        compressed = self._compressed(gains, noisy_abs, wanted_abs, dot)
        ratio_db = self._ratio_db(gains, noisy_abs, wanted_abs, dot)
        weight = torch.where(batch.is_music, RATIO_WEIGHT_MUSIC, RATIO_WEIGHT)
        extra = self._extra(gains, noisy_abs, wanted_abs, dot, unclear, has_speech) | taught
        parts = {name: part.nanmean() for name, part in extra.items()}
        extra = sum(getattr(self.weights, name) * part.nan_to_num() for name, part in extra.items())
        loss = (compressed + weight * (ratio_db - RATIO_FLOOR_DB) + self.weights.opinion * opinion + extra).mean()
        return loss, dict(
            compressed=compressed.mean(), opinion=_mean_of(opinion, has_speech),
            speech_db=_mean_of(ratio_db, ~batch.is_music), music_db=_mean_of(ratio_db, batch.is_music), **parts,
        )

    def _extra(self, gains, noisy_abs, wanted_abs, dot, unclear, has_speech):
        """The parts that weigh something, per item."""
        weights, parts = self.weights, {}
        if not (weights.clarity or weights.pause or weights.treble or weights.bins):
            return parts
        out, wanted, noisy = (gains * noisy_abs).square(), wanted_abs.square(), noisy_abs.square()
        powers = tuple(power * self.share for power in (out, wanted, noisy))
        if weights.clarity:
            is_hard = has_speech & (_snr_db(wanted, noisy, dot, self.share) < LOW_SNR_DB)
            parts["clarity"] = torch.where(is_hard, unclear, 0.0)
        if weights.pause:
            parts["pause"] = terms.left_in_pauses(*powers)
        if weights.treble:
            groups = (p[..., self.treble].unflatten(-1, (-1, TREBLE_GROUP)).sum(-1) for p in powers)
            parts["treble"] = torch.where(has_speech, terms.missing_treble(*groups), 0.0)
        if weights.bins:
            error = (wanted + out - 2.0 * gains * dot)[..., :N_SINGLE].clamp_min(0.0)
            parts["bins"] = terms.error_of_bins(error, wanted[..., :N_SINGLE])
        return parts

    def _taught(self, gains, batch: Batch):
        """Distance from a teacher, per item; no number where none was heard."""
        if not self.weights.teacher:
            return {}
        if batch.taught is None:
            return dict(teacher=gains.new_full((len(gains),), torch.nan))
        noisy, wanted = (band_means(power_of(spectra)).sqrt() for spectra in (batch.noisy, batch.wanted))
        return dict(teacher=terms.worth_learning(gains, batch.taught, noisy, wanted))

    def _heard(self, gains, batch: Batch):
        """Opinion points lost and lack of clarity, per item, and where there is speech to have an opinion of."""
        wanted = batch.wanted[..., :N_WAVE_BINS]
        has_speech = batch.is_speech & (power_of(wanted).sum(-1).mean(1) > LEAST_POWER)
        gains = torch.cat([gains[..., :N_SINGLE], gains @ self.to_wave_bins], -1)
        out = gains * batch.noisy[..., :N_WAVE_BINS]
        powers = [self.disturbance.power(speech_wave(spectra, batch.is_live)) for spectra in (wanted, out)]
        opinion = torch.where(has_speech, self.disturbance.of_power(*powers), 0.0)
        unclear = 1.0 - self.clarity(*powers) if self.weights.clarity else torch.zeros_like(opinion)
        return opinion, unclear, has_speech

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


def _mean_of(values, chosen):
    """Mean of the chosen ones, no number where none is; by a product, for a GPU would wait to count them."""
    return (values * chosen).sum() / chosen.sum()


def _snr_db(wanted, noisy, dot, share):
    """Power of the wanted sound over that of the rest, per item."""
    rest = (wanted + noisy - 2.0 * dot).clamp_min(0.0)
    wanted, rest = ((power * share).sum((1, 2)) + 1e-12 for power in (wanted, rest))
    return 10.0 * torch.log10(wanted / rest)
