# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from monai_medvid.data.colonoscopy_simulator import make_scene, render, simulate_frames

SMALL = (120, 160)


def test_pictures_and_masks_have_the_promised_shapes():
    frames = list(simulate_frames(7, frames=3, size=SMALL))
    assert len(frames) == 3
    for picture, mask in frames:
        assert picture.shape == (*SMALL, 3)
        assert picture.dtype == np.uint8
        assert mask.shape == SMALL
        assert mask.dtype == np.bool_


def test_the_same_seed_gives_the_same_bytes_and_another_seed_another_picture():
    def first(seed):
        picture, mask = next(simulate_frames(seed, frames=1, size=SMALL))
        return picture.tobytes() + mask.tobytes()

    assert first(3) == first(3)
    assert first(3) != first(4)


def test_without_a_polyp_the_masks_are_empty():
    for _, mask in simulate_frames(5, frames=4, size=SMALL, polyp=False, fps=1):
        assert not mask.any()


@pytest.mark.parametrize(
    "seed", [0, 1001, *(pytest.param(s, marks=pytest.mark.exhaustive) for s in (1000, 1002))]
)
def test_the_polyp_leaves_the_picture_or_shrinks_and_comes_back(seed):
    areas = [float(mask.mean()) for _, mask in simulate_frames(seed, frames=36, size=SMALL, fps=4)]
    assert max(areas) > 0.005
    assert min(areas) < 0.4 * max(areas)


def test_the_border_is_black_but_for_its_label():
    scene = make_scene(11, size=(480, 640))
    picture, mask = render(scene, 0.0, 0)
    border = scene.sensor.window == 0
    labelled = scene.sensor.overlay.any(axis=2)
    assert labelled.any()
    assert not picture[border & ~labelled].any()
    assert not mask[border].any()


def test_with_and_without_the_polyp_only_its_surroundings_differ():
    with_polyp = make_scene(0, size=SMALL)
    pose = with_polyp.pose(0.0)
    assert np.allclose(pose.axes @ pose.axes.T, np.eye(3), atol=1e-9)
    assert np.linalg.norm(pose.eye - with_polyp.target) >= with_polyp.polyp.extent


def test_masks_cover_what_the_polyp_changes():
    """Where the polyp is drawn, the picture differs from the same bowel without it."""
    from dataclasses import replace

    scene = next(s for s in map(_scene, range(20, 60)) if render(s, 0, 0)[1].mean() > 0.02)
    picture, mask = render(scene, 0, 0)
    bare, _ = render(replace(scene, polyp=None), 0, 0)
    changed = np.abs(picture.astype(int) - bare).sum(axis=2)
    assert changed[mask].mean() > 3 * changed[~mask & (scene.sensor.window > 0.9)].mean()


def _scene(seed):
    return make_scene(seed, size=SMALL)
