# SPDX-License-Identifier: Apache-2.0
"""The parts of wrapping: which syntax fits, what a container tells, fragments, moved outlines."""

from __future__ import annotations

import io
import subprocess
import sys
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.encaps import generate_fragments

from monai_medvid.dicom import wrap
from monai_medvid.dicom.encapsulate import fragment_lengths, write_video_file
from monai_medvid.dicom.encode_video import choose_target
from monai_medvid.dicom.explicit import MAX_VALUE_BYTES, encode
from monai_medvid.dicom.files import whole_file
from monai_medvid.dicom.private_boxes import carries_more_than_pictures
from monai_medvid.dicom.remux import remux
from monai_medvid.dicom.stream_facts import StreamFacts, read_stream_facts
from monai_medvid.dicom.syntax_fit import fit_syntax
from monai_medvid.dicom.wrap_header import WrapIdentity, wrap_header
from monai_medvid.dicom.wrap_timing import Stream
from monai_medvid.dicom.wrapped_findings import on_picture
from monai_medvid.errors import DicomWriteError, OutputError, VideoReadError
from monai_medvid.video.media import Media
from monai_medvid.video.open import open_video
from tests.factories import make_findings
from tests.video.barcode_clips import make_clip

H264 = StreamFacts(
    codec="h264",
    profile="High",
    level=40,
    high_tier=False,
    pixel_format="yuv420p",
    width=1920,
    height=1080,
    frame_rate=Fraction(25),
    pixel_aspect=Fraction(1),
    container="mp4",
    tracks=1,
    texts=(),
    created="",
)
HEVC = replace(H264, codec="hevc", profile="Main", level=153, width=3840, height=2160)
MPEG2 = replace(
    H264,
    codec="mpeg2video",
    profile="Main",
    level=8,
    width=720,
    height=576,
    pixel_aspect=Fraction(64, 45),
)


@pytest.mark.parametrize(
    ("facts", "tail"),
    [
        (H264, "102"),
        (replace(H264, level=41, frame_rate=Fraction(30)), "102"),
        (replace(H264, level=42, frame_rate=Fraction(60)), "104"),
        (replace(H264, level=41, frame_rate=Fraction(60)), "104"),
        (replace(H264, profile="Constrained Baseline"), "102"),
        (replace(H264, pixel_format="yuvj420p"), "102"),
        (HEVC, "107"),
        (replace(HEVC, profile="Main 10", pixel_format="yuv420p10le"), "108"),
        (MPEG2, "100"),
        (replace(MPEG2, height=480, frame_rate=Fraction(30000, 1001)), "100"),
        (replace(MPEG2, level=4, width=1920, height=1080, pixel_aspect=Fraction(1)), "101"),
        (
            replace(
                MPEG2,
                level=4,
                width=1280,
                height=720,
                pixel_aspect=Fraction(1),
                frame_rate=Fraction(60000, 1001),
            ),
            "101",
        ),
    ],
)
def test_streams_that_fit(facts: StreamFacts, tail: str) -> None:
    assert fit_syntax(facts).syntax == f"1.2.840.10008.1.2.4.{tail}"


@pytest.mark.parametrize(
    ("facts", "rotation", "reason"),
    [
        (H264, 90, "turned by 90 degrees"),
        (replace(H264, codec="vp9"), 0, "no transfer syntax for vp9"),
        (replace(H264, pixel_aspect=Fraction(4, 3)), 0, "not square"),
        (replace(H264, profile="High 10", pixel_format="yuv420p10le"), 0, "High 10"),
        (replace(H264, profile="Baseline"), 0, "Baseline"),
        (replace(H264, level=51), 0, "level 5.1"),
        (replace(H264, level=42, frame_rate=Fraction(120)), 0, "1920x1080 at 120/s"),
        (replace(HEVC, level=156), 0, "HEVC level 5.2"),
        (replace(HEVC, high_tier=True), 0, "High tier"),
        (replace(HEVC, profile="Rext", pixel_format="yuv422p10le"), 0, "not Main or Main 10"),
        (replace(MPEG2, profile="4:2:2", pixel_format="yuv422p"), 0, "not Main in 4:2:0"),
        (replace(MPEG2, frame_rate=Fraction(50)), 0, "neither MPEG-2 Main nor High"),
        (
            replace(MPEG2, level=4, width=1920, height=1080, frame_rate=Fraction(60)),
            0,
            "neither MPEG-2 Main nor High",
        ),
        (replace(MPEG2, level=4, width=1440, height=1080), 0, "neither MPEG-2"),
    ],
)
def test_streams_that_do_not(facts: StreamFacts, rotation: int, reason: str) -> None:
    fit = fit_syntax(facts, rotation=rotation)

    assert fit.syntax is None
    assert reason in fit.reason


