"""The window as a screen reader meets it, in a real host: `access.py SCENE`, within `dbus-run-session`.

`use`: names, roles and values are there; what is done through them is heard and saved; in the next window, too.
`late`: the reader comes and goes while the window is open.
`gone`: the instance and its window are gone, and the reader goes after that.
`kept`: a host that unloads the plugin takes its code from under no thread that the reader needs.
`cost SECONDS`: what the window's own threads cost with and without a reader.
`beside COMMAND ...`: two windows of one program that another command opens and closes again and again.
"""

import ctypes
import gc
import json
import os
import pathlib
import subprocess
import sys
import time

from hand import perform, wait_for, with_window  # before any other window

from jeepney import DBusErrorResponse

from editor_child import BLOCK, signal, thread_seconds
from reader import CHECKED, PRESSED, Reader

from common import RATE, load, noise, plugin_path, state_of

SOUND = noise(4.0, seed=31)


def assert_near(found, wanted, by, what):
    assert abs(found - wanted) <= by, f"{what}: {found} and not {wanted}"


def look(reader, window):
    """What every window says of itself."""
    things = reader.everything(window)
    for name, role in {
        "Quell": "frame",
        "Capture noise": "button",
        "Reduction": "slider",
        "Sensitivity": "slider",
        "Original": "button",
        "Undo": "button",
    }.items():
        assert name in things, sorted(things)
        assert role in reader.role(things[name]), (name, reader.role(things[name]))
    assert things["Threshold node 1"], "the picture's nodes are there"
    return things


def use_one(reader, plugin, player):
    (window,) = reader.wait_for_windows(1)
    things = look(reader, window)
    reduction = things["Reduction"]
    assert reader.value(window, "Reduction") == plugin.reduction_db
    words = reader.description(reduction)
    assert "dB" in words, words
    ends = [reader.property(reduction, "Value", name) for name in ("MinimumValue", "MaximumValue")]
    assert ends == [-100.0, 0.0], ends
    # The capture button makes a print, which the project keeps.
    assert state_of(plugin)["profile"] is None
    reader.click(window, "Capture noise")
    wait_for("the button to say so", lambda: "Stop capture" in reader.everything(window))
    assert is_pressed(reader, reader.find(window, "Stop capture"))
    wait_for("a print", lambda: state_of(plugin)["profile"] is not None)
    wait_for("the end of the capture", lambda: "Capture noise" in reader.everything(window))
    # A value that is set is what the host has and the ear hears.
    for reduction_db in (-12.0, -30.0):
        reader.set_value(window, "Reduction", reduction_db)
        wait_for("the host's value", lambda: abs(plugin.reduction_db - reduction_db) < 0.1)
        player.let_pass(2.0)
        assert_near(player.drop_db(), -reduction_db, 2.0, "the noise goes down by so many dB")
        assert_near(reader.value(window, "Reduction"), reduction_db, 0.1, "Reduction says")


def is_pressed(reader, thing):
    return reader.is_in_state(thing, PRESSED) or reader.is_in_state(thing, CHECKED)


def use_again(reader, plugin, player):
    """The second window of the instance."""
    (window,) = reader.wait_for_windows(1)
    look(reader, window)
    assert_near(reader.value(window, "Reduction"), -30.0, 0.1, "Reduction says")
    reader.click(window, "Original")
    wait_for("the host's value", lambda: plugin.bypass)
    player.let_pass(2.0)
    assert_near(player.drop_db(), 0.0, 0.5, "what is taken from the original")


def use(folder):
    reader = Reader()
    reader.turn(True)
    plugin = load()
    perform(plugin, SOUND, lambda plugin, player: use_one(reader, plugin, player), folder)
    reader.wait_for_windows(0)
    perform(plugin, SOUND, lambda plugin, player: use_again(reader, plugin, player), folder)
    reader.wait_for_windows(0)
    print("heard and used")


