"""What the window says against what is heard and saved, in the VST3 editor on a screen of its own (Xvfb)."""

import os
import pathlib

from test_editor import display, run_scene  # noqa: F401


def test_the_window_tells_the_truth(display, tmp_path, monkeypatch):  # noqa: F811
    monkeypatch.setenv("QUELL_HOME", str(tmp_path))
    folder = pathlib.Path(os.environ["QUELL_SCREENSHOTS"])
    output = run_scene(display, folder, seconds=240, script="truths.py")
    assert "the window told the truth" in output
