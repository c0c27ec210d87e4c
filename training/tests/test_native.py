"""What is quick must be what is meant: the C++ parts against PyTorch, workers against one process, and
a grown network against the one it grew from."""

import argparse
import copy
import functools
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch

from quell_training import arithmetic, geometry, grow, native, optimiser, stretches, workers
from quell_training.grow import grown
from quell_training.model import BandConv, Options, UNet
from quell_training.train import Trainer, load_state

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


def test_threads_that_ask_at_the_same_time_build_once(monkeypatch, tmp_path):
    built = []

    def build(command, check):
        built.append(command)
        time.sleep(0.1)
        Path(command[-1]).write_bytes(b"")

    monkeypatch.setattr(native, "_library", functools.cache(native._library.__wrapped__))
    monkeypatch.setattr(native.tempfile, "gettempdir", lambda: str(tmp_path))
    monkeypatch.setattr(native.subprocess, "run", build)
    monkeypatch.setattr(native.ctypes, "CDLL", lambda path: path)
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda _: native.library(), range(4)))
    assert len(built) == 1 and len(set(found)) == 1 and found[0], found


def test_a_machine_without_a_compiler_is_told_and_goes_on(monkeypatch):
    monkeypatch.setattr(native, "COMPILER", None)
    with pytest.warns(UserWarning, match="expected g"):
        assert native._library.__wrapped__() is None


def drawn(seed: int, *shapes: tuple[int, ...], scale: float = 0.4) -> list[torch.Tensor]:
    draw = torch.Generator().manual_seed(seed)
    return [torch.randn(shape, generator=draw) * scale for shape in shapes]


def gru_shapes(n_in: int, n_hidden: int) -> list[tuple[int, ...]]:
    return [(3 * n_hidden, n_in), (3 * n_hidden, n_hidden), (3 * n_hidden,), (3 * n_hidden,)]


def gru_of_pytorch(x, first, *weights):
    """States for ``[group, frame, row, channel]``."""
    n_in, n_hidden = x.shape[-1], first.shape[1]
    unit = torch.nn.GRU(n_in, n_hidden)
    named = dict(zip(("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"), weights, strict=True))
    sequences = x.transpose(1, 2).flatten(0, 1).transpose(0, 1)
    states, _ = torch.func.functional_call(unit, named, (sequences, first[None]))
    return states.transpose(0, 1).unflatten(0, (x.shape[0], x.shape[2])).transpose(1, 2)


@pytest.mark.parametrize(
    ("n_groups", "n_frames", "n_rows", "n_in", "n_hidden"),
    [(2, 40, 16, 32, 32), (3, 7, 5, 16, 48), (1, 60, 4, 128, 128), (1, 3, 200, 32, 16), (2, 25, 1, 48, 64)],
)
def test_the_native_gru_is_that_of_pytorch(n_groups, n_frames, n_rows, n_in, n_hidden):
    shapes = [(n_groups, n_frames, n_rows, n_in), (n_groups * n_rows, n_hidden), *gru_shapes(n_in, n_hidden)]
    inputs = drawn(1, *shapes, scale=0.2)
    inputs[0] *= 5.0
    (weights,) = drawn(2, (n_groups, n_frames, n_rows, n_hidden))
    actual = with_gradients(native.Gru.apply, inputs, weights)
    assert_close(actual, with_gradients(gru_of_pytorch, inputs, weights), 2e-5)


def test_the_native_time_block_is_its_parts():
    shapes = [(2, 30, 16, 32), (32, 32), *gru_shapes(32, 32), (32, 32), (32,)]
    inputs = drawn(3, *shapes)
    inputs[0] = inputs[0] * 5.0 + 2.0  # on both sides of what ReLU6 lets through
    (weights,) = drawn(4, shapes[0])

    def expected_of(x, first, *weights):
        *of_gru, weight, bias = weights
        return torch.nn.functional.relu6(x + torch.nn.functional.linear(gru_of_pytorch(x, first, *of_gru), weight, bias))

    expected = with_gradients(expected_of, inputs, weights)
    assert (expected[0] == 0.0).any() and (expected[0] == 6.0).any()
    assert_close(with_gradients(lambda *args: native.TimeBlock.apply(*args)[0], inputs, weights), expected, 2e-5)
    last = native.TimeBlock.apply(*inputs)[1]
    assert_close([last], [gru_of_pytorch(*inputs[:6])[:, -1].flatten(0, 1)], 1e-5)


def test_what_is_added_before_relu6_is_what_pytorch_adds():
    x, *inputs = drawn(5, (2, 70, 48), (2, 70, 32), (48, 32), (48,), scale=2.0)
    (weights,) = drawn(6, (2, 70, 48))

    def expected_of(x, y, weight, bias):
        return torch.nn.functional.relu6(x + torch.nn.functional.linear(y, weight, bias))

    expected = with_gradients(expected_of, [x, *inputs], weights)
    assert_close(with_gradients(native.AddRelu6.apply, [x, *inputs], weights), expected, 1e-5)
    expected = with_gradients(lambda *args: expected_of(0.0, *args), inputs, weights)
    assert_close(with_gradients(lambda *args: native.AddRelu6.apply(None, *args), inputs, weights), expected, 1e-5)


