"""Each part of the loss must fall where the sound gets better, and cost nothing at a weight of 0."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr
import torch
from conftest import clips_of
from pystoi import stoi

from quell_training import terms
from quell_training.clarity import Clarity
from quell_training.geometry import N_BANDS
from quell_training.loss import MaskLoss, Weights
from quell_training.loudness import Disturbance
from quell_training.mixer import Mixer
from quell_training.recipe import Recipe

CPU = torch.device("cpu")
DEMO = Path(__file__).parents[2] / "crates/cli/assets/fan_and_voice.flac"


@pytest.fixture(scope="module")
def spoken() -> np.ndarray:
    clean, rate_hz = soundfile.read(DEMO, dtype="float32", always_2d=True)
    return soxr.resample(clean[2 * rate_hz :, 0], rate_hz, 16_000)


def clarity_of(wanted, out) -> float:
    power = Disturbance(CPU).power
    return float(Clarity(CPU)(*(power(torch.from_numpy(x)[None]) for x in (wanted, out))))


def test_clarity_is_what_estoi_measures(spoken):
    noise = np.random.default_rng(5).standard_normal(len(spoken)).astype(np.float32) * spoken.std()
    for gain in (0.1, 0.3, 1.0, 3.0):
        noisy = spoken + gain * noise
        assert abs(clarity_of(spoken, noisy) - stoi(spoken, noisy, 16_000, extended=True)) < 0.06, gain
    assert clarity_of(spoken, 0.01 * spoken) > 0.99, "strength does not count"


def test_a_chopped_syllable_is_less_clear(spoken):
    chopped = spoken.copy()
    for start in range(0, len(chopped), 4_000):
        chopped[start : start + 1_500] *= 0.1
    assert clarity_of(spoken, chopped) < 0.9 < clarity_of(spoken, spoken)


def frames(*levels_db) -> torch.Tensor:
    """Eight frames of twenty bins at each level."""
    level = torch.tensor(levels_db).repeat_interleave(8)[None, :, None]
    return (10.0 ** (level / 10.0)).expand(1, -1, 20)


def test_less_noise_in_pauses_is_better_and_speech_is_no_pause():
    wanted, noisy = frames(-20.0, -90.0), frames(-19.0, -40.0)
    left = [float(terms.left_in_pauses(frames(speech_db, db), wanted, noisy)) for speech_db, db in
            ((-20.0, -40.0), (-20.0, -60.0), (-20.0, -80.0), (-20.0, -100.0), (-90.0, -60.0))]
    assert left[0] > 0.95 and left[:4] == sorted(left[:4], reverse=True) and left[3] < 0.05
    assert left[4] == left[1]
    floor = frames(-20.0, -60.0)
    assert float(terms.left_in_pauses(floor, floor, frames(-20.0, -59.0))) < 0.05, "a floor of its own may stay"


def test_missing_treble_counts_where_it_stands_out():
    wanted, noisy = frames(-30.0, -30.0), frames(-29.0, -10.0)
    missing = [float(terms.missing_treble(frames(db, -90.0), wanted, noisy)) for db in (-30.0, -35.0, -45.0)]
    assert missing == pytest.approx([0.0, 0.5, 1.5], abs=0.01)
    buried = frames(-10.0, -10.0)
    assert float(terms.missing_treble(frames(-90.0, -90.0), wanted, buried)) == 0.0


def test_an_error_in_a_weak_bin_counts_as_one_in_a_strong_one():
    wanted = torch.ones(1, 10, 4) * torch.tensor([1.0, 1.0, 1e-3, 1e-3])
    none, strong, weak = torch.zeros_like(wanted), torch.zeros_like(wanted), torch.zeros_like(wanted)
    strong[..., 0], weak[..., 2] = 0.5, 0.5e-3
    values = [float(terms.error_of_bins(error, wanted)) for error in (none, strong, weak)]
    assert values[0] == 0.0 and values[1] > 0.3 and abs(values[1] - values[2]) < 0.1 * values[1]


@pytest.mark.parametrize("name", ["clarity", "pause", "treble", "bins"])
def test_a_part_of_the_loss_counts_by_its_weight_and_can_be_learned_from(clips, name):
    bursts = 0.1 * np.random.default_rng(3).standard_normal(96_000) * (np.arange(96_000) % 24_000 < 12_000)
    clips = dict(clips, speech=clips_of(bursts))
    batch = Mixer(clips, Recipe(music_share=0.3), CPU, seed=4).batch(0, 8, 80)
    gains = torch.full((8, 80, N_BANDS), 0.5, requires_grad=True)
    plain, _ = MaskLoss(CPU)(gains, batch)
    weighed, parts = MaskLoss(CPU, Weights(**{name: 3.0}))(gains, batch)
    assert parts[name] > 0.0
    torch.testing.assert_close(weighed - plain, 3.0 * parts[name], rtol=1e-3, atol=1e-4)
    (gradient,) = torch.autograd.grad(parts[name], gains)
    assert torch.isfinite(gradient).all() and gradient.abs().sum() > 0.0
    step = 0.05 * gradient / gradient.abs().amax()
    _, better = MaskLoss(CPU, Weights(**{name: 3.0}))((gains - step).detach().clamp(0.0, 1.0), batch)
    assert better[name] < parts[name]
