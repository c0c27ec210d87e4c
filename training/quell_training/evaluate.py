"""Scores the shipped engine, or a checkpoint, over a manifest of clean and noisy pairs.

The manifest is a CSV with `id, group, clean, noisy, noise, lead_in_s, snr_db, noise_type`; paths are
relative to it. Where `noise` is empty, the first `lead_in_s` of the noisy file are the print.
Everything is computed after the lead-in is cut off.
"""

import argparse
import csv
import json
import shlex
import statistics
import subprocess
import tempfile
from pathlib import Path

import matplotlib
import numpy as np
import soundfile
import soxr
import torch

from . import features, results
from .denoise import CheckpointDenoiser, spectra_of, with_gains
from .geometry import RATE_HZ, band_means, power_of
from .measures import all_measures

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402  (after the backend is chosen)

SOURCES = dict(captured=features.CAPTURED, minimum=features.MINIMUM, absent=features.ABSENT)
COLOURS = dict(white=0.0, pink=-0.5, brown=-1.0)
COLOUR_SNRS_DB = (5, 10, 15, 20, 25)
#: What of a manifest means are taken over.
KEYS = ("group", "noise_type", "snr_db")


def read(path: Path) -> np.ndarray:
    samples, rate_hz = soundfile.read(path, dtype="float64", always_2d=True)
    samples = samples[:, 0]
    return soxr.resample(samples, rate_hz, RATE_HZ, quality="VHQ") if rate_hz != RATE_HZ else samples


# ---- 1. What is scored ------------------------------------------------------------------------


def manifest_items(path: Path, group: str | None):
    """Yields (row, clean, noisy, print, lead-in in samples)."""
    with open(path) as file:
        rows = [row for row in csv.DictReader(file) if group in (None, row["group"])]
    for row in rows:
        clean, noisy = read(path.parent / row["clean"]), read(path.parent / row["noisy"])
        lead = round(float(row["lead_in_s"]) * RATE_HZ)
        noise = read(path.parent / row["noise"]) if row["noise"] else noisy[:lead]
        yield row, clean, noisy, noise, lead


def clean_items(path: Path, group: str | None):
    """The clean recordings themselves: nothing should happen to them."""
    seen = set()
    for row, clean, _, _, lead in manifest_items(path, group):
        if row["clean"] not in seen:
            seen.add(row["clean"])
            yield row | {"noise_type": "none", "snr_db": "inf"}, clean, clean, clean[:lead], lead


def colour_items(path: Path, seed: int, n_files: int | None):
    """White, pink and brown noise at five ratios on (the first `n_files` of) the clean speech of a
    manifest."""
    draw = np.random.default_rng(seed)
    with open(path) as file:
        rows = [row for row in csv.DictReader(file) if row["group"] == "speech"]
    clean_files = sorted({(row["clean"], float(row["lead_in_s"])) for row in rows})
    for name, lead_s in clean_files[:n_files]:
        clean, lead = read(path.parent / name), round(lead_s * RATE_HZ)
        for colour, exponent in COLOURS.items():
            noise = _coloured(len(clean), exponent, draw)
            for snr_db in COLOUR_SNRS_DB:
                gain = np.sqrt((clean[lead:] ** 2).mean() / (noise[lead:] ** 2).mean() / 10 ** (snr_db / 10))
                row = dict(id=f"{Path(name).stem}-{colour}-{snr_db}", group=colour, noise_type=colour, snr_db=snr_db)
                noisy = clean + gain * noise
                yield row, clean, noisy, noisy[:lead], lead


def _coloured(n: int, exponent: float, draw: np.random.Generator) -> np.ndarray:
    spectrum = np.fft.rfft(draw.standard_normal(n))
    hz = np.maximum(np.arange(len(spectrum)) * RATE_HZ / n, 20.0)
    return np.fft.irfft(spectrum * hz**exponent, n)


# ---- 2. Who is scored -------------------------------------------------------------------------


