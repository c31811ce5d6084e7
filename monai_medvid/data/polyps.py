# SPDX-License-Identifier: Apache-2.0
"""Colonoscopy images with polyp masks: reading them, and splitting them without leaks.

The folder has the layout of the segmented part of HyperKvasir (Borgli et al. 2020):
``images/<name>.jpg``, ``masks/<name>.jpg`` and a ``train.txt`` that lists the names.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

ByteArray: TypeAlias = npt.NDArray[np.uint8]

MASK_THRESHOLD = 128
"""Masks are JPEG files: values from this one on are polyp."""

SPLITS = ("train", "calibration", "validation")
_THUMBNAIL = 24
_DUPLICATE_CORRELATION = 0.93


def read_names(root: Path) -> list[str]:
    """Return the names that ``train.txt`` lists, sorted.

    Raises:
        FileNotFoundError: ``root`` has no ``train.txt``.
    """
    listing = root / "train.txt"
    if not listing.is_file():
        raise FileNotFoundError(
            "expected a polyp data set with images/, masks/ and train.txt, found no "
            f"{listing.name} in {root.name!r}. Point the data set folder at it."
        )
    return sorted(line.strip() for line in listing.read_text().splitlines() if line.strip())


def read_pair(root: Path, name: str) -> tuple[ByteArray, ByteArray]:
    """Read one image and its mask.

    Args:
        root: the data set folder.
        name: file name without its suffix.

    Returns:
        The image, (H, W, 3) uint8 RGB, and the mask, (H, W) uint8 of 0 and 1.

    Raises:
        FileNotFoundError: either file is missing or is not an image.
    """
    image = cv2.imread(str(root / "images" / f"{name}.jpg"), cv2.IMREAD_COLOR)
    mask = cv2.imread(str(root / "masks" / f"{name}.jpg"), cv2.IMREAD_GRAYSCALE)
    if image is None or mask is None:
        raise FileNotFoundError(
            f"expected image and mask named {name}.jpg, found them not readable."
        )
    rgb = cv2.cvtColor(image, cv2.COLOR_BGR2RGB).astype(np.uint8, copy=False)
    return rgb, (mask >= MASK_THRESHOLD).astype(np.uint8)


def resize_pair(
    image: ByteArray, mask: ByteArray, size: tuple[int, int]
) -> tuple[ByteArray, ByteArray]:
    """Stretch an image and its mask to ``size`` (height, width) without aliasing."""
    height, width = size
    shrinks = image.shape[0] > height or image.shape[1] > width
    how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    small = cv2.resize(image, (width, height), interpolation=how)
    soft = cv2.resize(mask * np.uint8(255), (width, height), interpolation=how)
    return small.astype(np.uint8, copy=False), (soft >= MASK_THRESHOLD).astype(np.uint8)


def near_duplicate_groups(root: Path, names: list[str]) -> list[list[str]]:
    """Group images that look alike, so that a split can keep each group whole.

    Two images belong together when their colour thumbnails correlate at 0.93 or more, as they are
    or mirrored; groups are the connected components of that relation.

    Returns:
        Groups of names, each sorted, ordered by their first name.
    """
    thumbs = np.stack([_thumbnail(root, name) for name in names])
    flipped = thumbs.reshape(-1, _THUMBNAIL, _THUMBNAIL, 3)[:, :, ::-1].reshape(thumbs.shape)
    alike = np.maximum(thumbs @ thumbs.T, thumbs @ flipped.T) >= _DUPLICATE_CORRELATION
    parent = list(range(len(names)))

    def find(index: int) -> int:
        while parent[index] != index:
            parent[index] = parent[parent[index]]
            index = parent[index]
        return index

    for left, right in zip(*np.nonzero(np.triu(alike, 1)), strict=True):
        parent[find(int(right))] = find(int(left))
    groups: dict[int, list[str]] = {}
    for index, name in enumerate(names):
        groups.setdefault(find(index), []).append(name)
    return sorted((sorted(group) for group in groups.values()), key=lambda group: group[0])


def split_names(
    groups: list[list[str]], *, validation: int = 90, calibration: int = 30, seed: int = 2026
) -> dict[str, list[str]]:
    """Deal whole groups into train, calibration and validation.

    Args:
        groups: near-duplicate groups; none of them is ever cut.
        validation: images wanted for the reported figures.
        calibration: images wanted for fitting the temperature.
        seed: of the shuffle; the same seed gives the same split.

    Raises:
        ValueError: the groups hold fewer images than asked for.
    """
    total = sum(len(group) for group in groups)
    if validation + calibration >= total:
        raise ValueError(f"expected more than {validation + calibration} images, got {total}.")
    wanted = {"validation": validation, "calibration": calibration, "train": total}
    split: dict[str, list[str]] = {name: [] for name in SPLITS}
    for index in np.random.default_rng(seed).permutation(len(groups)):
        group = groups[int(index)]
        # Large groups are nearly the same picture many times over: they would skew the figures.
        fits = (name for name in wanted if len(split[name]) + len(group) <= wanted[name])
        split["train" if len(group) > 3 else next(fits)].extend(group)
    return {name: sorted(members) for name, members in split.items()}


def write_split(root: Path, path: Path, *, seed: int = 2026) -> dict[str, list[str]]:
    """Make the split of the data set at ``root`` and write it as JSON to ``path``."""
    split = split_names(near_duplicate_groups(root, read_names(root)), seed=seed)
    path.write_text(json.dumps({"seed": seed, **split}, indent=1) + "\n")
    return split


def read_split(path: Path) -> dict[str, list[str]]:
    """Read a split that ``write_split`` wrote."""
    content = json.loads(path.read_text())
    return {name: list(content[name]) for name in SPLITS}


def _thumbnail(root: Path, name: str) -> npt.NDArray[np.float32]:
    image, _ = read_pair(root, name)
    small = cv2.resize(image, (_THUMBNAIL, _THUMBNAIL), interpolation=cv2.INTER_AREA)
    flat = small.astype(np.float32).reshape(-1, 3)
    centred = (flat - flat.mean(axis=0)).reshape(-1)
    length = float(np.linalg.norm(centred))
    return np.asarray(centred / max(length, 1e-6), dtype=np.float32)
