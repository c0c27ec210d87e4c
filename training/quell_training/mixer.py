"""Mixtures on the fly, a batch at a time, on the device that trains.

Speech takes any noise; **music takes stationary noise only**, or the network learns to eat music.
Levels, slopes and band limits are applied to spectra, which is linear and saves transforms.
"""

import math
import random
from dataclasses import dataclass

import torch

from . import features, noise, voices
from .corpus import Clips, attacks_per_s
from .geometry import (
    BIN_HZ, FRAME_LEN, HOP_LEN, N_BINS, RATE_HZ, analysis_window, band_means, power_of, stft,
)
from .lessons import Lessons

#: Usual spread of the slope of a sound's spectrum, an octave.
SLOPE_DB = 1.2


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
    followed_share: float = 0.0  # of that rest: told as a print, as the plugin tells the level that it follows
    profile_s: tuple[float, float] = (0.3, 2.0)
    profile_off_share: float = 0.10  # captured up to 6 dB too high or too low
    profile_wrong_share: float = 0.05  # captured from some other noise
    music_rule: bool = True  # off only for the ablation that shows why it is on
    level: str = features.ABSOLUTE  # what the levels that the network sees are relative to
    # Of the speech: recordings whose own floor lies so far below the voice. It is part of what is wanted,
    # there is next to no other noise, and no print of it.
    floor_share: float = 0.0
    floor_db: tuple[float, float] = (30.0, 60.0)
    # Of the speech: music beside it, which is as welcome; noise as for music.
    beside_share: float = 0.0
    beside_db: tuple[float, float] = (0.0, 25.0)  # of the voice over the music
    speech_speed: tuple[float, float] = (1.0, 1.0)
    speech_slope_db: float = SLOPE_DB  # spread of the slope of the wanted sound, an octave
    treble_share: float = 0.0  # of the voices without treble: gets some that is made
    low_snr_share: float = 0.0  # of the speech: from the low end of its range to 8 dB, the rest above
    room_speed: tuple[float, float] = (1.0, 1.0)  # a room played slower is a larger one
    sharp_share: float = 0.0  # of the noises under speech: keys, dishes and the like
    babble_voices: tuple[float, float] = (3.0, 7.0)
    babble_speed: tuple[float, float] = (1.0, 1.0)  # slower than 1 makes adults of children
    babble_spread_db: float = 0.0  # how far the softest of them stands behind


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


@dataclass
class Item:
    """Sounds of one mixture, at any strength."""

    wanted: torch.Tensor
    unwanted: torch.Tensor  # runs on for the longest print
    is_music: bool
    is_speech: bool
    floor_db: float | None  # what lies so far below the wanted sound is a part of it


#: Below this speech is hard to follow.
LOW_SNR_DB = 8.0
#: Attacks a second from which on a recording counts as sharp: keys, dishes, coins, footsteps.
SHARP_ATTACKS_PER_S = 1.5