def command_denoiser(command: str):
    """A program: `{noisy}`, `{noise}` and `{out}` in the command are WAV files."""

    def denoise(noisy, noise, _clean):
        with tempfile.TemporaryDirectory() as folder:
            names = {name: str(Path(folder) / f"{name}.wav") for name in ("noisy", "noise", "out")}
            soundfile.write(names["noisy"], noisy, RATE_HZ, subtype="FLOAT")
            soundfile.write(names["noise"], noise, RATE_HZ, subtype="FLOAT")
            subprocess.run([word.format(**names) for word in shlex.split(command)], check=True, stdout=subprocess.DEVNULL)
            return read(Path(names["out"]))

    return denoise


def checkpoint_denoiser(path: Path, source: float, is_quantised: bool):
    denoiser = CheckpointDenoiser(path, is_quantised)

    def denoise(noisy, noise, _clean):
        as_tensor = lambda x: torch.from_numpy(x).float()  # noqa: E731
        return denoiser(as_tensor(noisy), as_tensor(noise), source).double().numpy()

    return denoise


def oracle(noisy, _noise, clean):
    """The best real gains on the bands, of somebody who knows the clean sound: what no mask can pass."""
    n = min(len(noisy), len(clean))
    noisy_spectra, clean_spectra = (spectra_of(torch.from_numpy(x[:n]).float()) for x in (noisy, clean))
    shared = band_means((clean_spectra * noisy_spectra.conj()).real)
    gains = (shared / band_means(power_of(noisy_spectra)).clamp_min(1e-20)).clamp(0.0, 1.0)
    return with_gains(noisy_spectra, gains, n).double().numpy()


# ---- 3. Reports -------------------------------------------------------------------------------


def mean_by(rows: list[dict], key: str, measures: list[str]) -> dict[str, dict[str, float]]:
    """Means of the measures over the rows that share a value of `key`."""
    table = {}
    for value in dict.fromkeys(str(row[key]) for row in rows):
        chosen = [row for row in rows if str(row[key]) == value]
        table[value] = dict(n=len(chosen), **{m: _mean([row[m] for row in chosen]) for m in measures})
    return table


def _mean(values: list[float]) -> float:
    finite = [v for v in values if np.isfinite(v)]
    return statistics.mean(finite) if finite else float("nan")


def as_markdown(table: dict[str, dict[str, float]]) -> str:
    """One line a group."""
    columns = list(next(iter(table.values())))
    lines = ["| | " + " | ".join(columns) + " |", "|---" * (len(columns) + 1) + "|"]
    for name, values in table.items():
        cells = (f"{v:.3f}" if isinstance(v, float) else str(v) for v in values.values())
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def draw_triptych(path: Path, clean, noisy, out) -> None:
    """Spectrograms clean, noisy and denoised, on one scale."""
    figure, axes = plt.subplots(3, 1, figsize=(9, 8), sharex=True, layout="constrained")
    for axis, samples, title in zip(axes, (clean, noisy, out), ("clean", "noisy", "denoised")):
        axis.specgram(samples + 1e-9, NFFT=1920, noverlap=1440, Fs=RATE_HZ, vmin=-160, vmax=-50, cmap="magma")
        axis.set(title=title, ylabel="Hz")
    axes[-1].set_xlabel("s")
    figure.savefig(path, dpi=90)
    plt.close(figure)


