# SPDX-License-Identifier: Apache-2.0
"""Whether the pictures of one video can be read and fit its label rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from monai_medvid.data.datasets.faults import Fault
from monai_medvid.data.datasets.labels import VideoLabels
from monai_medvid.data.datasets.sampling import TOLERANCE


def check_pictures(labels: VideoLabels) -> Iterator[Fault]:
    """Faults of a video that has pictures in place of a video file.

    The headers of all are read, and one is decoded: a copy that broke off breaks many.
    """
    sizes = [picture_size(image.path) for image in labels.images]
    broken = [image for image, size in zip(labels.images, sizes, strict=True) if size is None]
    if broken:
        text = f"Expected {len(sizes)} pictures, found {len(broken)} unreadable, the first "
        yield _fault("video", labels, f"{text}{broken[0].path.name}. Download them again.")
    elif not _is_whole(middle := labels.images[len(sizes) // 2].path):
        text = f"Expected whole pictures, found {middle.name} cut off. Download them again."
        yield _fault("video", labels, text)
    counts = Counter(size for size in sizes if size is not None)
    if len(counts) > 1:
        told = ", ".join(f"{n} of {w}x{h}" for (w, h), n in counts.most_common(3))
        yield Fault("warning", "size", labels.name, f"The pictures differ in size: {told}.")
    if len(labels):
        yield from _rows(labels)


def picture_size(path: Path) -> tuple[int, int] | None:
    """Width and height from the header; None where there is no picture."""
    try:
        with Image.open(path) as image:
            return image.size
    except (OSError, UnidentifiedImageError):
        return None


def _is_whole(path: Path) -> bool:
    try:
        with Image.open(path) as image:
            image.load()
    except (OSError, SyntaxError):  # Pillow's word for a broken PNG
        return False
    return True


def _fault(code: str, labels: VideoLabels, message: str) -> Fault:
    return Fault("error", code, labels.name, message)


def _rows(labels: VideoLabels) -> Iterator[Fault]:
    """Whether there is a picture at the time of each label row."""
    times = np.asarray([image.seconds for image in labels.images])
    nearest = np.searchsorted(times, labels.seconds - TOLERANCE).clip(0, len(times) - 1)
    without = np.abs(times[nearest] - labels.seconds) > TOLERANCE
    if without.any():
        yield Fault(
            "error",
            "alignment",
            labels.name,
            f"Expected a picture for each of {len(labels)} label rows, found none for "
            f"{without.sum()}, the first at {labels.seconds[without][0]:.2f} s. Take pictures and "
            f"labels of one release.",
        )
