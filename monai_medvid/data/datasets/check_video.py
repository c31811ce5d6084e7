# SPDX-License-Identifier: Apache-2.0
"""Whether the labels of one video line up with its frames: by time, not by count."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from monai_medvid.data.datasets.check_masks import check_masks
from monai_medvid.data.datasets.check_pictures import check_pictures, picture_size
from monai_medvid.data.datasets.dataset import Dataset
from monai_medvid.data.datasets.faults import Fault, VideoFacts
from monai_medvid.data.datasets.labels import VideoLabels
from monai_medvid.data.datasets.sampling import known_rows, usual_step
from monai_medvid.errors import InputError
from monai_medvid.video.info import VideoInfo
from monai_medvid.video.open import open_video

SLACK_SECONDS = 1.0
"""By which labels may outlast their video: files round to whole seconds."""

UNLABELLED_SHARE = 0.05
_SAME_COUNT = 0.005
_OTHER_LENGTH = 0.02
_FRAME_STEP = 0.1
"""Rows closer than this, in seconds, stand for frames."""


def check_video(dataset: Dataset, name: str) -> tuple[VideoFacts, list[Fault]]:
    """What is there of one video, and what is wrong with it."""
    try:
        labels = dataset.read(name)
    except InputError as error:
        return VideoFacts(name=name), [Fault("error", "labels", name, str(error))]
    faults = [*_notes(dataset, labels), *_gaps(dataset, labels)]
    info = None
    if labels.source is not None and labels.source.is_file():
        try:
            with open_video(labels.source) as video:
                info = video.info
        except InputError as error:
            faults.append(Fault("error", "video", name, str(error)))
    if info is not None:
        faults += _alignment(labels, info)
    elif labels.images:
        faults += check_pictures(labels)
    size = _size_of(labels, info)
    faults += check_masks(dataset, labels, info, size)
    return _facts(labels, info, size), faults


def _facts(labels: VideoLabels, info: VideoInfo | None, size: tuple[int, int] | None) -> VideoFacts:
    rate = info.frame_rate if info else None
    return VideoFacts(
        name=labels.name,
        kind="video" if info else "pictures" if labels.images else "nothing",
        seconds=float(info.duration) if info else None,
        frame_rate=float(rate) if rate else None,
        size=size,
        rows=len(labels),
        label_seconds=float(labels.seconds[-1]) if len(labels) else None,
        masks=len(labels.masks),
        boxes=len(labels.boxes),
    )


def _notes(dataset: Dataset, labels: VideoLabels) -> Iterator[Fault]:
    for note in labels.notes:
        missing = note.startswith("There is no")
        if not (missing and labels.name in dataset.unlabelled):
            kind = ("error", "missing") if missing else ("warning", "note")
            yield Fault(*kind, labels.name, note)  # type: ignore[arg-type]


def _gaps(dataset: Dataset, labels: VideoLabels) -> Iterator[Fault]:
    for kind, rows in (("rows", None), *labels.rows()):
        if kind not in dataset.gapless:
            continue
        seconds = labels.seconds if rows is None else labels.seconds[known_rows(rows)]
        steps = np.diff(seconds)
        holes = np.flatnonzero(steps > 1.5 * usual_step(seconds))
        if len(holes):
            first = seconds[holes[0]]
            yield Fault(
                "error",
                "gap",
                labels.name,
                f"Expected {kind} without a gap, found {len(holes)} "
                f"({steps[holes].sum():.1f} s in all), the first after {first:.2f} s. "
                f"Restore the label file.",
            )


def _alignment(labels: VideoLabels, info: VideoInfo) -> Iterator[Fault]:
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
    elif end > length + SLACK_SECONDS:
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


def _size_of(labels: VideoLabels, info: VideoInfo | None) -> tuple[int, int] | None:
    if info is not None:
        return info.width, info.height
    sizes = [picture_size(labels.images[0].path)] if labels.images else []
    return sizes[0] if sizes else None
