# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from monai_medvid.errors import BundleError
from monai_medvid.inference import load_bundle
from monai_medvid.inference.model_folder import bundle_in


def _name(model: Path, **options: str) -> str:
    with bundle_in(model, **options) as folder:
        return load_bundle(folder).info.name


def test_the_bundle_itself_or_a_folder_that_holds_it(bundle_dir: Path) -> None:
    assert _name(bundle_dir) == "red_things"
    assert _name(bundle_dir.parent) == "red_things"
    assert _name(bundle_dir.parent.parent) == "red_things"


def test_a_zip_file_is_unpacked_and_removed(bundle_dir: Path, tmp_path: Path) -> None:
    packed = tmp_path / "models" / "red_things" / "red_things.zip"
    packed.parent.mkdir(parents=True)
    shutil.make_archive(str(packed.with_suffix("")), "zip", bundle_dir.parent, bundle_dir.name)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    for model in (packed, packed.parent, packed.parent.parent):
        with bundle_in(model, scratch=scratch) as folder:
            assert folder.is_relative_to(scratch)
            assert load_bundle(folder).info.name == "red_things"
        assert not any(scratch.iterdir())


def test_of_several_the_name_decides(bundle_dir: Path) -> None:
    shutil.copytree(bundle_dir, bundle_dir.with_name("other_things"))
    assert _name(bundle_dir.parent, name="other_things") == "other_things"
    with pytest.raises(BundleError, match="found other_things, red_things"):
        _name(bundle_dir.parent)
    with pytest.raises(BundleError, match="'third_things'"):
        _name(bundle_dir.parent, name="third_things")


def test_no_folder_no_bundle(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="found no such folder"):
        _name(tmp_path / "models")
    with pytest.raises(BundleError, match="found none"):
        _name(tmp_path)
    (tmp_path / "one.zip").write_bytes(b"no zip file")
    with pytest.raises(BundleError, match="cannot be unpacked"):
        _name(tmp_path)


def test_a_zip_file_without_a_bundle(tmp_path: Path) -> None:
    (tmp_path / "inside").mkdir()
    shutil.make_archive(str(tmp_path / "empty"), "zip", tmp_path / "inside")
    with pytest.raises(BundleError, match="found no configs"):
        _name(tmp_path / "empty.zip")
