# SPDX-License-Identifier: Apache-2.0
"""Structured reports of many tracks: ours against highdicom's classes with the same content.

Both build the document and write the file. highdicom gets the same polylines, times, probability,
area, finding and algorithm; it has no time range, so it writes less than we do.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import highdicom as hd
import numpy as np
from pydicom import Dataset
from pydicom.sr.codedict import codes

from monai_medvid.dicom import terms
from monai_medvid.dicom.outline import closed_outline
from monai_medvid.dicom.sr import write_sr
from monai_medvid.dicom.wording import track_name
from monai_medvid.findings.model import Findings, Region, Track
from monai_medvid.findings.vocabulary import find_concept
from tests.factories import make_header, make_model, make_source

WIDTH, HEIGHT, FRAMES, POINTS = 1280, 720, 45_000, 40
GROUPS = (100, 1000, 3000)
QUICK = (100,)


def make_findings(groups: int) -> Findings:
    """As many tracks, each with an outline of 40 points."""
    angle = np.linspace(0, 2 * np.pi, POINTS, endpoint=False)
    circle = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    tracks = []
    for number in range(1, groups + 1):
        frame = number * 14
        ring = (circle * 60 + (200 + number % 800, 300)).astype(np.float32)
        region = Region(frame, Fraction(frame, 25), (ring,), 11309.7, 0.9)
        span = (frame - 5, frame + 5, Fraction(frame - 5, 25), Fraction(frame + 5, 25), 0.875)
        tracks.append(Track(f"2.25.7{number:06d}", number, "polyp", *span, (region,), region))
    return Findings(
        source=make_source(width=WIDTH, height=HEIGHT, frames=FRAMES),
        model=make_model(),
        every=1,
        analyzed_frames=FRAMES,
        tracks=tuple(tracks),
    )


def ours(findings: Findings, header: Dataset, path: Path) -> None:
    """The report as ``medvid analyze`` writes it."""
    write_sr(findings, header, path)


def theirs(findings: Findings, header: Dataset, path: Path) -> None:
    """The same with highdicom's templates."""
    device = hd.sr.DeviceObserverIdentifyingAttributes(uid="2.25.41", name="benchmark")
    observer = hd.sr.ObserverContext(
        observer_type=codes.DCM.Device, observer_identifying_attributes=device
    )
    report = hd.sr.MeasurementReport(
        observation_context=hd.sr.ObservationContext(observer_device_context=observer),
        procedure_reported=codes.SCT.ImagingProcedure,
        imaging_measurements=[their_group(track, header) for track in findings.tracks],
    )
    hd.sr.Comprehensive3DSR(
        evidence=[header],
        content=report,
        series_instance_uid="2.25.42",
        series_number=1,
        sop_instance_uid="2.25.43",
        instance_number=1,
        manufacturer="benchmark",
        is_complete=True,
    ).save_as(path)


def their_group(
    track: Track, header: Dataset
) -> hd.sr.PlanarROIMeasurementsAndQualitativeEvaluations:
    """TID 1410 of one track."""
    concept = find_concept(track.label)
    values = (
        (terms.START, float(track.start), terms.SECONDS),
        (terms.END, float(track.end), terms.SECONDS),
        (terms.DURATION, float(track.end - track.start), terms.SECONDS),
        (terms.PROBABILITY, track.probability, terms.NO_UNITS),
        (terms.AREA, track.best.area, terms.PIXELS),
    )
    return hd.sr.PlanarROIMeasurementsAndQualitativeEvaluations(
        tracking_identifier=hd.sr.TrackingIdentifier(uid=track.uid, identifier=track_name(track)),
        referenced_region=hd.sr.ImageRegion(
            hd.sr.GraphicTypeValues.POLYLINE,
            closed_outline(track.best.rings[0], width=WIDTH, height=HEIGHT),
            hd.sr.SourceImageForRegion.from_source_image(header, [track.best.frame + 1]),
        ),
        finding_type=hd.sr.CodedConcept(*their_code(concept.code)),
        finding_category=hd.sr.CodedConcept(*their_code(concept.category)),
        algorithm_id=hd.sr.AlgorithmIdentification("benchmark", "1"),
        measurements=[
            hd.sr.Measurement(
                hd.sr.CodedConcept(*their_code(name)), value, hd.sr.CodedConcept(*their_code(unit))
            )
            for name, value, unit in values
        ],
    )


def their_code(code: terms.Name) -> tuple[str, str, str]:
    """Value, scheme and meaning in the order in which highdicom takes them."""
    value, scheme, meaning = (*code,)[:3]
    return str(value), str(scheme), str(meaning)


def seconds(
    work: Callable[[Findings, Dataset, Path], None], findings: Findings
) -> tuple[float, float]:
    """How long one document takes, from findings to file: by the clock, and of processor time."""
    with tempfile.TemporaryDirectory() as folder:
        wall, busy = perf_counter(), process_time()
        work(findings, make_header(findings.source), Path(folder) / "sr.dcm")
        return perf_counter() - wall, process_time() - busy


def rows(sizes: tuple[int, ...]) -> list[dict[str, Any]]:
    """Both sides by number of groups; a small report first, so that nothing is cold."""
    for work in (ours, theirs):
        seconds(work, make_findings(3))
    made = []
    for groups in sizes:
        findings = make_findings(groups)
        (wall, busy), (their_wall, their_busy) = seconds(ours, findings), seconds(theirs, findings)
        made.append(
            {
                "what": f"{groups} groups, from findings to file",
                "value": f"{wall:.2f} s ({busy:.2f} s of processor time)",
                "against": f"highdicom {their_wall:.1f} s ({their_busy:.1f} s)",
                "ratio": their_busy / busy,  # one thread each; other work does not slow it
                "reach": "5 s" if groups == max(GROUPS) else "faster",
            }
        )
    return made


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--quick", action="store_true", help="100 groups only")
    arguments = parser.parse_args()
    document = {
        "title": "Structured report",
        "setting": f"TID 1410 groups with outlines of {POINTS} points, building and writing.",
        "rows": rows(QUICK if arguments.quick else GROUPS),
    }
    if arguments.json:
        print(json.dumps(document))
        return
    for row in document["rows"]:
        print(f"{row['what']}: {row['value']} against {row['against']}, {row['ratio']:.0f} times")


if __name__ == "__main__":
    main()
