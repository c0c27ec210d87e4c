"""Four slots for prints, with a real mouse in a real host: `slots.py FOLDER`.

Run by test_hands.py on a screen of its own. Asserted is what a project holds, what is heard on a slot and half-way
between two, and what another instance makes of the project; pictures go into FOLDER.
"""

import pathlib
import sys
import time

from hand import BLOCK, click, keys, perform, shoot, wait_for  # before any other window

import numpy as np

from common import RATE, level_db, load, noise, state_of

FOLDER = pathlib.Path(sys.argv[1])
SLOTS = "ABCD"
#: What a slot is glided to in takes a tenth of a second; what hears it looks back by as much again.
SETTLED_S = 0.5


def print_in(plugin, slot):
    state = state_of(plugin)
    return state["profile"] if slot == "A" else state.get("slots", {}).get(slot)


def slot_of(plugin):
    return state_of(plugin)["params"]["slot"]


def picture(name):
    time.sleep(0.4)
    shoot(FOLDER / f"slots-{name}.png")


# ---- By hand, with the drawer open ---------------------------------------------------------------


def choose(plugin, slot):
    click(f"Print {slot}", "Print")
    wait_for(f"slot {slot}", lambda: slot_of(plugin) == SLOTS.index(slot))


def capture_into(plugin, player, slot, sound):
    before = print_in(plugin, slot)
    player.play(sound)
    player.let_pass(0.3)
    click("Capture noise", "Print")
    wait_for(f"a print in {slot}", lambda: print_in(plugin, slot) != before)
    wait_for("its switch goes off", lambda: not plugin.capture)
    return print_in(plugin, slot)


def save_as(plugin, slot, name):
    click("Save", "Print")
    keys("type", "--delay", "60", name)
    keys("key", "Return")
    wait_for(f"the name {name}", lambda: print_in(plugin, slot)["name"] == name)


def capture_into_both(plugin, player, soft, loud):
    click("Print")
    capture_into(plugin, player, "A", soft)
    save_as(plugin, "A", "Street")
    street = print_in(plugin, "A")
    assert abs(street["level_dbfs"] - level_db(soft)) < 1, street["level_dbfs"]
    choose(plugin, "B")
    picture("b-empty")
    assert print_in(plugin, "B") is None
    hall = capture_into(plugin, player, "B", loud)
    assert print_in(plugin, "A") == street, "A keeps its print"
    assert abs(hall["level_dbfs"] - level_db(loud)) < 1, hall["level_dbfs"]
    assert slot_of(plugin) == 1
    picture("b-captured")

    # It is a step of the history, in the slot where it was made, whichever is chosen by then.
    choose(plugin, "A")
    click("Undo", "Print")
    wait_for("B is chosen again", lambda: slot_of(plugin) == 1)
    click("Undo", "Print")
    wait_for("the capture is undone", lambda: print_in(plugin, "B") is None)
    assert print_in(plugin, "A") == street
    click("Redo", "Print")
    wait_for("and done again", lambda: print_in(plugin, "B") == hall)
    assert print_in(plugin, "A") == street
    save_as(plugin, "B", "Hall")


# ---- By ear --------------------------------------------------------------------------------------


def go_to(plugin, position):
    """As a host's automation does: between two blocks, with no word to the window."""
    plugin.parameters["print"].raw_value = position / (len(SLOTS) - 1)


def heard_at(plugin, positions, sound):
    """What is heard of the sound while it is gone from one position to the next, each for as long as the others."""
    blocks = [sound[:, at : at + BLOCK] for at in range(0, sound.shape[1], BLOCK)]
    go_to(plugin, positions[0])
    for block in blocks[: int(SETTLED_S * RATE / BLOCK)]:
        plugin.process(np.ascontiguousarray(block), RATE, BLOCK, reset=False)
    heard = []
    for idx, block in enumerate(blocks):
        go_to(plugin, positions[idx * len(positions) // len(blocks)])
        heard.append(plugin.process(np.ascontiguousarray(block), RATE, BLOCK, reset=False))
    return np.concatenate(heard, axis=1)


def largest_step(sound):
    return float(np.max(np.abs(np.diff(sound, axis=1))))


def listen_between(plugin, player, loud):
    player.is_paused = True
    time.sleep(0.2)
    settled = slice(int(SETTLED_S * RATE), None)
    sound = loud[:, : 2 * RATE]
    drops_db = [level_db(sound) - level_db(heard_at(plugin, [at], sound)[:, settled]) for at in (0.0, 0.5, 1.0)]
    print("quieter on A, between, on B, dB:", np.round(drops_db, 1).tolist())
    assert drops_db[0] + 1 < drops_db[1] < drops_db[2] - 1, drops_db

    # A slow tone over little hiss has small steps; a click would stand out of them.
    time_s = np.arange(sound.shape[1]) / RATE
    tone = (0.3 * np.sin(2 * np.pi * 220 * time_s) + 0.1 * sound).astype(np.float32)
    steady = max(largest_step(heard_at(plugin, [at], tone)) for at in (0.0, 0.5, 1.0))
    moved = largest_step(heard_at(plugin, [0.0, 0.5, 1.0, 0.5, 0.0], tone))
    print(f"largest step: {steady:.4f} on the way nowhere, {moved:.4f} on the way")
    assert moved < 1.05 * steady, (moved, steady)
    go_to(plugin, 0.5)
    player.is_paused = False
    player.let_pass(1.0)
    picture("between")


def act(plugin, player):
    soft, loud = noise(4.0, amplitude=0.02, seed=5), noise(4.0, amplitude=0.05, seed=6)
    time.sleep(1.5)
    capture_into_both(plugin, player, soft, loud)
    listen_between(plugin, player, loud)
    return plugin.raw_state, [print_in(plugin, slot) for slot in SLOTS]


def main():
    plugin = load(engine="Gate")
    state, prints = perform(plugin, noise(2.0, amplitude=0.02, seed=5), act, FOLDER)
    assert [print and (print["name"], print["verdict"]) for print in prints] == [
        ("Street", "steady"), ("Hall", "steady"), None, None
    ], prints
    other = load()
    other.raw_state = state
    assert [print_in(other, slot) for slot in SLOTS] == prints and abs(slot_of(other) - 0.5) < 1e-3
    sound = noise(2.0, amplitude=0.05, seed=21)
    heard = [each.process(sound, RATE, reset=True) for each in (plugin, other)]
    assert np.array_equal(*heard), "a project that is opened again sounds the same"
    print("every slot kept what is its own")


if __name__ == "__main__":
    main()
