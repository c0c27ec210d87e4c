"""Gives the memory of the whole frame more units, or more GRUs, without changing what the network does.

New units listen at random and are not listened to at first; training gives them something to say.
"""

import argparse
import itertools
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from . import optimiser
from .features import ABSOLUTE, SLOW
from .model import Options, UNet
from .train import load_state


def grown(state: dict, whole: tuple[int, ...], seed: int) -> dict:
    """A checkpoint with memories of `whole` units from one with fewer; fresh moments for what grew."""
    old = Options(**state["options"])
    new = replace(old, whole=whole)
    is_larger = len(whole) >= len(old.whole) and all(a <= b for a, b in zip(old.whole, whole))
    if not is_larger or new == old:
        raise ValueError(f"memories of {old.whole} units cannot grow to {whole}: expected as many or more, and more units")
    torch.manual_seed(seed)
    target = UNet(new)
    places = {name: _Places(name, value.shape, old.whole, new.whole) for name, value in state["model"].items()}
    start = {name: places[name].silenced(value) if name in places else value for name, value in target.state_dict().items()}
    weights = {
        kind: {name: places[name].put(state[kind][name], value) if name in places else value for name, value in start.items()}
        for kind in ("model", "average")
    }
    return dict(state, **weights, options=vars(new), optimiser=_moments(state, UNet(old), target, places))


def with_options(state: dict, options: Options, seed: int) -> dict:
    """A checkpoint that goes on with other options: grown where these ask for more units, and with levels relative to
    what these say, which it then has to get used to."""
    old = Options(**state["options"])
    if options.residual != old.residual:
        raise ValueError(f"the checkpoint has residual {old.residual}, asked for is {options.residual}: start anew")
    if options.whole != old.whole:
        state = grown(state, options.whole, seed)
    return dict(state, options=vars(options))


def _moments(state: dict, old: UNet, new: UNet, places: dict) -> dict:
    """The optimiser's state, part by part and by the names of the parameters: new ones have none."""
    kind = state.get("optimiser_name", "adamw")
    old_names, new_names = optimiser.names(kind, old), optimiser.names(kind, new)
    shapes = {name: parameter.shape for name, parameter in new.named_parameters()}

    def part(saved: dict, before: list[str], after: list[str]) -> dict:
        by_name = dict(zip(before, (saved["state"][i] for i in range(len(before))), strict=True))
        kept = {
            i: {moment: _grown_moment(moment, value, places[name], shapes[name]) for moment, value in by_name[name].items()}
            for i, name in enumerate(after)
            if name in by_name
        }
        (group,) = saved["param_groups"]
        return dict(state=kept, param_groups=[dict(group, params=list(range(len(after))))])

    if kind == "adamw":
        return part(state["optimiser"], old_names[""], new_names[""])
    return {name: part(state["optimiser"][name], old_names[name], new_names[name]) for name in new_names}


def _grown_moment(moment: str, value: torch.Tensor, places: "_Places", shape: torch.Size) -> torch.Tensor:
    if value.dim() == 0:
        return value  # the number of steps
    # A small second moment would let new weights leap: they begin with the mean of the old ones'.
    rest = float(value.mean()) if moment == "exp_avg_sq" else 0.0
    return places.put(value, torch.full(shape, rest))


@dataclass
class _Places:
    """Where the old values of a tensor stand in the grown one."""

    rows: torch.Tensor | None
    columns: torch.Tensor | None

    def __init__(self, name: str, shape: torch.Size, old: tuple[int, ...], new: tuple[int, ...]):
        kept = torch.arange
        self.rows = kept(shape[0]) if shape else None
        self.columns = kept(shape[1]) if len(shape) > 1 else None
        if name.startswith("whole.squeeze"):
            self.rows = kept(old[0])
        elif name == "whole.expand.weight":
            starts = [0, *itertools.accumulate(new)]
            self.columns = torch.cat([start + kept(n) for start, n in zip(starts, old)])
        elif name.startswith(("whole.gru.", "whole.more.")):
            place = 0 if name.startswith("whole.gru.") else int(name.split(".")[2]) + 1
            self.rows = torch.cat([gate * new[place] + kept(old[place]) for gate in range(3)])

    def put(self, old: torch.Tensor, into: torch.Tensor) -> torch.Tensor:
        """`into` with the old values in their places."""
        if old.dim() == 0:
            return old.clone()
        into = into.clone()
        into[self.rows if self.columns is None else (self.rows[:, None], self.columns[None, :])] = old
        return into

    def silenced(self, fresh: torch.Tensor) -> torch.Tensor:
        """Fresh values, and zero where old units would listen to new ones."""
        if self.columns is None:
            return fresh
        heard = torch.zeros(fresh.shape[1], dtype=torch.bool)
        heard[self.columns] = True
        silenced = fresh.clone()
        silenced[self.rows[:, None], torch.nonzero(~heard).t()] = 0.0
        return silenced


def run(arguments: argparse.Namespace) -> None:
    """Writes the grown checkpoint."""
    state = load_state(Path(arguments.checkpoint))
    old = Options(**state["options"])
    options = replace(old, whole=tuple(arguments.whole or old.whole), level=arguments.level or old.level)
    if options == old:
        raise ValueError(f"the checkpoint is one of {old} already: expected more units, or another level")
    state = with_options(state, options, arguments.seed)
    out = Path(arguments.out)
    out.parent.mkdir(parents=True, exist_ok=True)
    torch.save(state, out)
    n_parameters = sum(p.numel() for p in UNet(Options(**state["options"])).parameters())
    print(f"{out}: {n_parameters} parameters")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--checkpoint", required=True, help="checkpoint of a smaller model")
    parser.add_argument("--out", required=True, help="checkpoint of the larger one")
    parser.add_argument("--whole", nargs="+", type=int, help="units of the memories of the whole frame; default: as they are")
    parser.add_argument("--level", choices=(ABSOLUTE, SLOW), help="what the levels are relative to that it learns with from now on")
    parser.add_argument("--seed", type=int, default=1)
