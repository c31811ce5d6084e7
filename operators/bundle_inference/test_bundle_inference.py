# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.graphs import CollectOp, EmitOp, core, run_graph

# isort: split
from holoscan.conditions import CountCondition
from holoscan.schedulers import EventBasedScheduler

from monai_medvid.errors import BundleError, VideoReadError
from monai_medvid.inference import Predictor, load_bundle, make_predictor
from monai_medvid.messages import end_message, frames_message, is_end, tensor
from monai_medvid.video.frames import FrameBatch
from operators.bundle_inference import BundleInferenceOp
from tests.tiny_bundle import draw_blob, make_bundle
from tests.workflow_bundle import make_workflow_bundle
from tests.zoo_bundles import make_inbody_bundle, make_tool_bundle


def _batch(first: int, count: int = 2) -> FrameBatch:
    indices = np.arange(first, first + count)
    frames = [draw_blob(height=48, width=64, row=24, column=20 + i, radius=9) for i in indices]
    return FrameBatch(np.stack(frames), indices / 25, indices)


def _file(frames: int = 6) -> list[Any]:
    batches = [frames_message(_batch(first)) for first in range(0, frames, 2)]
    return [*batches, end_message(seconds=frames / 25, count=frames)]


def _run(messages: list[Any], **options: Any) -> list[Any]:
    sinks = []

    def compose(app: Any) -> None:
        source = EmitOp(app, messages, name="source")
        inference = BundleInferenceOp(app, name="inference", **options)
        sinks.append(CollectOp(app, name="sink"))
        app.add_flow(source, inference, {("out", "frames")})
        app.add_flow(inference, sinks[0], {("predictions", "in")})

    run_graph(compose)
    return list(sinks[0].messages)


@pytest.fixture(scope="module")
def bundle_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_bundle(tmp_path_factory.mktemp("bundles") / "red_things")


@pytest.fixture
def predictor(bundle_dir: Path) -> Iterator[Any]:
    with make_predictor(load_bundle(bundle_dir), runtime="torch", device="cpu") as made:
        yield made


def test_a_graph_gives_what_the_predictor_gives(predictor: Predictor) -> None:
    out = _run(_file(), predictor=predictor)
    assert [is_end(message) for message in out] == [False, False, False, True]
    for number, message in enumerate(out[:-1]):
        expected = predictor.predict(_batch(2 * number))
        np.testing.assert_array_equal(tensor(message, "probabilities"), expected.probabilities)
        np.testing.assert_array_equal(tensor(message, "indices"), expected.indices)
    assert tensor(out[-1], "count").tolist() == [6]


def test_frames_may_be_torch_tensors(predictor: Predictor) -> None:
    """As they come from a decoder on a GPU; here they are in main memory."""
    tensors = [
        {**message, "frames": torch.from_numpy(message["frames"])} for message in _file()[:-1]
    ]
    out = _run([*tensors, _file()[-1]], predictor=predictor)
    for found, expected in zip(out[:-1], _run(_file(), predictor=predictor)[:-1], strict=True):
        np.testing.assert_array_equal(found["probabilities"], expected["probabilities"])


@pytest.mark.parametrize(
    ("make", "name", "shape"),
    [
        (make_workflow_bundle, "answers", (2, 32)),
        (lambda path: make_tool_bundle(path, size=(64, 32)), "probabilities", (2, 1, 32, 64)),
        (lambda path: make_inbody_bundle(path, size=(64, 64)), "probabilities", (2, 2)),
    ],
    ids=["workflow", "zoo's tools", "zoo's in body"],
)
def test_any_bundle_runs(
    make: Callable[[Path], Path], name: str, shape: tuple[int, ...], tmp_path: Path
) -> None:
    options = {"runtime": "torch", "device": "cpu"}
    out = _run(_file(2), bundle=make(tmp_path / "bundle"), **options)
    assert tensor(out[0], name).shape == shape
    assert is_end(out[1])


