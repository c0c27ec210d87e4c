"""What the window says and what is heard and saved, with a real mouse and a real keyboard, in a real host:
`truths.py FOLDER`.

Run by test_hands.py on a screen of its own. Asserted is what a project or a preset holds, and what another
instance in the same state makes of a sound; pictures go into FOLDER.
"""

import json
import os
import pathlib
import sys
import time

from hand import PLACES, click, drag, keys, look_away, perform, point, press, shoot, wait_for  # before any other window

import numpy as np

from common import RATE, load, noise, state_of

FOLDER = pathlib.Path(sys.argv[1])

#: Where the spectrum is drawn, and the levels at its upper and lower edge in a new window, dB.
PLOT_LEFT, PLOT_TOP, PLOT_RIGHT, PLOT_BOTTOM = PLACES["folded"]["spectrum"]
TOP_DB, BOTTOM_DB = -20, -120


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


def attribute(plugin, name):
    """What the host's parameter of this name is called in Python, with its unit."""
    start = name.lower().replace(" ", "_")
    return next(key for key in plugin.parameters if key.startswith(start))


def turn(plugin, setting, name, by_y, state="folded"):
    """Drags a dial; its value must follow."""
    before = params(plugin)[setting]
    drag(name, 0, by_y, state)
    wait_for(f"{setting} is turned", lambda: params(plugin)[setting] != before, seconds=5.0)


# ---- B8: what is drawn and metered is what is so ---------------------------------------------


def listen(plugin, player):
    clean = plugin.raw_state
    click("Removed")
    wait_for("Removed", lambda: plugin.hear == "Removed")
    picture("removed")
    rest = plugin.raw_state
    claim(
        "what is removed and what remains are all there was",
        lambda: np.max(np.abs(heard(clean) + heard(rest) - onsets())) < 1e-4,
    )
    click("Clean")
    wait_for("Denoised", lambda: plugin.hear == "Denoised")
    click("Original")
    wait_for("Bypass", lambda: plugin.bypass)
    picture("bypass")
    bypassed = plugin.raw_state
    claim("Bypass lets the sound through", lambda: np.array_equal(heard(bypassed), onsets()))
    click("Clean")
    wait_for("no Bypass", lambda: not plugin.bypass)
    # The dial says how far the noise goes, and so it does.
    turn(plugin, "floor", "Reduction", 45)
    depth_db = params(plugin)["floor"]
    assert -25 < depth_db < -5, depth_db
    player.play(noise(4.0, amplitude=0.02, seed=5))
    player.let_pass(2.0)
    assert abs(player.drop_db() + depth_db) < 1.5, (player.drop_db(), depth_db)
    picture("reduction")
    click("Undo")
    wait_for("Undo", lambda: abs(params(plugin)["floor"] + 40) < 0.1)


# ---- The picture: a hand on the nodes and on the levels -----------------------------------------


def place_of_node(plugin, hz, range_db=(TOP_DB, BOTTOM_DB)):
    """Where a node lies over the print of white noise, while it shifts nothing."""
    about = state_of(plugin)["profile"]
    # Per 25 Hz; the mean of the logarithm is 2.5 dB lower, and its spread is 5.6 dB.
    level_db = about["level_dbfs"] - 10 * np.log10(960) - 2.5 + 5.6 * params(plugin)["sensitivity"]
    x = PLOT_LEFT + np.log(hz / 20) / np.log(1200) * (PLOT_RIGHT - PLOT_LEFT)
    top_db, bottom_db = range_db
    return x, PLOT_TOP + (top_db - level_db) / (top_db - bottom_db) * (PLOT_BOTTOM - PLOT_TOP)


def db_per_pixel(range_db=(TOP_DB, BOTTOM_DB)):
    return (range_db[0] - range_db[1]) / (PLOT_BOTTOM - PLOT_TOP)


def nodes(plugin):
    node = place_of_node(plugin, 500)
    shift = lambda: params(plugin)["thr_3"]  # noqa: E731
    near = lambda wanted, within: abs(shift() - wanted) < within  # noqa: E731
    drag(node, 0, -30)
    wait_for("a node is dragged", lambda: shift() > 1)
    picture("node-dragged")
    assert near(30 * db_per_pixel(), 1.0), (shift(), 30 * db_per_pixel())
    click("Undo")
    wait_for("Undo", lambda: near(0, 0.01))

    # The wheel, one notch a dB.
    point(node)
    press(4, times=3)
    wait_for("the wheel", lambda: near(3, 0.6), seconds=5.0)
    press(5, times=3)
    wait_for("the wheel back", lambda: near(0, 0.6), seconds=5.0)

    # Enter types, in dB or in Hz.
    point(node)
    press(1)
    for text, setting, wanted in [("-12 dB", "thr_3", -12), ("+6", "thr_3", 6), ("2.5 kHz", "thr_hz_3", 2_500)]:
        keys("key", "Return")
        keys("type", "--delay", "60", "--", text)
        keys("key", "Return")
        wait_for(text, lambda: abs(params(plugin)[setting] - wanted) < 1e-3 * abs(wanted), seconds=5.0)
    picture("node-typed")

    # A right click opens a box with a button for the default.
    x, y = place_of_node(plugin, 2_500)
    point((x, y - 6 / db_per_pixel()))
    press(3)
    picture("node-box")
    keys("key", "Escape")
    point((x, y - 6 / db_per_pixel()))
    press(1, times=2)
    wait_for("a double click", lambda: near(0, 0.01) and abs(params(plugin)["thr_hz_3"] - 500) < 1, seconds=5.0)
    look_away()


