"""Precomputes what another denoiser makes of the mixtures of given steps, as gains on our bands.

The teacher is any program that turns one WAV file into another in time with it; training learns from it where
it is nearer to the wanted sound than the student is (`--teacher`, `--loss teacher=…`).
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from .corpus import load
from .denoise import sound_of
from .evaluate import command_denoiser
from .geometry import RATE_HZ, analysis_window, band_means, power_of, stft
from .held_out import split
from .lessons import Lessons, about
from .mixer import Batch, Mixer
from .recipe import Recipe
from .settings import with_settings

#: Silence after each mixture, so that the teacher forgets it and gives out what it holds back.
PAUSE_LEN = RATE_HZ // 2


def gains_of(batch: Batch, denoise) -> torch.Tensor:
    """The teacher's gains on the bands, ``[B, T - 6, 128]``: what of the noisy sound its answer holds."""
    window = analysis_window(batch.is_live)
    noisy = torch.stack([sound_of(spectra, batch.is_live) for spectra in batch.noisy])
    n_samples = noisy.shape[1]
    with_pauses = torch.nn.functional.pad(noisy, (0, PAUSE_LEN))
    answer = torch.from_numpy(denoise(with_pauses.flatten().double().numpy(), np.zeros(1), None)).float()
    if len(answer) != with_pauses.numel():
        raise ValueError(f"the teacher made {len(answer)} samples of {with_pauses.numel()}: expected as many, in time")
    answer = answer.view(len(noisy), -1)[:, :n_samples]
    heard, given = stft(noisy, window), stft(answer, window)
    shared = band_means((given * heard.conj()).real)
    return (shared / band_means(power_of(heard)).clamp_min(1e-20)).clamp(0.0, 1.0)


def run(arguments: argparse.Namespace) -> None:
    """Makes the lessons that are not there yet."""
    torch.set_num_threads(1)
    recipe = with_settings(Recipe(), arguments.recipe)
    roots, cache = [Path(root) for root in arguments.data], Path(arguments.cache)
    corpus = load(roots, cache)
    if arguments.held_out:
        corpus, _ = split(corpus, roots, cache)
    lessons = Lessons(Path(arguments.out), about(recipe, arguments.batch, arguments.frames, corpus))
    mixer = Mixer(corpus, recipe, torch.device("cpu"), arguments.seed)
    denoise = command_denoiser(arguments.command)
    for step in tqdm(range(arguments.first_step, arguments.first_step + arguments.steps), mininterval=10.0):
        if not lessons.path(arguments.seed, step).exists():
            batch = mixer.batch(step, arguments.batch, arguments.frames)
            lessons.put(arguments.seed, step, gains_of(batch, denoise))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", nargs="+", required=True, help="folders with speech/ noise/ music/ rir/")
    parser.add_argument("--cache", required=True, help="folder for the decoded audio")
    parser.add_argument("--out", required=True, help="folder of the lessons; what is there is not made again")
    parser.add_argument("--command", required=True, help="the teacher, e.g. 'deep-filter {noisy} {out}'; WAV, 48 kHz")
    parser.add_argument("--seed", type=int, default=1, help="of one worker: the training's times workers, plus its rank")
    parser.add_argument("--held-out", action="store_true", help="leave out what `ablate` judges by: for lessons of its variants")
    parser.add_argument("--first-step", type=int, default=0)
    parser.add_argument("--steps", type=int, required=True)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--frames", type=int, default=300)
    parser.add_argument("--recipe", nargs="+", default=[], metavar="NAME=VALUE", help="settings of recipe.Recipe")
