"""Variants side by side: what is held out, equal compute, and a table that adds up."""

import argparse
import copy
import dataclasses
import json
import tempfile
from pathlib import Path

import numpy as np
import pytest
import torch

from quell_training import ablate, held_out, train
from quell_training.ablate import Variant
from quell_training.geometry import N_BANDS
from quell_training.model import Options, UNet
from quell_training.train import Trainer, load_state


def test_a_variant_is_named_and_set():
    name, variant = Variant.parsed("wide: optimiser=muon rate=0.01 whole=64,32 recipe.music_share=0.5 loss.opinion=1")
    assert name == "wide" and variant.options.whole == (64, 32) and (variant.optimiser, variant.rate) == ("muon", 0.01)
    assert variant.recipe.music_share == 0.5 and variant.weights.opinion == 1.0
    assert Variant.parsed("plain") == ("plain", Variant())
    for wrong in ("x: wholes=3", "x: optimiser=sgd"):
        with pytest.raises(ValueError, match="expected optimiser=adamw"):
            Variant.parsed(wrong)


def test_what_the_index_keeps_apart_is_held_out(clips, data, tmp_path):
    (tmp_path / "index.csv").write_text("path,split\nspeech/1.wav,val\nspeech/0.wav,train\nmusic/1.wav,val\n")
    seen, unseen = held_out.split(clips, [tmp_path], data / "cache")
    assert unseen["speech"].first.tolist() == [int(clips["speech"].first[1])]
    assert len(seen["speech"].length) == len(clips["speech"].length) - 1
    assert seen["rir"] is not None and torch.equal(unseen["rir"].length, clips["rir"].length)
    # Nothing is said of the noises: one in twenty.
    assert unseen["noise"].first.tolist() == [0] and len(seen["noise"].is_stationary) == 1


def ablated(data, folder, monkeypatch, *asked: str) -> dict[str, dict]:
    """What `ablate` writes of each run, after a second and a half."""
    monkeypatch.setattr(ablate, "split", lambda corpus, *_: (corpus, corpus))
    monkeypatch.setattr(ablate, "N_UNSEEN_BATCHES", 1)
    parser = argparse.ArgumentParser()
    ablate.add_arguments(parser)
    usual = ["--data", str(data), "--cache", str(data / "cache"), "--out", str(folder), "--batch", "2", "--frames", "30"]
    usual += ["--core-seconds", "1.5", "--arithmetic", "f32", "--device", "cpu"]
    ablate.run(parser.parse_args([*usual, *asked]))
    return {path.parent.name: json.loads(path.read_text()) for path in folder.glob("*/run.json")}


def test_variants_get_equal_compute_and_a_line_each(clips, data, tmp_path, monkeypatch):
    rows = ablated(data, tmp_path, monkeypatch, "--seeds", "2", "--variants", "plain", "wide: whole=256,256 optimiser=muon")
    assert set(rows) == {"plain-1", "plain-2", "wide-1", "wide-2"}
    assert all(rows[f"plain-{seed}"]["steps"] > rows[f"wide-{seed}"]["steps"] > 1 for seed in (1, 2))
    assert rows["plain-1"]["compressed"] != rows["plain-2"]["compressed"]
    table = (tmp_path / "ablation.md").read_text().splitlines()
    assert len(table) == 4 and "compressed" in table[0] and "±" in table[2]
    mean = (rows["plain-1"]["compressed"] + rows["plain-2"]["compressed"]) / 2.0
    assert f"{mean:.4f} ±" in table[2]


def test_all_are_judged_by_the_same_mixtures(clips, monkeypatch):
    monkeypatch.setattr(ablate, "N_UNSEEN_BATCHES", 2)
    first = ablate.Run("a", Variant(), 1, clips, torch.device("cpu"))
    second = ablate.Run("b", dataclasses.replace(Variant(), optimiser="muon"), 1, clips, torch.device("cpu"))
    assert first.judged(clips) == second.judged(clips), "nothing has been learned yet, and the seeds are equal"


def test_one_arithmetic_is_for_all(clips, monkeypatch):
    trials = iter(["f32", "bf16"])
    monkeypatch.setattr(train.arithmetic, "chosen", lambda *_: (next(trials), "by chance"))
    runs = [ablate.Run("plain", Variant(), seed, clips, torch.device("cpu")) for seed in (1, 2)]
    assert "f32" in ablate._one_arithmetic(runs, "auto")
    assert [one.trainer.arithmetic for one in runs] == ["f32", "f32"]


# ---- From a checkpoint --------------------------------------------------------------------------


@pytest.fixture
def start(clips) -> dict:
    """A checkpoint that has learned from two batches."""
    one = ablate.Run("old", Variant(options=Options(whole=(32,))), 9, clips, torch.device("cpu"))
    for step in range(2):
        one.trainer.train_step(one.mixer.batch(step, 2, 30))
    return saved(one.trainer)


def saved(trainer: Trainer) -> dict:
    with tempfile.TemporaryDirectory() as folder:
        trainer.save(Path(folder) / "checkpoint.pt")
        return load_state(Path(folder) / "checkpoint.pt")


