"""The VST3 plugin in pedalboard, a host built on JUCE."""

import json
import os
import pathlib

import numpy as np
import pytest
from common import RATE, capture, level_db, load, noise, state_of

PRESETS = pathlib.Path(__file__).parents[2] / "crates/formats/presets"
MODES = {"Live (20 ms)": 0.020, "Standard (40 ms)": 0.040, "Studio (80 ms)": 0.080}


def test_every_parameter_is_there_under_its_name():
    names = set(load().parameters)
    assert {
        "capture", "amount", "reduction_db", "sensitivity", "noise_from", "hear", "mix",
        "output_gain_db", "knee_db", "smoothing_hz", "time_smoothing_ms", "attack_ms",
        "release_ms", "threshold_1_db", "threshold_6_db", "threshold_3_frequency_hz", "stereo_link",
        "engine", "artifact_control", "transients", "latency", "bypass",
    } <= names, names


def test_parameters_keep_what_they_are_set_to():
    plugin = load()
    plugin.amount = 62.5
    plugin.reduction_db = -24.0
    plugin.hear = "Removed"
    plugin.stereo_link = False
    assert plugin.amount == pytest.approx(62.5, abs=0.2)
    assert plugin.reduction_db == pytest.approx(-24.0, abs=0.2)
    assert plugin.hear == "Removed"
    assert not plugin.stereo_link
    # And still after sound has passed.
    plugin.process(noise(0.5), RATE)
    assert plugin.amount == pytest.approx(62.5, abs=0.2)
    assert plugin.hear == "Removed"


@pytest.mark.parametrize("rate", [44_100, 48_000, 88_200, 96_000, 176_400, 192_000])
@pytest.mark.parametrize("mode", MODES)
def test_the_host_compensates_the_latency_exactly(mode, rate):
    plugin = load(latency=mode, bypass=True)
    sound = noise(1.0, rate, amplitude=0.5)
    # Bypass is the delayed input bit for bit, so after compensation it is the input.
    output = plugin.process(sound, rate, buffer_size=512)
    assert output.shape == sound.shape
    assert np.array_equal(output, sound)


@pytest.mark.parametrize("rate", [44_100, 48_000, 96_000, 192_000])
@pytest.mark.parametrize("channels", [1, 2])
def test_capture_takes_the_noise_away(channels, rate):
    plugin = load()
    sound = noise(3.0, rate, channels)
    capture(plugin, sound, rate)
    output = plugin.process(sound, rate)
    half = slice(sound.shape[1] // 2, None)
    drop_db = level_db(sound[:, half]) - level_db(output[:, half])
    assert drop_db > 6, f"{drop_db:.1f} dB"


def test_state_with_profile_survives_a_round_trip_and_another_rate():
    first = load(amount=80.0, knee_db=3.0)
    capture(first, noise(3.0))
    state = first.raw_state
    assert first.raw_state == state, "saved twice, it is the same"
    sound = noise(2.0, 96_000, seed=5, amplitude=0.07)
    outputs = []
    for plugin in (load(), load()):
        plugin.raw_state = state
        assert plugin.amount == pytest.approx(80.0, abs=0.2)
        assert plugin.knee_db == pytest.approx(3.0, abs=0.2)
        assert plugin.raw_state == state
        outputs.append(plugin.process(sound, 96_000))
    assert np.array_equal(*outputs)
    half = slice(sound.shape[1] // 2, None)
    assert level_db(sound[:, half]) - level_db(outputs[0][:, half]) > 6


def test_preset_files_are_loaded_and_leave_the_print_alone():
    folder = pathlib.Path(os.environ["QUELL_VST3_PRESETS"])
    files = sorted(folder.glob("*.vstpreset"))
    sources = pathlib.Path(__file__).parents[2].glob("crates/formats/presets/*.json")
    assert len(files) == len(list(sources)), files
    plugin = load()
    capture(plugin, noise(3.0))
    plugin.bypass = True
    print_before = state_of(plugin)["profile"]
    assert print_before
    for file in files:
        preset = json.loads((PRESETS / (file.stem.lower().replace(" ", "-") + ".json")).read_text())
        plugin.load_preset(str(file))
        state = state_of(plugin)
        for name, value in preset["params"].items():
            assert state["params"][name] == value, (file.stem, name)
        assert state["profile"] == print_before, file.stem
        assert plugin.bypass, "what belongs to the session stays"


def test_a_parameter_set_without_sound_is_in_the_state():
    plugin = load()
    plugin.process(noise(0.2), RATE)
    plugin.mix = 25.0
    # Nothing was processed since.
    assert state_of(plugin)["params"]["mix"] == pytest.approx(25.0, abs=0.2)



def test_damaged_state_is_refused_and_the_running_one_kept():
    plugin = load(amount=70.0)
    capture(plugin, noise(3.0))
    good = plugin.raw_state
    generator = np.random.default_rng(3)
    for junk in (b"", b"junk", generator.bytes(1 << 20), good[: len(good) // 2]):
        try:
            plugin.raw_state = junk
        except Exception:
            pass  # a host may say that it was refused; what counts is what is left
        assert plugin.amount == pytest.approx(70.0, abs=0.2)
        sound = noise(2.0)
        half = slice(sound.shape[1] // 2, None)
        output = plugin.process(sound, RATE)
        assert level_db(sound[:, half]) - level_db(output[:, half]) > 6


@pytest.mark.parametrize("buffer_size", [1, 33, 512, 8192])
def test_the_cut_into_blocks_does_not_matter(buffer_size):
    sound = noise(0.5 if buffer_size == 1 else 2.0, seed=9)
    expected = load().process(sound, RATE, buffer_size=480)
    assert np.array_equal(load().process(sound, RATE, buffer_size=buffer_size), expected)


def test_automation_between_blocks_is_heard():
    plugin = load(amount=0.0)
    sound = np.full((2, RATE), 0.25, np.float32)
    loud = plugin.process(sound, RATE, reset=True)
    plugin.output_gain_db = -12.0
    quiet = plugin.process(sound, RATE, reset=False)
    ratio_db = level_db(quiet[:, -1000:]) - level_db(loud[:, -1000:])
    assert ratio_db == pytest.approx(-12.0, abs=0.1)


def test_removed_and_denoised_add_up_to_the_input():
    sound = noise(2.0, seed=11)
    state = None
    outputs = []
    for output in ("Denoised", "Removed"):
        plugin = load()
        if state is None:
            capture(plugin, noise(3.0))
            state = plugin.raw_state
        plugin.raw_state = state
        plugin.hear = output
        outputs.append(plugin.process(sound, RATE))
    assert np.allclose(outputs[0] + outputs[1], sound, atol=1e-5)
