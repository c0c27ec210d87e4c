"""What a dial that protects would do, by a likelihood of voice or tone laid over what an engine makes.

Nothing of the engine is touched. At half, its mask would become `mask + 0.5 * likelihood * (1 - mask)`: here half of
likelihood times what the engine takes away is put back. What it takes away is told from the recording less its hum,
which the engine subtracts before the mask.
"""

import argparse
import json
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr
import torch

from .denoise import sound_of, spectra_of
from .evaluate import clean_items, manifest_items
from .geometry import HOP_LEN, RATE_HZ
from .likely import HZ, Recording, comb, onset_events, tones
from .measures import pesq, si_sdr_db, snr_db

HALF = 0.5  # where the dial stands
#: Options of the command line, by engine and what it knows of the noise.
ENGINES = {
    f"{name}{end}": f"--engine {name} {source}"
    for name in ("neural", "hybrid", "gate", "classic")
    for end, source in (("", "--adaptive"), (", print", "--noise {noise}"))
}
#: Nothing is noise: the recording less its hum.
OPEN = "--engine gate --sensitivity 0 --curve 20:-40,20000:-40"
OPENED = ("open", "open, print")
ENGINES |= dict(zip(OPENED, (f"{OPEN} --adaptive", f"{OPEN} --noise {{noise}}")))
FORMS = {
    "without it": lambda heard: np.zeros_like(heard.power),
    "comb 0.80-0.95": lambda heard: comb(heard, 0.80, 0.95),
    "tones": lambda heard: tones(heard, 10, 20),
    "events 25-35": lambda heard: onset_events(heard, 25, 35),
    "events": lambda heard: onset_events(heard, 22, 32, (20, 30)),
    "tones or events": lambda heard: np.maximum(tones(heard, 10, 20), onset_events(heard, 22, 32, (20, 30))),
}


@dataclass(frozen=True)
class Item:
    """A recording of the manifest, as it is heard or clean."""

    place: str  # the set it belongs to
    name: str
    clean: np.ndarray
    heard: np.ndarray
    noise: np.ndarray
    lead: int  # samples that are heard and not scored


def items_of(manifest: Path) -> Iterator[Item]:
    """The clean ones first."""
    for kind, items in (("clean", clean_items), ("noisy", manifest_items)):
        for row, clean, heard, noise, lead in items(manifest, None):
            yield Item(f"{kind} {row['group']}", row["id"], clean, heard, noise, lead)


def engine_output(engine: str, command: str, folder: Path, item: Item) -> np.ndarray:
    """What the engine makes of it, kept in `folder`."""
    path = folder / engine.replace(", ", "-") / f"{item.place} {item.name}.wav".replace(" ", "-")
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory() as scratch:
            for part, samples in dict(heard=item.heard, noise=item.noise).items():
                soundfile.write(f"{scratch}/{part}.wav", samples, RATE_HZ, subtype="FLOAT")
            flags = ENGINES[engine].format(noise=f"{scratch}/noise.wav").split()
            subprocess.run([command, "denoise", f"{scratch}/heard.wav", "-o", path, "-q", *flags], check=True)
    return soundfile.read(path, dtype="float64")[0]


def protected(recording: Recording, made: np.ndarray, likelihood: np.ndarray) -> np.ndarray:
    """The engine's output with the dial at half."""
    out = spectra_of(torch.from_numpy(made).float()).numpy()
    spectra = out + HALF * likelihood * (recording.spectra - out)
    return sound_of(torch.from_numpy(spectra.astype("c8"))).double().numpy()[: len(made)]


def scores(clean, out, heard) -> dict[str, float]:
    at_16 = (soxr.resample(x, RATE_HZ, 16_000, quality="VHQ") for x in (clean, out))
    return dict(pesq_wb=pesq(16_000, *at_16, "wb"), change_db=-snr_db(clean, out), gain_db=si_sdr_db(clean, out) - si_sdr_db(clean, heard))


