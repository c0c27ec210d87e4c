"""Lessons of a teacher that is a program: its gains, on our bands, for the mixtures they were made for."""

import argparse
import dataclasses
import sys

import numpy as np
import pytest
import torch

from quell_training import evaluate, lessons, teacher, terms
from quell_training.denoise import sound_of
from quell_training.geometry import N_BANDS, RATE_HZ, analysis_window, band_means, power_of, stft
from quell_training.loss import MaskLoss, Weights
from quell_training.mixer import Mixer
from quell_training.recipe import Recipe

CPU = torch.device("cpu")
#: Halves what is given to it.
HALVES = "import soundfile, sys; x, r = soundfile.read(sys.argv[1]); soundfile.write(sys.argv[2], x / 2, r, 'FLOAT')"
COMMAND = f'{sys.executable} -c "{HALVES}" {{noisy}} {{out}}'


@pytest.mark.parametrize("is_live", [False, True])
def test_the_sound_of_frames_is_the_sound(is_live):
    samples = torch.randn(RATE_HZ // 2, generator=torch.Generator().manual_seed(1))
    sound = sound_of(stft(samples, analysis_window(is_live)), is_live)
    torch.testing.assert_close(sound, samples[1440 : 1440 + len(sound)], rtol=1e-3, atol=1e-4)


def test_a_program_teaches_its_gains_and_the_folder_keeps_them(clips, tmp_path):
    mixer = Mixer(clips, Recipe(), CPU, seed=3)
    batch = mixer.batch(5, 2, 40)
    gains = teacher.gains_of(batch, evaluate.command_denoiser(COMMAND))
    assert gains.shape == (2, 34, N_BANDS)
    is_heard = band_means(power_of(batch.noisy[:, 3:-3])) > 1e-12
    assert (gains[is_heard] - 0.5).abs().max() < 0.01
    about = lessons.about(Recipe(), 2, 40, clips)
    lessons.Lessons(tmp_path / "a", about).put(3, 5, gains)
    kept = lessons.Lessons(tmp_path / "a", about)
    taught = Mixer(clips, Recipe(), CPU, seed=3, lessons=kept).batch(5, 2, 40).taught
    assert (taught[:, 3:-3] - gains).abs().max() < 0.005 and (taught[:, :3] < 0.0).all() and (taught[:, -3:] < 0.0).all()
    assert Mixer(clips, Recipe(), CPU, seed=3, lessons=kept).batch(6, 2, 40).taught is None
    fewer = dict(clips, noise=dataclasses.replace(clips["noise"], length=clips["noise"].length[1:]))
    more_music = dataclasses.replace(Recipe(), music_share=0.5)
    for recipe, n_items, heard in ((Recipe(), 4, clips), (more_music, 2, clips), (Recipe(), 2, fewer)):
        other = lessons.about(recipe, n_items, 40, heard)
        with pytest.raises(ValueError, match="other mixtures"):
            lessons.Lessons(tmp_path / "a", other)
    with pytest.raises(FileNotFoundError, match="'teacher'"):
        lessons.Lessons(tmp_path / "none")


def test_gains_belong_to_their_mixture_and_moment(clips):
    """A teacher that mutes the second mixture, and the first half of the first."""
    batch = Mixer(clips, Recipe(clean_share=0.0), CPU, seed=3).batch(1, 2, 60)

    def mutes(noisy, _noise, _clean):
        out = noisy.copy().reshape(2, -1)
        out[1], out[0, : 30 * 480] = 0.0, 0.0
        return out.ravel()

    gains = teacher.gains_of(batch, mutes)
    assert gains[1].max() < 0.01 and gains[0, :20].max() < 0.01
    assert gains[0, 34:].mean() > 0.95


def test_a_teacher_of_another_length_is_named(clips):
    with pytest.raises(ValueError, match="in time"):
        teacher.gains_of(Mixer(clips, Recipe(), CPU, seed=3).batch(1, 2, 20), lambda noisy, *_: noisy[:-7])


def test_only_a_better_teacher_is_learned_from():
    noisy = torch.ones(1, 20, N_BANDS)
    wanted, student = 0.1 * noisy, torch.full((1, 20, N_BANDS), 0.5, requires_grad=True)
    better, worse = (torch.full((1, 20, N_BANDS), gain) for gain in (0.15, 0.9))
    loss = terms.worth_learning(student, better, noisy, wanted)
    assert loss > 0.0 and float(torch.autograd.grad(loss.sum(), student)[0].max()) > 0.0, "downwards"
    assert terms.worth_learning(student, worse, noisy, wanted).detach() == 0.0
    assert terms.worth_learning(student, torch.full_like(better, lessons.UNKNOWN), noisy, 0.0 * noisy).detach() == 0.0


def test_the_loss_weighs_a_teacher_where_there_is_one(clips):
    batch = Mixer(clips, Recipe(), CPU, seed=4).batch(0, 4, 40)
    gains = torch.full((4, 40, N_BANDS), 0.5)
    plain, _ = MaskLoss(CPU)(gains, batch)
    without, parts = MaskLoss(CPU, Weights(teacher=2.0))(gains, batch)
    assert without == plain and torch.isnan(parts["teacher"])
    shared = band_means((batch.wanted * batch.noisy.conj()).real) / band_means(power_of(batch.noisy)).clamp_min(1e-20)
    taught = dataclasses.replace(batch, taught=shared.clamp(0.0, 1.0))
    weighed, parts = MaskLoss(CPU, Weights(teacher=2.0))(gains, taught)
    torch.testing.assert_close(weighed - plain, 2.0 * parts["teacher"], rtol=1e-3, atol=1e-4)
    assert parts["teacher"] > 0.0


def test_the_command_makes_what_is_missing(clips, tmp_path, monkeypatch):
    monkeypatch.setattr(teacher, "load", lambda roots, cache: clips)
    parser = argparse.ArgumentParser()
    teacher.add_arguments(parser)
    base = ["--data", "x", "--cache", "x", "--out", str(tmp_path), "--command", COMMAND, "--batch", "1", "--frames", "20"]
    teacher.run(parser.parse_args([*base, "--steps", "1", "--first-step", "7", "--seed", "2"]))
    assert np.load(tmp_path / "2-7.npy").shape == (1, 14, N_BANDS)
    before = (tmp_path / "2-7.npy").stat().st_mtime_ns
    teacher.run(parser.parse_args([*base, "--steps", "2", "--first-step", "7", "--seed", "2"]))
    assert (tmp_path / "2-8.npy").exists() and (tmp_path / "2-7.npy").stat().st_mtime_ns == before
    # Lessons for an ablation are of what it learns from, which the others are not.
    fewer = dict(clips, noise=dataclasses.replace(clips["noise"], length=clips["noise"].length[1:]))
    monkeypatch.setattr(teacher, "split", lambda corpus, *_: (fewer, corpus))
    with pytest.raises(ValueError, match="other mixtures"):
        teacher.run(parser.parse_args([*base, "--steps", "1", "--held-out"]))
