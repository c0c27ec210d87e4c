"""Mixtures on the fly, a batch at a time, on the device that trains.

Whatever is drawn is drawn for the whole batch, so that a GPU has few large things to do. Levels, slopes and band
limits are applied to spectra, which is linear and saves transforms.
"""

import math
from dataclasses import dataclass

import numpy as np
import torch

from . import features, noise
from .corpus import Clips
from .geometry import BIN_HZ, FRAME_LEN, HOP_LEN, N_BINS, RATE_HZ, analysis_window, band_means, power_of, stft
from .lessons import Lessons
from .recipe import SLOPE_DB, Recipe
from .sounds import Sounds, active_rms, longest_print

#: Below this speech is hard to follow.
LOW_SNR_DB = 8.0
#: Frames of a print that still overlap the mixture.
PRINT_OVERLAP = 4


@dataclass
class Batch:
    """One step's input and what the loss compares with."""

    inputs: torch.Tensor  # [B, T, 128, 5]
    noisy: torch.Tensor  # [B, T, 961] complex
    wanted: torch.Tensor  # [B, T, 961] complex
    is_music: torch.Tensor  # [B]; music may stand beside speech
    is_speech: torch.Tensor  # [B]
    is_live: bool  # seen through the Live mode's window
    taught: torch.Tensor | None = None  # [B, T, 128] a teacher's gains; negative where unknown

    def tensors(self) -> list[torch.Tensor]:
        return [x for x in vars(self).values() if isinstance(x, torch.Tensor)]


@dataclass
class Plan:
    """What each mixture is of."""

    is_music: np.ndarray
    is_beside: np.ndarray  # music beside speech
    floor_db: np.ndarray  # what lies so far below the wanted sound is a part of it; else not a number

    def __len__(self) -> int:
        return len(self.is_music)


