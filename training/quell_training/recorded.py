"""Steps of a training on a GPU, recorded once and played again: most of its thousands of launches take the host
longer than the GPU."""

import dataclasses
import typing

import torch

from .mixer import Batch

if typing.TYPE_CHECKING:
    from .train import Trainer

#: Steps before a recording, in which everything finds its memory and its fastest way.
N_WARM_UP = 3


class Recorded:
    """`Trainer.train_step` for batches of one shape."""

    def __init__(self, trainer: "Trainer"):
        self.trainer = trainer
        self.n_warm = {False: 0, True: 0}  # by kind of window
        self.places: Batch | None = None  # where a recording finds its batch
        self.graphs: dict[bool, tuple[torch.cuda.CUDAGraph, dict[str, torch.Tensor]]] = {}  # by kind of window
        self.beside = torch.cuda.Stream(trainer.device)

    def __call__(self, batch: Batch, rate_factor: float = 1.0) -> dict[str, torch.Tensor]:
        if self.n_warm[batch.is_live] < N_WARM_UP:
            self.n_warm[batch.is_live] += 1
            return self._not_recorded(batch, rate_factor)
        self.trainer.begin_step(batch, rate_factor)
        self._take_in(batch)
        if batch.is_live not in self.graphs:
            self.graphs[batch.is_live] = self._record()
        graph, parts = self.graphs[batch.is_live]
        graph.replay()
        return {name: value.clone() for name, value in parts.items()}

    def _not_recorded(self, batch: Batch, rate_factor: float) -> dict[str, torch.Tensor]:
        now = torch.cuda.current_stream(self.trainer.device)
        self.beside.wait_stream(now)
        with torch.cuda.stream(self.beside):
            parts = self.trainer.train_step(batch, rate_factor)
        now.wait_stream(self.beside)
        return parts

    def _take_in(self, batch: Batch) -> None:
        if self.places is None:
            self.places = dataclasses.replace(batch, **{
                name: value.clone() for name, value in vars(batch).items() if isinstance(value, torch.Tensor)
            })
        self.places.is_live = batch.is_live
        for place, value in zip(self.places.tensors(), batch.tensors(), strict=True):
            place.copy_(value)

    def _record(self) -> tuple[torch.cuda.CUDAGraph, dict[str, torch.Tensor]]:
        graph = torch.cuda.CUDAGraph()
        pool = next(iter(self.graphs.values()))[0].pool() if self.graphs else None
        # Others may go on with launches of their own meanwhile.
        with torch.cuda.graph(graph, pool=pool, capture_error_mode="thread_local"):
            parts = self.trainer.learn(self.places)
        return graph, parts
