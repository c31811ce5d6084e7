# SPDX-License-Identifier: Apache-2.0
"""Which names are videos, for MONAI's automatic choice of a reader."""

from __future__ import annotations

from pathlib import Path

from monai_medvid.errors import VideoReadError
from monai_medvid.video.dicom_header import read_parts
from monai_medvid.video.dicom_syntaxes import VIDEO_CODECS
from monai_medvid.video.dicom_values import int_of, text_of

_CONTAINERS = {
    ".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".mpg", ".mpeg", ".ts", ".m2ts", ".mts",
    ".wmv", ".flv", ".ogv", ".mxf", ".vob", ".3gp",
}  # fmt: skip
_PICTURES = {".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff"}
_VOLUMES = {"CT", "MR", "PT", "NM", "SEG", "RTDOSE", "SM"}
"""Modalities whose many frames are slices rather than moments: left to MONAI's DICOM readers."""


def looks_like_video(name: str) -> bool:
    """Whether a name is a container by its suffix, a DICOM loop, or a folder of pictures."""
    path = Path(name)
    if path.suffix.lower() in _CONTAINERS:
        return True
    if path.is_dir():
        return any(entry.suffix.lower() in _PICTURES for entry in path.iterdir())
    return path.suffix.lower() in ("", ".dcm", ".dicom") and _is_loop(path)


def _is_loop(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            parts = read_parts(file)
    except (OSError, VideoReadError):
        return False
    if parts.syntax in VIDEO_CODECS:
        return True
    frames = int_of(parts.header, "NumberOfFrames") or 1
    return frames > 1 and text_of(parts.header, "Modality") not in _VOLUMES
