"""What the window says and what is heard and saved, with a real mouse and a real keyboard, in a real host:
`truths.py FOLDER`.

Run by test_truths.py on a screen of its own. Asserted is what a project or a preset holds, and what another
instance in the same state makes of a sound; pictures go into FOLDER.
"""

import json
import os
import pathlib
import sys
import time

from hand import click, drag, keys, perform, shoot, wait_for  # before any other window

import numpy as np

from common import RATE, load, noise, state_of

FOLDER = pathlib.Path(sys.argv[1])

# Places in a window of 1000 by 640, and with the second row open.
CAPTURE = (120, 479)
PRESETS, NEXT_PRESET = (211, 30), (325, 30)
A, B, COPY, UNDO, BYPASS = (366, 30), (405, 30), (457, 30), (529, 30), (957, 30)
DENOISED, REMOVED, ADVANCED = (546, 606), (676, 606), (932, 606)
SAVE_AS, SAVE_AS_BELOW_ONE = (150, 359), (150, 389)
REDUCTION, REDUCTION_VALUE = (378, 510), (378, 568)
SENSITIVITY, SMOOTHING = (543, 538), (668, 538)
SECOND_ROW = ["reduction", "time_smooth", "attack", "release", "artifact", "transient", "knee"]


def params(plugin):
    return state_of(plugin)["params"]


def picture(name):
    time.sleep(0.4)
    shoot(FOLDER / f"truth-{name}.png")


def onsets():
    """Notes that come and go over hiss: something to do for every control."""
    time_s = np.arange(2 * RATE) / RATE
    note = np.sin(2 * np.pi * 330 * time_s) * (time_s % 0.5 < 0.2)
    return (noise(2.0, amplitude=0.02, seed=11) + 0.2 * note).astype(np.float32)


def heard(state):
    """What another instance in this state makes of the sound above; the host loads only in its main thread."""
    other = load()
    other.raw_state = state
    return other.process(onsets(), RATE, reset=True)


#: What is to be asked once the window is closed: words, and a question.
claims = []


def claim(words, question):
    claims.append((words, question))


def sounds_the_same(words, one, other):
    claim(words, lambda: np.array_equal(heard(one), heard(other)))


def sounds_otherwise(words, one, other):
    claim(words, lambda: not np.array_equal(heard(one), heard(other)))


def set_engine(plugin, engine):
    plugin.engine = engine
    time.sleep(0.3)
    assert params(plugin)["engine"] == engine.lower()


def turn(plugin, setting, place, by_y):
    """Drags a dial; its value must follow."""
    before = params(plugin)[setting]
    drag(place, 0, by_y)
    wait_for(f"{setting} is turned", lambda: params(plugin)[setting] != before, seconds=5.0)


# ---- B8: what is drawn and metered is what is so ---------------------------------------------


def listen(plugin, player):
    clean = plugin.raw_state
    click(*REMOVED)
    wait_for("Removed", lambda: plugin.hear == "Removed")
    picture("removed")
    rest = plugin.raw_state
    claim(
        "what is removed and what remains are all there was",
        lambda: np.max(np.abs(heard(clean) + heard(rest) - onsets())) < 1e-4,
    )
    click(*DENOISED)
    wait_for("Denoised", lambda: plugin.hear == "Denoised")
    click(*BYPASS)
    wait_for("Bypass", lambda: plugin.bypass)
    picture("bypass")
    bypassed = plugin.raw_state
    claim("Bypass lets the sound through", lambda: np.array_equal(heard(bypassed), onsets()))
    click(*BYPASS)
    wait_for("no Bypass", lambda: not plugin.bypass)
    # The dial says how far the noise goes, and so it does.
    turn(plugin, "floor", REDUCTION, 45)
    depth_db = params(plugin)["floor"]
    assert -25 < depth_db < -5, depth_db
    player.play(noise(4.0, amplitude=0.02, seed=5))
    player.let_pass(2.0)
    assert abs(player.drop_db() + depth_db) < 1.5, (player.drop_db(), depth_db)
    picture("reduction")
    click(*UNDO)
    wait_for("Undo", lambda: abs(params(plugin)["floor"] + 40) < 0.1)


# ---- B9: only live controls look alive ----------------------------------------------------------


