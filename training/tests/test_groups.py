"""Checkpoints by group: the same mixtures for all, and each group is what its name says."""

import argparse

import pytest
import torch

from quell_training import groups
from quell_training.mixer import Mixer
from quell_training.model import UNet
from quell_training.train import Trainer

CPU = torch.device("cpu")


@pytest.fixture
def checkpoint(tmp_path):
    torch.manual_seed(3)
    Trainer(UNet(), 1e-3, CPU, seed=3).save(tmp_path / "checkpoint.pt")
    return tmp_path / "checkpoint.pt"


def asked(*names) -> argparse.Namespace:
    return argparse.Namespace(groups=list(names), mixtures=8, batch=8, frames=40)


def test_groups_are_scored_alike_each_time_and_differ(checkpoint, clips):
    names = ("speech", "… at -5 to 5 dB", "… music beside", "music")
    first, second = (groups.score(checkpoint, clips, asked(*names)) for _ in range(2))
    assert list(first) == list(names)
    assert [str(row) for row in first.values()] == [str(row) for row in second.values()]
    assert first["… at -5 to 5 dB"]["compressed"] > first["speech"]["compressed"]
    assert first["music"]["music_db"] < 10.0 and first["… music beside"]["opinion"] > 0.0
    assert first["music"]["opinion"] != first["music"]["opinion"], "no speech, no opinion"


def test_softer_and_louder_groups_are_so_by_what_they_say(clips):
    batches = {
        name: Mixer(clips, groups.GROUPS[name], CPU, groups.SEED).batch(0, 4, 40)
        for name in ("speech", "… 30 dB softer", "… 12 dB louder")
    }
    power = {name: batch.noisy.abs().square().mean() for name, batch in batches.items()}
    for name, expected_db in {"… 30 dB softer": -30.0, "… 12 dB louder": 12.0}.items():
        assert abs(10.0 * float(torch.log10(power[name] / power["speech"])) - expected_db) < 0.1


def test_no_voice_of_full_band_is_named(checkpoint, clips):
    with pytest.raises(ValueError, match="leave out the full-band group"):
        groups.score(checkpoint, clips, asked("… full band, 0 to 15 dB"))
