"""A real mouse and a real keyboard, and an ear, for the editor in a real host; the screen is a test's own."""

import ctypes
import json
import pathlib
import re
import subprocess
import threading
import time

# The host's toolkit asks X for windows that are gone already and dies of the answer; X's default
# handler ends the process. This one looks away. It must be in place before the host starts.
X11 = ctypes.CDLL("libX11.so.6")
LOOK_AWAY = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)(lambda *_: 0)
X11.XInitThreads()
X11.XSetErrorHandler(LOOK_AWAY)

import numpy as np  # noqa: E402

from common import RATE, level_db  # noqa: E402

BLOCK = 480
#: Pixels of a point, where a screen has more than one.
SCALE = 1
PLACES = json.loads((pathlib.Path(__file__).parent / "places.json").read_text())


class Player(threading.Thread):
    """Plays a sound in a loop, in real time."""

    def __init__(self, plugin, sound):
        super().__init__(daemon=True)
        self.plugin, self.sound, self.is_over = plugin, sound, threading.Event()

    def run(self):
        place, due = 0, time.monotonic()
        while not self.is_over.is_set():
            block = self.sound[:, place : place + BLOCK]
            self.plugin.process(np.ascontiguousarray(block), RATE, BLOCK, reset=False)
            place = (place + BLOCK) % (self.sound.shape[1] - BLOCK)
            due += BLOCK / RATE
            time.sleep(max(0.0, due - time.monotonic()))

    def play(self, sound):
        self.sound = sound


class Recorder(Player):
    """Keeps what came out last."""

    def __init__(self, plugin, sound):
        super().__init__(plugin, sound)
        self.heard, self.n_blocks = [], 0
        self.is_paused = False

    def run(self):
        place, due = 0, time.monotonic()
        while not self.is_over.is_set():
            if self.is_paused:
                time.sleep(0.05)
                due = time.monotonic()
                continue
            sound = self.sound
            place = place % (sound.shape[1] - BLOCK)
            block = np.ascontiguousarray(sound[:, place : place + BLOCK])
            output = self.plugin.process(block, RATE, BLOCK, reset=False)
            self.heard = [*self.heard[-99:], (level_db(block), level_db(output))]
            self.n_blocks += 1
            place += BLOCK
            due += BLOCK / RATE
            time.sleep(max(0.0, due - time.monotonic()))

    def let_pass(self, seconds):
        """Waits for so much sound: a busy machine may play it late."""
        end = self.n_blocks + seconds * RATE / BLOCK
        wait_for("sound", lambda: self.n_blocks >= end, seconds=20 + 4 * seconds)

    def drop_db(self):
        """By how much the last second is quieter than what went in."""
        before, after = np.mean(self.heard, axis=0)
        return before - after


def geometry():
    """Place and size of Quell's own window on the screen: the one inside the host's."""
    tree = subprocess.run(["xwininfo", "-root", "-tree"], check=True, capture_output=True, text=True)
    found = re.findall(r'"Quell".*?(\d+)x(\d+)\+-?\d+\+-?\d+\s+\+(-?\d+)\+(-?\d+)', tree.stdout)
    assert found, tree.stdout
    # The host's frame bears the name, too; ours is the smaller one inside.
    return min((tuple(map(int, numbers)) for numbers in found), key=lambda g: g[0] * g[1])


def resize(width, height):
    """Drags the host's window to a size that leaves so much for ours."""
    own_width, own_height, *_ = geometry()
    found = subprocess.run(
        ["xdotool", "search", "--name", "^Pedalboard$"], check=True, capture_output=True, text=True
    )
    outer = found.stdout.split()[-1]
    info = ["xdotool", "getwindowgeometry", "--shell", outer]
    shown = subprocess.run(info, check=True, capture_output=True, text=True)
    size = dict(line.split("=") for line in shown.stdout.split())
    outer_size = int(size["WIDTH"]), int(size["HEIGHT"])
    new_width = width + outer_size[0] - own_width
    new_height = height + outer_size[1] - own_height
    subprocess.run(["xdotool", "windowsize", outer, str(new_width), str(new_height)], check=True)
    time.sleep(0.5)


def shoot(path):
    width, height, x, y = geometry()
    crop = f"{width}x{height}+{x}+{y}"
    subprocess.run(["import", "-window", "root", "-crop", crop, "+repage", str(path)], check=True)


