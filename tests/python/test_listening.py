"""Listening by key, and what a host renders at one loudness, in the VST3 editor on a screen of its own (Xvfb)."""

import os
import pathlib

from test_editor import display, run_scene  # noqa: F401


def test_listening_by_key_and_at_one_loudness(display, tmp_path, monkeypatch):  # noqa: F811
    monkeypatch.setenv("QUELL_HOME", str(tmp_path))
    folder = pathlib.Path(os.environ["QUELL_SCREENSHOTS"])
    output = run_scene(display, folder, seconds=180, script="listening.py")
    print(output)
    assert "every key was heard" in output
