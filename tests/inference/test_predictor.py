# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from monai_medvid.errors import ModelError
from monai_medvid.inference import PredictionBatch, Predictor, load_bundle, preprocess
from monai_medvid.inference.openvino_model import cache_folder
from monai_medvid.inference.preprocess import measure_sharpness, resize_frames
from monai_medvid.video.frames import FrameBatch, TensorBatch
from tests.tiny_bundle import HEIGHT, WIDTH, draw_blob, make_bundle


def test_resizing_is_the_training_definition() -> None:
    rng = np.random.default_rng(1)
    frames = rng.integers(0, 256, (2, 270, 480, 3), dtype=np.uint8)

    resized = resize_frames(frames, height=96, width=128)

    planes = torch.from_numpy(frames).permute(0, 3, 1, 2).float()
    expected = torch.nn.functional.interpolate(
        planes, size=(96, 128), mode="bilinear", antialias=True
    ).permute(0, 2, 3, 1)
    assert resized.shape == (2, 96, 128, 3)
    assert resized.is_contiguous()
    # two passes, each rounded to eight bits
    assert float((resized.float() - expected).abs().max()) <= 1.01


def test_frames_of_the_right_size_stay_as_they_are() -> None:
    frames = np.random.default_rng(1).integers(0, 256, (2, 96, 128, 3), dtype=np.uint8)
    frames.flags.writeable = False

    assert np.array_equal(resize_frames(frames, height=96, width=128).numpy(), frames)


def test_a_blurred_picture_is_less_sharp() -> None:
    picture = draw_blob(height=96, width=128, row=48, column=64, radius=20)
    small = torch.from_numpy(picture).permute(2, 0, 1)[None].float()
    soft = torch.nn.functional.avg_pool2d(small, 9, stride=1, padding=4)
    blurred = soft[0].permute(1, 2, 0).numpy().astype(np.uint8)

    sharp, dull = measure_sharpness(torch.from_numpy(np.stack([picture, blurred]))).tolist()

    assert sharp > 2 * dull > 0


def test_sharpness_is_the_same_wherever_it_is_measured() -> None:
    planes = np.random.default_rng(2).integers(0, 256, (3, 20, 31), np.uint8)
    on_device = preprocess._steps_of_tensor(torch.from_numpy(planes)).numpy()
    assert preprocess._steps_of_array(planes) == pytest.approx(on_device, rel=1e-5)


@pytest.mark.parametrize("runtime", ["torch", "openvino"])
def test_frames_may_be_tensors(bundle_dir: Path, blobs: FrameBatch, runtime: str) -> None:
    tensors = TensorBatch(torch.from_numpy(blobs.frames), blobs.seconds, blobs.indices)
    with Predictor(load_bundle(bundle_dir), runtime=runtime) as predictor:
        expected, found = predictor.predict(blobs), predictor.predict(tensors)

    np.testing.assert_array_equal(found.probabilities, expected.probabilities)
    np.testing.assert_array_equal(found.sharpness, expected.sharpness)


@pytest.mark.parametrize("runtime", ["torch", "openvino"])
def test_a_red_disc_is_found_where_it_is(bundle_dir: Path, blobs: FrameBatch, runtime: str) -> None:
    with Predictor(load_bundle(bundle_dir), runtime=runtime) as predictor:
        result = predictor.predict(blobs)

    assert result.probabilities.shape == (6, 1, HEIGHT, WIDTH)
    assert np.array_equal(result.indices, blobs.indices)
    assert np.array_equal(result.seconds, blobs.seconds)
    for i, mask in enumerate(result.probabilities[:, 0] > 0.5):
        rows, columns = np.nonzero(mask)
        assert (rows.mean() + 0.5) * 180 / HEIGHT == pytest.approx(90, abs=0.5)
        assert (columns.mean() + 0.5) * 320 / WIDTH == pytest.approx(60 + 10 * i, abs=0.5)


def test_openvino_gives_the_masks_of_torch(bundle_dir: Path, blobs: FrameBatch) -> None:
    bundle = load_bundle(bundle_dir)
    with Predictor(bundle, runtime="torch") as a, Predictor(bundle, runtime="openvino") as b:
        one, two = a.predict(blobs).probabilities, b.predict(blobs).probabilities

    assert float(np.abs(one - two).mean()) < 0.01
    both = ((one > 0.5) & (two > 0.5)).sum()
    assert 2 * both / ((one > 0.5).sum() + (two > 0.5).sum()) >= 0.99


