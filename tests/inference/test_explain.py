# SPDX-License-Identifier: Apache-2.0
"""Explanations name the region and the ticks by which a network that is known decided."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from monai_medvid.errors import BundleError, InputError
from monai_medvid.inference import WorkflowPredictor
from monai_medvid.inference.bundle import Bundle, load_bundle
from monai_medvid.inference.explain import PAST_TICKS, Question, explain
from monai_medvid.video.frames import FrameBatch
from tests import tiny_bundle
from tests.inference.patches import (
    HEIGHT,
    NOTHING,
    SIDE,
    WIDTH,
    background,
    draw,
    make_bundle,
    place,
    train_network,
)

NEAR = 24
"""Pixels beside the patch that still count: three quarters of a cell of the encoder's last map."""


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return make_bundle(tmp_path_factory.mktemp("bundles") / "patches", train_network())


def _batches(frames: np.ndarray, size: int = 4, *, every: float = 1.0) -> Iterator[FrameBatch]:
    for start in range(0, len(frames), size):
        indices = np.arange(start, min(start + size, len(frames)))
        yield FrameBatch(frames[indices], indices * every, indices)


def _logit(bundle: Bundle, frames: np.ndarray, channel: int) -> float:
    """Of the last frame, by streaming, against that of no patch."""
    network = bundle.network
    state = network.init_state()
    for i, frame in enumerate(frames):
        image = torch.from_numpy(frame).permute(2, 0, 1)[None].float() / 255
        with torch.no_grad():
            feature = network.encode(image).feature
            logits, state = network.temporal.step(feature, float(i > 0), state)
    return float(logits[0, channel] - logits[0, NOTHING])


def _inside(top: int, left: int, margin: int = 0) -> tuple[slice, slice]:
    rows = slice(max(top - margin, 0), top + SIDE + margin)
    return rows, slice(max(left - margin, 0), left + SIDE + margin)


def test_the_heat_is_on_the_patch_that_decides(bundle: Bundle) -> None:
    rng = np.random.default_rng(9)
    hits, shares = [], []
    for i in range(24):
        at = place(rng)
        frame = draw(background(rng), i % NOTHING, at)
        (found,) = explain(bundle, _batches(frame[None]), [Question("1", 0, i % NOTHING)])
        assert found.heat.shape == (HEIGHT, WIDTH)
        assert found.heat.dtype == np.float32
        assert found.heat.min() >= 0
        assert found.heat.max() == 1
        box = _inside(*at, NEAR)
        row, column = np.unravel_index(found.heat.argmax(), found.heat.shape)
        near = np.zeros_like(found.heat)
        near[box] = 1
        hits.append(near[row, column] > 0)
        shares.append((found.heat * near).sum() / found.heat.sum())
    assert np.mean(hits) >= 0.85
    assert np.mean(shares) > 0.7


def test_deleting_what_is_hot_changes_the_answer_more_than_anything_else(bundle: Bundle) -> None:
    rng = np.random.default_rng(4)
    hot, cold = [], []
    for i in range(10):
        frames, phase = np.stack([background(rng) for _ in range(8)]), i % NOTHING
        clean = frames[-1].copy()
        frames[-1] = draw(clean, phase, place(rng))
        (found,) = explain(bundle, _batches(frames), [Question("1", 7, phase)])
        before = _logit(bundle, frames, phase)
        order = np.argsort(found.heat.ravel())
        share = len(order) // 6
        for places, falls in ((order[-share:], hot), (order[:share], cold)):
            cut = frames.copy()
            cut[-1].reshape(-1, 3)[places] = clean.reshape(-1, 3)[places]
            falls.append(before - _logit(bundle, cut, phase))
    assert np.mean(hot) > 5 * abs(np.mean(cold))
    assert np.mean(np.array(hot) > np.array(cold)) >= 0.9


def test_the_tick_that_decides_weighs_most(bundle: Bundle) -> None:
    rng = np.random.default_rng(2)
    right = []
    for i in range(16):
        decisive, phase = int(rng.integers(0, 7)), i % NOTHING
        frames = np.stack([background(rng) for _ in range(8)])
        frames[decisive] = draw(frames[decisive], phase, place(rng))
        (found,) = explain(bundle, _batches(frames), [Question("1", 7, phase)])
        np.testing.assert_array_equal(found.tick_seconds, np.arange(8.0))
        assert found.tick_weights.min() >= 0
        assert found.tick_weights.sum() == pytest.approx(1, abs=1e-5)
        right.append(found.tick_weights.argmax() == decisive)
        without = frames.copy()
        without[found.tick_weights.argmax()] = background(rng)
        assert _logit(bundle, without, phase) < _logit(bundle, frames, phase)
    assert np.mean(right) >= 0.9


