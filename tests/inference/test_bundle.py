# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import hashlib
import json
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from monai_medvid.errors import BundleError
from monai_medvid.inference import load_bundle
from tests.tiny_bundle import HEIGHT, WIDTH, make_bundle


def change(bundle_dir: Path, edit: Callable[[dict[str, Any]], object]) -> None:
    path = bundle_dir / "configs" / "metadata.json"
    metadata = json.loads(path.read_text())
    edit(metadata["network_data_format"])
    path.write_text(json.dumps(metadata))


def configure(bundle_dir: Path, network: Any) -> None:
    (bundle_dir / "configs" / "inference.json").write_text(json.dumps({"network_def": network}))


def test_a_bundle_loads_without_a_warning(bundle_dir: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        bundle = load_bundle(bundle_dir)
        network = bundle.network

    assert (
        bundle.weights_sha256
        == hashlib.sha256((bundle_dir / "models" / "model.pt").read_bytes()).hexdigest()
    )
    assert (bundle.format.height, bundle.format.width) == (HEIGHT, WIDTH)
    assert not network.training
    assert network(torch.zeros(1, 3, HEIGHT, WIDTH)).shape == (1, 1, HEIGHT, WIDTH)
    assert repr(bundle) == f"Bundle(red_things 0.0.1, {HEIGHT}x{WIDTH}, ('polyp',))"


def test_background_is_no_object(tmp_path: Path) -> None:
    bundle = load_bundle(make_bundle(tmp_path / "b", labels=("Background", "tool", "tissue")))

    assert bundle.format.labels == ("tool", "tissue")
    assert bundle.format.objects == [1, 2]


def test_several_channels_without_activation_are_softmax(tmp_path: Path) -> None:
    path = make_bundle(tmp_path / "b", labels=("background", "tool"))
    change(path, lambda f: f["outputs"]["pred"].pop("activation"))

    assert load_bundle(path).format.activation == "softmax"


def test_weights_under_the_key_model_are_taken(bundle_dir: Path) -> None:
    weights = bundle_dir / "models" / "model.pt"
    torch.save({"model": torch.load(weights, weights_only=True)}, weights)

    assert load_bundle(bundle_dir).network is not None


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (lambda f: f["inputs"]["image"].update(num_channels=1), r"3 channels \(RGB\), found 1"),
        (lambda f: f["inputs"]["image"].update(spatial_shape=[8, 96, 128]), "spatial_shape"),
        (lambda f: f["inputs"]["image"].update(spatial_shape=["*", 128]), "spatial_shape"),
        (lambda f: f["inputs"]["image"].update(value_range=[0, 255]), "value_range"),
        (
            lambda f: f["inputs"]["image"].update(channel_def={"0": "B", "1": "G", "2": "R"}),
            "order R, G, B",
        ),
        (lambda f: f["inputs"].pop("image"), r"network_data_format\.inputs\.image"),
        (lambda f: f["outputs"].pop("pred"), r"network_data_format\.outputs\.pred"),
        (lambda f: f["outputs"]["pred"].update(num_channels=4), "channel_def of 4 channels"),
        (lambda f: f["outputs"]["pred"].pop("channel_def"), "a name for each channel"),
        (
            lambda f: f["outputs"]["pred"].update(channel_def={"0": "background"}),
            "not background",
        ),
        (lambda f: f["outputs"]["pred"].update(finding_kind="mood"), "phase, event, tool, found"),
        (lambda f: f["outputs"]["pred"].update(activation="relu"), "sigmoid, softmax or none"),
    ],
)
def test_channels_that_do_not_fit_are_refused(
    bundle_dir: Path, edit: Callable[[dict[str, Any]], object], words: str
) -> None:
    change(bundle_dir, edit)

    with pytest.raises(BundleError, match=rf"^bundle 'red_things': expected .*{words}"):
        load_bundle(bundle_dir)


def test_missing_weights_are_refused(bundle_dir: Path) -> None:
    (bundle_dir / "models" / "model.pt").unlink()

    with pytest.raises(BundleError, match=r"expected weights in models/model\.pt, found none"):
        load_bundle(bundle_dir)


@pytest.mark.parametrize("content", [b"", b"not a checkpoint", None])
def test_damaged_weights_are_refused(bundle_dir: Path, content: bytes | None) -> None:
    weights = bundle_dir / "models" / "model.pt"
    weights.write_bytes(weights.read_bytes()[:-200] if content is None else content)

    with pytest.raises(BundleError, match=r"hold a state dict, found it damaged \(\w+\)\. Down"):
        _ = load_bundle(bundle_dir).network


@pytest.mark.parametrize("state", [{"other.weight": torch.zeros(1)}, [1, 2]])
def test_weights_of_another_network_are_refused(bundle_dir: Path, state: object) -> None:
    torch.save(state, bundle_dir / "models" / "model.pt")

    with pytest.raises(BundleError, match="fit network_def, found other parameters"):
        _ = load_bundle(bundle_dir).network


def test_a_bundle_without_configuration_is_refused(bundle_dir: Path) -> None:
    (bundle_dir / "configs" / "inference.json").unlink()

    with pytest.raises(BundleError, match=r"expected configs/inference\.json"):
        _ = load_bundle(bundle_dir).network


@pytest.mark.parametrize(
    "network", [{"_target_": "no.such.Network"}, {"_target_": "torch.nn.Conv2d"}, "$1 / 0"]
)
def test_a_network_that_cannot_be_built_is_refused(bundle_dir: Path, network: Any) -> None:
    configure(bundle_dir, network)

    with pytest.raises(BundleError, match=r"found one that cannot be built \("):
        _ = load_bundle(bundle_dir).network


def test_a_network_that_is_none_is_refused(bundle_dir: Path) -> None:
    configure(bundle_dir, 3)

    with pytest.raises(BundleError, match="to be a torch module, found int"):
        _ = load_bundle(bundle_dir).network


def test_a_network_that_fails_is_refused(bundle_dir: Path) -> None:
    network = torch.nn.Conv2d(5, 1, 1)
    torch.save(network.state_dict(), bundle_dir / "models" / "model.pt")
    configure(bundle_dir, "$__import__('torch').nn.Conv2d(5, 1, 1)")

    with pytest.raises(BundleError, match=r"found one that fails on it \(RuntimeError"):
        _ = load_bundle(bundle_dir).network


def test_an_output_unlike_the_metadata_is_refused(bundle_dir: Path) -> None:
    configure(bundle_dir, "$__import__('torch').nn.Conv2d(3, 1, 1, stride=2)")

    with pytest.raises(BundleError, match=r"output of \(1, 1, 96, 128\).*found \(1, 1, 48, 64\)"):
        _ = load_bundle(bundle_dir).network