def late():
    reader, plugin = Reader(), load()

    def act():
        for is_on in (False, True, False, True):
            reader.turn(is_on)
            if is_on:
                (window,) = reader.wait_for_windows(1)
                look(reader, window)
            else:
                time.sleep(1.0)
                assert not reader.windows(), "nobody listens"

    with_window(plugin, act)
    print("came and went")


def gone():
    reader = Reader()
    for _ in range(3):
        plugin = load()
        reader.turn(True)
        with_window(plugin, lambda: reader.wait_for_windows(1))
        del plugin
        gc.collect()
        reader.wait_for_windows(0)
        reader.turn(False)
        time.sleep(1.0)
    print("survived")


def is_loaded(library):
    return library in pathlib.Path("/proc/self/maps").read_text()


def kept():
    """This host never unloads, so the plugin's library is given back here, more often than it was taken: one that is
    to stay takes no notice, any other says that it is not open any more. Asked for are both, as threads that live may
    keep it loaded by themselves, and may not."""
    reader, plugin = Reader(), load()
    library = str(next(pathlib.Path(plugin_path()).rglob("*.so")).resolve())
    reader.turn(True)
    with_window(plugin, lambda: reader.wait_for_windows(1))
    del plugin
    gc.collect()
    reader.wait_for_windows(0)
    handle = ctypes.CDLL(library, mode=os.RTLD_NOLOAD | os.RTLD_NOW)._handle
    give_back = ctypes.CDLL(None).dlclose
    give_back.argtypes = [ctypes.c_void_p]
    for n in range(100):
        assert give_back(handle) == 0, f"after {n} times it is no longer kept"
        assert is_loaded(library), f"after {n} times its threads have no code"
    for is_on in (False, True):
        reader.turn(is_on)
        time.sleep(1.0)
    print("given back, and kept", flush=True)
    # The host believes that it has a plugin still.
    os._exit(0)


def cost(seconds):
    reader, plugin, shares = Reader(), load(), {}
    before = set(thread_seconds())

    def act():
        for is_on in (False, True):
            reader.turn(is_on)
            time.sleep(3.0)
            start, began, n_blocks = thread_seconds(), time.monotonic(), 0
            while time.monotonic() - began < seconds:
                plugin.process(signal(n_blocks), RATE, BLOCK, reset=False)
                n_blocks += 1
                time.sleep(max(0.0, began + n_blocks * BLOCK / RATE - time.monotonic()))
            passed, now = time.monotonic() - began, thread_seconds()
            kinds = {}
            for task, (thread, spent) in now.items():
                if task not in before:
                    used = (spent - start.get(task, (thread, 0.0))[1]) / passed
                    kinds[thread] = kinds.get(thread, 0.0) + used
            shares["with a reader" if is_on else "without"] = {k: round(v, 4) for k, v in kinds.items() if v > 0.0005}

    with_window(plugin, act)
    print("share of a core:", json.dumps(shares))


def beside(*command):
    """Windows come and go under the reader's eyes; what it asks of those that are gone is an error to it alone."""
    reader = Reader()
    reader.turn(True)
    other = subprocess.Popen(command, env=dict(os.environ, QUELL_IS_HEARD="1"))
    most, n_things = 0, 0
    while other.poll() is None:
        try:
            for inside in reader.windows().values():
                most = max(most, len(inside))
                n_things += sum(len(reader.everything(window)) for window in inside)
                # What changes no sound, as the command may hold it against that of no window.
                reader.click(inside[0], "Spectrogram")
        except (DBusErrorResponse, KeyError):
            pass
        time.sleep(0.02)
    assert other.returncode == 0, other.returncode
    assert most >= 2, f"{most} windows were seen at once"
    print(f"{most} windows at once, {n_things} things")


if __name__ == "__main__":
    scene, *arguments = sys.argv[1:]
    if scene == "use":
        use(pathlib.Path(arguments[0]))
    elif scene == "cost":
        cost(int(arguments[0]))
    else:
        {"late": late, "gone": gone, "kept": kept, "beside": beside}[scene](*arguments)
