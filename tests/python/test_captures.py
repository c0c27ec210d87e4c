"""Captures as a person makes them, in the VST3 editor on a screen of its own (Xvfb)."""

import os
import pathlib

from test_editor import display, run_scene  # noqa: F401


def test_captures_with_mouse_and_keyboard(display, tmp_path, monkeypatch):  # noqa: F811
    monkeypatch.setenv("QUELL_HOME", str(tmp_path))
    folder = pathlib.Path(os.environ["QUELL_SCREENSHOTS"])
    output = run_scene(display, folder, seconds=180, script="captures.py")
    assert "all captures did what they should" in output
