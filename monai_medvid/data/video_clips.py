# SPDX-License-Identifier: Apache-2.0
"""Whole videos as a stream of clips, for MONAI's ``IterableDataset``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import TypedDict

import numpy as np
import numpy.typing as npt

from monai_medvid.data.reader_choice import looks_like_video
from monai_medvid.errors import InputError
from monai_medvid.video.open import open_video
from monai_medvid.video.video import Video


class ClipItem(TypedDict):
    """T frames of a video that follow each other.

    ``image`` (T, H, W, 3) uint8 RGB, ``seconds`` (T,) float64 from the first frame, ``frames``
    (T,) int64 numbers, ``video`` the name without suffix, ``first`` and ``last`` whether the video
    begins or ends with this clip.
    """

    image: npt.NDArray[np.uint8]
    seconds: npt.NDArray[np.float64]
    frames: npt.NDArray[np.int64]
    video: str
    first: bool
    last: bool


class VideoClips:
    """Clips of one video after another, in order, in constant memory.

    Order carries meaning (``first``, ``last``): load them in one process, one clip a batch.

    Args:
        source: A video (file, DICOM object, folder of pictures), a folder of videos, or a list.
        rate: Frames a second; ``None`` for every frame.
        clip: Frames of a clip; the last one of a video may have fewer.

    Raises:
        InputError: There is no video, or two have the same name.

    Example:
        >>> for clip in VideoClips("operations", rate=1.0):  # doctest: +SKIP
        ...     print(clip["video"], clip["seconds"])
    """

    def __init__(
        self, source: str | Path | Sequence[str | Path], *, rate: float | None = 1.0, clip: int = 16
    ) -> None:
        if clip < 1 or (rate is not None and not rate > 0):
            msg = f"clip must be at least 1 and rate above 0, got {clip} and {rate}."
            raise ValueError(msg)
        self.paths = _videos_of(source)
        self.rate = rate
        self.clip = clip

    def __iter__(self) -> Iterator[ClipItem]:
        """Clips of all videos.

        Raises:
            VideoReadError: A video is refused or damaged.
        """
        for path in self.paths:
            with open_video(path) as video:
                yield from self._clips(video, path.stem)

    def _clips(self, video: Video, name: str) -> Iterator[ClipItem]:
        if self.rate is None:
            seconds, numbers = video.seconds, np.arange(len(video))
        else:
            moments = steady_moments(video, self.rate)
            seconds = np.asarray(list(moments), np.float64)
            numbers = np.asarray(list(moments.values()), np.int64)
        for start in range(0, len(numbers), self.clip):
            part = slice(start, start + self.clip)
            yield {
                "image": video[numbers[part].tolist()].frames,
                "seconds": seconds[part].copy(),
                "frames": numbers[part],
                "video": name,
                "first": start == 0,
                "last": start + self.clip >= len(numbers),
            }


def steady_moments(video: Video, rate: float) -> dict[float, int]:
    """Number of the frame that is shown at each 1 / ``rate`` seconds, by seconds."""
    exact = Fraction(rate).limit_denominator(1001)
    count = max(int(video.info.duration * exact), 1)
    return {float(k / exact): video.frame_at(seconds=k / exact) for k in range(count)}


def _videos_of(source: str | Path | Sequence[str | Path]) -> tuple[Path, ...]:
    given = [source] if isinstance(source, (str, Path)) else list(source)
    found = [path for entry in given for path in _inside(Path(entry))]
    stems = [path.stem for path in found]
    twice = sorted({stem for stem in stems if stems.count(stem) > 1})
    if not found or twice:
        what = f"{len(twice)} names twice" if twice else "none"
        raise InputError(
            f"expected videos of different names, found {what}. "
            f"Give a video, or a folder with videos."
        )
    return tuple(found)


def _inside(path: Path) -> list[Path]:
    """The videos in a folder; the path itself where it is a file or holds pictures."""
    if not path.is_dir():
        return [path]
    videos = [entry for entry in sorted(path.iterdir()) if looks_like_video(str(entry))]
    return videos or ([path] if looks_like_video(str(path)) else [])
