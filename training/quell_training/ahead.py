"""The next batches, mixed while the last ones are learnt from."""

import dataclasses
import queue
import threading

import torch

from .mixer import Batch, Mixer

#: Batches that a GPU mixes at once: it takes hardly longer than one.
N_AT_ONCE = 4


class Ahead:
    """Batches of one step after the other. On a GPU a thread mixes those to come, beside whatever else runs."""

    def __init__(self, mixer: Mixer, n_items: int, n_frames: int, first_step: int):
        self.mixer, self.n_items, self.n_frames, self.step = mixer, n_items, n_frames, first_step
        self.is_beside = mixer.device.type == "cuda"
        self.mixed: queue.Queue[list[Batch] | Exception] = queue.Queue(maxsize=1)
        self.waiting: list[Batch] = []
        if self.is_beside:
            threading.Thread(target=self._mix, daemon=True).start()

    def next(self) -> Batch:
        """The batch of this step."""
        if not self.is_beside:
            batch = self.mixer.batch(self.step, self.n_items, self.n_frames)
            self.step += 1
            return batch
        if not self.waiting:
            self.waiting = self._taken()
        return self.waiting.pop(0)

    def _taken(self) -> list[Batch]:
        mixed = self.mixed.get()
        if isinstance(mixed, Exception):
            raise mixed
        batches, is_ready = mixed
        learning = torch.cuda.current_stream(self.mixer.device)
        learning.wait_event(is_ready)
        for tensor in (tensor for batch in batches for tensor in batch.tensors()):
            # Its memory is not given to the next batch before it has been learnt from.
            tensor.record_stream(learning)
        return batches

    def _mix(self) -> None:
        try:
            stream = torch.cuda.Stream(self.mixer.device)
            with torch.cuda.device(self.mixer.device), torch.cuda.stream(stream):
                while True:
                    batch = self.mixer.batch(self.step, N_AT_ONCE * self.n_items, self.n_frames)
                    self.step += N_AT_ONCE
                    self.mixed.put((self._parted(batch), stream.record_event()))
        except Exception as error:  # for who waits for a batch
            self.mixed.put(error)

    def _parted(self, batch: Batch) -> list[Batch]:
        """So many batches."""
        return [
            dataclasses.replace(batch, **{
                name: value[i * self.n_items : (i + 1) * self.n_items]
                for name, value in vars(batch).items() if isinstance(value, torch.Tensor)
            })
            for i in range(N_AT_ONCE)
        ]
