# SPDX-License-Identifier: Apache-2.0
"""Rendered colonoscopy frames with exact masks, kept in one file for training."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from monai_medvid.data.colonoscopy_simulator import simulate_frames
from monai_medvid.data.polyps import ByteArray

FIRST_TRAINING_SEED = 1000
"""Seeds below are for demonstrations and tests: no training frame may come from them."""

Pair = tuple[ByteArray, ByteArray]


def write_archive(
    path: str | Path,
    *,
    scenes: int = 200,
    frames_per_scene: int = 2,
    size: tuple[int, int] = (320, 400),
    empty_share: float = 0.25,
    first_seed: int = FIRST_TRAINING_SEED,
) -> int:
    """Render scenes and write them as a compressed NumPy archive.

    Args:
        path: the ``.npz`` file; it holds ``images`` (N, H, W, 3) and ``masks`` (N, H, W), uint8.
        scenes: how many, each with a seed of its own.
        frames_per_scene: moments of each scene, two seconds apart.
        size: height and width in pixels.
        empty_share: share of the scenes without a polyp.
        first_seed: the scenes' seeds count up from here.

    Returns:
        The number of frames written.

    Raises:
        ValueError: ``first_seed`` is below ``FIRST_TRAINING_SEED``.
    """
    if first_seed < FIRST_TRAINING_SEED:
        raise ValueError(
            f"expected a first seed of {FIRST_TRAINING_SEED} or more, got {first_seed}: lower "
            "seeds are for demonstrations, which must not show what training saw."
        )
    size = (int(size[0]), int(size[1]))
    empty = round(scenes * empty_share)
    pairs: list[Pair] = []
    for number in range(scenes):
        seed = first_seed + number
        pairs += _render(seed, frames_per_scene, size, polyp=number >= empty)
    images, masks = zip(*pairs, strict=True)
    np.savez_compressed(path, images=np.stack(images), masks=np.stack(masks))
    return len(pairs)


def read_archive(path: str | Path) -> list[Pair]:
    """Read the pairs of image and mask that ``write_archive`` wrote."""
    with np.load(path) as archive:
        return list(_pairs(archive["images"], archive["masks"]))


def _render(seed: int, frames: int, size: tuple[int, int], *, polyp: bool) -> list[Pair]:
    clip = simulate_frames(seed, frames=frames, size=size, polyp=polyp, fps=0.5)
    return [(image, mask.astype(np.uint8)) for image, mask in clip]


def _pairs(images: Iterable[ByteArray], masks: Iterable[ByteArray]) -> Iterator[Pair]:
    return zip(images, masks, strict=True)
