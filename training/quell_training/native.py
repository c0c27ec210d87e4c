"""The parts of a step that PyTorch is slow at on a CPU, in C++ (`native_*.cpp`).

Built at first use for this very processor, for one thread: `workers` gives every core a process. Where
that fails, and on CUDA, the callers do the same in PyTorch.
"""

import ctypes
import functools
import hashlib
import os
import platform
import shutil
import subprocess
import tempfile
import threading
import warnings
from pathlib import Path
from typing import NamedTuple

import torch

COMPILER = shutil.which("g++") or shutil.which("clang++")
FLAGS = ["-std=c++17", "-Ofast", "-march=native", "-shared", "-fPIC"]
if platform.machine() in ("x86_64", "AMD64"):
    FLAGS.append("-mprefer-vector-width=512")
#: Numbers of units and channels are multiples of these.
UNIT_STEP, CHANNEL_STEP = 16, 8
#: Numbers of channels that the normalisation in bfloat16 is built for.
NORM_CHANNELS = (8, 16, 24, 32, 64)

_BUILDING = threading.Lock()


def library() -> ctypes.CDLL | None:
    """The built parts; nothing, and a warning, where they cannot be built. The thread that mixes may ask at the same
    time as the one that trains: one of them builds."""
    with _BUILDING:
        return _library()


@functools.cache
def _library() -> ctypes.CDLL | None:
    try:
        return _built()
    except (OSError, subprocess.CalledProcessError) as error:
        warnings.warn(f"the native parts could not be built ({error}): training will take three times as long", stacklevel=2)
        return None


def _built() -> ctypes.CDLL:
    if COMPILER is None:
        raise OSError("expected g++ or clang++ on the PATH")
    folder = Path(__file__).parent
    sources = sorted(folder.glob("native_*.cpp"))
    contents = b"".join(path.read_bytes() for path in [*sources, *folder.glob("native_*.h")])
    key = hashlib.sha256(contents + " ".join([*FLAGS, *processor().values()]).encode()).hexdigest()[:16]
    library = Path(tempfile.gettempdir()) / f"quell-native-{os.getuid()}-{key}.so"
    if not library.exists():
        partial = library.with_suffix(f".{os.getpid()}")
        subprocess.run([COMPILER, *FLAGS, *map(str, sources), "-o", str(partial)], check=True)
        os.replace(partial, library)
    return ctypes.CDLL(str(library))


@functools.cache
def processor() -> dict[str, str]:
    """Name of the processor and what it can do, where that can be told."""
    cpu = Path("/proc/cpuinfo")
    if not cpu.exists():
        return dict(name=platform.processor() or platform.machine())
    fields = (line.partition(":") for line in cpu.read_text().split("\n\n")[0].splitlines())
    named = {name.strip(): value.strip() for name, _, value in fields}
    return dict(name=named.get("model name", platform.machine()), flags=named.get("flags", named.get("Features", "")))


def _call(name: str, tensors: list[torch.Tensor | None], *numbers: int | float) -> None:
    assert all(tensor is None or tensor.is_contiguous() for tensor in tensors)
    pointers = [ctypes.c_void_p(None if tensor is None else tensor.data_ptr()) for tensor in tensors]
    scalars = [ctypes.c_float(n) if isinstance(n, float) else ctypes.c_int(n) for n in numbers]
    if getattr(library(), name)(*pointers, *scalars):
        raise ValueError(f"{name} is not built for {numbers}")


# ---- 1. GRUs, and what is added before a ReLU6 --------------------------------------------------


def can_run(*tensors: torch.Tensor) -> bool:
    """Whether the native parts take these; the last dimension of each is its number of channels."""
    suits = all(not x.is_cuda and x.shape[-1] % UNIT_STEP == 0 for x in tensors)
    return suits and library() is not None


class Gru(torch.autograd.Function):
    """States of a `torch.nn.GRU` for ``[group, frame, row, channel]`` from ``[group * row, unit]``."""

    @staticmethod
    def forward(ctx, x, first, *weights):
        x, first, states, *rest = _gru_forward(x.contiguous(), first.contiguous(), weights)
        ctx.save_for_backward(x, first, states, *rest)
        return states

    @staticmethod
    def backward(ctx, gradient):
        return _gru_backward(gradient.contiguous(), *ctx.saved_tensors)