class Mixer:
    """Draws batches; equal seeds and step numbers give equal batches."""

    def __init__(
        self, corpus: dict[str, Clips], recipe: Recipe, device: torch.device, seed: int, lessons: Lessons | None = None
    ):
        self.sounds = Sounds(corpus, recipe, device)
        self.recipe, self.device, self.seed, self.lessons = recipe, device, seed, lessons

    @torch.no_grad()
    def batch(self, step: int, n_items: int, n_frames: int) -> Batch:
        """The mixtures of one step."""
        draw = self.draw(step)
        plan = self._plan(n_items, draw)
        n_samples = FRAME_LEN + (n_frames - 1) * HOP_LEN
        is_live = bool(draw.chances(self.recipe.live_share, 1)[0])
        window = analysis_window(is_live).to(self.device)
        wanted = stft(self.sounds.wanted(plan.is_music, plan.is_beside, plan.floor_db, n_samples, draw), window)
        n_noise = n_samples + longest_print(self.recipe)
        unwanted = stft(self.sounds.unwanted(plan.is_music | plan.is_beside, n_noise, draw), window)
        gain_wanted, gain_unwanted = self._gains(power_of(wanted), power_of(unwanted), plan, draw)
        wanted, unwanted = wanted * gain_wanted[:, None], unwanted * gain_unwanted[:, None]
        noisy = wanted + unwanted[:, :n_frames]
        power = band_means(power_of(noisy))
        profile, source = self._profile(power, unwanted[:, n_frames + PRINT_OVERLAP :], plan, draw)
        inputs = features.network_input(power, profile, source, self.recipe.level)
        has_music, has_speech = (draw.placed(x, torch.bool) for x in (plan.is_music | plan.is_beside, ~plan.is_music))
        taught = self.lessons.get(self.seed, step) if self.lessons else None
        taught = taught if taught is None else taught.to(self.device)
        return Batch(inputs, noisy, wanted, has_music, has_speech, is_live, taught)

    def draw(self, step: int) -> noise.Draw:
        """The chance of one step."""
        return noise.Draw.seeded(self.seed * 1_000_003 + step, self.device)

    def _plan(self, n_items: int, draw: noise.Draw) -> Plan:
        recipe = self.recipe
        is_music = draw.chances(recipe.music_share, n_items)
        is_beside = ~is_music & draw.chances(recipe.beside_share, n_items)
        has_floor = ~is_music & draw.chances(recipe.floor_share, n_items)
        floor_db = np.where(has_floor, draw.numbers.uniform(*recipe.floor_db, n_items), np.nan)
        return Plan(is_music, is_beside, floor_db)

    # ---- 1. Spectra -----------------------------------------------------------------------------

    def _gains(self, wanted_power, unwanted_power, plan: Plan, draw: noise.Draw):
        """Everything that is done to the spectra, as one gain per item and bin for each part."""
        wanted_curve = self._curves(len(plan), self.recipe.speech_slope_db, draw)
        unwanted_curve = self._curves(len(plan), SLOPE_DB, draw)
        wanted_level = active_rms((wanted_power * wanted_curve[:, None] ** 2).mean(-1)).clamp_min(1e-6)
        mean_power = (unwanted_power.mean(1) * unwanted_curve**2).mean(-1)
        unwanted_level = mean_power.sqrt().clamp_min(1e-6)
        wanted_target, unwanted_target = (draw.placed(level) for level in self._levels(plan, draw))
        wanted_curve = wanted_curve * (wanted_target / wanted_level)[:, None]
        unwanted_curve = unwanted_curve * (unwanted_target / unwanted_level)[:, None]
        return self._band_limit(wanted_curve, unwanted_curve, draw)

    def _curves(self, n_items: int, slope_db: float, draw: noise.Draw):
        """A slope of some dB an octave and two resonances of up to 8 dB, per item."""
        octave = torch.log2((torch.arange(N_BINS, device=self.device) * BIN_HZ).clamp_min(50.0) / 1000.0)
        curve_db = draw.spread(slope_db, n_items, 1) * octave
        for _ in range(2):
            centre, width = draw.between(-4.0, 4.0, n_items, 1), draw.between(0.3, 1.5, n_items, 1)
            curve_db = curve_db + draw.spread(3.0, n_items, 1) * torch.exp(-(((octave - centre) / width) ** 2))
        return 10.0 ** (curve_db.clamp(-20.0, 20.0) / 20.0)

    def _levels(self, plan: Plan, draw: noise.Draw) -> tuple[np.ndarray, np.ndarray]:
        """Root mean square of the wanted sound and of the noise, in units of the spectra."""
        recipe, n_items = self.recipe, len(plan)
        level_db = draw.numbers.uniform(*recipe.level_db, n_items) + 10.0 * math.log10(BIN_HZ / RATE_HZ)
        has_floor = np.isfinite(plan.floor_db)
        chance = draw.numbers.random(n_items)
        is_clean = chance < recipe.clean_share
        is_noise_only = ~is_clean & (chance < recipe.clean_share + recipe.noise_only_share) & ~has_floor
        # A clean recording still has the floor of its converter.
        snr_db = np.where(is_clean, draw.numbers.uniform(50.0, 90.0, n_items), self._snr_db(plan, draw))
        snr_db = np.where(has_floor, plan.floor_db + draw.numbers.uniform(20.0, 40.0, n_items), snr_db)
        wanted = np.where(is_noise_only, 0.0, 10.0 ** (level_db / 20.0))
        return wanted, 10.0 ** ((level_db - snr_db) / 20.0)

    def _snr_db(self, plan: Plan, draw: noise.Draw) -> np.ndarray:
        recipe, n_items = self.recipe, len(plan)
        low_db, high_db = (np.full(n_items, end) for end in recipe.speech_snr_db)
        if recipe.low_snr_share > 0.0:
            is_low = draw.chances(recipe.low_snr_share, n_items)
            low_db, high_db = np.where(is_low, low_db, LOW_SNR_DB), np.where(is_low, LOW_SNR_DB, high_db)
        of_music = draw.numbers.uniform(*recipe.music_snr_db, n_items)
        return np.where(plan.is_music, of_music, draw.numbers.uniform(low_db, high_db))

    def _band_limit(self, wanted, unwanted, draw: noise.Draw):
        """A low-pass on half of the items, on the sound or on the mixture, or the network learns
        that what has no treble is clean."""
        n_items = len(wanted)
        hz = (torch.arange(N_BINS, device=self.device) * BIN_HZ).clamp_min(1.0)
        is_limited = draw.chances(self.recipe.low_pass_share, n_items)
        cut_hz, slope_db = draw.between_by_octave(3_400.0, 22_000.0, n_items, 1), draw.between(30.0, 200.0, n_items, 1)
        gain = 10.0 ** (-slope_db * torch.log2(hz / cut_hz).clamp_min(0.0) / 20.0)
        of_mixture = is_limited & draw.chances(0.6, n_items)
        limited = (torch.where(draw.placed(x, torch.bool)[:, None], gain, 1.0) for x in (is_limited, of_mixture))
        return tuple(curve * factor for curve, factor in zip((wanted, unwanted), limited))

    # ---- 2. Profile -----------------------------------------------------------------------------

    def _profile(self, power, print_frames, plan: Plan, draw: noise.Draw):
        """Noise power per band and frame, and where it comes from, for each item."""
        recipe, n_items = self.recipe, len(plan)
        chance = draw.numbers.random(n_items)
        # Who captures the floor wants it gone, so there is no print of one that is to stay.
        is_captured = (chance < recipe.captured_share) & ~np.isfinite(plan.floor_db)
        past = chance - recipe.captured_share
        is_absent = ~is_captured & (past >= 0.0) & (past < recipe.absent_share)
        is_told_as_print = ~is_captured & ~is_absent & draw.chances(recipe.followed_share, n_items)
        source = np.where(is_captured | is_told_as_print, features.CAPTURED, features.MINIMUM)
        source = draw.placed(np.where(is_absent, features.ABSENT, source))
        captured = self._captured(print_frames, draw)[:, None]
        followed = features.running_minimum(power)
        return torch.where(draw.placed(is_captured, torch.bool)[:, None, None], captured, followed), source

    def _captured(self, frames, draw: noise.Draw):
        """A print for each item, some of them of another item's noise or too high or too low."""
        recipe, n_items, n_usable = self.recipe, len(frames), frames.shape[1]
        n_heard = (draw.numbers.uniform(*recipe.profile_s, n_items) * 100.0).round().clip(1, n_usable)
        is_heard = torch.arange(n_usable, device=self.device) >= n_usable - draw.placed(n_heard)[:, None]
        captured = captured_bands(power_of(frames), is_heard)
        is_wrong = draw.chances(recipe.profile_wrong_share, n_items)
        captured = captured[draw.placed((np.arange(n_items) + is_wrong) % n_items, torch.int64)]
        is_off = draw.chances(recipe.profile_off_share, n_items)
        off_db = np.where(is_off, draw.numbers.uniform(-6.0, 6.0, n_items), 0.0)
        return captured * 10.0 ** (draw.placed(off_db)[:, None] / 10.0)


def captured_bands(power: torch.Tensor, is_heard: torch.Tensor | None = None) -> torch.Tensor:
    """Noise power per band from the frames of prints, ``[..., T, 961] -> [..., 128]``: the mean level of each
    bin over the frames that were heard, as the plugin stores it, back to power, then the mean over the band."""
    level_db = features.to_db(power)
    if is_heard is None:
        mean_db = level_db.mean(-2)
    else:
        share = is_heard / is_heard.sum(-1, keepdim=True)
        mean_db = torch.einsum("...t,...tf->...f", share, level_db)
    return band_means(10.0 ** ((mean_db + features.GAUSSIAN_LOG_BIAS_DB) / 10.0))
