# SPDX-License-Identifier: Apache-2.0
"""The demo from end to end with the bundle as it ships, on a small clip."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from monai_medvid.demo import DemoReport, run_demo
from monai_medvid.errors import OutputError
from monai_medvid.pacs.orthanc import orthanc_program
from tests.conftest import missing

SIZE = (288, 360)


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> DemoReport:
    return run_demo(tmp_path_factory.mktemp("demo"), seconds=1, size=SIZE, use_orthanc=False)


def test_the_network_finds_the_polyp(report: DemoReport) -> None:
    assert report.overlap.frames == 25
    assert report.overlap.hit_rate > 0.7
    assert report.overlap.mean_dice > 0.6
    assert report.overlap.false_alarms == 0


def test_everything_was_stored_and_came_back(report: DemoReport) -> None:
    assert report.returned.complete
    assert report.stored == report.returned.sent >= 4
    assert len(list(report.stored_at.glob("*/*.dcm"))) == report.stored


def test_it_says_where_to_look(report: DemoReport) -> None:
    rows = report.to_rows()
    assert Path(rows["look at"]).is_file()
    assert "synthetic" in rows["clip"]
    assert report.clip.is_file()
    assert report.video.is_file()
    document = json.loads(json.dumps(report.to_dict()))
    assert document["overlap"]["hit_rate"] == report.overlap.hit_rate


@pytest.mark.slow
def test_orthanc_takes_it_too(tmp_path: Path) -> None:
    if orthanc_program() is None:
        missing("Orthanc")
    report = run_demo(tmp_path, seconds=0.4, size=SIZE, use_orthanc=True)
    assert report.returned.complete
    assert report.server == "Orthanc"


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="choose another output folder"):
        run_demo(tmp_path / "file" / "demo")
