"""What is heard, chosen by key and made equally loud, with a real keyboard in a real host: `listening.py FOLDER`.

Run by test_hands.py on a screen of its own. Asserted is what the host is told, and that neither the project nor
what is rendered knows of "Same loudness"; pictures go into FOLDER.
"""

import pathlib
import sys
import time

from hand import click, keys, perform, shoot, wait_for  # before any other window

import numpy as np

from common import RATE, level_db, load, noise, state_of

FOLDER = pathlib.Path(sys.argv[1])
#: Longer than a key has to be held to be let go of, and than a keyboard waits before it repeats a key.
HELD_S = 1.5
DEPTH_DB = -12.0


def picture(name):
    time.sleep(0.4)
    shoot(FOLDER / f"listening-{name}.png")


def heard(plugin):
    return "Original" if plugin.bypass else {"Denoised": "Clean"}.get(plugin.hear, plugin.hear)


def wait_to_hear(plugin, wanted):
    wait_for(f"to hear {wanted}", lambda: heard(plugin) == wanted, seconds=5.0)


# ---- Keys ----------------------------------------------------------------------------------------


def hold_key(plugin, key, wanted):
    """Holds a key down as a finger does, with all that a keyboard repeats of it meanwhile."""
    keys("keydown", key)
    try:
        wait_to_hear(plugin, wanted)
        end = time.monotonic() + HELD_S
        while time.monotonic() < end:
            assert heard(plugin) == wanted, f"{heard(plugin)} while {key} is held"
            time.sleep(0.01)
    finally:
        keys("keyup", key)


def by_key(plugin):
    for key, wanted in [("3", "Removed"), ("1", "Original"), ("2", "Clean"), ("1", "Original"), ("3", "Removed")]:
        keys("key", key)
        wait_to_hear(plugin, wanted)
        time.sleep(0.7)
        assert heard(plugin) == wanted, "a short press stays"
    keys("key", "2")
    wait_to_hear(plugin, "Clean")
    for key, wanted in [("1", "Original"), ("3", "Removed")]:
        hold_key(plugin, key, wanted)
        wait_to_hear(plugin, "Clean")
        time.sleep(0.5)
        assert heard(plugin) == "Clean", f"{key} is let go of"
    keys("key", "3")
    hold_key(plugin, "2", "Clean")
    wait_to_hear(plugin, "Removed")
    keys("key", "2")
    wait_to_hear(plugin, "Clean")


# ---- Same loudness -------------------------------------------------------------------------------


def drop_db(player):
    """By how much it is quieter once levels have come to rest."""
    player.let_pass(4.0)
    return player.drop_db()


def same_loudness(plugin, player):
    """This host renders, and says so: what it renders keeps its level. That a stream of the program's own becomes as
    loud as what came in is held by src/plugin.rs."""
    plugin.reduction_db = DEPTH_DB
    plain_db = drop_db(player)
    assert abs(plain_db + DEPTH_DB) < 1.5, plain_db
    before = plugin.raw_state
    click("Same loudness")
    even_db = drop_db(player)
    picture("even")
    print(f"quieter than what came: {plain_db:.2f} dB, with Same loudness {even_db:.2f} dB")
    assert abs(even_db - plain_db) < 0.1, (even_db, plain_db)
    assert plugin.raw_state == before, "a project does not know of it"


def act(plugin, player):
    hiss = noise(4.0, amplitude=0.05, seed=6)
    time.sleep(1.5)
    player.play(hiss)
    player.let_pass(0.3)
    click("Capture noise")
    wait_for("a print", lambda: state_of(plugin)["profile"] is not None and not plugin.capture)
    by_key(plugin)
    same_loudness(plugin, player)
    return plugin.raw_state


def main():
    plugin = load(engine="Gate")
    state = perform(plugin, noise(2.0, amplitude=0.02, seed=5), act, FOLDER)
    # It is on in the first instance to the end; the second only has the project.
    other = load()
    other.raw_state = state
    sound = noise(4.0, amplitude=0.05, seed=6)
    heard = [each.process(sound, RATE, reset=True) for each in (plugin, other)]
    assert np.array_equal(*heard), "what is rendered is nobody's business but the project's"
    half = slice(sound.shape[1] // 2, None)
    quieter_db = level_db(sound[:, half]) - level_db(heard[1][:, half])
    assert abs(quieter_db + DEPTH_DB) < 1.5, quieter_db
    print("every key was heard")


if __name__ == "__main__":
    main()