def look_away():
    """Takes the pointer off the window, which would show levels under it."""
    subprocess.run(["xdotool", "mousemove", "9999", "9999"], check=True)


def place_of(name, state="folded"):
    """Where a thing lies in a window of 1000 by 640, by its name: a test of the window's own writes the table."""
    return tuple(PLACES[state][name])


def found(where, state="folded"):
    return place_of(where, state) if isinstance(where, str) else where


def click(where, state="folded", from_right=False):
    """Clicks on what bears a name, or so many pixels from the window's corner."""
    share_x, share_y = (SCALE * share for share in found(where, state))
    width, _, x, y = geometry()
    at_x = x + (width - share_x if from_right else share_x)
    at_y = y + share_y
    subprocess.run(["xdotool", "mousemove", str(int(at_x)), str(int(at_y))], check=True)
    time.sleep(0.2)
    subprocess.run(["xdotool", "click", "1"], check=True)
    time.sleep(0.3)
    look_away()


def wait_for(what, condition, seconds=20.0):
    due = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < due, f"{what}: not within {seconds} s"
        time.sleep(0.1)


def hold(player, where, seconds):
    _, _, x, y = geometry()
    place = found(where)
    subprocess.run(["xdotool", "mousemove", str(int(x + place[0])), str(int(y + place[1]))], check=True)
    subprocess.run(["xdotool", "mousedown", "1"], check=True)
    player.let_pass(seconds)
    subprocess.run(["xdotool", "mouseup", "1"], check=True)
    look_away()


def keys(*what):
    """Types while the pointer is over the window, which is where keys go on a bare screen."""
    _, _, x, y = geometry()
    subprocess.run(["xdotool", "mousemove", str(x + 860), str(y + 29)], check=True)
    time.sleep(0.3)
    subprocess.run(["xdotool", *what], check=True)
    time.sleep(0.3)


def point(place):
    """Moves the pointer there and leaves it."""
    _, _, x, y = geometry()
    subprocess.run(["xdotool", "mousemove", str(int(x + place[0])), str(int(y + place[1]))], check=True)
    time.sleep(0.2)


def press(button, times=1):
    """Clicks where the pointer is; 3 is the right button, 4 and 5 are the wheel, up and down."""
    subprocess.run(["xdotool", "click", "--repeat", str(times), "--delay", "90", str(button)], check=True)
    time.sleep(0.4)


def drag(where, by_x, by_y, state="folded"):
    """Presses, moves in steps as a hand does, and lets go."""
    _, _, x, y = geometry()
    place = found(where, state)
    subprocess.run(["xdotool", "mousemove", str(int(x + place[0])), str(int(y + place[1]))], check=True)
    time.sleep(0.2)
    subprocess.run(["xdotool", "mousedown", "1"], check=True)
    # A window that looks seldom, on a busy machine, would see press and release at once: no drag.
    time.sleep(0.2)
    for step in range(1, 7):
        at = [str(int(x + place[0] + by_x * step / 6)), str(int(y + place[1] + by_y * step / 6))]
        subprocess.run(["xdotool", "mousemove", *at], check=True)
        time.sleep(0.05)
    time.sleep(0.2)
    subprocess.run(["xdotool", "mouseup", "1"], check=True)
    time.sleep(0.3)
    look_away()


def with_window(plugin, act):
    """Opens the window for as long as `act` runs beside it; returns what that returns."""
    close, results, failures = threading.Event(), [], []

    def beside():
        try:
            results.append(act())
        except BaseException as error:
            failures.append(error)
        finally:
            close.set()

    actor = threading.Thread(target=beside)
    actor.start()
    plugin.show_editor(close)
    actor.join()
    if failures:
        raise failures[0]
    return results[0]


def perform(plugin, sound, act, folder):
    """Opens the window while the sound plays, and lets `act(plugin, player)` use it; returns what that returns."""
    plugin.process(sound[:, :BLOCK], RATE, BLOCK, reset=True)
    player = Recorder(plugin, sound)

    def use():
        try:
            return act(plugin, player)
        except BaseException:
            shoot(folder / "failed.png")
            raise
        finally:
            player.is_over.set()
            player.join()

    player.start()
    return with_window(plugin, use)
