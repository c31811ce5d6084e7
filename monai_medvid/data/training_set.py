# SPDX-License-Identifier: Apache-2.0
"""Datasets over the polyp images: augmented for training, whole and plain for measuring."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch.utils.data import Dataset, Sampler

from monai_medvid.data.augment import AugmentOptions, augment
from monai_medvid.data.polyps import ByteArray, read_pair, read_split, resize_pair
from monai_medvid.data.synthetic_archive import read_archive

Example = dict[str, torch.Tensor]


@dataclass(frozen=True)
class Stage:
    """A stretch of epochs in which training examples are made in one way."""

    first_epoch: int
    """The epoch (0-based) that it begins with; it lasts until the next stage's."""
    size: tuple[int, int]
    """Height and width of the examples in pixels."""
    synthetic_share: float = 0.0
    """Share of the examples that are rendered frames."""
    options: AugmentOptions = field(default_factory=AugmentOptions)
    """Strength of the augmentation."""


class PolypDataset(Dataset[Example]):
    """Whole images stretched to the network's size, with their masks.

    Items are ``image`` (3, H, W) float32 RGB in 0..1 and ``label`` (1, H, W) float32 of 0 and 1.

    Args:
        root: the data set folder (see ``monai_medvid.data.polyps``).
        split_file: the JSON list of names.
        split: which part of it.
        size: height and width in pixels.
    """

    def __init__(
        self, root: str | Path, split_file: str | Path, *, split: str, size: Sequence[int]
    ) -> None:
        self.root = Path(root)
        self.names = read_split(Path(split_file))[split]
        self.size = (int(size[0]), int(size[1]))

    def __len__(self) -> int:
        """Return the number of images."""
        return len(self.names)

    def __getitem__(self, index: int) -> Example:
        """Read the image at ``index``."""
        return to_example(*resize_pair(*read_pair(self.root, self.names[index]), self.size))


class AugmentedPolyps(Dataset[Example]):
    """Training examples: images cached in memory, augmented anew in every epoch.

    An index is ``epoch * len(self) + image``: the epoch and the image fix the example, whatever
    the number of workers, so that a resumed training run sees what an unbroken one would have.

    Args:
        root: the data set folder.
        split_file: the JSON list of names.
        stages: how examples are made, in growing order of ``first_epoch``; the first begins at 0.
        synthetic: an archive of rendered frames (see ``synthetic_archive``), where stages use them.
        seed: of everything random.
    """

    def __init__(
        self,
        root: str | Path,
        split_file: str | Path,
        *,
        stages: Sequence[Stage],
        synthetic: str | Path | None = None,
        seed: int = 0,
    ) -> None:
        self.stages = list(stages)
        self.seed = seed
        self.names = read_split(Path(split_file))["train"]
        largest = max(stage.size[0] for stage in stages), max(stage.size[1] for stage in stages)
        roomy = (largest[0] * 5 // 4, largest[1] * 5 // 4)
        self._large = [resize_pair(*read_pair(Path(root), name), roomy) for name in self.names]
        wanted = any(stage.synthetic_share for stage in stages)
        self._made = read_archive(synthetic) if synthetic is not None and wanted else []
        half = (roomy[0] // 2, roomy[1] // 2)
        self._small = [resize_pair(*pair, half) for pair in self._large]

    def __len__(self) -> int:
        """Return the number of examples in an epoch."""
        return len(self.names)

    def stage_at(self, epoch: int) -> Stage:
        """Return the stage that an epoch (0-based) belongs to."""
        return next(stage for stage in reversed(self.stages) if stage.first_epoch <= epoch)

    def __getitem__(self, index: int) -> Example:
        """Make the example ``index % len(self)`` of epoch ``index // len(self)``."""
        epoch, number = divmod(index, len(self))
        stage = self.stage_at(epoch)
        size = (int(stage.size[0]), int(stage.size[1]))
        rng = np.random.default_rng((self.seed, epoch, number))
        cache = self._small if size[0] <= self._small[0][1].shape[0] else self._large
        image, mask = cache[number]
        if self._made and rng.random() < stage.synthetic_share:
            image, mask = self._made[int(rng.integers(len(self._made)))]
        donor = cache[int(rng.integers(len(cache)))]
        return to_example(*augment(image, mask, donor, size=size, rng=rng, options=stage.options))


class EpochSampler(Sampler[int]):
    """Shuffle ``length`` images anew in every epoch, and count the epoch into the index.

    Args:
        length: images in an epoch.
        start_epoch: the first epoch (0-based); set it before iterating to resume.
        seed: of the shuffles.
        rank: of this process among those that train together; each takes its own images.
        world_size: how many processes train together.
    """

    def __init__(
        self,
        length: int,
        *,
        start_epoch: int = 0,
        seed: int = 0,
        rank: int = 0,
        world_size: int = 1,
    ) -> None:
        self.length = length
        self.rank = rank
        self.world_size = world_size
        self.epoch = start_epoch
        self.seed = seed

    def __len__(self) -> int:
        """Return the number of images that this process takes in an epoch."""
        return self.length // self.world_size

    def __iter__(self) -> Iterator[int]:
        """Yield the indices of the next epoch."""
        order = np.random.default_rng((self.seed, self.epoch)).permutation(self.length)
        first = self.epoch * self.length
        self.epoch += 1
        share = order[self.rank :: self.world_size][: len(self)]
        return iter((share + first).tolist())


def to_example(image: ByteArray, mask: ByteArray) -> Example:
    """Turn (H, W, 3) uint8 and (H, W) uint8 into the network's ``image`` and ``label``."""
    planes = torch.from_numpy(np.ascontiguousarray(image.transpose(2, 0, 1)))
    return {"image": planes.float().div_(255.0), "label": torch.from_numpy(mask)[None].float()}
