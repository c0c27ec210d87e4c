"""The VST3 editor under a real mouse and a real keyboard, on a screen of its own (Xvfb): a script each."""

import os
import pathlib

import pytest

from test_editor import display, run_scene  # noqa: F401


@pytest.mark.parametrize(
    "script, last_words",
    [
        ("captures.py", "all captures did what they should"),
        ("corner.py", "the window went along with the hand"),
        ("slots.py", "every slot kept what is its own"),
        ("listening.py", "every key was heard"),
        ("truths.py", "the window told the truth"),
    ],
)
def test_what_a_hand_does(script, last_words, display, tmp_path, monkeypatch):  # noqa: F811
    monkeypatch.setenv("QUELL_HOME", str(tmp_path))
    folder = pathlib.Path(os.environ["QUELL_SCREENSHOTS"])
    output = run_scene(display, folder, seconds=240, script=script)
    print(output)
    assert last_words in output
