# SPDX-License-Identifier: Apache-2.0
"""Key frames: one small picture of each finding, with its outlines."""

from __future__ import annotations

import base64
from collections.abc import Collection
from dataclasses import dataclass, replace

import cv2
import numpy as np
import numpy.typing as npt

from monai_medvid.findings.model import Findings, Interval, Track
from monai_medvid.report.draw import draw_regions
from monai_medvid.report.presence import Presence
from monai_medvid.video.decoder import Frame
from monai_medvid.video.video import Video


@dataclass(frozen=True)
class Still:
    """A key frame.

    Attributes:
        uid: Of the finding that it shows.
        jpeg: The picture.
    """

    uid: str
    frame: int
    width: int
    height: int
    jpeg: bytes

    @property
    def uri(self) -> str:
        """The picture as a data: URI."""
        return "data:image/jpeg;base64," + base64.b64encode(self.jpeg).decode()


def make_stills(
    video: Video,
    findings: Findings,
    *,
    longest: int = 480,
    limit: int = 60,
    keep: Collection[str] = (),
) -> list[Still]:
    """The best frame of each finding in order of time; of too many, the most probable ones.

    Those whose UIDs are in ``keep`` come before more probable ones.
    """
    items: list[Track | Interval] = [*findings.tracks, *findings.intervals]
    chosen = sorted(items, key=lambda item: (item.uid not in keep, -item.probability))[:limit]
    presence = Presence(findings)
    made: list[Still] = []
    pictures: dict[int, tuple[bytes, int, int]] = {}
    for item in sorted(chosen, key=lambda item: (best_frame(item), item.number)):
        frame = best_frame(item)
        if frame not in pictures:
            pictures = {frame: _picture(video[frame], presence, frame, longest)}
        jpeg, width, height = pictures[frame]
        made.append(Still(item.uid, frame, width, height, jpeg))
    return made


def best_frame(item: Track | Interval) -> int:
    """The frame that stands for a finding."""
    return item.best.frame if isinstance(item, Track) else item.best_frame


def _picture(frame: Frame, presence: Presence, index: int, longest: int) -> tuple[bytes, int, int]:
    scale = min(1.0, longest / max(frame.shape[:2]))
    size = (max(1, round(frame.shape[1] * scale)), max(1, round(frame.shape[0] * scale)))
    small: npt.NDArray[np.uint8] = np.asarray(
        cv2.resize(frame, size, interpolation=cv2.INTER_AREA), np.uint8
    )
    outlines = [replace(one, text=one.style.code) for one in presence.outlines(index)]
    letters = max(12, size[1] // 12)
    drawn = draw_regions(small, outlines, scale=size[0] / frame.shape[1], letters=letters)
    _, data = cv2.imencode(
        ".jpg", cv2.cvtColor(drawn, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, 82]
    )
    return data.tobytes(), *size
