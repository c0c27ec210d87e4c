"""Captures with a real mouse and a real keyboard, in a real host: `captures.py FOLDER`.

Run by test_hands.py on a screen of its own. What is asserted is what is saved, what the host is
told and what is heard; a picture of every state of the status line goes into FOLDER.
"""

import json
import os
import pathlib
import sys
import time

from hand import PLACES, click, drag, hold, keys, perform, place_of, shoot, wait_for  # before any other window

import numpy as np

from common import RATE, level_db, load, noise, state_of

FOLDER = pathlib.Path(sys.argv[1])

# Remedies stand at the right end of the status line.
LEFT_REMEDY = (194, place_of("status line")[1])
RIGHT_REMEDY = (58, place_of("status line")[1])
#: The strip of the last seconds: its ends, its height in the window, and how long it is.
STRIP_LEFT, STRIP_RIGHT, STRIP_Y = PLACES["folded"]["last seconds"]
STRIP_S = 10.24


def print_of(plugin):
    return state_of(plugin)["profile"]


def remedy(place):
    click(place, from_right=True)


def in_drawer(name):
    """Opens the print's drawer for a click in it."""
    click("Print")
    click(name, "Print")
    if name != "Save":
        click("Print")


def picture(name):
    time.sleep(0.4)
    shoot(FOLDER / f"status-{name}.png")


def with_notes(sound):
    """Notes with pauses of a second between them."""
    time_s = np.arange(sound.shape[1]) / RATE
    note = np.sin(2 * np.pi * 330 * time_s) * (time_s % 2.0 < 1.0)
    return (sound + 0.2 * note).astype(np.float32)


def talking(seconds):
    """What comes and goes three times a second between 300 and 3,400 Hz, over a little hiss: speech to anybody who
    does not know words, in whatever second it is met."""
    spectrum = np.fft.rfft(noise(seconds, amplitude=0.2, seed=8))
    hz = np.fft.rfftfreq(int(seconds * RATE), 1 / RATE)
    voice = np.fft.irfft(spectrum * ((hz > 300) & (hz < 3_400)))
    time_s = np.arange(voice.shape[1]) / RATE
    return (voice * (time_s * 3.0 % 1.0 < 0.5) + noise(seconds, amplitude=0.002, seed=9)).astype(np.float32)


def capture_once(plugin, player, sound):
    """A click, and the print that it gave."""
    before = print_of(plugin)
    player.play(sound)
    player.let_pass(0.3)
    click("Capture noise")
    wait_for("a capture ends by itself", lambda: print_of(plugin) != before)
    wait_for("its switch goes off", lambda: not plugin.capture)
    return print_of(plugin)


def act(plugin, player):
    hiss, louder = noise(4.0, amplitude=0.02, seed=5), noise(4.0, amplitude=0.05, seed=6)
    voice = talking(4.0)
    silence = np.zeros((2, 2 * RATE), np.float32)
    time.sleep(1.5)
    picture("following")

    # A2: one click learns two seconds and is over; A3: the print says what it is.
    player.play(hiss)
    player.let_pass(0.3)
    click("Capture noise")
    player.let_pass(0.7)
    assert plugin.capture
    picture("capturing")
    wait_for("a capture ends by itself", lambda: print_of(plugin) is not None)
    wait_for("its switch goes off", lambda: not plugin.capture)
    first = print_of(plugin)
    assert first["verdict"] == "steady" and abs(first["seconds"] - 2.0) < 0.1, first
    assert abs(first["level_dbfs"] - level_db(hiss)) < 1, first["level_dbfs"]
    player.let_pass(1.5)
    drop_db = player.drop_db()
    assert drop_db > 10, drop_db
    picture("steady")

    # A1: speech does not take its place, though it was held down for it.
    player.play(voice)
    hold(player, "Capture noise", 4.0)
    player.let_pass(0.5)
    assert print_of(plugin) == first
    picture("offered")
    player.play(hiss)
    player.let_pass(1.5)
    now_db = player.drop_db()
    assert abs(now_db - drop_db) < 2, f"it sounds as before: {drop_db:.1f}, {now_db:.1f} dB"
    remedy(LEFT_REMEDY)
    wait_for("the speech", lambda: print_of(plugin)["verdict"] == "speech")
    picture("speech")
    click("Undo")
    wait_for("Undo", lambda: print_of(plugin) == first)

    # The same by key: every capture is a step, the good one, too.
    second = capture_once(plugin, player, louder)
    assert second["level_dbfs"] > first["level_dbfs"] + 5
    keys("key", "ctrl+z")
    wait_for("Undo", lambda: print_of(plugin) == first)

    # A3: its file says what the print is, and so does a project that is opened later.
    in_drawer("Save")
    keys("type", "--delay", "60", "Tape")
    keys("key", "Return")
    path = pathlib.Path(os.environ["QUELL_HOME"]) / "prints/Tape.json"
    wait_for("the file", path.exists)
    picture("drawer")
    click("Print")
    saved = json.loads(path.read_text())
    for name in ("verdict", "seconds", "level_dbfs", "made_unix_s"):
        assert saved[name] == first[name], name
    assert saved["name"] == "Tape" and print_of(plugin)["name"] == "Tape"
    picture("named")
    project = (plugin.raw_state, print_of(plugin))

    # A stale error goes with the next capture.
    player.play(silence)
    hold(player, "Capture noise", 1.0)
    player.let_pass(0.5)
    picture("refused")
    assert print_of(plugin)["name"] == "Tape"

    # A7: a capture puts its print in the place of what is followed, as one step.
    plugin.noise_from = "Adaptive"
    capture_once(plugin, player, louder)
    assert plugin.noise_from == "Captured"
    click("Undo")
    wait_for("Undo", lambda: plugin.noise_from == "Adaptive")
    assert print_of(plugin)["name"] == "Tape"
    picture("kept")
    remedy(RIGHT_REMEDY)
    wait_for("the print", lambda: plugin.noise_from == "Captured")

    # A4: what played is learned though the transport stands.
    player.play(with_notes(louder))
    player.let_pass(4.0)
    player.play(silence)
    player.let_pass(0.5)
    before = print_of(plugin)
    in_drawer("Use last seconds")
    wait_for("the last seconds", lambda: print_of(plugin) != before)
    recent = print_of(plugin)
    # The quietest steady noise of the last 20 s is the hiss or what came after it, never a note.
    assert recent["verdict"] == "steady" and recent["level_dbfs"] < level_db(louder) + 1, recent

    # A5: what is added counts by its length.
    in_drawer("Add to print")
    added = capture_once(plugin, player, louder)
    assert abs(added["seconds"] - recent["seconds"] - 2.0) < 0.1, added["seconds"]
    in_drawer("Add to print")

    drag_over_the_past(plugin, player, hiss, louder)

    # A6: another noise is named, and followed if one likes.
    capture_once(plugin, player, hiss)
    player.let_pass(5.5)
    picture("fits")
    player.play(noise(8.0, amplitude=0.2, seed=7))
    player.let_pass(4.0)
    picture("changed")
    remedy(RIGHT_REMEDY)
    wait_for("following", lambda: plugin.noise_from == "Adaptive")
    assert print_of(plugin)["verdict"] == "steady"
    other_verdicts(plugin, player, hiss)
    return project


