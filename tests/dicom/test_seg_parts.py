# SPDX-License-Identifier: Apache-2.0
"""The parts of the segmentation writer: filling, bits, choosing frames, splitting, encoding."""

from __future__ import annotations

import io
import tempfile
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import get_args

import contourpy
import numpy as np
import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from pydicom.dataset import Dataset

from monai_medvid.dicom.explicit import encode
from monai_medvid.dicom.raster import fill
from monai_medvid.dicom.reference import ImageTarget
from monai_medvid.dicom.seg import write_seg
from monai_medvid.dicom.seg_groups import frame_groups
from monai_medvid.dicom.seg_pixels import BitWriter, in_order, labelmap
from monai_medvid.dicom.seg_plan import Mode, Outlined, SegSampling, plan_frames, split
from monai_medvid.dicom.seg_segments import display_color
from tests.factories import make_findings, make_header

MODES = get_args(Mode)
EVERYTHING = SegSampling(frames_per_second=None)
MASKS = arrays.arrays(
    np.uint8,
    arrays.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=19),
    elements=st.integers(0, 1),
)


def outline(mask: np.ndarray) -> list[np.ndarray]:
    """Rings half-way between the pixels, (column, row)."""
    padded = np.pad(mask, 1).astype(np.float32)
    lines = contourpy.contour_generator(z=padded).lines(0.5)
    return [np.asarray(line[:-1] - 0.5, np.float32) for line in lines]


def whole(rings: list[np.ndarray], shape: tuple[int, int]) -> np.ndarray:
    picture = np.zeros(shape, np.uint8)
    patch = fill(rings, rows=shape[0], columns=shape[1])
    picture[patch.where] = patch.pixels
    return picture


@given(MASKS)
@settings(max_examples=200, deadline=None)
def test_outlines_give_their_mask_back_bit_for_bit(mask: np.ndarray) -> None:
    if mask.any():
        assert np.array_equal(whole(outline(mask), mask.shape), mask)


def test_pixels_belong_to_one_of_two_neighbours() -> None:
    left = np.array([[0, 0], [2.5, 0], [2.5, 4], [0, 4]], np.float32)
    right = np.array([[2.5, 0], [5, 0], [5, 4], [2.5, 4]], np.float32)

    total = whole([left], (4, 5)) + whole([right], (4, 5))

    assert (total == 1).all()


@pytest.mark.parametrize(
    ("ring", "place"),
    [
        ([[1.1, 2.1], [1.3, 2.1], [1.2, 2.3]], (2, 1)),
        ([[-9, -9], [-7, -9], [-8, -7]], (0, 0)),
        ([[90, 90], [95, 90], [92, 95]], (3, 4)),
    ],
)
def test_what_is_too_small_or_outside_marks_one_pixel(
    ring: list[list[float]], place: tuple[int, int]
) -> None:
    picture = whole([np.array(ring, np.float32)], (4, 5))

    assert picture.sum() == 1
    assert picture[place] == 1