def levels(plugin):
    """The range is nobody's but the window's; what a node takes from its place tells it."""
    drag("levels, low", 0, 250)
    picture("levels")
    narrow = (TOP_DB, -60)
    node = place_of_node(plugin, 500, narrow)
    # It lies below the picture now, and its handle at the ground.
    place = (node[0], min(node[1], PLOT_BOTTOM - 7))
    drag(place, 0, -40)
    shift = params(plugin)["thr_3"]
    assert abs(shift - 40 * db_per_pixel(narrow)) < 1.0, (shift, 40 * db_per_pixel(narrow))
    click("Undo")
    wait_for("Undo", lambda: abs(params(plugin)["thr_3"]) < 0.01)
    # A double click brings the range back.
    point(PLACES["folded"]["levels, low"])
    press(1, times=2)
    drag(place_of_node(plugin, 500), 0, -30)
    shift = params(plugin)["thr_3"]
    assert abs(shift - 30 * db_per_pixel()) < 1.0, (shift, 30 * db_per_pixel())
    click("Undo")
    wait_for("Undo", lambda: abs(params(plugin)["thr_3"]) < 0.01)


# ---- B9: only live controls look alive ----------------------------------------------------------


def controls(plugin):
    # What does nothing with an engine is not in its drawer; where it does something it is, and does. Dials at their
    # end go down.
    click("Expert")
    for name, setting, idle, live, by_y in [
        ("Smoothing", "freq_smooth", "Neural", "Gate", 40),
        ("Knee", "knee", "Neural", "Classic", -40),
        ("Transients", "transient", "Classic", "Gate", 40),
        ("Artifact control", "artifact", "Neural", "Gate", 40),
        ("Time smoothing", "time_smooth", "Neural", "Classic", -40),
    ]:
        assert name not in PLACES[f"Expert, {idle}"], name
        for engine, compare, words in [
            (idle, sounds_the_same, f"{name} is not there with {idle}, where it does nothing"),
            (live, sounds_otherwise, f"{name} is there with {live} and does something"),
        ]:
            set_engine(plugin, engine)
            before = plugin.raw_state
            if engine == live:
                turn(plugin, setting, name, by_y, f"Expert, {engine}")
            else:
                setattr(plugin, attribute(plugin, name), 7.0)
                time.sleep(0.3)
            picture(f"{setting}-{engine.lower()}")
            compare(words, before, plugin.raw_state)
            if engine == live:
                click("Undo")
            else:
                plugin.raw_state = before
    click("Expert")
    set_engine(plugin, "Neural")


# ---- B10: presets and A/B never leak ------------------------------------------------------------


def typed(place, text):
    click(place)
    keys("type", "--delay", "60", text)
    keys("key", "Return")


def presets(plugin):
    typed("Reduction, value", "12")
    wait_for("a typed value", lambda: params(plugin)["floor"] == -12)
    typed("Reduction, value", "loud")
    picture("no-number")
    assert params(plugin)["floor"] == -12, "what is no number changes nothing"

    click("Removed")
    wait_for("Removed", lambda: plugin.hear == "Removed")
    click("Presets")
    picture("presets")
    click("Save as\u2026", "presets")
    keys("type", "--delay", "60", "Tape")
    keys("key", "Return")
    path = pathlib.Path(os.environ["QUELL_HOME"]) / "presets/Tape.json"
    wait_for("the preset", path.exists)
    first = path.read_bytes()
    saved = json.loads(first)["params"]
    assert saved["floor"] == -12 and "monitor" not in saved and "capture" not in saved, saved
    click("Clean")

    # A step to another preset and back by Undo; what is listened to is nobody's.
    click("Next preset")
    wait_for("another preset", lambda: params(plugin)["floor"] != -12)
    picture("next")
    click("Undo")
    wait_for("Undo", lambda: params(plugin)["floor"] == -12)

    # The same name again asks first.
    typed("Reduction, value", "20")
    picture("edited")
    click("Presets")
    click("Save as\u2026", "presets with one")
    keys("type", "--delay", "60", "Tape")
    keys("key", "Return")
    picture("replace")
    assert path.read_bytes() == first, "it is there, and was good"
    keys("key", "Escape")
    assert path.read_bytes() == first

    # A and B.
    click("B")
    typed("Reduction, value", "6")
    wait_for("B", lambda: params(plugin)["floor"] == -6)
    click("A")
    wait_for("A", lambda: params(plugin)["floor"] == -20)
    click("Undo")
    wait_for("Undo leads back to B", lambda: params(plugin)["floor"] == -6)
    picture("b")
    click("Copy A\u203aB")
    click("A")
    time.sleep(0.5)
    assert params(plugin)["floor"] == -6, "A is a copy of B now"


def act(plugin, player):
    time.sleep(1.5)
    player.play(noise(4.0, amplitude=0.02, seed=5))
    player.let_pass(0.3)
    click("Capture noise")
    wait_for("a print", lambda: state_of(plugin)["profile"] is not None and not plugin.capture)
    listen(plugin, player)
    nodes(plugin)
    levels(plugin)
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
