"""What the network sees: five numbers a band, all with a spread near 1.

`crates/core/src/unet/features.rs` computes the same, frame by frame.
"""

import torch

from . import scans
from .geometry import band_edges

FLOOR_DB = -120.0  # level of a silent or absent band, dB per 25 Hz
N_INPUTS = 5

# Where the noise profile comes from, as the network is told.
CAPTURED, MINIMUM, ABSENT = 1.0, 0.0, -1.0

# Running minimum of the smoothed power over 1.6 s (Martin, 2001), like the core's tracker.
MINIMUM_SMOOTHING = 0.85
STRETCH_FRAMES = 20
N_STRETCHES = 8
#: Mean power of steady noise over its minimum: 1 + 0.9/sqrt(bins of the band).
MINIMUM_BIAS = 0.9

# Decision-directed Wiener gain (Ephraim and Malah, 1984).
WIENER_MEMORY = 0.96
LEAST_A_PRIORI_SNR = 0.003
LARGEST_SNR = 1e4

# What the network may see its levels relative to: full scale, or a slow level of what comes in.
ABSOLUTE, SLOW = "absolute", "slow"
#: Bands that the slow level is the mean of: from 100 Hz on, above the rumble.
SLOW_FIRST_BAND = 4
#: Share of the way, in dB, that the slow level goes each frame: up within a syllable, down within seconds.
SLOW_RISE, SLOW_FALL = 0.1, 0.004
#: In the first frames it falls as fast as a mean of so many, so that it does not hang on to the first.
SLOW_START = 0.5
#: Frames below this level, dB per 25 Hz, are silence, and move nothing.
SLOW_SILENCE_DB = -140.0
#: The slow level may lie within so much of this, dB per 25 Hz; what is softer or louder is brought there.
SLOW_TARGET_DB, SLOW_FREE_DB = -60.0, 0.0

#: Mean level of a bin of Gaussian noise lies this far below the level of its mean power, dB.
GAUSSIAN_LOG_BIAS_DB = 2.507


def to_db(power: torch.Tensor) -> torch.Tensor:
    """Level of a power per 25 Hz, never below the floor."""
    return 10.0 * torch.log10(power.clamp_min(10.0 ** (FLOOR_DB / 10.0)))


def minimum_bias() -> torch.Tensor:
    """Factor from the running minimum to the mean power of noise, per band."""
    edges = torch.tensor(band_edges(), dtype=torch.float32)
    return 1.0 + MINIMUM_BIAS / (edges[1:] - edges[:-1]).sqrt()


