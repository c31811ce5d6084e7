# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian, ImplicitVRLittleEndian

from monai_medvid.errors import InputError
from monai_medvid.video import open_video
from monai_medvid.video.selection import SelectionRules, read_rules
from monai_medvid.video.study import find_videos
from tests.video.dicom_objects import SECRET, cine, coded, moving, saved
from tests.video.study_folders import (
    SEGMENTATION,
    VIDEO_ENDOSCOPIC,
    directory_of,
    disc_cine,
    of_class,
    put,
    ten_series,
)

MPEG4 = "1.2.840.10008.1.2.4.102"


def _rules(**values: Any) -> SelectionRules:
    return read_rules(values)


def test_two_of_ten_series_are_video(tmp_path: Path) -> None:
    first, second = ten_series(tmp_path)
    (tmp_path / "README.TXT").write_text("from a viewer on the disc")
    found = find_videos(tmp_path)
    assert [video.sop_instance_uid for video in found.videos] == [
        first.SOPInstanceUID,
        second.SOPInstanceUID,
    ]
    assert [video.number_of_frames for video in found.videos] == [30, 40]
    assert (len(found.left_out), found.other_files) == (8, 1)
    assert found.reasons == {
        "its SOP class is not chosen: CT Image Storage": 3,
        "it has fewer than 2 frames: 1": 2,
        "its SOP class is not chosen: Secondary Capture Image Storage": 1,
        "its SOP class is not chosen: Comprehensive SR Storage": 1,
        "its SOP class is not chosen: Segmentation Storage": 1,
    }
    assert not any(one.damaged for one in found.left_out)
    assert "NOBODY" not in repr(found)
    with open_video(found.videos[0].path) as video:
        assert len(video) == 30


def test_a_directory_file_is_passed_over_under_any_name(tmp_path: Path) -> None:
    data = of_class(disc_cine(), "1.2.840.10008.5.1.4.1.1.3.1", SeriesNumber=1, InstanceNumber=1)
    data.StudyDate, data.StudyTime, data.StudyID = "20260101", "120000", "1"
    video = put(data, tmp_path / "in" / "video")
    directory = directory_of([video], tmp_path / "disc")
    shutil.copy(directory, tmp_path / "in" / "00000001")
    found = find_videos(tmp_path / "in")
    assert (len(found.videos), len(found.left_out), found.other_files) == (1, 0, 1)


@pytest.mark.parametrize(
    "syntax",
    [
        ImplicitVRLittleEndian,
        ExplicitVRBigEndian,
        DeflatedExplicitVRLittleEndian,
    ],
)
def test_headers_of_every_encoding(syntax: str, tmp_path: Path) -> None:
    data = cine(moving(), syntax=syntax)
    if syntax == ExplicitVRBigEndian:
        data["PixelData"].VR = "OW"
    put(data, tmp_path / "one")
    (video,) = find_videos(tmp_path).videos
    assert (video.transfer_syntax_uid, video.modality) == (syntax, "US")


def test_a_video_stream_is_chosen_whatever_its_class_and_header_say(tmp_path: Path) -> None:
    data = coded(moving(frames=1), MPEG4, lambda frame: bytes(8))
    del data.NumberOfFrames
    put(of_class(data, "1.2.3.4.5"), tmp_path / "1")  # a private class
    (video,) = find_videos(tmp_path).videos
    assert (video.transfer_syntax_uid, video.number_of_frames) == (MPEG4, None)


def test_rules_on_attributes(tmp_path: Path) -> None:
    put(disc_cine(SeriesDescription="Coloscopy right"), tmp_path / "1")
    put(disc_cine(SeriesDescription=SECRET, ImageType=["DERIVED", "PRIMARY"]), tmp_path / "2")
    put(disc_cine(), tmp_path / "3")
    assert len(find_videos(tmp_path).videos) == 3
    chosen = find_videos(tmp_path, _rules(require={"SeriesDescription": "colo"}))
    assert len(chosen.videos) == 1
    assert chosen.reasons == {"its SeriesDescription is not what is required": 2}
    chosen = find_videos(tmp_path, _rules(refuse={"ImageType": r"^derived\\"}))
    assert len(chosen.videos) == 2
    assert chosen.reasons == {"its ImageType is refused": 1}
    chosen = find_videos(
        tmp_path, _rules(min_frames=6, sop_classes=["1.2.840.10008.5.1.4.1.1.3.1"])
    )
    assert len(chosen.videos) == 3


