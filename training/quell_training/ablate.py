"""Trains variants side by side at equal compute and says what each is worth.

Variants and seeds take turns step by step, whoever has used least first, so that whatever else the machine does slows
all of them alike, until each has used its core seconds or the time is over; the rate falls over the last part. They
begin from scratch or, with `--start`, all from one checkpoint, which then has a line of its own: what is of use
from scratch need not be to a network that has learned. All are judged by the averaged weights on the same mixtures of
recordings that none of them has heard since it began. The table gives the mean over the seeds and half their range;
runs of one folder add up.
"""

import argparse
import copy
import json
import math
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from . import workers
from .corpus import Clips, load
from .evaluate import SOURCES, as_markdown, checkpoint_denoiser, manifest_items
from .grow import with_options
from .held_out import split
from .lessons import Lessons, about
from .loss import MaskLoss, Weights
from .measures import all_measures
from .mixer import Mixer
from .recipe import Recipe
from .model import Options, UNet
from .optimiser import RATES
from .settings import with_settings
from .train import Trainer, add_common_arguments, keep_freed_memory, load_state, mean_of_numbers

#: The rate falls to nothing over this share of the compute.
DECAY_SHARE = 0.4
#: Name of what all begin from, among the runs.
START = "start"
#: Mixtures of unseen recordings, and their seed.
N_UNSEEN_BATCHES, UNSEEN_ITEMS, UNSEEN_SEED = 20, 8, 4242
#: What is judged weighs the same whatever a variant learned by.
JUDGED = Weights(clarity=1.0, pause=1.0, treble=1.0)
PARTS = ("compressed", "opinion", "speech_db", "music_db", "clarity", "pause", "treble")
MEASURES = ("pesq_wb", "stoi", "estoi", "si_sdr_db", "si_sdr_gain_db", "lsd_db")


@dataclass(frozen=True)
class Variant:
    """What a training differs in."""

    options: Options = Options()
    recipe: Recipe = Recipe()
    weights: Weights = Weights()
    optimiser: str = "adamw"
    rate: float | None = None

    @staticmethod
    def parsed(text: str, begun: Options = Options()) -> tuple[str, "Variant"]:
        """``name: optimiser=muon rate=0.01 whole=256,256 residual=true recipe.NAME=VALUE loss.NAME=VALUE``; options that
        are not named are those of what it begins from, `begun`."""
        name, _, settings = text.partition(":")
        by_kind: dict[str, list[str]] = dict(recipe=[], loss=[], own=[])
        for setting in settings.split():
            kind, _, rest = setting.partition(".")
            if kind in ("recipe", "loss") and "=" not in kind:
                by_kind[kind].append(rest)
            else:
                by_kind["own"].append(setting)
        own = dict(pair.split("=", 1) for pair in by_kind["own"])
        recipe = with_settings(Recipe(level=begun.level), by_kind["recipe"])
        whole = tuple(int(n) for n in own.pop("whole").split(",")) if "whole" in own else begun.whole
        is_residual = own.pop("residual") == "true" if "residual" in own else begun.residual
        options = Options(residual=is_residual, whole=whole, level=recipe.level)
        optimiser, rate = own.pop("optimiser", "adamw"), own.pop("rate", None)
        if own or optimiser not in RATES:
            raise ValueError(f"{text!r}: expected optimiser={'|'.join(RATES)}, rate=, whole=, residual=, recipe.NAME= or loss.NAME=")
        return name, Variant(options, recipe, with_settings(Weights(), by_kind["loss"]), optimiser, rate and float(rate))


class Run:
    """One variant with one seed."""

    def __init__(
        self,
        name: str,
        variant: Variant,
        seed: int,
        corpus: dict[str, Clips],
        device: torch.device,
        start: dict | None = None,
        lessons: Lessons | None = None,
    ):
        """From scratch, or with the weights of the checkpoint `start`; the mixtures are those of the seed either way,
        and so are the lessons."""
        self.name, self.variant, self.seed = name, variant, seed
        torch.manual_seed(seed)
        self.trainer = Trainer(UNet(variant.options), variant.rate, device, seed, variant.optimiser)
        if start:
            # A copy of it: an optimiser takes the moments that it is given, and changes them.
            self.trainer.restore(dict(with_options(copy.deepcopy(start), variant.options, seed), seed=seed))
            # An average of its own: most of what is judged after a hundred steps would be the checkpoint's otherwise.
            self.trainer.average_since = self.trainer.step
        self.trainer.loss = MaskLoss(device, variant.weights)
        self.mixer = Mixer(corpus, variant.recipe, device, seed, lessons)
        self.first_step, self.first_seconds = self.trainer.step, self.trainer.seconds_seen
        self.core_s = 0.0

    def go_on(self, rate_factor: float, arguments: argparse.Namespace) -> float:
        """One step, and how many core seconds it took."""
        started = time.process_time()
        batch = self.mixer.batch(self.trainer.step, arguments.batch, arguments.frames)
        self.trainer.train_step(batch, rate_factor)
        took = time.process_time() - started
        self.core_s += took
        return took

    def learned(self) -> dict[str, float]:
        """How much it has learned from since it began."""
        hours = (self.trainer.seconds_seen - self.first_seconds) / 3600.0
        return dict(steps=self.trainer.step - self.first_step, hours=hours)

    @torch.no_grad()
    def judged(self, corpus: dict[str, Clips]) -> dict[str, float]:
        """Means of the parts of the loss over unseen mixtures, the same ones for every run."""
        device = self.trainer.device
        recipe, judge = Recipe(level=self.variant.recipe.level), MaskLoss(device, JUDGED)
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
    start = load_state(Path(arguments.start)) if arguments.start else None
    begun = Options(**start["options"]) if start else Options()
    variants = [Variant.parsed(text, begun) for text in arguments.variants]
    if START in dict(variants):
        raise ValueError(f"{START!r} is the line of what all begin from: expected another name of a variant")
    seeds = range(arguments.seed, arguments.seed + arguments.seeds)
    lessons = {name: _lessons(variant, seen, arguments) for name, variant in variants}
    runs = [Run(name, variant, seed, seen, device, start, lessons[name]) for seed in seeds for name, variant in variants]
    print(_one_arithmetic(runs, arguments.arithmetic))
    if arguments.core_seconds > 0.0:
        _take_turns(runs, arguments)
    else:
        for one in runs:
            one.trainer.restore(load_state(_folder_of(one, folder) / "checkpoint.pt"))
    if start and not (folder / START).exists():
        runs.append(Run(START, Variant.parsed(START, begun)[1], start["seed"], seen, device, start))
    for one in runs:
        one.trainer.save(_folder_of(one, folder) / "checkpoint.pt")  # all of them before the first is judged
    for one in runs:
        _write(one, one.judged(unseen), _folder_of(one, folder), arguments)
    table = as_markdown(_table(folder))
    (folder / "ablation.md").write_text(table)
    print(table)


