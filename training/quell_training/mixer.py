"""Mixtures on the fly, a batch at a time, on the device that trains.

Speech takes any noise; **music takes stationary noise only**, or the network learns to eat music.
Levels, slopes and band limits are applied to spectra, which is linear and saves transforms.
"""

import math
import random
from dataclasses import dataclass

import torch

from . import features, noise
from .corpus import Clips
from .geometry import (
    BIN_HZ, FRAME_LEN, HOP_LEN, N_BINS, RATE_HZ, analysis_window, band_means, power_of, stft,
)


@dataclass(frozen=True)
class Recipe:
    """Shares and ranges of the mixtures."""

    music_share: float = 0.2
    clean_share: float = 0.08
    noise_only_share: float = 0.05
    generated_share_speech: float = 0.35
    generated_share_music: float = 0.75
    speech_snr_db: tuple[float, float] = (-5.0, 25.0)
    music_snr_db: tuple[float, float] = (0.0, 40.0)
    level_db: tuple[float, float] = (-45.0, -15.0)  # RMS of the wanted sound, dBFS
    room_share: float = 0.25
    pause_share: float = 0.4
    second_noise_share: float = 0.2
    babble_share: float = 0.06  # of the noises under speech: other voices
    noise_backwards_share: float = 0.5
    noise_speed: tuple[float, float] = (0.75, 1.33)
    low_pass_share: float = 0.5
    live_share: float = 0.25  # batches seen through the Live mode's window
    captured_share: float = 0.45
    absent_share: float = 0.2  # the rest has a running minimum
    profile_s: tuple[float, float] = (0.3, 2.0)
    profile_off_share: float = 0.10  # captured up to 6 dB too high or too low
    profile_wrong_share: float = 0.05  # captured from some other noise
    music_rule: bool = True  # off only for the ablation that shows why it is on
    level: str = features.ABSOLUTE  # what the levels that the network sees are relative to


@dataclass
class Batch:
    """One step's input and what the loss compares with."""

    inputs: torch.Tensor  # [B, T, 128, 5]
    noisy: torch.Tensor  # [B, T, 961] complex
    wanted: torch.Tensor  # [B, T, 961] complex
    is_music: torch.Tensor  # [B]
    is_live: bool  # seen through the Live mode's window


