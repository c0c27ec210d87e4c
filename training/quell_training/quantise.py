"""Quantisation-aware training: the network as the 8-bit run-time computes it.

Batch normalisation is folded first. Weights are int8 with one scale a row; activations between
layers are u8 (ReLU6: 255 steps; GRU states: 127 steps a side). First and last layer stay float.
Rounding passes gradients on unchanged.
"""

import argparse
from pathlib import Path

import torch
from torch import nn
from torch.nn.functional import linear, pad

from . import gru, workers
from .corpus import load
from .features import N_INPUTS
from .mixer import Mixer
from .recipe import Recipe
from .model import ACTIVATION_LIMIT, BandConv, Options, UNet
from .train import Trainer, add_common_arguments, load_state, train

#: u8 steps per unit of a ReLU6 activation.
STEPS_PER_UNIT = 255.0 / ACTIVATION_LIMIT
#: `maddubs` adds two products u8 x i8 in 16 bits: 255 * 128 is the largest pair that fits.
PAIR_LIMIT = 128.0
BYTE_LIMIT = 127.0


def round_through(x: torch.Tensor) -> torch.Tensor:
    """Rounds half to even; the gradient passes unchanged."""
    return x + (torch.round(x) - x).detach()


def to_u8(units: torch.Tensor) -> torch.Tensor:
    """Clamps and rounds a value in u8 steps."""
    return round_through(units.clamp(0.0, 255.0))


def row_scales(weight: torch.Tensor) -> torch.Tensor:
    """Scale of each row of int8 weights: no weight beyond 127, no adjacent pair whose positive or
    negative parts together exceed 128."""
    pairs = weight.unflatten(1, (-1, 2))
    positive = pairs.clamp_min(0.0).sum(2).amax(1)
    negative = (-pairs).clamp_min(0.0).sum(2).amax(1)
    scale = torch.maximum(weight.abs().amax(1) / BYTE_LIMIT, torch.maximum(positive, negative) / PAIR_LIMIT)
    return scale.clamp_min(1e-8)


