# SPDX-License-Identifier: Apache-2.0
"""Findings made up for tests: tracks with outlines, intervals, for a given size and length."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
from pydicom import Dataset
from pydicom.uid import VideoEndoscopicImageStorage

from monai_medvid.dicom.uids import derive_uid
from monai_medvid.findings.model import (
    Findings,
    Interval,
    ModelSummary,
    Region,
    Ring,
    SourceSummary,
    Track,
)

KINDS = ("phase", "event", "tool", "finding", "criterion")


def make_ring(cx: float, cy: float, radius: float, points: int = 24) -> Ring:
    """A circle, (P, 2) float32 (column, row), without the repeated last point."""
    angles = np.linspace(0, 2 * np.pi, points, endpoint=False)
    ring = np.stack([cx + radius * np.cos(angles), cy + radius * np.sin(angles)], axis=1)
    return ring.astype(np.float32)


def make_source(
    *,
    width: int = 320,
    height: int = 240,
    frames: int = 50,
    rate: Fraction = Fraction(25),
    name: str = "synthetic",
    kind: str = "dicom-video",
) -> SourceSummary:
    return SourceSummary(
        name=name,
        sha256="ab" * 32,
        width=width,
        height=height,
        frame_count=frames,
        frame_rate=rate,
        duration=frames / rate,
        constant_frame_rate=True,
        codec="h264",
        kind=kind,
    )


def make_model(labels: tuple[str, ...] = ("polyp",)) -> ModelSummary:
    return ModelSummary(
        name="colonoscopy_polyp_segmentation",
        display_name="Colonoscopy polyp segmentation",
        version="0.1.0",
        sha256="cd" * 32,
        runtime="torch",
        device="cpu",
        labels=labels,
    )


def make_track(
    source: SourceSummary, number: int, *, label: str = "polyp", every: int = 1, hole: bool = False
) -> Track:
    """A circle that drifts over a third of the video, placed by its number, inside the picture."""
    rate = source.frame_rate or Fraction(25)
    count = source.frame_count
    length = max(1, count // 3)
    start = (number - 1) * max(1, count // 7) % max(1, count - length + 1)
    start -= start % every
    end = min(count, start + length)
    radius = min(source.width, source.height) / 8
    regions = []
    for step, frame in enumerate(range(start, end, every)):
        cx = min(source.width * (0.25 + 0.1 * (number % 5)) + step, source.width - radius)
        ring = make_ring(cx, source.height / 2, radius)
        rings = (ring, make_ring(cx, source.height / 2, radius / 3)) if hole else (ring,)
        area = np.pi * radius**2 * (8 / 9 if hole else 1)
        probability = 0.5 + 0.4 * (step + 1) / length
        regions.append(Region(frame, frame / rate, rings, float(area), min(probability, 0.99)))
    best = max(regions, key=lambda region: region.probability)
    uid = derive_uid("test track", source.sha256, number)
    spans = (start, end, start / rate, end / rate)
    return Track(uid, number, label, *spans, best.probability, tuple(regions), best)


def make_interval(
    source: SourceSummary, number: int, *, kind: str = "phase", label: str = "withdrawal"
) -> Interval:
    rate = source.frame_rate or Fraction(25)
    start = (number - 1) * 3 % max(1, source.frame_count - 1)
    end = start + 1 if kind == "event" else min(source.frame_count, start + 12)
    best = (start + end) // 2 if end - start > 1 else start
    uid = derive_uid("test interval", source.sha256, number)
    times = (start / rate, end / rate, 0.75, best, best / rate)
    return Interval(uid, number, kind, label, start, end, *times)  # type: ignore[arg-type]


def make_findings(
    *,
    width: int = 320,
    height: int = 240,
    frames: int = 50,
    rate: Fraction = Fraction(25),
    tracks: int = 2,
    intervals: int = 5,
    labels: tuple[str, ...] = ("polyp",),
    every: int = 1,
    hole: bool = False,
    warnings: tuple[str, ...] = (),
) -> Findings:
    """Findings with ``tracks`` drifting circles and ``intervals`` of every kind in turn."""
    source = make_source(width=width, height=height, frames=frames, rate=rate)
    names = {
        "phase": "withdrawal",
        "event": "bleeding",
        "tool": "snare",
        "finding": "polyp",
        "criterion": "two structures",
    }
    made = [KINDS[index % len(KINDS)] for index in range(intervals)]
    return Findings(
        source=source,
        model=make_model(labels),
        every=every,
        analyzed_frames=len(range(0, frames, every)),
        tracks=tuple(
            make_track(source, n, label=labels[(n - 1) % len(labels)], every=every, hole=hole)
            for n in range(1, tracks + 1)
        ),
        intervals=tuple(
            make_interval(source, n, kind=kind, label=names[kind])
            for n, kind in enumerate(made, start=1)
        ),
        settings={"threshold": 0.5, "minimum_seconds": 0.2},
        warnings=warnings,
    )


def cut_off(findings: Findings) -> Findings:
    """The same findings in a recording that breaks off."""
    return replace(findings, source=replace(findings.source, complete=False))


def findings_for(header: Dataset, **options: object) -> Findings:
    """Findings that fit a DICOM header's size and number of frames."""
    found = make_findings(
        width=int(header.Columns),
        height=int(header.Rows),
        frames=int(header.NumberOfFrames),
        **options,  # type: ignore[arg-type]
    )
    return replace(found, source=replace(found.source, name="real", kind="dicom-frames"))


def make_header(source: SourceSummary | None = None) -> Dataset:
    """The data set of a Video Endoscopic object (PS3.3 A.32.5), without its pixels."""
    source = source or make_source()
    header = Dataset()
    header.SpecificCharacterSet = "ISO_IR 100"
    header.SOPClassUID = VideoEndoscopicImageStorage
    header.SOPInstanceUID = derive_uid("test video", source.sha256)
    header.SeriesInstanceUID = derive_uid("test series", source.sha256)
    header.StudyInstanceUID = derive_uid("test study", source.sha256)
    header.StudyDate, header.StudyTime = "20240229", "081500"
    header.ContentDate, header.ContentTime = "20240229", "083000"
    header.PatientName, header.PatientID = "Müller^Änne", "P-0001"
    header.PatientBirthDate, header.PatientSex = "19600101", "F"
    header.AccessionNumber, header.StudyID = "A-1", "S-1"
    header.ReferringPhysicianName = "House^Gregory"
    header.Modality, header.SeriesNumber, header.InstanceNumber = "ES", 2, 1
    header.Manufacturer, header.ManufacturerModelName = "Maker of endoscopes", "Scope 1"
    header.NumberOfFrames = source.frame_count
    header.Rows, header.Columns = source.height, source.width
    header.LossyImageCompression = "01"
    header.LossyImageCompressionRatio = "100"
    header.LossyImageCompressionMethod = "ISO_14496_10"
    return header
