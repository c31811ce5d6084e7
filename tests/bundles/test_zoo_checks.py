# SPDX-License-Identifier: Apache-2.0
"""What the public model zoo checks of a bundle, restated with MONAI's own functions, offline."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import torch
from monai.bundle import ConfigParser, ckpt_export, verify_metadata, verify_net_in_out

from tests.bundles.workflows import with_random_weights

ROOT = Path(__file__).parents[2] / "bundles"
BUNDLES = sorted(path.parent.parent for path in ROOT.glob("*/configs/metadata.json"))
MAX_FILE_BYTES = 25 * 1024 * 1024


@pytest.fixture(scope="module", params=BUNDLES, ids=lambda path: path.name)
def folder(request: pytest.FixtureRequest) -> Path:
    """A bundle as it is."""
    path: Path = request.param
    return path


@pytest.fixture(scope="module")
def bundle(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle that runs: with random weights as long as it was not trained."""
    if (folder / "models" / "model.pt").is_file():
        return folder
    return with_random_weights(folder, tmp_path_factory.mktemp("untrained"))


def _metadata(bundle: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((bundle / "configs" / "metadata.json").read_text())
    return content


def test_the_files_of_a_bundle_are_there(folder: Path) -> None:
    needed = ["LICENSE", "configs/metadata.json", "configs/logging.conf", "docs/README.md"]
    needed += ["configs/inference.json", "models/model.pt", "docs/data_license.txt"]
    assert [name for name in needed if not (folder / name).is_file()] == []
    shipped = [path for path in folder.rglob("*") if path.is_file() and "eval" not in path.parts]
    assert [path.name for path in shipped if path.stat().st_size > MAX_FILE_BYTES] == []


def test_names_and_version_follow_the_rules(bundle: Path) -> None:
    metadata = _metadata(bundle)
    assert re.fullmatch(r"[a-z0-9]+(_[a-z0-9]+){2,}", bundle.name)
    assert re.fullmatch(r"\d+\.\d+\.\d+", metadata["version"])
    assert metadata["version"] in metadata["changelog"]
    assert isinstance(metadata["supported_apps"], dict)
    assert metadata["name"]


def test_no_configuration_names_a_place_on_one_machine(bundle: Path) -> None:
    for path in bundle.glob("configs/*"):
        assert not re.search(r"(/home/|/root/|/work/|/Users/|[A-Z]:\\)", path.read_text()), (
            path.name
        )


def test_the_metadata_fit_the_schema(bundle: Path, data_dir: Path, tmp_path: Path) -> None:
    schema = tmp_path / "schema.json"
    schema.write_bytes((data_dir / "monai" / "meta_schema_20240725.json").read_bytes())
    # An existing file is not downloaded again: the check needs no network.
    verify_metadata(meta_file=str(bundle / "configs" / "metadata.json"), filepath=str(schema))


def test_the_network_takes_and_gives_what_the_metadata_say(
    bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(bundle)
    verify_net_in_out(
        net_id="network_def",
        meta_file=str(bundle / "configs" / "metadata.json"),
        config_file=str(bundle / "configs" / "inference.json"),
        device="cpu",
    )


def test_the_network_exports_as_torchscript(
    bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(bundle)
    ckpt_export(
        net_id="network_def",
        filepath=str(tmp_path / "model.ts"),
        ckpt_file=str(bundle / "models" / "model.pt"),
        meta_file=str(bundle / "configs" / "metadata.json"),
        config_file=str(bundle / "configs" / "inference.json"),
        key_in_ckpt="",
    )
    size = _metadata(bundle)["network_data_format"]["inputs"]["image"]["spatial_shape"]
    sample = torch.rand(1, 3, *size)
    parser = ConfigParser()
    parser.read_config(str(bundle / "configs" / "inference.json"))
    network = parser.get_parsed_content("network_def").eval()
    network.load_state_dict(torch.load(bundle / "models" / "model.pt", weights_only=True))
    exported = torch.jit.load(tmp_path / "model.ts").eval()
    with torch.inference_mode():
        torch.testing.assert_close(exported(sample), network(sample), atol=1e-3, rtol=1e-3)