class QuantLinear(nn.Module):
    """``acc * scale + bias`` with int8 weights and u8 inputs.

    `input_step` is the real value of one step of the input, `input_zero` its zero point,
    `output_steps` the steps per unit in which the result is wanted.
    """

    def __init__(self, weight, bias, input_step: float, input_zero: float, output_steps: float):
        super().__init__()
        self.weight, self.bias = nn.Parameter(weight.clone()), nn.Parameter(bias.clone())
        self.input_step, self.input_zero, self.output_steps = input_step, input_zero, output_steps

    def integers(self) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Weights in steps, and the scale and bias of the result."""
        scale = row_scales(self.weight.detach())
        weight = round_through(self.weight / scale[:, None])
        out_scale = scale * (self.input_step * self.output_steps)
        bias = self.bias * self.output_steps - out_scale * (self.input_zero * weight.sum(1))
        return weight, out_scale, bias

    def forward(self, x):
        weight, scale, bias = self.integers()
        return linear(x, weight) * scale + bias


class QuantGru(nn.Module):
    """A GRU whose inputs, state and weights are rounded; its arithmetic between them is float."""

    def __init__(self, source: nn.GRU, hears_state: bool = False):
        """`hears_state`: its input is the state of another one."""
        super().__init__()
        step, zero = (1.0 / gru.STATE_STEPS, gru.STATE_STEPS) if hears_state else (1.0 / STEPS_PER_UNIT, 0.0)
        self.n_hidden = source.hidden_size
        self.input = QuantLinear(source.weight_ih_l0.data, source.bias_ih_l0.data, step, zero, 1.0)
        self.state = QuantLinear(
            source.weight_hh_l0.data, source.bias_hh_l0.data, 1.0 / gru.STATE_STEPS, gru.STATE_STEPS, 1.0
        )
        self.input.n_gates = self.state.n_gates = 3

    def forward(self, x, first=None):
        """u8 steps ``[T, N, C]`` to the state in u8 steps ``[T, N, H]``, and the last state."""
        projected = self.input(x)
        if first is None:
            first = projected.new_zeros(x.shape[1], self.n_hidden)
        weight, scale, _ = self.state.integers()
        real = weight * (scale * gru.STATE_STEPS)[:, None]
        states = gru.Scan.apply(projected, real, self.state.bias, first, gru.STATE_STEPS)
        return round_through(gru.STATE_STEPS * states + gru.STATE_STEPS), states[-1]


class QuantUNet(nn.Module):
    """The same network as `UNet`, layer by layer in the run-time's arithmetic.

    `trace`, when given, collects every layer's output: the golden vectors.
    """

    allows_bf16 = False

    def __init__(self, source: UNet):
        super().__init__()
        if source.options.residual:
            raise ValueError("the run-time has no residual output: expected a plain model")
        if len(source.options.whole) > 2:
            raise ValueError(f"the run-time has one or two memories of the whole frame, got {source.options.whole}")
        self.options = source.options
        self.e1 = nn.Linear(5 * N_INPUTS, 16)
        self.last = nn.Linear(3 * (8 + N_INPUTS), 8)
        self.out = nn.Linear(8, 1)
        with torch.no_grad():
            _assign(self.e1, *_folded(source.e1))
            _assign(self.last, *_folded(source.last))
            _assign(self.out, source.out.weight, source.out.bias)
        self.layers = nn.ModuleDict(
            {name: _quantised(*_folded(conv)) for name, conv in _byte_convs(source).items()}
        )
        self.layers["d1"].output_steps = 1.0
        self.t1, self.t1_pw = QuantGru(source.time1.gru), _after_gru(source.time1.pointwise)
        self.t2, self.t2_pw = QuantGru(source.time2.gru), _after_gru(source.time2.pointwise)
        self.squeeze = _quantised(source.whole.squeeze.weight.data, source.whole.squeeze.bias.data)
        self.g, self.expand = QuantGru(source.whole.gru), _after_gru(source.whole.expand)
        self.more = nn.ModuleList(QuantGru(unit, hears_state=True) for unit in source.whole.more)

    def forward(self, x, states=(None, None, None), trace: dict | None = None):
        keep = trace.__setitem__ if trace is not None else lambda name, value: None
        e1 = to_u8(self.e1(taps(x, 5, 2)) * STEPS_PER_UNIT)
        e2 = to_u8(self.layers["e2"](taps(e1, 3, 2)))
        e3 = to_u8(self.layers["e3"](taps(e2, 3, 1)))
        e4 = to_u8(self.layers["e4"](taps(e3, 3, 2)))
        y1, state1 = self._over_time(self.t1, self.t1_pw, e4, states[0])
        yg, state_g = self._whole(y1, states[1])
        y2, state2 = self._over_time(self.t2, self.t2_pw, yg, states[2])
        d3 = to_u8(self.layers["d3"](taps(y2, 3, 1)))
        j3 = to_u8(self.layers["j3"](torch.cat([sub_pixel(d3), e3], -1)))
        d2 = to_u8(self.layers["d2"](taps(j3, 3, 1)))
        j2 = to_u8(self.layers["j2"](torch.cat([sub_pixel(d2), e1], -1)))
        d1 = self.layers["d1"](taps(j2, 3, 1)).clamp(0.0, ACTIVATION_LIMIT)
        last = self.last(taps(torch.cat([sub_pixel(d1), x], -1), 3, 1)).clamp(0.0, ACTIVATION_LIMIT)
        gains = torch.sigmoid(self.out(last).squeeze(-1))
        for name, value in dict(e1=e1, e2=e2, e3=e3, e4=e4, t1=y1, g=yg, t2=y2, d3=d3, j3=j3, d2=d2, j2=j2, d1=d1).items():
            keep(name, value)
        return gains, (state1, state_g, state2)

    def _over_time(self, unit, pointwise, x, state):
        b, t, f, c = x.shape
        heard, state = unit(x.transpose(0, 1).reshape(t, b * f, c), state)
        y = pointwise(heard).view(t, b, f, c).transpose(0, 1)
        return to_u8(x + y), state

    def _whole(self, x, state):
        y = to_u8(self.squeeze(x.flatten(2))).transpose(0, 1)
        units, heard, last = [self.g, *self.more], [], []
        for unit, first in zip(units, state or [None] * len(units), strict=True):
            y, after = unit(y, first)
            heard.append(y)
            last.append(after)
        return to_u8(x + self.expand(torch.cat(heard, -1)).transpose(0, 1).reshape(x.shape)), last


def taps(x: torch.Tensor, n_taps: int, stride: int) -> torch.Tensor:
    """Neighbouring positions side by side, zeros beyond the ends."""
    n_out, reach = x.shape[2] // stride, n_taps // 2
    padded = pad(x, (0, 0, reach, reach))
    return torch.cat([padded[:, :, tap : tap + stride * n_out : stride] for tap in range(n_taps)], -1)


def sub_pixel(x: torch.Tensor) -> torch.Tensor:
    """Two positions out of each."""
    return x.reshape(*x.shape[:2], 2 * x.shape[2], x.shape[3] // 2)


def _byte_convs(source: UNet) -> dict[str, BandConv]:
    return dict(
        e2=source.e2, e3=source.e3, e4=source.e4, d3=source.d3.conv, j3=source.join3,
        d2=source.d2.conv, j2=source.join2, d1=source.d1.conv,
    )


def _folded(conv: BandConv) -> tuple[torch.Tensor, torch.Tensor]:
    """Weight and bias with the batch normalisation in them."""
    gain = conv.norm.weight / torch.sqrt(conv.norm.running_var + conv.norm.eps)
    weight = conv.linear.weight * gain[:, None]
    return weight.detach(), ((conv.linear.bias - conv.norm.running_mean) * gain + conv.norm.bias).detach()


def _quantised(weight, bias) -> QuantLinear:
    return QuantLinear(weight, bias, 1.0 / STEPS_PER_UNIT, 0.0, STEPS_PER_UNIT)


def _after_gru(source: nn.Linear) -> QuantLinear:
    return QuantLinear(source.weight.data, source.bias.data, 1.0 / gru.STATE_STEPS, gru.STATE_STEPS, STEPS_PER_UNIT)


def _assign(layer: nn.Linear, weight, bias) -> None:
    layer.weight.copy_(weight)
    layer.bias.copy_(bias)


def load_float(path: Path) -> UNet:
    """The averaged model of a checkpoint."""
    state = torch.load(path, map_location="cpu", weights_only=True)
    model = UNet(Options(**state["options"]))
    model.load_state_dict(state["average"])
    return model.eval()


def load_quantised(path: Path) -> QuantUNet:
    """The averaged 8-bit model of a checkpoint, quantised on the spot if it is a float one."""
    state = torch.load(path, map_location="cpu", weights_only=True)
    if "e1.linear.weight" in state["average"]:
        return QuantUNet(load_float(path)).eval()
    model = QuantUNet(UNet(Options(**state["options"])))
    model.load_state_dict(state["average"])
    return model.eval()


def run(arguments: argparse.Namespace) -> None:
    """Goes on from a float checkpoint with rounding on, the rate falling to nothing."""
    device = workers.device(arguments.device)
    corpus = load([Path(root) for root in arguments.data], Path(arguments.cache))
    model = QuantUNet(load_float(Path(arguments.resume)))
    trainer = Trainer(model, arguments.rate, device, arguments.seed, arguments.optimiser)
    checkpoint = Path(arguments.out) / "checkpoint.pt"
    if checkpoint.exists():
        trainer.restore(load_state(checkpoint))
    arguments.decay_steps, arguments.steps = arguments.steps, arguments.steps - trainer.step
    train(trainer, Mixer(corpus, Recipe(level=model.options.level), device, trainer.seed), arguments)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_common_arguments(parser)
    parser.set_defaults(rate=5e-4, steps=600)
    parser.add_argument("--resume", required=True, help="float checkpoint to start from")
