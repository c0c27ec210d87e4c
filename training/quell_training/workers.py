"""Several processes that learn together, on one machine or, started by `torchrun`, on several.

Each mixes and learns from batches of its own, on one core or one GPU; their gradients are averaged at every
step, so that all of them hold the same weights. Two processes on two cores are half again as fast as one
process on both: nobody waits for a share of a small operation.
"""

import argparse
import datetime
import multiprocessing
import os
import socket
from collections.abc import Callable
from typing import TypeVar

import torch
from torch import distributed

Made = TypeVar("Made")
#: The others wait while the first decodes the data.
LONGEST_WAIT = datetime.timedelta(hours=4)


def start(n_workers: int, run: Callable[[argparse.Namespace, int], None], arguments: argparse.Namespace) -> None:
    """Runs `run(arguments, rank)` in this process and in `n_workers - 1` others, which end with it; under
    `torchrun` it has started all of them."""
    if "TORCHELASTIC_RUN_ID" in os.environ:
        if n_workers != 1:
            raise ValueError("expected no --workers under torchrun: it says how many there are")
        return _join(device(arguments.device), None, run, arguments)
    if n_workers == 1:
        return run(arguments, 0)
    if torch.device(arguments.device).type != "cpu":
        raise ValueError("expected --device cpu with --workers: GPUs are shared out by torchrun")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    spawn = multiprocessing.get_context("spawn")
    for rank in range(1, n_workers):
        spawn.Process(target=_work, args=(rank, n_workers, port, run, arguments), daemon=True).start()
    _work(0, n_workers, port, run, arguments)


def _work(rank: int, n_workers: int, port: int, run, arguments: argparse.Namespace) -> None:
    place = dict(init_method=f"tcp://127.0.0.1:{port}", rank=rank, world_size=n_workers)
    _join(torch.device("cpu"), place, run, arguments)


def _join(own_device: torch.device, place: dict | None, run, arguments: argparse.Namespace) -> None:
    """Runs as one of a group; without a `place` in it, `torchrun` has told it by the environment."""
    backend = "nccl" if own_device.type == "cuda" else "gloo"
    distributed.init_process_group(backend, timeout=LONGEST_WAIT, **(place or {}))
    try:
        run(arguments, distributed.get_rank())
    finally:
        distributed.destroy_process_group()


def device(name: str) -> torch.device:
    """The device of this process: of several GPUs, the one that `torchrun` gives it. On a CPU it keeps to one
    core."""
    wanted = torch.device(name)
    if wanted.type == "cpu":
        torch.set_num_threads(1)
        return wanted
    torch.set_float32_matmul_precision("high")  # products of single precision on the matrix units
    torch.backends.cudnn.benchmark = True
    if wanted.index is None:
        wanted = torch.device(wanted.type, int(os.environ.get("LOCAL_RANK", 0)))
        torch.cuda.set_device(wanted)
    return wanted


def of_first(make: Callable[[], Made]) -> Made:
    """What `make` gives to the first of all, for everyone."""
    if count() == 1:
        return make()
    made = [make() if distributed.get_rank() == 0 else None]
    distributed.broadcast_object_list(made)
    return made[0]


def first_then_rest(make: Callable[[], Made]) -> Made:
    """`make` by the first process of each machine, which leaves files behind, then by the others."""
    if count() == 1:
        return make()
    is_first = int(os.environ.get("LOCAL_RANK", distributed.get_rank())) == 0
    made = make() if is_first else None
    distributed.barrier()
    return made if is_first else make()


def count() -> int:
    """How many learn together."""
    return distributed.get_world_size() if distributed.is_initialized() else 1


def average_gradients(model: torch.nn.Module) -> None:
    """Gives every worker the mean of all gradients."""
    if count() == 1:
        return
    gradients = [p.grad for p in model.parameters()]
    flat = torch.cat([g.flatten() for g in gradients])
    distributed.all_reduce(flat)
    for gradient, mean in zip(gradients, (flat / count()).split([g.numel() for g in gradients])):
        gradient.copy_(mean.view_as(gradient))
