# SPDX-License-Identifier: Apache-2.0
"""A video file as a DICOM video object, without encoding it anew where a syntax allows it."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from datetime import datetime
from fractions import Fraction
from os import PathLike
from pathlib import Path

from pydicom import Dataset, dcmread
from pydicom.errors import InvalidDicomError

from monai_medvid.dicom.encapsulate import fragment_lengths, write_video_file
from monai_medvid.dicom.explicit import MAX_VALUE_BYTES as LONGEST_FRAGMENT
from monai_medvid.dicom.files import writing
from monai_medvid.dicom.syntax_fit import FRAGMENTABLE
from monai_medvid.dicom.wrap_header import SopClass, WrapIdentity, wrap_header
from monai_medvid.dicom.wrap_payload import How, Payload, make_payload
from monai_medvid.dicom.wrap_timing import Stream
from monai_medvid.errors import InputError, OutputError
from monai_medvid.video.open import open_video
from monai_medvid.video.video import Video


@dataclass(frozen=True, kw_only=True)
class WrapResult:
    """The object that was written.

    Attributes:
        path: The file.
        how: "unchanged" (the very bytes of the source), "remuxed" (the same coded pictures in
            another container, without sound and without the container's texts), or "encoded".
        frame_count: Pictures, as many as the source has.
        rows: Height; differs from the source's only where ``how`` is "encoded".
        columns: Width; likewise.
        warnings: What the user should know, without patient data.
    """

    path: Path
    how: How
    sop_class_uid: str
    sop_instance_uid: str
    series_instance_uid: str
    study_instance_uid: str
    transfer_syntax_uid: str
    frame_count: int
    rows: int
    columns: int
    warnings: tuple[str, ...] = ()


def wrap_video(
    source: str | PathLike[str] | Video,
    out: Path,
    *,
    patient_id: str | None = None,
    patient_name: str | None = None,
    like: Path | Dataset | None = None,
    sop_class: SopClass = "endoscopic",
    created: datetime | None = None,
    fps: Fraction | float | None = None,
) -> WrapResult:
    """Write a Video Endoscopic, Photographic or Microscopic Image (PS3.3 A.32.5 to A.32.7).

    The same source and arguments give the same bytes and UIDs.

    Args:
        source: A video file or a folder of images, or one that is open.
        out: The new DICOM file.
        patient_id: PatientID; made from the video where neither this nor ``like`` is given.
        patient_name: PatientName in DICOM's form, "Family^Given".
        like: A DICOM object whose patient and study are taken over.
        sop_class: What kind of camera took it.
        created: When the video was made; the container's own word by default.
        fps: Frames a second for sources that carry no times (folders, bare streams).

    Raises:
        InputError: The source is DICOM already, or ``like`` is not.
        VideoReadError: The source is refused.
        DicomWriteError: The pictures are too large for every DICOM video syntax.
        OutputError: The file cannot be written.

    Example:
        >>> wrap_video("colonoscopy.mp4", Path("colonoscopy.dcm"))  # doctest: +SKIP
    """
    identity = WrapIdentity(patient_id=patient_id, patient_name=patient_name, like=_header(like))
    video = source if isinstance(source, Video) else open_video(source, fps=fps)
    try:
        if video.info.kind.startswith("dicom"):
            msg = "expected a video file or a folder of images, found a DICOM object; use it as is."
            raise InputError(msg)
        with _passing_folder(out) as folder:
            with writing(out):
                payload = make_payload(video, Path(folder))
            identity = replace(identity, created=_iso(created) or payload.created)
            return _write(video, payload, out, identity, sop_class)
    finally:
        if video is not source:
            video.close()


def _header(like: Path | Dataset | None) -> Dataset | None:
    if like is None or isinstance(like, Dataset):
        return like
    try:
        return dcmread(like, stop_before_pixels=True)
    except (InvalidDicomError, OSError) as error:
        msg = "expected a DICOM object to take patient and study from, found none at that path."
        raise InputError(msg) from error


def _passing_folder(out: Path) -> tempfile.TemporaryDirectory[str]:
    """Beside the result, where there is room for it."""
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        return tempfile.TemporaryDirectory(prefix=".wrap-", dir=out.parent)
    except OSError as error:
        msg = f"Expected a folder to write to, found: {error.strerror}. Choose another one."
        raise OutputError(msg) from error


def _write(
    video: Video, payload: Payload, out: Path, identity: WrapIdentity, sop_class: SopClass
) -> WrapResult:
    sha256, size = payload.digest()
    lengths = fragment_lengths(size, longest=LONGEST_FRAGMENT)
    # one fragment holds 4 GiB; more need the syntax that allows several
    syntax = payload.syntax if len(lengths) == 1 else FRAGMENTABLE[payload.syntax]
    stream = Stream(
        syntax=syntax,
        sha256=sha256,
        size=size,
        rows=payload.rows,
        columns=payload.columns,
        times=video.times,
        duration=video.info.duration,
        constant=video.info.constant_frame_rate,
        rate=payload.rate,
        pixel_aspect=payload.pixel_aspect,
    )
    header = wrap_header(stream, identity, sop_class=sop_class)
    with payload.open() as source:
        write_video_file(out, header, source, lengths, syntax=syntax)
    return WrapResult(
        path=out,
        how=payload.how,
        sop_class_uid=str(header.SOPClassUID),
        sop_instance_uid=str(header.SOPInstanceUID),
        series_instance_uid=str(header.SeriesInstanceUID),
        study_instance_uid=str(header.StudyInstanceUID),
        transfer_syntax_uid=syntax,
        frame_count=len(stream.times),
        rows=stream.rows,
        columns=stream.columns,
        warnings=(
            *payload.notes,
            *_date_notes(identity),
            *_time_notes(stream, header),
            *video.info.warnings,
        ),
    )


def _iso(created: datetime | None) -> str:
    return created.isoformat(timespec="seconds") if created is not None else ""


def _time_notes(stream: Stream, header: Dataset) -> tuple[str, ...]:
    if stream.constant or "FrameTimeVector" in header:
        return ()
    return (
        f"The frame rate varies, and {len(stream.times)} times are more than FrameTimeVector can "
        "hold; the header tells the average, the stream the times.",
    )


def _date_notes(identity: WrapIdentity) -> tuple[str, ...]:
    if identity.created or identity.like is not None:
        return ()
    return ("The file does not say when it was made; the study has the date 1900-01-01.",)
