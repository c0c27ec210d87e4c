"""One scene with the editor, run by test_editor.py in a process of its own on its own screen.

`screenshot FILE`: opens the editor beside running audio and takes a picture of the screen.
`hammer ROUNDS`: opens and closes the editor again and again while another thread never stops
changing parameters and processing. nice-plug 0.4's own VST3 wrapper dies of this; see
src/vst3_shell.rs.
`open_close ROUNDS`: opens and closes while audio runs; the audio must be that of a run without a
window, bit for bit, and memory must not grow.
`resize`: to the smallest and the largest size while audio runs.
`idle SECONDS`: what the window costs while nothing moves and while sound flows, against the same without it.
`pair`: two instances, each with a window of its own, in turn on one thread.
"""

import ctypes
import gc
import itertools
import json
import os
import pathlib
import subprocess
import sys
import threading
import time

from hand import geometry, resize, with_window  # before any other window

from common import RATE, capture, load, noise


def keep_changing(plugin, stop, counter):
    """What a busy session does: every parameter moves, and audio runs."""
    sound = noise(0.02)
    for step in itertools.count():
        if stop.is_set():
            return
        plugin.amount = step * 7 % 101
        plugin.reduction_db = -(step * 3 % 100)
        plugin.output_gain_db = step % 12 - 6.0
        plugin.hear = "Removed" if step % 5 == 0 else "Denoised"
        plugin.bypass = step % 9 == 0
        plugin.process(sound, RATE, buffer_size=64, reset=False)
        counter[0] += 1


def with_editor(plugin, seconds, action=lambda: None):
    """Opens the editor, lets `action` run beside it, and closes it after so many seconds."""

    def beside():
        time.sleep(seconds)
        action()

    with_window(plugin, beside)


def screenshot(path):
    plugin = load()
    sound = noise(3.0)
    capture(plugin, sound)
    plugin.process(sound, RATE, reset=False)
    take = ["import", "-window", "root", path]
    with_editor(plugin, 3.0, lambda: subprocess.run(take, check=True))


def hammer(rounds):
    plugin = load()
    plugin.process(noise(0.1), RATE)
    stop, counter = threading.Event(), [0]
    worker = threading.Thread(target=keep_changing, args=(plugin, stop, counter))
    worker.start()
    for round_idx in range(rounds):
        before = counter[0]
        with_editor(plugin, 0.02 + 0.06 * (round_idx % 4))
        assert worker.is_alive(), "the thread that changes parameters died"
        print(f"round {round_idx + 1}: {counter[0] - before} changes", flush=True)
    stop.set()
    worker.join()
    assert counter[0] > rounds, "parameters did not change while the editor was open"
    print(f"survived {rounds} rounds, {counter[0]} blocks of changes")


# ---- Audio beside windows --------------------------------------------------------------------

BLOCK = 480


def signal(idx):
    """Block number `idx` of a signal that repeats every two seconds."""
    return SIGNAL[:, idx % 200 * BLOCK : (idx % 200 + 1) * BLOCK]


SIGNAL = noise(2.0, seed=77)


class Stream(threading.Thread):
    """Processes block after block and keeps a digest of every output."""

    def __init__(self, plugin, pause=0.001):
        super().__init__(daemon=True)
        self.plugin, self.pause = plugin, pause
        self.stop, self.digests = threading.Event(), []

    def one(self):
        output = self.plugin.process(signal(len(self.digests)), RATE, BLOCK, reset=False)
        self.digests.append(hash(output.tobytes()))

    def run(self):
        while not self.stop.is_set():
            self.one()
            time.sleep(self.pause)

    def end(self):
        self.stop.set()
        self.join()


def fresh():
    plugin = load()
    capture(plugin, noise(3.0))
    plugin.process(SIGNAL[:, :BLOCK], RATE, BLOCK, reset=True)
    return plugin


def assert_same_without_window(digests):
    alone = Stream(fresh())
    for _ in digests:
        alone.one()
    different = [idx for idx, pair in enumerate(zip(digests, alone.digests)) if len(set(pair)) > 1]
    assert not different, f"{len(different)} of {len(digests)} blocks differ, first {different[0]}"
    print(f"{len(digests)} blocks, each as without a window")


