# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from monai_medvid.errors import BundleError, ModelError
from monai_medvid.inference import WorkflowPredictor, load_bundle, make_predictor
from monai_medvid.inference.workflow_batch import WorkflowBatch
from monai_medvid.models import WorkflowNet
from monai_medvid.video.frames import FrameBatch
from tests.tiny_bundle import make_bundle
from tests.workflow_bundle import CLIP, HEIGHT, WIDTH, make_network, make_workflow_bundle


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_workflow_bundle(tmp_path_factory.mktemp("bundles") / "tiny_workflow")


def _batches(count: int = 12, size: int = 5, *, rate: float = 2.0) -> Iterator[FrameBatch]:
    rng = np.random.default_rng(0)
    frames = rng.integers(0, 256, (count, HEIGHT, WIDTH, 3), np.uint8)
    for start in range(0, count, size):
        indices = np.arange(start, min(start + size, count))
        yield FrameBatch(frames[indices], indices / rate, indices)


def _answers(predictor: WorkflowPredictor, batches: Iterator[FrameBatch]) -> np.ndarray:
    return np.concatenate([batch.answers for batch in predictor.stream(batches)])


@pytest.mark.parametrize("runtime", ["torch", "openvino"])
def test_answers_are_those_of_the_network_stepping(folder: Path, runtime: str) -> None:
    network = make_network()
    state, expected = network.init_state(), []
    for batch in _batches():
        for frame in batch.frames:
            image = torch.from_numpy(frame).permute(2, 0, 1)[None].float() / 255
            with torch.inference_mode():
                output, state = network.step(image, 0.5, state)
            parts = (output.phase, output.instrument, output.anticipation, output.criterion)
            expected.append(torch.cat([*parts, output.inside], 1).numpy()[0])
    with make_predictor(load_bundle(folder), runtime=runtime) as predictor:  # type: ignore[arg-type]
        assert isinstance(predictor, WorkflowPredictor)
        found = _answers(predictor, _batches())
        # a second video starts anew
        np.testing.assert_array_equal(_answers(predictor, _batches(size=3)), found)
    tolerance = 1e-5 if runtime == "torch" else 0.05  # bf16 where the processor has it
    np.testing.assert_allclose(found, np.stack(expected), atol=tolerance)


@pytest.mark.parametrize("runtime", ["torch", "openvino"])
def test_masks_come_as_often_as_asked(folder: Path, runtime: str) -> None:
    bundle = load_bundle(folder)
    for seconds, expected in ((1.0, [0, 2, 4, 6, 8, 10]), (0.0, list(range(12))), (None, [])):
        predictor = WorkflowPredictor(bundle, runtime=runtime, mask_seconds=seconds)  # type: ignore[arg-type]
        found = []
        for batch in predictor.stream(_batches()):
            found += [int(batch.indices[place]) for place in batch.masks]
            for mask in batch.masks.values():
                assert mask.shape == (13, HEIGHT // 2, WIDTH // 2)
                np.testing.assert_allclose(mask.sum(0), 1, atol=1e-2)
        assert sorted(found) == expected
        assert bool(predictor.mask_labels) == (seconds is not None)
        predictor.close()


def test_it_tells_what_it_can_find(folder: Path) -> None:
    with WorkflowPredictor(load_bundle(folder), runtime="torch") as predictor:
        assert {"Preparation", "Hook", "CysticPlate", "Liver"} <= set(predictor.labels)
        assert "Black Background" not in predictor.labels
        assert "tiny_workflow" in repr(predictor)


def test_predict_goes_on_where_it_was(folder: Path) -> None:
    with WorkflowPredictor(load_bundle(folder), runtime="torch") as predictor:
        whole = _answers(predictor, _batches())
        predictor.reset()
        parts = np.concatenate([predictor.predict(batch).answers for batch in _batches()])
        np.testing.assert_array_equal(parts, whole)


def test_time_that_goes_backward(folder: Path) -> None:
    with WorkflowPredictor(load_bundle(folder), runtime="torch") as predictor:
        first, second, _ = _batches()
        predictor.predict(second)
        with pytest.raises(ValueError, match="seconds >= 0"):
            predictor.predict(first)


def test_a_bundle_without_a_workflow(tmp_path: Path) -> None:
    bundle = load_bundle(make_bundle(tmp_path / "red"))
    with pytest.raises(BundleError, match="expected a WorkflowNet"):
        WorkflowPredictor(bundle)


def test_a_network_gone_wrong(tmp_path: Path) -> None:
    network = make_network()
    with torch.no_grad():
        network.temporal.head.frame.bias.fill_(torch.nan)
    bundle = load_bundle(make_workflow_bundle(tmp_path / "nan", network=network))
    predictor = WorkflowPredictor(bundle, runtime="torch")
    with pytest.raises(ModelError, match="not finite"):
        predictor.predict(next(_batches()))


def test_metadata_of_a_workflow(folder: Path) -> None:
    layout = load_bundle(folder).format
    assert (layout.kind, layout.clip) == ("workflow", CLIP)
    assert isinstance(load_bundle(folder).network, WorkflowNet)


@pytest.mark.parametrize("clip", [0, 5000, "T"])
def test_a_clip_of_a_wrong_length(tmp_path: Path, clip: object) -> None:
    folder = make_workflow_bundle(tmp_path / "clip")
    file = folder / "configs" / "metadata.json"
    metadata = json.loads(file.read_text())
    image = metadata["network_data_format"]["inputs"]["image"]
    image["spatial_shape"] = [clip, HEIGHT, WIDTH]
    file.write_text(json.dumps(metadata))
    with pytest.raises(BundleError, match="clip of 1 to 1024 frames"):
        load_bundle(folder)


def test_batches_say_what_does_not_fit() -> None:
    row = np.zeros(2, np.float32)
    good = np.zeros((2, 3), np.float32)
    with pytest.raises(ValueError, match=r"\(T, K\) float32"):
        WorkflowBatch(row, row, row.astype(float), row.astype(int), row)
    with pytest.raises(ValueError, match="familiarity must be"):
        WorkflowBatch(good, row[:1], row.astype(float), row.astype(int), row)
