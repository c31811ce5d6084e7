# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest

from monai_medvid.data.laparoscopy.codes import code, tool_code, vocabulary
from monai_medvid.data.laparoscopy.labels import read_labels
from monai_medvid.data.laparoscopy.operation import Operation, plan_operation
from monai_medvid.data.laparoscopy.render import Renderer

SIZE = (96, 170)
BACKGROUND = code("Black Background")


def _renderer(operation: Operation) -> Renderer:
    return Renderer(operation.anatomy, operation.look, SIZE)


@pytest.fixture(scope="module")
def operation() -> Operation:
    return plan_operation(21, minutes=8)


def _moments(operation: Operation, count: int) -> np.ndarray:
    return np.linspace(0, operation.seconds - 1, count)


def test_the_same_seed_draws_the_same(operation: Operation) -> None:
    one, other = _renderer(operation), _renderer(plan_operation(21, minutes=8))
    for number, second in enumerate(_moments(operation, 5)):
        picture, mask = one(operation.at(second), number)
        again, mask_again = other(operation.at(second), number)
        assert np.array_equal(picture, again)
        assert np.array_equal(mask, mask_again)


def test_masks_hold_only_published_codes_and_black_lies_outside(operation: Operation) -> None:
    renderer = _renderer(operation)
    known = {mask.value for mask in vocabulary().masks}
    seen: set[int] = set()
    for number, second in enumerate(_moments(operation, 40)):
        picture, mask = renderer(operation.at(second), number)
        assert picture.shape == (*SIZE, 3)
        assert mask.shape == SIZE
        seen |= set(np.unique(mask).tolist())
        outside = ~renderer.sensor.inside
        assert (mask[outside] == BACKGROUND).all()
        border = outside & (renderer.sensor.mark == 0)
        assert picture[border].max() == 0
        if operation.at(second).outside == 0:
            assert (mask[~outside] != BACKGROUND).all()
    assert seen <= known
    wanted = ("Liver", "Gallbladder", "Fat", "Grasper", "L-hook Electrocautery", "Cystic Duct")
    assert {code(name) for name in wanted} <= seen


def test_every_class_comes_up() -> None:
    seen: set[int] = set()
    for seed in range(3):
        operation = plan_operation(seed, minutes=10)
        renderer = _renderer(operation)
        for number, second in enumerate(_moments(operation, 40)):
            seen |= set(np.unique(renderer(operation.at(second), number)[1]).tolist())
    assert seen == {mask.value for mask in vocabulary().masks}


def test_instruments_in_sight_have_pixels(operation: Operation) -> None:
    renderer = _renderer(operation)
    seconds = _moments(operation, 50)
    labels = read_labels(operation, seconds)
    for number, second in enumerate(seconds):
        _, mask = renderer(operation.at(second), number)
        names = [
            n for n, on in zip(vocabulary().instruments, labels.tools[number], strict=True) if on
        ]
        for name in names:
            assert (mask == tool_code(name)).sum() > 5, (second, name)
        if "Hook" not in {pose.instrument for pose in operation.at(second).tools}:
            assert not (mask == tool_code("Hook")).any()


def test_outside_of_the_body_there_is_no_tissue() -> None:
    operation = next(o for o in (plan_operation(s, minutes=20) for s in range(20)) if o.outings)
    outing = operation.outings[0]
    picture, mask = _renderer(operation)(operation.at((outing.start + outing.end) / 2))
    assert (mask == BACKGROUND).all()
    assert picture.max() > 60


def test_the_trocar_closes_around_tissue() -> None:
    operation = next(o for o in (plan_operation(s, minutes=20) for s in range(20)) if o.outings)
    renderer, start = _renderer(operation), operation.outings[0].start
    left = [
        (renderer(operation.at(start + wait))[1] != BACKGROUND).mean() for wait in (0, 1.0, 1.6)
    ]
    assert left[0] > left[1] > 2 * left[2] > 0


def test_domains_look_different() -> None:
    means = {}
    for domain in ("standard", "shifted"):
        pictures = []
        for seed in range(4):
            operation = plan_operation(seed, domain=domain, minutes=5)
            renderer = _renderer(operation)
            inside = renderer.sensor.inside
            moment = operation.at(0.4 * operation.seconds)
            pictures.append(renderer(moment)[0][inside].mean(axis=0))
        means[domain] = np.mean(pictures, axis=0)
    red_over_blue = {name: mean[0] / mean[2] for name, mean in means.items()}
    assert red_over_blue["standard"] > 1.1 * red_over_blue["shifted"]


def test_pictures_show_the_work(operation: Operation) -> None:
    """The gallbladder is there before and gone after; the duct is covered, then free."""
    renderer = _renderer(operation)
    first = next(s for s in operation.segments if s.phase == 1)
    clip = next(s for s in operation.segments if s.phase == 2)
    duct = [
        (renderer(operation.at(second))[1] == code("Cystic Duct")).sum()
        for second in (first.start + 1, clip.start + 0.3 * clip.seconds)
    ]
    assert duct[1] > 2 * duct[0]
    end = renderer(operation.at(operation.seconds - 1))[1]
    assert not (end == code("Gallbladder")).any()


def test_codes_of_instruments_and_of_nothing() -> None:
    assert tool_code("Hook") == 32
    assert {tool_code(name) for name in vocabulary().instruments if name != "Hook"} == {31}
    with pytest.raises(KeyError):
        code("Spleen")