class AddRelu6(torch.autograd.Function):
    """``relu6(x + linear(y, weight, bias))``, or without `x` where it is nothing."""

    @staticmethod
    def forward(ctx, x, y, weight, bias):
        y = y.contiguous()
        out = _added_forward(None if x is None else x.contiguous(), y, weight, bias)
        ctx.save_for_backward(y, weight, out)
        return out

    @staticmethod
    def backward(ctx, gradient):
        of_x, *rest = _added_backward(gradient.contiguous(), *ctx.saved_tensors)
        return of_x if ctx.needs_input_grad[0] else None, *rest


class TimeBlock(torch.autograd.Function):
    """Both, one after the other: ``relu6(x + linear(gru(x)))`` and the last states."""

    @staticmethod
    def forward(ctx, x, first, *weights):
        *of_gru, weight, bias = weights
        x, first, states, kept, *of_gru = _gru_forward(x.contiguous(), first.contiguous(), of_gru)
        out = _added_forward(x, states, weight, bias)
        ctx.save_for_backward(x, first, states, kept, *of_gru, weight, out)
        last = states[:, -1].flatten(0, 1)
        ctx.mark_non_differentiable(last)
        return out, last

    @staticmethod
    def backward(ctx, gradient, _of_last):
        *of_gru, weight, out = ctx.saved_tensors
        of_x, of_states, of_weight, of_bias = _added_backward(gradient.contiguous(), of_gru[2], weight, out)
        return *_gru_backward(of_states, *of_gru, of_x), of_weight, of_bias


def _gru_forward(x, first, weights):
    """What the backward pass needs: `x`, `first`, the states, the gates, and the weights."""
    input_weight, state_weight, input_bias, state_bias = weights
    states = x.new_empty(*x.shape[:-1], first.shape[1])
    kept = x.new_empty(*x.shape[:-1], 4 * first.shape[1])
    by_input, by_state = input_weight.t().contiguous(), state_weight.t().contiguous()
    _call("gru_forward", [x, by_input, input_bias, by_state, state_bias, first, states, kept], *x.shape, first.shape[1])
    return x, first, states, kept, input_weight.detach(), state_weight.detach()


def _gru_backward(gradient, x, first, states, kept, input_weight, state_weight, of_x=None):
    """Gradients of all that `Gru` takes; that of `x` is added to `of_x`."""
    of_x = torch.zeros_like(x) if of_x is None else of_x
    (n_in, n_hidden), n_gates = (x.shape[-1], first.shape[1]), 3 * first.shape[1]
    by_input, by_state = x.new_zeros(n_in, n_gates), x.new_zeros(n_hidden, n_gates)
    of_input_bias, of_state_bias, of_first = x.new_zeros(n_gates), x.new_zeros(n_gates), torch.zeros_like(first)
    inputs = [gradient, x, input_weight, state_weight, first, states, kept]
    outputs = [of_x, by_input, of_input_bias, by_state, of_state_bias, of_first]
    _call("gru_backward", [*inputs, *outputs], *x.shape, n_hidden)
    of_input_weight = by_input.roll(-n_hidden, 1).t().contiguous()  # from the order n, r, z
    return of_x, of_first, of_input_weight, by_state.t().contiguous(), of_input_bias.roll(-n_hidden), of_state_bias


def _added_forward(x, y, weight, bias):
    out = y.new_empty(*y.shape[:-1], len(weight))
    _call("added_forward", [x, y, weight.t().contiguous(), bias, out], *_rows(y), len(weight))
    return out


def _added_backward(gradient, y, weight, out):
    of_x, of_y, of_weight = torch.empty_like(out), torch.zeros_like(y), y.new_zeros(weight.shape[::-1])
    of_bias = y.new_zeros(len(weight))
    _call("added_backward", [gradient, y, weight, out, of_x, of_y, of_weight, of_bias], *_rows(y), len(weight))
    return of_x, of_y, of_weight.t().contiguous(), of_bias


def _rows(x: torch.Tensor) -> tuple[int, int]:
    return x.numel() // x.shape[-1], x.shape[-1]


# ---- 2. Convolutions over the bands in single precision -----------------------------------------


def can_convolve(x: "torch.Tensor | Raw", n_out: int) -> bool:
    if isinstance(x, Raw):
        return True
    suits = not x.is_cuda and x.dtype == torch.float32 and n_out % CHANNEL_STEP == 0
    return suits and not torch.is_autocast_enabled("cpu") and library() is not None


