"""Gives the block that hears the whole frame more units without changing what the network does.

New units listen at random and are not listened to at first; training gives them something to say.
"""

import argparse
from pathlib import Path

import torch

from .model import Options, UNet


def grown(state: dict, seed: int) -> dict:
    """A checkpoint of the present model's shape from one of fewer units; fresh moments for what grew."""
    torch.manual_seed(seed)
    target = UNet(Options(**state["options"]))
    fresh = target.state_dict()
    shapes = {name: value.shape for name, value in state["model"].items()}
    kept = {name: _places(name, shape, fresh[name].shape) for name, shape in shapes.items()}
    start = {name: _silenced(name, value, shapes[name]) for name, value in fresh.items()}
    model = {name: _placed(start[name], value, kept[name]) for name, value in state["model"].items()}
    average = {name: _placed(start[name], value, kept[name]) for name, value in state["average"].items()}
    moments = dict(state["optimiser"], state=dict(state["optimiser"]["state"]))
    for index, (name, _) in enumerate(target.named_parameters()):
        of_one = dict(moments["state"][index])
        for moment in ("exp_avg", "exp_avg_sq"):
            # A small second moment would let new weights leap: they begin with the mean of the old ones'.
            rest = of_one[moment].mean() if moment == "exp_avg_sq" else 0.0
            of_one[moment] = _placed(torch.full(fresh[name].shape, float(rest)), of_one[moment], kept[name])
        moments["state"][index] = of_one
    return dict(state, model=model, average=average, optimiser=moments)


def _places(name: str, old: torch.Size, new: torch.Size) -> tuple | None:
    """Where the old values of a tensor stand in the grown one; nothing if it did not grow."""
    if old == new:
        return None
    n_gates = 3 if "gru" in name else 1
    per_gate, old_per_gate = new[0] // n_gates, old[0] // n_gates
    rows = torch.cat([gate * per_gate + torch.arange(old_per_gate) for gate in range(n_gates)])
    return (rows,) if len(new) == 1 else (rows[:, None], torch.arange(old[1])[None, :])


def _silenced(name: str, fresh: torch.Tensor, old: torch.Size) -> torch.Tensor:
    """Fresh values, and zero where old units would listen to new ones."""
    value = fresh.clone()
    if value.dim() == 2 and value.shape != old:
        n_gates = 3 if "gru" in name else 1
        rows = value.unflatten(0, (n_gates, -1))
        rows[:, : old[0] // n_gates, old[1] :] = 0.0
    return value


def _placed(base: torch.Tensor, old: torch.Tensor, places: tuple | None) -> torch.Tensor:
    if places is None:
        return old.clone()
    base = base.clone()
    base[places] = old
    return base


def run(arguments: argparse.Namespace) -> None:
    """Writes the grown checkpoint."""
    state = torch.load(arguments.checkpoint, map_location="cpu", weights_only=True)
    out = Path(arguments.out)
    out.parent.mkdir(parents=True, exist_ok=True)
    torch.save(grown(state, arguments.seed), out)
    print(f"{out}: {sum(p.numel() for p in UNet().parameters())} parameters")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--checkpoint", required=True, help="checkpoint of a smaller model")
    parser.add_argument("--out", required=True, help="checkpoint of the present model")
    parser.add_argument("--seed", type=int, default=1)