def running_minimum(power: torch.Tensor) -> torch.Tensor:
    """Noise power by the running minimum, ``[B, T, 128] -> [B, T, 128]``, causal, from a cold start."""
    smoothed = _smooth(power)
    n_frames = power.shape[1]
    n_padded = -(-n_frames // STRETCH_FRAMES) * STRETCH_FRAMES
    padded = torch.nn.functional.pad(smoothed, (0, 0, 0, n_padded - n_frames), value=torch.inf)
    stretches = padded.unflatten(1, (-1, STRETCH_FRAMES))
    so_far = stretches.cummin(2).values
    finished = torch.full_like(so_far[:, :, 0], torch.inf)
    n_stretches = stretches.shape[1]
    for age in range(1, min(N_STRETCHES, n_stretches - 1) + 1):
        finished[:, age:] = torch.minimum(finished[:, age:], so_far[:, : n_stretches - age, -1])
    minimum = torch.minimum(so_far, finished[:, :, None]).flatten(1, 2)[:, :n_frames]
    return minimum * minimum_bias().to(power.device)


def _smooth(power: torch.Tensor) -> torch.Tensor:
    """``y[t] = 0.85 y[t-1] + 0.15 x[t]`` with ``y[0] = x[0]``, as one triangular product."""
    n_frames = power.shape[1]
    age = torch.arange(n_frames, device=power.device)
    age = age[:, None] - age[None, :]
    kernel = torch.where(age >= 0, MINIMUM_SMOOTHING ** age.clamp_min(0).double(), 0.0)
    kernel[:, 1:] *= 1.0 - MINIMUM_SMOOTHING
    return torch.einsum("ts,bsf->btf", kernel.float(), power)


def wiener_gain(power: torch.Tensor, noise_power: torch.Tensor) -> torch.Tensor:
    """Decision-directed gain, ``[B, T, 128]``."""
    snr = (power / noise_power.clamp_min(1e-12)).clamp_max(LARGEST_SNR)
    excess = (snr - 1.0).clamp_min(0.0) * (1.0 - WIENER_MEMORY)
    if snr.is_cuda:
        return scans.wiener(snr, excess, WIENER_MEMORY, LEAST_A_PRIORI_SNR)
    remembered, gains = torch.zeros_like(snr[:, 0]), []
    for snr_now, excess_now in zip(snr.unbind(1), excess.unbind(1)):
        prior = torch.add(excess_now, remembered, alpha=WIENER_MEMORY).clamp_min_(LEAST_A_PRIORI_SNR)
        gain = prior / (prior + 1.0)
        remembered = gain * gain * snr_now
        gains.append(gain)
    return torch.stack(gains, 1)


def slow_gain(power: torch.Tensor) -> torch.Tensor:
    """Factor that brings a slow level of what comes in to where the network expects it, ``[B, T, 128] ->
    [B, T, 1]``; causal, and equal for a sound and for the same sound at any other strength."""
    frame_db = 10.0 * torch.log10(power[..., SLOW_FIRST_BAND:].mean(-1).clamp_min(1e-15))
    away_db = _slow_db(frame_db) - SLOW_TARGET_DB
    return 10.0 ** ((away_db.clamp(-SLOW_FREE_DB, SLOW_FREE_DB) - away_db) / 10.0)[..., None]


def _slow_db(frame_db: torch.Tensor) -> torch.Tensor:
    """The slow level, ``[B, T] -> [B, T]``."""
    if frame_db.is_cuda:
        return scans.slow(frame_db, SLOW_TARGET_DB, SLOW_SILENCE_DB, SLOW_RISE, SLOW_FALL, SLOW_START)
    slow_db, levels = torch.full_like(frame_db[:, 0], SLOW_TARGET_DB), []
    n_heard = torch.zeros_like(slow_db)
    for now_db in frame_db.unbind(1):
        is_heard = now_db > SLOW_SILENCE_DB
        fall = (SLOW_START / (n_heard + 1.0)).clamp_min(SLOW_FALL)
        step = torch.where(now_db > slow_db, SLOW_RISE, fall)
        step = torch.where(n_heard == 0.0, 1.0, step)
        slow_db = torch.where(is_heard, torch.lerp(slow_db, now_db, step), slow_db)
        n_heard = n_heard + is_heard
        levels.append(slow_db)
    return torch.stack(levels, 1)


def network_input(
    power: torch.Tensor, noise_power: torch.Tensor, source: torch.Tensor, level: str = ABSOLUTE
) -> torch.Tensor:
    """``[B, T, 128, 5]``: level, level of the noise, their difference, the classical gain, and where
    the noise level comes from (`source`, one of the three constants for each item). Levels are relative
    to what `level` says."""
    if level not in (ABSOLUTE, SLOW):
        raise ValueError(f"level={level}: expected {ABSOLUTE} or {SLOW}")
    if level == SLOW:
        gain = slow_gain(power)
        power, noise_power = power * gain, noise_power * gain
    is_absent = (source == ABSENT)[:, None, None]
    noise_power = torch.where(is_absent, 0.0, noise_power)
    level_db, noise_db = to_db(power), to_db(noise_power)
    gain = torch.where(is_absent, 1.0, wiener_gain(power, noise_power))
    return torch.stack(
        [
            (level_db + 75.0) / 25.0,
            (noise_db + 85.0) / 25.0,
            ((level_db - noise_db) / 15.0).clamp(-3.0, 4.0),
            2.0 * gain - 1.0,
            source[:, None, None].expand(level_db.shape),
        ],
        dim=-1,
    )

