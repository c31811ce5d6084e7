# SPDX-License-Identifier: Apache-2.0
"""Whether labels and their video are about the same time."""

from __future__ import annotations

from collections.abc import Iterator

from monai_medvid.data.datasets.faults import Fault
from monai_medvid.data.datasets.labels import VideoLabels
from monai_medvid.data.datasets.sampling import usual_step
from monai_medvid.errors import InputError
from monai_medvid.video.info import VideoInfo

SLACK_SECONDS = 1.0
"""By which labels may outlast their video: files round to whole seconds, videos to frames."""

UNLABELLED_SHARE = 0.05
_SAME_COUNT = 0.005
_OTHER_LENGTH = 0.02
_FRAME_STEP = 0.1
"""Rows closer than this, in seconds, stand for frames."""


def require_alignment(labels: VideoLabels, info: VideoInfo) -> None:
    """Refuse labels that cannot be those of the video, before anything is learnt or measured.

    Raises:
        InputError: The video is shorter than its labels, or they count frames at another rate.
    """
    for fault in alignment_faults(labels, info):
        if fault.severity == "error":
            raise InputError(f"{labels.name}: {fault.message[0].lower()}{fault.message[1:]}")


def alignment_faults(labels: VideoLabels, info: VideoInfo) -> Iterator[Fault]:
    """What is wrong or odd about the times of labels and video."""
    length = float(info.duration)
    if not info.constant_frame_rate:
        text = "The frame rate varies; labels are joined by the time of each frame."
        yield Fault("warning", "alignment", labels.name, text)
    if not len(labels):
        return
    end, step = float(labels.seconds[-1]), usual_step(labels.seconds)
    labelled = end + step
    if _counts_frames(labels, info, step) and abs(labelled - length) > _OTHER_LENGTH * length:
        yield Fault(
            "error",
            "alignment",
            labels.name,
            f"Expected labels by time, found a row for each of the video's {info.frame_count} "
            f"frames, which run at {float(info.frame_rate or 0):g} and not at {1 / step:g} a "
            f"second. Take the video as published, or correct the label file.",
        )
    elif end > length + max(SLACK_SECONDS, float(1 / info.frame_rate) if info.frame_rate else 0):
        yield Fault(
            "error",
            "alignment",
            labels.name,
            f"Expected a video of at least {end:.1f} s like its labels, found {length:.1f} s. "
            f"Restore the video.",
        )
    elif labelled < length * (1 - UNLABELLED_SHARE) - SLACK_SECONDS:
        text = f"The last {length - labelled:.1f} s of {length:.1f} s have no labels."
        yield Fault("warning", "alignment", labels.name, text)


def _counts_frames(labels: VideoLabels, info: VideoInfo, step: float) -> bool:
    return 0 < step < _FRAME_STEP and (
        abs(len(labels) - info.frame_count) <= max(2, _SAME_COUNT * info.frame_count)
    )
