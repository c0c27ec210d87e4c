"""Trains variants side by side at equal compute and says what each is worth.

Variants and seeds take turns step by step, so that whatever else the machine does slows all of them alike, until
each has used its core seconds; the rate falls over the last part. All are judged by the averaged weights on
the same mixtures of recordings that none of them has heard. The table gives the mean over the seeds and half
their range; runs of one folder add up.
"""

import argparse
import csv
import dataclasses
import json
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from . import workers
from .corpus import Clips, load
from .evaluate import SOURCES, as_markdown, checkpoint_denoiser, manifest_items
from .loss import MaskLoss, Weights
from .measures import all_measures
from .mixer import Mixer
from .recipe import Recipe
from .model import Options, UNet
from .optimiser import RATES
from .settings import with_settings
from .train import Trainer, add_common_arguments, keep_freed_memory, mean_of_numbers

#: The rate falls to nothing over this share of the core seconds.
DECAY_SHARE = 0.4
#: Where an index has no say, one recording in so many is held out.
HELD_OUT_EVERY = 20
#: Mixtures of unseen recordings, and their seed.
N_UNSEEN_BATCHES, UNSEEN_ITEMS, UNSEEN_SEED = 20, 8, 4242
PARTS = ("compressed", "opinion", "speech_db", "music_db")
MEASURES = ("pesq_wb", "stoi", "si_sdr_db", "si_sdr_gain_db", "lsd_db")


@dataclass(frozen=True)
class Variant:
    """What a training differs in."""

    options: Options = Options()
    recipe: Recipe = Recipe()
    weights: Weights = Weights()
    optimiser: str = "adamw"
    rate: float | None = None

    @staticmethod
    def parsed(text: str) -> tuple[str, "Variant"]:
        """``name: optimiser=muon rate=0.01 whole=256,256 residual=true recipe.NAME=VALUE loss.NAME=VALUE``."""
        name, _, settings = text.partition(":")
        by_kind: dict[str, list[str]] = dict(recipe=[], loss=[], own=[])
        for setting in settings.split():
            kind, _, rest = setting.partition(".")
            if kind in ("recipe", "loss") and "=" not in kind:
                by_kind[kind].append(rest)
            else:
                by_kind["own"].append(setting)
        own = dict(pair.split("=", 1) for pair in by_kind["own"])
        recipe = with_settings(Recipe(), by_kind["recipe"])
        whole = tuple(int(n) for n in own.pop("whole", "128").split(","))
        options = Options(residual=own.pop("residual", "false") == "true", whole=whole, level=recipe.level)
        optimiser, rate = own.pop("optimiser", "adamw"), own.pop("rate", None)
        if own or optimiser not in RATES:
            raise ValueError(f"{text!r}: expected optimiser={'|'.join(RATES)}, rate=, whole=, residual=, recipe.NAME= or loss.NAME=")
        return name, Variant(options, recipe, with_settings(Weights(), by_kind["loss"]), optimiser, rate and float(rate))


class Run:
    """One variant with one seed."""

    def __init__(self, name: str, variant: Variant, seed: int, corpus: dict[str, Clips], device: torch.device):
        self.name, self.variant, self.seed = name, variant, seed
        torch.manual_seed(seed)
        self.trainer = Trainer(UNet(variant.options), variant.rate, device, seed, variant.optimiser)
        self.trainer.loss = MaskLoss(device, variant.weights)
        self.mixer = Mixer(corpus, variant.recipe, device, seed)
        self.core_s = 0.0

    def go_on(self, budget_s: float, arguments: argparse.Namespace) -> float:
        """One step, and how many core seconds it took."""
        started = time.process_time()
        factor = min(1.0, (1.0 - self.core_s / budget_s) / DECAY_SHARE)
        batch = self.mixer.batch(self.trainer.step, arguments.batch, arguments.frames)
        self.trainer.train_step(batch, factor)
        took = time.process_time() - started
        self.core_s += took
        return took

    @torch.no_grad()
    def judged(self, corpus: dict[str, Clips]) -> dict[str, float]:
        """Means of the parts of the loss over unseen mixtures, the same ones for every run."""
        device = self.trainer.device
        recipe, judge = Recipe(level=self.variant.recipe.level), MaskLoss(device)
        mixer = Mixer(corpus, recipe, device, UNSEEN_SEED)
        rows = []
        for step in range(N_UNSEEN_BATCHES):
            batch = mixer.batch(step, UNSEEN_ITEMS, 300)
            _, parts = judge(self.trainer.average(batch.inputs)[0], batch)
            rows.append({name: float(parts[name]) for name in PARTS})
        return {name: mean_of_numbers(row[name] for row in rows) for name in PARTS}


def run(arguments: argparse.Namespace) -> None:
    """Trains, judges, and writes `ablation.md` from every run of the folder."""
    keep_freed_memory()
    device, folder = workers.device(arguments.device), Path(arguments.out)
    folder.mkdir(parents=True, exist_ok=True)
    roots, cache = [Path(root) for root in arguments.data], Path(arguments.cache)
    seen, unseen = split(load(roots, cache), roots, cache)
    variants = [Variant.parsed(text) for text in arguments.variants]
    seeds = range(arguments.seed, arguments.seed + arguments.seeds)
    runs = [Run(name, variant, seed, seen, device) for seed in seeds for name, variant in variants]
    for one in runs:
        one.trainer.choose_arithmetic(arguments.arithmetic)
    _take_turns(runs, arguments)
    for one in runs:
        _write(one, one.judged(unseen), folder, arguments)
    table = as_markdown(_table(folder))
    (folder / "ablation.md").write_text(table)
    print(table)


