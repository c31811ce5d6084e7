# SPDX-License-Identifier: Apache-2.0
"""The videos of a folder with DICOM studies, found by their headers alone."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pydicom import Dataset

from monai_medvid.errors import InputError
from monai_medvid.video.dicom_values import int_of, text_of, uid_of
from monai_medvid.video.selection import SelectionRules
from monai_medvid.video.study_header import DamagedHeaderError, HeaderReader

_UID = re.compile(r"[0-9]+(\.[0-9]+)+")


@dataclass(frozen=True, kw_only=True)
class StudyVideo:
    """A DICOM object that was chosen.

    Attributes:
        path: Its file; not shown, since folders may be named after patients.
        number_of_frames: As its header says; None where it does not.
    """

    path: Path = field(repr=False)
    study_instance_uid: str
    series_instance_uid: str
    sop_instance_uid: str
    sop_class_uid: str
    transfer_syntax_uid: str
    modality: str
    number_of_frames: int | None


@dataclass(frozen=True, kw_only=True)
class LeftOut:
    """A DICOM object that was not chosen.

    Attributes:
        number: Its place among the files of the folder in order of their paths, from 1.
        reason: Why, without patient data.
        damaged: Its header cannot be read, so that it might have been a video.
    """

    number: int
    reason: str
    sop_class_uid: str = ""
    series_instance_uid: str = ""
    sop_instance_uid: str = ""
    damaged: bool = False


@dataclass(frozen=True, kw_only=True)
class StudySelection:
    """What was found in a folder.

    Attributes:
        videos: By study, series number, instance number.
        left_out: DICOM objects that were not chosen, in order of their paths.
        other_files: Files that are no DICOM objects, DICOMDIRs among them.
    """

    videos: tuple[StudyVideo, ...]
    left_out: tuple[LeftOut, ...] = ()
    other_files: int = 0

    @property
    def reasons(self) -> dict[str, int]:
        """Why objects were left out, and how many for each reason, most first."""
        return dict(Counter(one.reason for one in self.left_out).most_common())


def find_videos(folder: str | Path, rules: SelectionRules | None = None) -> StudySelection:
    """Find the videos in a folder with DICOM studies, in any layout and with any file names.

    Only the headers are read, and of them only what the rules need. An object that is there twice
    is taken once.

    Args:
        folder: Searched with all folders inside it; links to folders are not followed. One file
            will do too.
        rules: What is chosen.

    Raises:
        InputError: The folder is missing, is empty, or holds no video.

    Example:
        >>> find_videos("study").videos[0].modality  # doctest: +SKIP
        'ES'
    """
    chosen = rules or SelectionRules()
    scan = _Scan(chosen)
    for number, path in enumerate(_files(Path(folder)), 1):
        scan.look_at(number, path)
    selection = scan.selection()
    if not selection.videos:
        raise InputError(_nothing_found(selection))
    return selection


class _Scan:
    def __init__(self, rules: SelectionRules) -> None:
        self._rules = rules
        self._reader = HeaderReader(rules.keywords)
        self._found: dict[str, tuple[tuple[object, ...], StudyVideo]] = {}
        self._left_out: list[LeftOut] = []
        self._others = 0

    def selection(self) -> StudySelection:
        videos = tuple(video for _, video in sorted(self._found.values(), key=lambda one: one[0]))
        return StudySelection(
            videos=videos, left_out=tuple(self._left_out), other_files=self._others
        )

    def look_at(self, number: int, path: Path) -> None:
        try:
            header = self._reader.read(path)
        except DamagedHeaderError as error:
            self._leave(number, str(error), damaged=True)
            return
        if header is None:
            self._others += 1
        else:
            self._judge(number, path, header)

    def _judge(self, number: int, path: Path, header: Dataset) -> None:
        syntax = uid_of(header.file_meta, "TransferSyntaxUID")
        video = _described(path, header, syntax)
        reason = self._rules.reason_against(header, syntax)
        uids = (video.study_instance_uid, video.sop_instance_uid)
        if video.sop_class_uid in self._rules.sop_classes and "Rows" not in header:
            self._leave(number, "its header ends before the picture's size", video, damaged=True)
        elif reason:
            self._leave(number, reason, video)
        elif not all(_UID.fullmatch(uid) for uid in uids):  # they name the result's folders
            self._leave(number, "its study or instance has no valid UID", video, damaged=True)
        elif video.sop_instance_uid in self._found:
            self._leave(number, "it is there twice", video)
        else:
            self._found[video.sop_instance_uid] = (_order(header, video), video)

    def _leave(
        self, number: int, reason: str, video: StudyVideo | None = None, *, damaged: bool = False
    ) -> None:
        self._left_out.append(
            LeftOut(
                number=number,
                reason=reason,
                sop_class_uid=video.sop_class_uid if video else "",
                series_instance_uid=video.series_instance_uid if video else "",
                sop_instance_uid=video.sop_instance_uid if video else "",
                damaged=damaged,
            )
        )


def _files(folder: Path) -> Iterator[Path]:
    if folder.is_file():
        yield folder
        return
    if not folder.is_dir():
        raise InputError("expected a folder with DICOM studies, found none. Check the input path.")
    paths = [Path(root, name) for root, _, names in os.walk(folder) for name in names]
    files = sorted(path for path in paths if path.is_file())
    if not files:
        raise InputError(
            "expected a folder with DICOM studies, found no file in it. Put the study there."
        )
    yield from files


def _described(path: Path, header: Dataset, syntax: str) -> StudyVideo:
    return StudyVideo(
        path=path,
        study_instance_uid=uid_of(header, "StudyInstanceUID"),
        series_instance_uid=uid_of(header, "SeriesInstanceUID"),
        sop_instance_uid=uid_of(header, "SOPInstanceUID"),
        sop_class_uid=uid_of(header, "SOPClassUID"),
        transfer_syntax_uid=syntax,
        modality=text_of(header, "Modality"),
        number_of_frames=int_of(header, "NumberOfFrames"),
    )


def _order(header: Dataset, video: StudyVideo) -> tuple[object, ...]:
    series, instance = (int_of(header, name) or 0 for name in ("SeriesNumber", "InstanceNumber"))
    return (
        video.study_instance_uid,
        series,
        video.series_instance_uid,
        instance,
        video.sop_instance_uid,
    )


def _nothing_found(selection: StudySelection) -> str:
    reasons = "; ".join(f"{count}: {reason}" for reason, count in selection.reasons.items())
    objects = f"{len(selection.left_out)} DICOM objects" + (f" ({reasons})" if reasons else "")
    return (
        f"expected a video in the study folder, found {objects} and {selection.other_files} other "
        f"files. Put the video there, or change the selection rules."
    )
