"""Measures how much audio the trainer sees a second of one core, mixing and everything else included.

Without `--data` it trains on made-up audio, which takes as long.
"""

import argparse
import platform
import time
from pathlib import Path

import torch

from . import arithmetic, optimiser, workers
from .corpus import ROLES, Clips, load
from .geometry import HOP_LEN, RATE_HZ
from .mixer import Mixer, Recipe
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
        core_s, wall_s = _seconds_a_step(trainer, mixer, arguments)
        audio_s = arguments.batch * arguments.frames * HOP_LEN / RATE_HZ
        print(f"{kind}: {core_s:.3f} core seconds a step, {audio_s / core_s:.1f} s of audio a core second ({audio_s / wall_s:.1f} a second)")


def made_up() -> dict[str, Clips]:
    """A minute of noise in every role."""
    draw = torch.Generator().manual_seed(1)
    length = torch.full((6,), 10 * RATE_HZ)
    samples = (3000.0 * torch.randn(int(length.sum()), generator=draw)).short()
    rooms = Clips(samples, torch.tensor([0]), torch.tensor([RATE_HZ // 2]), [False])
    clips = Clips(samples, length.cumsum(0) - length, length, [True] * len(length))
    return {role: rooms if role == "rir" else clips for role in ROLES}


def _seconds_a_step(trainer: Trainer, mixer: Mixer, arguments: argparse.Namespace) -> tuple[float, float]:
    """Of the core, which other jobs do not change much, and of the clock."""
    for _ in range(WARM_UP_STEPS):
        trainer.train_step(mixer, arguments.batch, arguments.frames)
    core, clock = time.process_time(), time.perf_counter()
    for _ in range(arguments.steps):
        trainer.train_step(mixer, arguments.batch, arguments.frames)
    return (time.process_time() - core) / arguments.steps, (time.perf_counter() - clock) / arguments.steps


def _processor() -> str:
    """Its name, and what matters here of what it can do."""
    cpu = Path("/proc/cpuinfo")
    if not cpu.exists():
        return platform.processor() or platform.machine()
    fields = dict(line.split(":", 1) for line in cpu.read_text().split("\n\n")[0].splitlines() if ":" in line)
    fields = {name.strip(): value.strip() for name, value in fields.items()}
    able = [flag for flag in ("avx2", "avx512f", "avx512_bf16", "amx_bf16") if flag in fields.get("flags", "").split()]
    return f"{fields.get('model name', platform.machine())} ({' '.join(able)})"


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
