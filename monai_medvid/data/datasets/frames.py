# SPDX-License-Identifier: Apache-2.0
"""Frames of whole videos at a steady rate, straight from the videos, with a cache on disk."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import TypedDict

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch.utils.data import Dataset as TorchDataset

from monai_medvid.data.datasets.alignment import require_alignment
from monai_medvid.data.datasets.frame_cache import CacheKey, Frames, Size, keep_frames
from monai_medvid.data.datasets.labels import TimedFile, VideoLabels
from monai_medvid.data.datasets.masks import read_image
from monai_medvid.data.datasets.sampling import labels_at
from monai_medvid.errors import InputError
from monai_medvid.video.open import open_video
from monai_medvid.video.video import Video

Progress = Callable[[str, int, int], None]
"""Called with (name of the video, frames done, frames in all)."""
Fill = Callable[[Frames, Callable[[int], None]], None]
"""Writes frames into their place and tells how many are done."""

_CHUNK = 16


class VideoItem(TypedDict):
    """One video as training wants it; T frames.

    ``frames`` is a read-only map of the cache file where there is a cache: copy what goes on.
    """

    name: str
    frames: Frames
    seconds: npt.NDArray[np.float64]
    labels: VideoLabels


class VideoFrames(TorchDataset[VideoItem]):
    """Videos, each with its frames at ``rate`` a second and the labels at their times.

    Frame k is the one that is shown k / rate seconds after the first frame. Videos that have
    pictures as files in place of a video file give those pictures at their own times.

    Args:
        videos: Labels with their sources.
        rate: Frames a second.
        size: Height and width of the frames, stretched to it.
        cache: A folder for the resized frames, so that later epochs do not decode; None for none.
        progress: Called with (name of the video, frames done, frames in all) while decoding.

    Example:
        >>> train = VideoFrames(cholec80.split("32/8/40:train"), size=(240, 427), cache="cache")
        ... # doctest: +SKIP
    """

    def __init__(
        self,
        videos: Sequence[VideoLabels],
        *,
        rate: float = 1.0,
        size: Size,
        cache: str | Path | None = None,
        progress: Progress | None = None,
    ) -> None:
        self.videos = tuple(videos)
        self.rate = Fraction(rate).limit_denominator(1001)
        self.size = size
        self.cache = None if cache is None else Path(cache)
        self.progress = progress

    def __len__(self) -> int:
        return len(self.videos)

    def __getitem__(self, index: int) -> VideoItem:
        """Decode a video, or open its cache file.

        Raises:
            InputError: The video is missing or damaged.
            OutputError: The cache cannot be written.
        """
        labels = self.videos[index]
        frames, seconds = read_frames(
            labels, rate=self.rate, size=self.size, cache=self.cache, progress=self.progress
        )
        rows = labels_at(labels, seconds)
        return {"name": labels.name, "frames": frames, "seconds": seconds, "labels": rows}

    def __iter__(self) -> Iterator[VideoItem]:
        return (self[index] for index in range(len(self)))


def read_frames(
    labels: VideoLabels,
    *,
    rate: Fraction,
    size: Size,
    cache: Path | None = None,
    progress: Progress | None = None,
) -> tuple[Frames, npt.NDArray[np.float64]]:
    """Frames (T, H, W, 3) uint8 RGB and their seconds (T,).

    Raises:
        InputError: The video is missing or damaged, or its labels are of another time.
        OutputError: The cache cannot be written.
    """
    if labels.source is None and not labels.images:
        raise InputError(
            f"expected the video of {labels.name}, found none. Put it where the data set has it."
        )
    if labels.images and (labels.source is None or labels.source.is_dir()):
        times = np.asarray([image.seconds for image in labels.images], np.float64)
        key = CacheKey(labels.name, tuple(image.path for image in labels.images), "all", size)
        fill = _picture_filler(labels.images, size)
        return _kept(key, times, fill, cache, progress), times
    assert labels.source is not None  # noqa: S101 - see above
    with open_video(labels.source) as video:
        require_alignment(labels, video.info)
        count = max(int(video.info.duration * rate), 1)
        times = np.asarray([float(k / rate) for k in range(count)], np.float64)
        kind = f"{rate.numerator}-{rate.denominator}"
        key = CacheKey(labels.name, (labels.source,), kind, size)
        return _kept(key, times, _video_filler(video, rate, size), cache, progress), times


def resize_frame(frame: Frames, size: Size) -> Frames:
    """A frame stretched to (height, width) without aliasing."""
    height, width = size
    if frame.shape[:2] == size:
        return frame
    shrinks = frame.shape[0] > height or frame.shape[1] > width
    how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(frame, (width, height), interpolation=how), np.uint8)


def _kept(
    key: CacheKey,
    times: npt.NDArray[np.float64],
    fill: Fill,
    cache: Path | None,
    progress: Progress | None,
) -> Frames:
    def tell(done: int) -> None:
        if progress is not None:
            progress(key.name, done, len(times))

    return keep_frames(key, len(times), lambda place: fill(place, tell), cache=cache)


def _picture_filler(images: Sequence[TimedFile], size: Size) -> Fill:
    def fill(place: Frames, tell: Callable[[int], None]) -> None:
        for index, image in enumerate(images):
            place[index] = resize_frame(read_image(image.path), size)
            tell(index + 1)

    return fill


def _video_filler(video: Video, rate: Fraction, size: Size) -> Fill:
    def fill(place: Frames, tell: Callable[[int], None]) -> None:
        numbers = [video.frame_at(seconds=k / rate) for k in range(len(place))]
        for start in range(0, len(place), _CHUNK):
            batch = video[numbers[start : start + _CHUNK]].frames
            for offset, frame in enumerate(batch):
                place[start + offset] = resize_frame(frame, size)
            tell(start + len(batch))

    return fill


def as_tensor(frames: Frames) -> torch.Tensor:
    """Frames (T, H, W, 3) uint8 as (T, 3, H, W) uint8, in memory of their own."""
    return torch.from_numpy(np.ascontiguousarray(frames.transpose(0, 3, 1, 2)))
