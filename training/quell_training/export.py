"""Writes the weights that the plugin reads, their hash, and golden vectors of every layer.

File (little endian), version 2:

====== ======== ==============================================================
offset type     content
====== ======== ==============================================================
0      8 bytes  ``QUELLNET``
8      u32      version
12     u32      number of tensors
16     u64      FNV-1a over everything from offset 24 on: the model's identity
24     32 bytes per tensor: name (16 bytes, zero padded), kind, rows, columns,
                offset of its data from the start of the file (u32 each)
...             data, each tensor at a multiple of 64
====== ======== ==============================================================

Kinds: 0 f32, row after row; 1 int8 ``[rows/8][columns/4][8][4]``, rows being outputs; 2 u8, row
after row. Of int8 weights no two at columns 2i and 2i+1 have positive parts, or negative parts,
that together exceed 128.
"""

import argparse
import hashlib
import struct
from pathlib import Path

import numpy as np
import torch

from .geometry import BIN_HZ, N_BANDS, band_edges, band_means
from .features import ABSENT, CAPTURED, SLOW, network_input
from .quantise import PAIR_LIMIT, STEPS_PER_UNIT, QuantGru, QuantLinear, QuantUNet, load_quantised

MAGIC, VERSION = b"QUELLNET", 2
HEADER_LEN, ENTRY_LEN, ALIGNMENT = 24, 32, 64
F32, PACKED_I8, U8 = 0, 1, 2

GOLDEN_FRAMES = 6


