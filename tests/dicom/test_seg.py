# SPDX-License-Identifier: Apache-2.0
"""Segmentations: read back exactly by others, clean in their checkers, split, small in memory."""

from __future__ import annotations

import re
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pydicom
import pytest

from monai_medvid.dicom.raster import fill
from monai_medvid.dicom.reference import ImageTarget
from monai_medvid.dicom.seg import SegSampling, write_seg, write_stills_seg
from monai_medvid.dicom.seg_pixels import labelmap
from monai_medvid.dicom.seg_plan import Outlined
from monai_medvid.dicom.wording import track_name
from monai_medvid.errors import DicomWriteError, OutputError
from monai_medvid.findings.model import Findings, Region
from tests.factories import cut_off, findings_for, make_findings
from tests.outside import dcentvfy, dciodvfy, segread

EVERYTHING = SegSampling(frames_per_second=None)

# what the checker says about the source's own values, which the new object has to repeat
INHERITED = (
    r".*Missing attribute or value that would be needed to build DICOMDIR",
    r".*Retired Person Name form",
    r".*Illegal root for UID = <999\.999\..*",
    r".*(PatientSize|PatientWeight).* - Value is zero",
    # two frames under a class for single images: the number has to be told all the same
    r".*Shall not be present for Referenced SOP Class that is not multi-frame",
)


def own_complaints(lines: list[str]) -> list[str]:
    return [line for line in lines if not any(re.fullmatch(one, line) for one in INHERITED)]


@pytest.fixture
def header(data_dir: Path) -> pydicom.Dataset:
    path = data_dir / "dicom" / "video" / "es_h264_hp41_surgery.dcm"
    return pydicom.dcmread(path, stop_before_pixels=True)


def real_inputs() -> list[str]:
    return [
        "video/es_h264_hp41_surgery.dcm",
        "video/es_mpeg2_mpml_surgery.dcm",
        "cine/ct_2f_rle_bot_dicomParser_CT0012.dcm",
        "cine/mr_10f_j2k_emri_small_jpeg_2k_lossless.dcm",
        "cine/sc_2f_rle_pydicom_SC_rgb_rle_2frame.dcm",
        "cine/us_10f_jpegls_palette_dcm4che_jpeg-ls-Palette.dcm",
        "cine/us_2f_rle_palette_OBXXXX1A_rle_2frame.dcm",
        "cine/us_30f_jpegbaseline_pydicom_examples_ybr_color.dcm",
        "cine/us_65f_jpegbaseline_fodicom_DIRW0007.dcm",
        "cine/us_8f_uncompressed_rgb_implicitLE_dicomParser_IM00001.dcm",
    ]


def expected(found: Findings, frame: int) -> list[Outlined]:
    return [
        Outlined(track.number, region)
        for track in found.tracks
        for region in track.regions
        if region.frame == frame
    ]


def masks(objects: list[Outlined], shape: tuple[int, int], segments: int) -> np.ndarray:
    """(H, W, segments) uint8."""
    planes = np.zeros((*shape, segments), np.uint8)
    for one in objects:
        patch = fill(one.region.rings, rows=shape[0], columns=shape[1])
        planes[..., one.segment - 1][patch.where] = patch.pixels
    return planes


@pytest.mark.parametrize("name", real_inputs())
def test_highdicom_reads_back_what_was_outlined(name: str, data_dir: Path, tmp_path: Path) -> None:
    source = data_dir / "dicom" / name
    header = pydicom.dcmread(source, stop_before_pixels=True)
    found = findings_for(header, tracks=3, hole=True)
    shape = (int(header.Rows), int(header.Columns))
    frames = sorted({region.frame for track in found.tracks for region in track.regions})
    numbers = [frame + 1 for frame in frames]

    for mode in ("binary", "labelmap"):
        result = write_seg(found, header, tmp_path / mode, mode=mode, sampling=EVERYTHING)
        read = segread(result.paths[0]).get_pixels_by_source_frame(
            source_sop_instance_uid=header.SOPInstanceUID,
            source_frame_numbers=numbers,
            segment_numbers=[1, 2, 3],
            ignore_spatial_locations=True,
            combine_segments=mode == "labelmap",
        )
        for got, frame in zip(read, frames, strict=True):
            objects = expected(found, frame)
            if mode == "binary":
                assert np.array_equal(got, masks(objects, shape, 3))
            else:
                want = labelmap(objects, rows=shape[0], columns=shape[1], bits=8)
                assert np.array_equal(got, want)


