"""Muon: its steps are orthogonal, gate by gate, and it learns."""

import pytest
import torch

from quell_training import optimiser
from quell_training.model import UNet
from quell_training.quantise import QuantUNet

torch.set_num_threads(1)


@pytest.mark.parametrize("is_bf16", [False, True])
@pytest.mark.parametrize("shape", [(3, 8, 39), (1, 128, 128), (2, 16, 512)])
def test_all_directions_of_a_matrix_come_out_alike(shape, is_bf16, monkeypatch):
    monkeypatch.setattr(optimiser.arithmetic, "multiplies_bf16", lambda: is_bf16)
    draw = torch.Generator().manual_seed(1)
    # Singular values over three decades.
    u, _, v = torch.linalg.svd(torch.randn(shape, generator=draw), full_matrices=False)
    uneven = u @ torch.diag(torch.logspace(0, -2, shape[1])) @ v
    values = torch.linalg.svdvals(optimiser.orthogonal(uneven))
    assert values.max() < 1.3 and values.min() > 0.5, values
    cosine = torch.nn.functional.cosine_similarity(optimiser.orthogonal(uneven).flatten(), (u @ v).flatten(), dim=0)
    assert cosine > 0.95


def test_matrices_go_to_muon_gate_by_gate_and_the_rest_to_adamw():
    net = UNet()
    parts = dict(optimiser._matrices(net))
    assert parts["whole.gru.weight_hh_l0"] == parts["time1.gru.weight_ih_l0"] == 3
    assert parts["e1.linear.weight"] == parts["whole.squeeze.weight"] == 1
    left = {name for name, _ in net.named_parameters()} - set(parts)
    assert "out.weight" in left and all("weight" not in name or "norm" in name or name == "out.weight" for name in left)
    parts = dict(optimiser._matrices(QuantUNet(net)))
    assert parts["g.input.weight"] == parts["t1.state.weight"] == 3 and parts["layers.d3.weight"] == 1
    assert "out.weight" not in parts


def test_a_step_is_orthogonal_in_each_gate():
    torch.manual_seed(2)
    layers = torch.nn.ModuleDict(dict(gru=torch.nn.GRU(16, 32), wide=torch.nn.Linear(64, 16)))
    before = {name: p.detach().clone() for name, p in layers.named_parameters()}
    for parameter in layers.parameters():
        parameter.grad = torch.randn_like(parameter)
    muon = optimiser.Muon(layers)
    muon.step()
    keep = 1.0 - optimiser.RATES["muon"] * optimiser.WEIGHT_DECAY["muon"]
    moved = {name: before[name] * keep - p.detach() for name, p in layers.named_parameters()}
    of_gates = torch.linalg.svdvals(moved["gru.weight_ih_l0"].unflatten(0, (3, -1))) / optimiser.RATES["muon"]
    larger_for_tall = 2.0**0.5
    assert of_gates.max() < 1.3 * larger_for_tall and of_gates.min() > 0.5 * larger_for_tall
    of_wide = torch.linalg.svdvals(moved["wide.weight"]) / optimiser.RATES["muon"]
    assert of_wide.max() < 1.3 and of_wide.min() > 0.5
    assert (muon.rest.state[layers.wide.bias]["exp_avg"] != 0.0).any()


def test_it_finds_a_matrix():
    torch.manual_seed(3)
    layer, target = torch.nn.Linear(24, 24), torch.randn(24, 24) / 24**0.5
    muon = optimiser.Muon(layer)
    x = torch.randn(256, 24)
    errors = []
    for step in range(600):
        for group in muon.param_groups:
            group["lr"] = optimiser.RATES["muon"] * (1.0 - step / 600.0)
        error = ((layer(x) - x @ target.t()) ** 2).mean()
        muon.zero_grad()
        error.backward()
        muon.step()
        errors.append(error.item())
    assert errors[-1] < 5e-3 * errors[0]


def test_noise_does_not_gather_in_matrices():
    """Gradients without any direction: what comes of them must not outgrow a network's weights."""
    torch.manual_seed(4)
    layer = torch.nn.Linear(16, 16)
    muon = optimiser.Muon(layer)
    for _ in range(2_000):
        for parameter in layer.parameters():
            parameter.grad = torch.randn_like(parameter)
        muon.step()
    size = float(layer.weight.detach().norm()) / 16**0.5
    assert size < 1.5, f"singular values of {size:.1f}"
