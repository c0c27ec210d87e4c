"""The program of its own, with a real mouse, in JACK."""

import os
import pathlib
import shutil

from test_editor import display, run_scene  # noqa: F401


def test_the_program_captures_live_and_cleans_a_recording(display):  # noqa: F811
    folder = pathlib.Path(os.environ["QUELL_SCREENSHOTS"]) / "program"
    shutil.rmtree(folder, ignore_errors=True)
    run_scene(display, folder, seconds=180, script="program.py")