def _take_turns(runs: list[Run], arguments: argparse.Namespace) -> None:
    budget_s = arguments.core_seconds
    with tqdm(total=budget_s * len(runs), unit="core s", mininterval=10.0) as progress:
        while open_ones := [one for one in runs if one.core_s < budget_s]:
            for one in open_ones:
                progress.update(min(one.go_on(budget_s, arguments), progress.total - progress.n))


def _write(one: Run, parts: dict[str, float], folder: Path, arguments: argparse.Namespace) -> None:
    """The run's checkpoint and what it is worth."""
    own = folder / f"{one.name.replace(' ', '-')}-{one.seed}"
    one.trainer.save(own / "checkpoint.pt")
    row = dict(name=one.name, seed=one.seed, steps=one.trainer.step, hours=one.trainer.seconds_seen / 3600.0, **parts)
    for profile in arguments.profiles if arguments.manifest else []:
        for group, values in _scores(own / "checkpoint.pt", profile, arguments).items():
            row |= {f"{measure}, {profile}, {group}": value for measure, value in values.items()}
    (own / "run.json").write_text(json.dumps(row, indent=1))


def _table(folder: Path) -> dict[str, dict[str, object]]:
    """Means over the seeds and half their range, by variant."""
    rows: dict[str, list[dict]] = {}
    for path in sorted(folder.glob("*/run.json")):
        row = json.loads(path.read_text())
        rows.setdefault(row["name"], []).append(row)
    return {name: dict(seeds=len(of_one), **_spread(of_one)) for name, of_one in rows.items()}


def _spread(rows: list[dict]) -> dict[str, str]:
    """Each number of the rows as mean and half range."""
    columns = {}
    for column in rows[0]:
        if column not in ("name", "seed"):
            numbers = [row[column] for row in rows]
            n_digits = {"steps": 0, "hours": 2, "compressed": 4}.get(column, 3)
            columns[column] = f"{np.mean(numbers):.{n_digits}f} ± {(max(numbers) - min(numbers)) / 2.0:.{n_digits}f}"
    return columns


# ---- What is held out ---------------------------------------------------------------------------


def split(corpus: dict[str, Clips], roots: list[Path], cache: Path) -> tuple[dict[str, Clips], dict[str, Clips]]:
    """The recordings to learn from, and those to judge by: what an index among the data (`*.csv` with `path` and
    `split`) does not call `train`. Rooms are shared."""
    seen, unseen = {}, {}
    for role, clips in corpus.items():
        is_held_out = torch.zeros(len(clips.length), dtype=torch.bool)
        if role != "rir":
            names = [clip["path"] for clip in json.loads((cache / f"{role}.json").read_text())]
            is_held_out = torch.tensor(_held_out(names, _indexed(roots, role)))
        seen[role] = _among(clips, ~is_held_out)
        unseen[role] = clips if role == "rir" else _among(clips, is_held_out)
    return seen, unseen


def _held_out(names: list[str], splits: dict[str, str]) -> list[bool]:
    known = [splits.get(name, "train") != "train" for name in names]
    return known if any(known) else [i % HELD_OUT_EVERY == 0 for i in range(len(names))]


def _indexed(roots: list[Path], role: str) -> dict[str, str]:
    """What the indices say of the recordings of a role, by file name."""
    splits = {}
    for path in (path for root in roots for path in root.glob("*.csv")):
        with open(path, newline="") as rows:
            for row in csv.DictReader(rows):
                if row.get("split") and row.get("path", "").startswith(f"{role}/"):
                    splits[Path(row["path"]).name] = row["split"]
    return splits


def _among(clips: Clips, keep: torch.Tensor) -> Clips:
    is_stationary = [steady for steady, kept in zip(clips.is_stationary, keep.tolist(), strict=True) if kept]
    return dataclasses.replace(clips, first=clips.first[keep], length=clips.length[keep], is_stationary=is_stationary)


def _scores(checkpoint: Path, profile: str, arguments: argparse.Namespace) -> dict[str, dict[str, float]]:
    """Means of the measures over each group of the manifest."""
    denoise = checkpoint_denoiser(checkpoint, SOURCES[profile], is_quantised=False)
    rows: dict[str, list[dict[str, float]]] = {}
    for row, clean, noisy, noise, lead in manifest_items(Path(arguments.manifest), None):
        out = denoise(noisy, noise)
        rows.setdefault(row["group"], []).append(all_measures(clean[lead:], out[lead:], noisy[lead:]))
    return {
        group: {m: float(np.nanmean([values[m] for values in of_group])) for m in MEASURES}
        for group, of_group in rows.items()
    }


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_common_arguments(parser)
    parser.set_defaults(batch=4)
    parser.add_argument("--variants", nargs="+", required=True, metavar="NAME: SETTINGS", help=Variant.parsed.__doc__)
    parser.add_argument("--seeds", type=int, default=2, help="seeds per variant, from --seed on")
    parser.add_argument("--core-seconds", type=float, default=600.0, help="of one core, for each variant and seed")
    parser.add_argument("--manifest", help="CSV of pairs to score on as well")
    parser.add_argument("--profiles", nargs="+", choices=SOURCES, default=list(SOURCES))