@pytest.mark.parametrize(
    ("size", "rate", "aspect", "expected"),
    [
        ((640, 480), 25, Fraction(1), (640, 480, "102")),
        ((641, 481), 25, Fraction(1), (642, 482, "102")),
        ((720, 576), 25, Fraction(16, 15), (768, 576, "102")),
        ((1920, 1080), 60, Fraction(1), (1920, 1080, "104")),
        ((3840, 2160), 60, Fraction(1), (3840, 2160, "107")),
    ],
)
def test_targets(
    size: tuple[int, int], rate: int, aspect: Fraction, expected: tuple[int, int, str]
) -> None:
    target = choose_target(*size, Fraction(rate), aspect)

    assert (target.width, target.height, target.syntax.split(".")[-1]) == expected


def test_no_target_for_the_largest() -> None:
    with pytest.raises(DicomWriteError, match="found 7680x4320 at 30/s; scale the video down"):
        choose_target(7680, 4320, Fraction(30), Fraction(1))


def test_a_container_without_texts_tells_nothing(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "clip.mp4", container_options={"fflags": "+bitexact"})
    facts = read_stream_facts(Media(clip))
    bare = tmp_path / "bare.mp4"
    remux(Media(clip), bare, container="mp4")

    assert (facts.codec, facts.profile, facts.container, facts.tracks) == ("h264", "High", "mp4", 1)
    assert wrap.wrap_video(bare, tmp_path / "out.dcm").how == "unchanged"
    with bare.open("rb") as stream:
        assert not carries_more_than_pictures(stream)
    assert read_stream_facts(Media(bare)).texts == ()


def box(kind: bytes, content: bytes) -> bytes:
    return (8 + len(content)).to_bytes(4, "big") + kind + content


DATED = box(b"mvhd", bytes(4) + (3_600_000_000).to_bytes(4, "big") + bytes(12))
UNDATED = box(b"mvhd", bytes(20))


@pytest.mark.parametrize(
    ("content", "tells"),
    [
        (box(b"ftyp", b"isom") + box(b"moov", UNDATED) + box(b"mdat", b"x"), False),
        (box(b"moov", UNDATED) + box(b"free", bytes(500)), False),
        (box(b"moov", UNDATED) + box(b"free", b"DOE JANE" * 20), True),
        (box(b"moov", DATED), True),
        (box(b"moov", UNDATED + box(b"udta", b"\xa9nam DOE")), True),
        (box(b"moov", UNDATED + box(b"trak", box(b"udta", b"DOE"))), True),
        (box(b"moov", UNDATED + box(b"abcd", b"")), True),
        (box(b"uuid", bytes(16)), True),
        (box(b"moov", UNDATED) + b"\0\0\0\x04oops", True),
        ((1).to_bytes(4, "big") + b"mdat" + (16).to_bytes(8, "big"), False),
        (b"\0\0\0\0mdat" + bytes(40), False),
    ],
)
def test_boxes_that_tell(content: bytes, tells: bool) -> None:
    assert carries_more_than_pictures(io.BytesIO(content)) is tells


def test_a_stream_that_a_container_refuses(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "clip.webm", codec="libvpx")

    with pytest.raises(VideoReadError, match="that mp4 can hold, found one that it refuses"):
        remux(Media(clip), tmp_path / "out.mp4", container="mp4")


def test_fragments() -> None:
    assert fragment_lengths(10, longest=MAX_VALUE_BYTES) == [10]
    assert fragment_lengths(MAX_VALUE_BYTES, longest=MAX_VALUE_BYTES) == [MAX_VALUE_BYTES]
    assert fragment_lengths(MAX_VALUE_BYTES + 1, longest=MAX_VALUE_BYTES) == [MAX_VALUE_BYTES, 1]


