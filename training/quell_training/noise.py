"""Generated noise.

To add a kind, write one function ``(n_samples, draw) -> samples`` and put ``@kind(weight)`` above
it. The loudness does not matter: the mixer sets it. ``draw`` is the item's seeded source of chance.
"""

import math
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import torch

from .geometry import RATE_HZ


@dataclass
class Draw:
    """Seeded chance: scalars from `scalar`, tensors from `tensor` on `device`."""

    scalar: random.Random
    tensor: torch.Generator
    device: torch.device

    def normal(self, n: int) -> torch.Tensor:
        return torch.randn(n, generator=self.tensor, device=self.device)

    def uniform(self, n: int) -> torch.Tensor:
        return torch.rand(n, generator=self.tensor, device=self.device)


#: Places of a period of hum in its table, which is read without interpolation: the error lies 56 dB below
#: the sixtieth harmonic, and lower below the others.
N_PERIOD = 1 << 16

Kind = Callable[[int, Draw], torch.Tensor]
KINDS: dict[str, tuple[Kind, float]] = {}


def kind(weight: float):
    """Registers a noise kind that is drawn in proportion to `weight`."""

    def register(function: Kind) -> Kind:
        KINDS[function.__name__] = (function, weight)
        return function

    return register


def generate(n_samples: int, draw: Draw, among: Iterable[str] = KINDS) -> torch.Tensor:
    """Noise of a random kind out of `among`."""
    functions, weights = zip(*(KINDS[name] for name in among))
    return draw.scalar.choices(functions, weights)[0](n_samples, draw)


def _shaped(n_samples: int, draw: Draw, gain_of_hz) -> torch.Tensor:
    """White noise times a gain over frequency; cyclic, so no edge needs care."""
    spectrum = torch.fft.rfft(draw.normal(n_samples))
    hz = torch.arange(len(spectrum), device=draw.device) * (RATE_HZ / n_samples)
    return torch.fft.irfft(spectrum * gain_of_hz(hz.clamp_min(20.0)), n=n_samples)


@kind(2.0)
def white(n_samples: int, draw: Draw) -> torch.Tensor:
    return draw.normal(n_samples)


@kind(2.0)
def coloured(n_samples: int, draw: Draw) -> torch.Tensor:
    """Any slope from violet to brown; -3 dB per octave is pink, -6 is brown."""
    exponent = draw.scalar.uniform(-1.1, 0.5)
    return _shaped(n_samples, draw, lambda hz: (hz / 1000.0) ** exponent)


@kind(1.0)
def pink(n_samples: int, draw: Draw) -> torch.Tensor:
    return _shaped(n_samples, draw, lambda hz: (hz / 1000.0) ** -0.5)


@kind(1.0)
def brown(n_samples: int, draw: Draw) -> torch.Tensor:
    return _shaped(n_samples, draw, lambda hz: (hz / 1000.0) ** -1.0)


@kind(3.0)
def hiss(n_samples: int, draw: Draw) -> torch.Tensor:
    """Tape and preamplifier: a slope, a broad hump somewhere above 1 kHz, rumble below."""
    slope = draw.scalar.uniform(-0.3, 0.6)
    hump_hz = math.exp(draw.scalar.uniform(math.log(1e3), math.log(16e3)))
    hump = draw.scalar.uniform(0.0, 3.0)
    width = draw.scalar.uniform(0.3, 1.5)
    rumble = draw.scalar.uniform(0.0, 20.0)

    def gain(hz):
        peak = 1.0 + hump * torch.exp(-(torch.log(hz / hump_hz) ** 2) / (2.0 * width**2))
        return (hz / 1000.0) ** slope * peak + rumble * (20.0 / hz)

    return _shaped(n_samples, draw, gain)


