# SPDX-License-Identifier: Apache-2.0
"""Pictures with their masks, from any data set that has masks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

import numpy as np
import numpy.typing as npt
from torch.utils.data import Dataset as TorchDataset

from monai_medvid.data.datasets.dataset import ClassMask, LabelledDataset
from monai_medvid.data.datasets.frame_cache import Size
from monai_medvid.data.datasets.frames import resize_frame
from monai_medvid.data.datasets.labels import MaskFile, VideoLabels
from monai_medvid.data.datasets.masks import read_image, resize_mask
from monai_medvid.errors import InputError
from monai_medvid.video.open import open_video


class MaskPair(TypedDict):
    """A picture (H, W, 3) uint8 RGB and the classes of its pixels (H, W) uint8, 255 ignored."""

    name: str
    seconds: float
    image: npt.NDArray[np.uint8]
    mask: ClassMask


class MaskPairs(TorchDataset[MaskPair]):
    """All masks of some videos, each with its picture; masks are resized by nearest pixel.

    Args:
        dataset: Where the masks are read.
        videos: Labels of the videos, e.g. of a split.
        size: Height and width that both are brought to; None leaves both as they are.

    Example:
        >>> pairs = MaskPairs(seg, seg.split("13/2/2:train"), size=(240, 427))  # doctest: +SKIP
    """

    def __init__(
        self, dataset: LabelledDataset, videos: Sequence[VideoLabels], *, size: Size | None = None
    ) -> None:
        self.read_mask = dataset.read_mask
        self.size = size
        self.items = [(video, mask) for video in videos for mask in video.masks]

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: int) -> MaskPair:
        """Read a picture and its mask.

        Raises:
            InputError: One of them is missing or damaged, or they differ in size.
        """
        video, entry = self.items[index]
        mask = self.read_mask(entry)
        image = _picture(video, entry)
        if self.size is None and image.shape[:2] != mask.shape:
            raise InputError(
                f"expected a mask of {image.shape[1]}x{image.shape[0]} for {video.name} at "
                f"{entry.seconds:.2f} s, found {mask.shape[1]}x{mask.shape[0]}. Give a size."
            )
        if self.size is not None:
            image, mask = resize_frame(image, self.size), resize_mask(mask, self.size)
        return {"name": video.name, "seconds": entry.seconds, "image": image, "mask": mask}


def _picture(video: VideoLabels, entry: MaskFile) -> npt.NDArray[np.uint8]:
    if entry.image is not None:
        return read_image(entry.image)
    if video.source is None:
        raise InputError(
            f"expected the video of {video.name} for its masks, found none. "
            f"Put it where the data set has it."
        )
    with open_video(video.source) as opened:
        if entry.seconds > opened.info.duration:
            raise InputError(
                f"expected {video.name} to last until its mask at {entry.seconds:.2f} s, found "
                f"{float(opened.info.duration):.2f} s. Restore the video."
            )
        return opened.at(seconds=entry.seconds)
