"""Folders of audio, decoded once into one flat int16 file per role.

A root holds `speech/ noise/ music/ rir/` with WAV, FLAC, Ogg or Opus of any rate and length. The
cache is keyed by role; delete its folder after the data have changed.
"""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr
import torch

from .geometry import RATE_HZ, band_means, hann_window, power_of, stft

ROLES = ("speech", "noise", "music", "rir")
SUFFIXES = {".wav", ".flac", ".ogg", ".opus"}
#: Spread over time of the band levels, below which a recording counts as stationary noise, dB.
STATIONARY_SPREAD_DB = 1.6

#: A sharp sound rises by so much within two frames, to within so much of the loudest of its recording.
ATTACK_DB, ATTACK_REACH_DB = 10.0, 30.0
ATTACK_FRAME_LEN = 480


@dataclass
class Clips:
    """All recordings of one role, end to end."""

    samples: torch.Tensor  # int16, flat
    first: torch.Tensor  # index of the first sample of each clip
    length: torch.Tensor  # samples of each clip
    is_stationary: list[bool]

    def to(self, device: torch.device) -> "Clips":
        return Clips(self.samples.to(device), self.first, self.length, self.is_stationary)


def load(roots: list[Path], cache: Path) -> dict[str, Clips]:
    """Every role's clips, memory-mapped from `cache`, which is made where it is missing."""
    cache.mkdir(parents=True, exist_ok=True)
    return {role: _load_role(role, roots, cache) for role in ROLES}


def _load_role(role: str, roots: list[Path], cache: Path) -> Clips:
    index_path, samples_path = cache / f"{role}.json", cache / f"{role}.i16"
    if not index_path.exists():
        _decode_role(role, roots, samples_path, index_path)
    index = json.loads(index_path.read_text())
    n_samples = sum(clip["n_samples"] for clip in index)
    samples = torch.from_file(str(samples_path), size=n_samples, dtype=torch.int16)
    length = torch.tensor([clip["n_samples"] for clip in index], dtype=torch.int64)
    return Clips(samples, length.cumsum(0) - length, length, [c["is_stationary"] for c in index])


def _decode_role(role: str, roots: list[Path], samples_path: Path, index_path: Path) -> None:
    paths = sorted(p for root in roots for p in (root / role).rglob("*") if p.suffix.lower() in SUFFIXES)
    if not paths:
        raise FileNotFoundError(f"no {role} audio ({', '.join(sorted(SUFFIXES))}) under {roots}")
    with open(samples_path, "wb") as out, ThreadPoolExecutor() as readers:
        index = []
        for path, (samples, is_stationary) in zip(paths, readers.map(lambda path: _decoded(path, role), paths)):
            out.write(samples.tobytes())
            index.append(dict(path=path.name, n_samples=len(samples), is_stationary=is_stationary))
    index_path.write_text(json.dumps(index))


def _decoded(path: Path, role: str) -> tuple[np.ndarray, bool]:
    samples = _read(path)
    is_stationary = role == "noise" and _spread_db(samples) < STATIONARY_SPREAD_DB
    return (samples.clip(-1.0, 1.0) * 32767.0).astype(np.int16), is_stationary


def _read(path: Path) -> np.ndarray:
    samples, rate_hz = soundfile.read(path, dtype="float32", always_2d=True)
    samples = samples[:, 0]
    if rate_hz != RATE_HZ:
        samples = soxr.resample(samples, rate_hz, RATE_HZ)
    return samples


def attacks_per_s(samples: torch.Tensor) -> float:
    """How often a second the level rises by `ATTACK_DB` within two hundredths, up to near its highest; of the
    differences from sample to sample, so that rumble does not count."""
    samples = samples.float().diff()
    n_frames = len(samples) // ATTACK_FRAME_LEN
    if n_frames < 3:
        return 0.0
    frames = samples[: n_frames * ATTACK_FRAME_LEN].view(n_frames, -1)
    level_db = 10.0 * torch.log10(frames.square().mean(1) + 1e-3)
    is_rise = (level_db[2:] - level_db[:-2] > ATTACK_DB) & (level_db[2:] > level_db.max() - ATTACK_REACH_DB)
    starts = is_rise & ~torch.cat([is_rise.new_zeros(1), is_rise[:-1]])
    return int(starts.sum()) / (len(samples) / RATE_HZ)


def _spread_db(samples: np.ndarray) -> float:
    """How much the level of a band changes from one quarter second to the next."""
    n_frames = max(0, len(samples) - 1920) // 480 + 1
    if n_frames < 100:
        return np.inf
    levels = band_means(power_of(stft(torch.from_numpy(samples), hann_window())))
    quarters = levels[: n_frames // 25 * 25].unflatten(0, (-1, 25)).mean(1)
    return float((10.0 * torch.log10(quarters + 1e-12)).std(0).mean())
