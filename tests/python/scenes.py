"""A picture of the editor in a real host, in a state that people meet: `scenes.py SCENE FILE`.

`cargo xtask screenshots` runs this with `QUELL_VST3` and a screen of its own for every scene.
"""

import ctypes
import pathlib
import re
import subprocess
import sys
import threading
import time

X11 = ctypes.CDLL("libX11.so.6")
LOOK_AWAY = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)(lambda *_: 0)
X11.XInitThreads()
X11.XSetErrorHandler(LOOK_AWAY)

import numpy as np  # noqa: E402
from pedalboard.io import AudioFile  # noqa: E402

from common import RATE, load  # noqa: E402

RECORDING = pathlib.Path(__file__).parents[2] / "crates/cli/assets/fan_and_voice.flac"
BLOCK = 480


def recording():
    """The demo: two seconds of a fan, then a voice over it; as stereo."""
    with AudioFile(str(RECORDING)) as file:
        sound = file.read(file.frames)
    assert file.samplerate == RATE
    return np.repeat(sound[:1], 2, axis=0)


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
    subprocess.run(["xdotool", "mousemove", "2290", "1490"], check=True)


def click(share_x, share_y, from_right=False):
    """Clicks so many pixels from the window's corner."""
    width, _, x, y = geometry()
    at_x = x + (width - share_x if from_right else share_x)
    at_y = y + share_y
    subprocess.run(["xdotool", "mousemove", str(int(at_x)), str(int(at_y))], check=True)
    time.sleep(0.2)
    subprocess.run(["xdotool", "click", "1"], check=True)
    time.sleep(0.3)
    look_away()


# Places of buttons, from the right edge of a window of 1000 by 640.
SPECTROGRAM = (155, 79)
LIGHT = (104, 30)
ADVANCED = (68, 606)


def capture(plugin, player, fan, seconds=2.3):
    player.play(fan)
    time.sleep(0.3)
    plugin.capture = True
    time.sleep(seconds)
    plugin.capture = False
    time.sleep(0.2)


def scene(name, path):
    if name == "scale-200":
        setting = ["xprop", "-root", "-f", "RESOURCE_MANAGER", "8s", "-set", "RESOURCE_MANAGER"]
        subprocess.run([*setting, "Xft.dpi: 192"], check=True)
    plugin = load()
    sound = recording()
    fan, voice = sound[:, : 2 * RATE - BLOCK], sound[:, 2 * RATE :]
    plugin.process(fan[:, :BLOCK], RATE, BLOCK, reset=True)
    player = Player(plugin, voice)
    close = threading.Event()

    def act():
        try:
            time.sleep(1.5)
            look_away()
            if name == "capturing":
                player.play(fan)
                plugin.capture = True
                time.sleep(1.3)
            elif name != "no-profile":
                capture(plugin, player, fan)
                player.play(voice)
                plugin.threshold_6_db = 5.0
                plugin.threshold_2_db = -4.0
                time.sleep(1.2)
            if name == "removed":
                plugin.hear = "Removed"
                time.sleep(0.4)
            if name == "spectrogram":
                click(*SPECTROGRAM, from_right=True)
                time.sleep(9.5)
            if name == "smallest":
                resize(600, 300)
            if name == "light":
                click(*LIGHT, from_right=True)
            if name == "advanced":
                click(*ADVANCED, from_right=True)
            time.sleep(0.6)
            shoot(path)
        finally:
            player.is_over.set()
            player.join()
            close.set()

    player.start()
    actor = threading.Thread(target=act)
    actor.start()
    plugin.show_editor(close)
    actor.join()


if __name__ == "__main__":
    scene(sys.argv[1], sys.argv[2])