@pytest.mark.parametrize(
    ("n_positions", "n_first", "n_second", "n_out", "n_taps", "stride"),
    [(128, 8, 0, 16, 5, 2), (64, 16, 0, 24, 3, 2), (32, 24, 0, 32, 3, 1), (16, 32, 0, 64, 3, 1), (32, 32, 32, 32, 1, 1),
     (128, 8, 5, 8, 3, 1), (128, 5, 0, 16, 5, 2)],
)
def test_the_native_convolution_is_its_parts(n_positions, n_first, n_second, n_out, n_taps, stride):
    """With a second input or none, and without gradients of what does not come in eights."""
    conv = BandConv(n_first + n_second, n_out, n_taps, stride)
    first, second, weights, gain, shift = drawn(
        7, (3, 9, n_positions, n_first), (3, 9, n_positions, n_second), (3, 9, n_positions // stride, n_out), (n_out,), (n_out,)
    )
    gain, shift = gain + 1.5, shift + 3.0  # on both sides of what ReLU6 lets through
    parts = [x for x in (first, second) if x.shape[-1]]
    learned = [x for x in parts if x.shape[-1] % native.CHANNEL_STEP == 0]
    fixed = parts[len(learned):]
    inputs = [*learned, conv.linear.weight.detach(), conv.linear.bias.detach(), gain, shift]

    def expected_of(*args):
        *learned, weight, bias, gain, shift = args
        y = torch.nn.functional.linear(conv.gather(torch.cat([*learned, *fixed], -1)), weight, bias)
        return torch.nn.functional.relu6(
            torch.nn.functional.batch_norm(y.flatten(0, -2), None, None, gain, shift, True, 0.0, 1e-3).view(y.shape)
        )

    def actual_of(*args):
        *learned, weight, bias, gain, shift = args
        first, second, *_ = *learned, *fixed, None
        raw = native.Convolution.apply(first, None, None, second, None, None, weight, bias, gain, shift, 1e-3, stride)
        return native.Raw(*raw[:3]).values()

    actual, expected = (with_gradients(of, inputs, weights) for of in (actual_of, expected_of))
    assert (expected[0] == 0.0).any() and (expected[0] == 6.0).any()
    bias_at = 1 + len(learned) + 1
    # The norm takes the bias away: its gradient is rounding.
    assert actual.pop(bias_at).abs().max() == 0.0 and expected.pop(bias_at).abs().max() < 1e-3
    assert_close(actual, expected, 2e-5)


def test_a_gradient_that_the_native_convolution_lacks_is_refused():
    x = torch.zeros(1, 2, 16, 5, requires_grad=True)
    with pytest.raises(ValueError, match="multiple of 8"):
        native.Convolution.apply(x, *[None] * 5, torch.zeros(8, 15), *torch.zeros(3, 8), 1e-5, 1)


def test_native_powers_and_bands_are_those_of_pytorch(monkeypatch):
    real, imaginary = drawn(8, (2, 5, geometry.N_BINS), (2, 5, geometry.N_BINS))
    spectra = torch.complex(real, imaginary)
    actual = [geometry.power_of(spectra), geometry.band_means(geometry.power_of(spectra))]
    part = geometry.power_of(spectra[:, ::2])  # not dense
    monkeypatch.setattr(native, "library", lambda: None)
    power = geometry.power_of(spectra)
    assert_close(actual, [power, geometry.band_means(power)], 1e-6)
    assert torch.equal(part, power[:, ::2])


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


@pytest.mark.parametrize(
    ("kind", "parts", "likeness"),
    [("f32", {"conv_forward", "conv_backward"}, 0.9999), ("bf16", {"taps_backward", "norm_backward"}, 0.95)],
)
def test_training_takes_the_native_way_and_learns_the_same(kind, parts, likeness, monkeypatch):
    """Gradients and running statistics of a whole network, once in C++ and once without."""
    torch.manual_seed(4)
    x, target = torch.randn(2, 12, 128, 5), torch.rand(2, 12, 128)
    first = UNet()
    second = copy.deepcopy(first)
    calls = []
    monkeypatch.setattr(native, "_call", lambda name, *args, call=native._call: (calls.append(name), call(name, *args)))
    for net in (first, second):
        with arithmetic.autocast(x.device, kind):
            gains, _ = net(x)
        ((gains - target) ** 2).mean().backward()
        monkeypatch.setattr(native, "library", lambda: None)
    assert parts | {"gru_forward", "gru_backward", "added_forward", "added_backward"} <= set(calls)
    weights = [[p.grad for p in net.parameters() if p.dim() > 1] for net in (first, second)]
    for a, e in zip(*weights, strict=True):
        assert torch.nn.functional.cosine_similarity(a.flatten(), e.flatten(), dim=0) > likeness
    assert_close([first.d2.conv.norm.running_var], [second.d2.conv.norm.running_var], 0.02)


# ---- Workers ------------------------------------------------------------------------------------


def learn_once(arguments: argparse.Namespace, rank: int) -> None:
    layer = torch.nn.Linear(2, 1, bias=False)
    layer.weight.grad = torch.full((1, 2), float(10 * rank))
    workers.average_gradients(layer)
    torch.save((workers.count(), layer.weight.grad), f"{arguments.out}/{rank}.pt")


@pytest.mark.parametrize("n_workers", [1, 3])
def test_workers_learn_from_the_mean(n_workers, tmp_path):
    workers.start(n_workers, learn_once, argparse.Namespace(out=str(tmp_path), device="cpu"))
    n, gradient = torch.load(tmp_path / "0.pt")
    assert n == n_workers
    assert gradient.tolist() == [[5.0 * (n_workers - 1)] * 2]
    assert workers.count() == 1


# ---- Growing ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", optimiser.RATES)
@pytest.mark.parametrize(("before", "after"), [((32,), (64,)), ((32,), (32, 16)), ((32, 16), (48, 32, 16))])
def test_a_grown_network_does_what_it_did_and_can_learn_more(name, before, after, tmp_path):
    torch.manual_seed(5)
    small = Trainer(UNet(Options(whole=before)), None, torch.device("cpu"), 1, name)
    x = torch.randn(1, 9, 128, 5)
    small.model(x)[0].mean().backward()
    small.optimiser.step()
    small.average.load_state_dict(small.model.state_dict())
    small.save(tmp_path / "small.pt")
    state = grown(load_state(tmp_path / "small.pt"), after, seed=6)
    large = Trainer(UNet(Options(**state["options"])), None, torch.device("cpu"), 1, name)
    large.restore(state)
    with torch.no_grad():
        assert torch.allclose(large.average(x)[0], small.average.eval()(x)[0], atol=1e-6)
    silent = large.model.whole.expand.weight[0] == 0.0
    assert int(silent.sum()) == sum(after) - sum(before)
    large.model.train()(x)[0].mean().backward()
    large.optimiser.step()
    assert (large.model.whole.expand.weight[:, silent] != 0.0).any()


def test_moments_grow_where_their_weights_do(tmp_path):
    small = Trainer(UNet(Options(whole=(32,))), None, torch.device("cpu"), 1)
    small.model(torch.randn(1, 9, 128, 5))[0].mean().backward()
    small.optimiser.step()
    small.save(tmp_path / "small.pt")
    large = Trainer(UNet(Options(whole=(48, 16))), None, torch.device("cpu"), 1)
    large.restore(grown(load_state(tmp_path / "small.pt"), (48, 16), seed=6))
    old, new = (t.optimiser.state[t.model.whole.gru.weight_hh_l0] for t in (small, large))
    assert torch.equal(new["exp_avg"].unflatten(0, (3, 48))[:, :32, :32], old["exp_avg"].unflatten(0, (3, 32)))
    assert float(new["exp_avg_sq"][40, 40]) == pytest.approx(float(old["exp_avg_sq"].mean()))
    assert torch.equal(large.optimiser.state[large.model.out.weight]["exp_avg"], small.optimiser.state[small.model.out.weight]["exp_avg"])


def test_a_network_does_not_shrink():
    with pytest.raises(ValueError, match="cannot grow to"):
        grown(dict(options=dict(whole=(64,))), (32, 64), seed=1)


def test_levels_alone_can_change_and_nothing_is_no_change(tmp_path):
    small = Trainer(UNet(Options(whole=(32,))), None, torch.device("cpu"), 1)
    small.model(torch.randn(1, 9, 128, 5))[0].mean().backward()
    small.optimiser.step()
    small.save(tmp_path / "small.pt")
    parser = argparse.ArgumentParser()
    grow.add_arguments(parser)
    asked = ["--checkpoint", str(tmp_path / "small.pt"), "--out", str(tmp_path / "slow.pt")]
    grow.run(parser.parse_args([*asked, "--level", "slow"]))
    state = load_state(tmp_path / "slow.pt")
    assert Options(**state["options"]) == Options(whole=(32,), level="slow")
    assert all(torch.equal(value, small.model.state_dict()[name]) for name, value in state["model"].items())
    with pytest.raises(ValueError, match="expected more units, or another level"):
        grow.run(parser.parse_args(asked))


@pytest.mark.parametrize("reach", [0, 1, stretches.FINE_REACH])
@pytest.mark.parametrize("turned", [None, [False, True, True, False]])
def test_native_stretches_are_those_of_pytorch(reach, turned):
    samples = (torch.randn(9_000, generator=torch.Generator().manual_seed(7)) * 8_000.0).short()
    first, length = torch.tensor([0, 700, 1_000, 8_990]), torch.tensor([700, 300, 7_990, 10])
    start = torch.tensor([690, 0, 5_000, 3])
    speed = torch.tensor([0.8, 1.0, 1.1837, 0.931], dtype=torch.float64) if reach else None
    is_backwards = None if turned is None else torch.tensor(turned)
    asked = samples, first, length, start, 5_000, speed, is_backwards, reach
    assert native.can_cut(samples)
    torch.testing.assert_close(native.cut(*asked), stretches.cut_by_pytorch(*asked), rtol=0.0, atol=3e-6)
