# SPDX-License-Identifier: Apache-2.0
"""Models that come and go leave the process able to take signals.

OpenVINO's CPU plugin frees the signal stack of a thread with the core that set it, also where a
later core puts it back. PyTorch's DataLoader with workers handles SIGCHLD, so the end of the next
child process then ended the process itself, or was written into somebody else's memory.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.clips import write_clip

SEQUENCE = """
import ctypes, gc, subprocess, sys, threading
import numpy as np
from monai.transforms import LoadImage
from torch.utils.data import DataLoader
from monai_medvid.data import MedicalVideoReader
from monai_medvid.inference import Predictor, load_bundle
from monai_medvid.video.frames import FrameBatch

MARK = b"the signal stack of a living core"

class Stack(ctypes.Structure):  # sigaltstack(2)
    _fields_ = [("start", ctypes.c_void_p), ("flags", ctypes.c_int), ("size", ctypes.c_size_t)]

def signal_stack():
    stack = Stack()
    assert ctypes.CDLL(None).sigaltstack(None, ctypes.byref(stack)) == 0
    return stack.start

def predictor():
    made = Predictor(load_bundle(bundle), runtime="openvino")
    made.predict(frames)
    ctypes.memmove(signal_stack(), MARK, len(MARK))
    return made

def check(when):
    gc.collect()
    start = signal_stack()
    if start:
        with open("/proc/self/mem", "rb", buffering=0) as memory:
            memory.seek(start)
            try:
                found = memory.read(len(MARK))
            except OSError:
                found = b"nothing"
        if found != MARK:
            print("freed:", when)
            return
    subprocess.run([sys.executable, "-c", ""], check=True)
    print("alive:", when)

bundle, clip = sys.argv[1:]
load = LoadImage(reader=MedicalVideoReader(max_frames=2), dtype=np.uint8)
(frames,) = DataLoader([clip], num_workers=1, batch_size=None, collate_fn=load)
frames = FrameBatch(frames.numpy(), np.arange(2) / 25, np.arange(2))

held = [predictor()]
thread = threading.Thread(target=held.clear)
thread.start()
thread.join()
check("by another thread")

first, second = predictor(), predictor()
first.close()
del first
gc.collect()
second.close()
del second
check("in the order they came")
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="only there has OpenVINO signal stacks")
def test_a_child_process_ends_after_models_are_gone(bundle_dir: Path, tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", frames=4)
    done = subprocess.run(
        [sys.executable, "-c", SEQUENCE, bundle_dir, clip],
        capture_output=True,
        text=True,
        check=False,
        timeout=500,
    )
    expected = ["alive: by another thread", "alive: in the order they came"]
    assert (done.returncode, done.stdout.splitlines()) == (0, expected), done.stderr[-2000:]