def fnv1a(data: bytes) -> int:
    """64-bit FNV-1a."""
    value = 0xCBF29CE484222325
    for byte in data:
        value = ((value ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return value


def write_tensors(path: Path, tensors: dict[str, np.ndarray]) -> int:
    """Writes a file of the format above and returns its hash; int8 arrays are packed."""
    offset = HEADER_LEN + ENTRY_LEN * len(tensors)
    table, data = b"", b""
    for name, tensor in tensors.items():
        tensor = np.atleast_2d(tensor)
        pad = -(offset + len(data)) % ALIGNMENT
        data += bytes(pad)
        kind = {np.dtype("f4"): F32, np.dtype("i1"): PACKED_I8, np.dtype("u1"): U8}[tensor.dtype]
        table += struct.pack("<16sIIII", name.encode(), kind, *tensor.shape, offset + len(data))
        data += (_packed(tensor) if kind == PACKED_I8 else np.ascontiguousarray(tensor)).tobytes()
    identity = fnv1a(table + data)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(MAGIC + struct.pack("<IIQ", VERSION, len(tensors), identity) + table + data)
    return identity


def _packed(weight: np.ndarray) -> np.ndarray:
    """``[N, K] -> [N/8][K/4][8][4]``, with the bound that the kernels rely on checked."""
    n_out, n_in = weight.shape
    pairs = weight.astype(np.int32).reshape(n_out, n_in // 2, 2)
    largest = max(np.maximum(pairs, 0).sum(2).max(), -np.minimum(pairs, 0).sum(2).min())
    if largest > PAIR_LIMIT:
        raise ValueError(f"adjacent weights sum to {largest}, expected at most {PAIR_LIMIT:.0f}")
    return np.ascontiguousarray(weight.reshape(n_out // 8, 8, n_in // 4, 4).transpose(0, 2, 1, 3))


@torch.no_grad()
def weight_tensors(model: QuantUNet) -> dict[str, np.ndarray]:
    """Every tensor of the weights file. Biases and scales of a layer whose output is u8 count in u8
    steps, so that its result only needs clamping and rounding."""
    tensors: dict[str, np.ndarray] = {}

    def add_float(name, weight, bias, steps):
        tensors[f"{name}.w"] = (weight * steps).t().contiguous().numpy()
        tensors[f"{name}.b"] = (bias * steps).numpy()

    def add_bytes(name, layer: QuantLinear):
        weight, scale, bias = layer.integers()
        tensors[f"{name}.w"] = torch.round(weight).to(torch.int8).numpy()
        tensors[f"{name}.s"], tensors[f"{name}.b"] = scale.numpy(), bias.numpy()

    def add_gru(name, unit: QuantGru):
        add_bytes(f"{name}.in", unit.input)
        add_bytes(f"{name}.st", unit.state)

    add_float("e1", model.e1.weight, model.e1.bias, STEPS_PER_UNIT)
    for name in ("e2", "e3", "e4"):
        add_bytes(name, model.layers[name])
    add_gru("t1", model.t1)
    add_bytes("t1.pw", model.t1_pw)
    add_bytes("g.sq", model.squeeze)
    add_gru("g", model.g)
    for idx, unit in enumerate(model.more):
        add_gru(f"g{idx + 2}", unit)
    add_bytes("g.ex", model.expand)
    add_gru("t2", model.t2)
    add_bytes("t2.pw", model.t2_pw)
    for name in ("d3", "j3", "d2", "j2", "d1"):
        add_bytes(name, model.layers[name])
    add_float("last", model.last.weight, model.last.bias, 1.0)
    add_float("out", model.out.weight, model.out.bias, 1.0)
    if model.options.level == SLOW:
        tensors["slow"] = np.ones(1, "f4")  # that it is there says it all
    return tensors


@torch.no_grad()
def golden_tensors(model: QuantUNet, seed: int) -> dict[str, np.ndarray]:
    """A few frames of noise with a tone in it, from a fresh start: powers per bin, band table,
    network input, every layer and the gains. A row is a frame."""
    draw = torch.Generator().manual_seed(seed)
    n_bins = band_edges()[-1]
    power = torch.rand(1, GOLDEN_FRAMES, n_bins, generator=draw) * 1e-6
    power[:, 2:, 40:44] += 1e-3
    power[:, :, 800:] *= 1e-7
    printed = torch.full((n_bins,), 4e-7)
    bands = band_means(power)
    level = model.options.level
    captured = network_input(bands, band_means(printed).expand_as(bands), torch.tensor([CAPTURED]), level)
    absent = network_input(bands, torch.zeros_like(bands), torch.tensor([ABSENT]), level)
    layers: dict[str, torch.Tensor] = {}
    gains, _ = model(captured, trace=layers)
    gains_absent, _ = model(absent)

    tensors = dict(
        edges=np.array(band_edges(), "f4"), bin_hz=np.array([BIN_HZ], "f4"),
        power=power[0].numpy(), print=printed.numpy(),
        inputs=captured.reshape(GOLDEN_FRAMES, -1).numpy(), inputs_absent=absent.reshape(GOLDEN_FRAMES, -1).numpy(),
        gains=gains[0].numpy(), gains_absent=gains_absent[0].numpy(),
    )
    for name, value in layers.items():
        value = value[0].reshape(GOLDEN_FRAMES, -1)
        tensors[f"layer.{name}"] = value.numpy() if name == "d1" else value.to(torch.uint8).numpy()
    return tensors


def run(arguments: argparse.Namespace) -> None:
    """Writes weights, hash and golden vectors."""
    model = load_quantised(Path(arguments.checkpoint))
    out = Path(arguments.out)
    identity = write_tensors(out, weight_tensors(model))
    digest = hashlib.sha256(out.read_bytes()).hexdigest()
    out.with_suffix(".sha256").write_text(f"{digest}  {out.name}\n")
    print(f"{out}: {out.stat().st_size} bytes, model {identity:016x}, sha256 {digest}")
    if arguments.golden:
        write_tensors(Path(arguments.golden), golden_tensors(model, arguments.seed))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--checkpoint", required=True, help="float or quantised checkpoint")
    parser.add_argument("--out", required=True, help="weights file, e.g. ../crates/core/assets/unet.quell")
    parser.add_argument("--golden", help="golden vectors, e.g. ../tests/fixtures/unet/golden.quell")
    parser.add_argument("--seed", type=int, default=1)
