# SPDX-License-Identifier: Apache-2.0
"""Against a real Orthanc: C-STORE and STOW-RS, read back byte for byte."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pytest
from pydicom import dcmread

from monai_medvid.errors import DeliveryError
from monai_medvid.pacs import orthanc, parse_destination, store_files
from monai_medvid.pacs.orthanc import OrthancServer, free_port, orthanc_program
from tests.conftest import missing
from tests.pacs.peers import LABELMAP, write_small


@pytest.fixture
def objects(data_dir: Path) -> list[Path]:
    folder = data_dir / "dicom"
    return [
        folder / "video" / "es_h264_hp41_surgery.dcm",
        folder / "video" / "es_mpeg2_mpml_surgery.dcm",
        folder / "cine" / "us_30f_jpegbaseline_pydicom_examples_ybr_color.dcm",
        folder / "derived" / "sr_tid1500_dcmqi.dcm",
    ]


def _assert_arrived(server: OrthancServer, paths: list[Path]) -> None:
    for path in paths:
        sent = dcmread(path)
        content = server.download(sent.SOPInstanceUID)
        assert content is not None
        stored = dcmread(BytesIO(content))
        assert stored == sent
        assert stored.file_meta.TransferSyntaxUID == sent.file_meta.TransferSyntaxUID


def test_c_store(server: OrthancServer, objects: list[Path]) -> None:
    to = parse_destination(f"dicom://{server.aet}@127.0.0.1:{server.dicom_port}")
    report = store_files(objects, to)
    assert report.complete, report.problems
    _assert_arrived(server, objects)


def test_stow(server: OrthancServer, objects: list[Path], tmp_path: Path) -> None:
    small = write_small(tmp_path / "small.dcm")
    report = store_files([*objects, small], parse_destination(server.dicom_web_url))
    assert report.complete, report.problems
    _assert_arrived(server, [*objects, small])


def test_a_refused_class_is_named(server: OrthancServer, tmp_path: Path) -> None:
    labelmap = write_small(tmp_path / "a.dcm", sop_class=LABELMAP)
    to = parse_destination(f"dicom://{server.aet}@127.0.0.1:{server.dicom_port}")
    report = store_files([labelmap], to)
    assert [outcome.status for outcome in report.instances] == ["refused"]
    assert "does not accept" in report.problems[0]


def test_no_such_service(server: OrthancServer, objects: list[Path]) -> None:
    report = store_files(objects[-1:], parse_destination(f"{server.url}/nowhere"))
    assert [(one.status, one.code) for one in report.instances] == [("refused", 404)]


def test_no_service_at_all(objects: list[Path]) -> None:
    report = store_files(
        objects[-1:],
        parse_destination(f"http://127.0.0.1:{free_port()}/dicom-web"),
        attempts=2,
        first_pause_seconds=0.05,
    )
    (outcome,) = report.instances
    assert (outcome.status, outcome.attempts) == ("failed", 2)
    assert "expected an answer" in outcome.reason


def test_without_orthanc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(orthanc, "orthanc_program", lambda: None)
    with pytest.raises(DeliveryError, match=r"expected Orthanc, found none"):
        OrthancServer(tmp_path).start()


def test_an_orthanc_that_does_not_come_up_in_time(tmp_path: Path) -> None:
    if orthanc_program() is None:
        missing("Orthanc")
    with pytest.raises(DeliveryError, match=r"expected Orthanc to answer"):
        OrthancServer(tmp_path).start(timeout_seconds=0.0)


def test_a_relative_folder_keeps_its_database_across_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if orthanc_program() is None:
        missing("Orthanc")
    monkeypatch.chdir(tmp_path)
    small = write_small(tmp_path / "small.dcm")
    uid = dcmread(small).SOPInstanceUID
    with OrthancServer(Path("demo/orthanc")) as server:
        to = parse_destination(f"dicom://{server.aet}@127.0.0.1:{server.dicom_port}")
        assert store_files([small], to).complete
    with OrthancServer(Path("demo/orthanc")) as server:
        assert server.download(uid) is not None
    assert {path.name for path in (tmp_path / "demo").iterdir()} == {"orthanc"}
    assert (tmp_path / "demo" / "orthanc" / "db" / "index").is_file()
