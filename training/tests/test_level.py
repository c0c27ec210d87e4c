"""What the network sees of levels."""

import pytest
import torch

from quell_training import features, geometry
from quell_training.denoise import CheckpointDenoiser
from quell_training.mixer import Mixer
from quell_training.recipe import Recipe
from quell_training.model import Options, UNet
from quell_training.quantise import QuantUNet
from quell_training.train import Trainer

CPU = torch.device("cpu")


def test_the_slow_level_makes_loud_and_soft_look_alike(clips):
    batch = Mixer(clips, Recipe(), CPU, seed=5).batch(0, 4, 150)
    power = geometry.band_means(geometry.power_of(batch.noisy))
    source = torch.full((4,), features.MINIMUM)

    def seen(gain_db, level):
        louder = power * 10.0 ** (gain_db / 10.0)
        return features.network_input(louder, features.running_minimum(louder), source, level)

    for gain_db in (-30.0, 12.0):
        moved = (seen(gain_db, features.SLOW) - seen(0.0, features.SLOW)).abs().mean()
        # Silence is not: what is 30 dB softer falls below its floor sooner.
        assert moved < 0.05, (gain_db, moved)
        assert (seen(gain_db, features.ABSOLUTE) - seen(0.0, features.ABSOLUTE)).abs().mean() > 10.0 * moved


def test_the_slow_level_knows_no_future_and_does_not_move_in_silence():
    power = torch.rand(1, 90, geometry.N_BANDS)
    torch.testing.assert_close(features.slow_gain(power[:, :50]), features.slow_gain(power)[:, :50])
    power[:, 40:80] = 0.0
    gain = features.slow_gain(power)[0, :, 0]
    assert (gain[40:80] == gain[39]).all()


def test_a_checkpoint_hears_levels_as_it_learned_them(tmp_path):
    noisy = 0.1 * torch.randn(24_000, generator=torch.Generator().manual_seed(1))
    differences = {}
    for level in (features.ABSOLUTE, features.SLOW):
        torch.manual_seed(1)
        Trainer(UNet(Options(level=level)), 1e-3, CPU, seed=1).save(tmp_path / level)
        denoise = CheckpointDenoiser(tmp_path / level)
        loud, soft = (denoise(gain * noisy, None, features.MINIMUM) for gain in (1.0, 0.01))
        differences[level] = (loud - 100.0 * soft).norm() / loud.norm()
    assert differences[features.SLOW] < 1e-3 < 10.0 * differences[features.ABSOLUTE]


def test_an_unknown_level_and_memories_that_the_run_time_lacks_are_named(clips):
    with pytest.raises(ValueError, match="level=fast"):
        Mixer(clips, Recipe(level="fast"), CPU, seed=1).batch(0, 1, 20)
    with pytest.raises(ValueError, match="one or two memories"):
        QuantUNet(UNet(Options(whole=(16, 16, 16))))
