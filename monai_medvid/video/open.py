# SPDX-License-Identifier: Apache-2.0
"""``open_video``: anything that holds a medical video, told apart by its content."""

from __future__ import annotations

import re
from collections.abc import Callable
from fractions import Fraction
from io import BytesIO
from os import PathLike
from pathlib import Path
from typing import BinaryIO, cast

from pydicom.dataset import Dataset

from monai_medvid.errors import VideoReadError
from monai_medvid.video.choose import DecoderName, DeviceName
from monai_medvid.video.container import open_container
from monai_medvid.video.dicom_object import open_dicom
from monai_medvid.video.folder import open_folder
from monai_medvid.video.media import Media
from monai_medvid.video.sharing import SharedFile
from monai_medvid.video.sniff import HEAD_BYTES, is_dicom, is_still_image
from monai_medvid.video.video import Video

Source = str | PathLike[str] | bytes | BinaryIO | Dataset

_URL = re.compile(r"[a-z][a-z0-9+.-]+://", re.IGNORECASE)


def open_video(
    source: Source,
    *,
    decoder: DecoderName = "auto",
    device: DeviceName = "auto",
    fps: Fraction | float | None = None,
) -> Video:
    """Open a video file, a DICOM object or a folder of images.

    Args:
        source: Path, bytes, seekable binary file object, pydicom Dataset, or folder of images.
        decoder: "dali", "pyav", or "auto", which picks by codec and device and says why in
            ``info.decoder_reason``.
        device: Where to decode.
        fps: Frames a second for sources that carry no times (folders, bare streams).

    Raises:
        VideoReadError: The source is refused; the message says what was expected and found.
        ModelError: ``device`` is "cuda" and there is no GPU.
        ValueError: ``fps`` is not positive.
    """
    rate = _rate(fps)
    if isinstance(source, Dataset):
        return _dicom_video(source, decoder=decoder, device=device, path=None)
    path = _existing(source) if isinstance(source, (str, PathLike)) else None
    if path is not None and path.is_dir():
        return Video(open_folder(path, fps=rate), name=_stem(path))
    opener = Media(path).open_payload if path is not None else _opener_of(source)
    head = _head_of(opener)
    if is_dicom(head):
        return _dicom_video(opener(), decoder=decoder, device=device, path=path)
    if is_still_image(head):
        raise VideoReadError(
            "Expected a video, found a single image. Pass the folder that holds the images."
        )
    decoded = open_container(path or opener, decoder=decoder, device=device, fps=rate)
    return Video(decoded, name=_stem(path) if path else "video", open_payload=opener)


def _rate(fps: Fraction | float | None) -> Fraction | None:
    if fps is None:
        return None
    if fps <= 0:
        msg = f"fps must be positive, got {fps}."
        raise ValueError(msg)
    return Fraction(fps).limit_denominator(1001)


def _existing(source: str | PathLike[str]) -> Path:
    if isinstance(source, str) and _URL.match(source):
        raise VideoReadError(
            "Expected a file or folder, found a URL. Watch a live source with open_live; "
            "download a recording first."
        )
    path = Path(source)
    if not path.exists():
        raise VideoReadError("Expected a video file or folder, found no such file. Check the path.")
    return path


def _opener_of(source: object) -> Callable[[], BinaryIO]:
    if isinstance(source, (bytes, bytearray, memoryview)):
        data = bytes(source)
        return lambda: BytesIO(data)
    if hasattr(source, "read"):
        return SharedFile(cast(BinaryIO, source))
    msg = f"source must be a path, bytes, file object or Dataset, got {type(source).__name__}."
    raise TypeError(msg)


def _head_of(opener: Callable[[], BinaryIO]) -> bytes:
    try:
        with opener() as stream:
            head = stream.read(HEAD_BYTES)
    except OSError as error:
        raise VideoReadError(
            f"Expected a readable file, found one that cannot be read ({error.strerror})."
        ) from error
    if not head:
        raise VideoReadError("Expected a video, found an empty file. Copy it again.")
    return head


def _dicom_video(
    source: BinaryIO | Dataset, *, decoder: DecoderName, device: DeviceName, path: Path | None
) -> Video:
    file = None if isinstance(source, Dataset) else source
    try:
        opened = open_dicom(source, decoder=decoder, device=device)
    except BaseException:
        if file is not None:
            file.close()
        raise
    return Video(
        opened.decoder,
        name=_dicom_name(path, opened.header),
        header=opened.header,
        open_payload=opened.open_payload,
        file=file,
    )


def _dicom_name(path: Path | None, header: Dataset) -> str:
    """The file's stem, or the SOP Instance UID where there is none or it names the patient."""
    words = f"{header.get('PatientName', '')} {header.get('PatientID', '')}"
    parts = [part for part in re.split(r"[\s^=]+", words.lower()) if len(part) > 2]
    name = _stem(path) if path else ""
    if name and not any(part in name.lower() for part in parts):
        return name
    return str(header.get("SOPInstanceUID") or "video")


def _stem(path: Path) -> str:
    """The name of a file without its ending, fit for file names everywhere."""
    return re.sub(r"[^A-Za-z0-9._-]+", "_", path.resolve().stem).strip("._") or "video"
