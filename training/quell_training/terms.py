"""Terms of the loss that are heard in the spectra: what is left in pauses, missing treble, weak bins.

Each takes powers ``[B, T, n]`` of the sound that comes out, of the wanted one and of the noisy one, and
gives one number an item, 0 where nothing is wrong.
"""

import torch

#: A frame is a pause where what is wanted lies so far below its loudest frames, and below the noisy sound.
PAUSE_DB, BURIED_DB = 30.0, 10.0
#: Noise that has been lowered by this much counts no more.
LOW_ENOUGH_DB = 45.0
#: Frames that treble is taken over, and how far below its own strongest it still counts.
TREBLE_FRAMES, TREBLE_DB = 8, 35.0
#: Missing treble counts up to this.
MOST_MISSING_DB = 20.0
#: An error this far below the sound in its bin is no error.
WEAK_FLOOR_DB = -20.0
#: Compression of magnitudes against a teacher, and frames and bands that it is judged over.
EXPONENT, MAGNITUDE_FLOOR, PATCH = 0.3, 1e-5, 5
TINY = 1e-12


def left_in_pauses(out, wanted, noisy) -> torch.Tensor:
    """Level of what comes out in pauses of the wanted sound over what went in: 1 is all of it."""
    out, wanted, noisy = (power.sum(-1) + TINY for power in (out, wanted, noisy))
    is_pause = wanted < wanted.amax(1, keepdim=True) * _ratio(-PAUSE_DB)
    is_pause = (is_pause & (wanted < noisy * _ratio(-BURIED_DB))).float()
    left_db = 10.0 * torch.log10((out - wanted).clamp_min(0.0) / noisy + _ratio(-LOW_ENOUGH_DB))
    left = (left_db / LOW_ENOUGH_DB + 1.0).clamp_min(0.0)
    return (left * is_pause).sum(1) / is_pause.sum(1).clamp_min(1.0)


def missing_treble(out, wanted, noisy) -> torch.Tensor:
    """Tens of decibels by which bands come out too soft where they stand out of the noise."""
    n_frames = out.shape[1] // TREBLE_FRAMES * TREBLE_FRAMES
    out, wanted, noisy = (
        power[:, :n_frames].unflatten(1, (-1, TREBLE_FRAMES)).mean(2) + TINY for power in (out, wanted, noisy)
    )
    counts = (wanted > wanted.amax((1, 2), keepdim=True) * _ratio(-TREBLE_DB)) & (2.0 * wanted > noisy)
    counts = (counts & (wanted > 100.0 * TINY)).float()
    missing_db = (10.0 * torch.log10(wanted / out)).clamp(0.0, MOST_MISSING_DB)
    return (missing_db * counts).sum((1, 2)) / counts.sum((1, 2)).clamp_min(1.0) / 10.0


def error_of_bins(error, wanted) -> torch.Tensor:
    """Mean over the bins of the error-to-sound ratio of each, in tens of decibels over a floor: a weak
    harmonic counts as much as a strong one."""
    error, wanted = error.sum(1), wanted.sum(1)
    ratio_db = 10.0 * torch.log10((error + TINY) / (wanted + 1e-4 * wanted.amax(1, keepdim=True) + TINY))
    return ((ratio_db - WEAK_FLOOR_DB).clamp_min(0.0) / 10.0).mean(1)


def worth_learning(gains, taught, noisy, wanted) -> torch.Tensor:
    """Squared difference between what student and teacher make of the magnitudes of the bands, compressed, where
    over a patch of time and frequency the teacher is nearer to the wanted sound."""
    noisy_c, wanted_c, given, aim = (
        (x + MAGNITUDE_FLOOR) ** EXPONENT for x in (noisy, wanted, gains * noisy, taught.clamp_min(0.0) * noisy)
    )
    own_error, its_error = _patches((given.detach() - wanted_c).square()), _patches((aim - wanted_c).square())
    counts = (its_error < own_error) & (taught >= 0.0)
    scale = wanted_c.square().mean((1, 2)) + 0.1 * noisy_c.square().mean((1, 2))
    return ((given - aim).square() * counts).mean((1, 2)) / scale


def _patches(error):
    """Mean over the neighbourhood of each band and frame."""
    reach = PATCH // 2
    return torch.nn.functional.avg_pool2d(error[:, None], PATCH, 1, reach, count_include_pad=False)[:, 0]


def _ratio(level_db: float) -> float:
    return 10.0 ** (level_db / 10.0)
