"""Likelihoods of voice and tone, and what a dial by them would put back."""

import argparse
import csv
import stat
import sys

import numpy as np
import pytest
import soundfile

from quell_training import likely, protect
from quell_training.geometry import HOP_LEN, RATE_HZ

LEAD = 2 * RATE_HZ
#: Frames that lie well within the second half of the recordings here.
LATER = slice(LEAD // HOP_LEN + 20, 2 * LEAD // HOP_LEN - 20)


def hiss(level: float = 0.01) -> np.ndarray:
    return level * np.random.default_rng(1).standard_normal(2 * LEAD)


def with_tone(samples: np.ndarray) -> np.ndarray:
    times = np.arange(len(samples)) / RATE_HZ
    return samples + 0.1 * np.sin(2 * np.pi * 1_000 * times) * (times >= 2.0)


def test_a_tone_that_begins_is_one_and_hiss_is_none():
    tones = likely.tones(likely.Recording(with_tone(hiss(0.0005))), 10, 20)
    assert tones[LATER, 40].mean() > 0.9 and tones[LATER, 100:].mean() < 0.01
    assert likely.tones(likely.Recording(hiss()), 10, 20)[LATER].mean() < 0.01


def test_what_stands_high_over_the_moment_before_it_is_an_event_for_a_second():
    samples = hiss(0.0005)
    samples[LEAD:] *= 100.0
    likelihood = likely.onset_events(likely.Recording(samples), 22, 32)
    assert likelihood[: LEAD // HOP_LEN - 10].max() < 0.01
    begun = LEAD // HOP_LEN + 10
    assert likelihood[begun : begun + 80, 100].min() > 0.9 and likelihood[begun + 120 :].max() < 0.01
    # Silence says nothing of the noise.
    samples[:LEAD] = 0.0
    assert likely.onset_events(likely.Recording(samples), 22, 32).max() < 0.01


def test_harmonics_of_a_periodic_frame_are_likely_and_valleys_are_not():
    times = np.arange(LEAD) / RATE_HZ
    voice = sum(np.sin(2 * np.pi * 200 * k * times + k) for k in range(1, 16)) * 0.02
    comb = likely.comb(likely.Recording(voice), 0.8, 0.95)[40:-40]
    assert comb[:, 32].mean() > 0.9 and comb[:, 36].mean() < 0.1  # 800 and 900 Hz


@pytest.fixture
def manifest(tmp_path):
    """One mixture of each kind, and a program that halves what it hears unless nothing is to be noise."""
    clean = with_tone(hiss(0.00002))
    names = ["id", "group", "clean", "noisy", "noise", "lead_in_s", "snr_db", "noise_type"]
    soundfile.write(tmp_path / "clean.wav", clean, RATE_HZ, subtype="FLOAT")
    soundfile.write(tmp_path / "noisy.wav", clean + hiss(0.0005), RATE_HZ, subtype="FLOAT")
    with open(tmp_path / "manifest.csv", "w", newline="") as file:
        csv.writer(file).writerows([names, ["m1", "music", "clean.wav", "noisy.wav", "", "2.0", "30", "hiss"]])
    program = tmp_path / "program"
    program.write_text(f"""#!{sys.executable}
import sys, soundfile
samples, rate_hz = soundfile.read(sys.argv[2])
soundfile.write(sys.argv[4], samples * (1.0 if "--curve" in sys.argv else 0.5), rate_hz, subtype="FLOAT")
""")
    program.chmod(program.stat().st_mode | stat.S_IEXEC)
    return tmp_path / "manifest.csv", program


def test_the_command_puts_back_half_of_what_is_likely(manifest, tmp_path, monkeypatch, capsys):
    path, program = manifest
    monkeypatch.setitem(protect.FORMS, "all", lambda heard: np.ones_like(heard.power))
    parser = argparse.ArgumentParser()
    protect.add_arguments(parser)
    asked = ["--manifest", str(path), "--command", str(program), "--data", str(tmp_path / "made"), "--out", str(tmp_path / "s")]
    protect.run(parser.parse_args([*asked, "--forms", "without it", "all", "tones"]))
    table = {line.split(" | ")[1]: line.split(" | ")[2:] for line in capsys.readouterr().out.splitlines() if "| neural" in line}
    changes_db = {form: float(cells[4]) for form, cells in table.items()}
    assert changes_db["as it is"] == changes_db["without it"] == pytest.approx(-6.0, abs=0.1)
    assert changes_db["all"] == pytest.approx(-12.0, abs=0.2), "half of the half that was taken"
    assert changes_db["tones"] < -10.0
