"""What PyTorch is slow at on a GPU, in Triton: what goes from frame to frame, a loop over the frames in one launch,
and stretches of recordings. `TRITON_INTERPRET=1` runs them on a CPU, for the tests.
"""

import torch

try:
    import triton
    import triton.language as tl
except ImportError:  # a machine without a GPU needs none of this
    triton = None

#: Sequences of one program; of a GRU it is a side of its products, which are at least 16.
N_PLAIN, N_ROWS = 128, 16
#: Samples of one program.
N_SAMPLES = 1024


def wiener(snr: torch.Tensor, excess: torch.Tensor, memory: float, least: float) -> torch.Tensor:
    """Decision-directed gains, ``[B, T, F]``."""
    snr, excess = snr.contiguous(), excess.contiguous()
    n_items, n_frames, n_bands = snr.shape
    gains = torch.empty_like(snr)
    grid = (triton.cdiv(n_items * n_bands, N_PLAIN),)
    _wiener[grid](snr, excess, gains, n_items * n_bands, n_frames, n_bands, memory, least, N=N_PLAIN)
    return gains


def slow(frame_db: torch.Tensor, target: float, silence: float, rise: float, fall: float, start: float) -> torch.Tensor:
    """The slow level of each item, ``[B, T]``."""
    frame_db = frame_db.contiguous()
    levels = torch.empty_like(frame_db)
    grid = (triton.cdiv(len(frame_db), N_PLAIN),)
    _slow[grid](frame_db, levels, *frame_db.shape, target, silence, rise, fall, start, N=N_PLAIN)
    return levels


def cut(samples, first, length, start, n_samples: int, speed=None, is_backwards=None, reach: int = 0) -> torch.Tensor:
    """What `stretches.cut` gives; `reach` is the number of neighbours on each side, 0 where nothing is played at
    another speed and 1 for straight lines."""
    rows = torch.empty(len(first), n_samples, device=samples.device)
    grid = (len(first), triton.cdiv(n_samples, N_SAMPLES))
    speed = first.double() if speed is None else speed
    is_backwards = first if is_backwards is None else is_backwards.long()
    _cut[grid](
        samples, first, length, start, speed, is_backwards, rows, n_samples,
        REACH=reach, MAY_TURN=is_backwards is not first, N=N_SAMPLES,
    )
    return rows