@pytest.mark.parametrize("name", real_inputs())
def test_checkers_have_no_complaint_of_ours(name: str, data_dir: Path, tmp_path: Path) -> None:
    source = data_dir / "dicom" / name
    header = pydicom.dcmread(source, stop_before_pixels=True)

    result = write_seg(findings_for(header, tracks=3), header, tmp_path)

    assert own_complaints(dciodvfy(result.paths[0])) == []
    # Type 2 attributes that the source leaves out, or has empty where we copy none
    # or that it spells as ACR-NEMA did (1994.01.30), which ours may not
    lacking = ("zero length", "present in one instance but not the other", "<1994.01.30>", "<11:25")
    across = dcentvfy(source, result.paths[0])
    assert [line for line in across if not any(word in line for word in lacking)] == []


def test_segments_carry_the_tracks_identity(header: pydicom.Dataset, tmp_path: Path) -> None:
    found = findings_for(header, tracks=2, labels=("polyp", "strange thing"))

    result = write_seg(found, header, tmp_path)

    ds = pydicom.dcmread(result.paths[0])
    for item, track in zip(ds.SegmentSequence, found.tracks, strict=True):
        assert (item.TrackingUID, item.TrackingID) == (track.uid, track_name(track))
        assert item.SegmentAlgorithmType == "AUTOMATIC"
        algorithm = item.SegmentationAlgorithmIdentificationSequence[0]
        assert algorithm.AlgorithmName == found.model.name
    private = ds.SegmentSequence[1].SegmentedPropertyTypeCodeSequence[0]
    assert private.CodingSchemeDesignator == "99MEDVID"
    assert ds.CodingSchemeIdentificationSequence[0].CodingSchemeDesignator == "99MEDVID"
    assert ds.LossyImageCompression == "01"
    assert ds.LossyImageCompressionMethod == header.LossyImageCompressionMethod
    assert "FrameOfReferenceUID" not in ds
    assert dciodvfy(result.paths[0]) == []


def test_references_point_at_the_best_frame(header: pydicom.Dataset, tmp_path: Path) -> None:
    found = findings_for(header, tracks=3)
    for mode in ("binary", "labelmap"):
        result = write_seg(found, header, tmp_path / mode, mode=mode)
        assert set(result.references) == {track.uid for track in found.tracks}
        by_uid = {pydicom.dcmread(path).SOPInstanceUID: path for path in result.paths}
        for track in found.tracks:
            reference = result.references[track.uid]
            ds = pydicom.dcmread(by_uid[reference.sop_instance_uid])
            group = ds.PerFrameFunctionalGroupsSequence[reference.frame_number - 1]
            image = group.DerivationImageSequence[0].SourceImageSequence[0]
            assert image.ReferencedFrameNumber == track.best.frame + 1
            assert reference.segment_number == track.number
            if mode == "binary":
                number = group.SegmentIdentificationSequence[0].ReferencedSegmentNumber
                assert number == track.number


def test_a_segmentation_of_a_recording_that_breaks_off_says_so(
    header: pydicom.Dataset, tmp_path: Path
) -> None:
    found = findings_for(header)
    whole = write_seg(found, header, tmp_path / "whole").paths[0]
    cut = write_seg(cut_off(found), header, tmp_path / "cut").paths[0]
    said = [pydicom.dcmread(path).ContentDescription for path in (whole, cut)]
    assert said == ["AI result, not verified", "AI result, not verified; the recording breaks off"]


def test_nothing_segmented_gives_no_file(header: pydicom.Dataset, tmp_path: Path) -> None:
    result = write_seg(findings_for(header, tracks=0), header, tmp_path)

    assert (result.paths, result.references) == ((), {})
    assert list(tmp_path.iterdir()) == []


def test_same_findings_same_bytes(header: pydicom.Dataset, tmp_path: Path) -> None:
    found = findings_for(header, tracks=2)
    first = write_seg(found, header, tmp_path / "a", mode="labelmap", threads=1)
    again = write_seg(found, header, tmp_path / "b", mode="labelmap", threads=3)
    changed = write_seg(replace(found, every=2), header, tmp_path / "c", mode="labelmap")

    assert first.paths[0].read_bytes() == again.paths[0].read_bytes()
    uids = {pydicom.dcmread(one.paths[0]).SOPInstanceUID for one in (first, changed)}
    assert len(uids) == 2