@pytest.mark.parametrize("size", [1, 4])
def test_a_stream_keeps_the_order(bundle_dir: Path, blobs: FrameBatch, size: int) -> None:
    pieces = [
        FrameBatch(
            blobs.frames[i : i + size], blobs.seconds[i : i + size], blobs.indices[i : i + size]
        )
        for i in range(0, 6, size)
    ]
    with Predictor(load_bundle(bundle_dir), runtime="openvino") as predictor:
        whole = predictor.predict(blobs)
        parts = list(predictor.stream(iter(pieces)))

    assert [len(part) for part in parts] == [len(piece) for piece in pieces]
    joined = np.concatenate([part.probabilities for part in parts])
    assert np.array_equal(joined, whole.probabilities)
    assert np.concatenate([part.indices for part in parts]).tolist() == list(range(6))


def test_softmax_without_background(tmp_path: Path, blobs: FrameBatch) -> None:
    path = make_bundle(tmp_path / "b", labels=("tool", "background"))
    metadata = json.loads((path / "configs" / "metadata.json").read_text())
    del metadata["network_data_format"]["outputs"]["pred"]["activation"]
    (path / "configs" / "metadata.json").write_text(json.dumps(metadata))

    for runtime in ("torch", "openvino"):
        with Predictor(load_bundle(path), runtime=runtime) as predictor:
            found = predictor.predict(blobs).probabilities
        assert found.shape == (6, 1, HEIGHT, WIDTH)
        assert found[0, 0, 48, 24] > 0.99  # red outshines green
        assert found[0, 0, 5, 5] == pytest.approx(0.5, abs=0.01)  # grey: neither


def test_one_answer_a_frame(tmp_path: Path, blobs: FrameBatch) -> None:
    path = make_bundle(
        tmp_path / "b",
        labels=("in", "out"),
        network="$__import__('torch').nn.Sequential(__import__('torch').nn.AdaptiveAvgPool2d(1), "
        "__import__('torch').nn.Flatten(), __import__('torch').nn.Linear(3, 2))",
    )
    torch.save(
        {"2.weight": torch.eye(2, 3) * 9, "2.bias": torch.zeros(2)}, path / "models" / "model.pt"
    )
    metadata = json.loads((path / "configs" / "metadata.json").read_text())
    metadata["network_data_format"]["outputs"]["pred"]["format"] = "classes"
    (path / "configs" / "metadata.json").write_text(json.dumps(metadata))

    for runtime in ("torch", "openvino"):
        with Predictor(load_bundle(path), runtime=runtime) as predictor:
            found = predictor.predict(blobs).probabilities
        assert found.shape == (6, 2)
        assert (found[:, 0] > found[:, 1]).all()


def test_a_converted_model_is_kept_and_a_damaged_one_made_again(
    bundle_dir: Path, blobs: FrameBatch, own_cache: Path
) -> None:
    bundle = load_bundle(bundle_dir)
    with Predictor(bundle, runtime="openvino") as predictor:
        first = predictor.predict(blobs).probabilities
    (folder,) = cache_folder().iterdir()
    assert folder.is_relative_to(own_cache)
    whole = (folder / "model.bin").read_bytes()
    (folder / "model.bin").write_bytes(bytes(len(whole)))

    with Predictor(bundle, runtime="openvino") as predictor:
        again = predictor.predict(blobs).probabilities

    assert np.array_equal(first, again)
    assert (folder / "model.bin").read_bytes() == whole


