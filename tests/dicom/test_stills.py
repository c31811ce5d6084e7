# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pydicom
import pytest
from pydicom import Dataset

from monai_medvid.dicom.stills import StillsSeries, write_stills
from monai_medvid.errors import DicomWriteError
from monai_medvid.findings.model import Findings
from tests import outside
from tests.dicom.sources import SINGLE_FRAME_CLASS, VIDEOS, read_header
from tests.dicom.test_sr import groups
from tests.factories import findings_for, make_findings, make_header


class Gradients:
    """A video in which each frame is another colour gradient, made when it is asked for."""

    def __init__(self, findings: Findings) -> None:
        source = findings.source
        rows, columns = np.mgrid[0 : source.height, 0 : source.width]
        self._plane = (rows + columns) * 127 // (source.height + source.width)
        self.asked: list[int] = []

    def __getitem__(self, index: int, /) -> npt.NDArray[np.uint8]:
        self.asked.append(index)
        parts = [self._plane + shift for shift in (index % 100, 60, 120 - index % 100)]
        return np.stack(parts, axis=-1).astype(np.uint8)


def write(
    findings: Findings, header: Dataset, folder: Path, **options: object
) -> tuple[StillsSeries, Gradients]:
    video = Gradients(findings)
    return write_stills(video, findings, header, folder, **options), video  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def findings() -> Findings:
    return make_findings(tracks=3, intervals=4)


@pytest.fixture(scope="module")
def series(findings: Findings, tmp_path_factory: pytest.TempPathFactory) -> StillsSeries:
    return write(findings, make_header(), tmp_path_factory.mktemp("stills"))[0]


def test_files_are_numbered_with_report_and_segmentation(series: StillsSeries) -> None:
    names = [path.name for path in series.paths]
    assert names == [f"{number:03d}.dcm" for number in range(1, len(names) + 1)]
    assert series.sr is not None
    assert series.seg is not None
    assert (series.sr.name, series.seg.name) == ("sr.dcm", "seg.dcm")


def test_one_series_in_order_of_time(series: StillsSeries) -> None:
    stills = [pydicom.dcmread(path) for path in series.paths]
    assert len({still.SeriesInstanceUID for still in stills}) == 1
    assert [still.InstanceNumber for still in stills] == list(range(1, len(stills) + 1))
    frames = [still.SourceImageSequence[0].ReferencedFrameNumber for still in stills]
    assert frames == sorted(frames)
    assert [frame - 1 for frame in frames] == list(series.targets)
    assert stills[0].SeriesDescription == "AI key frames"


def test_a_still_shows_its_frame(findings: Findings, series: StillsSeries) -> None:
    for path, frame in zip(series.paths, series.targets, strict=True):
        still = pydicom.dcmread(path)
        expected = Gradients(findings)[frame]
        assert np.abs(still.pixel_array.astype(int) - expected).mean() < 3
        assert still.PhotometricInterpretation == "YBR_FULL_422"
        assert still.SOPInstanceUID == series.targets[frame].sop_instance_uid


def test_a_still_says_where_it_is_from_and_what_was_lost(series: StillsSeries) -> None:
    still = pydicom.dcmread(series.paths[0])
    source = still.SourceImageSequence[0]
    assert source.ReferencedSOPInstanceUID == make_header().SOPInstanceUID
    assert still.ImageType == ["DERIVED", "PRIMARY"]
    assert still.LossyImageCompression == "01"
    assert list(still.LossyImageCompressionMethod) == ["ISO_14496_10", "ISO_10918_1"]
    assert len(still.LossyImageCompressionRatio) == 2
    assert still.ImageComments.startswith("00:00:00.")
    assert "AI result, not verified" in still.ImageComments
    assert still.SOPClassUID.name == "VL Endoscopic Image Storage"


def test_the_report_points_at_stills_and_at_their_segmentation(series: StillsSeries) -> None:
    assert series.sr is not None
    assert series.seg is not None
    report, seg = pydicom.dcmread(series.sr), pydicom.dcmread(series.seg)
    known = {target.sop_instance_uid for target in series.targets.values()}
    for group in groups(report):
        (region,) = (item for item in group.ContentSequence if item.ValueType == "SCOORD")
        reference = region.ContentSequence[0].ReferencedSOPSequence[0]
        assert reference.ReferencedSOPInstanceUID in known
        assert "ReferencedFrameNumber" not in reference
    instances = {
        one.ReferencedSOPInstanceUID
        for item in report.CurrentRequestedProcedureEvidenceSequence[0].ReferencedSeriesSequence
        for one in item.ReferencedSOPSequence
    }
    assert {*known, seg.SOPInstanceUID, make_header().SOPInstanceUID} == instances


