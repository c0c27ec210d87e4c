"""The parts of a step that PyTorch is slow at on a CPU, in C++ (`native_*.cpp`).

Built at first use for this very processor, for one thread: `workers` gives every core a process. Where
that fails, and on CUDA, the callers do the same in PyTorch.
"""

import ctypes
import functools
import hashlib
import os
import shutil
import subprocess
import tempfile
import warnings
from pathlib import Path

import torch

COMPILER = shutil.which("g++") or shutil.which("clang++")
FLAGS = ("-std=c++17", "-Ofast", "-march=native", "-mprefer-vector-width=512", "-shared", "-fPIC")
#: Numbers of units and channels are multiples of these.
UNIT_STEP, CHANNEL_STEP = 16, 8
#: Numbers of channels that the normalisation in bfloat16 is built for.
NORM_CHANNELS = (8, 16, 24, 32, 64)


@functools.cache
def library() -> ctypes.CDLL | None:
    """The built parts; nothing, and a warning, where they cannot be built."""
    try:
        return _built()
    except (OSError, subprocess.CalledProcessError) as error:
        warnings.warn(f"the native parts could not be built ({error}): training will take twice as long", stacklevel=2)
        return None


def _built() -> ctypes.CDLL:
    if COMPILER is None:
        raise OSError("expected g++ or clang++ on the PATH")
    folder = Path(__file__).parent
    sources = sorted(folder.glob("native_*.cpp"))
    contents = b"".join(path.read_bytes() for path in [*sources, *folder.glob("native_*.h")])
    cpu = Path("/proc/cpuinfo")
    built_for = cpu.read_bytes().split(b"\n\n")[0] if cpu.exists() else b""
    key = hashlib.sha256(contents + " ".join(FLAGS).encode() + built_for).hexdigest()[:16]
    library = Path(tempfile.gettempdir()) / f"quell-native-{os.getuid()}-{key}.so"
    if not library.exists():
        partial = library.with_suffix(f".{os.getpid()}")
        subprocess.run([COMPILER, *FLAGS, *map(str, sources), "-o", str(partial)], check=True)
        os.replace(partial, library)
    return ctypes.CDLL(str(library))


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
    """``relu6(x + linear(y, weight, bias))``."""

    @staticmethod
    def forward(ctx, x, y, weight, bias):
        out = _added_forward(x.contiguous(), y.contiguous(), weight, bias)
        ctx.save_for_backward(y.contiguous(), weight, out)
        return out

    @staticmethod
    def backward(ctx, gradient):
        return _added_backward(gradient.contiguous(), *ctx.saved_tensors)


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
    out = torch.empty_like(x)
    _call("added_forward", [x, y, weight.t().contiguous(), bias, out], *_rows(y), x.shape[-1])
    return out


def _added_backward(gradient, y, weight, out):
    of_x, of_y, of_weight = torch.empty_like(out), torch.zeros_like(y), y.new_zeros(weight.shape[::-1])
    of_bias = y.new_zeros(len(weight))
    _call("added_backward", [gradient, y, weight, out, of_x, of_y, of_weight, of_bias], *_rows(y), len(weight))
    return of_x, of_y, of_weight.t().contiguous(), of_bias


def _rows(x: torch.Tensor) -> tuple[int, int]:
    return x.numel() // x.shape[-1], x.shape[-1]


# ---- 2. Convolutions over the bands in single precision -----------------------------------------


def can_convolve(x: torch.Tensor, n_out: int) -> bool:
    suits = not x.is_cuda and x.dtype == torch.float32 and n_out % CHANNEL_STEP == 0
    return suits and not torch.is_autocast_enabled("cpu") and library() is not None


class Convolution(torch.autograd.Function):
    """Convolution of ``[B, T, F, C]`` (channels of two tensors side by side, or of one), batch normalisation
    by its own statistics, ReLU6; with the mean and the variance for the running ones."""

    @staticmethod
    def forward(ctx, first, second, weight, bias, norm_weight, norm_bias, epsilon, stride):
        b, t, f, n_first = first.shape
        n_second = 0 if second is None else second.shape[-1]
        if any(n % CHANNEL_STEP for n, i in ((n_first, 0), (n_second, 1)) if ctx.needs_input_grad[i]):
            raise ValueError(f"no gradient for {n_first} and {n_second} channels: expected multiples of {CHANNEL_STEP}")
        ctx.numbers = (epsilon, b * t, f, n_first, n_second, weight.shape[1] // (n_first + n_second), stride, len(weight))
        first, second = first.contiguous(), None if second is None else second.contiguous()
        y = first.new_empty(b, t, f // stride, len(weight))
        out, mean, variance = torch.empty_like(y), torch.empty_like(bias), torch.empty_like(bias)
        inputs = [first, second, weight.t().contiguous(), bias, norm_weight, norm_bias]
        _call("conv_forward", [*inputs, y, out, mean, variance], *ctx.numbers)
        ctx.save_for_backward(first, second, weight, norm_weight, norm_bias, y, mean, variance)
        ctx.mark_non_differentiable(mean, variance)
        return out, mean, variance

    @staticmethod
    def backward(ctx, gradient, _of_mean, _of_variance):
        first, second, weight, norm_weight, *_ = ctx.saved_tensors
        of_inputs = [torch.empty_like(x) if ctx.needs_input_grad[i] else None for i, x in enumerate((first, second))]
        of_weight = weight.new_empty(weight.shape[::-1])
        of_norm = [torch.empty_like(norm_weight) for _ in range(2)]
        _call("conv_backward", [gradient.contiguous(), *ctx.saved_tensors, *of_inputs, of_weight, *of_norm], *ctx.numbers)
        return *of_inputs, of_weight.t().contiguous(), torch.zeros_like(norm_weight), *of_norm, None, None


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
