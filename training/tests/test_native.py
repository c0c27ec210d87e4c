"""What is quick must be what is meant: the C++ parts against PyTorch, workers against one process, and
a grown network against the one it grew from."""

import argparse
import copy

import pytest
import torch

from quell_training import gru, model, native, workers
from quell_training.grow import grown
from quell_training.model import BandConv, UNet

torch.set_num_threads(1)


def with_gradients(function, inputs: list[torch.Tensor], weights_of_sum: torch.Tensor) -> list[torch.Tensor]:
    """The result, and the gradient of its weighted sum by each input."""
    inputs = [x.clone().requires_grad_() for x in inputs]
    result = function(*inputs)
    (result.float() * weights_of_sum).sum().backward()
    return [result.detach(), *(x.grad for x in inputs)]


def assert_close(actual: list[torch.Tensor], expected: list[torch.Tensor], share: float) -> None:
    for place, (a, e) in enumerate(zip(actual, expected, strict=True)):
        error = float((a.float() - e.float()).abs().max() / e.float().abs().max())
        assert error <= share, f"value {place}: off by {error:.1e} of the largest"


def test_the_native_parts_can_be_built_here():
    assert native.library() is not None, "without them nothing below tests anything"


def test_a_machine_without_a_compiler_is_told_and_goes_on(monkeypatch):
    monkeypatch.setattr(native, "COMPILER", None)
    with pytest.warns(UserWarning, match="expected g"):
        assert native.library.__wrapped__() is None


@pytest.mark.parametrize(("n_frames", "n_rows", "n_hidden", "n_threads"), [(30, 9, 32, 1), (20, 7, 64, 2), (12, 4, 128, 2)])
def test_the_native_scan_is_the_loop(n_frames, n_rows, n_hidden, n_threads):
    draw = torch.Generator().manual_seed(1)
    shapes = [(n_frames, n_rows, 3 * n_hidden), (3 * n_hidden, n_hidden), (3 * n_hidden,), (n_rows, n_hidden)]
    inputs = [torch.randn(shape, generator=draw) * 0.4 for shape in shapes]
    weights = torch.randn(n_frames, n_rows, n_hidden, generator=draw)
    torch.set_num_threads(n_threads)
    try:
        actual = with_gradients(native.Scan.apply, inputs, weights)
    finally:
        torch.set_num_threads(1)
    expected = with_gradients(lambda *args: gru._Scan.apply(*args, None), inputs, weights)
    assert_close(actual, expected, 1e-5)


@pytest.mark.parametrize(("n_taps", "stride"), [(5, 2), (3, 2), (3, 1)])
def test_native_taps_are_the_neighbours(n_taps, stride):
    draw = torch.Generator().manual_seed(2)
    # Small whole numbers: sums of them are exact in bfloat16.
    x = torch.randint(-8, 8, (2, 3, 16, 5), generator=draw).bfloat16()
    conv = BandConv(5, 16, n_taps, stride)
    weights = torch.randint(-4, 4, (2, 3, 16 // stride, 5 * n_taps), generator=draw).float()
    actual = with_gradients(lambda x: native.Taps.apply(x, n_taps, stride), [x], weights)
    assert_close(actual, with_gradients(conv.gather, [x], weights), 0.0)


@pytest.mark.parametrize("n_channels", native.NORM_CHANNELS)
def test_native_normalisation_is_that_of_pytorch(n_channels):
    draw = torch.Generator().manual_seed(3)
    x = (torch.randn(1001, n_channels, generator=draw) * 3.0 + 1.0).bfloat16()
    gain, shift = torch.rand(n_channels, generator=draw) + 0.5, torch.randn(n_channels, generator=draw) + 2.0
    weights = torch.randn(1001, n_channels, generator=draw).bfloat16().float()
    norm = torch.nn.BatchNorm1d(n_channels, momentum=1.0)

    def expected_of(x, gain, shift):
        y = torch.nn.functional.batch_norm(x.float(), norm.running_mean, norm.running_var, gain, shift, True, 1.0, 1e-5)
        return torch.nn.functional.relu6(y.bfloat16())

    actual = with_gradients(lambda *args: native.NormRelu6.apply(*args, 1e-5)[0], [x, gain, shift], weights)
    assert_close(actual, with_gradients(expected_of, [x, gain, shift], weights), 0.01)
    _, mean, variance = native.NormRelu6.apply(x, gain, shift, 1e-5)
    assert_close([mean, variance * (1001 / 1000)], [norm.running_mean, norm.running_var], 1e-4)


def test_training_takes_the_native_way_and_learns_the_same(monkeypatch):
    """Gradients and running statistics of a whole network, once in C++ and once without."""
    torch.manual_seed(4)
    x, target = torch.randn(2, 12, 128, 5), torch.rand(2, 12, 128)
    first = UNet()
    second = copy.deepcopy(first)
    calls = []
    monkeypatch.setattr(native, "_call", lambda name, *args, call=native._call: (calls.append(name), call(name, *args)))
    for net in (first, second):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            gains, _ = net(x)
        ((gains - target) ** 2).mean().backward()
        monkeypatch.setattr(native, "library", lambda: None)
    assert {"scan_forward", "scan_backward", "taps_backward", "norm_backward"} <= set(calls)
    weights = [[p.grad for p in net.parameters() if p.dim() > 1] for net in (first, second)]
    for a, e in zip(*weights, strict=True):
        assert torch.nn.functional.cosine_similarity(a.flatten(), e.flatten(), dim=0) > 0.98
    assert_close([first.d2.conv.norm.running_var], [second.d2.conv.norm.running_var], 0.02)


# ---- Workers ------------------------------------------------------------------------------------


def learn_once(arguments: argparse.Namespace, rank: int) -> None:
    layer = torch.nn.Linear(2, 1, bias=False)
    layer.weight.grad = torch.full((1, 2), float(10 * rank))
    workers.average_gradients(layer)
    torch.save((workers.count(), layer.weight.grad), f"{arguments.out}/{rank}.pt")


@pytest.mark.parametrize("n_workers", [1, 3])
def test_workers_learn_from_the_mean(n_workers, tmp_path):
    workers.start(n_workers, learn_once, argparse.Namespace(out=str(tmp_path)))
    n, gradient = torch.load(tmp_path / "0.pt")
    assert n == n_workers
    assert gradient.tolist() == [[5.0 * (n_workers - 1)] * 2]
    assert workers.count() == 1


# ---- Growing ------------------------------------------------------------------------------------


def test_a_grown_network_does_what_it_did_and_can_learn_more(monkeypatch):
    monkeypatch.setattr(model, "N_WHOLE", 32)
    torch.manual_seed(5)
    small = UNet()
    optimiser = torch.optim.AdamW(small.parameters())
    x = torch.randn(1, 9, 128, 5)
    small(x)[0].mean().backward()
    optimiser.step()
    state = dict(
        model=small.state_dict(), average=small.state_dict(), optimiser=optimiser.state_dict(),
        options=vars(small.options), step=1, seconds_seen=1.0, seed=1,
    )
    monkeypatch.setattr(model, "N_WHOLE", 64)
    larger = grown(state, seed=6)
    net = UNet()
    net.load_state_dict(larger["average"])
    with torch.no_grad():
        assert torch.equal(net.eval()(x)[0], small.eval()(x)[0])
    optimiser = torch.optim.AdamW(net.parameters())
    optimiser.load_state_dict(larger["optimiser"])
    net.train()(x)[0].mean().backward()
    optimiser.step()
    assert net.whole.expand.weight[:, 32:].abs().max() > 0.0
