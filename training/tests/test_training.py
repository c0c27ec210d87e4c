"""A training of seconds on made-up audio: it must lower the loss, go on where it stopped, quantise
with little change and export what the run-time reads.

With `QUELL_GOLDEN_DIR` set, the export stays there, for `cargo test -p quell-core unet`.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from conftest import voice

from quell_training import corpus, evaluate, features, geometry, gru, noise, optimiser
from quell_training.denoise import spectra_of, with_gains
from quell_training.export import run as export
from quell_training.measures import si_sdr_db, snr_db
from quell_training.loss import MaskLoss
from quell_training.mixer import Mixer
from quell_training.pack import packed
from quell_training.recipe import Recipe
from quell_training.model import Options, UNet
from quell_training.quantise import QuantUNet, row_scales
from quell_training.train import Trainer, load_state

CPU = torch.device("cpu")
# The tensors are small: threads would only wait for one another.
torch.set_num_threads(1)


@pytest.fixture(scope="session")
def trained(clips) -> tuple[Trainer, float, float]:
    """A short training, with the loss on held-out mixtures before and after."""
    torch.manual_seed(1)
    trainer = Trainer(UNet(), 6e-3, CPU, seed=1)
    mixer = Mixer(clips, Recipe(), CPU, seed=1)
    before = held_out_loss(trainer.model, clips)
    for _ in range(120):
        trainer.train_step(mixer.batch(trainer.step, 4, 60))
    return trainer, before, held_out_loss(trainer.average, clips)


@torch.no_grad()
def held_out_loss(model: torch.nn.Module, clips) -> float:
    batch = Mixer(clips, Recipe(), CPU, seed=99).batch(0, 8, 100)
    model.eval()
    loss, _ = MaskLoss(CPU)(model(batch.inputs)[0], batch)
    model.train()
    return float(loss)


def test_a_packed_checkpoint_is_small_and_training_goes_on_from_it(tmp_path):
    trainer = Trainer(UNet(), 1e-3, CPU, seed=3)
    trainer.step, trainer.seconds_seen = 70, 900.0
    trainer.save(tmp_path / "checkpoint.pt")
    torch.save(packed(load_state(tmp_path / "checkpoint.pt")), tmp_path / "packed.pt")
    sizes = [(tmp_path / name).stat().st_size for name in ("packed.pt", "checkpoint.pt")]
    assert 2 * sizes[0] < 1.1 * sizes[1], sizes
    taken_up = Trainer(UNet(), 1e-3, CPU, seed=4)
    taken_up.restore(load_state(tmp_path / "packed.pt"))
    assert (taken_up.step, taken_up.seconds_seen, taken_up.optimiser_since) == (70, 900.0, 70)
    for before, after in zip(trainer.model.parameters(), taken_up.model.parameters(), strict=True):
        assert torch.allclose(before, after, rtol=2**-8)


def test_training_lowers_the_loss(trained):
    _, before, after = trained
    # The error ratio is counted from a floor that no mask reaches, so most of the loss stays.
    assert after < before - 1.0, f"{before:.3f} -> {after:.3f}"


def test_equal_seeds_give_equal_batches(clips):
    first, second = (Mixer(clips, Recipe(), CPU, seed=7).batch(3, 2, 40) for _ in range(2))
    assert torch.equal(first.inputs, second.inputs)
    other = Mixer(clips, Recipe(), CPU, seed=8).batch(3, 2, 40)
    assert not torch.equal(first.inputs, other.inputs)


@pytest.mark.parametrize("optimiser", optimiser.RATES)
def test_a_run_taken_up_again_goes_on_exactly(optimiser, clips, tmp_path):
    def fresh():
        torch.manual_seed(2)
        return Trainer(UNet(), None, CPU, 2, optimiser)

    mixer = Mixer(clips, Recipe(), CPU, seed=2)
    through = fresh()
    for _ in range(4):
        through.train_step(mixer.batch(through.step, 2, 30))
    half = fresh()
    for _ in range(2):
        half.train_step(mixer.batch(half.step, 2, 30))
    half.save(tmp_path / "checkpoint.pt")
    taken_up = fresh()
    taken_up.restore(load_state(tmp_path / "checkpoint.pt"))
    for _ in range(2):
        taken_up.train_step(mixer.batch(taken_up.step, 2, 30))
    for name, value in through.model.state_dict().items():
        assert torch.equal(value, taken_up.model.state_dict()[name]), name


def test_a_checkpoint_of_before_there_was_a_choice_is_one_of_adamw(clips, tmp_path):
    mixer = Mixer(clips, Recipe(), CPU, seed=1)
    before, adamw, muon = (Trainer(UNet(), None, CPU, 1, name) for name in ("adamw", "adamw", "muon"))
    before.train_step(mixer.batch(0, 2, 30))
    before.save(tmp_path / "checkpoint.pt")
    state = load_state(tmp_path / "checkpoint.pt")
    del state["optimiser_name"], state["optimiser_since"]
    adamw.restore(state)
    moments = adamw.optimiser.state[next(adamw.model.parameters())]["exp_avg"]
    assert moments.abs().max() > 0 and torch.equal(moments, state["optimiser"]["state"][0]["exp_avg"])
    muon.restore(state)
    assert muon.step == state["step"] and not muon.optimiser.matrices.state
    muon._set_rate(1.0)
    assert muon.optimiser.param_groups[0]["lr"] < 0.1 * muon.rate, "what begins anew has to warm up"


def test_torchrun_learns_what_workers_learn(data, tmp_path):
    """Two processes on a CPU, started by either."""
    asked = f"train --data {data} --cache {data / 'cache'} --steps 2 --batch 2 --frames 30 --device cpu --arithmetic f32"
    run = [sys.executable, "-m"]
    ways = dict(
        workers=[*run, "quell_training", *asked.split(), "--workers", "2"],
        torchrun=[*run, "torch.distributed.run", "--nproc-per-node", "2", "-m", "quell_training", *asked.split()],
    )
    for name, command in ways.items():
        subprocess.run([*command, "--out", str(tmp_path / name)], check=True, cwd=Path(__file__).parent.parent)
    first, second = (load_state(tmp_path / name / "checkpoint.pt") for name in ways)
    assert first["seconds_seen"] == second["seconds_seen"] == pytest.approx(2 * 2 * 2 * 0.3)
    for name, value in first["model"].items():
        assert torch.equal(value, second["model"][name]), name


def test_music_takes_stationary_noise_only(clips):
    as_recorded = dict(noise_speed=(1.0, 1.0), noise_backwards_share=0.0)
    recipe = Recipe(music_share=1.0, generated_share_music=0.0, **as_recorded)
    mixer = Mixer(clips, recipe, CPU, seed=1)
    assert 0 < len(mixer.sounds.steady) <= 2
    draw = mixer.draw(0)
    starts = [int(clips["noise"].first[i]) for i in mixer.sounds.steady]
    lengths = [int(clips["noise"].length[i]) for i in mixer.sounds.steady]
    pool = torch.cat([clips["noise"].samples[s : s + n] for s, n in zip(starts, lengths)]).float() / 32768.0
    drawn = mixer.sounds.unwanted(np.ones(4, bool), 2000, draw)
    assert torch.isin(drawn, pool).all()


def test_the_oracle_leaves_what_is_clean_and_takes_noise_away():
    clean = voice(geometry.RATE_HZ, 140.0)
    noisy = clean + 0.03 * np.random.default_rng(6).standard_normal(len(clean))
    assert snr_db(clean, evaluate.oracle(clean, None, clean)) > 60.0
    assert si_sdr_db(clean, evaluate.oracle(noisy, None, clean)) > si_sdr_db(clean, noisy) + 6.0


def test_recorded_noise_is_played_at_other_speeds(clips):
    tone = (8_000 * torch.sin(2 * torch.pi * 1_000 * torch.arange(96_000) / geometry.RATE_HZ)).short()
    only = corpus.Clips(tone, torch.tensor([0]), torch.tensor([len(tone)]), [True])
    mixer = Mixer(dict(clips, noise=only), Recipe(noise_speed=(1.25, 1.25)), CPU, seed=1)
    (drawn,) = mixer.sounds.recorded(1, 48_000, mixer.draw(0))
    assert int(torch.fft.rfft(drawn * torch.hann_window(48_000)).abs().argmax()) == 1_250


def test_what_is_scored_cold_is_in_time(tmp_path):
    """The lead-in is not heard, and what comes out is compared with what it belongs to."""
    lead_s, rate_hz = 1.0, geometry.RATE_HZ
    clean = np.r_[np.zeros(rate_hz), voice(2 * rate_hz, 140.0)]
    soundfile.write(tmp_path / "clean.wav", clean, rate_hz, subtype="FLOAT")
    noisy = clean + 0.03 * np.random.default_rng(7).standard_normal(len(clean))
    soundfile.write(tmp_path / "noisy.wav", noisy, rate_hz, subtype="FLOAT")
    header = "id,group,clean,noisy,noise,lead_in_s,snr_db,noise_type"
    (tmp_path / "manifest.csv").write_text(f"{header}\na,speech,clean.wav,noisy.wav,,{lead_s},10,white\n")
    parser = argparse.ArgumentParser()
    evaluate.add_arguments(parser)
    for flags in ([], ["--cold"]):
        out = tmp_path / f"scores{len(flags)}"
        asked = ["--manifest", str(tmp_path / "manifest.csv"), "--oracle", "--out", str(out), *flags]
        evaluate.run(parser.parse_args(asked))
        (row,) = json.loads((out / "scores.json").read_text())["rows"]
        assert row["si_sdr_gain_db"] > 6.0, flags


def test_every_generated_noise_is_sound():
    for name, (function, _) in noise.KINDS.items():
        samples = function(3, 48_000, noise.Draw.seeded(5, CPU))
        assert samples.shape == (3, 48_000) and torch.isfinite(samples).all() and (samples.std(1) > 0).all(), name
        assert not torch.allclose(samples[0], samples[1]), f"each is another {name}"


def test_the_scan_is_a_gru():
    torch.manual_seed(0)
    unit = torch.nn.GRU(8, 8)
    x, first = torch.randn(20, 3, 8, requires_grad=True), torch.rand(3, 8)
    results = []
    for states in (unit(x, first[None])[0], gru.run(unit, x, first)[0]):
        gradients = torch.autograd.grad((states**2).sum(), [x, *unit.parameters()])
        results.append([states, *gradients])
    for ours, theirs in zip(*results):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-5)


def test_white_noise_reads_its_level_and_its_minimum():
    torch.manual_seed(0)
    power = geometry.band_means(geometry.power_of(geometry.stft(torch.randn(1, 480_000), geometry.hann_window())))
    expected_db = 10 * np.log10(25 / 48_000)
    assert abs(float(features.to_db(power.mean(1)).mean()) - expected_db) < 0.2
    minimum = features.running_minimum(power)[:, 200:]
    assert abs(float(features.to_db(minimum.mean(1)).mean()) - expected_db) < 1.5


def test_the_running_minimum_is_causal():
    power = torch.rand(1, 90, geometry.N_BANDS)
    whole = features.running_minimum(power)
    torch.testing.assert_close(features.running_minimum(power[:, :50]), whole[:, :50])


def test_gains_of_one_give_the_sound_back():
    samples = torch.randn(24_000)
    spectra = spectra_of(samples)
    out = with_gains(spectra, torch.ones(len(spectra), geometry.N_BANDS), len(samples))
    assert si_sdr_db(samples.double().numpy(), out.double().numpy()) > 90.0


def test_weights_stay_within_the_bound_of_the_kernels():
    torch.manual_seed(0)
    weight = torch.randn(64, 32) * torch.rand(64, 1)
    rounded = torch.round(weight / row_scales(weight)[:, None])
    pairs = rounded.unflatten(1, (-1, 2))
    assert rounded.abs().max() <= 127
    assert pairs.clamp_min(0).sum(2).max() <= 128 and pairs.clamp_max(0).sum(2).min() >= -128


def test_training_goes_on_in_eight_bits(trained, clips):
    float_trainer, _, after = trained
    trainer = Trainer(QuantUNet(float_trainer.average.eval()), 1e-2, CPU, seed=3)
    before = {name: value.clone() for name, value in trainer.model.named_parameters()}
    mixer = Mixer(clips, Recipe(), CPU, seed=3)
    losses = [float(trainer.train_step(mixer.batch(step, 2, 40))["loss"]) for step in range(3)]
    assert np.isfinite(losses).all() and max(losses) < 5.0 * after
    for name, value in trainer.model.named_parameters():
        assert not torch.equal(value, before[name]), f"{name} does not learn"


def test_eight_bits_change_little_and_export(trained, clips, tmp_path):
    trainer, _, after = trained
    checkpoint = tmp_path / "checkpoint.pt"
    trainer.save(checkpoint)
    quantised = QuantUNet(trainer.average.eval())
    assert abs(held_out_loss(quantised, clips) - after) < 0.05 * after
    folder = Path(os.environ.get("QUELL_GOLDEN_DIR", tmp_path))
    out, golden = folder / "unet.quell", folder / "golden.quell"
    export(argparse.Namespace(checkpoint=str(checkpoint), out=str(out), golden=str(golden), seed=1))
    assert out.read_bytes()[:8] == golden.read_bytes()[:8] == b"QUELLNET"
    assert 260_000 < out.stat().st_size < 300_000


def test_networks_of_other_shapes_are_exported(tmp_path):
    """tests/fixtures/unet/two_memories of the core's tests was made like this, in `QUELL_GOLDEN_DIR/two_memories`."""
    torch.manual_seed(1)
    model = UNet(Options(level=features.SLOW, whole=(24, 16))).eval()
    folder = Path(os.environ.get("QUELL_GOLDEN_DIR", tmp_path)) / "two_memories"
    folder.mkdir(parents=True, exist_ok=True)
    checkpoint, out = tmp_path / "checkpoint.pt", folder / "unet.quell"
    torch.save(dict(average=model.state_dict(), options=vars(model.options)), checkpoint)
    export(argparse.Namespace(checkpoint=str(checkpoint), out=str(out), golden=str(folder / "golden.quell"), seed=1))
    table = out.read_bytes()[24:4_000]
    for name in (b"g.in.w", b"g2.in.w", b"g2.st.w", b"slow"):
        assert name in table, name
    x = torch.randn(2, 30, geometry.N_BANDS, features.N_INPUTS)
    quantised = QuantUNet(model)
    whole, states = quantised(x)
    first, between = quantised(x[:, :12])
    second, _ = quantised(x[:, 12:], between)
    assert torch.allclose(torch.cat([first, second], 1), whole, atol=1e-5) and len(states[1]) == 2
    assert (whole - model(x)[0]).abs().mean() < 0.02


def test_the_rate_falls_over_the_last_share_of_the_time(monkeypatch):
    from quell_training import train

    arguments = argparse.Namespace(steps=1_000, decay_steps=0, seconds=100.0, decay_share=0.5)
    now = [0.0]
    monkeypatch.setattr(train.time, "monotonic", lambda: now[0])
    schedule, factors = train.Schedule(0, arguments), []
    for now[0] in (0.0, 50.0, 75.0, 100.0, 101.0):
        factors.append(schedule.factor(10))
    assert factors == pytest.approx([1.0, 1.0, 0.5, 0.0, 0.0]), factors
    now[0] = 0.0
    assert schedule.factor(1_000) == 0.0, "or after so many steps"
