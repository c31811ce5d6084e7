# SPDX-License-Identifier: Apache-2.0
"""Whether the labels of one video line up with its frames: by time, not by count."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from monai_medvid.data.datasets.alignment import alignment_faults
from monai_medvid.data.datasets.check_masks import check_masks
from monai_medvid.data.datasets.check_pictures import check_pictures, picture_size
from monai_medvid.data.datasets.dataset import LabelledDataset
from monai_medvid.data.datasets.faults import Fault, VideoFacts
from monai_medvid.data.datasets.labels import VideoLabels
from monai_medvid.data.datasets.sampling import known_rows, usual_step
from monai_medvid.errors import InputError
from monai_medvid.video.info import VideoInfo
from monai_medvid.video.open import open_video


def check_video(dataset: LabelledDataset, name: str) -> tuple[VideoFacts, list[Fault]]:
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
        faults += alignment_faults(labels, info)
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


def _notes(dataset: LabelledDataset, labels: VideoLabels) -> Iterator[Fault]:
    for note in labels.notes:
        missing = note.startswith("There is no")
        if not (missing and labels.name in dataset.unlabelled):
            kind = ("error", "missing") if missing else ("warning", "note")
            yield Fault(*kind, labels.name, note)  # type: ignore[arg-type]


def _gaps(dataset: LabelledDataset, labels: VideoLabels) -> Iterator[Fault]:
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


def _size_of(labels: VideoLabels, info: VideoInfo | None) -> tuple[int, int] | None:
    if info is not None:
        return info.width, info.height
    sizes = [picture_size(labels.images[0].path)] if labels.images else []
    return sizes[0] if sizes else None