@given(st.lists(MASKS, min_size=1, max_size=1), st.integers(1, 6), st.randoms())
@settings(max_examples=100, deadline=None)
def test_bits_run_on_across_frames(masks: list[np.ndarray], count: int, random: object) -> None:
    first = masks[0]
    generator = np.random.default_rng(first.size + count)
    frames = [generator.integers(0, 2, first.shape, dtype=np.uint8) for _ in range(count)]
    frames = [frame if frame.any() else np.ones_like(frame) for frame in frames]
    file = io.BytesIO()
    writer = BitWriter(file, rows=first.shape[0], columns=first.shape[1])
    for frame in frames:
        writer.write(fill(outline(frame), rows=first.shape[0], columns=first.shape[1]))
    writer.close()

    bits = np.unpackbits(np.frombuffer(file.getvalue(), np.uint8), bitorder="little")
    wanted = np.concatenate([frame.reshape(-1) for frame in frames])
    assert np.array_equal(bits[: wanted.size], wanted)
    assert not bits[wanted.size :].any()
    assert len(file.getvalue()) == -(-wanted.size // 8)


@given(st.integers(1, 23), st.integers(1, 23), st.integers(1, 5), st.sampled_from(MODES))
@settings(max_examples=40, deadline=None)
def test_whole_files_of_odd_sizes_read_back(
    rows: int, columns: int, frames: int, mode: Mode
) -> None:
    found = make_findings(width=columns, height=rows, frames=frames, tracks=2)
    header = make_header(found.source)
    with tempfile.TemporaryDirectory() as folder:
        result = write_seg(found, header, Path(folder), mode=mode, sampling=EVERYTHING)
        ds = pydicom.dcmread(result.paths[0])
        pixels = ds.pixel_array.reshape(-1, rows, columns)

    assert ds.NumberOfFrames == len(pixels) == len(ds.PerFrameFunctionalGroupsSequence)
    for picture, group in zip(pixels, ds.PerFrameFunctionalGroupsSequence, strict=True):
        image = group.DerivationImageSequence[0].SourceImageSequence[0]
        objects = [
            Outlined(track.number, region)
            for track in found.tracks
            for region in track.regions
            if region.frame == image.ReferencedFrameNumber - 1
        ]
        if mode == "binary":
            number = group.SegmentIdentificationSequence[0].ReferencedSegmentNumber
            (own,) = (one for one in objects if one.segment == number)
            want = whole(list(own.region.rings), (rows, columns))
        else:
            want = labelmap(objects, rows=rows, columns=columns, bits=8)
        assert np.array_equal(picture, want)


def test_a_region_without_an_outline_is_left_out() -> None:
    (track,) = make_findings(frames=30, tracks=1).tracks
    bare = replace(track.regions[0], rings=())
    changed = replace(track, regions=(bare, *track.regions[1:]))

    planned = plan_frames([changed], EVERYTHING)

    assert [one.frame for one in planned] == [region.frame for region in track.regions[1:]]


def test_groups_are_what_pydicom_would_write() -> None:
    target = ImageTarget(
        sop_class_uid="1.2.3", sop_instance_uid="1.2.3.4", series_instance_uid="1.2", frame_number=7
    )
    file = io.BytesIO(frame_groups(target, position=3, segment=2))

    read = pydicom.filereader.read_dataset(file, is_implicit_VR=False, is_little_endian=True)

    image = read.DerivationImageSequence[0].SourceImageSequence[0]
    assert (image.ReferencedSOPInstanceUID, image.ReferencedFrameNumber) == ("1.2.3.4", 7)
    assert image.PurposeOfReferenceCodeSequence[0].CodeValue == "121322"
    assert read.DerivationImageSequence[0].DerivationCodeSequence[0].CodeValue == "113076"
    assert read.FrameContentSequence[0].DimensionIndexValues == [2, 3]
    assert read.FrameContentSequence[0].TemporalPositionIndex == 3
    assert read.SegmentIdentificationSequence[0].ReferencedSegmentNumber == 2
    assert encode(read) == file.getvalue()


def test_a_few_frames_a_second_and_every_best_one() -> None:
    found = make_findings(frames=300, tracks=2)

    planned = plan_frames(found.tracks, SegSampling(frames_per_second=5))

    frames = [one.frame for one in planned]
    best = {track.best.frame for track in found.tracks}
    assert frames == sorted(set(frames))
    assert best <= set(frames)
    rest = [frame for frame in frames if frame not in best]
    assert min(np.diff(rest)) >= 5
    spans = {region.frame for track in found.tracks for region in track.regions}
    assert len(rest) >= len(spans) / 5 - 2


def test_a_frame_is_taken_with_all_that_is_in_it() -> None:
    found = make_findings(frames=100, tracks=4)

    for one in plan_frames(found.tracks, SegSampling(frames_per_second=3)):
        seen = [t.number for t in found.tracks if any(r.frame == one.frame for r in t.regions)]
        assert [outlined.segment for outlined in one.objects] == seen


@pytest.mark.parametrize("rate", [Fraction(30), Fraction(30000, 1001), Fraction(24)])
def test_the_grid_does_not_drift(rate: Fraction) -> None:
    found = make_findings(frames=int(rate * 30), rate=rate, tracks=1)

    planned = plan_frames(found.tracks, SegSampling(frames_per_second=5, always_best=False))

    seconds = float(found.tracks[0].end - found.tracks[0].start)
    assert len(planned) == pytest.approx(5 * seconds, abs=1.5)


def test_files_stay_below_four_gibibytes() -> None:
    found = make_findings(frames=90, tracks=3)
    planned = plan_frames(found.tracks, SegSampling(frames_per_second=None))
    huge = 2**33  # pixels: a 1 GiB frame

    files = split(planned, mode="binary", pixels=huge, max_frames=10**6)

    assert all(sum(len(one.objects) for one in file) <= 3 for file in files)
    assert [one for file in files for one in file] == planned
    assert split([], mode="binary", pixels=1, max_frames=1) == []


@pytest.mark.parametrize("threads", [1, 3])
def test_order_is_kept_in_threads(threads: int) -> None:
    assert list(in_order(str, range(50), threads=threads)) == [str(n) for n in range(50)]


def test_errors_come_out_of_threads() -> None:
    with pytest.raises(ZeroDivisionError):
        list(in_order(lambda n: 1 // n, [1, 0, 1], threads=2))


def test_colours_differ() -> None:
    colors = {display_color(number) for number in range(1, 200)}

    assert len(colors) == 199
    assert all(0 <= value <= 65535 for color in colors for value in color)


def test_encode_pads_nothing_twice() -> None:
    ds = Dataset()
    ds.CodeValue = "odd"
    assert len(encode(ds)) % 2 == 0