def losses(recording: Recording, made: np.ndarray, lead: int, likelihoods: dict) -> dict[str, float]:
    """Where the power that a clean recording loses lies, percent, and how much of it likelihoods see."""
    first, out = lead // HOP_LEN + 3, spectra_of(torch.from_numpy(made).float()).numpy()
    lost = np.abs(recording.spectra - out)[first:] ** 2
    level_db = 10 * np.log10(recording.power.sum(1) + 1e-12)[first:]
    is_voiced = (recording.periodic[first:, None] > 0.75) & (level_db > level_db.max() - 40)[:, None]
    middle, near = (HZ >= 100) & (HZ < 4000), comb(recording, -2.0, -1.0)[first:] > 0
    parts = {"below 100 Hz": HZ < 100, "above 4 kHz": HZ >= 4000, "periodic": is_voiced}
    parts |= {"at harmonics": is_voiced & middle & near, "beside harmonics": is_voiced & middle & ~near}
    parts |= {f"seen by {name}": likelihood[first:] for name, likelihood in likelihoods.items()}
    return {name: float(100 * (lost * part).sum() / (lost.sum() + 1e-20)) for name, part in parts.items()}


PLACES = dict(clean_speech="pesq_wb change_db", clean_voicebank="pesq_wb change_db", clean_music="change_db")
PLACES |= dict(noisy_speech="pesq_wb", noisy_voicebank="pesq_wb", noisy_music="gain_db")
COLUMNS = [(place.replace("_", " "), measure) for place, named in PLACES.items() for measure in named.split()]


def as_markdown(rows: list[dict]) -> str:
    """One line an engine and form: means over files."""
    lines = ["| engine | likelihood | " + " | ".join(map(" ".join, COLUMNS)) + " |", "|---" * 10 + "|"]
    for engine, name in dict.fromkeys((row["engine"], row["form"]) for row in rows):
        cells = []
        for place, measure in COLUMNS:
            chosen = [r[measure] for r in rows if (r["engine"], r["form"], r["set"]) == (engine, name, place)]
            cells.append(f"{np.nanmean(chosen):.{3 if measure == 'pesq_wb' else 1}f}" if chosen else "")
        lines.append(f"| {engine} | {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def run(arguments: argparse.Namespace) -> None:
    """Scores forms over engines, writes every score and prints the table and where losses lie."""
    rows, lost = [], []
    for item in items_of(Path(arguments.manifest)):
        kept = {}
        for engine in arguments.engines:
            # A clean recording has no noise to capture.
            if not (item.place.startswith("clean") and "print" in engine):
                scored, parts = _tried(item, engine, kept, arguments)
                rows, lost = rows + scored, lost + parts
    Path(arguments.out).write_text(json.dumps(dict(rows=rows, losses=lost), indent=1))
    print(as_markdown(rows))
    for engine, place in dict.fromkeys((row["engine"], row["set"]) for row in lost):
        chosen = [row["parts"] for row in lost if (row["engine"], row["set"]) == (engine, place)]
        texts = [f"{part} {np.mean([parts[part] for parts in chosen]):.0f}" for part in chosen[0]]
        print(f"{engine}, {place}, % of what is lost:", "; ".join(texts))


def _tried(item: Item, engine: str, kept: dict, arguments: argparse.Namespace) -> tuple[list[dict], list[dict]]:
    """Scores of an engine with every form, and where its loss lies if the item is clean; `kept` is of the item."""
    folder = Path(arguments.data)
    opened, made = OPENED["print" in engine], engine_output(engine, arguments.command, folder, item)
    if opened not in kept:
        recording = Recording(engine_output(opened, arguments.command, folder, item))
        kept[opened] = recording, {label: FORMS[label](recording).astype("f4") for label in arguments.forms}
    recording, likelihoods = kept[opened]
    key, n = {"engine": engine, "set": item.place, "id": item.name}, min(len(item.clean), len(made))
    outs = {"as it is": made} | {label: protected(recording, made, x) for label, x in likelihoods.items()}
    clean, heard = item.clean[item.lead : n], item.heard[item.lead : n]
    rows = [key | {"form": label} | scores(clean, out[item.lead : n], heard) for label, out in outs.items()]
    is_clean = item.place.startswith("clean")
    return rows, [key | {"parts": losses(recording, made, item.lead, likelihoods)}] if is_clean else []


def add_arguments(parser: argparse.ArgumentParser) -> None:
    told = dict(manifest="CSV of the pairs", command="the program", data="folder for outputs of engines, made once")
    for name, text in (told | dict(out="JSON of every score")).items():
        parser.add_argument(f"--{name}", required=True, help=text)
    parser.add_argument("--engines", nargs="+", choices=ENGINES, default=["neural"])
    parser.add_argument("--forms", nargs="+", choices=FORMS, default=list(FORMS))