class Mixer:
    """Draws batches; equal seeds and step numbers give equal batches."""

    def __init__(
        self, corpus: dict[str, Clips], recipe: Recipe, device: torch.device, seed: int, lessons: Lessons | None = None
    ):
        self.corpus = {role: clips.to(device) for role, clips in corpus.items()}
        self.recipe, self.device, self.seed, self.lessons = recipe, device, seed, lessons
        self.shares = {role: clips.length.sqrt().tolist() for role, clips in corpus.items()}
        self.steady = [i for i, steady in enumerate(corpus["noise"].is_stationary) if steady]
        self.sharp = self._sharp_clips() if recipe.sharp_share > 0.0 else []

    @torch.no_grad()
    def batch(self, step: int, n_items: int, n_frames: int) -> Batch:
        """The mixtures of one step."""
        draw = self._draw(step)
        n_samples = FRAME_LEN + (n_frames - 1) * HOP_LEN
        is_music = [draw.scalar.random() < self.recipe.music_share for _ in range(n_items)]
        items = [self._item(music, n_samples, draw) for music in is_music]
        is_live = draw.scalar.random() < self.recipe.live_share
        window = analysis_window(is_live).to(self.device)
        wanted = stft(torch.stack([item.wanted for item in items]), window)
        unwanted = stft(torch.stack([item.unwanted for item in items]), window)
        gain_wanted, gain_unwanted = self._gains(power_of(wanted), power_of(unwanted), items, draw)
        wanted, unwanted = wanted * gain_wanted[:, None], unwanted * gain_unwanted[:, None]
        noisy = wanted + unwanted[:, :n_frames]
        power = band_means(power_of(noisy))
        profile, source = self._profile(power, unwanted[:, n_frames:], items, draw)
        inputs = features.network_input(power, profile, source, self.recipe.level)
        has_music, has_speech = (
            torch.tensor(flags, device=self.device)
            for flags in ([item.is_music for item in items], [item.is_speech for item in items])
        )
        taught = self.lessons.get(self.seed, step) if self.lessons else None
        taught = taught if taught is None else taught.to(self.device)
        return Batch(inputs, noisy, wanted, has_music, has_speech, is_live, taught)

    def _draw(self, step: int) -> noise.Draw:
        seed = self.seed * 1_000_003 + step
        return noise.Draw(
            random.Random(seed), torch.Generator(self.device).manual_seed(seed), self.device
        )

    # ---- 1. Waveforms ---------------------------------------------------------------------------

    def _item(self, is_music: bool, n_samples: int, draw: noise.Draw) -> Item:
        recipe = self.recipe
        n_profile = round(recipe.profile_s[1] * RATE_HZ) + FRAME_LEN
        is_beside = not is_music and _chance(recipe.beside_share, draw)
        has_floor = not is_music and _chance(recipe.floor_share, draw)
        if is_music:
            wanted = self._stretch("music", n_samples, draw)
        else:
            wanted = self._room(self._voice(n_samples, draw), draw)
        wanted, floor_db = self._pause(wanted, draw), None
        if is_beside:
            below_db = draw.scalar.uniform(*recipe.beside_db)
            wanted = _with_below(wanted, self._stretch("music", n_samples, draw), below_db)
        if has_floor:
            floor_db = draw.scalar.uniform(*recipe.floor_db)
            wanted = _with_below(wanted, self._room_tone(n_samples, draw), floor_db)
        unwanted = self._noise(is_music or is_beside, n_samples + n_profile, draw)
        return Item(wanted, unwanted, is_music or is_beside, not is_music, floor_db)

    def _voice(self, n_samples: int, draw: noise.Draw):
        """Speech, faster and higher or slower and lower, perhaps with treble that the recording lacks."""
        speed = _log_uniform(self.recipe.speech_speed, draw)
        wants_treble = _chance(self.recipe.treble_share, draw)
        if speed == 1.0 and not wants_treble:
            return self._stretch("speech", n_samples, draw)
        samples = self._stretch("speech", voices.n_needed(n_samples, speed), draw)
        return voices.changed(samples, n_samples, draw if wants_treble else None)

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
        speed = _log_uniform(self.recipe.room_speed, draw)
        if speed != 1.0:
            room = _played(room, max(1, round(len(room) / speed)))
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
                return noise.generate(n_samples, draw, noise.STATIONARY)
            return self._recorded(n_samples, draw, self.steady)
        samples = self._one_noise(n_samples, draw)
        if draw.scalar.random() < recipe.second_noise_share:
            other = self._one_noise(n_samples, draw)
            samples = samples / samples.std().clamp_min(1e-5) + other / other.std().clamp_min(1e-5)
        return samples

    def _one_noise(self, n_samples: int, draw: noise.Draw):
        if _chance(self.recipe.sharp_share, draw):
            return self._sharp(n_samples, draw)
        chance = draw.scalar.random() - self.recipe.babble_share
        if chance < 0.0:
            return self._babble(n_samples, draw)
        if chance < self.recipe.generated_share_speech:
            return noise.generate(n_samples, draw)
        return self._recorded(n_samples, draw)

    def _recorded(self, n_samples: int, draw: noise.Draw, among: list[int] | None = None):
        """A recording, faster or slower, forwards or backwards: an hour of noise is soon known by heart."""
        speed = _log_uniform(self.recipe.noise_speed, draw)
        samples = self._stretch("noise", round(n_samples * speed), draw, among)
        if draw.scalar.random() < self.recipe.noise_backwards_share:
            samples = samples.flip(0)
        return _played(samples, n_samples)

    def _babble(self, n_samples: int, draw: noise.Draw):
        """A few voices or many in a room, some further away."""
        recipe, total = self.recipe, 0.0
        for _ in range(draw.scalar.randint(*map(int, recipe.babble_voices))):
            speed = _log_uniform(recipe.babble_speed, draw)
            voice = _played(self._stretch("speech", round(n_samples * speed), draw), n_samples)
            behind_db = draw.scalar.uniform(0.0, recipe.babble_spread_db) if recipe.babble_spread_db else 0.0
            total = total + voice / voice.std().clamp_min(1e-5) * 10.0 ** (-behind_db / 20.0)
        return self._room(total, draw)

    def _sharp_clips(self) -> list[int]:
        """Recordings of noise with many attacks."""
        clips = self.corpus["noise"]
        spans = zip(clips.first.tolist(), clips.length.tolist())
        attacks = [attacks_per_s(clips.samples[first : first + length]) for first, length in spans]
        sharp = [i for i, count in enumerate(attacks) if count >= SHARP_ATTACKS_PER_S]
        if not sharp:
            raise ValueError("sharp_share asks for noise with attacks (keys, dishes): no recording under noise/ has any")
        return sharp

    def _sharp(self, n_samples: int, draw: noise.Draw):
        """One to three recordings of keys or dishes in a room, over that room's own noise."""
        layers = [self._recorded(n_samples, draw, self.sharp) for _ in range(draw.scalar.randint(1, 3))]
        sharp = self._room(sum(x / x.std().clamp_min(1e-5) for x in layers), draw)
        return _with_below(sharp, self._room_tone(n_samples, draw), draw.scalar.uniform(0.0, 30.0))

    def _room_tone(self, n_samples: int, draw: noise.Draw):
        """What a room or a preamplifier sounds like when nobody speaks."""
        if self.steady and draw.scalar.random() < 0.4:
            return self._recorded(n_samples, draw, self.steady)
        return noise.generate(n_samples, draw, noise.ROOM_TONE)

    # ---- 2. Spectra -----------------------------------------------------------------------------

    def _gains(self, wanted_power, unwanted_power, items: list[Item], draw: noise.Draw):
        """Everything that is done to the spectra, as one gain per item and bin for each part."""
        wanted_curve = self._curves(len(items), self.recipe.speech_slope_db, draw)
        unwanted_curve = self._curves(len(items), SLOPE_DB, draw)
        wanted_level = _active_rms((wanted_power * wanted_curve[:, None] ** 2).mean(-1)).clamp_min(1e-6)
        mean_power = (unwanted_power.mean(1) * unwanted_curve**2).mean(-1)
        unwanted_level = mean_power.sqrt().clamp_min(1e-6)
        wanted_target, unwanted_target = self._levels(items, draw)
        wanted_curve = wanted_curve * (wanted_target / wanted_level)[:, None]
        unwanted_curve = unwanted_curve * (unwanted_target / unwanted_level)[:, None]
        return self._band_limit(wanted_curve, unwanted_curve, draw)

    def _curves(self, n_items: int, slope_db: float, draw: noise.Draw):
        """A slope of some dB an octave and two resonances of up to 8 dB, per item."""
        octave = torch.log2((torch.arange(N_BINS, device=self.device) * BIN_HZ).clamp_min(50.0) / 1000.0)
        curves = []
        for _ in range(n_items):
            curve_db = draw.scalar.gauss(0.0, slope_db) * octave
            for _ in range(2):
                centre, width = draw.scalar.uniform(-4.0, 4.0), draw.scalar.uniform(0.3, 1.5)
                curve_db = curve_db + draw.scalar.gauss(0.0, 3.0) * torch.exp(-(((octave - centre) / width) ** 2))
            curves.append(curve_db.clamp(-20.0, 20.0))
        return 10.0 ** (torch.stack(curves) / 20.0)

    def _levels(self, items: list[Item], draw: noise.Draw):
        """Root mean square of the wanted sound and of the noise, in units of the spectra."""
        recipe = self.recipe
        to_full_scale = 10.0 * math.log10(BIN_HZ / RATE_HZ)
        wanted, unwanted = [], []
        for item in items:
            snr_db = self._snr_db(item, draw)
            level_db = draw.scalar.uniform(*recipe.level_db) + to_full_scale
            chance = draw.scalar.random()
            is_clean = chance < recipe.clean_share
            is_noise_only = not is_clean and chance < recipe.clean_share + recipe.noise_only_share
            # A clean recording still has the floor of its converter.
            snr_db = draw.scalar.uniform(50.0, 90.0) if is_clean else snr_db
            if item.floor_db is not None:
                is_noise_only, snr_db = False, item.floor_db + draw.scalar.uniform(20.0, 40.0)
            wanted.append(0.0 if is_noise_only else 10.0 ** (level_db / 20.0))
            unwanted.append(10.0 ** ((level_db - snr_db) / 20.0))
        return torch.tensor(wanted, device=self.device), torch.tensor(unwanted, device=self.device)

    def _snr_db(self, item: Item, draw: noise.Draw) -> float:
        recipe = self.recipe
        if not item.is_speech:
            return draw.scalar.uniform(*recipe.music_snr_db)
        low_db, high_db = recipe.speech_snr_db
        if recipe.low_snr_share > 0.0:
            is_low = draw.scalar.random() < recipe.low_snr_share
            low_db, high_db = (low_db, LOW_SNR_DB) if is_low else (LOW_SNR_DB, high_db)
        return draw.scalar.uniform(low_db, high_db)

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

    def _profile(self, power, print_frames, items: list[Item], draw: noise.Draw):
        """Noise power per band and frame, and where it comes from, for each item."""
        recipe = self.recipe
        minimum = features.running_minimum(power)
        profiles, sources = [], []
        n_items = len(power)
        # The first frames of the print still overlap the mixture: they are skipped.
        n_usable = print_frames.shape[1] - 4
        for i in range(n_items):
            chance = draw.scalar.random()
            # Who captures the floor wants it gone, so there is no print of one that is to stay.
            if chance < recipe.captured_share and items[i].floor_db is None:
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
                is_absent = 0.0 <= chance - recipe.captured_share < recipe.absent_share
                is_told_as_print = not is_absent and _chance(recipe.followed_share, draw)
                followed = features.CAPTURED if is_told_as_print else features.MINIMUM
                sources.append(features.ABSENT if is_absent else followed)
        return torch.stack(profiles), torch.tensor(sources, device=self.device)