class Raw(NamedTuple):
    """What a convolution gives, and what is to be done to it where it is read: ``relu6(gain * y + shift)``, gain
    and shift repeating along the last dimensions. Its gradient is that of what is read."""

    y: torch.Tensor
    gain: torch.Tensor | None = None  # as it is
    shift: torch.Tensor | None = None

    @property
    def period(self) -> int:
        return 1 if self.gain is None else len(self.gain)

    def values(self) -> torch.Tensor:
        return Read.apply(*self)


class Read(torch.autograd.Function):
    """What is read of a `Raw`."""

    @staticmethod
    def forward(ctx, y, gain, shift):
        out = torch.empty_like(y)
        _call("conv_read", [y, gain, shift, out], y.numel() // len(gain), len(gain))
        return out

    @staticmethod
    def backward(ctx, gradient):
        return gradient, None, None


class Convolution(torch.autograd.Function):
    """Convolution of ``[B, T, F, C]`` (channels of two `Raw` side by side, or of one) to be followed by batch
    normalisation by its own statistics and ReLU6: `y`, `gain`, `shift`, and the mean and the variance for
    the running ones."""

    @staticmethod
    def forward(ctx, first, first_gain, first_shift, second, second_gain, second_shift, *weights_and_numbers):
        weight, bias, norm_weight, norm_bias, epsilon, stride = weights_and_numbers
        inputs = [Raw(first.contiguous(), first_gain, first_shift)]
        inputs.append(Raw(None if second is None else second.contiguous(), second_gain, second_shift))
        ctx.numbers = _sizes(*inputs, weight, epsilon, stride)
        _check_channels(inputs, ctx.needs_input_grad[:4:3])
        b, t, f, _ = first.shape
        y = first.new_empty(b, t, f // stride, len(weight))
        gain, shift, mean, variance = (torch.empty_like(bias) for _ in range(4))
        weights = [weight.t().contiguous(), bias, norm_weight, norm_bias]
        _call("conv_forward", [*inputs[0], *inputs[1], *weights, y, gain, shift, mean, variance], *ctx.numbers)
        ctx.save_for_backward(*inputs[0], *inputs[1], weight, y, gain, shift, mean, variance)
        ctx.mark_non_differentiable(gain, shift, mean, variance)
        return y, gain, shift, mean, variance

    @staticmethod
    def backward(ctx, gradient, *_of_statistics):
        saved = ctx.saved_tensors
        first, second, weight = saved[0], saved[3], saved[6]
        of_first = torch.empty_like(first) if ctx.needs_input_grad[0] else None
        of_second = torch.empty_like(second) if ctx.needs_input_grad[3] else None
        of_weight = weight.new_empty(weight.shape[::-1])
        of_bias, of_norm_weight, of_norm_bias = (weight.new_zeros(len(weight)) for _ in range(3))
        outputs = [of_first, of_second, of_weight, of_norm_weight, of_norm_bias]
        _call("conv_backward", [gradient.contiguous(), *saved, *outputs], *ctx.numbers)
        of_weights = of_weight.t().contiguous(), of_bias, of_norm_weight, of_norm_bias
        return of_first, None, None, of_second, None, None, *of_weights, None, None


def _sizes(first: Raw, second: Raw, weight, epsilon: float, stride: int) -> tuple[float | int, ...]:
    b, t, f, n_first = first.y.shape
    n_second = 0 if second.y is None else second.y.shape[-1]
    n_taps = weight.shape[1] // (n_first + n_second)
    return epsilon, b * t, f, n_first, first.period, n_second, second.period, n_taps, stride, len(weight)


def _check_channels(inputs: list[Raw], need_gradients: tuple[bool, bool]) -> None:
    for (y, gain, _), needs_gradient in zip(inputs, need_gradients, strict=True):
        if (needs_gradient or gain is not None) and y.shape[-1] % CHANNEL_STEP:
            raise ValueError(f"{y.shape[-1]} channels with a norm or a gradient: expected a multiple of {CHANNEL_STEP}")


class Head(torch.autograd.Function):
    """``linear(read, weight, bias)`` of a `Raw` of eight channels to one."""

    @staticmethod
    def forward(ctx, y, gain, shift, weight, bias):
        out = y.new_empty(y.shape[:-1])
        _call("head_forward", [y, gain, shift, weight, bias, out], out.numel())
        ctx.save_for_backward(y, gain, shift, weight)
        return out

    @staticmethod
    def backward(ctx, gradient):
        y, gain, shift, weight = ctx.saved_tensors
        of_y, of_weight, of_bias = torch.empty_like(y), torch.empty_like(weight), weight.new_empty(1)
        inputs = [gradient.contiguous(), y, gain, shift, weight]
        _call("head_backward", [*inputs, of_y, of_weight, of_bias], gradient.numel())
        return of_y, None, None, of_weight, of_bias


# ---- 3. Their parts in bfloat16, around products that PyTorch does with AMX ----------------------


def can_convolve_bf16(x: torch.Tensor, n_channels: int) -> bool:
    suits = not x.is_cuda and torch.is_autocast_enabled("cpu") and n_channels in NORM_CHANNELS
    return suits and library() is not None


class Taps(torch.autograd.Function):
    """Neighbouring positions side by side, ``[B, T, F, C] -> [B, T, F/stride, n_taps*C]``."""

    @staticmethod
    def forward(ctx, x, n_taps, stride):
        b, t, f, c = x.shape
        ctx.shape, ctx.taps = x.shape, (n_taps, stride)
        out = x.new_empty(b, t, f // stride, n_taps * c)
        _call("taps_forward", [x.contiguous(), out], b * t, f, c, n_taps, stride)
        return out

    @staticmethod
    def backward(ctx, gradient):
        b, t, f, c = ctx.shape
        of_x = gradient.new_empty(ctx.shape)
        _call("taps_backward", [gradient.contiguous(), of_x], b * t, f, c, *ctx.taps)
        return of_x, None, None


class NormRelu6(torch.autograd.Function):
    """Batch normalisation of ``[rows, channels]`` by its own statistics, then ReLU6; with the mean and
    the variance for the running ones."""

    @staticmethod
    def forward(ctx, x, weight, bias, epsilon):
        x, out = x.contiguous(), torch.empty_like(x, memory_format=torch.contiguous_format)
        mean, variance = torch.empty_like(weight), torch.empty_like(weight)
        _call("norm_forward", [x, weight, bias, out, mean, variance], epsilon, *x.shape)
        ctx.save_for_backward(x, out, weight, mean, variance)
        ctx.epsilon = epsilon
        ctx.mark_non_differentiable(mean, variance)
        return out, mean, variance

    @staticmethod
    def backward(ctx, gradient, _of_mean, _of_variance):
        x, out, weight, mean, variance = ctx.saved_tensors
        of_x, of_weight, of_bias = torch.empty_like(x), torch.empty_like(weight), torch.empty_like(weight)
        tensors = [gradient.contiguous(), x, out, weight, mean, variance, of_x, of_weight, of_bias]
        _call("norm_backward", tensors, ctx.epsilon, *x.shape)
        return of_x, of_weight, of_bias, None


# ---- 4. Powers and bands, which nothing learns from ---------------------------------------------


def can_measure(x: torch.Tensor) -> bool:
    suits = not x.is_cuda and x.dtype in (torch.complex64, torch.float32) and x.is_contiguous()
    return suits and not (x.requires_grad and torch.is_grad_enabled()) and library() is not None


def power(spectra: torch.Tensor) -> torch.Tensor:
    """``|x|^2``."""
    out = torch.empty_like(spectra, dtype=torch.float32)
    _call("power", [torch.view_as_real(spectra), out], out.numel())
    return out


def band_means(power: torch.Tensor, edges: torch.Tensor, n_single: int) -> torch.Tensor:
    """Means between the edges, of which the first bands hold one value each."""
    n_bins, n_bands = power.shape[-1], len(edges) - 1
    out = power.new_empty(*power.shape[:-1], n_bands)
    _call("band_means", [power, edges, out], power.numel() // n_bins, n_bins, n_bands, n_single)
    return out


# ---- 5. Stretches of recordings ------------------------------------------------------------------


def can_cut(samples: torch.Tensor) -> bool:
    return not samples.is_cuda and samples.dtype == torch.int16 and library() is not None


def cut(samples, first, length, start, n_samples: int, speed, is_backwards, reach: int) -> torch.Tensor:
    """What `stretches.cut` gives, from neighbours as far away as `reach`."""
    rows = torch.empty(len(first), n_samples)
    per_row = [first.long(), length.long(), start.long(), None if speed is None else speed.double(), is_backwards]
    _call("stretches_cut", [samples, *per_row, rows], *rows.shape, reach)
    return rows
