# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from monai_medvid.whole_folder import whole_folder


def test_it_appears_when_all_is_done(tmp_path: Path) -> None:
    target = tmp_path / "new" / "results"
    with whole_folder(target) as folder:
        (folder / "a").write_text("1")
        assert not target.exists()
    assert (target / "a").read_text() == "1"
    assert [path.name for path in target.parent.iterdir()] == ["results"]
    mask = os.umask(0)
    os.umask(mask)
    assert stat.S_IMODE(target.stat().st_mode) == 0o777 & ~mask


def test_it_takes_the_place_of_another(tmp_path: Path) -> None:
    target = tmp_path / "results"
    target.mkdir()
    (target / "old").write_text("")
    with whole_folder(target) as folder:
        (folder / "new").write_text("")
    assert [path.name for path in target.iterdir()] == ["new"]


def test_a_failure_leaves_what_was_there(tmp_path: Path) -> None:
    target = tmp_path / "results"
    target.mkdir()
    (target / "old").write_text("")
    with pytest.raises(IsADirectoryError), whole_folder(target) as folder:
        folder.write_text("a folder is no file")
    assert [path.name for path in tmp_path.rglob("*")] == ["results", "old"]