@kind(3.0)
def hum(n_samples: int, draw: Draw) -> torch.Tensor:
    """Mains: harmonics of 50 or 60 Hz over a bed of hiss, from a soft hum to a hard buzz."""
    mains_hz = draw.scalar.choice([50.0, 60.0]) * (1.0 + draw.scalar.uniform(-0.005, 0.005))
    n_harmonics = draw.scalar.randint(1, 60)
    decay = draw.scalar.uniform(0.3, 2.0)
    period = torch.zeros(N_PERIOD, device=draw.device)
    turn = torch.arange(N_PERIOD, device=draw.device) * (2.0 * math.pi / N_PERIOD)
    for number in range(1, n_harmonics + 1):
        level = number**-decay * draw.scalar.uniform(0.1, 1.0)
        period += level * torch.sin(number * turn + draw.scalar.uniform(0.0, 2.0 * math.pi))
    place = torch.arange(n_samples, device=draw.device, dtype=torch.float64) * (mains_hz * N_PERIOD / RATE_HZ)
    tone = period[place.long() % N_PERIOD]
    bed = hiss(n_samples, draw)
    share = 10.0 ** (draw.scalar.uniform(-40.0, 5.0) / 20.0)
    return tone / tone.std() + share * bed / bed.std()


@kind(1.0)
def crackle(n_samples: int, draw: Draw) -> torch.Tensor:
    """Records: sparse clicks of random height, each ringing briefly, over a little hiss."""
    rate_hz = math.exp(draw.scalar.uniform(math.log(3.0), math.log(200.0)))
    is_click = draw.uniform(n_samples) < rate_hz / RATE_HZ
    clicks = torch.where(is_click, draw.normal(n_samples) ** 3, 0.0)
    ring_hz = draw.scalar.uniform(1e3, 12e3)
    spectrum = torch.fft.rfft(clicks)
    hz = torch.arange(len(spectrum), device=draw.device) * (RATE_HZ / n_samples)
    clicks = torch.fft.irfft(spectrum / (1.0 + (hz / ring_hz) ** 2), n=n_samples)
    bed = hiss(n_samples, draw)
    share = 10.0 ** (draw.scalar.uniform(-30.0, 0.0) / 20.0)
    return clicks / clicks.std().clamp_min(1e-6) + share * bed / bed.std()


@kind(3.0)
def machine(n_samples: int, draw: Draw) -> torch.Tensor:
    """Fans, ventilation, engines, cabins: a bed of any smooth colour, a few lines, a slow beat."""
    n_knots = 12
    knots_db = torch.tensor([draw.scalar.gauss(0.0, 7.0) for _ in range(n_knots)], device=draw.device)
    tilt_db = draw.scalar.uniform(-9.0, 1.0)  # an octave

    def gain(hz):
        octave = torch.log2(hz / 20.0)
        place = (octave * ((n_knots - 1) / math.log2(RATE_HZ / 40.0))).clamp(0.0, n_knots - 1.001)
        below, share = place.long(), place.frac()
        smooth_db = torch.lerp(knots_db[below], knots_db[below + 1], share)
        return 10.0 ** ((smooth_db + tilt_db * octave) / 20.0)

    bed = _shaped(n_samples, draw, gain)
    bed = bed / bed.std().clamp_min(1e-6)
    time_s = torch.arange(n_samples, device=draw.device) / RATE_HZ
    for _ in range(draw.scalar.randint(0, 5)):
        line_hz = math.exp(draw.scalar.uniform(math.log(40.0), math.log(6_000.0)))
        level = 10.0 ** (draw.scalar.uniform(-30.0, 0.0) / 20.0)
        sway = draw.scalar.uniform(0.0, 0.003) * line_hz * torch.sin(draw.scalar.uniform(0.5, 9.0) * time_s)
        bed = bed + level * torch.sin(2.0 * math.pi * line_hz * time_s + sway)
    depth, beat_hz = draw.scalar.uniform(0.0, 0.5) ** 2, math.exp(draw.scalar.uniform(math.log(0.3), math.log(20.0)))
    return bed * (1.0 + depth * torch.sin(2.0 * math.pi * beat_hz * time_s + draw.scalar.uniform(0.0, 6.0)))


#: Kinds that music may be mixed with: those that a listener would call part of the medium.
STATIONARY = ("white", "coloured", "pink", "brown", "hiss", "hum")
#: What a room or a preamplifier has of its own.
ROOM_TONE = ("coloured", "pink", "brown", "hiss", "machine")
