"""Training: constant rate after a warm-up, averaged weights, and at any time a short decay branch.

The constant phase can be taken up again for as long as one likes; weights to ship come from the
average, best after a branch whose rate falls to nothing (`--decay-steps`).
"""

import argparse
import copy
import csv
import ctypes
import os
import signal
import time
from pathlib import Path

import torch
from tqdm import tqdm

from . import arithmetic, optimiser, workers
from .corpus import load
from .features import N_INPUTS
from .geometry import HOP_LEN, N_BANDS, RATE_HZ
from .lessons import Lessons, about
from .loss import MaskLoss, Weights
from .ahead import Ahead
from .mixer import Batch, Mixer
from .recipe import Recipe
from .recorded import Recorded
from .model import Options, UNet
from .settings import with_settings

GRADIENT_LIMIT = 1.0
#: Half-life of the average in steps; shorter early on, so that it follows the first descent.
EMA_HORIZON_STEPS = 400


class Trainer:
    """Model, average and optimiser, and the step counter that everything is seeded by."""

    def __init__(
        self, model: torch.nn.Module, rate: float | None, device: torch.device, seed: int, optimiser_name: str = "adamw"
    ):
        """Without a `rate` it is the usual one of the optimiser."""
        self.device, self.rate, self.seed = device, rate or optimiser.RATES[optimiser_name], seed
        self.model = model.to(device)
        self.average = copy.deepcopy(self.model).eval().requires_grad_(False)
        self.optimiser_name = optimiser_name
        self.optimiser = optimiser.made(optimiser_name, self.model)
        optimiser.settle(self.optimiser, device)
        self.optimiser_since = 0  # the step at which it began
        self.loss = MaskLoss(device)
        self.arithmetic = "f32"
        self.step = 0
        self.keep = torch.zeros((), device=device)  # how much of the average stays
        self.average_since = 0  # the step at which the average began
        self.seconds_seen = 0.0

    def train_step(self, batch: Batch, rate_factor: float = 1.0) -> dict[str, torch.Tensor]:
        """Learns from a batch; returns the parts of the loss."""
        self.begin_step(batch, rate_factor)
        return self.learn(batch)

    def begin_step(self, batch: Batch, rate_factor: float) -> None:
        """Counts, and sets what changes from step to step."""
        self._set_rate(rate_factor)
        n_averaged = self.step - self.average_since
        self.keep.fill_(min(1.0 - 1.0 / EMA_HORIZON_STEPS, n_averaged / (n_averaged + 10.0)))
        self.step += 1
        n_items, n_frames = batch.inputs.shape[:2]
        self.seconds_seen += workers.count() * n_items * n_frames * HOP_LEN / RATE_HZ

    def learn(self, batch: Batch) -> dict[str, torch.Tensor]:
        """The work of a step. On a GPU nothing here waits for it, so that it can be recorded (`recorded`)."""
        self.model.train()
        with arithmetic.autocast(self.device, self.arithmetic):
            gains, _ = self.model(batch.inputs)
        loss, parts = self.loss(gains, batch)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        workers.average_gradients(self.model)
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), GRADIENT_LIMIT, foreach=True)
        for parameter in self.model.parameters():
            # Of gradients that are no numbers nothing is learnt: clipping has spread them to all.
            parameter.grad.nan_to_num_(0.0, 0.0, 0.0)
        self.optimiser.step()
        self._update_average()
        return {name: value.detach() for name, value in dict(loss=loss, **parts).items()}

    def choose_arithmetic(self, asked: str) -> str:
        """Takes what was asked for, or the quickest where that is `auto`, and says why."""
        self.arithmetic, why = asked, "as asked"
        if asked == "auto":
            self.arithmetic, why = arithmetic.chosen(self.model, self.device, (N_BANDS, N_INPUTS))
        return f"arithmetic: {self.arithmetic} ({why})"

    def _set_rate(self, factor: float) -> None:
        n_steps = self.step + 1 - self.optimiser_since
        warm_up = min(1.0, n_steps / optimiser.WARM_UP_STEPS[self.optimiser_name])
        for group in self.optimiser.param_groups:
            rate = self.rate * group.get("rate_share", 1.0) * warm_up * factor
            if isinstance(group["lr"], torch.Tensor):
                group["lr"].fill_(rate)
            else:
                group["lr"] = rate

    @torch.no_grad()
    def _update_average(self) -> None:
        pairs = list(zip(self.average.state_dict().values(), self.model.state_dict().values()))
        for averaged, value in pairs:
            if not averaged.dtype.is_floating_point:
                averaged.copy_(value)
        averages, values = map(list, zip(*(pair for pair in pairs if pair[0].dtype.is_floating_point)))
        steps = torch._foreach_sub(values, averages)
        torch._foreach_mul_(steps, 1.0 - self.keep)
        torch._foreach_add_(averages, steps)

    def save(self, path: Path) -> None:
        """Everything that going on needs, atomically."""
        state = dict(
            model=self.model.state_dict(), average=self.average.state_dict(),
            optimiser=self.optimiser.state_dict(), optimiser_name=self.optimiser_name,
            optimiser_since=self.optimiser_since, step=self.step, seconds_seen=self.seconds_seen,
            options=vars(self.model.options), seed=self.seed,
        )
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".partial")
        torch.save(state, partial)
        os.replace(partial, path)

    def restore(self, state: dict) -> None:
        """Goes on from what `save` wrote; another optimiser begins anew, with a warm-up."""
        self.model.load_state_dict(state["model"])
        self.average.load_state_dict(state["average"])
        self.step, self.seconds_seen, self.seed = state["step"], state["seconds_seen"], state["seed"]
        self.optimiser_since = self.step
        if "optimiser" in state and state.get("optimiser_name", "adamw") == self.optimiser_name:
            self.optimiser.load_state_dict(state["optimiser"])
            optimiser.settle(self.optimiser, self.device)
            self.optimiser_since = state.get("optimiser_since", 0)


