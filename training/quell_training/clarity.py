"""How well speech is followed: envelopes in bands that move alike, after the extended STOI of Jensen and
Taal (2016), smooth enough to train on.

Frames are those of `loudness`; frames of silence stay in, but a stretch counts by how much of it is speech.
`tests/test_loss.py` holds it to the original.
"""

import torch

from . import loudness

N_BANDS = 15
LOWEST_HZ = 150.0
#: Frames of one stretch, 384 ms, and from one stretch to the next.
STRETCH_LEN, STRETCH_HOP = 24, 6
#: Frames within this range of the loudest are speech, dB.
ACTIVE_DB = 40.0
#: Keeps the norms calm, share of the strongest envelope.
CALM = 1e-3


class Clarity:
    """1 where the envelopes of two sounds of equal length at 16 kHz move alike, 0 where they do not."""

    def __init__(self, device: torch.device):
        self.to_bands = third_octaves().to(device)

    def __call__(self, wanted_power: torch.Tensor, out_power: torch.Tensor) -> torch.Tensor:
        """``[B, n_frames, 255]`` twice, from `Disturbance.power` -> ``[B]``."""
        frame_power = wanted_power.sum(-1)
        is_active = frame_power > frame_power.amax(1, keepdim=True) * 10.0 ** (-ACTIVE_DB / 10.0)
        envelopes = (self._envelopes(power) for power in (wanted_power, out_power))
        wanted, out = (_alike(envelope.unfold(1, *_stretch(wanted_power))) for envelope in envelopes)
        likeness = (wanted * out).sum((2, 3)) / wanted.shape[3]
        share = is_active.float().unfold(1, *_stretch(wanted_power)).mean(-1)
        return (likeness * share).sum(1) / share.sum(1).clamp_min(1e-6)

    def _envelopes(self, power):
        power = power @ self.to_bands
        peak = power.detach().amax((1, 2), keepdim=True).clamp_min(1e-20)
        return (power / peak + CALM**2).sqrt()


def _stretch(power) -> tuple[int, int]:
    return min(STRETCH_LEN, power.shape[1]), STRETCH_HOP


def _alike(stretches):
    """``[B, n, bands, frames]`` with mean and size taken off, of each band and then of each frame."""
    return _standard(_standard(stretches, 3), 2)


def _standard(x, dim: int):
    x = x - x.mean(dim, keepdim=True)
    return x / (x.square().sum(dim, keepdim=True) + CALM**2).sqrt()


def third_octaves() -> torch.Tensor:
    """``[255, 15]``: which bin of `loudness` lies in which third of an octave."""
    hz = torch.arange(1, loudness.FRAME_LEN // 2) * loudness.BIN_HZ
    third = torch.round(3.0 * torch.log2(hz / LOWEST_HZ))
    return (third[:, None] == torch.arange(N_BANDS)).float()
