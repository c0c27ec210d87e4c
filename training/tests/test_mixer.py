"""Each part of a mixture that the recipe can ask for must be in it, and leave the others alone."""

import dataclasses

import numpy as np
import pytest
import torch
from conftest import clips_of, voice

from quell_training import corpus, features, geometry, mixer as mixing, noise, sounds, stretches, voices
from quell_training.mixer import Mixer
from quell_training.recipe import Recipe

CPU = torch.device("cpu")
RATE_HZ = geometry.RATE_HZ
#: Nothing but speech, no room, no pause, no silence, nothing that limits the band.
PLAIN = Recipe(
    music_share=0.0, clean_share=0.0, noise_only_share=0.0, room_share=0.0, pause_share=0.0, low_pass_share=0.0,
)


def mixed(clips, recipe: Recipe, n_items: int = 12, n_frames: int = 100, step: int = 0):
    return Mixer(clips, recipe, CPU, seed=5).batch(step, n_items, n_frames)


def power_db(power) -> torch.Tensor:
    return 10.0 * torch.log10(power + 1e-20)


def snr_db(batch) -> torch.Tensor:
    """Power of what is wanted over that of the rest, of each item."""
    wanted, rest = (geometry.power_of(x).mean((1, 2)) for x in (batch.wanted, batch.noisy - batch.wanted))
    return power_db(wanted) - power_db(rest)


def test_a_floor_is_wanted_and_no_print_is_made_of_it(clips):
    with_floor = dataclasses.replace(PLAIN, floor_share=1.0, floor_db=(40.0, 40.0), captured_share=1.0)
    batch = mixed(clips, with_floor)
    # Between the syllables, the silence of the made-up voice.
    frames_db = power_db(geometry.power_of(batch.wanted).mean(-1))
    below_db = frames_db.amax(1) - frames_db.amin(1)
    assert ((below_db > 25.0) & (below_db < 65.0)).all(), below_db
    assert (snr_db(batch) > 55.0).all()
    assert (batch.inputs[..., 4] != features.CAPTURED).all()
    without = mixed(clips, dataclasses.replace(with_floor, floor_share=0.0))
    silent_db = power_db(geometry.power_of(without.wanted).mean(-1)).amin(1)
    assert (silent_db < frames_db.amin(1) - 30.0).all()
    assert (without.inputs[..., 4] == features.CAPTURED).all() and (snr_db(without) < 40.0).all()


def test_what_is_followed_can_be_told_as_a_print(clips):
    """Also where a floor is wanted, which the plugin tells like that without a capture."""
    recipe = dataclasses.replace(PLAIN, floor_share=1.0, captured_share=0.0, absent_share=0.3)
    marked, told = (
        mixed(clips, dataclasses.replace(recipe, followed_share=share), 10, 30) for share in (0.0, 1.0)
    )
    source, now = marked.inputs[:, 0, 0, 4], told.inputs[:, 0, 0, 4]
    assert (source == features.MINIMUM).any() and not (source == features.CAPTURED).any()
    assert (now == features.CAPTURED).any() and not (now == features.MINIMUM).any()
    both = (source == features.MINIMUM) & (now == features.CAPTURED)
    assert both.any() and torch.equal(told.inputs[both][..., 1], marked.inputs[both][..., 1]), "the level is the same"


def test_music_beside_speech_is_wanted_and_its_noise_is_steady(clips):
    tone = 0.1 * np.sin(2.0 * np.pi * 5_000.0 * np.arange(4 * RATE_HZ) / RATE_HZ)
    clips = dict(clips, music=clips_of(tone))
    recipe = dataclasses.replace(PLAIN, beside_share=1.0, beside_db=(0.0, 0.0))
    batch = mixed(clips, recipe)
    assert batch.is_music.all() and batch.is_speech.all()
    power = geometry.power_of(batch.wanted).mean(1)
    around = round(5_000.0 / geometry.BIN_HZ)
    assert (power[:, around] > 30.0 * power[:, around - 20 : around - 10].mean(1)).all()
    # Half as loud would be 6 dB: as loud as the voice was asked for.
    drawn, mixes = [], Mixer(clips, recipe, CPU, seed=5)
    mixes.sounds.unwanted = lambda is_steady, n, draw: drawn.extend(is_steady) or torch.ones(len(is_steady), n)
    mixes.batch(0, 4, 60)
    assert drawn == [True] * 4
    alone = mixed(clips, PLAIN)
    assert not alone.is_music.any() and alone.is_speech.all()


