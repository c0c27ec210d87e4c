"""How good a denoised recording is. All at 48 kHz unless a measure fixes its own rate."""

import numpy as np
import soxr
import torch

from .geometry import RATE_HZ


def all_measures(clean: np.ndarray, out: np.ndarray, noisy: np.ndarray) -> dict[str, float]:
    """Every measure of `out` against `clean`, and what it gained over `noisy`."""
    clean_16, out_16 = (soxr.resample(x, RATE_HZ, 16_000, quality="VHQ") for x in (clean, out))
    clean_8, out_8 = (soxr.resample(x, RATE_HZ, 8_000, quality="VHQ") for x in (clean, out))
    picture = spectrogram_measures(clean, out)
    return dict(
        pesq_wb=pesq(16_000, clean_16, out_16, "wb"),
        pesq_nb=pesq(8_000, clean_8, out_8, "nb"),
        stoi=_stoi(clean_16, out_16, is_extended=False),
        estoi=_stoi(clean_16, out_16, is_extended=True),
        si_sdr_db=si_sdr_db(clean, out),
        si_sdr_gain_db=si_sdr_db(clean, out) - si_sdr_db(clean, noisy),
        snr_after_db=snr_db(clean, out),
        snr_gain_db=snr_db(clean, out) - snr_db(clean, noisy),
        segmental_snr_db=segmental_snr_db(clean, out),
        lsd_db=lsd_db(clean, out),
        pause_spread_db=pause_spread_db(clean, out, noisy),
        pause_level_db=pause_level_db(clean, out, noisy),
        **picture,
    )


# Both are imported by whoever scores: a machine that only trains may not have them.


def _stoi(clean_16, out_16, is_extended: bool) -> float:
    from pystoi import stoi

    return float(stoi(clean_16, out_16, 16_000, extended=is_extended))


def pesq(rate_hz: int, clean, out, band: str) -> float:
    from pesq import NoUtterancesError, pesq

    try:
        return float(pesq(rate_hz, clean.astype("f4"), out.astype("f4"), band))
    except NoUtterancesError:
        return float("nan")


def snr_db(clean, out) -> float:
    """Power of the sound over that of the difference."""
    return float(10 * np.log10((clean @ clean + 1e-20) / ((out - clean) @ (out - clean) + 1e-20)))


def si_sdr_db(clean, out) -> float:
    """Scale-invariant, mean removed."""
    clean, out = clean - clean.mean(), out - out.mean()
    target = (out @ clean) / (clean @ clean + 1e-20) * clean
    return float(10 * np.log10((target @ target + 1e-20) / ((out - target) @ (out - target) + 1e-20)))


def _frames(x, length: int, hop: int):
    return np.lib.stride_tricks.sliding_window_view(x, length)[::hop]


def segmental_snr_db(clean, out) -> float:
    """30 ms Hann frames, three quarters overlapped, each kept within -10 to 35 dB."""
    window = np.hanning(1440)
    c, e = _frames(clean, 1440, 360) * window, _frames(out, 1440, 360) * window
    ratio = (c * c).sum(1) / (((c - e) ** 2).sum(1) + 1e-10)
    return float(np.clip(10 * np.log10(ratio + 1e-10), -10, 35).mean())


#: Windows that pauses are made of, samples: 100 ms.
PAUSE_LEN = 4_800
#: A window is a pause where no 10 ms of what is wanted, 20 ms to either side included, lie higher than so many dB
#: over the quietest window of the recording, or less than so many dB below what is heard.
PAUSE_FLOOR_DB, PAUSE_BURIED_DB = 10.0, 10.0
#: Fewer say nothing of a recording, nor does noise whose own level spreads further.
PAUSE_LEAST, PAUSE_STEADY_DB = 4, 1.5


def pause_spread_db(clean, out, noisy) -> float:
    """How much what is left in pauses comes and goes: standard deviation of the level of 100 ms, dB."""
    levels_db, is_pause = _levels_db(out), _steady_pauses(clean, noisy)
    return float(levels_db[: len(is_pause)][is_pause].std()) if is_pause.any() else float("nan")


def pause_level_db(clean, out, noisy) -> float:
    """Mean level in the same pauses, over that of the noise."""
    change_db, is_pause = _levels_db(out)[: len(noisy) // PAUSE_LEN] - _levels_db(noisy), _steady_pauses(clean, noisy)
    return float(change_db[: len(is_pause)][is_pause].mean()) if is_pause.any() else float("nan")


def _levels_db(x, length: int = PAUSE_LEN):
    return 10 * np.log10((x[: len(x) // length * length].reshape(-1, length) ** 2).mean(1) + 1e-20)


def _steady_pauses(clean, noisy):
    """Which windows are pauses; none where they are too few or the noise is not steady."""
    part, margin = PAUSE_LEN // 10, PAUSE_LEN // 5
    levels_db, n = _levels_db(noisy), len(clean) // PAUSE_LEN
    padded = np.pad(clean[: n * PAUSE_LEN], margin)
    parts_db = _levels_db(padded, part)
    around = PAUSE_LEN // part + 2 * margin // part
    loudest_db = np.lib.stride_tricks.sliding_window_view(parts_db, around)[:: PAUSE_LEN // part].max(1)
    is_pause = (loudest_db < loudest_db.min() + PAUSE_FLOOR_DB) & (loudest_db < levels_db[:n] - PAUSE_BURIED_DB)
    is_steady = is_pause.sum() >= PAUSE_LEAST and levels_db[:n][is_pause].std() <= PAUSE_STEADY_DB
    return is_pause & is_steady


def _log_spectra(clean, out):
    """Levels in dB, both floored 80 dB below the clean maximum."""
    window = np.hanning(2049)[:-1]
    c, e = (np.abs(np.fft.rfft(_frames(x, 2048, 512) * window)) ** 2 for x in (clean, out))
    floor = c.max() * 1e-8
    return 10 * np.log10(np.maximum(c, floor)), 10 * np.log10(np.maximum(e, floor))


def lsd_db(clean, out) -> float:
    """Log-spectral distance."""
    c, e = _log_spectra(clean, out)
    return float(np.sqrt(((c - e) ** 2).mean(1)).mean())


def spectrogram_measures(clean, out) -> dict[str, float]:
    """The spectrogram as a picture from 0 (80 dB below the clean maximum) to 1 (the maximum)."""
    c, e = _log_spectra(clean, out)
    top = c.max()
    c, e = (np.clip((x - top) / 80.0 + 1.0, 0.0, 1.0) for x in (c, e))
    mse = float(((c - e) ** 2).mean())
    return dict(
        spectrogram_mse=mse,
        spectrogram_mae=float(np.abs(c - e).mean()),
        spectrogram_ssim=_ssim(c, e),
        spectrogram_psnr_db=float(-10 * np.log10(mse + 1e-12)),
    )


def _ssim(a, b) -> float:
    """Structural similarity over 7 x 7 squares, values from 0 to 1."""
    a, b = (torch.from_numpy(x)[None, None] for x in (a, b))

    def mean(x):
        return torch.nn.functional.avg_pool2d(x, 7, 1)

    mean_a, mean_b = mean(a), mean(b)
    var_a, var_b = mean(a * a) - mean_a**2, mean(b * b) - mean_b**2
    both = mean(a * b) - mean_a * mean_b
    c1, c2 = 0.01**2, 0.03**2
    similarity = (2 * mean_a * mean_b + c1) * (2 * both + c2)
    return float((similarity / ((mean_a**2 + mean_b**2 + c1) * (var_a + var_b + c2))).mean())
