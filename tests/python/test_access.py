"""What a screen reader hears and does in the VST3 editor, on a screen (Xvfb) and a bus (D-Bus) of its own."""

import os
import pathlib
import subprocess
import sys

import pytest

from test_editor import FOLDER, display  # noqa: F401


@pytest.fixture
def listen(display, tmp_path, monkeypatch):  # noqa: F811
    """Runs one scene of access.py; the bus and all that it started ends with it."""
    monkeypatch.setenv("QUELL_HOME", str(tmp_path))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setenv("DISPLAY", display)
    monkeypatch.setenv("LIBGL_ALWAYS_SOFTWARE", "1")

    def run(*scene, seconds):
        command = ["dbus-run-session", "--", sys.executable, str(FOLDER / "access.py"), *map(str, scene)]
        run = subprocess.run(command, cwd=FOLDER, timeout=seconds, capture_output=True, text=True)
        assert run.returncode == 0, f"{run.returncode}\n{run.stdout}\n{run.stderr[-4000:]}"
        return run.stdout

    return run


def test_what_is_heard_and_done_is_true_in_every_window(listen):
    output = listen("use", pathlib.Path(os.environ["QUELL_SCREENSHOTS"]), seconds=180)
    assert "heard and used" in output


def test_the_reader_may_come_and_go(listen):
    assert "came and went" in listen("late", seconds=120)


def test_a_host_that_unloads_takes_no_thread_s_code(listen):
    assert "and kept" in listen("kept", seconds=120)


def test_a_reader_outlives_what_it_has_heard(listen):
    assert "survived" in listen("gone", seconds=120)