def test_a_kept_model_needs_no_network(
    bundle_dir: Path, blobs: FrameBatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Predictor(load_bundle(bundle_dir), runtime="openvino"):
        pass
    monkeypatch.setattr("monai_medvid.inference.bundle.build_network", None)

    with Predictor(load_bundle(bundle_dir), runtime="openvino") as predictor:
        assert len(predictor.predict(blobs)) == 6


def test_a_cache_that_cannot_be_written_is_no_failure(
    bundle_dir: Path, blobs: FrameBatch, own_cache: Path
) -> None:
    own_cache.write_text("a file where the folder should be")

    with Predictor(load_bundle(bundle_dir), runtime="openvino") as predictor:
        assert len(predictor.predict(blobs)) == 6


def test_cuda_without_a_gpu_is_a_model_error(
    bundle_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)

    with pytest.raises(ModelError, match="expected an NVIDIA GPU for device 'cuda'") as caught:
        Predictor(load_bundle(bundle_dir), device="cuda")
    assert caught.value.exit_code == 4


def test_openvino_does_not_run_on_cuda(bundle_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)

    with pytest.raises(ModelError, match="expected device 'cpu' for runtime 'openvino'"):
        Predictor(load_bundle(bundle_dir), device="cuda", runtime="openvino")


def test_openvino_that_is_not_installed(bundle_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)

    with pytest.raises(ModelError, match="expected OpenVINO for runtime 'openvino'"):
        Predictor(load_bundle(bundle_dir), runtime="openvino")
    assert Predictor(load_bundle(bundle_dir)).runtime.name == "torch"


def test_unknown_words_are_programming_mistakes(bundle_dir: Path) -> None:
    with pytest.raises(ValueError, match="device must be auto, cpu or cuda"):
        Predictor(load_bundle(bundle_dir), device="tpu")  # type: ignore[arg-type]


def test_a_failing_network_is_a_model_error(bundle_dir: Path) -> None:
    predictor = Predictor(load_bundle(bundle_dir), runtime="torch")

    with pytest.raises(ModelError, match="expected the network to run on cpu"):
        predictor.runtime.start(torch.zeros(1, 4, 4, 5, dtype=torch.uint8))


def test_a_failing_request_is_a_model_error(bundle_dir: Path, blobs: FrameBatch) -> None:
    with Predictor(load_bundle(bundle_dir), runtime="openvino") as predictor:
        with pytest.raises(ModelError, match="expected OpenVINO to run the network, found it fail"):
            predictor.runtime.start(torch.zeros(1, 4, 4, 3, dtype=torch.uint8))
        assert len(predictor.predict(blobs)) == 6  # it goes on afterwards


def test_numbers_that_are_not_finite_are_a_model_error(bundle_dir: Path, blobs: FrameBatch) -> None:
    weights = bundle_dir / "models" / "model.pt"
    state = torch.load(weights, weights_only=True)
    state["weight"][:] = torch.nan
    torch.save(state, weights)

    for runtime in ("torch", "openvino"):
        predictor = Predictor(load_bundle(bundle_dir), runtime=runtime)
        with pytest.raises(ModelError, match="'red_things', found numbers that are not finite"):
            predictor.predict(blobs)


def test_torch_takes_a_network_that_openvino_refuses(bundle_dir: Path) -> None:
    (bundle_dir / "bessel_network.py").write_text(
        "import torch\n"
        "class Network(torch.nn.Conv2d):\n"
        "    def forward(self, x):\n"
        "        return torch.special.bessel_j0(super().forward(x))\n"
    )
    network = {"_target_": "bessel_network.Network", "in_channels": 3, "out_channels": 1}
    config = {"network_def": network | {"kernel_size": 1}}
    (bundle_dir / "configs" / "inference.json").write_text(json.dumps(config))

    assert Predictor(load_bundle(bundle_dir)).runtime.name == "torch"
    with pytest.raises(ModelError, match=r"that OpenVINO can take in bundle 'red_things'.*bessel"):
        Predictor(load_bundle(bundle_dir), runtime="openvino")


def test_prediction_batches_check_their_shapes() -> None:
    times, numbers = np.zeros(2), np.zeros(2, np.int64)
    good = np.zeros((2, 1, 4, 4), np.float32)
    sharp = np.zeros(2, np.float32)
    assert repr(PredictionBatch(good, times, numbers, sharp)) == "PredictionBatch(2x1x4x4 float32)"

    with pytest.raises(ValueError, match=r"probabilities must be \(T, C, h, w\)"):
        PredictionBatch(good[0], times, numbers, sharp)
    with pytest.raises(ValueError, match=r"seconds must be \(2,\), got \(3,\)"):
        PredictionBatch(good, np.zeros(3), numbers, sharp)


@pytest.mark.gpu
def test_a_gpu_gives_the_masks_of_the_cpu(gpu: None, bundle_dir: Path, blobs: FrameBatch) -> None:
    bundle = load_bundle(bundle_dir)
    with (
        Predictor(bundle, device="cuda") as a,
        Predictor(bundle, runtime="torch", device="cpu") as b,
    ):
        one, two = a.predict(blobs).probabilities, b.predict(blobs).probabilities

    assert a.runtime.device == "cuda"
    assert float(np.abs(one - two).max()) < 0.02  # TF32 and one step of rounding in the resize
