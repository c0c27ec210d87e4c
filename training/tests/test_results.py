"""Scores that a command writes into the document that tells them."""

import argparse
import sys

import numpy as np
import pytest
import soundfile
from conftest import voice

from quell_training import evaluate, geometry, results

DOCUMENT = """# Scores

<!-- results: oracle -->
as it was
<!-- end of results: oracle -->
Between.
<!-- results: oracle, cold -->
as it was, cold
<!-- end of results: oracle, cold -->
After.
"""


@pytest.fixture
def document(tmp_path):
    path = tmp_path / "scores.md"
    path.write_text(DOCUMENT)
    return path


def test_one_section_is_replaced_and_the_rest_stays(document, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["x", "evaluate", "--command", "quell denoise {noisy} -o {out}"])
    scores = {key: 2.0 for key in results.COLUMNS} | dict(n=3, pesq_wb=1.23456, pesq_nb=9.0)
    results.replace_section(document, "oracle", results.measured(dict(speech=scores), r"weights \1"))
    before, section, after = document.read_text().split("results: oracle -->")
    was = DOCUMENT.split("results: oracle -->")
    assert (before, after) == (was[0], was[2])
    lines = [line for line in section.splitlines() if line]
    assert lines[0].startswith("Measured 20") and lines[0].endswith(r", weights \1:")
    assert lines[2] == "python -m quell_training evaluate --command 'quell denoise {noisy} -o {out}'"
    assert lines[4].startswith("| | PESQ-WB | STOI |")
    assert lines[6] == "| speech (3) | 1.235 | 2.000 | 2.000 | 2.0 | 2.0 | 2.0 | 2.0 |"
    assert "cold" not in section


def test_a_section_that_is_not_there_is_refused_before_anything_is_measured(document, tmp_path):
    parser = argparse.ArgumentParser()
    evaluate.add_arguments(parser)
    for flags, reason in (
        (["--results", str(document), "--section", "neural"], "it has: oracle, oracle, cold"),
        (["--results", str(tmp_path / "none.md"), "--section", "oracle"], "there is no file"),
        (["--results", str(document)], "belong together"),
    ):
        with pytest.raises(SystemExit, match=reason):
            # The manifest does not exist either: nothing has looked for it yet.
            evaluate.run(parser.parse_args(["--oracle", "--manifest", str(tmp_path / "no.csv"), *flags]))
    assert document.read_text() == DOCUMENT


def test_evaluate_writes_what_it_measured(document, tmp_path, monkeypatch):
    clean = voice(2 * geometry.RATE_HZ, 140.0)
    noisy = clean + 0.03 * np.random.default_rng(8).standard_normal(len(clean))
    for name, samples in (("clean", clean), ("noisy", noisy)):
        soundfile.write(tmp_path / f"{name}.wav", samples, geometry.RATE_HZ, subtype="FLOAT")
    header = "id,group,clean,noisy,noise,lead_in_s,snr_db,noise_type"
    (tmp_path / "manifest.csv").write_text(f"{header}\na,speech,clean.wav,noisy.wav,noisy.wav,0,10,hiss\n")
    asked = ["--oracle", "--manifest", str(tmp_path / "manifest.csv"), "--results", str(document)]
    asked += ["--section", "oracle, cold", "--by", "noise_type"]
    monkeypatch.setattr(sys, "argv", ["x", "evaluate", *asked])
    parser = argparse.ArgumentParser()
    evaluate.add_arguments(parser)
    evaluate.run(parser.parse_args(asked))
    text = document.read_text()
    assert "as it was, cold" not in text and "as it was\n" in text and "--section 'oracle, cold'" in text
    (row,) = (line for line in text.splitlines() if line.startswith("| hiss (1) |"))
    gain_db = float(row.split("|")[6])
    assert gain_db > 6.0
