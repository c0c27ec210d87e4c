"""Variants side by side: what is held out, equal compute, and a table that adds up."""

import argparse
import dataclasses
import json

import pytest
import torch

from quell_training import ablate
from quell_training.ablate import Variant


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
    seen, unseen = ablate.split(clips, [tmp_path], data / "cache")
    assert unseen["speech"].first.tolist() == [int(clips["speech"].first[1])]
    assert len(seen["speech"].length) == len(clips["speech"].length) - 1
    assert seen["rir"] is not None and torch.equal(unseen["rir"].length, clips["rir"].length)
    # Nothing is said of the noises: one in twenty.
    assert unseen["noise"].first.tolist() == [0] and len(seen["noise"].is_stationary) == 1


def test_variants_get_equal_compute_and_a_line_each(clips, data, tmp_path, monkeypatch):
    monkeypatch.setattr(ablate, "split", lambda corpus, *_: (corpus, corpus))
    monkeypatch.setattr(ablate, "N_UNSEEN_BATCHES", 1)
    parser = argparse.ArgumentParser()
    ablate.add_arguments(parser)
    asked = ["--data", str(data), "--cache", str(data / "cache"), "--out", str(tmp_path), "--batch", "2", "--frames", "30"]
    asked += ["--seeds", "2", "--core-seconds", "1.5", "--arithmetic", "f32", "--device", "cpu"]
    ablate.run(parser.parse_args([*asked, "--variants", "plain", "wide: whole=256,256 optimiser=muon"]))
    rows = {path.parent.name: json.loads(path.read_text()) for path in tmp_path.glob("*/run.json")}
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
