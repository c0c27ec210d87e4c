"""`quell mic` in a PipeWire without a screen or a sound card: what programs would record."""

import contextlib
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import time

import numpy as np
import pytest

RATE = 48_000
QUANTUM = 256
# Live mode, in samples.
DELAY = RATE // 50
QUELL = os.environ["QUELL_CLI"]
LIBRARY = os.environ["QUELL_LADSPA"]
DEMO = pathlib.Path(__file__).parents[2] / "crates/cli/assets/fan_and_voice.flac"
SETTINGS = """
context.properties = {
  default.clock.rate = %(rate)d
  default.clock.quantum = %(quantum)d
  default.clock.min-quantum = %(quantum)d
  default.clock.max-quantum = %(quantum)d
}
context.objects = [
  { factory = adapter args = { factory.name = support.null-audio-sink node.name = fake_mic
      node.description = "Fake microphone" media.class = Audio/Source/Virtual
      audio.position = [ MONO ] } }
]
""" % {"rate": RATE, "quantum": QUANTUM}


class Desktop:
    """A session of a user with a microphone into which the tests play."""

    def __init__(self, folder):
        settings = folder / "config/pipewire/pipewire.conf.d"
        settings.mkdir(parents=True)
        (settings / "test.conf").write_text(SETTINGS)
        self.env = dict(
            os.environ,
            HOME=str(folder),
            XDG_RUNTIME_DIR=str(folder),
            XDG_CONFIG_HOME=str(folder / "config"),
            XDG_STATE_HOME=str(folder / "state"),
            DBUS_SESSION_BUS_ADDRESS=f"unix:path={folder}/bus",
        )
        self.log = open(folder / "services.log", "w")
        address = self.env["DBUS_SESSION_BUS_ADDRESS"]
        bus = ["dbus-daemon", "--session", f"--address={address}", "--nofork", "--nopidfile"]
        self.services = [self.start(*bus)]
        self.services.append(self.start("pipewire"))
        self.wait("PipeWire", lambda: self.run("pw-cli", "info", "0").returncode == 0)
        self.services.append(self.start("wireplumber"))
        self.wait("WirePlumber", lambda: "WirePlumber" in self.run("pw-dump").stdout)

    def start(self, *command, **how):
        how = {"stdout": self.log, "stderr": self.log, **how}
        return subprocess.Popen(command, env=self.env, **how)

    def run(self, *command):
        return subprocess.run(command, env=self.env, capture_output=True, text=True, timeout=60)

    def quell(self, *args):
        return self.run(QUELL, "mic", *args)

    def wait(self, what, is_there):
        end = time.monotonic() + 15
        while not is_there():
            assert time.monotonic() < end, f"{what}: not within 15 s"
            time.sleep(0.05)

    def link(self, output, input):
        self.wait(
            f"{output} to {input}",
            lambda: self.run("pw-link", output, input).returncode == 0,
        )

    @contextlib.contextmanager
    def microphone(self, *flags):
        done = self.quell("--background", "--library", LIBRARY, *flags)
        assert done.returncode == 0, done.stderr
        try:
            yield
        finally:
            assert self.quell("--stop").returncode == 0

    @contextlib.contextmanager
    def playing(self, path):
        """A sound into the microphone."""
        props = "{ node.name = player }"
        player = self.start("pw-cat", "-p", "--target", "0", "-P", props, str(path))
        try:
            self.link("player:output_MONO", "fake_mic:input_MONO")
            yield
        finally:
            player.terminate()
            player.wait()

    def record(self, seconds):
        """Microphone and Quell by one clock, so that their delay is that of Quell."""
        props = "{ node.name = recorder }"
        command = ["pw-record", "--target", "0", "-P", props, "--rate", str(RATE)]
        command += ["--channels", "2", "--format", "f32"]
        if "--raw" in self.run("pw-record", "--help").stdout:
            command.append("--raw")
        recorder = self.start(*command, "-", stdout=subprocess.PIPE)
        try:
            self.link("fake_mic:capture_MONO", "recorder:input_FL")
            self.link("quell:capture_MONO", "recorder:input_FR")
            sound = recorder.stdout.read(int(seconds * RATE) * 8)
        finally:
            recorder.kill()
            recorder.wait()
        return np.frombuffer(sound, np.float32).reshape(-1, 2).T.astype(np.float64)

    def end(self):
        for service in reversed(self.services):
            service.terminate()
            service.wait()
        self.log.close()


