"""The sounds of a batch, at any strength: what is wanted, and what is not.

Speech takes any noise; **music takes stationary noise only**, or the network learns to eat music.
"""

import numpy as np
import torch

from . import noise, stretches, voices
from .corpus import Clips, attacks_per_s
from .geometry import FRAME_LEN, HOP_LEN, RATE_HZ
from .recipe import Recipe

#: Attacks a second from which on a recording counts as sharp: keys, dishes, coins, footsteps.
SHARP_ATTACKS_PER_S = 1.5
#: Share of the room tones that are recordings.
RECORDED_TONE_SHARE = 0.4


class Sounds:
    """Draws rows of sound from recordings and generators."""

    def __init__(self, corpus: dict[str, Clips], recipe: Recipe, device: torch.device):
        self.corpus = {role: clips.to(device) for role, clips in corpus.items()}
        self.recipe, self.device = recipe, device
        # By the square root of their length, so that long ones do not drown the variety.
        self.shares = {role: clips.length.sqrt().double().numpy() for role, clips in corpus.items()}
        self.lengths = {role: clips.length.numpy() for role, clips in corpus.items()}
        self.steady = [i for i, steady in enumerate(corpus["noise"].is_stationary) if steady]
        self.sharp = self._sharp_clips(corpus["noise"]) if recipe.sharp_share > 0.0 else []

    # ---- 1. What is wanted ----------------------------------------------------------------------

    def wanted(self, is_music: np.ndarray, is_beside: np.ndarray, floor_db: np.ndarray, n_samples: int, draw: noise.Draw):
        """Music, or speech in a room, perhaps with music beside it or a floor of its own; `floor_db` is not a
        number where there is none."""
        wanted = torch.empty(len(is_music), n_samples, device=self.device)
        self._put(wanted, is_music, lambda n: self.stretch("music", n, n_samples, draw))
        self._put(wanted, ~is_music, lambda n: self.roomy(self.voice(n, n_samples, draw), draw))
        wanted = self._with_pauses(wanted, draw)
        below_db = draw.numbers.uniform(*self.recipe.beside_db, len(is_music))
        self._add_below(wanted, is_beside, below_db, lambda n: self.stretch("music", n, n_samples, draw))
        has_floor = np.isfinite(floor_db)
        self._add_below(wanted, has_floor, floor_db, lambda n: self.room_tone(n, n_samples, draw))
        return wanted

    def voice(self, n_items: int, n_samples: int, draw: noise.Draw):
        """Speech, faster and higher or slower and lower, perhaps with treble that the recording lacks."""
        samples = self.stretch("speech", n_items, n_samples, draw, speed=self.recipe.speech_speed, fine=True)
        gets_treble = draw.chances(self.recipe.treble_share, n_items)
        rows = self._rows(gets_treble)
        if len(rows):
            samples[rows] = voices.with_treble(samples[rows], draw)
        return samples

    def stretch(self, role: str, n_items: int, n_samples: int, draw: noise.Draw, among=None, speed=(1.0, 1.0), fine=False, backwards_share=0.0):
        """Random stretches of clips."""
        among = np.arange(len(self.shares[role])) if among is None else np.asarray(among)
        shares = self.shares[role][among]
        clip = among[draw.numbers.choice(len(among), n_items, p=shares / shares.sum())]
        speeds = np.exp(draw.numbers.uniform(*np.log(speed), n_items))
        length, needed = self.lengths[role][clip], np.ceil(n_samples * speeds).astype(int) + 1
        start = draw.numbers.integers(np.where(length > needed, length - needed, length).clip(1))
        is_backwards = draw.chances(backwards_share, n_items)
        clips, clip = self.corpus[role], torch.as_tensor(clip)
        return stretches.cut(
            clips.samples, *(x.to(self.device) for x in (clips.first[clip], clips.length[clip], torch.as_tensor(start))),
            n_samples, None if speed[0] == speed[1] == 1.0 else draw.placed(speeds, torch.float64),
            draw.placed(is_backwards, torch.bool) if is_backwards.any() else None, fine,
        )

    def roomy(self, samples, draw: noise.Draw):
        """Some of the rows in rooms."""
        rows = self._rows(draw.chances(self.recipe.room_share, len(samples)))
        if len(rows):
            samples[rows] = self._in_rooms(samples[rows], draw)
        return samples

    def _in_rooms(self, samples, draw: noise.Draw):
        clips = self.corpus["rir"]
        clip = torch.as_tensor(draw.numbers.integers(len(clips.length), size=len(samples)))
        speed = np.exp(draw.numbers.uniform(*np.log(self.recipe.room_speed), len(samples)))
        first, length = clips.first[clip], clips.length[clip]
        heard = torch.round(length / torch.from_numpy(speed)).long().clamp_min(1)
        n_room = int(heard.max())
        # The last sample stands still where the neighbour of an interpolation would be the first one.
        room = stretches.cut(
            clips.samples, first.to(self.device), length.to(self.device), torch.zeros_like(first).to(self.device),
            n_room, draw.placed(speed, torch.float64),
        )
        room = room * (torch.arange(n_room, device=self.device) < heard.to(self.device)[:, None])
        n_fft = 1 << (samples.shape[1] + n_room).bit_length()
        room = room / room.norm(dim=1, keepdim=True).clamp_min(1e-6)
        wet = torch.fft.rfft(samples, n_fft) * torch.fft.rfft(room, n_fft)
        return torch.fft.irfft(wet, n_fft)[:, : samples.shape[1]]

    def _with_pauses(self, samples, draw: noise.Draw):
        """Silence, which joined utterances lack, at the start or in the middle of some."""
        n_items, n_samples = samples.shape
        has_pause = draw.chances(self.recipe.pause_share, n_items)
        length = draw.numbers.uniform(0.2, 1.6, n_items) * RATE_HZ
        start = (draw.numbers.uniform(-1.0, n_samples / RATE_HZ, n_items) * RATE_HZ).clip(0.0)
        fade = 960
        place = torch.arange(n_samples, device=self.device)
        since = (place - draw.placed(start + length)[:, None]) / fade
        is_pause = (place >= draw.placed(start)[:, None]) & draw.placed(has_pause, torch.bool)[:, None]
        return torch.where(is_pause, samples * since.clamp(0.0, 1.0), samples)

    # ---- 2. What is not -------------------------------------------------------------------------

    def unwanted(self, is_steady: np.ndarray, n_samples: int, draw: noise.Draw):
        """Noise, one kind or two; where there is music only steady noise."""
        recipe, n_items = self.recipe, len(is_steady)
        is_steady = is_steady & recipe.music_rule
        total = torch.zeros(n_items, n_samples, device=self.device)
        is_generated = draw.chances(recipe.generated_share_music, n_items)
        steady_kind = lambda n: noise.generate(n, n_samples, draw, noise.STATIONARY)
        self._put(total, is_steady & is_generated, steady_kind)
        self._put(total, is_steady & ~is_generated, lambda n: self.recorded(n, n_samples, draw, self.steady))
        self._put(total, ~is_steady, lambda n: self.any_noise(n, n_samples, draw))
        has_second = ~is_steady & draw.chances(recipe.second_noise_share, n_items)
        rows = self._rows(has_second)
        if len(rows):
            total[rows] = noise.alike(total[rows]) + noise.alike(self.any_noise(len(rows), n_samples, draw))
        return total

    def any_noise(self, n_items: int, n_samples: int, draw: noise.Draw):
        """Of each the recipe's share: sharp sounds, babble, generated noise, recordings."""
        recipe = self.recipe
        is_sharp = draw.chances(recipe.sharp_share, n_items)
        chance = draw.numbers.random(n_items) - recipe.babble_share
        is_babble = ~is_sharp & (chance < 0.0)
        is_generated = ~is_sharp & ~is_babble & (chance < recipe.generated_share_speech)
        total = torch.empty(n_items, n_samples, device=self.device)
        self._put(total, is_sharp, lambda n: self.sharp_noise(n, n_samples, draw))
        self._put(total, is_babble, lambda n: self.babble(n, n_samples, draw))
        self._put(total, is_generated, lambda n: noise.generate(n, n_samples, draw))
        rest = ~(is_sharp | is_babble | is_generated)
        self._put(total, rest, lambda n: self.recorded(n, n_samples, draw))
        return total

    def recorded(self, n_items: int, n_samples: int, draw: noise.Draw, among=None):
        """Recordings, faster or slower, forwards or backwards: an hour of noise is soon known by heart."""
        recipe = self.recipe
        return self.stretch(
            "noise", n_items, n_samples, draw, among, recipe.noise_speed, backwards_share=recipe.noise_backwards_share,
        )

    def babble(self, n_items: int, n_samples: int, draw: noise.Draw):
        """A few voices or many in a room, some further away."""
        recipe = self.recipe
        low, high = map(int, recipe.babble_voices)
        def voice(n):
            behind_db = draw.between(0.0, recipe.babble_spread_db, n, 1)
            voices_ = self.stretch("speech", n, n_samples, draw, speed=recipe.babble_speed)
            return noise.alike(voices_) * 10.0 ** (-behind_db / 20.0)
        return self.roomy(self._layered(draw.numbers.integers(low, high + 1, n_items), n_samples, voice), draw)

    def sharp_noise(self, n_items: int, n_samples: int, draw: noise.Draw):
        """One to three recordings of keys or dishes in a room, over that room's own noise."""
        layer = lambda n: noise.alike(self.recorded(n, n_samples, draw, self.sharp))
        sharp = self.roomy(self._layered(draw.numbers.integers(1, 4, n_items), n_samples, layer), draw)
        below_db = draw.numbers.uniform(0.0, 30.0, n_items)
        self._add_below(sharp, np.ones(n_items, bool), below_db, lambda n: self.room_tone(n, n_samples, draw))
        return sharp

    def room_tone(self, n_items: int, n_samples: int, draw: noise.Draw):
        """What a room or a preamplifier sounds like when nobody speaks."""
        is_recorded = draw.chances(RECORDED_TONE_SHARE if self.steady else 0.0, n_items)
        tone = torch.empty(n_items, n_samples, device=self.device)
        self._put(tone, is_recorded, lambda n: self.recorded(n, n_samples, draw, self.steady))
        self._put(tone, ~is_recorded, lambda n: noise.generate(n, n_samples, draw, noise.ROOM_TONE))
        return tone

    def _layered(self, n_layers: np.ndarray, n_samples: int, layer):
        """Rows that are sums of so many layers each."""
        total = torch.zeros(len(n_layers), n_samples, device=self.device)
        rows = torch.as_tensor(np.repeat(np.arange(len(n_layers)), n_layers)).to(self.device)
        return total.index_add_(0, rows, layer(len(rows)))

    def _sharp_clips(self, clips: Clips) -> list[int]:
        """Recordings of noise with many attacks."""
        spans = zip(clips.first.tolist(), clips.length.tolist())
        attacks = [attacks_per_s(clips.samples[first : first + length]) for first, length in spans]
        sharp = [i for i, count in enumerate(attacks) if count >= SHARP_ATTACKS_PER_S]
        if not sharp:
            raise ValueError("sharp_share asks for noise with attacks (keys, dishes): no recording under noise/ has any")
        return sharp

    # ---- 3. Rows --------------------------------------------------------------------------------

    def _rows(self, chosen: np.ndarray) -> torch.Tensor:
        return torch.as_tensor(np.flatnonzero(chosen)).to(self.device)

    def _put(self, sounds, chosen: np.ndarray, made) -> None:
        """What `made(n)` gives into the chosen rows."""
        rows = self._rows(chosen)
        if len(rows):
            sounds[rows] = made(len(rows))

    def _add_below(self, sounds, chosen: np.ndarray, below_db: np.ndarray, made) -> None:
        """Adds what `made(n)` gives to the chosen rows, so far below them."""
        rows = self._rows(chosen)
        if len(rows):
            below = torch.as_tensor(below_db[chosen], dtype=torch.float32).to(self.device)
            sounds[rows] = with_below(sounds[rows], made(len(rows)), below)


def longest_print(recipe: Recipe) -> int:
    """Samples that noise runs on for after a mixture."""
    return round(recipe.profile_s[1] * RATE_HZ) + FRAME_LEN


def with_below(loud: torch.Tensor, soft: torch.Tensor, below_db: torch.Tensor) -> torch.Tensor:
    """Both, `soft` so many dB below what `loud` has where it is not silent, row by row."""
    active = active_rms(loud[:, : loud.shape[1] // HOP_LEN * HOP_LEN].unflatten(1, (-1, HOP_LEN)).square().mean(-1))
    level = active * 10.0 ** (-below_db / 20.0) / soft.std(1).clamp_min(1e-6)
    return loud + soft * level[:, None]


def active_rms(frame_power):
    """Root of the mean power of the frames within 30 dB of the loudest, ``[B, T] -> [B]``."""
    is_active = frame_power > frame_power.amax(1, keepdim=True) * 1e-3
    return ((frame_power * is_active).sum(1) / is_active.sum(1).clamp_min(1)).sqrt()