def test_what_left_the_window_acts_through_the_states(bundle: Bundle) -> None:
    rng = np.random.default_rng(3)
    frames = np.stack(
        [draw(background(rng), int(rng.integers(0, 3)), place(rng)) for _ in range(9)]
    )
    question = [Question("1", 8, 0)]
    (long,), (short,) = (explain(bundle, _batches(frames), question, past_ticks=n) for n in (20, 3))
    np.testing.assert_allclose(long.heat, short.heat, atol=1e-4)
    assert len(short.tick_weights) == 4
    np.testing.assert_array_equal(short.tick_seconds, [5, 6, 7, 8])
    (only,) = explain(bundle, _batches(frames), question, past_ticks=0)
    assert only.tick_seconds.tolist() == [8.0]


def test_frames_within_a_tick_and_gaps_count_as_in_streaming(bundle: Bundle) -> None:
    rng = np.random.default_rng(6)
    frames = np.stack([background(rng) for _ in range(7)])
    frames[0] = draw(frames[0], 0, (10, 10))
    seconds = np.array([0, 0.4, 0.8, 1.2, 5.0, 5.5, 6.1])  # ticks 0, 1, (2 to 4 unseen), 5, 6
    batch = FrameBatch(frames, seconds, np.arange(7))
    within, after = explain(bundle, [batch], [Question("a", 2, 0), Question("b", 6, 0)])
    assert within.tick_seconds.tolist() == [0.8]  # the frame itself; its tick is not its past
    assert after.tick_seconds == pytest.approx([0, 1.2, 2.2, 3.2, 4.2, 5.0, 6.1])


def test_answers_come_in_the_order_of_the_questions_and_reading_ends_early(bundle: Bundle) -> None:
    taken = []

    def stream() -> Iterator[FrameBatch]:
        rng = np.random.default_rng(0)
        for batch in _batches(np.stack([background(rng) for _ in range(40)])):
            taken.append(batch)
            yield batch

    inside = bundle.network.channels.find("inside").start
    asked = [
        Question("c", 5, 1),
        Question("a", 2, 0),
        Question("b", 2, inside),
        Question("d", 2, inside, absent=True),
        Question("a", 2, 0),
    ]
    found = explain(bundle, stream(), asked)
    assert [one.interval_uid for one in found] == ["c", "a", "b", "d", "a"]
    assert len(taken) <= 3
    assert not ((found[2].tick_weights > 0) & (found[3].tick_weights > 0)).any()
    assert "Explanation(c, heat 160x224, 6 ticks)" in repr(found[0])
    assert len(found[0].tick_weights) <= PAST_TICKS + 1


def test_a_predictor_of_the_same_bundle_is_not_disturbed(bundle: Bundle) -> None:
    rng = np.random.default_rng(0)
    frames = np.stack([background(rng) for _ in range(4)])
    with WorkflowPredictor(bundle, runtime="torch") as predictor:
        first = predictor.predict(next(_batches(frames))).answers
        explain(bundle, _batches(frames), [Question("1", 3, 0)])
        predictor.reset()
        np.testing.assert_array_equal(predictor.predict(next(_batches(frames))).answers, first)
    assert all(not p.requires_grad and p.grad is None for p in bundle.network.parameters())


def test_what_cannot_be_explained_is_refused(bundle: Bundle, tmp_path: Path) -> None:
    frames = np.zeros((2, 64, 64, 3), np.uint8)
    with pytest.raises(InputError, match="expected frame 7 in the video"):
        explain(bundle, _batches(frames), [Question("1", 7, 0)])
    with pytest.raises(InputError, match="expected channels below 32"):
        explain(bundle, _batches(frames), [Question("1", 0, 33)])
    other = load_bundle(tiny_bundle.make_bundle(tmp_path / "red"))
    with pytest.raises(BundleError, match="Only answers of workflow networks"):
        explain(other, _batches(frames), [Question("1", 0, 0)])