def load_state(path: Path) -> dict:
    """What `Trainer.save` wrote."""
    return torch.load(path, map_location="cpu", weights_only=True)


def run(arguments: argparse.Namespace) -> None:
    """Trains until the given number of steps."""
    workers.start(arguments.workers, _run, arguments)


def _run(arguments: argparse.Namespace, rank: int) -> None:
    device = workers.device(arguments.device)
    corpus = workers.first_then_rest(lambda: load([Path(root) for root in arguments.data], Path(arguments.cache)))
    recipe = with_settings(Recipe(), arguments.recipe)
    state = workers.of_first(lambda: _state_to_go_on_from(arguments))
    torch.manual_seed(arguments.seed)
    model = UNet(_options(arguments, recipe, state))
    trainer = Trainer(model, arguments.rate, device, arguments.seed, arguments.optimiser)
    trainer.loss = MaskLoss(device, with_settings(Weights(), arguments.loss))
    if state:
        trainer.restore(state)
    seed = trainer.seed * workers.count() + rank
    lessons = Lessons(Path(arguments.teacher), about(recipe, arguments.batch, arguments.frames, corpus)) if arguments.teacher else None
    mixer = Mixer(corpus, recipe, device, seed, lessons)
    train(trainer, mixer, arguments, rank)


def _state_to_go_on_from(arguments: argparse.Namespace) -> dict | None:
    checkpoint = Path(arguments.out) / "checkpoint.pt"
    if checkpoint.exists():
        return load_state(checkpoint)
    return load_state(Path(arguments.resume)) if arguments.resume else None


def _options(arguments: argparse.Namespace, recipe: Recipe, state: dict | None) -> Options:
    """Those of the checkpoint, which the asked-for ones must not contradict."""
    asked = dict(level=recipe.level)
    if arguments.residual:
        asked["residual"] = True
    if arguments.whole:
        asked["whole"] = tuple(arguments.whole)
    saved = vars(Options(**state["options"])) if state else {}
    for name, value in asked.items():
        if saved.get(name, value) != value:
            raise ValueError(f"the checkpoint has {name} {saved[name]}, asked for is {value}: see grow, or start anew")
    return Options(**(saved | asked))


def train(trainer: Trainer, mixer: Mixer, arguments: argparse.Namespace, rank: int = 0) -> None:
    """The loop: steps, and by the first worker the curve and a checkpoint every few minutes."""
    checkpoint = Path(arguments.out) / "checkpoint.pt"
    log = CurveLog(Path(arguments.out) / "curve.csv")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    keep_freed_memory()
    arithmetic_chosen = trainer.choose_arithmetic(arguments.arithmetic)
    if rank == 0:
        print(arithmetic_chosen)
    schedule = Schedule(trainer.step, arguments)
    batches = Ahead(mixer, arguments.batch, arguments.frames, trainer.step)
    step = Recorded(trainer) if arguments.record_steps else trainer.train_step
    saved_at = time.monotonic()
    try:
        with tqdm(initial=trainer.step, total=schedule.last_step, mininterval=10.0, disable=rank > 0) as progress:
            while (factor := schedule.factor(trainer.step)) > 0.0:
                wait_while_exists(arguments.pause_file)
                parts = step(batches.next(), factor)
                if rank > 0:
                    continue
                progress.update()
                log.add(trainer, parts)
                if time.monotonic() - saved_at > arguments.save_every_s:
                    trainer.save(checkpoint)
                    saved_at = time.monotonic()
    except KeyboardInterrupt:
        print(f"stopped at step {trainer.step}")
    finally:
        if rank == 0:
            trainer.save(checkpoint)


