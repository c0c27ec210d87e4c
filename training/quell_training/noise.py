"""Generated noise, many at once.

To add a kind, write one function ``(n_items, n_samples, draw) -> samples`` that gives a row for each item,
and put ``@kind(weight)`` above it. The loudness does not matter: the mixer sets it. ``draw`` is the batch's
seeded source of chance.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import torch

from .geometry import RATE_HZ


@dataclass
class Draw:
    """Seeded chance: numbers from `numbers`, tensors from `tensor` on `device`."""

    numbers: np.random.Generator
    tensor: torch.Generator
    device: torch.device

    @staticmethod
    def seeded(seed: int, device: torch.device) -> "Draw":
        return Draw(np.random.default_rng(seed), torch.Generator(device).manual_seed(seed), device)

    def normal(self, *shape: int) -> torch.Tensor:
        return torch.randn(*shape, generator=self.tensor, device=self.device)

    def uniform(self, *shape: int) -> torch.Tensor:
        return torch.rand(*shape, generator=self.tensor, device=self.device)

    def placed(self, values, dtype: torch.dtype = torch.float32) -> torch.Tensor:
        """Numbers on the device."""
        return torch.as_tensor(np.asarray(values)).to(self.device, dtype)

    def between(self, low: float, high: float, *shape: int) -> torch.Tensor:
        return self.placed(self.numbers.uniform(low, high, shape))

    def between_by_octave(self, low: float, high: float, *shape: int) -> torch.Tensor:
        return self.placed(np.exp(self.numbers.uniform(math.log(low), math.log(high), shape)))

    def spread(self, size: float, *shape: int) -> torch.Tensor:
        """Gaussian numbers."""
        return self.placed(self.numbers.normal(0.0, size, shape))

    def chances(self, share: float, n: int) -> np.ndarray:
        """True in `share` of the cases."""
        return self.numbers.random(n) < share


#: Places of a period of hum in its table, which is read without interpolation: the error lies 56 dB below
#: the sixtieth harmonic, and lower below the others.
N_PERIOD = 1 << 16
MOST_HARMONICS = 60
MOST_LINES = 5

Kind = Callable[[int, int, Draw], torch.Tensor]
KINDS: dict[str, tuple[Kind, float]] = {}


def kind(weight: float):
    """Registers a noise kind that is drawn in proportion to `weight`."""

    def register(function: Kind) -> Kind:
        KINDS[function.__name__] = (function, weight)
        return function

    return register


def generate(n_items: int, n_samples: int, draw: Draw, among: Iterable[str] = KINDS) -> torch.Tensor:
    """Noise of a random kind out of `among` for each item."""
    functions, weights = zip(*(KINDS[name] for name in among))
    drawn = draw.numbers.choice(len(functions), n_items, p=np.array(weights) / sum(weights))
    made = torch.empty(n_items, n_samples, device=draw.device)
    for i, function in enumerate(functions):
        rows = np.flatnonzero(drawn == i)
        if len(rows):
            made[draw.placed(rows, torch.int64)] = function(len(rows), n_samples, draw)
    return made


def alike(samples: torch.Tensor) -> torch.Tensor:
    """Rows at one strength."""
    return samples / samples.std(-1, keepdim=True).clamp_min(1e-5)


def _shaped(n_items: int, n_samples: int, draw: Draw, gain_of_hz) -> torch.Tensor:
    """White noise times a gain over frequency; cyclic, so no edge needs care."""
    spectrum = torch.fft.rfft(draw.normal(n_items, n_samples))
    hz = torch.arange(spectrum.shape[1], device=draw.device) * (RATE_HZ / n_samples)
    return torch.fft.irfft(spectrum * gain_of_hz(hz.clamp_min(20.0)), n=n_samples)


def _over_bed(tone: torch.Tensor, bed: torch.Tensor, level_db: tuple[float, float], draw: Draw) -> torch.Tensor:
    share = 10.0 ** (draw.between(*level_db, len(tone), 1) / 20.0)
    return alike(tone) + share * alike(bed)


@kind(2.0)
def white(n_items: int, n_samples: int, draw: Draw) -> torch.Tensor:
    return draw.normal(n_items, n_samples)


@kind(2.0)
def coloured(n_items: int, n_samples: int, draw: Draw) -> torch.Tensor:
    """Any slope from violet to brown; -3 dB per octave is pink, -6 is brown."""
    exponent = draw.between(-1.1, 0.5, n_items, 1)
    return _shaped(n_items, n_samples, draw, lambda hz: (hz / 1000.0) ** exponent)


@kind(1.0)
def pink(n_items: int, n_samples: int, draw: Draw) -> torch.Tensor:
    return _shaped(n_items, n_samples, draw, lambda hz: (hz / 1000.0) ** -0.5)


@kind(1.0)
def brown(n_items: int, n_samples: int, draw: Draw) -> torch.Tensor:
    return _shaped(n_items, n_samples, draw, lambda hz: (hz / 1000.0) ** -1.0)


@kind(3.0)
def hiss(n_items: int, n_samples: int, draw: Draw) -> torch.Tensor:
    """Tape and preamplifier: a slope, a broad hump somewhere above 1 kHz, rumble below."""
    slope = draw.between(-0.3, 0.6, n_items, 1)
    hump_hz = draw.between_by_octave(1e3, 16e3, n_items, 1)
    hump, width = draw.between(0.0, 3.0, n_items, 1), draw.between(0.3, 1.5, n_items, 1)
    rumble = draw.between(0.0, 20.0, n_items, 1)

    def gain(hz):
        peak = 1.0 + hump * torch.exp(-(torch.log(hz / hump_hz) ** 2) / (2.0 * width**2))
        return (hz / 1000.0) ** slope * peak + rumble * (20.0 / hz)

    return _shaped(n_items, n_samples, draw, gain)


@kind(3.0)
def hum(n_items: int, n_samples: int, draw: Draw) -> torch.Tensor:
    """Mains: harmonics of 50 or 60 Hz over a bed of hiss, from a soft hum to a hard buzz."""
    mains_hz = draw.numbers.choice([50.0, 60.0], n_items) * draw.numbers.uniform(0.995, 1.005, n_items)
    step = draw.placed(mains_hz * N_PERIOD / RATE_HZ, torch.float64)[:, None]
    place = (torch.arange(n_samples, device=draw.device, dtype=torch.float64) * step).long() % N_PERIOD
    return _over_bed(_period(n_items, draw).gather(1, place), hiss(n_items, n_samples, draw), (-40.0, 5.0), draw)


def _period(n_items: int, draw: Draw) -> torch.Tensor:
    """One period of each tone."""
    number = torch.arange(1, MOST_HARMONICS + 1, device=draw.device)
    n_harmonics = draw.placed(draw.numbers.integers(1, MOST_HARMONICS + 1, n_items))[:, None]
    level = number ** -draw.between(0.3, 2.0, n_items, 1) * draw.between(0.1, 1.0, n_items, MOST_HARMONICS)
    phase = draw.between(0.0, 2.0 * math.pi, n_items, MOST_HARMONICS)
    harmonics = torch.polar(level * (number <= n_harmonics), phase)
    spectrum = harmonics.new_zeros(n_items, N_PERIOD // 2 + 1)
    spectrum[:, 1 : MOST_HARMONICS + 1] = harmonics
    return torch.fft.irfft(spectrum, N_PERIOD)


@kind(1.0)
def crackle(n_items: int, n_samples: int, draw: Draw) -> torch.Tensor:
    """Records: sparse clicks of random height, each ringing briefly, over a little hiss."""
    rate_hz = draw.between_by_octave(3.0, 200.0, n_items, 1)
    is_click = draw.uniform(n_items, n_samples) < rate_hz / RATE_HZ
    clicks = torch.where(is_click, draw.normal(n_items, n_samples) ** 3, 0.0)
    ring_hz = draw.between(1e3, 12e3, n_items, 1)
    spectrum = torch.fft.rfft(clicks)
    hz = torch.arange(spectrum.shape[1], device=draw.device) * (RATE_HZ / n_samples)
    clicks = torch.fft.irfft(spectrum / (1.0 + (hz / ring_hz) ** 2), n=n_samples)
    return _over_bed(clicks, hiss(n_items, n_samples, draw), (-30.0, 0.0), draw)


@kind(3.0)
def machine(n_items: int, n_samples: int, draw: Draw) -> torch.Tensor:
    """Fans, ventilation, engines, cabins: a bed of any smooth colour, a few lines, a slow beat."""
    n_knots = 12
    knots_db = draw.spread(7.0, n_items, n_knots)
    tilt_db = draw.between(-9.0, 1.0, n_items, 1)  # an octave

    def gain(hz):
        octave = torch.log2(hz / 20.0)
        place = (octave * ((n_knots - 1) / math.log2(RATE_HZ / 40.0))).clamp(0.0, n_knots - 1.001)
        below, share = place.long(), place.frac()
        smooth_db = torch.lerp(knots_db[:, below], knots_db[:, below + 1], share)
        return 10.0 ** ((smooth_db + tilt_db * octave) / 20.0)

    sound = alike(_shaped(n_items, n_samples, draw, gain))
    time_s = torch.arange(n_samples, device=draw.device) / RATE_HZ
    n_lines = draw.numbers.integers(0, MOST_LINES + 1, n_items)
    for line in range(n_lines.max()):
        line_hz = draw.between_by_octave(40.0, 6_000.0, n_items, 1)
        level = 10.0 ** (draw.between(-30.0, 0.0, n_items, 1) / 20.0) * draw.placed(line < n_lines)[:, None]
        sway = draw.between(0.0, 0.003, n_items, 1) * line_hz
        sway = sway * torch.sin(draw.between(0.5, 9.0, n_items, 1) * time_s)
        sound.addcmul_(level, torch.sin(2.0 * math.pi * line_hz * time_s + sway))
    depth, beat_hz = draw.between(0.0, 0.5, n_items, 1) ** 2, draw.between_by_octave(0.3, 20.0, n_items, 1)
    start = draw.between(0.0, 6.0, n_items, 1)
    return sound * (1.0 + depth * torch.sin(2.0 * math.pi * beat_hz * time_s + start))


#: Kinds that music may be mixed with: those that a listener would call part of the medium.
STATIONARY = ("white", "coloured", "pink", "brown", "hiss", "hum")
#: What a room or a preamplifier has of its own.
ROOM_TONE = ("coloured", "pink", "brown", "hiss", "machine")
