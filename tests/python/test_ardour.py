"""Quell in Ardour, without a screen: its own engine plays noise, its own scripts turn the controls."""

import os
import pathlib
import shutil
import subprocess

import pytest

from common import load, plugin_path

SCRIPT = pathlib.Path(__file__).with_name("ardour.lua")


def newest(pattern):
    found = sorted(pathlib.Path("/usr").glob(pattern))
    assert found, f"Ardour is not installed: there is no /usr/{pattern}"
    return found[-1]


@pytest.fixture(scope="module")
def facts(tmp_path_factory):
    """What the script says of a new project, and of the same one opened again twice: words by the name of the line."""
    home = tmp_path_factory.mktemp("home")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("XDG_")}
    environment["HOME"] = str(home)
    scan(home, environment)
    lines = {}
    for part in ["new", "again", "tone"]:
        run = subprocess.run(
            [newest("bin/ardour*-lua"), SCRIPT, home, part],
            env=environment, capture_output=True, text=True, timeout=120, check=False,
        )
        said = [line.split()[1:] for line in run.stdout.splitlines() if line.startswith("QUELL")]
        assert run.returncode == 0 and said, run.stdout + run.stderr
        for name, *words in said:
            lines.setdefault(name, []).append(words)
    return lines


def scan(home, environment):
    """Ardour's own look at the plugin, which loads it in a process of its own."""
    bundle = home / ".vst3/Quell.vst3"
    shutil.copytree(plugin_path(), bundle)
    for module in bundle.rglob("*.so"):
        # What the scan found counts only where it is younger than the plugin.
        os.utime(module, (0, 0))
    scanner = newest("lib/ardour*/ardour-vst3-scanner")
    run = subprocess.run(
        [scanner, bundle], env=environment | {"LD_LIBRARY_PATH": str(scanner.parent)},
        capture_output=True, text=True, timeout=60, check=False,
    )
    assert run.returncode == 0 and "Found Plugin: Quell" in run.stdout, run.stdout + run.stderr


def number(facts, name):
    return float(facts[name][0][-1])


def test_every_control_is_shown_and_the_delay_known(facts):
    n_shown, *choices = facts["shown"][0]
    assert int(n_shown) == len(load().parameters)
    assert choices == ["Engine", "Latency"]
    assert int(number(facts, "latency")) == 1_920


def test_a_capture_takes_the_noise_away_by_as_much_as_asked(facts):
    untreated = number(facts, "untreated")
    assert untreated > -15, "there is noise"
    assert number(facts, "captured") < untreated - 30
    assert abs(untreated - 12 - number(facts, "eased")) < 1.5


def test_automation_moves_the_reduction(facts):
    asked, heard = zip(*((float(words[-2]), float(words[-1])) for words in facts["automated"]))
    assert asked[0] > -6 and asked[-1] < -36, asked
    assert all(after < before - 5 for before, after in zip(heard[:3], heard[1:4])), heard


def test_a_project_opens_again_with_print_settings_and_delay(facts):
    reduction, latency, engine, delay, level = map(float, facts["again"][0])
    assert (reduction, latency, engine, delay) == (-24, 0, 0, 960)
    assert abs(number(facts, "untreated") - 24 - level) < 1.5
    # To the print a tone is no noise; what follows by itself takes it for noise before long.
    assert number(facts, "tone") > -24
