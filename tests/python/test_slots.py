"""Slots for prints as a person and a host use them, in the VST3 editor on a screen of its own (Xvfb)."""

import os
import pathlib

from test_editor import display, run_scene  # noqa: F401


def test_slots_with_a_mouse_and_an_ear(display, tmp_path, monkeypatch):  # noqa: F811
    monkeypatch.setenv("QUELL_HOME", str(tmp_path))
    folder = pathlib.Path(os.environ["QUELL_SCREENSHOTS"])
    output = run_scene(display, folder, seconds=180, script="slots.py")
    print(output)
    assert "every slot kept what is its own" in output