@pytest.fixture
def desktop():
    # The names of sockets must be short.
    folder = pathlib.Path(tempfile.mkdtemp(prefix="quell-"))
    desktop = None
    try:
        desktop = Desktop(folder)
        yield desktop
    finally:
        print((folder / "services.log").read_text())
        if desktop:
            desktop.end()
        shutil.rmtree(folder, ignore_errors=True)


def level_db(samples):
    return 10 * np.log10(np.mean(np.square(samples)) + 1e-12)


def write_sound(path, samples):
    bare = path.with_suffix(".f32")
    samples.astype(np.float32).tofile(bare)
    with open(bare, "rb") as source, open(path, "wb") as target:
        command = [QUELL, "denoise", "-", "-o", str(path), "--raw", f"{RATE},1,f32"]
        command += ["--force", "--quiet", "--adaptive", "--reduction", "0", "--keep-hum"]
        subprocess.run(command, stdin=source, stdout=target, check=True)


def noise(path, seconds):
    generator = np.random.default_rng(1)
    write_sound(path, generator.uniform(-0.05, 0.05, int(seconds * RATE)))


def test_nothing_is_lost_at_256_frames_and_the_delay_is_the_one_to_enter(desktop, tmp_path):
    noise(tmp_path / "noise.wav", 60)
    # What is let through is the microphone itself, later: a block that did not come in time, or was
    # not taken, is seen. The filter does all of its work meanwhile.
    with desktop.microphone("--reduction", "0"), desktop.playing(tmp_path / "noise.wav"):
        losses = []
        # A machine that is busy with other things may be late by itself, but not always.
        for _ in range(3):
            before, after = desktop.record(10)[:, RATE:]
            delay = next(d for d in range(0, RATE) if correlate(before, after, d) > 0.99)
            print("delay", delay, "samples,", 1000 * delay / RATE, "ms")
            # PipeWire adds blocks of its own.
            assert DELAY <= delay <= DELAY + 2 * QUANTUM and (delay - DELAY) % QUANTUM == 0
            error = np.abs(after[delay:] - before[: len(before) - delay])
            losses.append(int(np.sum(error > 1e-4)))
            if losses[-1] == 0:
                break
        assert losses[-1] == 0, f"samples that differ in three times 9 s: {losses}"


def correlate(before, after, delay):
    n = RATE // 10
    a, b = before[:n], after[delay : delay + n]
    return np.dot(a, b) / np.sqrt(np.dot(a, a) * np.dot(b, b) + 1e-12)


