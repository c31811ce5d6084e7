# SPDX-License-Identifier: Apache-2.0
"""A data set at hand: its videos, its classes and its published splits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from monai_medvid.data.datasets.labels import MaskFile, VideoLabels
from monai_medvid.data.procedure import Procedure
from monai_medvid.errors import InputError

Split = Mapping[str, tuple[str, ...]]
"""Names of videos by part: "train", "val", "test"."""

ClassMask = npt.NDArray[np.uint8]

IGNORED = 255
"""Pixels of a mask that stand for no class (``ignore_index`` of losses)."""


def _no_masks(mask: MaskFile) -> ClassMask:
    raise InputError(f"expected a data set with masks, found one without, asked for {mask.path}.")


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class LabelledDataset:
    """Videos of one data set. Label files are read when a video is asked for.

    Attributes:
        name: As ``list_datasets`` has it.
        root: Its folder.
        procedure: The classes of phases, instruments, criteria and masks.
        names: Of all videos that have a label or a video file here, in order.
        splits: Published splits by name; the first is the one that is meant without a name. They
            name videos of the whole publication, here or not.
        steps: Names of the finer steps, where the set has them.
        actions: Names of actions, likewise.
        triplets: Names of instrument-verb-target triplets, likewise.
        read: Reads the labels of one video.
        read_mask: Turns a mask file into (H, W) uint8 indices into ``procedure.masks``, with 255
            for pixels of no class.
        licence: Of the data, in short.
        expected: How many videos the publication has.
        gapless: Kinds of labels ("phase", "instruments", or "rows" for all) whose rows follow each
            other without a gap in the publication.
        unlabelled: Names of videos that were published without labels.
        leaky: Names of published splits whose parts share videos.
        warnings: What to know before using it, one sentence each.
    """

    name: str
    root: Path
    procedure: Procedure
    names: tuple[str, ...]
    splits: Mapping[str, Split]
    read: Callable[[str], VideoLabels] = field(repr=False)
    read_mask: Callable[[MaskFile], ClassMask] = field(default=_no_masks, repr=False)
    steps: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()
    triplets: tuple[str, ...] = ()
    licence: str = ""
    expected: int | None = None
    gapless: tuple[str, ...] = ()
    unlabelled: tuple[str, ...] = ()
    leaky: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    _read_before: dict[str, VideoLabels] = field(init=False, default_factory=dict, repr=False)
    _here: frozenset[str] = field(init=False, default=frozenset(), repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "splits", MappingProxyType(dict(self.splits)))
        object.__setattr__(self, "_here", frozenset(self.names))

    def __repr__(self) -> str:
        splits = ", ".join(self.splits) or "none"
        return f"LabelledDataset({self.name}: {len(self.names)} videos, splits {splits})"

    @property
    def has_masks(self) -> bool:
        """Whether ``read_mask`` reads anything."""
        return self.read_mask is not _no_masks

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, name: str) -> VideoLabels:
        """The labels of one video, kept once read.

        Raises:
            InputError: There is no such video here, or its files are not as published.
        """
        if name not in self._here:
            raise InputError(
                f"expected a video of {self.name}, found no {name!r} in its folder. "
                f"It holds {len(self.names)} videos: {_some(self.names)}."
            )
        if name not in self._read_before:
            self._read_before[name] = self.read(name)
        return self._read_before[name]

    @property
    def videos(self) -> tuple[VideoLabels, ...]:
        """All videos.

        Raises:
            InputError: Files are not as published.
        """
        return tuple(self[name] for name in self.names)

    def split_names(self, name: str) -> tuple[str, ...]:
        """Names of the videos of one part of a split that are here.

        Args:
            name: "test" for a part of the first split, or "32/8/40:test" for one by name.

        Raises:
            InputError: There is no such split or part, or none of its videos is here.
        """
        scheme, _, part = name.rpartition(":")
        parts = self.splits.get(scheme or next(iter(self.splits), ""), {})
        if part not in parts:
            known = [f"{s}:{p}" for s, ps in self.splits.items() for p in ps]
            raise InputError(
                f"expected a split of {self.name}, found {name!r}. "
                f"Known are {', '.join(known) or 'none'}."
            )
        chosen = tuple(video for video in parts[part] if video in self._here)
        if not chosen:
            raise InputError(
                f"expected videos of the split {name!r} ({_some(parts[part])}) of {self.name}, "
                f"found none of them in its folder. Check the folder."
            )
        return chosen

    def split(self, name: str) -> tuple[VideoLabels, ...]:
        """The videos of one part of a split that are here; see ``split_names``."""
        return tuple(self[video] for video in self.split_names(name))


def _some(names: tuple[str, ...]) -> str:
    return ", ".join(names[:4]) + (", ..." if len(names) > 4 else "")