LIBC = ctypes.CDLL("libc.so.6")


def memory_kib():
    """Memory of this process alone, after the allocator gave back what nobody uses."""
    gc.collect()
    LIBC.malloc_trim(0)
    with open("/proc/self/smaps_rollup") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("Private_Dirty"))


def open_close(rounds):
    stream = Stream(fresh())
    stream.start()
    history = []
    for round_idx in range(rounds):
        with_editor(stream.plugin, 0.15)
        assert stream.is_alive(), "audio died"
        history.append(memory_kib())
    stream.end()
    print("memory, KiB:", json.dumps(history))
    assert_same_without_window(stream.digests)


def resize_scene():
    stream = Stream(fresh())
    stream.start()
    sizes = []

    def act():
        for width, height in [(300, 200), (2200, 1400), (900, 600), (750, 480), (2000, 1300)]:
            resize(width, height)
            time.sleep(0.4)
            sizes.append(geometry()[:2])

    with_editor(stream.plugin, 0.6, act)
    stream.end()
    print("sizes:", json.dumps(sizes))
    assert_same_without_window(stream.digests)


def pair():
    """Two plugins, two windows at once: each window in a thread as hosts with sandboxes have it is
    not possible here, so the second opens in a second process of the same screen."""
    child = subprocess.Popen([sys.executable, __file__, "open_close", "6"])
    open_close(6)
    assert child.wait(timeout=120) == 0, "the other instance failed"


def thread_seconds():
    """CPU time of every thread of this process by now, seconds, with its name."""
    spent = {}
    for task in os.listdir("/proc/self/task"):
        try:
            text = pathlib.Path(f"/proc/self/task/{task}/stat").read_text()
        except OSError:
            continue  # ended meanwhile
        name, fields = text[text.index("(") + 1 : text.rindex(")")], text[text.rindex(")") + 2 :].split()
        spent[task] = (name, (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK"))
    return spent


def process_seconds():
    """CPU time of this process by now, seconds."""
    fields = pathlib.Path("/proc/self/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def run_for(plugin, seconds, has_audio):
    """Lets time pass, with sound or without; returns how much passed and what the process spent on it."""
    began, spent, n_blocks = time.monotonic(), process_seconds(), 0
    while time.monotonic() - began < seconds:
        if has_audio:
            plugin.process(signal(n_blocks), RATE, BLOCK, reset=False)
            n_blocks += 1
        due = began + (n_blocks * BLOCK / RATE if has_audio else seconds)
        time.sleep(max(0.0, due - time.monotonic()))
    return time.monotonic() - began, process_seconds() - spent


def idle(seconds):
    """What the window costs: its own threads, those that were not there before it opened, and the whole process
    against the same without a window."""
    plugin = fresh()
    kinds = (("at rest", False), ("with sound", True))
    shares = {}

    def note(name, spent, passed):
        shares[name] = round(spent / passed, 4)

    for kind, has_audio in kinds:
        passed, spent = run_for(plugin, seconds, has_audio)
        note(f"process {kind}", spent, passed)
    before = set(thread_seconds())

    def act():
        for kind, has_audio in kinds:
            time.sleep(3.0)
            ours = {task: spent for task, spent in thread_seconds().items() if task not in before}
            ours.pop(str(threading.get_native_id()), None)
            passed, spent = run_for(plugin, seconds, has_audio)
            note(f"process and window {kind}", spent, passed)
            now = thread_seconds()
            spent = {"": 0.0, ", drawing in software": 0.0}
            for task, (thread, start) in ours.items():
                if thread.startswith("JUCE"):
                    continue
                key = ", drawing in software" if "llvmpipe" in thread else ""
                spent[key] += now.get(task, (thread, start))[1] - start
            for key, of_kind in spent.items():
                note(f"window {kind}{key}", of_kind, passed)

    with_editor(plugin, 0.5, act)
    print("share of a core:", json.dumps(shares))


if __name__ == "__main__":
    scene, *arguments = sys.argv[1:]
    if scene == "screenshot":
        screenshot(*arguments)
    elif scene == "resize":
        resize_scene()
    elif scene == "pair":
        pair()
    else:
        {"hammer": hammer, "open_close": open_close, "idle": idle}[scene](int(*arguments))
