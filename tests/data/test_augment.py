# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import cv2
import numpy as np
import pytest

from monai_medvid.data.artifacts import ARTIFACTS, Artifact, field_of_view, spoil
from monai_medvid.data.augment import AugmentOptions, augment, random_affine

PLAIN = AugmentOptions(paste=0, background=0, field_of_view=0, cutout=0)


def _pair(row: int = 60, column: int = 90) -> tuple[np.ndarray, np.ndarray]:
    image = np.full((120, 160, 3), (120, 70, 60), np.uint8)
    mask = np.zeros((120, 160), np.uint8)
    cv2.circle(mask, (column, row), 18, 1, -1)
    image[mask > 0] = (20, 200, 40)
    return image, mask


@pytest.mark.parametrize("artifact", [artifact for artifact, _ in ARTIFACTS] + [field_of_view])
def test_artifacts_keep_shape_and_type_and_follow_the_seed(artifact: Artifact) -> None:
    image, _ = _pair()
    first = artifact(image.copy(), np.random.default_rng(3))
    again = artifact(image.copy(), np.random.default_rng(3))
    assert first.shape == image.shape
    assert first.dtype == np.uint8
    np.testing.assert_array_equal(first, again)


def test_spoiling_changes_the_picture() -> None:
    image, _ = _pair()
    results = [spoil(image.copy(), np.random.default_rng(seed)) for seed in range(8)]
    assert sum(not np.array_equal(image, result) for result in results) >= 6


def test_the_same_seed_gives_the_same_example() -> None:
    pair = _pair()
    one, two = (
        augment(
            *pair,
            pair,
            size=(96, 128),
            rng=np.random.default_rng(5),
            options=AugmentOptions(),
        )
        for _ in range(2)
    )
    np.testing.assert_array_equal(one[0], two[0])
    np.testing.assert_array_equal(one[1], two[1])


@pytest.mark.parametrize("seed", range(12))
def test_the_mask_follows_the_picture(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monai_medvid.data.augment.spoil", lambda image, rng: image)
    pair = _pair()
    rng = np.random.default_rng(seed)
    image, mask = augment(*pair, pair, size=(96, 128), rng=rng, options=PLAIN)
    green = (image[..., 1] > 130).astype(np.uint8)
    if mask.sum() > 50:
        both = (green & mask).sum()
        assert 2 * both / (green.sum() + mask.sum()) > 0.9


def test_background_windows_hold_no_polyp() -> None:
    pair = _pair(row=20, column=20)
    options = AugmentOptions(background=1, paste=0, field_of_view=0)
    empty = 0
    for seed in range(10):
        rng = np.random.default_rng(seed)
        empty += not augment(*pair, pair, size=(96, 128), rng=rng, options=options)[1].any()
    assert empty >= 8


def test_pasting_adds_a_polyp() -> None:
    image, mask = _pair()
    options = AugmentOptions(paste=1, background=0, field_of_view=0, cutout=0)
    found = 0
    for seed in range(10):
        rng = np.random.default_rng(seed)
        empty = np.zeros_like(mask)
        found += augment(image, empty, (image, mask), size=(96, 128), rng=rng, options=options)[
            1
        ].any()
    assert found >= 6


def test_a_round_field_of_view_cuts_the_mask_too() -> None:
    image = np.full((120, 160, 3), 200, np.uint8)
    mask = np.ones((120, 160), np.uint8)
    options = AugmentOptions(paste=0, background=0, field_of_view=1, cutout=0, scale=(2, 2.1))
    for seed in range(5):
        rng = np.random.default_rng(seed)
        _, label = augment(image, mask, (image, mask), size=(96, 128), rng=rng, options=options)
        assert not label[0, 0]
        assert label[48, 64]


def test_no_zoom_no_turn_is_the_whole_frame() -> None:
    still = AugmentOptions(scale=(1, 1), aspect=0, shift=0)
    corners = np.array([[0, 0, 1], [160, 0, 1], [160, 120, 1]], float).T
    for seed in range(6):
        matrix = random_affine((120, 160), (60, 80), np.random.default_rng(seed), still)
        centre = matrix @ [80, 60, 1]
        np.testing.assert_allclose(centre, [40, 30], atol=1e-9)
        assert np.isfinite(matrix @ corners).all()
