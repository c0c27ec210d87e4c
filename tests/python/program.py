"""The program of its own between JACK and a person: `program.py FOLDER`, run by test_program.py on a screen of its own.

JACK plays without a sound card; a client of it is microphone and ear. What is asserted is what is heard, what is kept,
and the file that is saved; pictures go into FOLDER.
"""

import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time

from hand import click, place_of, shoot, wait_for  # before any other window

import jack
import numpy as np
from pedalboard.io import AudioFile

from common import RATE, level_db, noise

FOLDER = pathlib.Path(sys.argv[1])
PROGRAM = os.environ["QUELL_PROGRAM"]
DEMO = pathlib.Path(__file__).parents[2] / "crates/cli/assets/fan_and_voice.flac"
# The window has a strip of its own at the bottom; beside a recording a panel, too.
LIVE, RECORDING = "live", "with recordings"
WAVE_LEFT, WAVE_RIGHT, WAVE_Y = place_of("waveform", RECORDING)


@contextlib.contextmanager
def running(*command, end=signal.SIGTERM, **options):
    process = subprocess.Popen([str(word) for word in command], **options)
    try:
        yield process
    finally:
        process.send_signal(end)
        process.wait(timeout=20)


class Room:
    """Microphone and ear: two clients, or the sound would go in a circle, which JACK cuts open with a delay."""

    def __init__(self):
        self.client, ear = (jack.Client(name, no_start_server=True) for name in ["mouth", "ear"])
        self.mouth, self.ear = self.client.outports.register("out"), ear.inports.register("in")
        self.sound, self.heard = noise(3.0, channels=1)[0], []
        self.client.set_process_callback(self.speak)
        ear.set_process_callback(self.listen)
        self.clients = [self.client, ear]
        for client in self.clients:
            client.activate()

    def said_at(self, frame, n_frames):
        """Of the sound that goes round and round."""
        return self.sound[(frame + np.arange(n_frames)) % len(self.sound)]

    def speak(self, n_frames):
        self.mouth.get_array()[:] = self.said_at(self.client.last_frame_time, n_frames)

    def listen(self, _):
        frame = self.clients[1].last_frame_time
        self.heard = [*self.heard[-200:], (frame, self.ear.get_array().copy())]

    def connect(self):
        """To the program, in the place of the sound card."""
        for client in self.clients:
            wait_for("ports", lambda: client.get_ports("Quell:out_1"))
        for name in ["Quell:in_1", "Quell:in_2"]:
            for other in self.client.get_all_connections(self.client.get_port_by_name(name)):
                self.client.disconnect(other, name)
            self.client.connect(self.mouth, name)
        self.listen_to_program()

    def listen_to_program(self):
        wait_for("ports", lambda: self.clients[1].get_ports("Quell:out_1"))
        self.clients[1].connect("Quell:out_1", self.ear)

    def is_late_by(self, n_frames):
        """Whether the last block is what was said so many frames before, bit for bit."""
        frame, block = self.heard[-1]
        return np.array_equal(block, self.said_at(frame - n_frames, len(block)))

    def delay(self):
        """What JACK knows of the program's delay, frames: behind it less before it."""
        told = subprocess.run(["jack_lsp", "-l", "Quell"], check=True, capture_output=True, text=True).stdout
        late = lambda name: int(re.search(rf"Quell:{name}\n(?:\s.*\n)*?\s*port capture latency = \[ \d+ (\d+) \]", told)[1])
        return late("out_1") - late("in_1")

    def level(self):
        """Of the last half second, dB."""
        n_blocks = RATE // 2 // self.client.blocksize
        return level_db(np.concatenate([block for _, block in self.heard[-n_blocks:]]))


def read(path):
    """The first channel, and its rate."""
    with AudioFile(str(path)) as file:
        return file.read(file.frames)[0], file.samplerate


def kept():
    return json.loads((FOLDER / "home/standalone.json").read_text())["state"]


def picture(name):
    time.sleep(0.4)
    shoot(FOLDER / f"program-{name}.png")


@contextlib.contextmanager
def program(*arguments):
    with running(PROGRAM, *arguments):
        wait_for("a window", has_window)
        time.sleep(1.0)
        yield


def has_window():
    tree = subprocess.run(["xwininfo", "-root", "-tree"], check=True, capture_output=True, text=True)
    return '"Quell"' in tree.stdout


