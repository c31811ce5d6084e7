# SPDX-License-Identifier: Apache-2.0
"""Whether the masks of one video fit its pictures."""

from __future__ import annotations

from collections.abc import Iterator

from monai_medvid.data.datasets.check_pictures import picture_size
from monai_medvid.data.datasets.dataset import IGNORED, LabelledDataset
from monai_medvid.data.datasets.faults import Fault
from monai_medvid.data.datasets.labels import MaskFile, VideoLabels
from monai_medvid.errors import InputError
from monai_medvid.video.info import VideoInfo

_MOSTLY_IGNORED = 0.2
"""Share of a mask without a class from which on its values are not those of the classes."""


def check_masks(
    dataset: LabelledDataset,
    labels: VideoLabels,
    info: VideoInfo | None,
    size: tuple[int, int] | None,
) -> Iterator[Fault]:
    """Whether each mask has the size of its picture and lies within the video.

    Args:
        dataset: Reads the masks.
        labels: Of the video.
        info: Of the video file, None without one.
        size: (width, height) of its pictures, None where there are none.
    """
    for mask in labels.masks:
        wanted = picture_size(mask.image) if mask.image else size
        found = picture_size(mask.path)
        if found is None or (mask.image is not None and wanted is None):
            yield _mask_fault(labels, mask, "Expected a picture and its mask, found one unreadable")
        elif wanted is not None and found != wanted:
            sizes = f"{wanted[0]}x{wanted[1]}, found {found[0]}x{found[1]}"
            yield _mask_fault(labels, mask, f"Expected a mask of {sizes}")
        elif mask.image is None and info is not None and mask.seconds > float(info.duration):
            yield _mask_fault(labels, mask, "Expected a mask within the video, found one after it")
    if labels.masks:
        yield from _classes(dataset, labels)


def _mask_fault(labels: VideoLabels, mask: MaskFile, what: str) -> Fault:
    text = f"{what}: {mask.path.name} at {mask.seconds:.2f} s. Restore it."
    return Fault("error", "mask", labels.name, text)


def _classes(dataset: LabelledDataset, labels: VideoLabels) -> Iterator[Fault]:
    """One mask a video is looked into: all masks of a video are made by the same hand."""
    mask = labels.masks[len(labels.masks) // 2]
    try:
        ignored = float((dataset.read_mask(mask) == IGNORED).mean())
    except InputError as error:
        yield Fault("error", "mask", labels.name, str(error))
        return
    if ignored > _MOSTLY_IGNORED:
        yield Fault(
            "error",
            "mask",
            labels.name,
            f"Expected the values of {dataset.procedure.name}'s classes, found {ignored:.0%} of "
            f"{mask.path.name} without a class. Take the masks as published.",
        )
