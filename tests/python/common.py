"""What the tests of the VST3 plugin share."""

import json
import os
import re

import numpy as np
import pedalboard

RATE = 48_000


def plugin_path():
    """The bundle under test; `cargo xtask test` names it."""
    path = os.environ["QUELL_VST3"]
    assert os.path.isdir(path), f"there is no bundle at {path}"
    return path


def load(**parameters):
    plugin = pedalboard.load_plugin(plugin_path())
    for name, value in parameters.items():
        setattr(plugin, name, value)
    return plugin


def noise(seconds, rate=RATE, channels=2, amplitude=0.05, seed=1):
    generator = np.random.default_rng(seed)
    shape = (channels, int(seconds * rate))
    return generator.uniform(-amplitude, amplitude, shape).astype(np.float32)


def level_db(samples):
    return 10 * np.log10(np.mean(np.square(samples, dtype=np.float64)) + 1e-30)


def capture(plugin, sound, rate=RATE):
    """Learns the noise while it plays, as a person would: on, wait, off."""
    third = sound.shape[1] // 3
    plugin.process(sound[:, :third], rate, reset=True)
    plugin.capture = True
    plugin.process(sound[:, third : 2 * third], rate, reset=False)
    plugin.capture = False
    plugin.process(sound[:, 2 * third :], rate, reset=False)


def state_of(plugin):
    """What a project would save, out of what the host wraps around it."""
    text = plugin.raw_state.decode("utf-8", "replace")
    found = re.search(r"<IComponent>([^<]*)</IComponent>", text)
    assert found, text[:200]
    # JUCE's base64: the length, a dot, and letters of its own alphabet.
    length, letters = found.group(1).split(".", 1)
    return json.loads(juce_base64(letters, int(length)))


def juce_base64(letters, length):
    """JUCE's own base64: six bits a letter, least significant first."""
    alphabet = ".ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+"
    bits = 0
    for place, letter in enumerate(letters):
        bits |= alphabet.index(letter) << (6 * place)
    return bits.to_bytes(len(letters), "little")[:length].decode()