def _chance(share: float, draw: noise.Draw) -> bool:
    """True in `share` of the cases; nothing is drawn for a share of nothing, so that a part which is not
    used leaves the mixtures as they are."""
    return share > 0.0 and draw.scalar.random() < share


def _log_uniform(span: tuple[float, float], draw: noise.Draw) -> float:
    if span[0] == span[1]:
        return span[0]
    return math.exp(draw.scalar.uniform(*map(math.log, span)))


def _played(samples: torch.Tensor, n_samples: int) -> torch.Tensor:
    """Faster or slower, so that it takes `n_samples`; as good as noise needs it."""
    if len(samples) == n_samples:
        return samples
    return torch.nn.functional.interpolate(samples[None, None], n_samples, mode="linear")[0, 0]


def _with_below(loud: torch.Tensor, soft: torch.Tensor, below_db: float) -> torch.Tensor:
    """Both, `soft` so many dB below what `loud` has where it is not silent."""
    active = _active_rms(loud[: len(loud) // HOP_LEN * HOP_LEN].view(1, -1, HOP_LEN).square().mean(-1))
    return loud + soft * (active * 10.0 ** (-below_db / 20.0) / soft.std().clamp_min(1e-6))


def captured_bands(power: torch.Tensor) -> torch.Tensor:
    """Noise power per band from the frames of a print, ``[T, 961] -> [128]``: the mean level of each
    bin, as the plugin stores it, back to power, then the mean over the band."""
    mean_db = features.to_db(power).mean(0)
    return band_means(10.0 ** ((mean_db + features.GAUSSIAN_LOG_BIAS_DB) / 10.0))


def _active_rms(frame_power):
    """Root of the mean power of the frames within 30 dB of the loudest, ``[B, T] -> [B]``."""
    is_active = frame_power > frame_power.amax(1, keepdim=True) * 1e-3
    return ((frame_power * is_active).sum(1) / is_active.sum(1).clamp_min(1)).sqrt()