def drag_over_the_past(plugin, player, hiss, louder):
    """Three seconds of louder noise, three of softer; a stretch of the louder is learned, and can be undone."""
    before = print_of(plugin)
    for sound in (louder, hiss):
        player.play(sound)
        player.let_pass(3.0)
    per_second = (STRIP_RIGHT - STRIP_LEFT) / STRIP_S
    drag((STRIP_RIGHT - 5.6 * per_second, STRIP_Y), 1.2 * per_second, 0)
    wait_for("the stretch", lambda: print_of(plugin) != before)
    learned = print_of(plugin)
    picture("stretch")
    assert learned["verdict"] == "steady" and abs(learned["level_dbfs"] - level_db(louder)) < 1, learned
    assert 0.8 < learned["seconds"] < 2.5, learned["seconds"]
    click("Undo")
    wait_for("Undo", lambda: print_of(plugin) == before)


def other_verdicts(plugin, player, hiss):
    """What else the status line has to say."""
    time_s = np.arange(8 * RATE) / RATE
    swelling = (noise(8.0, amplitude=0.05, seed=12) * 10 ** (0.3 * np.sin(2 * np.pi * time_s))).astype(np.float32)
    tone = np.repeat(0.2 * np.sin(2 * np.pi * 1_000 * time_s)[None], 2, 0).astype(np.float32)
    clipped = np.clip(noise(4.0, amplitude=4.0, seed=13), -1, 1)

    pulsing = capture_once(plugin, player, swelling)
    assert pulsing["verdict"] == "varying", pulsing["verdict"]
    picture("pulsing")
    remedy(RIGHT_REMEDY)
    wait_for("the network", lambda: plugin.engine == "Neural")
    picture("pulsing-neural")
    for name, sound in [("tone", tone), ("clipped", clipped)]:
        player.play(sound)
        hold(player, "Capture noise", 2.5)
        player.let_pass(0.5)
        picture(f"offered-{name}")
        assert print_of(plugin) == pulsing, f"a {name} is offered"
    player.play(hiss)
    player.let_pass(0.5)
    # Too quick for a hand, but not for automation.
    plugin.capture = True
    player.let_pass(0.15)
    plugin.capture = False
    player.let_pass(0.5)
    picture("too-short")
    assert print_of(plugin) == pulsing and not plugin.capture
    player.is_paused = True
    click("Capture noise")
    picture("waits")
    player.is_paused = False
    wait_for("the print", lambda: print_of(plugin) != pulsing and not plugin.capture)
    plugin.noise_from = "Sidechain"
    player.let_pass(0.5)
    picture("noise-input-silent")


def main():
    plugin = load(engine="Gate")
    state, print_then = perform(plugin, noise(2.0, amplitude=0.02, seed=5), act, FOLDER)
    # A project that is opened again describes its print as it was.
    other = load()
    other.raw_state = state
    assert print_of(other) == print_then
    print("all captures did what they should")


if __name__ == "__main__":
    main()
