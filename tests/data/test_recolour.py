# SPDX-License-Identifier: Apache-2.0
"""Each class gets its own colours; what is not changed stays as it was."""

import numpy as np

from monai_medvid.data.recolour import recolour


def _halves() -> tuple[np.ndarray, np.ndarray]:
    image = np.full((32, 64, 3), 90, np.uint8)
    mask = np.zeros((32, 64), np.uint8)
    mask[:, 32:] = 7
    return image, mask


def test_classes_get_colours_of_their_own() -> None:
    image, mask = _halves()
    out = recolour(image, mask, np.random.default_rng(1), probability=1.0)
    left, right = out[:, 4], out[:, -4]
    assert (left == left[0]).all()
    assert (right == right[0]).all()
    assert (left[0] != right[0]).any()
    assert (left[0] != 90).any()
    assert (right[0] != 90).any()


def test_nothing_changes_at_probability_zero() -> None:
    image, mask = _halves()
    np.testing.assert_array_equal(
        recolour(image, mask, np.random.default_rng(1), probability=0.0), image
    )


def test_black_can_become_bright_and_white_stays_within_range() -> None:
    mask = np.zeros((16, 16), np.uint8)
    black, white = (np.full((16, 16, 3), value, np.uint8) for value in (0, 255))
    outs = [recolour(black, mask, np.random.default_rng(n), probability=1.0) for n in range(8)]
    assert max(int(out.max()) for out in outs) > 20
    bright = recolour(white, mask, np.random.default_rng(2), probability=1.0)
    assert bright.dtype == np.uint8
    assert bright.shape == white.shape


def test_the_same_seed_gives_the_same_picture() -> None:
    image, mask = _halves()
    one, two = (recolour(image, mask, np.random.default_rng(3)) for _ in range(2))
    np.testing.assert_array_equal(one, two)
