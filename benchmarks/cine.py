# SPDX-License-Identifier: Apache-2.0
"""JPEG cine loops in DICOM to RGB frames, against pydicom's ``pixel_array`` on the same files."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
from pydicom import Dataset, dcmread
from pydicom.dataset import FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.pixels import pixel_array
from pydicom.uid import JPEGBaseline8Bit, generate_uid

from benchmarks.video_input import row, tell
from monai_medvid.video import Video, open_video

ROUNDS = 3
DATA = Path(os.environ.get("MEDVID_DATA", Path(__file__).parents[2] / "shared" / "data"))
FILES = ("us_64f_jpegbaseline_*.dcm", "us_65f_jpegbaseline_*.dcm", "us_30f_jpegbaseline_*.dcm")


def synthetic(path: Path, *, frames: int = 40, rows: int = 768, columns: int = 1024) -> Path:
    """A 4:2:2 loop as a large ultrasound machine writes it: a bright fan with speckle."""
    rng = np.random.default_rng(1)
    speckle = rng.gamma(2.0, 30.0, (rows, columns + frames, 1)).clip(0, 255)
    y, x = np.mgrid[:rows, :columns]
    fan = (np.hypot(x - columns / 2, y) < rows * 0.95) & (np.abs(x - columns / 2) < y * 0.8)
    pictures = (
        np.repeat(speckle[:, k : k + columns] * fan[..., None], 3, -1).astype(np.uint8)
        for k in range(frames)
    )
    coded = [imagecodecs.jpeg8_encode(p, 88, subsampling="422") for p in pictures]
    data = Dataset()
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
    data.SOPClassUID = "1.2.840.10008.5.1.4.1.1.3.1"  # Ultrasound Multi-frame, PS3.4 B.5
    data.SOPInstanceUID, data.SeriesInstanceUID = generate_uid(), generate_uid()
    data.StudyInstanceUID, data.Modality, data.FrameTime = generate_uid(), "US", "33.333"
    data.file_meta.MediaStorageSOPClassUID = data.SOPClassUID
    data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID
    data.NumberOfFrames, data.Rows, data.Columns = frames, rows, columns
    data.SamplesPerPixel, data.PhotometricInterpretation = 3, "YBR_FULL_422"
    data.PlanarConfiguration = data.PixelRepresentation = 0
    data.BitsAllocated, data.BitsStored, data.HighBit = 8, 8, 7
    data.PixelData = encapsulate(coded)
    data.save_as(path, enforce_file_format=True)
    return path


def same_pictures(video: Video, data: Dataset) -> None:
    """A benchmark of different work would be worth nothing; this warms both sides, too."""
    for number in (0, len(video) - 1):
        difference = np.abs(video[number].astype(int) - pixel_array(data, index=number))
        assert difference.max() <= 1  # noqa: S101


def best(task: Callable[[], object], known: tuple[float, float] | None) -> tuple[float, float]:
    """Wall and processor seconds of a task, each the smaller of this and the known ones."""
    wall, cpu = time.perf_counter(), time.process_time()
    task()
    now = time.perf_counter() - wall, time.process_time() - cpu
    return now if known is None else (min(now[0], known[0]), min(now[1], known[1]))


def measure(path: Path) -> list[dict[str, Any]]:
    """Our decoders and pydicom in turns on one file."""
    data = dcmread(path)
    rows, times = [], {}
    with open_video(path) as chosen, open_video(path, decoder="dali") as dali:
        same_pictures(chosen, data)
        same_pictures(dali, data)
        count, info = len(chosen), chosen.info
        sides: dict[str, Callable[[], object]] = {
            info.decoder: lambda: sum(1 for _ in chosen),
            "dali-cpu": lambda: sum(1 for _ in dali),
            "pydicom": lambda: pixel_array(data),
        }
        for _ in range(ROUNDS):
            for name, task in sides.items():
                times[name] = best(task, times.get(name))
    theirs = times.pop("pydicom")
    for name, (wall, cpu) in times.items():
        what = f"{path.stem[:24]}, {count} x {info.width}x{info.height}, {name}"
        if name == info.decoder:
            what += " (chosen)"
        rows.append(
            row(what, _speed(count, wall, cpu), f"pydicom: {_speed(count, *theirs)}",
                theirs[0] / wall, ">= 5")
        )  # fmt: skip
    return rows


def _speed(count: int, wall: float, cpu: float) -> str:
    return f"{count / wall:.0f} frames/s, {1000 * cpu / count:.1f} ms CPU a frame"


def main() -> None:
    """Measure the real files that are here and a larger made one."""
    files = [path for name in FILES for path in sorted((DATA / "dicom" / "cine").glob(name))]
    with tempfile.TemporaryDirectory() as folder:
        rows = []
        for path in [*files, synthetic(Path(folder) / "synthetic.dcm")]:
            rows += measure(path)
    tell(
        "JPEG cine DICOM to RGB",
        "Every frame of a JPEG Baseline loop in order, both sides ending with RGB and equal "
        f"pictures (within 1 of 255); best of {ROUNDS} turns, imports and first use left out. "
        "pydicom decodes with Pillow and converts with its own `pixel_array`.",
        rows,
    )


if __name__ == "__main__":
    main()
