# SPDX-License-Identifier: Apache-2.0
"""Pictures as 64 bits that survive coding and scaling: finds the same operation in two sets."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import cv2
import numpy as np
import numpy.typing as npt

from monai_medvid.data.datasets.dataset import Dataset
from monai_medvid.data.datasets.labels import VideoLabels
from monai_medvid.data.datasets.masks import read_image
from monai_medvid.errors import InputError
from monai_medvid.video.open import open_video

Prints = npt.NDArray[np.uint64]
Progress = Callable[[str, int, int], None]

QUERY_SECONDS = 10.0
INDEX_SECONDS = 1.0

_BITS = 64
_NEAR = 6
"""Bits in which two pictures of one moment may differ; different pictures differ in about 32."""

_SAME_SHARE = 0.3
"""Of the pictures of one video that must be found in the other."""

_FEWEST = 3
_LEAST_CONTRAST = 4.0
_WEIGHTS = np.left_shift(np.uint64(1), np.arange(_BITS, dtype=np.uint64))
_COUNTS = np.array([bin(value).count("1") for value in range(256)], np.uint8)


def picture_print(picture: npt.NDArray[np.uint8]) -> np.uint64 | None:
    """Whether each of 8x8 places is brighter than its right neighbour (difference hash).

    Args:
        picture: (H, W, 3) uint8 RGB.

    Returns:
        64 bits, or None for a picture that is nearly of one brightness (blacked out, white).
    """
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    small = cv2.resize(grey, (9, 8), interpolation=cv2.INTER_AREA).astype(np.int16)
    if float(small.std()) < _LEAST_CONTRAST:
        return None
    return np.uint64(_WEIGHTS[(small[:, 1:] > small[:, :-1]).reshape(-1)].sum())


def video_prints(labels: VideoLabels, *, every: float) -> Prints:
    """(P,) prints of one picture every so many seconds; pictures without contrast are left out.

    Raises:
        InputError: The video or a picture is missing or damaged.
    """
    found = (picture_print(picture) for picture in _pictures(labels, every))
    return np.asarray([mark for mark in found if mark is not None], np.uint64)


def same_operations(
    first: Dataset, second: Dataset, *, progress: Progress | None = None
) -> dict[str, tuple[str, str]]:
    """Names of videos of two data sets that show the same moments.

    Args:
        first: One data set, a picture every ten seconds.
        second: The other, a picture every second.
        progress: Called with (what, done, total).

    Raises:
        InputError: A video or picture is missing or damaged.
    """
    queries = _all_prints(first, QUERY_SECONDS, progress)
    index = _all_prints(second, INDEX_SECONDS, progress)
    shared = {}
    for one, marks in queries.items():
        shares = {other: share_found(marks, known) for other, known in index.items()}
        best = max(shares, key=lambda other: shares[other], default=None)
        if best is not None and shares[best] >= _SAME_SHARE:
            shared[one] = (one, best)
    return shared


def _all_prints(dataset: Dataset, every: float, progress: Progress | None) -> dict[str, Prints]:
    prints = {}
    for done, name in enumerate(dataset.names, 1):
        labels = dataset.read(name)
        if labels.source is not None or labels.images:
            prints[name] = video_prints(labels, every=every)
        if progress is not None:
            progress(f"pictures of {dataset.name}", done, len(dataset))
    return prints


def share_found(marks: Prints, known: Prints) -> float:
    """Part of ``marks`` that are near one of ``known``; few ones must be there bit by bit."""
    if min(len(marks), len(known)) < _FEWEST:
        exact = len(marks) and len(known) and np.isin(marks, known).all()
        return 1.0 if exact else 0.0
    different = (marks[:, None] ^ known[None]).view(np.uint8).reshape(len(marks), len(known), 8)
    return float((_COUNTS[different].sum(axis=2).min(axis=1) <= _NEAR).mean())


def _pictures(labels: VideoLabels, every: float) -> Iterator[npt.NDArray[np.uint8]]:
    if labels.images and (labels.source is None or labels.source.is_dir()):
        due = -np.inf
        for image in labels.images:
            if image.seconds >= due:
                due = image.seconds + every
                yield read_image(image.path)
        return
    if labels.source is None:
        raise InputError(f"expected the video of {labels.name}, found none. Restore it.")
    with open_video(labels.source) as video:
        for second in np.arange(0, float(video.info.duration), every):
            yield video.at(seconds=float(second))
