"""The VST3 editor in pedalboard on a screen of its own (Xvfb)."""

import os
import pathlib
import subprocess
import sys

import pytest
from PIL import Image

FOLDER = pathlib.Path(__file__).parent
SCREEN = "1000x800x24"


@pytest.fixture(scope="module")
def display():
    """A fresh X server; it picks a free number itself and says which."""
    read_end, write_end = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write_end), "-screen", "0", SCREEN, "-nolisten", "tcp"],
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


def run_scene(display, *arguments, seconds):
    environment = dict(os.environ, DISPLAY=display, LIBGL_ALWAYS_SOFTWARE="1")
    scene = subprocess.run(
        [sys.executable, str(FOLDER / "editor_child.py"), *map(str, arguments)],
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
    colours = dict((colour, n) for n, colour in picture.getcolors(picture.width * picture.height))
    n_pixels = picture.width * picture.height
    # A blank window has one or two colours; ours has its ground, text in many shades, and the
    # accent of the headings.
    ground, accent = (0x1B, 0x1E, 0x22), (0x4F, 0xB3, 0xA5)
    assert colours.get(ground, 0) > n_pixels // 10, "the editor's ground is missing"
    assert colours.get(accent, 0) > 50, "the headings are missing"
    assert len(colours) > 100, f"only {len(colours)} colours: no text is drawn"


def test_parameters_may_change_while_the_editor_opens_and_closes(display):
    rounds = 30
    output = run_scene(display, "hammer", rounds, seconds=240)
    assert f"survived {rounds} rounds" in output
