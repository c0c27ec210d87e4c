"""Measures how much audio the trainer sees a second of one core, mixing and everything else included.

Without `--data` it trains on made-up audio, which takes as long.
"""

import argparse
import statistics
import time
from pathlib import Path

import torch

from . import arithmetic, native, optimiser, workers
from .corpus import ROLES, Clips, load
from .geometry import HOP_LEN, RATE_HZ
from .mixer import Mixer
from .recipe import Recipe
from .model import Options, UNet
from .train import Trainer, keep_freed_memory

WARM_UP_STEPS = 3


def run(arguments: argparse.Namespace) -> None:
    """Prints one line for each arithmetic."""
    keep_freed_memory()
    device = workers.device(arguments.device)
    corpus = load([Path(root) for root in arguments.data], Path(arguments.cache)) if arguments.data else made_up()
    print(f"{_processor()}, PyTorch {torch.__version__}, steps of {arguments.batch} x {arguments.frames} frames, one core")
    for kind in arguments.arithmetic:
        trainer = Trainer(UNet(Options(whole=tuple(arguments.whole))), None, device, 1, arguments.optimiser)
        trainer.arithmetic = kind
        mixer = Mixer(corpus, Recipe(), device, seed=1)
        core_s = _seconds_a_step(trainer, mixer, arguments)
        audio_s = arguments.batch * arguments.frames * HOP_LEN / RATE_HZ
        print(f"{kind}: {core_s:.3f} core seconds a step, {audio_s / core_s:.1f} s of audio a core second")


def made_up() -> dict[str, Clips]:
    """A minute of noise in every role."""
    draw = torch.Generator().manual_seed(1)
    length = torch.full((6,), 10 * RATE_HZ)
    samples = (3000.0 * torch.randn(int(length.sum()), generator=draw)).short()
    rooms = Clips(samples, torch.tensor([0]), torch.tensor([RATE_HZ // 2]), [False])
    clips = Clips(samples, length.cumsum(0) - length, length, [True] * len(length))
    return {role: rooms if role == "rir" else clips for role in ROLES}


def _seconds_a_step(trainer: Trainer, mixer: Mixer, arguments: argparse.Namespace) -> float:
    """Of the core: the median, for other jobs take the caches and the clock away now and then."""
    took = []
    for _ in range(WARM_UP_STEPS + arguments.steps):
        started = time.process_time()
        trainer.train_step(mixer.batch(trainer.step, arguments.batch, arguments.frames))
        took.append(time.process_time() - started)
    return statistics.median(took[WARM_UP_STEPS:])


def _processor() -> str:
    """Its name, and what matters here of what it can do."""
    processor = native.processor()
    able = [flag for flag in ("avx2", "avx512f", "avx512_bf16", "amx_bf16") if flag in processor.get("flags", "").split()]
    return f"{processor['name']} ({' '.join(able)})"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", nargs="+", help="folders with speech/ noise/ music/ rir/; made-up audio without")
    parser.add_argument("--cache", help="folder for the decoded audio")
    parser.add_argument("--steps", type=int, default=20, help="steps that are timed")
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--frames", type=int, default=300)
    parser.add_argument("--arithmetic", nargs="+", choices=arithmetic.KINDS, default=list(arithmetic.KINDS))
    parser.add_argument("--whole", nargs="+", type=int, default=Options.whole, help="units of the memories of the whole frame")
    parser.add_argument("--optimiser", choices=optimiser.RATES, default="adamw")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
