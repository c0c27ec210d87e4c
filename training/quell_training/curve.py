"""Draws the training curve of a run: parts of the loss and error ratios over hours of audio seen."""

import argparse
import csv
import shutil
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402  (after the backend is chosen)

SMOOTHING_ROWS = 5
#: What is drawn in each panel. The loss itself is not: its weights may change on the way.
PANELS = (
    (["compressed"], "compressed error"),
    (["opinion"], "opinion points lost, speech"),
    (["speech_db", "music_db"], "error / sound, dB"),
)


def run(arguments: argparse.Namespace) -> None:
    """Copies the CSV beside a PNG of it."""
    out = Path(arguments.out)
    out.parent.mkdir(parents=True, exist_ok=True)
    if out.with_suffix(".csv").resolve() != Path(arguments.csv).resolve():
        shutil.copyfile(arguments.csv, out.with_suffix(".csv"))
    with open(arguments.csv) as file:
        rows = [{name: float(value or "nan") for name, value in row.items()} for row in csv.DictReader(file)]
    figure, axes = plt.subplots(1, len(PANELS), figsize=(14, 4), layout="constrained")
    for axis, (names, label) in zip(axes, PANELS):
        for name in names:
            known = [row for row in rows if row[name] == row[name]]
            axis.plot([row["hours_seen"] for row in known], _smooth([row[name] for row in known]), label=name)
        axis.set(xlabel="hours of audio seen", ylabel=label)
        axis.legend()
        axis.grid(alpha=0.3)
    figure.savefig(out, dpi=100)


def _smooth(values: list[float]) -> list[float]:
    """Mean of the last few rows."""
    return [sum(values[max(0, i - SMOOTHING_ROWS + 1) : i + 1]) / min(i + 1, SMOOTHING_ROWS) for i in range(len(values))]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--csv", required=True, help="curve.csv of a run")
    parser.add_argument("--out", required=True, help="PNG to write; the CSV goes beside it")