def place_in_second_row(setting):
    """Its dials share the panel's width, less that of the switches."""
    left, right, n = 20, 870, len(SECOND_ROW)
    return (round(left + (right - left) / n * (SECOND_ROW.index(setting) + 0.5)), 346)


def controls(plugin):
    # What does nothing with an engine, and an engine where it does something; dials at their end go down.
    for setting, place, idle, live, by_y in [
        ("freq_smooth", SMOOTHING, "Neural", "Gate", 40),
        ("knee", None, "Neural", "Classic", -40),
        ("transient", None, "Classic", "Gate", 40),
        ("artifact", None, "Neural", "Gate", 40),
        ("time_smooth", None, "Neural", "Classic", -40),
    ]:
        if place is None:
            click(*ADVANCED)
        for engine, compare, words in [
            (idle, sounds_the_same, f"{setting} says that it does nothing with {idle}"),
            (live, sounds_otherwise, f"{setting} looks alive with {live}"),
        ]:
            set_engine(plugin, engine)
            before = plugin.raw_state
            turn(plugin, setting, place or place_in_second_row(setting), by_y)
            picture(f"{setting}-{engine.lower()}")
            compare(words, before, plugin.raw_state)
            click(*UNDO)
        if place is None:
            click(*ADVANCED)
    set_engine(plugin, "Neural")


# ---- B10: presets and A/B never leak ------------------------------------------------------------


def typed(place, text):
    click(*place)
    keys("type", "--delay", "60", text)
    keys("key", "Return")


def presets(plugin):
    typed(REDUCTION_VALUE, "12")
    wait_for("a typed value", lambda: params(plugin)["floor"] == -12)
    typed(REDUCTION_VALUE, "loud")
    picture("no-number")
    assert params(plugin)["floor"] == -12, "what is no number changes nothing"

    click(*REMOVED)
    wait_for("Removed", lambda: plugin.hear == "Removed")
    click(*PRESETS)
    picture("presets")
    click(*SAVE_AS)
    keys("type", "--delay", "60", "Tape")
    keys("key", "Return")
    path = pathlib.Path(os.environ["QUELL_HOME"]) / "presets/Tape.json"
    wait_for("the preset", path.exists)
    first = path.read_bytes()
    saved = json.loads(first)["params"]
    assert saved["floor"] == -12 and "monitor" not in saved and "capture" not in saved, saved
    click(*DENOISED)

    # A step to another preset and back by Undo; what is listened to is nobody's.
    click(*NEXT_PRESET)
    wait_for("another preset", lambda: params(plugin)["floor"] != -12)
    picture("next")
    click(*UNDO)
    wait_for("Undo", lambda: params(plugin)["floor"] == -12)

    # The same name again asks first.
    typed(REDUCTION_VALUE, "20")
    picture("edited")
    click(*PRESETS)
    click(*SAVE_AS_BELOW_ONE)
    keys("type", "--delay", "60", "Tape")
    keys("key", "Return")
    picture("replace")
    assert path.read_bytes() == first, "it is there, and was good"
    keys("key", "Escape")
    assert path.read_bytes() == first

    # A and B.
    click(*B)
    typed(REDUCTION_VALUE, "6")
    wait_for("B", lambda: params(plugin)["floor"] == -6)
    click(*A)
    wait_for("A", lambda: params(plugin)["floor"] == -20)
    click(*UNDO)
    wait_for("Undo leads back to B", lambda: params(plugin)["floor"] == -6)
    picture("b")
    click(*COPY)
    click(*A)
    time.sleep(0.5)
    assert params(plugin)["floor"] == -6, "A is a copy of B now"


def act(plugin, player):
    time.sleep(1.5)
    player.play(noise(4.0, amplitude=0.02, seed=5))
    player.let_pass(0.3)
    click(*CAPTURE)
    wait_for("a print", lambda: state_of(plugin)["profile"] is not None and not plugin.capture)
    listen(plugin, player)
    controls(plugin)
    presets(plugin)
    player.is_over.set()
    time.sleep(2.5)
    picture("still")


if __name__ == "__main__":
    perform(load(), noise(2.0, amplitude=0.02, seed=5), act, FOLDER)
    for words, question in claims:
        assert question(), words
    print("the window told the truth")
