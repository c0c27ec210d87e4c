"""A GRU over time that is quick on a CPU.

PyTorch's own one spends most of a step on small calls there. This one runs in C++ where there is a
compiler (`native.py`), or projects all inputs at once and loops over the frames in PyTorch, where it may
round its state as the 8-bit run-time does. Parameters and equations are those of `torch.nn.GRU`, which
still runs on CUDA where it is large.
"""

import torch
from torch import nn

from . import native, scans

#: Steps of the state's 8-bit form: u8 = round(127 h) + 127.
STATE_STEPS = 127.0
#: On a GPU a GRU of up to so many units keeps its weights in registers.
MOST_SMALL_UNITS = 64


def run(gru: nn.GRU, x: torch.Tensor, first: torch.Tensor | None):
    """``[T, N, C] -> [T, N, H]`` and the last state ``[N, H]``."""
    if x.is_cuda:
        return _run_on_gpu(gru, x, first)
    if first is None:
        first = x.new_zeros(x.shape[1], gru.hidden_size, dtype=torch.float32)
    if native.can_run(x, first):
        states = native.Gru.apply(x.float()[None], first, *weights(gru))[0]
        return states, states[-1]
    projected = nn.functional.linear(x, gru.weight_ih_l0, gru.bias_ih_l0).float()
    with torch.autocast(x.device.type, enabled=False):
        states = Scan.apply(projected, gru.weight_hh_l0, gru.bias_hh_l0, first, None)
    return states, states[-1]


def _run_on_gpu(gru: nn.GRU, x: torch.Tensor, first: torch.Tensor | None):
    if gru.hidden_size > MOST_SMALL_UNITS or first is not None:
        y, last = gru(x, None if first is None else first[None])
        return y, last[0]
    projected = nn.functional.linear(x, gru.weight_ih_l0, gru.bias_ih_l0).float()
    with torch.autocast("cuda", enabled=False):
        states = scans.Gru.apply(projected, gru.weight_hh_l0, gru.bias_hh_l0)
    return states, states[-1]


def weights(gru: nn.GRU) -> tuple[torch.Tensor, ...]:
    """In the order that the native parts take."""
    return gru.weight_ih_l0, gru.weight_hh_l0, gru.bias_ih_l0, gru.bias_hh_l0


class Scan(torch.autograd.Function):
    """``h[t] = n + z (h[t-1] - n)`` over projected inputs ``[T, N, 3H]`` in the order r, z, n."""

    @staticmethod
    def forward(ctx, projected, weight, bias, first, steps):
        n_frames, n_rows, _ = projected.shape
        n_hidden = first.shape[1]
        heard = projected.new_empty(n_frames, n_rows, n_hidden)  # the state as the product sees it
        states = projected.new_empty(n_frames, n_rows, n_hidden)
        gates = projected.new_empty(n_frames, n_rows, 2 * n_hidden)  # r, z
        news = torch.empty_like(states)  # n
        recalled = projected.new_empty(n_frames, n_rows, n_hidden)  # n's share of the state's product
        by_state, state = weight.t().contiguous(), first
        for t in range(n_frames):
            heard_now = state if steps is None else torch.round(state * steps) / steps
            heard[t] = heard_now
            product = torch.addmm(bias, heard_now, by_state)
            both, new = gates[t], news[t]
            torch.add(projected[t, :, : 2 * n_hidden], product[:, : 2 * n_hidden], out=both)
            both.sigmoid_()
            recalled[t] = product[:, 2 * n_hidden :]
            torch.addcmul(projected[t, :, 2 * n_hidden :], both[:, :n_hidden], recalled[t], out=new)
            new.tanh_()
            state = torch.lerp(new, state, both[:, n_hidden:], out=states[t])
        ctx.save_for_backward(weight, first, heard, states, gates, news, recalled)
        return states

    @staticmethod
    def backward(ctx, gradient):
        weight, first, heard, states, gates, n, recalled = ctx.saved_tensors
        n_hidden = first.shape[1]
        r, z = gates.split(n_hidden, dim=-1)
        before = torch.cat([first[None], states[:-1]])
        of_new = (1.0 - z) * (1.0 - n * n)
        of_keep = (before - n) * z * (1.0 - z)
        of_reset = recalled * r * (1.0 - r)
        inner = gates.new_empty(*n.shape[:2], 3 * n_hidden)  # of the state's product: r, z, n
        of_input_n = torch.empty_like(states)
        flow = torch.zeros_like(first)
        for t in range(len(states) - 1, -1, -1):
            flow = flow + gradient[t]
            new, now = of_input_n[t], inner[t]
            torch.mul(flow, of_new[t], out=new)
            torch.mul(new, of_reset[t], out=now[:, :n_hidden])
            torch.mul(flow, of_keep[t], out=now[:, n_hidden : 2 * n_hidden])
            torch.mul(new, r[t], out=now[:, 2 * n_hidden :])
            flow = torch.addmm(flow * z[t], now, weight)
        rows = inner.flatten(0, 1)
        of_projected = torch.cat([inner[..., : 2 * n_hidden], of_input_n], dim=-1)
        return of_projected, rows.t() @ heard.flatten(0, 1), rows.sum(0), flow, None
