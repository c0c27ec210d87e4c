"""The network: a causal U-Net over 128 bands whose only memory are its GRUs.

Tensors are ``[B, T, F, C]``: channels last, as in the run-time. Every activation between layers is
bounded (ReLU6), so that its 8-bit scale is a constant.
"""

import itertools
from dataclasses import dataclass

import torch
from torch import nn

from . import gru, native
from .features import ABSOLUTE, N_INPUTS
from .geometry import N_BANDS

ACTIVATION_LIMIT = 6.0

@dataclass(frozen=True)
class Options:
    """What the ablations change."""

    residual: bool = False  # output on top of the classical gain instead of a plain sigmoid
    level: str = ABSOLUTE  # what the levels that it sees are relative to
    whole: tuple[int, ...] = (128,)  # units of the memories of the whole frame, one after the other


class BandConv(nn.Module):
    """Convolution over the bands, batch normalisation, ReLU6.

    The taps are laid side by side and multiplied in one product: the run-time does the same, where
    it is a product over a contiguous slice.
    """

    def __init__(self, n_in: int, n_out: int, n_taps: int = 1, stride: int = 1):
        super().__init__()
        self.n_taps, self.stride = n_taps, stride
        self.linear = nn.Linear(n_taps * n_in, n_out)
        self.norm = nn.BatchNorm1d(n_out, momentum=0.02)
        nn.init.kaiming_normal_(self.linear.weight, nonlinearity="relu")
        nn.init.zeros_(self.linear.bias)

    def forward(self, x, beside=None):
        """`beside` has more channels for the same positions. The native way leaves norm and ReLU6 to whoever
        reads the result (`values`)."""
        if self.training and native.can_convolve(x, self.norm.num_features):
            return self._forward_native(_raw(x), _raw(beside))
        x = x if beside is None else torch.cat([x, beside.to(x.dtype)], -1)
        if self.training and native.can_convolve_bf16(x, self.norm.num_features):
            return self._forward_native_bf16(x.bfloat16())
        y = self._convolved(x) if x.is_cuda and self.n_taps > 1 and x.shape[-1] % 8 == 0 else self.linear(self.gather(x))
        y = self.norm(y.flatten(0, -2)).view(y.shape)
        return nn.functional.relu6(y)

    def _convolved(self, x):
        """On a GPU by its own convolution, which needs no copies of the taps."""
        n_out, n_in = self.norm.num_features, x.shape[-1]
        weight = self.linear.weight.view(n_out, self.n_taps, n_in).permute(0, 2, 1)[:, :, None]
        weight = weight.contiguous(memory_format=torch.channels_last)
        y = nn.functional.conv2d(
            x.permute(0, 3, 1, 2), weight, self.linear.bias, (1, self.stride), (0, self.n_taps // 2)
        )
        return y.permute(0, 2, 3, 1)

    def _forward_native(self, x: native.Raw, beside: native.Raw) -> native.Raw:
        linear, norm = self.linear, self.norm
        weights = linear.weight, linear.bias, norm.weight, norm.bias
        y, gain, shift, mean, variance = native.Convolution.apply(*x, *beside, *weights, norm.eps, self.stride)
        self._keep_moments(mean, variance, y[..., 0].numel())
        return native.Raw(y, gain, shift)

    def _forward_native_bf16(self, x):
        if self.n_taps > 1:
            x = native.Taps.apply(x, self.n_taps, self.stride)
        y = self.linear(x)
        rows, norm = y.flatten(0, -2), self.norm
        out, mean, variance = native.NormRelu6.apply(rows, norm.weight, norm.bias, norm.eps)
        self._keep_moments(mean, variance, len(rows))
        return out.view(y.shape)

    @torch.no_grad()
    def _keep_moments(self, mean, variance, n_rows: int) -> None:
        norm = self.norm
        norm.running_mean.lerp_(mean, norm.momentum)
        norm.running_var.lerp_(variance * (n_rows / (n_rows - 1)), norm.momentum)
        norm.num_batches_tracked += 1

    def gather(self, x):
        """``[B, T, F, C] -> [B, T, F/stride, n_taps*C]``, zeros beyond the ends."""
        if self.n_taps == 1:
            return x
        reach = self.n_taps // 2
        padded = nn.functional.pad(x, (0, 0, reach, reach))
        n_out = x.shape[2] // self.stride
        taps = [padded[:, :, tap : tap + self.stride * n_out : self.stride] for tap in range(self.n_taps)]
        return torch.cat(taps, dim=-1)


def _raw(x) -> native.Raw:
    return x if isinstance(x, native.Raw) else native.Raw(x)


def values(x) -> torch.Tensor:
    """What a layer gave, with its norm and its ReLU6."""
    return x.values() if isinstance(x, native.Raw) else x


class SubPixel(nn.Module):
    """Doubles the bands: each position gives two neighbours."""

    def __init__(self, n_in: int, n_out: int):
        super().__init__()
        self.conv = BandConv(n_in, 2 * n_out, 3)

    def forward(self, x):
        y = self.conv(x)
        if isinstance(y, native.Raw):
            return y._replace(y=self._doubled(y.y))
        return self._doubled(y)

    def _doubled(self, y):
        return y.reshape(*y.shape[:2], 2 * y.shape[2], y.shape[3] // 2)


class TimeBlock(nn.Module):
    """GRU over time, shared by all positions, added back through a pointwise layer."""

    def __init__(self, n: int):
        super().__init__()
        self.gru = nn.GRU(n, n)
        self.pointwise = nn.Linear(n, n)

    def forward(self, x, state=None):
        b, t, f, c = x.shape
        if native.can_run(x):
            x = x.float()
            first = x.new_zeros(b * f, c) if state is None else state
            return native.TimeBlock.apply(x, first, *gru.weights(self.gru), self.pointwise.weight, self.pointwise.bias)
        sequences = x.transpose(0, 1).reshape(t, b * f, c)
        y, state = gru.run(self.gru, sequences, state)
        y = self.pointwise(y).view(t, b, f, c).transpose(0, 1)
        return nn.functional.relu6(x + y), state


def _added(x, layer: nn.Linear, y):
    """ReLU6 of the layer's output, added to `x` if there is one."""
    if native.can_run(y, layer.weight.t()):
        return native.AddRelu6.apply(None if x is None else x.float(), y.float(), layer.weight, layer.bias)
    return nn.functional.relu6(layer(y) if x is None else x + layer(y))


class GlobalBlock(nn.Module):
    """All positions into one vector, GRUs over time, and back: what the whole frame is. Each GRU hears the one
    before, and all of them are heard."""

    def __init__(self, n_positions: int, n_channels: int, n_hidden: tuple[int, ...]):
        super().__init__()
        self.squeeze = nn.Linear(n_positions * n_channels, n_hidden[0])
        self.gru = nn.GRU(n_hidden[0], n_hidden[0])
        self.more = nn.ModuleList(nn.GRU(n_in, n) for n_in, n in itertools.pairwise(n_hidden))
        self.expand = nn.Linear(sum(n_hidden), n_positions * n_channels)

    def forward(self, x, states=None):
        flat = x.flatten(2)
        y = _added(None, self.squeeze, flat).transpose(0, 1)
        units, heard, last = [self.gru, *self.more], [], []
        for unit, state in zip(units, states or [None] * len(units), strict=True):
            y, state = gru.run(unit, y, state)
            heard.append(y.transpose(0, 1))
            last.append(state)
        return _added(flat, self.expand, torch.cat(heard, -1)).view(x.shape), last


class UNet(nn.Module):
    """``[B, T, 128, 5] -> [B, T, 128]`` gains, and the states to go on from."""

    allows_bf16 = True

    def __init__(self, options: Options = Options()):
        super().__init__()
        self.options = options
        self.e1 = BandConv(N_INPUTS, 16, 5, 2)
        self.e2 = BandConv(16, 24, 3, 2)
        self.e3 = BandConv(24, 32, 3)
        self.e4 = BandConv(32, 32, 3, 2)
        self.time1 = TimeBlock(32)
        self.whole = GlobalBlock(N_BANDS // 8, 32, options.whole)
        self.time2 = TimeBlock(32)
        self.d3, self.join3 = SubPixel(32, 32), BandConv(64, 32)
        self.d2, self.join2 = SubPixel(32, 16), BandConv(32, 16)
        self.d1 = SubPixel(16, 8)
        self.last = BandConv(8 + N_INPUTS, 8, 3)
        self.out = nn.Linear(8, 1)
        with torch.no_grad():
            self.out.bias.fill_(0.0 if options.residual else 1.0)

    def forward(self, x, states=(None, None, None)):
        skip1 = self.e1(x)
        skip3 = self.e3(self.e2(skip1))
        y, time1 = self.time1(values(self.e4(skip3)), states[0])
        y, whole = self.whole(y, states[1])
        y, time2 = self.time2(y, states[2])
        y = self.join3(self.d3(y), skip3)
        y = self.join2(self.d2(y), skip1)
        z = self._logits(self.last(self.d1(y), x))
        if self.options.residual:
            z = z + torch.logit((x[..., 3].float() + 1.0) / 2.0, eps=0.003)
        return torch.sigmoid(z), (time1, whole, time2)

    def _logits(self, y):
        if isinstance(y, native.Raw):
            return native.Head.apply(*y, self.out.weight, self.out.bias)
        return self.out(y).squeeze(-1).float()
