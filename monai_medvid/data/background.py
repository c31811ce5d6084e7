# SPDX-License-Identifier: Apache-2.0
"""Parts of polyp images without polyp: whatever a network marks there is false."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from monai_medvid.data.polyps import ByteArray, read_pair, resize_pair
from monai_medvid.data.training_set import Example, PolypDataset, to_example


class BackgroundDataset(PolypDataset):
    """The largest window beside the polyp of each image, stretched to the network's size.

    Images whose polyp leaves no window of a quarter of the image are left out. The items' labels
    are empty.
    """

    def __init__(
        self, root: str | Path, split_file: str | Path, *, split: str, size: Sequence[int]
    ) -> None:
        super().__init__(root, split_file, split=split, size=size)
        self.names = [name for name in self.names if self._window(name) is not None]

    def __getitem__(self, index: int) -> Example:
        """Read the window of the image at ``index``."""
        image, mask = read_pair(self.root, self.names[index])
        window = background_window(mask)
        if window is None:  # the list was made from the same masks
            raise IndexError(f"expected a window without polyp in image {index}, found none.")
        return to_example(*resize_pair(image[window], mask[window], self.size))

    def _window(self, name: str) -> tuple[slice, slice] | None:
        return background_window(read_pair(self.root, name)[1])


def background_window(mask: ByteArray) -> tuple[slice, slice] | None:
    """Return the largest of the four windows above, below, left and right of what the mask marks.

    Returns:
        Rows and columns, or None where each window is smaller than a quarter of the mask.
    """
    height, width = mask.shape
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return slice(0, height), slice(0, width)
    windows = [
        (slice(0, int(rows[0])), slice(0, width)),
        (slice(int(rows[-1]) + 1, height), slice(0, width)),
        (slice(0, height), slice(0, int(columns[0]))),
        (slice(0, height), slice(int(columns[-1]) + 1, width)),
    ]
    areas = [(r.stop - r.start) * (c.stop - c.start) for r, c in windows]
    best = int(np.argmax(areas))
    return windows[best] if areas[best] * 4 >= height * width else None
