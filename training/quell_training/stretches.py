"""Stretches of recordings, many at once: from any place, at any speed, forwards or backwards. What is too short
repeats."""

import torch

from . import native, scans

#: Neighbours on each side that a voice at another speed is put together of.
FINE_REACH = 8


def cut(samples: torch.Tensor, first, length, start, n_samples: int, speed=None, is_backwards=None, fine=False):
    """Rows ``[n, n_samples]`` out of the flat `samples`; the rest are tensors of one number a row: the recording's
    first sample and length, where in it to start, how fast it plays. `fine` keeps treble at other speeds."""
    reach = 0 if speed is None else FINE_REACH if fine else 1
    if samples.is_cuda:
        return scans.cut(samples, first, length, start, n_samples, speed, is_backwards, reach)
    if native.can_cut(samples):
        return native.cut(samples, first, length, start, n_samples, speed, is_backwards, reach)
    return cut_by_pytorch(samples, first, length, start, n_samples, speed, is_backwards, reach)


def cut_by_pytorch(samples, first, length, start, n_samples, speed, is_backwards, reach):
    """The same, slowly, where nothing else can."""
    place = torch.arange(n_samples, device=samples.device)
    if is_backwards is not None:
        place = torch.where(is_backwards[:, None], n_samples - 1 - place, place[None])
    if reach == 0:
        return _at(samples, first, length, start, place)
    # In double precision, or a place a few seconds in would be wrong by a tenth of a sample.
    place = place.double() * speed.double()[:, None]
    below, share = place.long(), place.frac().float()
    if reach > 1:
        return _put_together(samples, first, length, start, below, share)
    low, high = (_at(samples, first, length, start, below + i) for i in (0, 1))
    return torch.lerp(low, high, share)


def _at(samples, first, length, start, place):
    index = torch.remainder(start[:, None] + place, length[:, None]).add_(first[:, None])
    return samples[index].float() / 32768.0


def _put_together(samples, first, length, start, below, share):
    """By a windowed sinc: flat within 0.2 dB up to 18 kHz."""
    total = torch.zeros_like(share)
    for i in range(1 - FINE_REACH, FINE_REACH + 1):
        away = share - i
        weight = torch.sinc(away) * torch.cos(away * (torch.pi / (2.0 * FINE_REACH))).square()
        total.addcmul_(_at(samples, first, length, start, below + i), weight)
    return total
