"""How disturbing a difference sounds: loudness by Zwicker's law in narrow bands, after the ideas of
ITU-T P.862 (PESQ), smooth enough to train on.

Not P.862 itself: bands and threshold of hearing are closed formulas, time is taken as aligned, which a
mask cannot disturb, nothing is cut into utterances, and less is forgiven. `tests/test_loudness.py`
holds it to what it must rank and to PESQ.
"""

import itertools
import math

import torch

RATE_HZ = 16_000
FRAME_LEN, HOP_LEN = 512, 256
BIN_HZ = RATE_HZ / FRAME_LEN
N_BARK_BANDS = 49
#: Bins 1 to 255; what lies outside is not listened to.
LOW_HZ, TOP_HZ = 0.5 * BIN_HZ, (FRAME_LEN // 2 - 0.5) * BIN_HZ
#: The wanted sound is brought to this level, dB SPL, by its power in the band that carries speech.
LISTENING_LEVEL_DB = 91.0
LEVEL_BAND_HZ = (350.0, 3250.0)
#: Rumble does not reach the ear through a telephone's earpiece: second-order high-pass.
HIGH_PASS_FEEDBACK = (1.0, -1.9444777, 0.94597794)
ZWICKER_EXPONENT = 0.23
#: Loudness of the reference tone (1 kHz at 40 dB) is 1 sone with this.
SONE_SCALE = 0.1866
#: Differences under this share of the softer of the two are masked.
MASKED_SHARE = 0.25
#: A lasting difference of colour is forgiven: band powers over the loud frames are compared with this
#: added, and the ratio cut to a range. P.862 forgives 20 dB, and a mask soon learns to mute whole bands
#: of speech in noise, which no listener would forgive: 3 dB here. Over denoised speech the correlation
#: with PESQ is then 0.94 instead of 0.98.
COLOUR_CALM, COLOUR_RANGE = 1e3, (0.5, 2.0)
#: A band counts for the colour where what is wanted is this factor over the threshold, in frames of this
#: power on.
CLEARLY_AUDIBLE, LOUD_FRAME = 100.0, 1e7
#: So is a change of level from frame to frame, smoothed over two frames; a fall by 2 dB, not by P.862's 7,
#: or faint syllables would be given up.
LEVEL_CALM, LEVEL_RANGE, LEVEL_MEMORY = 5e3, (3e-4, 1.6), 0.2
#: What was added is worse than what is missing: ratio of the powers to this exponent, cut to a range.
ADDED_EXPONENT, ADDED_RANGE = 1.2, (3.0, 12.0)
#: Power that keeps the ratio calm near silence, about 17 dB SPL.
ADDED_CALM = 50.0
FRAME_LIMIT = 45.0
#: Soft frames weigh a little more.
SOFT_EXPONENT, SOFT_CALM, SOFT_UNIT = 0.04, 1e5, 1e7
#: A bad syllable is heard: norm over this many frames, then root mean square over the whole.
SYLLABLE_FRAMES, SYLLABLE_NORM = 20, 6
#: Weights of the two disturbances on the scale of mean opinions.
SYMMETRIC_WEIGHT, ADDED_WEIGHT = 0.1, 0.0309
TINY = 1e-3


def bark(hz: float) -> float:
    """Critical-band rate (Schroeder's formula)."""
    return 7.0 * math.asinh(hz / 650.0)


def hearing_threshold_db(hz: float) -> float:
    """Least level that is heard, dB SPL: flat above 1 kHz, steep below."""
    return 17.5 * math.log2(1.0 + 560.0 / hz) - 4.5


def band_edges_hz() -> list[float]:
    """Edges of equally wide steps in Bark."""
    low, top = bark(LOW_HZ), bark(TOP_HZ)
    steps = [low + (top - low) * step / N_BARK_BANDS for step in range(N_BARK_BANDS + 1)]
    return [650.0 * math.sinh(step / 7.0) for step in steps]


class Disturbance:
    """Opinion points lost between two sounds of equal length at 16 kHz."""

    def __init__(self, device: torch.device):
        hz = torch.arange(1, FRAME_LEN // 2) * BIN_HZ
        edges = band_edges_hz()
        self.window = torch.hann_window(FRAME_LEN, device=device)
        self.carries_speech = ((hz >= LEVEL_BAND_HZ[0]) & (hz <= LEVEL_BAND_HZ[1])).float().to(device)
        self.to_bands = (_high_pass(hz)[:, None] * _overlaps(hz, edges)).to(device)
        centres = [math.sqrt(low * high) for low, high in itertools.pairwise(edges)]
        threshold_db = torch.tensor([hearing_threshold_db(hz) for hz in centres], device=device)
        self.threshold = 10.0 ** (threshold_db / 10.0)
        self.exponent = torch.tensor([_loudness_exponent(hz) for hz in centres], device=device)
        self.width_bark = (bark(TOP_HZ) - bark(LOW_HZ)) / N_BARK_BANDS

    def __call__(self, wanted: torch.Tensor, out: torch.Tensor) -> torch.Tensor:
        """``[B, n_samples]`` twice -> ``[B]``; 0 is no difference, 3 is bad."""
        return self.of_power(self.power(wanted), self.power(out))

    def of_power(self, wanted, out) -> torch.Tensor:
        """The same from the `power` of both."""
        wanted, out = self._heard(wanted, out)
        wanted = wanted * self._colour(wanted, out)
        out = out * self._level(wanted, out)
        symmetric, added = self._frames(wanted, out)
        soft = ((self._audible(wanted) + SOFT_CALM) / SOFT_UNIT) ** SOFT_EXPONENT
        symmetric, added = ((x / soft).clamp_max(FRAME_LIMIT) for x in (symmetric, added))
        return SYMMETRIC_WEIGHT * _over_time(symmetric) + ADDED_WEIGHT * _over_time(added)

    def _heard(self, wanted, out):
        """Band powers with the wanted sound at the level of listening, ``[B, n_frames, bands]``. P.862
        would bring both to that level; over files that is the same, and a mask would learn to fade."""
        level = (wanted @ self.carries_speech).mean(1).clamp_min(1e-20)
        scale = (10.0 ** (LISTENING_LEVEL_DB / 10.0) / level)[:, None, None]
        return (wanted @ self.to_bands) * scale, (out @ self.to_bands) * scale

    def power(self, samples):
        """Power of the bins between 0 Hz and Nyquist, ``[B, n_frames, 255]``."""
        spectra = torch.fft.rfft(samples.unfold(-1, FRAME_LEN, HOP_LEN) * self.window)[..., 1:-1]
        return spectra.real.square() + spectra.imag.square()

    def _audible(self, power):
        """Power of the bands that are heard, ``[B, n_frames]``."""
        return torch.where(power > self.threshold, power, 0.0).sum(-1)

    def _colour(self, wanted, out):
        """Lasting ratio of the two in each band, ``[B, 1, bands]``."""
        is_clear = (wanted > CLEARLY_AUDIBLE * self.threshold).float()
        is_loud = ((wanted * is_clear).sum(-1, keepdim=True) > LOUD_FRAME).float()
        counts = is_clear * is_loud
        mean_wanted, mean_out = ((x * counts).mean(1, keepdim=True) + COLOUR_CALM for x in (wanted, out))
        return (mean_out / mean_wanted).clamp(*COLOUR_RANGE)

    def _level(self, wanted, out):
        """Ratio of the two in each frame, ``[B, n_frames, 1]``."""
        ratio = (self._audible(wanted) + LEVEL_CALM) / (self._audible(out) + LEVEL_CALM)
        before = torch.cat([ratio[:, :1], ratio[:, :-1]], 1)
        return torch.lerp(ratio, before, LEVEL_MEMORY).clamp(*LEVEL_RANGE)[..., None]

    def _loudness(self, power):
        """Sones a Bark."""
        excess = (0.5 + 0.5 * power / self.threshold) ** self.exponent - 1.0
        return SONE_SCALE * (self.threshold / 0.5) ** self.exponent * excess.clamp_min(0.0)

    def _frames(self, wanted, out):
        """Disturbance of every frame, and that of what was added."""
        loud_wanted, loud_out = self._loudness(wanted), self._loudness(out)
        masked = MASKED_SHARE * torch.minimum(loud_wanted, loud_out)
        audible = ((loud_out - loud_wanted).abs() - masked).clamp_min(0.0) * self.width_bark
        n_bark = self.width_bark * N_BARK_BANDS
        symmetric = (audible.square().sum(-1) / n_bark + TINY**2).sqrt() * n_bark
        low, high = ADDED_RANGE
        ratio = ((out + ADDED_CALM) / (wanted + ADDED_CALM)) ** ADDED_EXPONENT
        factor = torch.where(ratio < low, 0.0, ratio.clamp_max(high))
        return symmetric, (audible * factor).sum(-1)


def _high_pass(hz) -> torch.Tensor:
    """Power gain of the second-order high-pass, per bin."""
    delay = torch.exp(-2j * math.pi * hz / RATE_HZ)
    a0, a1, a2 = HIGH_PASS_FEEDBACK
    return ((1.0 - delay) ** 2 / (a0 + a1 * delay + a2 * delay**2)).abs() ** 2


def _loudness_exponent(hz: float) -> float:
    """Zwicker's exponent, a little larger below 4 Bark."""
    return ZWICKER_EXPONENT * min(2.0, max(1.0, 6.0 / (bark(hz) + 2.0))) ** 0.15


def _overlaps(hz, edges) -> torch.Tensor:
    """``[n_bins, bands]``: part of each bin that lies in each band."""
    low, high = hz - BIN_HZ / 2.0, hz + BIN_HZ / 2.0
    columns = []
    for band_low, band_high in itertools.pairwise(edges):
        inside = torch.minimum(high, torch.tensor(band_high)) - torch.maximum(low, torch.tensor(band_low))
        columns.append(inside.clamp_min(0.0) / BIN_HZ)
    return torch.stack(columns, -1).float()


def _over_time(frames):
    """Syllables by a high norm, half overlapping, then root mean square."""
    length = min(SYLLABLE_FRAMES, frames.shape[1])
    syllables = frames.unfold(1, length, max(1, length // 2))
    worst = ((syllables + TINY) ** SYLLABLE_NORM).mean(-1) ** (1.0 / SYLLABLE_NORM)
    return (worst.square().mean(1) + TINY**2).sqrt()
