# SPDX-License-Identifier: Apache-2.0
"""What viewers need of every group, read off their loaders (OHIF 3.13, Weasis 4.7).

OHIF looks up children by ``ConceptNameCodeSequence.CodeValue`` without asking whether there is
one, takes the first UIDREF for the tracking UID, and the only child of the first SCOORD for the
image; where one group breaks this, it shows none.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom import Dataset

from monai_medvid.dicom.sr import write_sr
from monai_medvid.findings.model import Findings
from tests.dicom.test_sr import groups, segments_for, stills_for, walk
from tests.factories import make_findings, make_header


@pytest.fixture(params=["video", "stills"])
def report(request: pytest.FixtureRequest, tmp_path: Path) -> Dataset:
    findings: Findings = make_findings(tracks=3, intervals=5)
    stills = stills_for(findings) if request.param == "stills" else None
    segments = segments_for(findings)
    path = write_sr(findings, make_header(), tmp_path / "sr.dcm", segments=segments, targets=stills)
    return pydicom.dcmread(path)


def test_every_item_has_a_concept_name(report: Dataset) -> None:
    assert report.ConceptNameCodeSequence[0].CodeValue == "126000"
    for item in walk(report):
        assert item.ConceptNameCodeSequence[0].CodeValue


def test_the_only_uid_of_a_group_is_its_own(report: Dataset) -> None:
    uids = []
    for group in groups(report):
        (uid,) = (item for item in group.ContentSequence if item.ValueType == "UIDREF")
        assert uid.ConceptNameCodeSequence[0].CodeValue == "112040"
        uids.append(uid.UID)
    assert len(set(uids)) == len(uids) > 0


def test_every_group_has_one_region_on_one_frame_of_one_image(report: Dataset) -> None:
    for group in groups(report):
        (region,) = (item for item in group.ContentSequence if item.ValueType == "SCOORD")
        assert region.GraphicType == "POLYLINE"
        (source,) = region.ContentSequence
        (reference,) = source.ReferencedSOPSequence
        assert isinstance(reference.get("ReferencedFrameNumber", 1), int)


def test_no_reference_names_more_than_one_frame(report: Dataset) -> None:
    video = make_header().SOPInstanceUID
    for item in walk(report):
        if item.ValueType == "IMAGE":
            (reference,) = item.ReferencedSOPSequence
            if reference.ReferencedSOPInstanceUID == video:
                assert isinstance(reference.ReferencedFrameNumber, int)


def test_polylines_are_closed_and_inside_the_picture(report: Dataset) -> None:
    header = make_header()
    for group in groups(report):
        (region,) = (item for item in group.ContentSequence if item.ValueType == "SCOORD")
        points = np.float32(region.GraphicData).reshape(-1, 2)
        assert np.array_equal(points[0], points[-1])
        assert points.min() >= 0
        assert np.all(points <= [header.Columns, header.Rows])


def test_the_name_says_when_since_a_zero_is_not_shown(report: Dataset) -> None:
    for group in groups(report):
        name = group.ContentSequence[0]
        assert name.ConceptNameCodeSequence[0].CodeValue == "112039"
        assert " 00:00:0" in name.TextValue