def test_at_most_so_many_stills_and_each_frame_is_decoded_once(tmp_path: Path) -> None:
    many = make_findings(tracks=7, intervals=9)
    series, video = write(many, make_header(), tmp_path, limit=3)
    assert len(series.paths) == 3
    assert video.asked == sorted(set(video.asked)) == list(series.targets)
    assert series.sr is not None
    assert len(groups(pydicom.dcmread(series.sr))) < 16


def test_without_tracks_or_without_wish_there_is_no_segmentation(tmp_path: Path) -> None:
    phases = make_findings(tracks=0, intervals=2)
    assert write(phases, make_header(), tmp_path / "a")[0].seg is None
    found = make_findings(tracks=1)
    series, _ = write(found, make_header(), tmp_path / "b", segmentation=False)
    assert series.seg is None
    assert series.sr is not None


def test_nothing_found_writes_nothing(tmp_path: Path) -> None:
    nothing = make_findings(tracks=0, intervals=0)
    series, video = write(nothing, make_header(), tmp_path)
    assert series == StillsSeries()
    assert video.asked == list(tmp_path.iterdir()) == []


def test_the_same_video_and_findings_give_the_same_bytes(
    findings: Findings, series: StillsSeries, tmp_path: Path
) -> None:
    again, _ = write(findings, make_header(), tmp_path)
    first = [*series.paths, series.sr, series.seg]
    second = [*again.paths, again.sr, again.seg]
    for one, other in zip(first, second, strict=True):
        assert one is not None
        assert other is not None
        assert one.read_bytes() == other.read_bytes()


@pytest.mark.parametrize(
    ("source", "still", "modality"),
    [
        ("1.2.840.10008.5.1.4.1.1.77.1.1.1", "VL Endoscopic Image Storage", "ES"),
        ("1.2.840.10008.5.1.4.1.1.77.1.2.1", "VL Microscopic Image Storage", "GM"),
        ("1.2.840.10008.5.1.4.1.1.77.1.4.1", "VL Photographic Image Storage", "XC"),
        ("1.2.840.10008.5.1.4.1.1.3.1", "Ultrasound Image Storage", "US"),
        ("1.2.840.10008.5.1.4.1.1.3", "Ultrasound Image Storage", "US"),
        ("1.2.840.10008.5.1.4.1.1.7.4", "Secondary Capture Image Storage", "OT"),
        ("1.2.840.10008.5.1.4.1.1.12.1", "Secondary Capture Image Storage", "XA"),
    ],
)
@pytest.mark.tools
def test_the_still_is_of_the_sources_kind(
    tmp_path: Path, source: str, still: str, modality: str
) -> None:
    header = make_header()
    header.SOPClassUID, header.Modality = source, modality
    series, _ = write(make_findings(tracks=1, intervals=0), header, tmp_path)
    read = pydicom.dcmread(series.paths[0])
    assert (read.SOPClassUID.name, read.Modality) == (still, modality)
    # the tool does not know the retired class
    outside.check(series.paths[0], allow=(SINGLE_FRAME_CLASS,))


def test_a_lossless_source_does_not_hide_the_loss_of_its_stills(tmp_path: Path) -> None:
    header = make_header()
    for part in ("", "Ratio", "Method"):
        delattr(header, f"LossyImageCompression{part}")
    series, _ = write(make_findings(tracks=1), header, tmp_path)
    assert series.seg is not None
    assert pydicom.dcmread(series.paths[0]).LossyImageCompressionMethod == "ISO_10918_1"
    assert pydicom.dcmread(series.seg).LossyImageCompression == "01"
    assert "LossyImageCompression" not in header


@pytest.mark.data
@pytest.mark.tools
@pytest.mark.parametrize("name", VIDEOS)
def test_checkers_accept_the_series_of_real_videos(
    data_dir: Path, tmp_path: Path, name: str
) -> None:
    source = data_dir / "dicom" / name
    header = read_header(source)
    series, _ = write(findings_for(header), header, tmp_path)
    assert series.sr is not None
    assert series.seg is not None
    for path in (series.paths[0], series.seg):
        outside.check(path, allow=VIDEOS[name])
    others = [*series.paths, series.seg]
    outside.check(series.sr, source, *others, allow=VIDEOS[name])


def test_frames_that_do_not_fit_the_findings_are_refused(tmp_path: Path) -> None:
    findings = make_findings(tracks=1, intervals=0)
    wide = replace(findings, source=replace(findings.source, width=640))
    with pytest.raises(DicomWriteError, match="as 240x640x3, found 240x320x3"):
        write_stills(Gradients(findings), wide, make_header(), tmp_path)
    short = replace(findings, source=replace(findings.source, frame_count=2))
    with pytest.raises(DicomWriteError, match="of 2 as 240x320x3, found none"):
        write_stills(Gradients(findings), short, make_header(), tmp_path)
