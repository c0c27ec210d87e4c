"""The VST3 editor in pedalboard on a screen of its own (Xvfb)."""

import json
import os
import pathlib
import subprocess
import sys

import pytest
from PIL import Image

FOLDER = pathlib.Path(__file__).parent
SCREEN = "2300x1500x24"


@pytest.fixture(scope="module")
def display():
    """A fresh X server; it picks a free number itself and says which."""
    read_end, write_end = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write_end), "-screen", "0", SCREEN, "-noreset", "-nolisten", "tcp"],
        pass_fds=[write_end],
        stderr=subprocess.DEVNULL,
    )
    os.close(write_end)
    with os.fdopen(read_end) as numbers:
        number = numbers.readline().strip()
    assert number, "Xvfb did not start"
    yield f":{number}"
    server.terminate()
    server.wait()


def run_scene(display, *arguments, seconds, script="editor_child.py"):
    environment = dict(os.environ, DISPLAY=display, LIBGL_ALWAYS_SOFTWARE="1")
    # One heap for all threads, or each window's thread fills one of its own first.
    environment["MALLOC_ARENA_MAX"] = "1"
    scene = subprocess.run(
        [sys.executable, str(FOLDER / script), *map(str, arguments)],
        env=environment,
        cwd=FOLDER,
        timeout=seconds,
        capture_output=True,
        text=True,
    )
    assert scene.returncode == 0, f"{scene.returncode}\n{scene.stdout}\n{scene.stderr[-4000:]}"
    return scene.stdout


def test_the_editor_shows_something(display):
    path = pathlib.Path(os.environ["QUELL_SCREENSHOTS"]) / "editor.png"
    path.unlink(missing_ok=True)
    run_scene(display, "screenshot", path, seconds=60)
    picture = Image.open(path).convert("RGB")
    n_pixels = picture.width * picture.height
    colours = dict((colour, n) for n, colour in picture.getcolors(n_pixels))
    # A blank window has one or two colours; ours has its blocks, the accent of the capture button,
    # and text in many shades.
    block, accent = (0x1B, 0x1F, 0x24), (0x4F, 0xC3, 0xB3)
    assert colours.get(block, 0) > 100_000, "the blocks are missing"
    assert colours.get(accent, 0) > 5_000, "the capture button is missing"
    assert len(colours) > 100, f"only {len(colours)} colours: no text is drawn"


def numbers(output, name):
    """What a scene printed as JSON after this name."""
    line = next(line for line in output.splitlines() if line.startswith(name))
    return json.loads(line.removeprefix(name))


def test_a_hundred_openings_leave_the_sound_and_the_memory_alone(display):
    output = run_scene(display, "open_close", 100, seconds=400)
    assert "each as without a window" in output
    memory = numbers(output, "memory, KiB:")
    # The first openings fill caches of host and display driver; the driver takes itself apart when
    # it likes, so the least of many rounds counts. What is left on X11 is about 100 KiB a window
    # (docs/upstream/baseview-window-leak.md); the window's own content would be megabytes.
    per_window = (min(memory[75:]) - min(memory[25:50])) / 50
    print(f"{per_window:.0f} KiB more with each opening")
    assert per_window < 200, memory


def test_the_smallest_and_the_largest_window(display):
    output = run_scene(display, "resize", seconds=120)
    assert "each as without a window" in output
    sizes = numbers(output, "sizes:")
    assert sizes[0] == [750, 480], sizes
    assert sizes[2] == [900, 600], sizes
    assert sizes[3] == [750, 480], sizes
    assert sizes[4][0] >= 1900, sizes


def test_two_windows_at_once(display):
    run_scene(display, "pair", seconds=200)


def test_a_window_at_rest_costs_nearly_nothing(display):
    shares = numbers(run_scene(display, "idle", 10, seconds=180), "share of a core:")
    print(shares)
    # The aim is 1 %; 0.55 and 0.7 were seen on a busy machine.
    assert shares["window at rest"] < 0.02, shares


def test_parameters_may_change_while_the_editor_opens_and_closes(display):
    rounds = 30
    output = run_scene(display, "hammer", rounds, seconds=240)
    assert f"survived {rounds} rounds" in output
