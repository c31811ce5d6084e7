# SPDX-License-Identifier: Apache-2.0
"""Augmentation of image and mask pairs: one warp for all geometry, polyps pasted across images.

Everything draws from the generator that it is given, so that a seed fixes the result.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from monai_medvid.data.artifacts import field_of_view, spoil
from monai_medvid.data.polyps import ByteArray

Matrix = npt.NDArray[np.float64]


@dataclass(frozen=True)
class AugmentOptions:
    """How far the augmentation goes."""

    scale: tuple[float, float] = (0.6, 1.6)
    """Zoom relative to the whole frame, drawn evenly on a logarithmic scale."""
    aspect: float = 0.25
    """Largest natural logarithm of the extra stretch of the width against the height."""
    shift: float = 0.2
    """Largest shift of the centre, as a share of the frame's sides."""
    paste: float = 0.3
    """Probability of pasting the polyp of another image."""
    background: float = 0.06
    """Probability of looking for a window without any polyp instead."""
    field_of_view: float = 0.08
    """Probability of an extra round field of view; polyp outside of it is no longer polyp."""
    cutout: float = 0.1
    """Probability of grey patches, which leave the mask alone."""


def augment(
    image: ByteArray,
    mask: ByteArray,
    donor: tuple[ByteArray, ByteArray],
    *,
    size: tuple[int, int],
    rng: np.random.Generator,
    options: AugmentOptions,
) -> tuple[ByteArray, ByteArray]:
    """Make one training example.

    Args:
        image: (H, W, 3) uint8 RGB.
        mask: (H, W) uint8, 0 or 1.
        donor: another image and mask, whose polyp may be pasted.
        size: height and width of the result in pixels.
        rng: where every random number comes from.
        options: how far to go.

    Returns:
        Image (height, width, 3) uint8 and mask (height, width) uint8 of 0 and 1.
    """
    if rng.random() < options.background:
        image, mask = _background(image, mask, size, rng)
    else:
        image, mask = _warp(
            image, mask, random_affine(image.shape[:2], size, rng, options), size, rng
        )
        if rng.random() < options.paste:
            image, mask = _paste(image, mask, donor, rng, options)
    image = spoil(image, rng)
    if rng.random() < options.field_of_view:
        seen = field_of_view(
            np.full_like(image, 1), np.random.default_rng(seed := rng.integers(2**32))
        )
        image = field_of_view(image, np.random.default_rng(seed))
        mask = (mask * seen[..., 0]).astype(np.uint8)
    if rng.random() < options.cutout:
        _cut_out(image, rng)
    return image, mask


def random_affine(
    source: tuple[int, ...],
    size: tuple[int, int],
    rng: np.random.Generator,
    options: AugmentOptions,
) -> Matrix:
    """Draw a (2, 3) matrix from a source picture to ``size``: turn, flip, zoom, stretch, shift."""
    height, width = size
    low, high = np.log(options.scale)
    zoom, stretch = np.exp(rng.uniform(low, high)), np.exp(rng.uniform(-1, 1) * options.aspect / 2)
    if rng.random() < 0.3:
        zoom, stretch = 1.0, 1.0
    angle = rng.uniform(-np.pi, np.pi) if rng.random() < 0.6 else rng.normal(0, 0.12)
    mirror = 1 if rng.random() < 0.5 else -1
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    # Turn in square units, so that a circle stays an ellipse of the frame's own stretch.
    to_unit = np.diag([mirror / source[1], 1.0 / source[0]])
    linear = np.diag([width * zoom * stretch, height * zoom / stretch]) @ turn @ to_unit
    wander = rng.uniform(-options.shift, options.shift, size=2) * (width, height) * min(zoom, 1.5)
    centre = np.array([width, height]) / 2 + wander
    offset = centre - linear @ (np.array([source[1], source[0]]) / 2)
    return np.column_stack([linear, offset])


def _warp(
    image: ByteArray,
    mask: ByteArray,
    matrix: Matrix,
    size: tuple[int, int],
    rng: np.random.Generator,
) -> tuple[ByteArray, ByteArray]:
    border = cv2.BORDER_REFLECT_101 if rng.random() < 0.4 else cv2.BORDER_CONSTANT
    wide_high = (size[1], size[0])
    moved = cv2.warpAffine(image, matrix, wide_high, flags=cv2.INTER_LINEAR, borderMode=border)
    label = cv2.warpAffine(mask, matrix, wide_high, flags=cv2.INTER_NEAREST, borderMode=border)
    return moved.astype(np.uint8, copy=False), label.astype(np.uint8, copy=False)


def _background(
    image: ByteArray, mask: ByteArray, size: tuple[int, int], rng: np.random.Generator
) -> tuple[ByteArray, ByteArray]:
    """Zoom into a window without polyp; fall back to the whole frame where there is none."""
    height, width = mask.shape
    for _ in range(12):
        share = rng.uniform(0.35, 0.75)
        tall, wide = int(height * share), int(width * share)
        top, left = int(rng.integers(0, height - tall + 1)), int(rng.integers(0, width - wide + 1))
        window = (slice(top, top + tall), slice(left, left + wide))
        if not mask[window].any():
            image, mask = image[window], mask[window]
            break
    matrix = random_affine(mask.shape, size, rng, AugmentOptions(scale=(0.95, 1.2), shift=0.05))
    return _warp(image, mask, matrix, size, rng)


def _paste(
    image: ByteArray,
    mask: ByteArray,
    donor: tuple[ByteArray, ByteArray],
    rng: np.random.Generator,
    options: AugmentOptions,
) -> tuple[ByteArray, ByteArray]:
    """Blend the donor's polyp into the image, with its colour drawn towards the place it lands."""
    size = (mask.shape[0], mask.shape[1])
    smaller = AugmentOptions(scale=(0.35, 1.1), aspect=options.aspect, shift=0.35)
    matrix = random_affine(donor[1].shape, size, rng, smaller)
    wide_high = (size[1], size[0])
    label = cv2.warpAffine(donor[1], matrix, wide_high, flags=cv2.INTER_NEAREST)
    if not 0.003 < float(label.mean()) < 0.35:
        return image, mask
    polyp = cv2.warpAffine(donor[0], matrix, wide_high, flags=cv2.INTER_LINEAR).astype(np.float32)
    inside = label.astype(bool)
    tone = image[inside].mean(axis=0) - polyp[inside].mean(axis=0)
    polyp = np.clip(polyp + tone * rng.uniform(0.2, 0.9), 0, 255)
    soft = cv2.GaussianBlur(label.astype(np.float32), (0, 0), float(rng.uniform(0.8, 3.0)))[
        ..., None
    ]
    mixed = image * (1 - soft) + polyp * soft
    return mixed.astype(np.uint8), np.maximum(mask, label).astype(np.uint8)


def _cut_out(image: ByteArray, rng: np.random.Generator) -> None:
    height, width = image.shape[:2]
    for _ in range(int(rng.integers(1, 4))):
        tall, wide = int(height * rng.uniform(0.05, 0.2)), int(width * rng.uniform(0.05, 0.2))
        top, left = int(rng.integers(0, height - tall)), int(rng.integers(0, width - wide))
        image[top : top + tall, left : left + wide] = rng.integers(0, 256, size=3)
