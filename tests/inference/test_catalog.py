# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from monai_medvid.errors import BundleError
from monai_medvid.inference import find_bundle, list_bundles
from tests.tiny_bundle import make_bundle


def test_a_folder_is_found_as_it_is(bundle_dir: Path) -> None:
    assert find_bundle(bundle_dir) == bundle_dir
    assert find_bundle(str(bundle_dir)) == bundle_dir


def test_a_name_is_found_in_the_folders_of_the_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = make_bundle(tmp_path / "a" / "red_things")
    make_bundle(tmp_path / "b" / "red_things")
    other = make_bundle(tmp_path / "b" / "more_things")
    monkeypatch.setenv("MEDVID_BUNDLES", f"{tmp_path / 'a'}:{tmp_path / 'b'}")

    assert find_bundle("red_things") == first
    assert find_bundle("more_things") == other
    assert {"red_things", "more_things"} <= {info.name for info in list_bundles()}


def test_an_unknown_name_is_refused_with_those_at_hand(
    bundle_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MEDVID_BUNDLES", str(bundle_dir.parent))

    with pytest.raises(BundleError, match=r"none called 'blue_things'.*At hand:.*red_things"):
        find_bundle("blue_things")


def test_what_a_bundle_says_about_itself(bundle_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEDVID_BUNDLES", str(bundle_dir.parent))

    info = next(info for info in list_bundles() if info.name == "red_things")

    assert (info.display_name, info.task, info.version) == (
        "Red things",
        "Find what is red",
        "0.0.1",
    )
    assert info.labels == ("polyp",)
    assert info.license == "Apache-2.0"
    assert info.weights_bytes == (bundle_dir / "models" / "model.pt").stat().st_size
    assert info.problem == ""


def test_damaged_bundles_are_listed_with_their_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (make_bundle(tmp_path / "no_weights") / "models" / "model.pt").unlink()
    (make_bundle(tmp_path / "no_json") / "configs" / "metadata.json").write_text("{")
    (make_bundle(tmp_path / "a_list") / "configs" / "metadata.json").write_text("[]")
    monkeypatch.setenv("MEDVID_BUNDLES", str(tmp_path))

    problems = {info.name: info.problem for info in list_bundles()}

    assert "missing" in problems["no_weights"]
    assert "unreadable (JSONDecodeError)" in problems["no_json"]
    assert "found a list" in problems["a_list"]


def test_listing_never_imports_torch(bundle_dir: Path) -> None:
    code = (
        "import json, sys, monai_medvid.inference as i\n"
        "names = [b.name for b in i.list_bundles()]\n"
        "print(json.dumps([names, 'torch' in sys.modules, 'monai' in sys.modules]))"
    )
    names, torch_is_there, monai_is_there = json.loads(
        subprocess.run(
            [sys.executable, "-c", code],
            check=True,
            capture_output=True,
            env={"MEDVID_BUNDLES": str(bundle_dir.parent), "PATH": ""},
        ).stdout
    )

    assert "red_things" in names
    assert not torch_is_there
    assert not monai_is_there