def test_music_lies_as_far_below_the_voice_as_asked():
    loud, soft = torch.randn(2, 48_000), torch.rand(2, 48_000) - 0.5
    loud[:, 24_000:] = 0.0
    added = sounds.with_below(loud, soft, torch.tensor([0.0, 20.0])) - loud
    actual_db = 20.0 * torch.log10(loud[:, :24_000].std(1) / added.std(1))
    assert torch.allclose(actual_db, torch.tensor([0.0, 20.0]), atol=0.3)


def test_half_of_the_speech_can_be_hard_to_follow(clips):
    recipe = dataclasses.replace(PLAIN, low_snr_share=0.9)
    mixes = Mixer(clips, recipe, CPU, seed=5)
    no = np.zeros(400, bool)
    drawn = mixes._snr_db(mixing.Plan(no, no, np.full(400, np.nan)), mixes.draw(0))
    assert 0.85 < (drawn < mixing.LOW_SNR_DB).mean() < 0.95
    assert recipe.speech_snr_db[0] <= drawn.min() and drawn.max() <= recipe.speech_snr_db[1]


def test_a_faster_voice_is_higher_and_keeps_its_treble():
    tone = (8_000 * torch.sin(2 * torch.pi * 12_000 * torch.arange(96_000) / RATE_HZ)).short()
    one, none = torch.tensor([1]), torch.tensor([0])
    played = stretches.cut(tone, none, one * len(tone), none, 48_000, torch.tensor([1.18]), fine=True)[0]
    spectrum = torch.fft.rfft(played * torch.hann_window(48_000)).abs()
    assert abs(int(spectrum.argmax()) - 12_000 * 1.18) < 2.0
    assert abs(float(played.std()) * 32768.0 / float(tone.float().std()) - 1.0) < 0.01
    beside = torch.cat([spectrum[: 14_160 - 50], spectrum[14_160 + 50 :]])
    assert beside.max() < 0.003 * spectrum.max(), "no images of the tone"


def consonants(end_hz: float) -> torch.Tensor:
    """Bursts of noise up to a frequency, with a slope of 6 dB an octave."""
    spectrum = torch.fft.rfft(torch.randn(48_000, generator=torch.Generator().manual_seed(2)))
    hz = torch.arange(len(spectrum)).float().clamp_min(100.0)
    samples = torch.fft.irfft(spectrum * (hz < end_hz) / hz, 48_000)
    return samples * torch.sin(2 * torch.pi * 3.0 * torch.arange(48_000) / RATE_HZ).clamp_min(0.0)


@pytest.mark.parametrize("end_hz", [7_500.0, 8_000.0, 20_000.0])
def test_treble_is_made_where_there_is_none_and_moves_with_the_voice(clips, end_hz):
    samples = consonants(end_hz)
    (with_treble,) = voices.with_treble(samples[None], noise.Draw.seeded(1, CPU))
    assert voices.end_hz(torch.fft.rfft(with_treble)[None], 1.0).isinf()
    spectrum, original = torch.fft.rfft(with_treble), torch.fft.rfft(samples)
    below = slice(1_000, 6_000)
    assert (spectrum[below] - original[below]).norm() < 0.2 * original[below].norm(), "the voice itself stays"
    treble = torch.fft.irfft(torch.where(torch.arange(24_001) > 9_000, spectrum, 0.0), 48_000)
    is_burst = samples.view(-1, 4_000).abs().mean(1) > 0.1 * samples.abs().mean()
    loudness = treble.view(-1, 4_000).square().mean(1)
    assert loudness[is_burst].mean() > 20.0 * loudness[~is_burst].mean()
    step_db = power_db(spectrum.abs().square()[6_000:18_000].view(-1, 1_000).mean(1))
    assert (step_db[1:] <= step_db[:-1] + 3.0).all() and step_db[0] - step_db[-1] < 30.0, step_db