def test_more_than_a_fragment_takes_the_fragmentable_syntax(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = make_clip(tmp_path / "clip.ts")
    monkeypatch.setattr(wrap, "LONGEST_FRAGMENT", 5000)

    result = wrap.wrap_video(clip, tmp_path / "out.dcm")

    assert result.transfer_syntax_uid == "1.2.840.10008.1.2.4.102.1"
    ds = pydicom.dcmread(result.path)
    fragments = list(generate_fragments(ds.PixelData))[1:]
    assert len(fragments) == -(-clip.stat().st_size // 5000)
    assert b"".join(fragments)[: clip.stat().st_size] == clip.read_bytes()
    with open_video(clip) as before, open_video(result.path) as after:
        assert all(np.array_equal(a, b) for a, b in zip(before, after, strict=True))


def test_a_payload_that_shrinks(tmp_path: Path) -> None:
    header = pydicom.Dataset()
    header.SOPClassUID, header.SOPInstanceUID = "1.2.3", "1.2.3.4"
    out = tmp_path / "out.dcm"

    with pytest.raises(VideoReadError, match="Expected 3 more bytes"):
        write_video_file(out, header, io.BytesIO(b"12"), [5], syntax="1.2.840.10008.1.2.4.102")
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_leaves_nothing(tmp_path: Path) -> None:
    out = tmp_path / "seg.dcm"

    def fill() -> None:
        with whole_file(out) as file:
            file.write(b"some")
            raise OSError(28, "No space left on device")

    with pytest.raises(OutputError, match="No space left on device"):
        fill()
    assert list(tmp_path.iterdir()) == []


def test_no_room_for_what_is_made_on_the_way(tmp_path: Path) -> None:
    make_clip(tmp_path / "a.mp4", size=(640, 480))
    make_clip(tmp_path / "b.webm", codec="libvpx-vp9", size=(640, 480))
    program = (
        "import resource, sys; from pathlib import Path; "
        "from monai_medvid.dicom.wrap import wrap_video; "
        "from monai_medvid.errors import OutputError\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, resource.RLIM_INFINITY))\n"
        "for source in sys.argv[2:]:\n"
        "    try: wrap_video(source, Path(sys.argv[1]))\n"
        "    except OutputError as error: print(error)\n"
    )
    out = tmp_path / "out" / "video.dcm"
    command = [sys.executable, "-c", program, out, tmp_path / "a.mp4", tmp_path / "b.webm"]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=True)

    assert done.stdout.count(": File too large. Check the folder's") == 2
    assert list(out.parent.iterdir()) == []


@pytest.mark.parametrize(("frames", "digits"), [(100, 3), (9_000, 1), (15_000, 0), (40_000, None)])
def test_as_many_times_as_an_element_holds(frames: int, digits: int | None) -> None:
    times = [Fraction(n * 40 + n % 3, 1000) for n in range(frames)]
    stream = Stream(
        syntax="1.2.840.10008.1.2.4.102",
        sha256="ab" * 32,
        size=1000,
        rows=80,
        columns=96,
        times=times,
        duration=times[-1] + Fraction(1, 25),
        constant=False,
        rate=Fraction(25),
        pixel_aspect=Fraction(1),
    )

    header = wrap_header(stream, WrapIdentity(), sop_class="endoscopic")

    if digits is None:
        assert "FrameTimeVector" not in header
        assert header.FrameTime == 40
    else:
        steps = np.array(header.FrameTimeVector, float)
        wanted = np.array(times, float) * 1000
        assert np.abs(np.cumsum(steps) - wanted).max() <= 0.5 * 10.0**-digits + 1e-6
        assert len(encode(header)) > 0


def test_anatomy_comes_from_the_object_that_it_is_like(tmp_path: Path) -> None:
    like = pydicom.Dataset()
    like.StudyInstanceUID = "1.2.3"
    region = pydicom.Dataset()
    region.CodeValue, region.CodingSchemeDesignator = "14742008", "SCT"
    region.CodeMeaning = "Large intestine"
    like.AnatomicRegionSequence = [region]
    clip = make_clip(tmp_path / "clip.ts", frames=5)

    wrap.wrap_video(clip, tmp_path / "out.dcm", like=like)

    ds = pydicom.dcmread(tmp_path / "out.dcm", stop_before_pixels=True)
    assert ds.AnatomicRegionSequence[0].CodeValue == "14742008"


def test_video_from_memory(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "clip.mp4", frames=8)
    with open_video(clip.read_bytes()) as video:
        result = wrap.wrap_video(video, tmp_path / "out.dcm")
        assert len(video) == result.frame_count == 8
        assert video[3].shape == (80, 96, 3)  # still open


def test_a_truncated_recording_is_kept_up_to_its_break(tmp_path: Path) -> None:
    options = {"movflags": "faststart"}
    whole = make_clip(tmp_path / "whole.mp4", frames=120, container_options=options)
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size * 2 // 3])

    result = wrap.wrap_video(cut, tmp_path / "out.dcm")

    with open_video(cut) as before, open_video(result.path) as after:
        assert 30 <= len(before) == len(after) < 120
        assert list(before.times) == list(after.times)


def test_outlines_move_with_the_picture() -> None:
    found = make_findings(width=97, height=81, frames=10, tracks=2)

    padded = on_picture(found, rows=82, columns=98)
    scaled = on_picture(found, rows=81, columns=194)

    assert on_picture(found, rows=81, columns=97) is found
    assert (padded.source.width, padded.source.height) == (98, 82)
    before, after = found.tracks[1], scaled.tracks[1]
    assert np.array_equal(padded.tracks[1].best.rings[0], before.best.rings[0])
    assert np.allclose(after.best.rings[0], before.best.rings[0] * [2, 1])
    assert after.best.area == pytest.approx(before.best.area * 2)
    assert after.best in after.regions
    assert after.uid == before.uid
