# SPDX-License-Identifier: Apache-2.0
"""Bundles of the public model zoo give on frames of video what MONAI gives on pictures."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from monai.bundle import ConfigParser
from PIL import Image

from monai_medvid.errors import BundleError
from monai_medvid.inference import Predictor, load_bundle
from monai_medvid.inference.class_names import read_class_names
from monai_medvid.video.frames import FrameBatch
from tests.zoo_bundles import make_inbody_bundle, make_tool_bundle


def _picture(height: int, width: int, seed: int = 0) -> np.ndarray:
    """Smooth colours with a dark corner, so that minimum, mean and orientation all matter."""
    rng = np.random.default_rng(seed)
    coarse = torch.from_numpy(rng.integers(30, 200, (1, 3, 6, 9)).astype(np.float32))
    smooth = torch.nn.functional.interpolate(coarse, size=(height, width), mode="bilinear")
    picture = smooth[0].permute(1, 2, 0).to(torch.uint8).numpy().copy()
    picture[: height // 4, : width // 5] = 0
    return picture


def _as_monai_does(bundle_dir: Path, picture: np.ndarray, folder: Path) -> torch.Tensor:
    """The bundle's own preprocessing on a file, and its network: (C, ...) probabilities."""
    Image.fromarray(picture).save(folder / "frame.png")
    parser = ConfigParser()
    parser.read_config(bundle_dir / "configs" / "inference.json")
    image = parser.get_parsed_content("preprocessing")({"image": str(folder / "frame.png")})
    network = load_bundle(bundle_dir).network
    with torch.inference_mode():
        return torch.softmax(network(torch.as_tensor(np.asarray(image["image"]))[None])[0], 0)


def _batch(*pictures: np.ndarray) -> FrameBatch:
    return FrameBatch(np.stack(pictures), np.arange(len(pictures)) / 25, np.arange(len(pictures)))


@pytest.fixture(scope="module")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tool_bundle(tmp_path_factory.mktemp("zoo") / "tools", size=(160, 96))


@pytest.fixture(scope="module")
def inbody(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_inbody_bundle(tmp_path_factory.mktemp("zoo") / "inbody", size=(64, 64))


def test_tool_segmentation_is_understood_at_its_own_size(tmp_path: Path) -> None:
    layout = load_bundle(make_tool_bundle(tmp_path / "tools")).format
    assert (layout.height, layout.width) == (480, 736)
    assert layout.input_size == (736, 480)
    assert (layout.kind, layout.activation, layout.labels) == ("masks", "softmax", ("tools",))


def test_masks_are_monais_and_upright(tools: Path, tmp_path: Path) -> None:
    picture = _picture(180, 300)
    with Predictor(load_bundle(tools), runtime="torch", device="cpu") as predictor:
        found = predictor.predict(_batch(picture)).probabilities
    expected = _as_monai_does(tools, picture, tmp_path)[1].numpy().T  # it has columns first
    assert found.shape == (1, 1, 96, 160)
    assert expected.std() > 0.02  # a mask that says nothing would prove nothing
    difference = np.abs(found[0, 0] - expected)  # frames are resized in uint8 here
    assert difference.mean() < 0.1 * expected.std()
    assert difference.max() < 0.1


@pytest.mark.parametrize("runtime", ["torch", "auto"])
def test_classes_are_monais(inbody: Path, tmp_path: Path, runtime: Any) -> None:
    pictures = [_picture(90, 120, seed) for seed in range(3)]
    with Predictor(load_bundle(inbody), runtime=runtime, device="cpu") as predictor:
        found = predictor.predict(_batch(*pictures)).probabilities
    expected = [_as_monai_does(inbody, picture, tmp_path).numpy() for picture in pictures]
    np.testing.assert_allclose(found, np.stack(expected), atol=0.02)


def test_inbody_classification_is_understood_at_its_own_size(tmp_path: Path) -> None:
    layout = load_bundle(make_inbody_bundle(tmp_path / "inbody")).format
    assert (layout.kind, layout.activation) == ("classes", "softmax")
    assert layout.labels == ("in body", "out body")


def _change(bundle_dir: Path, file: str, edit: Callable[[dict[str, Any]], object]) -> None:
    path = bundle_dir / "configs" / file
    content = json.loads(path.read_text())
    edit(content)
    path.write_text(json.dumps(content))


def _pred(metadata: dict[str, Any]) -> dict[str, Any]:
    pred: dict[str, Any] = metadata["network_data_format"]["outputs"]["pred"]
    return pred


@pytest.fixture
def copied(inbody: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "copied"
    (folder / "models").mkdir(parents=True)
    (folder / "models" / "model.pt").symlink_to(inbody / "models" / "model.pt")
    (folder / "configs").mkdir()
    for path in (inbody / "configs").iterdir():
        (folder / "configs" / path.name).write_bytes(path.read_bytes())
    return folder


def test_names_of_channels_are_read_from_sentences(copied: Path) -> None:
    _change(copied, "metadata.json", lambda content: _pred(content).pop("channel_def"))
    assert load_bundle(copied).format.labels == ("inbody", "outbody")


def test_the_postprocessing_tells_the_activation(copied: Path) -> None:
    post = [{"_target_": "Activationsd", "keys": "pred", "sigmoid": True}]
    _change(copied, "inference.json", lambda c: c["postprocessing"].update(transforms=post))
    assert load_bundle(copied).format.activation == "sigmoid"


@pytest.mark.parametrize(
    ("reader", "columns_first"),
    [
        (None, True),
        ("PILReader", True),
        ({"_target_": "PILReader"}, True),
        ({"_target_": "monai.data.PILReader", "reverse_indexing": False}, False),
        ("$monai.data.PILReader(reverse_indexing=False)", False),
        ("@reader", False),
        ({"_target_": "monai_medvid.data.MedicalVideoReader"}, False),
    ],
)
def test_the_reader_tells_which_axis_comes_first(
    copied: Path, reader: Any, columns_first: bool
) -> None:
    def edit(config: dict[str, Any]) -> None:
        config["preprocessing"]["transforms"][0]["reader"] = reader
        config["reader"] = "$MedicalVideoReader()"

    _change(copied, "inference.json", edit)
    assert load_bundle(copied).format.preparation.columns_first is columns_first


@pytest.mark.parametrize(
    ("step", "words"),
    [
        ({"_target_": "RandFlipd"}, "found 'RandFlipd'"),
        ({"_target_": "Resized", "mode": "nearest"}, "mode bilinear or area, found 'nearest'"),
        ({"_target_": "ScaleIntensityd", "factor": 0.5}, "ScaleIntensity with numbers"),
        ({"_target_": "NormalizeIntensityd", "divisor": "@std"}, "NormalizeIntensity with numbers"),
    ],
)
def test_preprocessing_that_is_not_known_is_refused(
    copied: Path, step: dict[str, Any], words: str
) -> None:
    _change(copied, "inference.json", lambda c: c["preprocessing"]["transforms"].append(step))
    with pytest.raises(BundleError, match=f"^bundle 'copied': expected preprocessing of .*{words}"):
        load_bundle(copied)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("0: inbody, 1: outbody", ("inbody", "outbody")),
        ("OneHot data, channel 1 is tool, channel 0 is background", ("background", "tool")),
        ("single channel data, 1/255 is tool, 0 is background", ("background", "tool")),
        ({"0": "a", "1": "b"}, ("a", "b")),
        ("vector whose length equals to 2", ()),
        ("0: only", ()),
        (None, ()),
    ],
)
def test_names_in_sentences(text: Any, names: tuple[str, ...]) -> None:
    assert read_class_names({"pred_classes": text}, 2) == names
