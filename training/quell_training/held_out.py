"""What is held out of a corpus: recordings that short trainings are judged by, and never hear."""

import csv
import dataclasses
import json
from pathlib import Path

import torch

from .corpus import Clips

#: Where an index has no say, one recording in so many is held out.
HELD_OUT_EVERY = 20


def split(corpus: dict[str, Clips], roots: list[Path], cache: Path) -> tuple[dict[str, Clips], dict[str, Clips]]:
    """The recordings to learn from, and those to judge by: what an index among the data (`*.csv` with `path` and
    `split`) does not call `train`. Rooms are shared."""
    seen, unseen = {}, {}
    for role, clips in corpus.items():
        is_held_out = torch.zeros(len(clips.length), dtype=torch.bool)
        if role != "rir":
            names = [clip["path"] for clip in json.loads((cache / f"{role}.json").read_text())]
            is_held_out = torch.tensor(_held_out(names, _indexed(roots, role)))
        seen[role] = _among(clips, ~is_held_out)
        unseen[role] = clips if role == "rir" else _among(clips, is_held_out)
    return seen, unseen


def _held_out(names: list[str], splits: dict[str, str]) -> list[bool]:
    known = [splits.get(name, "train") != "train" for name in names]
    return known if any(known) else [i % HELD_OUT_EVERY == 0 for i in range(len(names))]


def _indexed(roots: list[Path], role: str) -> dict[str, str]:
    """What the indices say of the recordings of a role, by file name."""
    splits = {}
    for path in (path for root in roots for path in root.glob("*.csv")):
        with open(path, newline="") as rows:
            for row in csv.DictReader(rows):
                if row.get("split") and row.get("path", "").startswith(f"{role}/"):
                    splits[Path(row["path"]).name] = row["split"]
    return splits


def _among(clips: Clips, keep: torch.Tensor) -> Clips:
    is_stationary = [steady for steady, kept in zip(clips.is_stationary, keep.tolist(), strict=True) if kept]
    return dataclasses.replace(clips, first=clips.first[keep], length=clips.length[keep], is_stationary=is_stationary)
