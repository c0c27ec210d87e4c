"""What a teacher makes of the mixtures of given seeds and steps, in a folder."""

import dataclasses
import json
import os
from pathlib import Path

import numpy as np
import torch

#: Frames at both ends of a mixture that no sound can be put together of.
N_EDGE = 3
#: Gains are stored as the square root, in steps.
N_STEPS = 255
#: Where no teacher was heard.
UNKNOWN = -1.0


class Lessons:
    """A folder of gains, by seed and step."""

    def __init__(self, folder: Path, about: dict | None = None):
        """With `about`, the folder is for such mixtures from now on, or it is refused."""
        self.folder, path = folder, folder / "about.json"
        if about is None and not path.exists():
            raise FileNotFoundError(f"{folder} holds no lessons (about.json): make some with the command 'teacher'")
        if about is not None and not path.exists():
            folder.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(about))
        self.about = json.loads(path.read_text())
        if about is not None and about != self.about:
            raise ValueError(f"{folder} holds lessons for other mixtures ({self.about}): expected {about}")

    def path(self, seed: int, step: int) -> Path:
        return self.folder / f"{seed}-{step}.npy"

    def put(self, seed: int, step: int, gains: torch.Tensor) -> None:
        """``[B, T, 128]``; whole or not at all."""
        partial = self.folder / "partial.npy"
        np.save(partial, torch.round(gains.clamp(0.0, 1.0).sqrt() * N_STEPS).to(torch.uint8).numpy())
        os.replace(partial, self.path(seed, step))

    def get(self, seed: int, step: int) -> torch.Tensor | None:
        """The gains of a step, unknown at both ends; nothing where there was no lesson."""
        path = self.path(seed, step)
        if not path.exists():
            return None
        gains = (torch.from_numpy(np.load(path)).float() / N_STEPS).square()
        return torch.nn.functional.pad(gains, (0, 0, N_EDGE, N_EDGE), value=UNKNOWN)


def about(recipe, n_items: int, n_frames: int, corpus: dict) -> dict:
    """What mixtures depend on, besides the seed and the step; of the recordings, how many there are of each role."""
    recordings = {role: len(clips.length) for role, clips in corpus.items()}
    # By way of JSON, in which tuples are lists.
    return json.loads(json.dumps(dict(items=n_items, frames=n_frames, recipe=dataclasses.asdict(recipe), recordings=recordings)))