def test_noise_goes_down_and_a_voice_stays(desktop, tmp_path):
    wav = tmp_path / "voice.wav"
    command = [QUELL, "denoise", str(DEMO), "-o", str(wav), "--reduction", "0", "--keep-hum", "-q"]
    subprocess.run(command, check=True)
    with desktop.microphone(), desktop.playing(wav):
        before, after = desktop.record(5)
    delay = DELAY
    frames = (len(before) - delay) // 960
    before = before[: frames * 960].reshape(frames, 960)
    after = after[delay : delay + frames * 960].reshape(frames, 960)
    # The first second is for finding the noise.
    before, after = before[50:], after[50:]
    order = np.argsort(np.mean(before**2, axis=1))
    quiet, loud = order[: len(order) // 5], order[-len(order) // 10 :]
    drop_db = level_db(before[quiet]) - level_db(after[quiet])
    change_db = level_db(after[loud]) - level_db(before[loud])
    print(f"fan: {level_db(before[quiet]):.1f} dBFS, {drop_db:.1f} dB less; voice {change_db:+.1f} dB")
    assert level_db(before[quiet]) > -60, "nothing was played"
    assert drop_db > 10
    assert abs(change_db) < 3


def test_status_bypass_and_stop(desktop, tmp_path):
    noise(tmp_path / "noise.wav", 60)
    assert "no microphone Quell" in desktop.quell("--status").stderr
    with desktop.microphone("--engine", "gate"), desktop.playing(tmp_path / "noise.wav"):
        second = desktop.quell("--library", LIBRARY)
        assert second.returncode == 1 and "runs already" in second.stderr
        desktop.wait("a drop by 10 dB", lambda: np.diff(levels(desktop))[0] < -10)
        assert desktop.quell("--bypass", "on").stdout == "bypass on\n"
        status = desktop.quell("--status").stdout
        assert "(bypass)" in status and "Gate, Live (20 ms)" in status and "'fake_mic'" in status
        desktop.wait("the same level", lambda: abs(np.diff(levels(desktop))[0]) < 0.5)
        assert desktop.quell("--bypass").stdout == "bypass off\n"
        # A key that is held: signals to the process.
        [pid] = desktop.run("pgrep", "-f", f"{QUELL} mic .*--engine=gate").stdout.split()
        for number, is_on in [(signal.SIGUSR1, True), (signal.SIGUSR2, False)]:
            os.kill(int(pid), number)
            is_said = lambda: ("(bypass)" in desktop.quell("--status").stdout) == is_on
            desktop.wait(f"bypass {is_on}", is_said)
    assert "Quell" not in desktop.run("wpctl", "status").stdout
    # Whoever keeps it is killed: the next one does not find a filter that nobody ends.
    assert desktop.quell("--background", "--library", LIBRARY).returncode == 0
    [pid] = desktop.run("pgrep", "-f", f"{QUELL} mic .*--engine=neural").stdout.split()
    os.kill(int(pid), signal.SIGKILL)
    desktop.wait("no keeper", lambda: desktop.quell("--status").returncode == 1)
    assert desktop.quell("--stop").returncode == 0
    gone = lambda: "quell" not in desktop.run("pw-cli", "ls", "Node").stdout
    desktop.wait("no filter", gone)


def levels(desktop):
    """Microphone and Quell, dBFS, as `--status` tells them."""
    return [float(level) for level in re.findall(r"(-?[\d.]+) dBFS", desktop.quell("--status").stdout)]


def test_levels_stand_in_the_terminal_until_ctrl_c(desktop, tmp_path):
    noise(tmp_path / "noise.wav", 60)
    with desktop.playing(tmp_path / "noise.wav"):
        command = f"{QUELL} mic --library {LIBRARY}"
        # A terminal without a screen.
        terminal = desktop.start(
            "script", "-qec", command, "/dev/null", stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        time.sleep(6)
        terminal.stdin.write(b"\x03")
        terminal.stdin.flush()
        said = terminal.communicate(timeout=15)[0].decode()
    assert "Ctrl-C ends it" in said and "the microphone Quell is gone" in said, said
    pairs = re.findall(r"microphone \S+ +(-?[\d.]+) dBFS   Quell \S+ +(-?[\d.]+) dBFS", said)
    before, after = (float(level) for level in pairs[-1])
    # Evenly distributed over ±0.05.
    assert abs(before + 30.8) < 0.5 and after < before - 10, pairs[-1]


def test_the_doctor_names_what_is_missing_and_what_to_do(desktop, tmp_path):
    well = desktop.quell("--doctor", "--library", LIBRARY)
    assert well.returncode == 0 and "MISSING" not in well.stdout, well.stdout + well.stderr
    assert "Fake microphone" in well.stdout
    cases = [
        ({}, ["--library", "/no/libquell_ladspa.so"], "/no/libquell_ladspa.so"),
        ({}, ["--source", "nobody"], "there are 'fake_mic'"),
        ({"PATH": "/nowhere"}, [], "install PipeWire"),
        ({"XDG_RUNTIME_DIR": str(tmp_path)}, [], "systemctl --user start pipewire"),
    ]
    for changes, args, words in cases:
        env = dict(desktop.env, LADSPA_PATH=os.path.dirname(LIBRARY), **changes)
        done = subprocess.run(
            [QUELL, "mic", "--doctor", *args], env=env, capture_output=True, text=True
        )
        missing = [line for line in done.stdout.splitlines() if line.startswith("MISSING")]
        assert done.returncode == 1 and any(words in line for line in missing), done.stdout
    started = desktop.quell("--background", "--library", "/no/library.so")
    assert started.returncode == 1 and "/no/library.so" in started.stderr, started.stderr
