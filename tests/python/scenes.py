"""A picture of the editor in a real host, in a state that people meet: `scenes.py SCENE[@LOOK] FILE`.

A look is a size (`750x480`), `light`, or `scale-200`; the scenes `light` and `smallest` and their kin are looks of
`captured`.

`cargo xtask screenshots` runs this with `QUELL_VST3` and a screen of its own for every scene.
"""

import pathlib
import subprocess
import sys
import time

import hand
from hand import BLOCK, Player, click, look_away, resize, shoot, with_window  # before any other window

import numpy as np
from pedalboard.io import AudioFile

from common import RATE, load

RECORDING = pathlib.Path(__file__).parents[2] / "crates/cli/assets/fan_and_voice.flac"


def recording():
    """The demo: two seconds of a fan, then a voice over it; as stereo."""
    with AudioFile(str(RECORDING)) as file:
        sound = file.read(file.frames)
    assert file.samplerate == RATE
    return np.repeat(sound[:1], 2, axis=0)


def capture(plugin, player, fan, seconds=2.3):
    player.play(fan)
    time.sleep(0.3)
    plugin.capture = True
    time.sleep(seconds)
    plugin.capture = False
    time.sleep(0.2)


#: Scenes that are the usual one in another look.
LOOKS = {"light": "light", "smallest": "600x300", "largest": "2400x1536", "scale-200": "scale-200"}


def put_on(look):
    """Gives the window another size or other colours."""
    if look == "light":
        click("Look")
        click("Light", "look")
    elif "x" in look:
        resize(*map(int, look.split("x")))


def scene(name, path):
    name, _, look = name.partition("@")
    look = look or LOOKS.get(name, "")
    if look == "scale-200":
        hand.SCALE = 2
        setting = ["xprop", "-root", "-f", "RESOURCE_MANAGER", "8s", "-set", "RESOURCE_MANAGER"]
        subprocess.run([*setting, "Xft.dpi: 192"], check=True)
    plugin = load()
    sound = recording()
    fan, voice = sound[:, : 2 * RATE - BLOCK], sound[:, 2 * RATE :]
    plugin.process(fan[:, :BLOCK], RATE, BLOCK, reset=True)
    player = Player(plugin, voice)

    def act():
        try:
            time.sleep(1.5)
            look_away()
            if name == "capturing":
                # Before it, for a capture ends by itself.
                put_on(look)
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
                click("Spectrogram")
                time.sleep(9.5)
            if name in ("print", "expert"):
                click(name.capitalize())
            if name != "capturing":
                put_on(look)
            time.sleep(0.6)
            shoot(path)
        finally:
            player.is_over.set()
            player.join()

    player.start()
    with_window(plugin, act)


if __name__ == "__main__":
    scene(sys.argv[1], sys.argv[2])
