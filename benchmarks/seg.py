# SPDX-License-Identifier: Apache-2.0
"""Segmentations of 480x854 frames with 7 classes: ours from outlines, highdicom's from masks.

highdicom takes no multi-frame source without a frame of reference, so it gets 1000 single images
with one, and masks that are rasterised already, outside the measured time.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from pydicom import Dataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, JPEGLSLossless

ROWS, COLUMNS, CLASSES = 480, 854, 7
FRAMES = 1000
ROOT = Path(__file__).parents[1]


def findings(frames: int) -> Any:
    """Seven wobbling outlines of about 300 points in every frame, some overlapping."""
    from monai_medvid.findings.model import Findings, Region, Track
    from tests.factories import make_model, make_source

    random = np.random.default_rng(0)
    angle = np.linspace(0, 2 * np.pi, 300, endpoint=False)
    circle = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    tracks = []
    for number in range(1, CLASSES + 1):
        regions = []
        for frame in range(frames):
            center = 60 + 105 * number, 240 + 90 * np.sin(number + frame / 60)
            rough = random.normal(0, 1.2, circle.shape)
            ring = (circle * 70 + center + rough).astype(np.float32)
            regions.append(Region(frame, Fraction(frame, 25), (ring,), 15394.0, 0.5))
        span = (0, frames, Fraction(0), Fraction(frames, 25), 0.5, tuple(regions), regions[0])
        tracks.append(Track(f"2.25.{number}", number, "polyp", *span))
    return Findings(
        source=make_source(width=COLUMNS, height=ROWS, frames=frames),
        model=make_model(),
        every=1,
        analyzed_frames=frames,
        tracks=tuple(tracks),
    )


def image(number: int) -> Dataset:
    """A single image with what highdicom asks of a source."""
    ds = Dataset()
    ds.file_meta = Dataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.SOPClassUID, ds.SOPInstanceUID = CTImageStorage, f"2.25.9{number + 1:05d}"
    ds.StudyInstanceUID, ds.SeriesInstanceUID = "2.25.11", "2.25.12"
    ds.FrameOfReferenceUID = "2.25.13"
    ds.PatientName, ds.PatientID, ds.PatientBirthDate, ds.PatientSex = "A^B", "1", "", ""
    ds.StudyDate, ds.StudyTime, ds.AccessionNumber, ds.StudyID = "20200101", "000000", "", "1"
    ds.ReferringPhysicianName, ds.Modality, ds.InstanceNumber = "", "CT", number + 1
    ds.Rows, ds.Columns, ds.SamplesPerPixel = ROWS, COLUMNS, 1
    ds.PhotometricInterpretation, ds.PixelRepresentation = "MONOCHROME2", 0
    ds.BitsAllocated, ds.BitsStored, ds.HighBit = 8, 8, 7
    ds.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    ds.ImagePositionPatient = [0, 0, number]
    ds.PixelSpacing, ds.SliceThickness = [1, 1], 1
    return ds


Measured = tuple[float, float, float, int]
"""Seconds on the clock and of the processors, MB of memory beyond before, and bytes written."""


def ours(mode: str, frames: int, folder: Path) -> Measured:
    """Our writer, from outlines."""
    from monai_medvid.dicom.seg import SegSampling, write_seg

    found, header = findings(frames), image(0)
    sampling = SegSampling(frames_per_second=None, max_frames=10**6)
    before, start, used = peak(), time.perf_counter(), time.process_time()
    result = write_seg(found, header, folder, mode=mode, sampling=sampling)  # type: ignore[arg-type]
    spent = time.perf_counter() - start, time.process_time() - used
    return *spent, peak() - before, sum(path.stat().st_size for path in result.paths)


def theirs(mode: str, frames: int, folder: Path) -> Measured:
    """highdicom, from masks."""
    import highdicom as hd
    from pydicom.sr.codedict import codes

    from monai_medvid.dicom.seg_pixels import labelmap
    from monai_medvid.dicom.seg_plan import SegSampling, plan_frames

    found = findings(frames)
    planned = plan_frames(found.tracks, SegSampling(frames_per_second=None))
    masks = np.stack([labelmap(one.objects, rows=ROWS, columns=COLUMNS, bits=8) for one in planned])
    sources = [image(number) for number in range(frames)]
    algorithm = hd.AlgorithmIdentificationSequence("a", codes.DCM.ArtificialIntelligence, "1")
    segments = [
        hd.seg.SegmentDescription(
            number,
            f"polyp {number}",
            codes.SCT.MorphologicallyAbnormalStructure,
            codes.SCT.Lesion,
            hd.seg.SegmentAlgorithmTypeValues.AUTOMATIC,
            algorithm,
        )
        for number in range(1, CLASSES + 1)
    ]
    before, start, used = peak(), time.perf_counter(), time.process_time()
    seg = hd.seg.Segmentation(
        sources,
        masks,
        hd.seg.SegmentationTypeValues[mode.upper()],
        segments,
        "2.25.21",
        1,
        "2.25.22",
        1,
        "m",
        "m",
        "1",
        "1",
        transfer_syntax_uid=ExplicitVRLittleEndian if mode == "binary" else JPEGLSLossless,
    )
    path = folder / "theirs.dcm"
    seg.save_as(path)
    spent = time.perf_counter() - start, time.process_time() - used
    return *spent, peak() - before, path.stat().st_size


def peak() -> float:
    """Most memory ever held by this process, MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure(who: str, mode: str, frames: int) -> Measured:
    """One measurement in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.seg", "--one", who, mode, str(frames)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    clock, processor, memory, size = json.loads(done.stdout.splitlines()[-1])
    return clock, processor, memory, size


def told(measured: Measured) -> str:
    """One side of a row."""
    clock, processor, memory, size = measured
    return (
        f"{clock:.2f} s ({processor:.2f} s of processors), +{memory:.0f} MB memory, "
        f"{size / 1e6:.1f} MB file"
    )


def rows() -> list[dict[str, Any]]:
    """Both modes against highdicom, and ours against itself with a tenth of the frames."""
    made = []
    for mode, name in (("binary", "BINARY"), ("labelmap", "LABELMAP, JPEG-LS")):
        mine, other = measure("ours", mode, FRAMES), measure("theirs", mode, FRAMES)
        few = measure("ours", mode, FRAMES // 10)
        made += [
            {
                "what": f"{name}, {FRAMES} frames",
                "value": told(mine),
                "against": f"highdicom {told(other)}",
                "ratio": other[1] / mine[1],
                "reach": "faster",
            },
            {
                "what": f"{name}, growth of memory with the frames",
                "value": f"+{mine[2]:.0f} MB for {FRAMES} frames",
                "against": f"+{few[2]:.0f} MB for {FRAMES // 10} frames",
                "ratio": None,
                "reach": "flat",
            },
        ]
    return made


def main() -> None:
    """Print the table, or one measurement."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--one", nargs=3, metavar=("WHO", "MODE", "FRAMES"))
    arguments = parser.parse_args()
    if arguments.one:
        who, mode, frames = arguments.one
        with tempfile.TemporaryDirectory() as folder:
            run = ours if who == "ours" else theirs
            print(json.dumps(run(mode, int(frames), Path(folder))))
        return
    document = {
        "title": "Segmentation",
        "setting": f"{ROWS}x{COLUMNS}, {CLASSES} classes in every frame. Ratios are of processor "
        "time, which other programs on the machine do not change much.",
        "rows": rows(),
    }
    if arguments.json:
        print(json.dumps(document))
        return
    for row in document["rows"]:
        ratio = "" if row["ratio"] is None else f", {row['ratio']:.1f} times as fast"
        print(f"{row['what']}: {row['value']} against {row['against']}{ratio}")


if __name__ == "__main__":
    main()
