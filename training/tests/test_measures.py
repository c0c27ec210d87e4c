"""What is measured in pauses: noise that stays is steady, noise that comes and goes is not."""

import numpy as np
import pytest

from quell_training.geometry import RATE_HZ
from quell_training.measures import pause_level_db, pause_spread_db


@pytest.fixture(scope="module")
def spoken_and_noise():
    """Bursts of half a second in every second, and steady noise 30 dB below them."""
    draw = np.random.default_rng(1)
    is_on = np.arange(6 * RATE_HZ) // (RATE_HZ // 2) % 2
    return 0.3 * is_on * np.sin(np.arange(6 * RATE_HZ) * 0.05), 0.01 * draw.standard_normal(6 * RATE_HZ)


def test_noise_that_stays_has_its_own_spread_and_level(spoken_and_noise):
    clean, noise = spoken_and_noise
    out = clean + 0.1 * noise
    assert pause_spread_db(clean, out, clean + noise) < 0.3
    assert pause_level_db(clean, out, clean + noise) == pytest.approx(-20.0, abs=0.2)


def test_noise_that_comes_and_goes_spreads(spoken_and_noise):
    clean, noise = spoken_and_noise
    swells = np.where(np.arange(len(noise)) // 4_800 % 2, 0.05, 0.2)
    spread_db = pause_spread_db(clean, clean + swells * noise, clean + noise)
    assert spread_db == pytest.approx(6.0, abs=0.5), "12 dB up and down"


def test_words_and_noise_that_swells_by_itself_do_not_count(spoken_and_noise):
    clean, noise = spoken_and_noise
    assert pause_spread_db(clean, 3.0 * clean + 0.1 * noise, clean + noise) < 0.3
    pulses = noise * np.where(np.arange(len(noise)) // 4_800 % 2, 1.0, 0.3)
    assert np.isnan(pause_spread_db(clean, clean + pulses, clean + pulses))
    assert np.isnan(pause_spread_db(clean + noise, clean, clean + noise)), "no pause at all"