def test_classes_by_keyword_or_number() -> None:
    rules = _rules(
        sop_classes=["VideoEndoscopicImageStorage", "1.2.3"], transfer_syntaxes=["MPEG4HP41"]
    )
    assert rules.sop_classes == (VIDEO_ENDOSCOPIC, "1.2.3")
    assert rules.transfer_syntaxes == (MPEG4,)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"modality": "ES"}, "found 'modality'"),
        ({"sop_classes": "1.2.3"}, "a list of UIDs or keywords"),
        ({"sop_classes": ["VideoEndoscopic"]}, "found 'VideoEndoscopic'"),
        ({"sop_classes": ["re"]}, "found 're'"),
        ({"min_frames": 0}, "a whole number of 1 or more"),
        ({"min_frames": True}, "a whole number of 1 or more"),
        ({"require": ["Modality"]}, "DICOM keywords with regular expressions"),
        ({"require": {"Modalty": "ES"}}, "found 'Modalty'"),
        ({"refuse": {"PixelData": "x"}}, "plain values"),
        ({"refuse": {"RequestAttributesSequence": "x"}}, "plain values"),
        ({"refuse": {"Modality": "("}}, "a regular expression"),
        ({"refuse": {"Modality": 3}}, "a regular expression"),
    ],
)
def test_wrong_rules_are_named(values: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        read_rules(values)


def test_a_copy_is_taken_once(tmp_path: Path) -> None:
    file = put(disc_cine(), tmp_path / "a" / "1")
    (tmp_path / "b").mkdir()
    shutil.copy(file, tmp_path / "b" / "1")
    found = find_videos(tmp_path)
    assert [video.path for video in found.videos] == [file]
    assert found.reasons == {"it is there twice": 1}


def test_order_is_that_of_the_study_and_not_of_the_files(tmp_path: Path) -> None:
    study = disc_cine().StudyInstanceUID
    numbers = {"a": (2, 1), "b": (1, 10), "c": (1, 9)}
    for name, (series, instance) in numbers.items():
        data = disc_cine(StudyInstanceUID=study, SeriesNumber=series, InstanceNumber=instance)
        data.SeriesInstanceUID = f"1.2.{series}"
        put(data, tmp_path / name)
    assert [video.path.name for video in find_videos(tmp_path).videos] == ["c", "b", "a"]


def test_damage_is_told_apart_from_what_is_not_wanted(tmp_path: Path) -> None:
    whole = saved(disc_cine())
    put(whole, tmp_path / "1")
    put(whole[:200], tmp_path / "2")  # ends in the file meta information
    put(whole[: whole.index(b"\x28\x00\x02\x00")], tmp_path / "3")  # ends before the picture
    put(b"", tmp_path / "4")
    found = find_videos(tmp_path)
    assert len(found.videos) == 1
    assert [one.number for one in found.left_out] == [2, 3]
    assert all(one.damaged for one in found.left_out)
    assert found.other_files == 1


def test_an_instance_without_a_usable_uid_is_damaged(tmp_path: Path) -> None:
    put(disc_cine(), tmp_path / "1")
    file = put(disc_cine(StudyInstanceUID="1.2.3"), tmp_path / "2")
    file.write_bytes(file.read_bytes().replace(b"1.2.3\0", b"../..\0"))
    found = find_videos(tmp_path)
    assert len(found.videos) == 1
    assert found.left_out[0].reason == "its study or instance has no valid UID"


def test_a_file_that_cannot_be_read_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(disc_cine(), tmp_path / "1")
    locked = put(disc_cine(), tmp_path / "2")
    really = Path.open

    def opening(path: Path, *arguments: Any) -> Any:
        if path == locked:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return really(path, *arguments)

    monkeypatch.setattr(Path, "open", opening)
    (left,) = find_videos(tmp_path).left_out
    assert left.damaged
    assert left.reason == "its file cannot be read: Permission denied"


def test_links_are_followed_to_files_only(tmp_path: Path) -> None:
    file = put(disc_cine(), tmp_path / "elsewhere" / "1")
    study = tmp_path / "study"
    study.mkdir()
    (study / "round").symlink_to(study)
    (study / "gone").symlink_to(tmp_path / "gone")
    (study / "video").symlink_to(file)
    assert len(find_videos(study).videos) == 1


def test_nothing_to_find(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="found none"):
        find_videos(tmp_path / "study")
    with pytest.raises(InputError, match="found no file"):
        find_videos(tmp_path)
    put(of_class(cine(moving()), SEGMENTATION), tmp_path / SECRET)
    (tmp_path / "notes.txt").write_text("no DICOM")
    with pytest.raises(InputError, match=r"found 1 DICOM objects .* and 1 other") as caught:
        find_videos(tmp_path)
    assert "1: its SOP class is not chosen: Segmentation Storage" in str(caught.value)
    assert SECRET not in str(caught.value)


def test_one_file_will_do(tmp_path: Path) -> None:
    file = put(disc_cine(), tmp_path / "1")
    put(disc_cine(), tmp_path / "2")
    assert [video.path for video in find_videos(file).videos] == [file]


@pytest.mark.data
def test_real_objects(data_dir: Path) -> None:
    found = find_videos(data_dir / "dicom")
    names = {video.path.parent.name for video in found.videos}
    assert names >= {"video", "cine"}
    assert sum(video.path.parent.name == "video" for video in found.videos) == 2
    left = {one.sop_class_uid for one in found.left_out}
    assert SEGMENTATION in left
    assert not any(one.damaged for one in found.left_out)
