"""Trains variants alike and scores each: what a design decision is worth.

Every variant sees the same mixtures in the same order for each seed. The table gives the mean over
the seeds and half their range.
"""

import argparse
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from .corpus import load
from .evaluate import SOURCES, as_markdown, checkpoint_denoiser, manifest_items
from .loss import MaskLoss, Weights
from .measures import all_measures
from .mixer import Mixer, Recipe
from .model import Options, UNet
from .train import Trainer, add_common_arguments, load_state, train


@dataclass(frozen=True)
class Variant:
    """What a training differs in."""

    options: Options = Options()
    recipe: Recipe = Recipe()
    weights: Weights = Weights()


VARIANTS = {
    "plain": Variant(),
    "residual": Variant(options=Options(residual=True)),
    "no music rule": Variant(recipe=Recipe(music_rule=False)),
    "no opinion": Variant(weights=Weights(opinion=0.0)),
}
MEASURES = ("pesq_wb", "stoi", "si_sdr_db", "si_sdr_gain_db", "lsd_db")


def run(arguments: argparse.Namespace) -> None:
    """Trains, scores and writes `ablation.json` and `ablation.md`."""
    corpus = load([Path(root) for root in arguments.data], Path(arguments.cache))
    folder = Path(arguments.out)
    scores: dict[str, list[dict[str, float]]] = {}
    for name in arguments.variants:
        for seed in range(arguments.seed, arguments.seed + arguments.seeds):
            arguments.out = str(folder / f"{name.replace(' ', '-')}-{seed}")
            checkpoint = _train_variant(name, seed, corpus, arguments)
            for profile in arguments.profiles:
                for group, values in _score(checkpoint, profile, arguments).items():
                    scores.setdefault(f"{name}, {profile}, {group}", []).append(values)
    table = {name: _summary(values) for name, values in scores.items()}
    (folder / "ablation.json").write_text(json.dumps(scores, indent=1))
    (folder / "ablation.md").write_text(as_markdown(table))
    print(as_markdown(table))


def _train_variant(name: str, seed: int, corpus, arguments: argparse.Namespace) -> Path:
    variant = VARIANTS[name]
    device = torch.device(arguments.device)
    torch.manual_seed(seed)
    trainer = Trainer(UNet(variant.options), arguments.rate, device, seed)
    trainer.loss = MaskLoss(device, variant.weights)
    checkpoint = Path(arguments.out) / "checkpoint.pt"
    if checkpoint.exists():
        trainer.restore(load_state(checkpoint))
    arguments.decay_steps = arguments.steps // 3
    train(trainer, Mixer(corpus, variant.recipe, device, seed), arguments, arguments.steps)
    return checkpoint


def _score(checkpoint: Path, profile: str, arguments: argparse.Namespace) -> dict[str, dict[str, float]]:
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


def _summary(values: list[dict[str, float]]) -> dict[str, object]:
    """Mean over the seeds, and half the range between them."""
    summary: dict[str, object] = {"seeds": len(values)}
    for measure in MEASURES:
        numbers = [v[measure] for v in values]
        half_range = (max(numbers) - min(numbers)) / 2.0
        summary[measure] = f"{np.mean(numbers):.3f} ± {half_range:.3f}"
    return summary


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_common_arguments(parser)
    parser.set_defaults(steps=1500)
    parser.add_argument("--manifest", required=True, help="CSV of the pairs to score on")
    parser.add_argument("--variants", nargs="+", choices=VARIANTS, default=list(VARIANTS))
    parser.add_argument("--profiles", nargs="+", choices=SOURCES, default=list(SOURCES))
    parser.add_argument("--seeds", type=int, default=2, help="seeds per variant")