def drag(from_share, to_share):
    """Over a part of the waveform."""
    x = lambda share: int(WAVE_LEFT + share * (WAVE_RIGHT - WAVE_LEFT))
    move = lambda share: ["mousemove", str(x(share)), str(WAVE_Y), "sleep", "0.2"]
    middle = (from_share + to_share) / 2
    steps = [*move(from_share), "mousedown", "1", *move(middle), *move(to_share), "mouseup", "1"]
    subprocess.run(["xdotool", *steps], check=True)
    time.sleep(0.3)


def keys(*names):
    subprocess.run(["xdotool", "key", *names], check=True)


def live(room):
    """A capture, heard behind the program, and kept for the next time."""
    with program():
        room.connect()
        time.sleep(3.0)
        wait_for("a delay that JACK knows", lambda: room.delay() == 1_920)
        click("Original", LIVE)
        wait_for("as much delay as JACK was told", lambda: room.is_late_by(1_920))
        click("Clean", LIVE)
        click("Capture noise", LIVE)
        time.sleep(4.0)
        before, after = level_db(room.sound), room.level()
        assert after < before - 25, (before, after)
        picture("live")
    print_ = kept()["profile"]
    assert print_["verdict"] == "steady" and abs(print_["level_dbfs"] - before) < 1, print_


def opened(path):
    """Another way to it: the list of files, with the keyboard."""
    with program():
        click("Open\u2026", LIVE)
        time.sleep(0.3)
        subprocess.run(["xdotool", "type", f"{path.parent}/"], check=True)
        keys("Return")
        time.sleep(0.5)
        picture("open")
        subprocess.run(["xdotool", "type", path.name], check=True)
        keys("Return")
        time.sleep(1.0)
        keys("space")
        time.sleep(1.0)
        picture("opened")


def recording(room):
    """Learned from a stretch of a recording, and saved clean."""
    path = FOLDER / "home/fan and voice.flac"
    shutil.copy(DEMO, path)
    sound, _ = read(path)
    with program(path):
        picture("recording")
        room.listen_to_program()
        time.sleep(1.0)
        assert room.level() < -100, "nothing plays by itself"
        # There the voice begins; without a window manager the keyboard follows the click.
        click((WAVE_LEFT + 0.4 * (WAVE_RIGHT - WAVE_LEFT), WAVE_Y))
        keys("space")
        wait_for("the recording", lambda: room.level() > -40)
        picture("playing")
        keys("space")
        wait_for("a pause", lambda: room.level() < -100)
        drag(0.02, 0.36)
        click("Learn noise", RECORDING)
        time.sleep(1.0)
        picture("learned")
        click("Save\u2026", RECORDING)
        time.sleep(0.5)
        picture("save")
        keys("Return")
        clean_path = path.with_name("fan and voice-clean.flac")
        wait_for("the clean file", clean_path.exists)
        picture("saved")
    print_ = kept()["profile"]
    seconds = (0.36 - 0.02) * len(sound) / RATE
    assert abs(print_["seconds"] - seconds) < 0.1, print_["seconds"]
    fan = slice(RATE // 2, int(1.9 * RATE))
    assert abs(print_["level_dbfs"] - level_db(sound[fan])) < 2, print_["level_dbfs"]
    clean, rate = read(clean_path)
    assert (rate, len(clean)) == (RATE, len(sound))
    assert level_db(clean[fan]) < level_db(sound[fan]) - 20
    voice = slice(int(2.7 * RATE), int(3.0 * RATE))
    assert abs(level_db(clean[voice]) - level_db(sound[voice])) < 2


def main():
    (FOLDER / "home").mkdir(parents=True, exist_ok=True)
    os.environ |= {"QUELL_HOME": str(FOLDER / "home"), "JACK_DEFAULT_SERVER": f"quell-{os.getpid()}"}
    server = ["jackd", "--no-realtime", "-n", os.environ["JACK_DEFAULT_SERVER"], "-d", "dummy", "-r", RATE, "-p", 1024]
    with running(*server, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL):
        subprocess.run(["jack_wait", "-w", "-t", "10"], check=False, stdout=subprocess.DEVNULL)
        time.sleep(1.0)
        room = Room()
        live(room)
        recording(room)
        opened(FOLDER / "home/fan and voice.flac")


main()