class Gru(torch.autograd.Function):
    """States of a small GRU over projected inputs ``[T, N, 3H]`` in the order r, z, n, from rest; what
    `gru.Scan` computes."""

    @staticmethod
    def forward(ctx, projected, weight, bias):
        projected, weight = projected.contiguous(), weight.contiguous()
        n_frames, n_rows, n_gates = projected.shape
        states = projected.new_empty(n_frames, n_rows, n_gates // 3)
        # r, z, n, and n's share of the state's product.
        kept = projected.new_empty(n_frames, n_rows, n_gates // 3 * 4)
        grid = (triton.cdiv(n_rows, N_ROWS),)
        _gru_forward[grid](projected, weight, bias, states, kept, n_frames, n_rows, H=n_gates // 3, N=N_ROWS)
        ctx.save_for_backward(weight, states, kept)
        return states

    @staticmethod
    def backward(ctx, gradient):
        weight, states, kept = ctx.saved_tensors
        n_frames, n_rows, n_units = states.shape
        inner = states.new_empty(n_frames, n_rows, 3 * n_units)
        of_new = torch.empty_like(states)
        grid = (triton.cdiv(n_rows, N_ROWS),)
        _gru_backward[grid](
            gradient.contiguous(), weight, states, kept, inner, of_new, n_frames, n_rows, H=n_units, N=N_ROWS,
        )
        before = torch.cat([torch.zeros_like(states[:1]), states[:-1]]).flatten(0, 1)
        rows = inner.flatten(0, 1)
        of_projected = torch.cat([inner[..., : 2 * n_units], of_new], -1)
        return of_projected, rows.t() @ before, rows.sum(0)


if triton:

    @triton.jit
    def _wiener(snr, excess, gains, n_sequences, n_frames, n_bands, memory, least, N: tl.constexpr):
        sequence = tl.program_id(0) * N + tl.arange(0, N)
        inside = sequence < n_sequences
        at = sequence // n_bands * n_frames * n_bands + sequence % n_bands
        remembered = tl.zeros([N], tl.float32)
        for _ in range(n_frames):
            snr_now = tl.load(snr + at, mask=inside, other=0.0)
            prior = tl.maximum(tl.load(excess + at, mask=inside, other=0.0) + memory * remembered, least)
            gain = prior / (prior + 1.0)
            remembered = gain * gain * snr_now
            tl.store(gains + at, gain, mask=inside)
            at += n_bands

    @triton.jit
    def _slow(frame_db, levels, n_items, n_frames, target, silence, rise, fall, start, N: tl.constexpr):
        item = tl.program_id(0) * N + tl.arange(0, N)
        inside = item < n_items
        at = item * n_frames
        level = tl.zeros([N], tl.float32) + target
        n_heard = tl.zeros([N], tl.float32)
        for _ in range(n_frames):
            now = tl.load(frame_db + at, mask=inside, other=0.0)
            is_heard = now > silence
            step = tl.where(now > level, rise, tl.maximum(start / (n_heard + 1.0), fall))
            step = tl.where(n_heard == 0.0, 1.0, step)
            level = tl.where(is_heard, level + step * (now - level), level)
            n_heard += tl.where(is_heard, 1.0, 0.0)
            tl.store(levels + at, level, mask=inside)
            at += 1

    @triton.jit
    def _cut(
        samples, first, length, start, speed, is_backwards, out, n_samples,
        REACH: tl.constexpr, MAY_TURN: tl.constexpr, N: tl.constexpr,
    ):
        row = tl.program_id(0)
        at = tl.program_id(1) * N + tl.arange(0, N)
        inside = at < n_samples
        place = at
        if MAY_TURN:
            place = tl.where(tl.load(is_backwards + row) != 0, n_samples - 1 - at, at)
        clip, n_clip, begin = samples + tl.load(first + row), tl.load(length + row), tl.load(start + row)
        if REACH == 0:
            value = _sample(clip, n_clip, begin + place, inside)
        else:
            exact = place.to(tl.float64) * tl.load(speed + row)
            below = exact.to(tl.int64)
            share = (exact - below.to(tl.float64)).to(tl.float32)
            if REACH == 1:
                low = _sample(clip, n_clip, begin + below, inside)
                value = low + share * (_sample(clip, n_clip, begin + below + 1, inside) - low)
            else:
                value = tl.zeros([N], tl.float32)
                # sin(pi (x - i)) is sin(pi x), every other one turned over; taken from the nearer side, since it
                # is divided by what may be next to nothing.
                near = tl.where(share > 0.5, 1.0 - share, share)
                sine = tl.sin(near * 3.14159265358979) / 3.14159265358979
                for i in tl.static_range(1 - REACH, REACH + 1):
                    away = share - i
                    sign = 1.0 - 2.0 * (i % 2)
                    weight = tl.where(tl.abs(away) < 1e-6, 1.0, sign * sine / tl.where(away == 0.0, 1.0, away))
                    fade = tl.cos(away * (3.14159265358979 / (2.0 * REACH)))
                    value += weight * fade * fade * _sample(clip, n_clip, begin + below + i, inside)
        tl.store(out + row.to(tl.int64) * n_samples + at, value, mask=inside)

    @triton.jit
    def _sample(clip, n_clip, place, inside):
        place = (place % n_clip + n_clip) % n_clip
        return tl.load(clip + place, mask=inside, other=0).to(tl.float32) / 32768.0

    @triton.jit
    def _sigmoid(x):
        return 1.0 / (1.0 + tl.exp(-x))

    @triton.jit
    def _tanh(x):
        return 2.0 / (1.0 + tl.exp(-2.0 * x)) - 1.0

    @triton.jit
    def _gru_forward(projected, weight, bias, states, kept, n_frames, n_rows, H: tl.constexpr, N: tl.constexpr):
        rows = tl.program_id(0) * N + tl.arange(0, N)
        unit = tl.arange(0, H)
        inside = (rows < n_rows)[:, None] & (unit < H)[None, :]
        # Transposed: from unit to gate.
        square = unit[None, :] * H + unit[:, None]
        of_r, of_z, of_n = tl.load(weight + square), tl.load(weight + H * H + square), tl.load(weight + 2 * H * H + square)
        bias_r, bias_z, bias_n = tl.load(bias + unit), tl.load(bias + H + unit), tl.load(bias + 2 * H + unit)
        state = tl.zeros([N, H], tl.float32)
        at_p = rows[:, None] * 3 * H + unit[None, :]
        at_s = rows[:, None] * H + unit[None, :]
        at_k = rows[:, None] * 4 * H + unit[None, :]
        for _ in range(n_frames):
            in_r = tl.load(projected + at_p, mask=inside, other=0.0)
            in_z = tl.load(projected + at_p + H, mask=inside, other=0.0)
            in_n = tl.load(projected + at_p + 2 * H, mask=inside, other=0.0)
            r = _sigmoid(in_r + tl.dot(state, of_r) + bias_r[None, :])
            z = _sigmoid(in_z + tl.dot(state, of_z) + bias_z[None, :])
            recalled = tl.dot(state, of_n) + bias_n[None, :]
            n = _tanh(in_n + r * recalled)
            state = n + z * (state - n)
            tl.store(states + at_s, state, mask=inside)
            tl.store(kept + at_k, r, mask=inside)
            tl.store(kept + at_k + H, z, mask=inside)
            tl.store(kept + at_k + 2 * H, n, mask=inside)
            tl.store(kept + at_k + 3 * H, recalled, mask=inside)
            at_p += n_rows * 3 * H
            at_s += n_rows * H
            at_k += n_rows * 4 * H

    @triton.jit
    def _gru_backward(gradient, weight, states, kept, inner, of_new, n_frames, n_rows, H: tl.constexpr, N: tl.constexpr):
        rows = tl.program_id(0) * N + tl.arange(0, N)
        unit = tl.arange(0, H)
        inside = (rows < n_rows)[:, None] & (unit < H)[None, :]
        # As it is: from gate to unit.
        square = unit[:, None] * H + unit[None, :]
        of_r, of_z, of_n = tl.load(weight + square), tl.load(weight + H * H + square), tl.load(weight + 2 * H * H + square)
        flow = tl.zeros([N, H], tl.float32)
        last = (n_frames - 1) * n_rows
        at_i = (last + rows[:, None]) * 3 * H + unit[None, :]
        at_s = (last + rows[:, None]) * H + unit[None, :]
        at_k = (last + rows[:, None]) * 4 * H + unit[None, :]
        for _ in range(n_frames):
            flow += tl.load(gradient + at_s, mask=inside, other=0.0)
            r = tl.load(kept + at_k, mask=inside, other=0.0)
            z = tl.load(kept + at_k + H, mask=inside, other=0.0)
            n = tl.load(kept + at_k + 2 * H, mask=inside, other=0.0)
            recalled = tl.load(kept + at_k + 3 * H, mask=inside, other=0.0)
            has_before = inside & (at_s >= n_rows * H)
            before = tl.load(states + at_s - n_rows * H, mask=has_before, other=0.0)
            new = flow * (1.0 - z) * (1.0 - n * n)
            inner_r = new * recalled * r * (1.0 - r)
            inner_z = flow * (before - n) * z * (1.0 - z)
            inner_n = new * r
            tl.store(inner + at_i, inner_r, mask=inside)
            tl.store(inner + at_i + H, inner_z, mask=inside)
            tl.store(inner + at_i + 2 * H, inner_n, mask=inside)
            tl.store(of_new + at_s, new, mask=inside)
            flow = flow * z + tl.dot(inner_r, of_r) + tl.dot(inner_z, of_z) + tl.dot(inner_n, of_n)
            at_i -= n_rows * 3 * H
            at_s -= n_rows * H
            at_k -= n_rows * 4 * H