def test_the_recipe_changes_voices(clips):
    base = mixed(clips, PLAIN)
    for change in (dict(speech_speed=(0.85, 1.18)), dict(treble_share=1.0), dict(speech_slope_db=3.0)):
        batch = mixed(clips, dataclasses.replace(PLAIN, **change))
        assert not torch.allclose(batch.wanted, base.wanted), change


def test_attacks_are_counted():
    clicks = torch.zeros(4 * RATE_HZ)
    clicks[::24_000] = 20_000.0
    clicks += torch.randn(len(clicks), generator=torch.Generator().manual_seed(1))
    assert abs(corpus.attacks_per_s(clicks) - 2.0) < 0.3
    assert corpus.attacks_per_s(5_000.0 * torch.randn(4 * RATE_HZ, generator=torch.Generator().manual_seed(1))) == 0.0


def test_sharp_noise_has_attacks_over_a_room_and_is_asked_for_where_there_is_none(clips):
    with pytest.raises(ValueError, match="sharp_share"):
        Mixer(clips, dataclasses.replace(PLAIN, sharp_share=1.0), CPU, seed=1)
    keys = np.zeros(4 * RATE_HZ)
    keys[::16_000] = 0.5
    mixes = Mixer(dict(clips, noise=clips_of(keys)), dataclasses.replace(PLAIN, sharp_share=1.0), CPU, seed=1)
    drawn = mixes.sounds.any_noise(8, 96_000, mixes.draw(0))
    frames = drawn.unflatten(1, (-1, 480)).square().mean(2)
    # The room is as loud as the keys in some, and in all of them there is one.
    is_sharp = frames.amax(1) > 20.0 * frames.median(1).values
    assert is_sharp.sum() >= 4 and (frames.amin(1) > 1e-7 * frames.amax(1)).all()


def test_a_larger_room_rings_longer(clips):
    ring = np.exp(-np.arange(4_800) / 1_000.0)
    lengths = []
    for speed in (1.0, 0.5):
        recipe = dataclasses.replace(PLAIN, room_share=1.0, room_speed=(speed, speed))
        mixes = Mixer(dict(clips, rir=clips_of(ring)), recipe, CPU, seed=1)
        click = torch.zeros(1, 12_000)
        click[0, 0] = 1.0
        energy = mixes.sounds.roomy(click, mixes.draw(0))[0].square().cumsum(0)
        lengths.append(int((energy < 0.9 * energy[-1]).sum()))
    assert 1.8 < lengths[1] / lengths[0] < 2.2


def test_babble_has_as_many_voices_as_asked_and_slower_ones_are_lower(clips):
    only = clips_of(voice(4 * RATE_HZ, 400.0))
    recipe = dataclasses.replace(PLAIN, babble_voices=(9, 9), babble_speed=(0.8, 0.8))
    mixes = Mixer(dict(clips, speech=only), recipe, CPU, seed=1)
    n_drawn, stretch = [], mixes.sounds.stretch
    mixes.sounds.stretch = lambda role, n, *rest, **more: n_drawn.append(n) or stretch(role, n, *rest, **more)
    for babble in mixes.sounds.babble(2, 48_000, mixes.draw(0)):
        # One of its first harmonics: copies of one voice may cancel any of them.
        peak_hz = 100 + int(torch.fft.rfft(babble)[100:].abs().argmax())
        assert min(abs(peak_hz - 320 * i) for i in (1, 2, 3)) < 5, peak_hz
    assert n_drawn == [2 * 9]


def test_each_mixture_of_a_batch_is_another_one(clips):
    batch = mixed(clips, Recipe(), n_items=8)
    for i in range(8):
        for j in range(i):
            assert not torch.allclose(batch.noisy[i], batch.noisy[j])


def test_short_recordings_repeat_and_backwards_is_backwards():
    samples = torch.arange(1, 9, dtype=torch.int16)
    first, length, start = torch.tensor([0, 4]), torch.tensor([4, 4]), torch.tensor([1, 0])
    cut = stretches.cut(samples, first, length, start, 6, is_backwards=torch.tensor([False, True])) * 32768.0
    assert cut.tolist() == [[2, 3, 4, 1, 2, 3], [6, 5, 8, 7, 6, 5]]
