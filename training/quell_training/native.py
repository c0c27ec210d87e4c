"""The parts of a step that PyTorch is slow at on a CPU, in C++ (`native.cpp`).

Built at first use for this very processor. Where that fails, and on CUDA, the callers do the same in
PyTorch.
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
FLAGS = ("-std=c++17", "-Ofast", "-march=native", "-mprefer-vector-width=512", "-shared", "-fPIC", "-fopenmp")
#: The GRU adds up this many units at a time.
UNIT_STEP = 32
#: Numbers of channels that the normalisation is built for.
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
    source = Path(__file__).with_suffix(".cpp")
    cpu = Path("/proc/cpuinfo")
    built_for = cpu.read_bytes().split(b"\n\n")[0] if cpu.exists() else b""
    key = hashlib.sha256(source.read_bytes() + built_for).hexdigest()[:16]
    library = Path(tempfile.gettempdir()) / f"quell-native-{os.getuid()}-{key}.so"
    if not library.exists():
        partial = library.with_suffix(f".{os.getpid()}")
        subprocess.run([COMPILER, *FLAGS, str(source), "-o", str(partial)], check=True)
        os.replace(partial, library)
    return ctypes.CDLL(str(library))


def _call(name: str, tensors: list[torch.Tensor], *numbers: int | float) -> None:
    assert all(tensor.is_contiguous() for tensor in tensors)
    pointers = [ctypes.c_void_p(tensor.data_ptr()) for tensor in tensors]
    scalars = [ctypes.c_float(n) if isinstance(n, float) else ctypes.c_int(n) for n in numbers]
    if getattr(library(), name)(*pointers, *scalars, ctypes.c_int(torch.get_num_threads())):
        raise ValueError(f"{name} is not built for {numbers}")


# ---- 1. The GRU ---------------------------------------------------------------------------------


def can_scan(first: torch.Tensor) -> bool:
    suits = not first.is_cuda and first.dtype == torch.float32 and first.shape[1] % UNIT_STEP == 0
    return suits and library() is not None


class Scan(torch.autograd.Function):
    """``h[t] = n + z (h[t-1] - n)`` over projected inputs ``[T, N, 3H]`` in the order r, z, n."""

    @staticmethod
    def forward(ctx, projected, weight, bias, first):
        n_frames, n_rows, n_gates = projected.shape
        states, gates = projected.new_empty(n_frames, n_rows, n_gates // 3), projected.new_empty(projected.shape)
        recalled = torch.empty_like(states)  # n's share of the state's product
        inputs = [projected.contiguous(), weight.t().contiguous(), bias.contiguous(), first.contiguous()]
        _call("scan_forward", [*inputs, states, gates, recalled], *states.shape)
        ctx.save_for_backward(weight, inputs[3], states, gates, recalled)
        return states

    @staticmethod
    def backward(ctx, gradient):
        weight, first, states, gates, recalled = ctx.saved_tensors
        inner, of_projected, flow = torch.empty_like(gates), torch.empty_like(gates), torch.zeros_like(first)
        inputs = [gradient.contiguous(), weight.contiguous(), first, states, gates, recalled]
        _call("scan_backward", [*inputs, inner, of_projected, flow], *states.shape)
        rows, before = inner.flatten(0, 1), torch.cat([first[None], states[:-1]]).flatten(0, 1)
        return of_projected, rows.t() @ before, rows.sum(0), flow


# ---- 2. Convolutions over the bands -------------------------------------------------------------


def can_convolve(x: torch.Tensor, n_channels: int) -> bool:
    """In bfloat16 only: what is exact stays in PyTorch."""
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
