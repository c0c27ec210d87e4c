"""What a GPU runs must give what the CPU gives. Without a GPU it is interpreted, in a process of its own: the
choice is made when Triton is loaded."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

pytest.importorskip("triton", reason="Triton comes with PyTorch for Linux")
ROOT = Path(__file__).parent.parent


def run(script: str) -> None:
    environment = dict(os.environ, TRITON_INTERPRET="1", PYTHONPATH=str(ROOT))
    subprocess.run([sys.executable, "-c", script], check=True, env=environment, timeout=300)


def test_recurrences_are_those_of_the_cpu():
    run("""
import torch
from quell_training import features, scans
torch.manual_seed(0)
power, noise = 3.0 * torch.rand(3, 9, 128), 0.05 + 0.3 * torch.rand(3, 9, 128)
snr = power / noise
excess = (snr - 1.0).clamp_min(0.0) * (1.0 - features.WIENER_MEMORY)
ours = scans.wiener(snr, excess, features.WIENER_MEMORY, features.LEAST_A_PRIORI_SNR)
torch.testing.assert_close(ours, features.wiener_gain(power, noise))
levels_db = 40.0 * torch.randn(5, 60) - 110.0
features_slow = features._slow_db(levels_db)
ours = scans.slow(levels_db, features.SLOW_TARGET_DB, features.SLOW_SILENCE_DB, features.SLOW_RISE, features.SLOW_FALL, features.SLOW_START)
torch.testing.assert_close(ours, features_slow)
""")


def test_a_small_gru_is_a_gru():
    run("""
import torch
from quell_training import scans
torch.manual_seed(0)
unit = torch.nn.GRU(32, 32)
x = torch.randn(12, 20, 32, requires_grad=True)
results = []
projected = torch.nn.functional.linear(x, unit.weight_ih_l0, unit.bias_ih_l0)
for states in (unit(x)[0], scans.Gru.apply(projected, unit.weight_hh_l0, unit.bias_hh_l0)):
    results.append([states, *torch.autograd.grad((states**2).sum(), [x, *unit.parameters()], retain_graph=True)])
for theirs, ours in zip(*results):
    torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-5)
""")


def test_stretches_are_those_of_the_cpu():
    run("""
import torch
from quell_training import scans, stretches
torch.manual_seed(0)
samples = (3000.0 * torch.randn(50_000)).short()
first, length, start = torch.tensor([0, 1_000, 20_000]), torch.tensor([900, 18_000, 30_000]), torch.tensor([5, 17_000, 2])
speed, turned = torch.tensor([1.18, 0.85, 1.0]).double(), torch.tensor([True, False, True])
for reach, more in ((0, {}), (0, dict(is_backwards=turned)), (1, dict(speed=speed, is_backwards=turned)), (stretches.FINE_REACH, dict(speed=speed))):
    theirs = stretches.cut(samples, first, length, start, 3_000, **more, fine=reach > 1)
    torch.testing.assert_close(scans.cut(samples, first, length, start, 3_000, **more, reach=reach), theirs)
""")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="the convolution of a GPU is compared in its own layout elsewhere")
def test_a_gpu_learns_what_a_cpu_learns(clips):
    from quell_training.mixer import Mixer
    from quell_training.model import UNet
    from quell_training.recipe import Recipe

    torch.manual_seed(1)
    model, batch = UNet(), Mixer(clips, Recipe(), torch.device("cpu"), 1).batch(0, 2, 40)
    gains = model(batch.inputs)[0]
    torch.testing.assert_close(model.cuda()(batch.inputs.cuda())[0].cpu(), gains, rtol=1e-2, atol=1e-2)


def test_the_convolution_of_a_gpu_is_that_of_the_cpu():
    from quell_training.model import BandConv

    for stride in (1, 2):
        layer, x = BandConv(16, 24, 3, stride), torch.randn(2, 5, 64, 16)
        torch.testing.assert_close(layer._convolved(x), layer.linear(layer.gather(x)))
