"""What turns gradients into steps: AdamW for everything, or Muon for the matrices.

Muon (Jordan and others, 2024) makes the momentum of a matrix orthogonal, so that all its directions learn at
one rate. Matrices of a GRU are taken gate by gate, kernels of a convolution as [outputs, taps * inputs];
biases, norms and the layer that gives the gains stay with AdamW.
"""

from collections import defaultdict

import torch
from torch import nn

from . import arithmetic

#: Muon's is large, or noise gathers in its matrices: at 0.01 and a rate of 0.02 they grew fourfold, and a training got
#: worse after a thousand steps.
WEIGHT_DECAY = {"adamw": 0.01, "muon": 0.1}
ADAMW_BETAS = (0.9, 0.98)
#: Rate to begin with, by name of the optimiser.
RATES = {"adamw": 1.5e-3, "muon": 0.01}
WARM_UP_STEPS = {"adamw": 200, "muon": 100}
#: AdamW's rate beside Muon, as a share of Muon's.
ADAMW_SHARE = 0.15
MOMENTUM = 0.95
N_ITERATIONS = 5
#: Polynomial of the iteration, tuned by its authors for steepness at zero: singular values end within 0.7 to 1.2.
POLYNOMIAL = (3.4445, -4.7750, 2.0315)
#: The layer that gives the gains.
LAST_LAYER = "out."


def made(name: str, model: nn.Module) -> "torch.optim.Optimizer | Muon":
    return Muon(model) if name == "muon" else _adamw(model.parameters())


def settle(optimiser: "torch.optim.Optimizer | Muon", device: torch.device) -> None:
    """Rates as the device wants them, also after a checkpoint from another one: on a GPU a step is recorded once and
    played again, with its rate in a tensor."""
    on_gpu = device.type == "cuda"
    for group in optimiser.param_groups:
        rate = float(group["lr"])
        group["lr"] = torch.tensor(rate, device=device) if on_gpu else rate
        if "capturable" in group:
            group["capturable"] = on_gpu


def _adamw(parameters) -> torch.optim.AdamW:
    return torch.optim.AdamW(parameters, RATES["adamw"], betas=ADAMW_BETAS, weight_decay=WEIGHT_DECAY["adamw"], fused=True)


class Muon:
    """Muon and AdamW as one, with what the trainer uses of a `torch.optim.Optimizer`."""

    def __init__(self, model: nn.Module):
        named, n_parts, taken = dict(model.named_parameters()), dict(_matrices(model)), names("muon", model)
        self.matrices = _Matrices([(named[name], n_parts[name]) for name in taken["matrices"]])
        self.rest = _adamw([named[name] for name in taken["rest"]])
        for group in self.rest.param_groups:
            group["rate_share"] = ADAMW_SHARE
        self.param_groups = self.matrices.param_groups + self.rest.param_groups

    def zero_grad(self, set_to_none: bool = True) -> None:
        for one in (self.matrices, self.rest):
            one.zero_grad(set_to_none)

    def step(self) -> None:
        for one in (self.matrices, self.rest):
            one.step()

    def state_dict(self) -> dict:
        return dict(matrices=self.matrices.state_dict(), rest=self.rest.state_dict())

    def load_state_dict(self, state: dict) -> None:
        self.matrices.load_state_dict(state["matrices"])
        self.rest.load_state_dict(state["rest"])
        self.param_groups = self.matrices.param_groups + self.rest.param_groups


def names(name: str, model: nn.Module) -> dict[str, list[str]]:
    """Parameters in the order of the moments in a checkpoint, by the part of the optimiser that has them."""
    every = [name for name, _ in model.named_parameters()]
    if name == "adamw":
        return {"": every}
    matrices = {name for name, _ in _matrices(model)}
    return dict(matrices=[n for n in every if n in matrices], rest=[n for n in every if n not in matrices])


def _matrices(model: nn.Module):
    """Names of the parameters that Muon takes, and of how many matrices each consists."""
    for layer, module in model.named_modules():
        n_gates = getattr(module, "n_gates", 3 if isinstance(module, nn.GRU) else 1)
        for name, parameter in module.named_parameters(layer, recurse=False):
            if parameter.dim() == 2 and not name.startswith(LAST_LAYER):
                yield name, n_gates


class _Matrices(torch.optim.Optimizer):
    """Muon for parameters that are one or more matrices on top of each other."""

    def __init__(self, parameters: list[tuple[nn.Parameter, int]]):
        self.n_parts = [n_parts for _, n_parts in parameters]
        super().__init__([p for p, _ in parameters], dict(lr=RATES["muon"]))

    @torch.no_grad()
    def step(self) -> None:
        group = self.param_groups[0]
        rate = group["lr"]
        by_shape = defaultdict(list)  # matrices of one shape are made orthogonal together
        for parameter, n_parts in zip(group["params"], self.n_parts, strict=True):
            momentum = self.state[parameter].setdefault("momentum", torch.zeros_like(parameter))
            momentum.mul_(MOMENTUM).add_(parameter.grad)
            ahead = parameter.grad + MOMENTUM * momentum
            parameter.mul_(1.0 - rate * WEIGHT_DECAY["muon"])
            for matrix, direction in zip(parameter.chunk(n_parts), ahead.chunk(n_parts), strict=True):
                is_tall = matrix.shape[0] > matrix.shape[1]
                direction = direction.t() if is_tall else direction
                by_shape[direction.shape].append((matrix.t() if is_tall else matrix, direction, is_tall))
        for shape, members in by_shape.items():
            steps = orthogonal(torch.stack([direction for _, direction, _ in members]))
            for (matrix, _, is_tall), step in zip(members, steps, strict=True):
                matrix.sub_(step * (rate * ((shape[1] / shape[0]) ** 0.5 if is_tall else 1.0)))


def orthogonal(matrices: torch.Tensor) -> torch.Tensor:
    """Wide matrices ``[N, rows, columns]`` with all singular values brought near 1 (Newton-Schulz); as near in
    bfloat16 as in single precision, so in whichever is quicker."""
    a, b, c = POLYNOMIAL
    x = matrices / matrices.norm(dim=(1, 2), keepdim=True).clamp_min(1e-12)
    x = x.bfloat16() if not x.is_cuda and arithmetic.multiplies_bf16() else x
    for _ in range(N_ITERATIONS):
        square = x @ x.mT
        x = torch.baddbmm(x, torch.baddbmm(square, square, square, beta=b, alpha=c), x, beta=a)
    return x.float()
