"""Which arithmetic a step is quickest in, found out by trying: a CPU without bfloat16 instructions emulates
them, at three times the cost of single precision."""

import copy
import time
from contextlib import AbstractContextManager

import torch

from . import native

#: What the network is computed in, by name; weights, sums and losses are single precision in any case.
KINDS = {"f32": torch.float32, "bf16": torch.bfloat16}
N_TRIALS = 3
TRIAL_FRAMES = 60
#: Mixtures of a trial: a GPU is not filled by less.
TRIAL_ITEMS = {"cpu": 4, "cuda": 64}


def multiplies_bf16() -> bool:
    """Whether this processor has a unit for products of matrices in bfloat16."""
    return "amx_bf16" in native.processor().get("flags", "").split()


def autocast(device: torch.device, kind: str) -> AbstractContextManager:
    """Within it the network computes in `kind`."""
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=kind == "bf16")


def chosen(model: torch.nn.Module, device: torch.device, n_inputs: tuple[int, int]) -> tuple[str, str]:
    """The quickest kind that `model` allows, and why; `n_inputs` are bands and numbers a band."""
    if not model.allows_bf16:
        return "f32", "this network takes nothing else"
    n_items = TRIAL_ITEMS[device.type]
    inputs = torch.randn(n_items, TRIAL_FRAMES, *n_inputs, device=device)
    seconds = {kind: _seconds(model, inputs, kind) for kind in KINDS}
    measured = ", ".join(f"{kind} {1e3 * s:.0f} ms" for kind, s in seconds.items())
    return min(seconds, key=seconds.get), f"forward and backward of {n_items} x {TRIAL_FRAMES} frames: {measured}"


def _seconds(model: torch.nn.Module, inputs: torch.Tensor, kind: str) -> float:
    """Time of the quickest of a few trials, after one that warms up."""
    trial = copy.deepcopy(model).train()  # running statistics change
    took = []
    for _ in range(1 + N_TRIALS):
        started = time.perf_counter()
        with autocast(inputs.device, kind):
            gains, _ = trial(inputs)
        gains.square().mean().backward()
        if inputs.is_cuda:
            torch.cuda.synchronize(inputs.device)
        took.append(time.perf_counter() - started)
    return min(took[1:])