class Schedule:
    """Factor of the rate: 1, then a straight line to nothing over the last steps; or, where there is a time to
    keep to, over the last share of it."""

    def __init__(self, first_step: int, arguments: argparse.Namespace):
        self.last_step, self.decay_steps = first_step + arguments.steps, arguments.decay_steps
        self.seconds, self.decay_share = arguments.seconds, arguments.decay_share
        self.started = time.monotonic()

    def factor(self, step: int) -> float:
        """0 once it is over."""
        if step >= self.last_step:
            return 0.0
        by_step = min(1.0, (self.last_step - step) / self.decay_steps) if self.decay_steps else 1.0
        return min(by_step, self._by_time()) if self.seconds else by_step

    def _by_time(self) -> float:
        left = max(0.0, 1.0 - (time.monotonic() - self.started) / self.seconds)
        return min(1.0, left / self.decay_share) if self.decay_share else float(left > 0.0)


def keep_freed_memory() -> None:
    """Tells glibc's allocator to keep what is freed: giving it back to the system and faulting it in
    again takes a third of a step."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt:
        trim_threshold, top_pad, mmap_max, arena_max = -1, -2, -4, -8
        mallopt(arena_max, 1)
        mallopt(mmap_max, 0)
        mallopt(trim_threshold, 2**31 - 1)
        mallopt(top_pad, 2**28)


def wait_while_exists(pause_file: str | None) -> None:
    """Leaves the machine to others while they ask for it."""
    while pause_file and Path(pause_file).exists():
        time.sleep(1.0)


class CurveLog:
    """Means over 50 steps, appended to a CSV."""

    EVERY = 50

    def __init__(self, path: Path):
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path, self.rows, self.started = path, [], time.monotonic()

    def add(self, trainer: Trainer, parts: dict[str, torch.Tensor]) -> None:
        self.rows.append(parts)
        if len(self.rows) < self.EVERY:
            return
        means = {name: mean_of_numbers(float(row[name]) for row in self.rows) for name in parts}
        speed = len(self.rows) / (time.monotonic() - self.started)
        row = dict(step=trainer.step, hours_seen=trainer.seconds_seen / 3600.0, steps_per_s=speed, **means)
        is_new = not self.path.exists()
        with open(self.path, "a", newline="") as out:
            writer = csv.DictWriter(out, row)
            if is_new:
                writer.writeheader()
            writer.writerow({name: f"{value:.5g}" for name, value in row.items()})
        self.rows, self.started = [], time.monotonic()


def mean_of_numbers(values) -> float:
    """Mean of the numbers that are numbers: a batch without music has no music loss."""
    finite = [v for v in values if v == v]
    return sum(finite) / len(finite) if finite else float("nan")


def add_common_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of every command that trains."""
    parser.add_argument("--data", nargs="+", required=True, help="folders with speech/ noise/ music/ rir/")
    parser.add_argument("--cache", required=True, help="folder for the decoded audio")
    parser.add_argument("--out", required=True, help="folder of the checkpoint and the curve; taken up again if there")
    parser.add_argument("--steps", type=int, default=1_000_000, help="steps to go from here")
    parser.add_argument("--decay-steps", type=int, default=0, help="let the rate fall over the last steps")
    parser.add_argument("--seconds", type=float, help="stop after so long")
    parser.add_argument("--decay-share", type=float, default=0.0, help="let the rate fall over the last share of the time")
    parser.add_argument("--batch", type=int, default=8, help="mixtures a step, of each worker")
    parser.add_argument("--frames", type=int, default=300)
    parser.add_argument("--optimiser", choices=optimiser.RATES, default="adamw")
    parser.add_argument("--rate", type=float, help=f"default: {', '.join(f'{r:g} for {o}' for o, r in optimiser.RATES.items())}")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--arithmetic", choices=["auto", *arithmetic.KINDS], default="auto", help="auto: the quickest here")
    parser.add_argument("--save-every-s", type=float, default=180.0)
    parser.add_argument("--record-steps", action="store_true", help="CUDA, one worker: record the step, play it again (untried)")
    parser.add_argument("--pause-file", help="sleep between steps while this file exists")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_common_arguments(parser)
    parser.add_argument("--workers", type=int, default=1, help="processes that learn together, a core each")
    parser.add_argument("--resume", help="checkpoint to start from where --out has none")
    parser.add_argument("--recipe", nargs="+", default=[], metavar="NAME=VALUE", help="settings of recipe.Recipe")
    parser.add_argument("--loss", nargs="+", default=[], metavar="NAME=VALUE", help="settings of loss.Weights")
    parser.add_argument("--whole", nargs="+", type=int, help="units of the memories of the whole frame; default: 128, or the checkpoint's")
    parser.add_argument("--teacher", help="folder of lessons that the command 'teacher' made for these mixtures")
    parser.add_argument("--residual", action="store_true", help="output on top of the classical gain")
