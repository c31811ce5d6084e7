# SPDX-License-Identifier: Apache-2.0
"""The moments of a labelled video that an evaluation looks at: a steady rate, and its masks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from monai_medvid.data.datasets.alignment import require_alignment
from monai_medvid.data.datasets.check_pictures import picture_size
from monai_medvid.data.datasets.labels import MaskFile, TimedFile, VideoLabels
from monai_medvid.data.datasets.masks import read_image
from monai_medvid.data.datasets.sampling import TOLERANCE
from monai_medvid.data.video_clips import steady_moments
from monai_medvid.errors import InputError
from monai_medvid.video.frames import FrameBatch
from monai_medvid.video.open import open_video
from monai_medvid.video.video import Video

Times = npt.NDArray[np.float64]
_CHUNK_BYTES = 12 << 20


@dataclass(frozen=True, eq=False)
class Moments:
    """N moments of one video, ascending, and their frames.

    Attributes:
        seconds: (N,) from the first frame.
        judged: (N,) bool, whether a moment is one of the steady rate; the others have masks only.
        masks: Mask file by seconds.
        batches: The frames in order, read once.
        size: (height, width) of the frames; ``None`` where each picture has its own.
    """

    seconds: Times
    judged: npt.NDArray[np.bool_]
    masks: dict[float, MaskFile]
    batches: Iterator[FrameBatch]
    size: tuple[int, int] | None = None

    def check_mask(self, seconds: float, shape: tuple[int, ...]) -> None:
        """Refuse a mask that is not of the size of the picture that it was drawn on.

        Args:
            seconds: Of the mask.
            shape: (height, width) of the mask.

        Raises:
            InputError: It is of another size.
        """
        file = self.masks[seconds]
        drawn_on = picture_size(file.image) if file.image is not None else None
        wanted = self.size if drawn_on is None else drawn_on[::-1]
        if wanted is not None and tuple(shape) != wanted:
            raise InputError(
                f"expected a mask of {wanted[1]}x{wanted[0]} like its picture, found "
                f"{shape[1]}x{shape[0]}: {file.path.name} at {seconds:.2f} s. Restore it."
            )


def check_times(labels: VideoLabels) -> None:
    """See that video and labels are about the same time, before other videos take time.

    Raises:
        InputError: The video is damaged, or its labels are of another time.
    """
    if labels.source is not None and labels.source.is_file():
        with open_video(labels.source) as video:
            require_alignment(labels, video.info)


@contextmanager
def open_moments(labels: VideoLabels, *, rate: float, masks: bool = True) -> Iterator[Moments]:
    """The frame shown every 1 / ``rate`` seconds, and those that masks were drawn on.

    A video that has pictures as files in place of a video file gives those at their own times.
    Masks after the end of the video, or without a picture, are left out.

    Args:
        labels: Of the video.
        rate: Moments a second.
        masks: Whether frames with masks are wanted.

    Raises:
        InputError: The video is missing or damaged, or its labels are of another time.
    """
    files = labels.masks if masks else ()
    if labels.images and (labels.source is None or labels.source.is_dir()):
        yield _of_pictures(labels.images, files)
        return
    if labels.source is None:
        raise InputError(
            f"expected the video of {labels.name}, found none. Put it where the data set has it."
        )
    with open_video(labels.source) as video:
        require_alignment(labels, video.info)
        yield _of_video(video, rate, files)


def _of_video(video: Video, rate: float, files: Sequence[MaskFile]) -> Moments:
    numbers = steady_moments(video, rate)
    judged = np.asarray(list(numbers))
    masks = {}
    for file in files:
        if file.seconds + TOLERANCE < video.info.duration:
            place = _near(judged, file.seconds)
            seconds = file.seconds if place is None else float(judged[place])
            masks[seconds] = file
            numbers.setdefault(seconds, video.frame_at(seconds=file.seconds + TOLERANCE))
    times = np.asarray(sorted(numbers))
    frames = _frames(video, times, [numbers[t] for t in times])
    size = (video.info.height, video.info.width)
    return Moments(times, np.isin(times, judged), masks, frames, size)


def _frames(video: Video, times: Times, numbers: Sequence[int]) -> Iterator[FrameBatch]:
    size = min(max(_CHUNK_BYTES // (video.info.width * video.info.height * 3), 1), 16)
    for first in range(0, len(times), size):
        part = slice(first, first + size)
        batch = video[numbers[part]]
        yield FrameBatch(frames=batch.frames, seconds=times[part], indices=batch.indices)


def _of_pictures(images: Sequence[TimedFile], files: Sequence[MaskFile]) -> Moments:
    times = np.asarray([image.seconds for image in images], np.float64)
    found = [(_near(times, file.seconds), file) for file in files]
    masks = {float(times[place]): file for place, file in found if place is not None}
    return Moments(times, np.ones(len(times), np.bool_), masks, _pictures(images))


def _pictures(images: Sequence[TimedFile]) -> Iterator[FrameBatch]:
    for number, image in enumerate(images):
        yield FrameBatch(
            frames=read_image(image.path)[None],
            seconds=np.asarray([image.seconds], np.float64),
            indices=np.asarray([number], np.int64),
        )


def _near(times: Times, seconds: float) -> int | None:
    """Place of the moment that is this one up to rounding."""
    place = int(np.abs(times - seconds).argmin())
    return place if abs(times[place] - seconds) <= TOLERANCE else None
