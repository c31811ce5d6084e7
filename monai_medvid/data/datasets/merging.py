# SPDX-License-Identifier: Apache-2.0
"""Several data sets about the same videos as one."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from functools import partial
from pathlib import Path

from monai_medvid.data.datasets.dataset import ClassMask, LabelledDataset
from monai_medvid.data.datasets.labels import MaskFile, VideoLabels
from monai_medvid.data.datasets.overlaps import operation_id
from monai_medvid.data.datasets.sampling import merge_labels
from monai_medvid.errors import InputError

_OWN_TIMES = frozenset({"cholectrack20", "endoscapes", "m2cai16-tool"})
"""Sets that share operations with others but cut the recording differently, or may do so."""


def merge_datasets(first: LabelledDataset, *others: LabelledDataset) -> LabelledDataset:
    """The videos and splits of the first, with what the others tell of the same operations.

    Operations are the same where their names are, or where it is published that they are: VID01 of
    CholecT50 is video01 of Cholec80.

    Args:
        first: Whose videos, label rows and splits stand.
        others: What completes them.

    Raises:
        InputError: Another one counts other classes than the first, or other times.

    Example:
        >>> both = merge_datasets(cholec80, cholec80_cvs, cholecseg8k)  # doctest: +SKIP
    """
    for other in others:
        if _OWN_TIMES & {first.name, other.name}:
            raise InputError(
                f"expected data sets with the times of one recording, found {first.name} and "
                f"{other.name}, which cut it differently. Use them one by one."
            )
        for kind in ("instruments", "criteria", "masks"):
            own, there = getattr(first.procedure, kind), getattr(other.procedure, kind)
            if own != there:
                raise InputError(
                    f"expected the same {kind} in {first.name} and {other.name}, found others. "
                    f"Merge data sets of one procedure."
                )
    there = [{operation_id(other.name, name): name for name in other.names} for other in others]

    def read(name: str) -> VideoLabels:
        key = operation_id(first.name, name)
        parts = [
            dataclasses.replace(other.read(names[key]), name=name)
            for other, names in zip(others, there, strict=True)
            if key in names
        ]
        return merge_labels(first.read(name), *parts)

    readers = tuple((one.root, one.read_mask) for one in (first, *others) if one.has_masks)
    return dataclasses.replace(
        first,
        name="+".join((first.name, *(other.name for other in others))),
        read=read,
        read_mask=partial(_read_mask, readers=readers) if readers else first.read_mask,
        triplets=next((one.triplets for one in (first, *others) if one.triplets), ()),
        steps=next((one.steps for one in (first, *others) if one.steps), ()),
        actions=next((one.actions for one in (first, *others) if one.actions), ()),
        warnings=tuple(text for one in (first, *others) for text in one.warnings),
    )


def _read_mask(
    mask: MaskFile, *, readers: tuple[tuple[Path, Callable[[MaskFile], ClassMask]], ...]
) -> ClassMask:
    """By the data set whose folder holds the mask."""
    owners = [entry for entry in readers if mask.path.is_relative_to(entry[0])]
    return max(owners, key=lambda entry: len(entry[0].parts))[1](mask)
