"""Scores checkpoints on several kinds of mixtures, so that what helps one kind and harms another shows.

All hear the same ones, of the recordings that `ablate` holds out.
"""

import argparse
import dataclasses
from pathlib import Path

import torch

from . import voices
from .held_out import split
from .corpus import Clips, load
from .evaluate import as_markdown
from .geometry import RATE_HZ
from .loss import MaskLoss, Weights
from .mixer import Mixer
from .recipe import Recipe
from .quantise import load_float

SEED = 1 << 30
#: A voice has its full band when it goes on up to here.
FULL_BAND_HZ = 15_000.0
#: Longest stretch that a voice's band is looked for in.
HEARD_LEN = 4 * RATE_HZ

SPEECH = Recipe(music_share=0.0, clean_share=0.0, noise_only_share=0.0, captured_share=0.25, live_share=0.0)


def _changed(**changes) -> Recipe:
    return dataclasses.replace(SPEECH, **changes)


LOW_DB, HIGH_DB = Recipe().level_db
GROUPS = {
    "speech": SPEECH,
    "… 20 dB softer": _changed(level_db=(LOW_DB - 20.0, HIGH_DB - 20.0)),
    "… 30 dB softer": _changed(level_db=(LOW_DB - 30.0, HIGH_DB - 30.0)),
    "… 12 dB louder": _changed(level_db=(LOW_DB + 12.0, HIGH_DB + 12.0)),
    "… at -5 to 5 dB": _changed(speech_snr_db=(-5.0, 5.0)),
    "… full band, 0 to 15 dB": _changed(speech_snr_db=(0.0, 15.0), low_pass_share=0.0),
    "… sharp noise": _changed(speech_snr_db=(0.0, 10.0), sharp_share=1.0),
    "… babble": _changed(speech_snr_db=(0.0, 10.0), babble_share=1.0, babble_voices=(4.0, 10.0)),
    "… with a floor of its own": _changed(floor_share=1.0, pause_share=0.0),
    "… music beside": _changed(beside_share=1.0, speech_snr_db=(5.0, 30.0)),
    "music": _changed(music_share=1.0),
}
#: Every part is measured; what it would weigh in training does not matter here.
ALL = Weights(clarity=1.0, pause=1.0, treble=1.0, bins=1.0)


def run(arguments: argparse.Namespace) -> None:
    """Prints a table for each checkpoint, and writes them."""
    torch.set_num_threads(1)
    roots, cache = [Path(root) for root in arguments.data], Path(arguments.cache)
    _, corpus = split(load(roots, cache), roots, cache)
    text = ""
    for path in arguments.checkpoints:
        text += f"## {path}\n\n{as_markdown(score(Path(path), corpus, arguments))}\n"
        print(text.rsplit("## ", 1)[1], flush=True)
    if arguments.out:
        Path(arguments.out).write_text(text)


@torch.no_grad()
def score(checkpoint: Path, corpus: dict[str, Clips], arguments: argparse.Namespace) -> dict[str, dict[str, float]]:
    """Means of the parts of the loss over each group."""
    model, loss = load_float(checkpoint), MaskLoss(torch.device("cpu"), ALL)
    table = {}
    for name in arguments.groups:
        of_group = dict(corpus, speech=_full_band(corpus["speech"])) if "full band" in name else corpus
        recipe = dataclasses.replace(GROUPS[name], level=model.options.level)
        mixer = Mixer(of_group, recipe, torch.device("cpu"), SEED)
        steps = []
        for step in range(arguments.mixtures // arguments.batch):
            batch = mixer.batch(step, arguments.batch, arguments.frames)
            steps.append(loss(model(batch.inputs)[0], batch)[1])
        table[name] = {part: float(torch.stack([s[part] for s in steps]).nanmean()) for part in steps[0]}
    return table


def _full_band(clips: Clips) -> Clips:
    """The voices that reach high."""
    kept = [i for i in range(len(clips.length)) if _reaches_high(clips, i)]
    if not kept:
        raise ValueError(f"no recording under speech/ goes on to {FULL_BAND_HZ:.0f} Hz: leave out the full-band group")
    return Clips(clips.samples, clips.first[kept], clips.length[kept], [clips.is_stationary[i] for i in kept])


def _reaches_high(clips: Clips, clip: int) -> bool:
    first, length = int(clips.first[clip]), int(clips.length[clip])
    heard = min(length, HEARD_LEN)
    middle = clips.samples[first + (length - heard) // 2 :][:heard].float()
    spectrum = torch.fft.rfft(middle * torch.hann_window(heard))[None]
    return bool(voices.end_hz(spectrum, RATE_HZ / heard, FULL_BAND_HZ).isinf())


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("checkpoints", nargs="+")
    parser.add_argument("--data", nargs="+", required=True, help="folders with speech/ noise/ music/ rir/")
    parser.add_argument("--cache", required=True, help="folder for the decoded audio")
    parser.add_argument("--groups", nargs="+", choices=GROUPS, default=list(GROUPS))
    parser.add_argument("--mixtures", type=int, default=96, help="of each group")
    parser.add_argument("--batch", type=int, default=8, help="mixtures at a time")
    parser.add_argument("--frames", type=int, default=300)
    parser.add_argument("--out", help="file for the tables")
