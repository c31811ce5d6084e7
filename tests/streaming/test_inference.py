# SPDX-License-Identifier: Apache-2.0
"""Frames to predictions, one message at a time."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from monai_medvid.errors import VideoReadError
from monai_medvid.findings.answer_format import AnswerFormat, read_answer_format
from monai_medvid.inference import AnyPredictor, load_bundle, make_predictor
from monai_medvid.messages import Arrays, end_message, frames_message, is_end
from monai_medvid.streaming import MessageInference
from monai_medvid.video.frames import FrameBatch
from tests.tiny_bundle import draw_blob, make_bundle
from tests.workflow_bundle import make_workflow_bundle


@pytest.fixture(scope="module", params=[make_bundle, make_workflow_bundle])
def predictor(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[AnyPredictor]:
    bundle = load_bundle(request.param(tmp_path_factory.mktemp("bundle") / "bundle"))
    with make_predictor(bundle, runtime="torch", device="cpu") as made:
        yield made


def _batch(first: int, count: int = 1, every: int = 1) -> FrameBatch:
    indices = np.arange(count) * every + first
    frames = [draw_blob(height=48, width=64, row=24, column=20 + i % 20, radius=9) for i in indices]
    return FrameBatch(np.stack(frames), indices / 25, indices)


def _run(stream: MessageInference, messages: list[Arrays]) -> list[Arrays]:
    out = []
    for message in messages:
        out.append(stream.take(message))
        while stream.ready:
            out.append(stream.next())
    return [one for one in out if one is not None]


def test_a_file_gives_what_the_predictor_gives(predictor: AnyPredictor) -> None:
    batches = [_batch(0, 3), _batch(3, 3), _batch(6, 2)]
    expected = [*predictor.stream(batches)]
    end = end_message(seconds=0.32, count=8)
    out = _run(MessageInference(predictor), [*map(frames_message, batches), end])
    assert [is_end(one) for one in out] == [False, False, False, True]
    name = "probabilities" if "probabilities" in out[0] else "answers"
    for one, batch in zip(out, expected, strict=False):
        np.testing.assert_array_equal(one[name], getattr(batch, name))
        np.testing.assert_array_equal(one["indices"], batch.indices)
    np.testing.assert_equal(out[-1], end)


def test_a_file_is_one_message_behind_and_live_is_not(predictor: AnyPredictor) -> None:
    message = frames_message(_batch(0))
    assert MessageInference(predictor).take(message) is None
    assert MessageInference(predictor, live=True).take(message) is not None


def test_predictions_say_what_they_mean(predictor: AnyPredictor) -> None:
    (out,) = _run(MessageInference(predictor, live=True), [frames_message(_batch(0))])
    assert AnswerFormat.from_array(out["model"]) == read_answer_format(predictor)


def test_a_stream_begins_anew(predictor: AnyPredictor) -> None:
    messages = [frames_message(_batch(0, 4)), end_message(seconds=0.16, count=4)]
    first = _run(MessageInference(predictor), messages)
    again = _run(MessageInference(predictor), messages)
    np.testing.assert_equal(first, again)


def test_live_frames_that_never_came_are_counted(predictor: AnyPredictor) -> None:
    stream = MessageInference(predictor, live=True, clock=lambda: 10.0)
    gaps = np.array([[0.1, 0.2]])
    extra = {"arrived": np.array([9.75]), "gaps": gaps}
    out = _run(stream, [{**frames_message(_batch(n)), **extra} for n in (0, 3, 4, 9)])
    assert [one["dropped"].tolist() for one in out] == [[0], [2], [2], [6]]
    assert all(one["gaps"].tolist() == gaps.tolist() for one in out)
    assert all(one["arrived"].tolist() == [9.75] for one in out)
    summary = stream.latency.summary()
    assert (summary.count, summary.max_ms) == (4, 250)
    (end,) = _run(stream, [end_message(seconds=0.5, count=12)])
    assert end["dropped"].tolist() == [8]
    assert stream.dropped == 8


@pytest.mark.parametrize(
    ("batches", "count", "words"),
    [
        ([(0, 2, 1), (3, 1, 1)], 4, "Expected frame 2 of the file, found 3"),
        ([(0, 2, 2), (6, 2, 2)], 10, "Expected frame 4 of the file, found 6"),
        ([(0, 4, 1)], 9, "Expected frame 4 of the file, found 9"),
    ],
)
def test_a_lost_frame_of_a_file_is_an_error(
    predictor: AnyPredictor, batches: list[tuple[int, int, int]], count: int, words: str
) -> None:
    messages = [frames_message(_batch(*batch)) for batch in batches]
    with pytest.raises(VideoReadError, match=words):
        _run(MessageInference(predictor), [*messages, end_message(seconds=1, count=count)])


@pytest.mark.parametrize("count", [7, 4])
def test_every_second_frame_of_a_file_is_whole(predictor: AnyPredictor, count: int) -> None:
    messages = [frames_message(_batch(0, 4, 2)), end_message(seconds=0.28, count=count)]
    assert len(_run(MessageInference(predictor), messages)) == 2


def test_mistakes_are_named(predictor: AnyPredictor) -> None:
    stream = MessageInference(predictor)
    with pytest.raises(ValueError, match="found none"):
        stream.take({})
    with pytest.raises(KeyError, match="'seconds'"):
        stream.take({"frames": _batch(0).frames})
    with pytest.raises(ValueError, match="nothing is left"):
        stream.next()