class SlowPredictor(Predictor):
    """Takes its time."""

    def submit(self, batch: FrameBatch) -> Any:
        time.sleep(0.05)
        return super().submit(batch)


class LiveOp(core.Operator):  # type: ignore[misc, name-defined]
    """A frame in five milliseconds, whether or not anyone takes it; then the end."""

    def __init__(self, fragment: Any, frames: int, **options: Any) -> None:
        self.frames, self.number = frames, 0
        super().__init__(fragment, CountCondition(fragment, frames + 1), **options)

    def setup(self, spec: Any) -> None:
        spec.output("out").condition(core.ConditionType.NONE)

    def compute(self, op_input: Any, op_output: Any, context: Any) -> None:
        time.sleep(0.005)
        message = end_message(seconds=self.frames / 25, count=self.frames)
        if self.number < self.frames:
            message = frames_message(_batch(self.number, 1))
            message |= {"arrived": np.array([time.monotonic()]), "gaps": np.array([[0.5, 0.75]])}
        self.number += 1
        op_output.emit(message, "out")


def test_live_the_newest_frame_wins_and_the_others_are_counted(bundle_dir: Path) -> None:
    slow = SlowPredictor(load_bundle(bundle_dir), runtime="torch", device="cpu")
    made: list[Any] = []

    class App(core.Application):  # type: ignore[misc, name-defined]
        def compose(self) -> None:
            source = LiveOp(self, 60, name="source")
            made.append(BundleInferenceOp(self, name="inference", predictor=slow, live=True))
            made.append(CollectOp(self, name="sink"))
            self.add_flow(source, made[0], {("out", "frames")})
            self.add_flow(made[0], made[1], {("predictions", "in")})

    app = App()
    app.scheduler(EventBasedScheduler(app, worker_thread_number=2, name="events"))
    app.run()
    inference, (*out, end) = made[0], made[1].messages
    assert is_end(end)
    assert 2 <= len(out) < 40
    numbers = [int(tensor(message, "indices")[0]) for message in out]
    assert numbers == sorted(set(numbers))
    dropped = [int(tensor(message, "dropped")[0]) for message in out]
    assert dropped == [number + 1 - place for place, number in enumerate(numbers, start=1)]
    assert int(tensor(end, "dropped")[0]) == inference.dropped == 60 - len(out)
    assert tensor(out[0], "gaps").tolist() == [[0.5, 0.75]]
    assert inference.latency.count == len(out)
    assert inference.latency.p50_ms >= 50


def test_a_wrong_bundle_is_named_before_the_first_frame() -> None:
    with pytest.raises(BundleError, match="found none called '/no/such/model'"):
        _run(_file(), bundle="/no/such/model")


def test_a_message_without_tensors_is_an_error(predictor: Predictor) -> None:
    with pytest.raises(ValueError, match="found none"):
        _run([{}], predictor=predictor)


def test_a_missing_tensor_is_named(predictor: Predictor) -> None:
    with pytest.raises(KeyError, match="'seconds'"):
        _run([{"frames": _batch(0).frames}], predictor=predictor)


def test_a_lost_frame_of_a_file_is_an_error(predictor: Predictor) -> None:
    with pytest.raises(VideoReadError, match="Expected frame 2 of the file, found 4"):
        _run([frames_message(_batch(0)), frames_message(_batch(4))], predictor=predictor)


@pytest.mark.parametrize("options", [{}, {"bundle": "a", "predictor": object()}])
def test_one_bundle_is_needed(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="either bundle or predictor"):
        BundleInferenceOp(core.Fragment(), name="inference", **options)


def test_ports_and_state_before_the_start(bundle_dir: Path) -> None:
    operator = BundleInferenceOp(core.Fragment(), name="inference", bundle=bundle_dir)
    assert set(operator.spec.inputs) == {"frames"}
    assert set(operator.spec.outputs) == {"predictions"}
    with pytest.raises(RuntimeError, match="loaded when the graph starts"):
        _ = operator.latency
