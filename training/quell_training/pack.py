"""Makes a checkpoint small enough to keep: half of the bytes, and nothing of the optimiser.

Training goes on from it with a warm-up, as with another optimiser.
"""

import argparse
from pathlib import Path

import torch

from .train import load_state


def packed(state: dict) -> dict:
    """Weights and averages in bfloat16; counters and options as they are."""
    kept = {name: value for name, value in state.items() if not name.startswith("optimiser")}
    for kind in ("model", "average"):
        kept[kind] = {
            name: value.to(torch.bfloat16) if value.dtype.is_floating_point else value
            for name, value in state[kind].items()
        }
    return kept


def run(arguments: argparse.Namespace) -> None:
    """Writes the small checkpoint."""
    out = Path(arguments.out)
    out.parent.mkdir(parents=True, exist_ok=True)
    torch.save(packed(load_state(Path(arguments.checkpoint))), out)
    print(f"{out}: {out.stat().st_size / 2**20:.1f} MiB")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--checkpoint", required=True)
    parser.add_argument("--out", required=True)