class Mixer:
    """Draws batches; equal seeds and step numbers give equal batches."""

    def __init__(self, corpus: dict[str, Clips], recipe: Recipe, device: torch.device, seed: int):
        self.corpus = {role: clips.to(device) for role, clips in corpus.items()}
        self.recipe, self.device, self.seed = recipe, device, seed
        self.shares = {role: clips.length.sqrt().tolist() for role, clips in corpus.items()}
        self.steady = [i for i, steady in enumerate(corpus["noise"].is_stationary) if steady]

    @torch.no_grad()
    def batch(self, step: int, n_items: int, n_frames: int) -> Batch:
        """The mixtures of one step."""
        draw = self._draw(step)
        n_samples = FRAME_LEN + (n_frames - 1) * HOP_LEN
        is_music = torch.tensor([draw.scalar.random() < self.recipe.music_share for _ in range(n_items)])
        items = [self._item(bool(m), n_samples, draw) for m in is_music]
        is_live = draw.scalar.random() < self.recipe.live_share
        window = analysis_window(is_live).to(self.device)
        wanted = stft(torch.stack([item[0] for item in items]), window)
        unwanted = stft(torch.stack([item[1] for item in items]), window)
        gain_wanted, gain_unwanted = self._gains(power_of(wanted), power_of(unwanted), is_music, draw)
        wanted, unwanted = wanted * gain_wanted[:, None], unwanted * gain_unwanted[:, None]
        noisy = wanted + unwanted[:, :n_frames]
        power = band_means(power_of(noisy))
        profile, source = self._profile(power, unwanted[:, n_frames:], draw)
        inputs = features.network_input(power, profile, source, self.recipe.level)
        return Batch(inputs, noisy, wanted, is_music.to(self.device), is_live)

    def _draw(self, step: int) -> noise.Draw:
        seed = self.seed * 1_000_003 + step
        return noise.Draw(
            random.Random(seed), torch.Generator(self.device).manual_seed(seed), self.device
        )

    # ---- 1. Waveforms ---------------------------------------------------------------------------

    def _item(self, is_music: bool, n_samples: int, draw: noise.Draw):
        """Wanted sound, and noise that runs on for the longest print."""
        n_profile = round(self.recipe.profile_s[1] * RATE_HZ) + FRAME_LEN
        wanted = self._stretch("music" if is_music else "speech", n_samples, draw)
        if not is_music:
            wanted = self._room(wanted, draw)
        return self._pause(wanted, draw), self._noise(is_music, n_samples + n_profile, draw)

    def _stretch(self, role: str, n_samples: int, draw: noise.Draw, among: list[int] | None = None):
        """A random stretch of a clip; clips are drawn by the square root of their length, so that
        long ones do not drown the variety. Short ones repeat."""
        clips, shares = self.corpus[role], self.shares[role]
        if among is None:
            clip = draw.scalar.choices(range(len(shares)), shares)[0]
        else:
            clip = draw.scalar.choices(among, [shares[i] for i in among])[0]
        first, length = int(clips.first[clip]), int(clips.length[clip])
        start = draw.scalar.randrange(max(1, length - n_samples if length > n_samples else length))
        if start + n_samples <= length:
            samples = clips.samples[first + start : first + start + n_samples]
        else:
            samples = clips.samples[first : first + length].roll(-start)
            samples = samples.repeat(-(-n_samples // length))[:n_samples]
        return samples.float() / 32768.0

    def _room(self, samples, draw: noise.Draw):
        if draw.scalar.random() >= self.recipe.room_share:
            return samples
        room = self._stretch_whole("rir", draw)
        n_fft = 1 << (len(samples) + len(room)).bit_length()
        wet = torch.fft.rfft(samples, n_fft) * torch.fft.rfft(room / room.norm().clamp_min(1e-6), n_fft)
        return torch.fft.irfft(wet, n_fft)[: len(samples)]

    def _stretch_whole(self, role: str, draw: noise.Draw):
        clips = self.corpus[role]
        clip = draw.scalar.randrange(len(clips.length))
        first, length = int(clips.first[clip]), int(clips.length[clip])
        return clips.samples[first : first + length].float() / 32768.0

    def _pause(self, samples, draw: noise.Draw):
        """Silence, which joined utterances lack, at the start or in the middle."""
        if draw.scalar.random() >= self.recipe.pause_share:
            return samples
        length = round(draw.scalar.uniform(0.2, 1.6) * RATE_HZ)
        start = max(0, round(draw.scalar.uniform(-1.0, len(samples) / RATE_HZ) * RATE_HZ))
        fade = 960
        envelope = torch.ones(len(samples) + length + fade, device=self.device)
        envelope[start : start + length] = 0.0
        ramp = torch.linspace(0.0, 1.0, fade, device=self.device)
        envelope[start + length : start + length + fade] = ramp
        return samples * envelope[: len(samples)]

    def _noise(self, is_music: bool, n_samples: int, draw: noise.Draw):
        recipe = self.recipe
        if is_music and recipe.music_rule:
            if draw.scalar.random() < recipe.generated_share_music:
                return noise.generate_stationary(n_samples, draw)
            return self._recorded(n_samples, draw, self.steady)
        samples = self._one_noise(n_samples, draw)
        if draw.scalar.random() < recipe.second_noise_share:
            other = self._one_noise(n_samples, draw)
            samples = samples / samples.std().clamp_min(1e-5) + other / other.std().clamp_min(1e-5)
        return samples

    def _one_noise(self, n_samples: int, draw: noise.Draw):
        chance = draw.scalar.random() - self.recipe.babble_share
        if chance < 0.0:
            return self._babble(n_samples, draw)
        if chance < self.recipe.generated_share_speech:
            return noise.generate(n_samples, draw)
        return self._recorded(n_samples, draw)

    def _recorded(self, n_samples: int, draw: noise.Draw, among: list[int] | None = None):
        """A recording, faster or slower, forwards or backwards: an hour of noise is soon known by heart."""
        speed = math.exp(draw.scalar.uniform(*map(math.log, self.recipe.noise_speed)))
        samples = self._stretch("noise", round(n_samples * speed), draw, among)
        if draw.scalar.random() < self.recipe.noise_backwards_share:
            samples = samples.flip(0)
        return torch.nn.functional.interpolate(samples[None, None], n_samples, mode="linear")[0, 0]

    def _babble(self, n_samples: int, draw: noise.Draw):
        """Three to seven voices in a room."""
        voices = [self._stretch("speech", n_samples, draw) for _ in range(draw.scalar.randint(3, 7))]
        return self._room(sum(v / v.std().clamp_min(1e-5) for v in voices), draw)

    # ---- 2. Spectra -----------------------------------------------------------------------------

    def _gains(self, wanted_power, unwanted_power, is_music, draw: noise.Draw):
        """Everything that is done to the spectra, as one gain per item and bin for each part."""
        wanted_curve, unwanted_curve = self._curves(len(is_music), draw), self._curves(len(is_music), draw)
        wanted_level = _active_rms((wanted_power * wanted_curve[:, None] ** 2).mean(-1)).clamp_min(1e-6)
        mean_power = (unwanted_power.mean(1) * unwanted_curve**2).mean(-1)
        unwanted_level = mean_power.sqrt().clamp_min(1e-6)
        wanted_target, unwanted_target = self._levels(is_music, draw)
        wanted_curve = wanted_curve * (wanted_target / wanted_level)[:, None]
        unwanted_curve = unwanted_curve * (unwanted_target / unwanted_level)[:, None]
        return self._band_limit(wanted_curve, unwanted_curve, draw)

    def _curves(self, n_items: int, draw: noise.Draw):
        """A slope of up to 3 dB an octave and two resonances of up to 8 dB, per item."""
        octave = torch.log2((torch.arange(N_BINS, device=self.device) * BIN_HZ).clamp_min(50.0) / 1000.0)
        curves = []
        for _ in range(n_items):
            curve_db = draw.scalar.gauss(0.0, 1.2) * octave
            for _ in range(2):
                centre, width = draw.scalar.uniform(-4.0, 4.0), draw.scalar.uniform(0.3, 1.5)
                curve_db = curve_db + draw.scalar.gauss(0.0, 3.0) * torch.exp(-(((octave - centre) / width) ** 2))
            curves.append(curve_db.clamp(-20.0, 20.0))
        return 10.0 ** (torch.stack(curves) / 20.0)

    def _levels(self, is_music, draw: noise.Draw):
        """Root mean square of the wanted sound and of the noise, in units of the spectra."""
        recipe = self.recipe
        to_full_scale = 10.0 * math.log10(BIN_HZ / RATE_HZ)
        wanted, unwanted = [], []
        for music in is_music:
            snr_db = draw.scalar.uniform(*(recipe.music_snr_db if music else recipe.speech_snr_db))
            level_db = draw.scalar.uniform(*recipe.level_db) + to_full_scale
            chance = draw.scalar.random()
            is_clean = chance < recipe.clean_share
            is_noise_only = not is_clean and chance < recipe.clean_share + recipe.noise_only_share
            # A clean recording still has the floor of its converter.
            snr_db = draw.scalar.uniform(50.0, 90.0) if is_clean else snr_db
            wanted.append(0.0 if is_noise_only else 10.0 ** (level_db / 20.0))
            unwanted.append(10.0 ** ((level_db - snr_db) / 20.0))
        return torch.tensor(wanted, device=self.device), torch.tensor(unwanted, device=self.device)

    def _band_limit(self, wanted, unwanted, draw: noise.Draw):
        """A low-pass on half of the items, on the sound or on the mixture, or the network learns
        that what has no treble is clean."""
        hz = (torch.arange(N_BINS, device=self.device) * BIN_HZ).clamp_min(1.0)
        for i in range(len(wanted)):
            if draw.scalar.random() >= self.recipe.low_pass_share:
                continue
            cut_hz = math.exp(draw.scalar.uniform(math.log(3_400.0), math.log(22_000.0)))
            slope_db = draw.scalar.uniform(30.0, 200.0)
            gain = 10.0 ** (-slope_db * torch.log2(hz / cut_hz).clamp_min(0.0) / 20.0)
            wanted[i] *= gain
            if draw.scalar.random() < 0.6:
                unwanted[i] *= gain
        return wanted, unwanted

    # ---- 3. Profile -----------------------------------------------------------------------------

    def _profile(self, power, print_frames, draw: noise.Draw):
        """Noise power per band and frame, and where it comes from, for each item."""
        recipe = self.recipe
        minimum = features.running_minimum(power)
        profiles, sources = [], []
        n_items = len(power)
        # The first frames of the print still overlap the mixture: they are skipped.
        n_usable = print_frames.shape[1] - 4
        for i in range(n_items):
            chance = draw.scalar.random()
            if chance < recipe.captured_share:
                is_wrong = draw.scalar.random() < recipe.profile_wrong_share
                heard = print_frames[(i + 1) % n_items if is_wrong else i]
                n_heard = round(draw.scalar.uniform(*recipe.profile_s) * 100.0)
                captured = captured_bands(power_of(heard[-min(n_heard, n_usable) :]))
                if draw.scalar.random() < recipe.profile_off_share:
                    captured = captured * 10.0 ** (draw.scalar.uniform(-6.0, 6.0) / 10.0)
                profiles.append(captured.expand_as(minimum[i]))
                sources.append(features.CAPTURED)
            else:
                profiles.append(minimum[i])
                is_absent = chance < recipe.captured_share + recipe.absent_share
                sources.append(features.ABSENT if is_absent else features.MINIMUM)
        return torch.stack(profiles), torch.tensor(sources, device=self.device)


def captured_bands(power: torch.Tensor) -> torch.Tensor:
    """Noise power per band from the frames of a print, ``[T, 961] -> [128]``: the mean level of each
    bin, as the plugin stores it, back to power, then the mean over the band."""
    mean_db = features.to_db(power).mean(0)
    return band_means(10.0 ** ((mean_db + features.GAUSSIAN_LOG_BIAS_DB) / 10.0))


def _active_rms(frame_power):
    """Root of the mean power of the frames within 30 dB of the loudest, ``[B, T] -> [B]``."""
    is_active = frame_power > frame_power.amax(1, keepdim=True) * 1e-3
    return ((frame_power * is_active).sum(1) / is_active.sum(1).clamp_min(1)).sqrt()