def _lessons(variant: Variant, seen: dict[str, Clips], arguments: argparse.Namespace) -> Lessons | None:
    """Those of the teacher, for a variant that learns from one."""
    if not variant.weights.teacher:
        return None
    if not arguments.teacher:
        raise ValueError("loss.teacher= needs lessons: --teacher FOLDER, made with the command 'teacher --held-out'")
    return Lessons(Path(arguments.teacher), about(variant.recipe, arguments.batch, arguments.frames, seen))


def _one_arithmetic(runs: list[Run], asked: str) -> str:
    """The same for all: where two kinds are about as quick, each run's own trial would choose by chance."""
    chosen = runs[0].trainer.choose_arithmetic(asked)
    for one in runs[1:]:
        one.trainer.choose_arithmetic(runs[0].trainer.arithmetic)
    return chosen


def _folder_of(one: Run, folder: Path) -> Path:
    """Where a run is kept; what all begin from is the same for every seed."""
    return folder / (START if one.name == START else f"{one.name.replace(' ', '-')}-{one.seed}")


def _take_turns(runs: list[Run], arguments: argparse.Namespace) -> None:
    """Steps until all have used their core seconds; or until the time is over, with as many for each."""
    budget_s, seconds, started = arguments.core_seconds, arguments.seconds or math.inf, time.monotonic()
    with tqdm(total=budget_s * len(runs), unit="core s", mininterval=10.0) as progress:
        while True:
            one = min(runs, key=lambda run: run.core_s)
            left = 1.0 - max(one.core_s / budget_s, (time.monotonic() - started) / seconds)
            if left <= 0.0:
                return
            factor = min(1.0, left / arguments.decay_share) if arguments.decay_share else 1.0
            progress.update(min(one.go_on(factor, arguments), progress.total - progress.n))


def _write(one: Run, parts: dict[str, float], own: Path, arguments: argparse.Namespace) -> None:
    """What the run is worth."""
    row = dict(name=one.name, seed=one.seed, **one.learned(), **parts)
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


def _scores(checkpoint: Path, profile: str, arguments: argparse.Namespace) -> dict[str, dict[str, float]]:
    """Means of the measures over each group of the manifest."""
    denoise = checkpoint_denoiser(checkpoint, SOURCES[profile], is_quantised=False)
    rows: dict[str, list[dict[str, float]]] = {}
    for row, clean, noisy, noise, lead in manifest_items(Path(arguments.manifest), None):
        out = denoise(noisy, noise, clean)
        rows.setdefault(row["group"], []).append(all_measures(clean[lead:], out[lead:], noisy[lead:]))
    return {
        group: {m: float(np.nanmean([values[m] for values in of_group])) for m in MEASURES}
        for group, of_group in rows.items()
    }


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_common_arguments(parser)
    parser.set_defaults(batch=4, decay_share=DECAY_SHARE)
    parser.add_argument("--variants", nargs="+", required=True, metavar="NAME: SETTINGS", help=Variant.parsed.__doc__)
    parser.add_argument("--start", metavar="CHECKPOINT", help="all begin with its weights, grown where a variant is larger")
    parser.add_argument("--teacher", help="folder of lessons for variants with loss.teacher=")
    parser.add_argument("--seeds", type=int, default=2, help="seeds per variant, from --seed on")
    parser.add_argument("--core-seconds", type=float, default=600.0, help="of one core, for each variant and seed; 0 judges what the folder holds")
    parser.add_argument("--manifest", help="CSV of pairs to score on as well")
    parser.add_argument("--profiles", nargs="+", choices=SOURCES, default=list(SOURCES))
