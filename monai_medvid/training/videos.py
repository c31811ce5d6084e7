# SPDX-License-Identifier: Apache-2.0
"""The videos of a run: frames from the cache, targets, and where masks are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from monai_medvid.data.datasets.dataset import LabelledDataset
from monai_medvid.data.datasets.frames import Progress, VideoFrames
from monai_medvid.data.datasets.labels import MaskFile
from monai_medvid.data.datasets.masks import resize_mask
from monai_medvid.errors import InputError
from monai_medvid.models.channels import Channels
from monai_medvid.training.targets import VideoTargets

Bytes = npt.NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class TrainingVideo:
    """One video, ready.

    Attributes:
        name: As the data set calls it.
        frames: (T, h, w, 3) uint8 RGB, perhaps a map of a cache file.
        seconds: (T,) from the first frame.
        targets: (T, ...) each.
        masks: Mask file by frame number.
    """

    name: str
    frames: Bytes
    seconds: npt.NDArray[np.float64]
    targets: VideoTargets
    masks: dict[int, MaskFile]

    def __len__(self) -> int:
        return len(self.frames)


@dataclass(frozen=True, eq=False)
class VideoSet:
    """Videos of one part of a split, and how to read their masks."""

    videos: tuple[TrainingVideo, ...]
    read_mask: Callable[[MaskFile], Bytes]

    def mask(self, video: int, frame: int) -> Bytes:
        """(h, w) uint8 class numbers at the size of the frames, 255 where missing.

        Raises:
            InputError: The mask is missing or damaged.
        """
        height, width = self.videos[video].frames.shape[1:3]
        full = self.read_mask(self.videos[video].masks[frame])
        return resize_mask(full, (height, width))


def load_videos(
    dataset: LabelledDataset,
    names: Sequence[str],
    channels: Channels,
    *,
    rate: float,
    size: tuple[int, int],
    cache: Path | None = None,
    progress: Progress | None = None,
) -> VideoSet:
    """Decode videos, or open what is kept of them.

    Args:
        dataset: Where they are from.
        names: Which of them.
        channels: Of the network; the data set must count the same classes.
        rate: Frames a second.
        size: Height and width.
        cache: Where resized frames are kept.
        progress: Called with (name, frames done, frames in all).

    Raises:
        InputError: Files are missing or damaged, or the data set has other classes.
        OutputError: The cache cannot be written.
    """
    _check_classes(dataset, channels)
    labels = [dataset[name] for name in names]
    videos = []
    for item in VideoFrames(labels, rate=rate, size=size, cache=cache, progress=progress):
        rows = item["labels"]
        videos.append(
            TrainingVideo(
                name=item["name"],
                frames=item["frames"],
                seconds=item["seconds"],
                targets=VideoTargets.of(rows, channels),
                masks=_at_frames(rows.masks, item["seconds"]),
            )
        )
    return VideoSet(tuple(videos), dataset.read_mask)


def _check_classes(dataset: LabelledDataset, channels: Channels) -> None:
    own = {head.kind: head.labels for head in channels.heads}
    there = {"phase": dataset.procedure.phases, "instrument": dataset.procedure.instruments}
    for kind, labels in there.items():
        if tuple(own.get(kind, ())) != tuple(labels):
            raise InputError(
                f"expected a data set with the {kind}s {', '.join(own.get(kind, ())) or '(none)'}, "
                f"found {', '.join(labels) or '(none)'} in {dataset.name}. Give the network the "
                f"procedure {dataset.procedure.name!r}."
            )


def _at_frames(masks: Sequence[MaskFile], seconds: npt.NDArray[np.float64]) -> dict[int, MaskFile]:
    """Masks that were drawn on a frame that is here, within a fortieth of a second."""
    found: dict[int, MaskFile] = {}
    for mask in masks:
        place = int(np.abs(seconds - mask.seconds).argmin()) if len(seconds) else -1
        if place >= 0 and abs(seconds[place] - mask.seconds) < 0.025:
            found[place] = mask
    return found
