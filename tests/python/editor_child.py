"""One scene with the editor, run by test_editor.py in a process of its own on its own screen.

`screenshot FILE`: opens the editor beside running audio and takes a picture of the screen.
`hammer ROUNDS`: opens and closes the editor again and again while another thread never stops
changing parameters and processing. nice-plug 0.4's own VST3 wrapper dies of this; see
src/vst3_shell.rs.
"""

import ctypes
import itertools
import subprocess
import sys
import threading
import time

# The host's toolkit asks X for windows that are gone already and dies of the answer; X's default
# handler ends the process. This one looks away. It must be in place before the host starts.
X11 = ctypes.CDLL("libX11.so.6")
LOOK_AWAY = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)(lambda *_: 0)
X11.XInitThreads()
X11.XSetErrorHandler(LOOK_AWAY)

from common import RATE, capture, load, noise  # noqa: E402


def keep_changing(plugin, stop, counter):
    """What a busy session does: every parameter moves, and audio runs."""
    sound = noise(0.02)
    for step in itertools.count():
        if stop.is_set():
            return
        plugin.reduction = step * 7 % 101
        plugin.floor_db = -(step * 3 % 100)
        plugin.output_gain_db = step % 12 - 6.0
        plugin.output = "Removed" if step % 5 == 0 else "Denoised"
        plugin.bypass = step % 9 == 0
        plugin.process(sound, RATE, buffer_size=64, reset=False)
        counter[0] += 1


def with_editor(plugin, seconds, action=lambda: None):
    """Opens the editor, lets `action` run beside it, and closes it after so many seconds."""
    close = threading.Event()

    def beside():
        time.sleep(seconds)
        action()
        close.set()

    thread = threading.Thread(target=beside)
    thread.start()
    plugin.show_editor(close)
    thread.join()


def screenshot(path):
    plugin = load()
    sound = noise(3.0)
    capture(plugin, sound)
    plugin.process(sound, RATE, reset=False)
    take = ["import", "-window", "root", path]
    with_editor(plugin, 3.0, lambda: subprocess.run(take, check=True))


def hammer(rounds):
    plugin = load()
    plugin.process(noise(0.1), RATE)
    stop, counter = threading.Event(), [0]
    worker = threading.Thread(target=keep_changing, args=(plugin, stop, counter))
    worker.start()
    for round_idx in range(rounds):
        before = counter[0]
        with_editor(plugin, 0.02 + 0.06 * (round_idx % 4))
        assert worker.is_alive(), "the thread that changes parameters died"
        print(f"round {round_idx + 1}: {counter[0] - before} changes", flush=True)
    stop.set()
    worker.join()
    assert counter[0] > rounds, "parameters did not change while the editor was open"
    print(f"survived {rounds} rounds, {counter[0]} blocks of changes")


if __name__ == "__main__":
    scene, argument = sys.argv[1:]
    if scene == "screenshot":
        screenshot(argument)
    else:
        hammer(int(argument))
