# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from monai_medvid.findings.answer_format import AnswerFormat
from monai_medvid.inference.workflow_batch import WorkflowBatch
from monai_medvid.messages import end_message, predictions_message
from monai_medvid.preview import PreviewState
from monai_medvid.preview.feed import PreviewFeed
from monai_medvid.report.style import label_style
from tests.factories import make_model


def _frames(count: int = 2, first: int = 0, **more: Any) -> dict[str, Any]:
    numbers = np.arange(first, first + count)
    frames = np.full((count, 24, 32, 3), 50, np.uint8) + numbers[:, None, None, None].astype("u1")
    return {"frames": frames, "seconds": numbers / 25, "indices": numbers, **more}


def _answers(count: int = 3, masks: tuple[int, ...] = ()) -> dict[str, Any]:
    ones = np.ones(count, np.float32)
    seen = np.zeros((2, 6, 8), np.float32)
    seen[1, 2:4] = 1
    return predictions_message(
        WorkflowBatch(
            answers=np.zeros((count, 4), np.float32),
            familiarity=ones,
            seconds=np.arange(count) / 25,
            indices=np.arange(count),
            sharpness=ones,
            masks=dict.fromkeys(masks, seen),
        )
    )


def test_the_newest_frame_of_a_batch_is_shown() -> None:
    state = PreviewState(clock=lambda: 11.0)
    feed = PreviewFeed(state, clock=lambda: 11.0)
    feed.frames(
        _frames(3, first=5, arrived=np.array([10.7, 10.8, 10.9]), gaps=np.array([[1.0, 2.5]]))
    )

    told = state.snapshot()
    assert (told["picture"]["seconds"], told["counts"]["arrived"]) == (7 / 25, 8)
    assert told["picture"]["age"] == pytest.approx(0.1)
    assert told["latency"]["frame to picture"]["max_ms"] == pytest.approx(100)
    assert told["gaps"]["seconds"] == 1.5


def test_the_end_is_told() -> None:
    state = PreviewState()
    feed = PreviewFeed(state)
    feed.frames(_frames())
    feed.frames(end_message(seconds=0.08, count=40))

    told = state.snapshot()
    assert (told["picture"]["condition"], told["counts"]["arrived"]) == ("ended", 40)


def test_predictions_tell_masks_counts_and_latency() -> None:
    state = PreviewState(clock=lambda: 21.0)
    feed = PreviewFeed(state, mask_labels=("Background", "Hook"), clock=lambda: 21.0)
    feed.predictions(
        {
            **_answers(3, masks=(0, 1)),
            "arrived": np.array([20.8, 20.85, 20.95]),
            "dropped": np.array([1]),
        }
    )
    feed.frames(_frames(1, first=2))

    told = state.snapshot()
    assert told["counts"] == {"arrived": 3, "analyzed": 2, "dropped": 1}
    assert told["latency"]["frame to answer"]["max_ms"] == pytest.approx(50)
    assert told["results"]["seconds"] == 2 / 25
    assert state._picture is not None
    assert state._picture.masks is not None
    assert state._picture.masks.seconds == 1 / 25


def test_masks_of_a_segmentation_bundle_are_drawn_too() -> None:
    state = PreviewState()
    feed = PreviewFeed(state, mask_labels=("polyp",))
    message = {
        "probabilities": np.ones((2, 1, 6, 8), np.float32),
        "seconds": np.array([0.0, 0.04]),
        "indices": np.array([0, 1]),
    }
    feed.predictions(message)
    feed.frames(_frames(1, first=1))

    assert state._picture is not None
    assert state._picture.masks is not None


def test_predictions_say_themselves_what_they_mean() -> None:
    answers = AnswerFormat(
        model=make_model(("Preparation", "Hook", "CysticPlate")),
        channels=("phase/Preparation", "instrument/Hook", "criterion/CysticPlate", "inside"),
        mask_labels=("Black Background", "Hook"),
    )
    state = PreviewState()
    feed = PreviewFeed(state)
    for _ in range(2):
        feed.predictions({**_answers(masks=(2,)), "model": answers.to_array()})
    feed.frames(_frames(1, first=2))

    told = state.snapshot()
    assert told["title"] == answers.model.display_name
    assert [one["name"] for one in told["criteria"]] == ["Cystic plate"]
    assert state._picture is not None
    assert state._picture.masks is not None
    assert state._picture.masks.styles == (None, label_style("Hook", answers.model.labels))


def test_masks_of_other_classes_than_the_labels_are_not_drawn() -> None:
    state = PreviewState()
    feed = PreviewFeed(state, mask_labels=("one", "two", "three"))
    feed.predictions(_answers(masks=(0,)))
    feed.frames(_frames(1))

    assert state._picture is not None
    assert state._picture.masks is None


def test_without_labels_or_masks_nothing_is_drawn() -> None:
    state = PreviewState()
    PreviewFeed(state).predictions(_answers(masks=(0,)))
    PreviewFeed(state, mask_labels=("Background", "Hook")).predictions(_answers())
    PreviewFeed(state, mask_labels=("x",)).predictions(end_message(seconds=1.0, count=3))
    PreviewFeed(state).frames(_frames())

    assert state._picture is not None
    assert state._picture.masks is None


def test_tensors_of_a_runtime_are_read_by_dlpack() -> None:
    torch = pytest.importorskip("torch")
    state = PreviewState()
    tensors = {name: torch.from_numpy(np.ascontiguousarray(a)) for name, a in _frames().items()}
    PreviewFeed(state).frames(tensors)

    assert state.snapshot()["picture"]["size"] == [32, 24]


@pytest.mark.parametrize("missing", ["frames", "seconds", "indices"])
def test_a_missing_tensor_is_named(missing: str) -> None:
    message = {name: value for name, value in _frames().items() if name != missing}

    with pytest.raises(KeyError, match=f"expected a tensor '{missing}'"):
        PreviewFeed(PreviewState()).frames(message)


@pytest.mark.parametrize("port", ["frames", "predictions"])
def test_an_empty_message_is_an_error(port: str) -> None:
    with pytest.raises(ValueError, match="expected a message with tensors, found none"):
        getattr(PreviewFeed(PreviewState()), port)({})


def test_a_message_without_a_frame_is_an_error() -> None:
    message = {**_frames(), "frames": np.zeros((0, 24, 32, 3), np.uint8)}

    with pytest.raises(ValueError, match="at least one entry in the tensor 'frames'"):
        PreviewFeed(PreviewState()).frames(message)
