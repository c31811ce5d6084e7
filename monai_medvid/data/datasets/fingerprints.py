# SPDX-License-Identifier: Apache-2.0
"""Pictures as 64 bits that survive coding and scaling: finds the same operation in two sets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from monai_medvid.data.datasets.dataset import LabelledDataset
from monai_medvid.data.datasets.labels import VideoLabels
from monai_medvid.data.datasets.masks import read_image
from monai_medvid.errors import InputError
from monai_medvid.video.open import open_video

Bits = npt.NDArray[np.uint64]
Progress = Callable[[str, int, int], None]

QUERY_SECONDS = 10.0
INDEX_SECONDS = 1.0

_BITS = 64
_NEAR = 10
"""Bits in which pictures of one moment may differ, coded anew and half a second apart. Of pairs of
different endoscopic pictures a few in a thousand are that near, so that single ones prove nothing:
they must agree on how much later one recording begins than the other."""

_SAME_SHARE = 0.2
"""Of the pictures of one video that must be found in the other, all by the same lag."""

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


@dataclass(frozen=True, eq=False)
class Prints:
    """Prints of pictures of one video.

    Attributes:
        seconds: (P,) float64.
        bits: (P,) uint64.
    """

    seconds: npt.NDArray[np.float64]
    bits: Bits

    def __len__(self) -> int:
        return len(self.bits)


def video_prints(labels: VideoLabels, *, every: float) -> Prints:
    """One picture every so many seconds; pictures without contrast are left out.

    Raises:
        InputError: The video or a picture is missing or damaged.
    """
    taken = ((second, picture_print(picture)) for second, picture in _pictures(labels, every))
    found = [(second, bits) for second, bits in taken if bits is not None]
    return Prints(
        np.asarray([second for second, _ in found], np.float64),
        np.asarray([bits for _, bits in found], np.uint64),
    )


def same_operations(
    first: LabelledDataset, second: LabelledDataset, *, progress: Progress | None = None
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


def _all_prints(
    dataset: LabelledDataset, every: float, progress: Progress | None
) -> dict[str, Prints]:
    prints = {}
    for done, name in enumerate(dataset.names, 1):
        labels = dataset.read(name)
        if labels.source is not None or labels.images:
            prints[name] = video_prints(labels, every=every)
        if progress is not None:
            progress(f"pictures of {dataset.name}", done, len(dataset))
    return prints


def share_found(marks: Prints, known: Prints) -> float:
    """Part of the pictures ``marks`` that are in ``known``, all by the same lag in time.

    Fewer than three pictures must be there bit by bit, at any time.
    """
    if min(len(marks), len(known)) < _FEWEST:
        return float(len(marks) > 0 and bool(np.isin(marks.bits, known.bits).all()))
    different = (marks.bits[:, None] ^ known.bits[None]).view(np.uint8)
    near = _COUNTS[different.reshape(len(marks), len(known), 8)].sum(axis=2) <= _NEAR
    query, place = np.nonzero(near)
    if not len(query):
        return 0.0
    lags = np.round((marks.seconds[query] - known.seconds[place]) / INDEX_SECONDS).astype(np.int64)
    pairs = np.unique(np.stack([lags, query]), axis=1)[0]  # a picture counts once for each lag
    counts = np.bincount(pairs - pairs.min())
    return float(counts.max() / len(marks))


def _pictures(labels: VideoLabels, every: float) -> Iterator[tuple[float, npt.NDArray[np.uint8]]]:
    if labels.images and (labels.source is None or labels.source.is_dir()):
        due = -np.inf
        for image in labels.images:
            if image.seconds >= due:
                due = image.seconds + every
                yield image.seconds, read_image(image.path)
        return
    if labels.source is None:
        raise InputError(f"expected the video of {labels.name}, found none. Restore it.")
    with open_video(labels.source) as video:
        for second in np.arange(0, float(video.info.duration), every):
            yield float(second), video.at(seconds=float(second))