def draw_distributions(path: Path, rows: list[dict], measures: list[str]) -> None:
    """A histogram of each measure."""
    figure, axes = plt.subplots(3, -(-len(measures) // 3), figsize=(14, 8), layout="constrained")
    for axis, measure in zip(axes.flat, measures):
        axis.hist([row[measure] for row in rows if np.isfinite(row[measure])], bins=20)
        axis.set_title(measure, fontsize=9)
    figure.savefig(path, dpi=90)
    plt.close(figure)


def run(arguments: argparse.Namespace) -> None:
    """Scores, prints the means by group and writes every report."""
    manifest = Path(arguments.manifest)
    if (arguments.results is None) != (arguments.section is None):
        raise SystemExit("--results FILE and --section NAME belong together")
    if arguments.results:
        results.require_section(Path(arguments.results), arguments.section)
    if arguments.oracle:
        denoise = oracle
    elif arguments.command:
        denoise = command_denoiser(arguments.command)
    else:
        denoise = checkpoint_denoiser(Path(arguments.checkpoint), SOURCES[arguments.profile], arguments.int8)
    if arguments.colours:
        items = colour_items(manifest, arguments.seed, arguments.files)
    else:
        items = (clean_items if arguments.clean else manifest_items)(manifest, arguments.group)
    rows, gain = [], 10.0 ** (arguments.gain_db / 20.0)
    out_folder = Path(arguments.out) if arguments.out else None
    if out_folder:
        out_folder.mkdir(parents=True, exist_ok=True)
    for row, clean, noisy, noise, lead in items:
        heard_from = lead if arguments.cold else 0
        out = denoise(*(gain * x for x in (noisy[heard_from:], noise, clean[heard_from:]))) / gain
        n = min(len(clean), heard_from + len(out), len(noisy))
        clean, noisy, out = clean[lead:n], noisy[lead:n], out[lead - heard_from : n - heard_from]
        scores = all_measures(clean, out, noisy)
        rows.append({key: row[key] for key in ("id", "group", "noise_type", "snr_db")} | scores)
        if out_folder and arguments.pictures:
            draw_triptych(out_folder / f"{row['id']}.png", clean, noisy, out)
    measures = list(scores)
    tables = {key: mean_by(rows, key, measures) for key in KEYS}
    print(as_markdown(tables["group"]))
    if arguments.results:
        body = results.measured(tables[arguments.by], arguments.note)
        results.replace_section(Path(arguments.results), arguments.section, body)
    if out_folder:
        _write_reports(out_folder, rows, tables, measures)


def _write_reports(folder: Path, rows: list[dict], tables: dict, measures: list[str]) -> None:
    (folder / "scores.json").write_text(json.dumps(dict(rows=rows, means=tables), indent=1))
    text = "\n".join(f"## By {key}\n\n{as_markdown(table)}" for key, table in tables.items())
    (folder / "scores.md").write_text(text)
    with open(folder / "scores.csv", "w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    draw_distributions(folder / "distributions.png", rows, measures)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    engine = parser.add_mutually_exclusive_group(required=True)
    engine.add_argument("--command", help="e.g. 'quell denoise {noisy} -o {out} --noise {noise}'")
    engine.add_argument("--checkpoint", help="a checkpoint instead of the shipped engine")
    engine.add_argument("--oracle", action="store_true", help="the best gains there are: they know the clean sound")
    parser.add_argument("--manifest", required=True, help="CSV of the pairs")
    parser.add_argument("--group", help="only this group of the manifest")
    parser.add_argument("--colours", action="store_true", help="generated noise on the manifest's clean speech")
    parser.add_argument("--clean", action="store_true", help="the manifest's clean recordings as input: what is lost")
    parser.add_argument("--cold", action="store_true", help="cut the lead-in off what the engine hears; a print is still made of it")
    parser.add_argument("--gain-db", type=float, default=0.0, help="play everything louder or softer to the engine, and back")
    parser.add_argument("--files", type=int, help="clean files for --colours; all if not given")
    parser.add_argument("--profile", choices=SOURCES, default="captured", help="what a checkpoint is told of the noise")
    parser.add_argument("--int8", action="store_true", help="run the checkpoint in 8 bits")
    parser.add_argument("--out", help="folder for JSON, CSV, Markdown and pictures")
    parser.add_argument("--results", metavar="FILE", help="a Markdown file: --section of it gets the means and this command")
    parser.add_argument("--section", metavar="NAME", help="the section between 'results: NAME' and 'end of results: NAME'")
    parser.add_argument("--by", choices=KEYS, default="group", help="what the lines of that section are")
    parser.add_argument("--note", help="what else belongs to it, as the weights")
    parser.add_argument("--pictures", action="store_true", help="a spectrogram triptych for every item")
    parser.add_argument("--seed", type=int, default=1)