@pytest.mark.parametrize("mode", ["binary", "labelmap"])
def test_split_files_are_whole_on_their_own(
    mode: str, header: pydicom.Dataset, tmp_path: Path
) -> None:
    found = findings_for(header, tracks=3)
    sampling = SegSampling(frames_per_second=None, max_frames=20)

    result = write_seg(found, header, tmp_path, mode=mode, sampling=sampling)  # type: ignore[arg-type]

    assert len(result.paths) > 2
    assert [path.name for path in result.paths[:2]] == ["seg-001.dcm", "seg-002.dcm"]
    data = [pydicom.dcmread(path) for path in result.paths]
    assert len({ds.SOPInstanceUID for ds in data}) == len(data)
    assert len({ds.SeriesInstanceUID for ds in data}) == 1
    assert [ds.InstanceNumber for ds in data] == list(range(1, len(data) + 1))
    assert sum(ds.NumberOfFrames for ds in data) == result.frame_count
    assert all(ds.NumberOfFrames <= 20 for ds in data)
    frames: list[int] = []
    for path in result.paths:
        read = segread(path)
        assert read.pixel_array.shape[0] == read.NumberOfFrames
        own = [
            int(group.DerivationImageSequence[0].SourceImageSequence[0].ReferencedFrameNumber)
            for group in read.PerFrameFunctionalGroupsSequence
        ]
        frames.extend(sorted(set(own)))
        if mode == "binary":
            assert dciodvfy(path) == []
    assert frames == sorted(set(frames))


def test_more_than_255_tracks_take_sixteen_bits(header: pydicom.Dataset, tmp_path: Path) -> None:
    found = make_findings(width=64, height=48, frames=4, tracks=260)
    last = found.tracks[-1]
    sure = tuple(replace(region, probability=1.0) for region in last.regions)
    tracks = (*found.tracks[:-1], replace(last, regions=sure, best=sure[0]))

    result = write_seg(replace(found, tracks=tracks), header, tmp_path, mode="labelmap")

    ds = pydicom.dcmread(result.paths[0])
    assert (ds.BitsAllocated, len(ds.SegmentSequence)) == (16, 261)
    assert ds.pixel_array.max() == 260


def test_overlap_goes_to_the_likelier(header: pydicom.Dataset) -> None:
    square = np.array([[10, 10], [30, 10], [30, 30], [10, 30]], np.float32)
    sure = Region(0, Fraction(0), (square,), 400.0, 0.9)
    unsure = Region(0, Fraction(0), (square + 10,), 400.0, 0.6)

    picture = labelmap([Outlined(1, sure), Outlined(2, unsure)], rows=60, columns=60, bits=8)

    assert picture[15, 15] == picture[25, 25] == 1
    assert picture[35, 35] == 2


def test_stills_have_a_segmentation_of_their_own(header: pydicom.Dataset, tmp_path: Path) -> None:
    found = findings_for(header, tracks=2)
    stills = {
        track.best.frame: ImageTarget(
            sop_class_uid="1.2.840.10008.5.1.4.1.1.77.1.1",
            sop_instance_uid=f"2.25.{number}",
            series_instance_uid="2.25.99",
            frame_number=None,
        )
        for number, track in enumerate(found.tracks, 1)
    }

    result = write_stills_seg(found, header, tmp_path / "seg.dcm", targets=stills)

    ds = pydicom.dcmread(result.paths[0])
    listed = ds.ReferencedSeriesSequence[0].ReferencedInstanceSequence
    assert {one.ReferencedSOPInstanceUID for one in listed} == {"2.25.1", "2.25.2"}
    for group in ds.PerFrameFunctionalGroupsSequence:
        image = group.DerivationImageSequence[0].SourceImageSequence[0]
        assert "ReferencedFrameNumber" not in image
    assert set(result.references) == {track.uid for track in found.tracks}
    assert dciodvfy(result.paths[0]) == []
    none = write_stills_seg(found, header, tmp_path / "none.dcm", targets={})
    assert none.paths == ()
    assert not (tmp_path / "none.dcm").exists()


def test_refusals(header: pydicom.Dataset, tmp_path: Path) -> None:
    found = findings_for(header, tracks=2)
    gap = replace(found, tracks=(found.tracks[0], replace(found.tracks[1], number=3)))
    with pytest.raises(DicomWriteError, match="numbered 1 to 2 without a gap"):
        write_seg(gap, header, tmp_path)
    with pytest.raises(ValueError, match="frames_per_second must be positive"):
        SegSampling(frames_per_second=0)
    with pytest.raises(ValueError, match="max_frames must be at least 1"):
        SegSampling(max_frames=0)
    file = tmp_path / "file"
    file.write_text("")
    with pytest.raises(OutputError, match="space and permissions"):
        write_seg(found, header, file)


def test_memory_does_not_grow_with_the_frames(header: pydicom.Dataset, tmp_path: Path) -> None:
    import tracemalloc

    peaks = []
    for frames in (60, 600):
        found = make_findings(width=320, height=240, frames=frames, tracks=3)
        tracemalloc.start()
        write_seg(found, header, tmp_path / str(frames), sampling=EVERYTHING)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] - peaks[0] < 1_000_000
