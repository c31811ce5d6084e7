# SPDX-License-Identifier: Apache-2.0
"""The int8 form of a workflow bundle: how it is made, and when it is taken."""

from __future__ import annotations

import json
import logging
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from monai_medvid.cli import main
from monai_medvid.errors import (
    BundleError,
    InputError,
    MedvidError,
    MissingExtraError,
    ModelError,
    OutputError,
)
from monai_medvid.inference import WorkflowPredictor, load_bundle, nncf_int8, quantize
from monai_medvid.inference import quantized as module
from monai_medvid.inference.quantize import quantize_bundle
from monai_medvid.inference.quantized import FOLDER, MODEL, SIDECAR, compile_quantized
from monai_medvid.video import open_video
from tests.clips import write_clip
from tests.tiny_bundle import make_bundle
from tests.workflow_bundle import make_workflow_bundle

SHIPPED = "laparoscopic_cholecystectomy_workflow"


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_clip(tmp_path_factory.mktemp("clips") / "disc.mp4", frames=40)


@pytest.fixture(scope="module")
def quantized(tmp_path_factory: pytest.TempPathFactory, clip: Path) -> Path:
    folder = make_workflow_bundle(tmp_path_factory.mktemp("int8") / "tiny_workflow")
    record = quantize_bundle(load_bundle(folder), [clip, clip], frames=20)
    assert record.frames == 16
    assert record.mask_difference is not None
    return folder


@pytest.fixture
def bundle(quantized: Path, tmp_path: Path) -> Path:
    """One that a test may damage."""
    return Path(shutil.copytree(quantized, tmp_path / "tiny_workflow"))


def _answers(bundle: Path, clip: Path, **options: Any) -> tuple[str, np.ndarray, list[np.ndarray]]:
    with WorkflowPredictor(load_bundle(bundle), mask_seconds=0.5, **options) as predictor:
        with open_video(clip) as video:
            found = list(predictor.stream(video.batches(7)))
        masks = [mask for batch in found for mask in batch.masks.values()]
        return predictor.runtime.precision, np.concatenate([one.answers for one in found]), masks


def test_it_is_taken_and_says_what_torch_says(quantized: Path, clip: Path) -> None:
    precision, answers, masks = _answers(quantized, clip, device="cpu")
    _, expected, expected_masks = _answers(quantized, clip, device="cpu", runtime="torch")
    assert precision == "int8"
    assert len(masks) == len(expected_masks) == 4
    assert np.abs(answers[:, :14] - expected[:, :14]).mean() < 0.01
    assert np.abs(np.stack(masks) - np.stack(expected_masks)).mean() < 0.01
    assert not np.array_equal(answers, expected)  # it is another computation


@pytest.mark.parametrize(("has_bf16", "rest"), [(True, "bfloat16"), (False, "float32")])
def test_the_rest_is_computed_as_the_processor_likes(
    quantized: Path, has_bf16: bool, rest: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "computes_in_bf16", lambda: has_bf16)
    compiled = compile_quantized(load_bundle(quantized), masks=False)
    assert compiled is not None
    assert rest in str(compiled.get_property("INFERENCE_PRECISION_HINT"))


def test_no_picture_is_kept(quantized: Path) -> None:
    record = json.loads((quantized / FOLDER / SIDECAR).read_text())
    assert sorted(path.name for path in (quantized / FOLDER).iterdir()) == [
        "frames.bin",
        "frames.xml",
        "int8.json",
    ]
    assert record["weights_sha256"] == load_bundle(quantized).weights_sha256
    assert set(record["made_with"]) == {"openvino", "nncf"}


def _edit(bundle: Path, **values: Any) -> None:
    file = bundle / FOLDER / SIDECAR
    file.write_text(json.dumps(json.loads(file.read_text()) | values))


DAMAGES = {
    "made of other weights": lambda bundle: _edit(bundle, weights_sha256="0"),
    "is damaged": lambda bundle: (bundle / FOLDER / MODEL).with_suffix(".bin").write_bytes(b"x"),
    "answers otherwise": lambda bundle: _edit(bundle, evidence=np.full((3, 32), 0.9).tolist()),
    "No such file": lambda bundle: (bundle / FOLDER / SIDECAR).unlink(),
    "unexpected keyword": lambda bundle: _edit(bundle, colour="red"),
    "Expecting value": lambda bundle: (bundle / FOLDER / SIDECAR).write_text("?"),
}


@pytest.mark.parametrize("reason", DAMAGES)
def test_the_network_takes_the_place_of_a_form_that_cannot_be_trusted(
    bundle: Path, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    DAMAGES[reason](bundle)
    with (
        caplog.at_level(logging.WARNING),
        WorkflowPredictor(load_bundle(bundle), device="cpu") as predictor,
    ):
        assert predictor.runtime.precision in ("f32", "bf16")
    assert reason in caplog.text
    assert len(caplog.records) == 1


def _refusal(bundle: Path, videos: list[Path], **options: Any) -> MedvidError:
    with pytest.raises(MedvidError) as refused:
        quantize_bundle(load_bundle(bundle), videos, **options)
    return refused.value


def _full_disk(*_: object, **__: object) -> None:
    raise OSError(28, "No space left on device")


def test_what_cannot_be_quantised(
    bundle: Path, clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = (bundle / FOLDER / SIDECAR).read_bytes()
    red = make_bundle(tmp_path / "red")
    assert isinstance(_refusal(red, [clip]), BundleError)
    short = write_clip(tmp_path / "short.mp4", frames=5)
    assert isinstance(_refusal(bundle, [short]), InputError)
    with monkeypatch.context() as patch:
        patch.setattr(nncf_int8, "find_spec", lambda name: None)
        assert isinstance(_refusal(bundle, [clip]), MissingExtraError)
    with monkeypatch.context() as patch:
        patch.setattr(quantize, "quantize_model", lambda model, examples: model)
        patch.setattr(quantize, "_MOST_LOST", -1.0)
        assert isinstance(_refusal(bundle, [clip]), ModelError)
    with monkeypatch.context() as patch:
        patch.setattr(quantize, "quantize_model", lambda model, examples: model)
        patch.setattr(quantize.ov, "save_model", _full_disk)
        assert isinstance(_refusal(bundle, [clip]), OutputError)
    assert (bundle / FOLDER / SIDECAR).read_bytes() == before
    assert sorted(path.name for path in (bundle / "models").iterdir()) == ["int8", "model.pt"]


def test_the_command_tells_what_was_lost(
    bundle: Path, clip: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(quantize, "quantize_model", lambda model, examples: model)
    for words in ([], ["--json"]):
        with pytest.raises(SystemExit) as left:
            main(["quantize", str(bundle), str(clip), "--frames", "20", *words])
        assert left.value.code == 0
        shown = capsys.readouterr().out
        if words:
            assert json.loads(shown)["frames"] == 16
        else:
            assert "evidence  differs by 0.0000 on average from torch" in shown


def test_the_shipped_form_is_that_of_the_shipped_weights() -> None:
    shipped = load_bundle(SHIPPED)
    record = json.loads((shipped.info.path / FOLDER / SIDECAR).read_text())
    assert record["evidence_difference"] < 0.005
    assert record["mask_difference"] < 0.001
    assert compile_quantized(shipped, masks=True) is not None