@pytest.mark.parametrize("settings", ["plain", "wide: whole=48,16", "relative: recipe.level=slow", "other: optimiser=muon"])
def test_every_variant_begins_as_the_checkpoint(settings, start, clips):
    name, variant = Variant.parsed(settings, Options(**start["options"]))
    x = torch.randn(1, 9, 128, 5)
    old = UNet(Options(whole=(32,)))
    old.load_state_dict(start["average"])
    runs = [ablate.Run(name, variant, seed, clips, torch.device("cpu"), start) for seed in (1, 2)]
    for one in runs:
        with torch.no_grad():
            assert torch.allclose(one.trainer.average(x)[0], old.eval()(x)[0], atol=1e-6), "the weights are the checkpoint's"
        assert saved(one.trainer)["options"] == vars(variant.options) and one.trainer.seed == one.seed
        assert one.trainer.step == start["step"] and one.learned() == dict(steps=0, hours=0.0)
    first, second = (one.mixer.batch(one.trainer.step, 2, 30).inputs for one in runs)
    assert not torch.equal(first, second), "the seeds are of the mixtures"


def test_one_run_leaves_the_checkpoint_to_the_next(start, clips):
    before = copy.deepcopy(start)
    one = ablate.Run("plain", Variant.parsed("plain", Options(**start["options"]))[1], 1, clips, torch.device("cpu"), start)
    one.trainer.train_step(one.mixer.batch(one.trainer.step, 2, 30))
    assert one.learned()["steps"] == 1
    averaged, learned = one.trainer.average.state_dict(), one.trainer.model.state_dict()
    assert all(torch.allclose(averaged[name].float(), learned[name].float(), atol=1e-6) for name in learned), "an average of its own"
    for kind in ("model", "average"):
        assert all(torch.equal(value, before[kind][name]) for name, value in start[kind].items())
    for i, moments in start["optimiser"]["state"].items():
        assert all(torch.equal(value, before["optimiser"]["state"][i][name]) for name, value in moments.items())


def test_what_all_began_from_has_a_line(start, data, tmp_path, monkeypatch):
    torch.save(start, tmp_path / "start.pt")
    asked = ("--start", str(tmp_path / "start.pt"), "--seeds", "1", "--variants", "plain", "wide: whole=64")
    rows = ablated(data, tmp_path / "out", monkeypatch, *asked)
    assert set(rows) == {"start", "plain-1", "wide-1"}
    assert rows["start"]["steps"] == 0 and rows["plain-1"]["steps"] > 1
    assert load_state(tmp_path / "out" / "plain-1" / "checkpoint.pt")["step"] == start["step"] + rows["plain-1"]["steps"]
    assert "| start |" in (tmp_path / "out" / "ablation.md").read_text()


def test_a_checkpoint_that_cannot_become_a_variant_is_refused(start, clips):
    variant = Variant(options=Options(whole=(32,), residual=True))
    with pytest.raises(ValueError, match="start anew"):
        ablate.Run("residual", variant, 1, clips, torch.device("cpu"), start)


def test_the_time_ends_all_of_them_alike(clips, monkeypatch):
    """Half of the time is half of the way down, and the shares are equal whenever it ends."""
    now, factors = [0.0], {1: [], 2: []}

    def go_on(one, factor, _arguments):
        factors[one.seed].append(factor)
        now[0] += 1.0
        one.core_s += 1.0
        return 1.0

    monkeypatch.setattr(ablate.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(ablate.Run, "go_on", go_on)
    runs = [ablate.Run("plain", Variant(), seed, clips, torch.device("cpu")) for seed in (1, 2)]
    ablate._take_turns(runs, argparse.Namespace(core_seconds=1_000.0, seconds=8.0, decay_share=0.5))
    assert factors[1] == pytest.approx([1.0, 1.0, 1.0, 0.5]) and factors[2] == pytest.approx([1.0, 1.0, 0.75, 0.25])


def test_a_variant_learns_from_lessons_of_its_own_mixtures(clips, tmp_path):
    arguments = argparse.Namespace(teacher=None, batch=2, frames=30)
    _, taught = Variant.parsed("taught: loss.teacher=1")
    with pytest.raises(ValueError, match="--teacher"):
        ablate._lessons(taught, clips, arguments)
    arguments.teacher = str(tmp_path)
    assert ablate._lessons(Variant(), clips, arguments) is None and not any(tmp_path.iterdir())
    lessons = ablate._lessons(taught, clips, arguments)
    lessons.put(1, 0, torch.full((2, 24, N_BANDS), 0.25))
    one = ablate.Run("taught", taught, 1, clips, torch.device("cpu"), lessons=lessons)
    batch = one.mixer.batch(0, 2, 30)
    assert (batch.taught[:, 3:-3] - 0.25).abs().max() < 0.005
    assert one.trainer.train_step(batch)["teacher"] >= 0.0


def test_a_manifest_is_scored_and_what_was_saved_can_be_judged_again(data, tmp_path, monkeypatch):
    header = "id,group,clean,noisy,noise,lead_in_s,snr_db,noise_type"
    pair = f"a,speech,{data}/speech/0.wav,{data}/speech/0.wav,,0.5,90,none"
    (tmp_path / "manifest.csv").write_text(f"{header}\n{pair}\n")
    asked = ["--seeds", "1", "--variants", "plain", "--manifest", str(tmp_path / "manifest.csv"), "--profiles", "minimum"]
    first = ablated(data, tmp_path / "out", monkeypatch, *asked)["plain-1"]
    assert first["steps"] >= 1 and np.isfinite(first["si_sdr_db, minimum, speech"])
    (tmp_path / "out" / "plain-1" / "run.json").unlink()
    again = ablated(data, tmp_path / "out", monkeypatch, *asked, "--core-seconds", "0")["plain-1"]
    assert again == pytest.approx(first, nan_ok=True)
