# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from pydicom import dcmread

from monai_medvid.errors import DeliveryError, InputError
from monai_medvid.pacs import DicomNode, dicom_files, parse_destination, store_files
from monai_medvid.pacs.orthanc import free_port
from tests.pacs.peers import (
    LABELMAP,
    Certificates,
    make_certificates,
    running_storescp,
    write_small,
)


@pytest.fixture
def video(data_dir: Path) -> Path:
    return data_dir / "dicom" / "video" / "es_h264_hp41_surgery.dcm"


def _store(paths: list[Path], text: str, **options: float) -> tuple[bool, str]:
    report = store_files(
        paths, parse_destination(text), first_pause_seconds=0.05, timeout_seconds=20, **options
    )
    return report.complete, " ".join(report.problems)


def test_own_node_takes_video_byte_for_byte(video: Path, tmp_path: Path) -> None:
    with DicomNode(tmp_path / "in") as node:
        assert _store([video], f"dicom://MEDVID@127.0.0.1:{node.port}") == (True, "")
        (stored,) = node.instances()
    assert dcmread(stored) == dcmread(video)


def test_dcmtk_takes_video_and_still(
    video: Path, small: Path, tmp_path: Path, tool: Callable[[str], str]
) -> None:
    with running_storescp(tool, tmp_path / "in") as port:
        assert _store([video, small], f"dicom://ANY@127.0.0.1:{port}") == (True, "")
    stored = {dcmread(path).SOPInstanceUID: path for path in (tmp_path / "in").iterdir()}
    assert dcmread(stored[dcmread(video).SOPInstanceUID]).PixelData == dcmread(video).PixelData
    assert len(stored) == 2


def test_a_class_that_the_peer_does_not_know_is_named(
    small: Path, tmp_path: Path, tool: Callable[[str], str]
) -> None:
    labelmap = write_small(tmp_path / "labelmap.dcm", sop_class=LABELMAP)
    with running_storescp(tool, tmp_path / "in") as port:
        complete, problem = _store([small, labelmap], f"dicom://ANY@127.0.0.1:{port}")
    assert not complete
    assert "1 of 2" in problem
    assert "does not accept" in problem
    assert "Explicit VR Little Endian" in problem
    assert "Nobody" not in problem


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def trusted(certificates: Certificates, monkeypatch: pytest.MonkeyPatch) -> Certificates:
    monkeypatch.setenv("MEDVID_TLS_CA", str(certificates.authority))
    monkeypatch.setenv("MEDVID_TLS_CERT", str(certificates.client))
    monkeypatch.setenv("MEDVID_TLS_KEY", str(certificates.client_key))
    return certificates


def test_tls_to_dcmtk(
    trusted: Certificates, small: Path, tmp_path: Path, tool: Callable[[str], str]
) -> None:
    with running_storescp(tool, tmp_path / "in", certificates=trusted) as port:
        assert _store([small], f"dicoms://ANY@localhost:{port}") == (True, "")
    assert len(list((tmp_path / "in").iterdir())) == 1


def test_tls_peer_that_is_not_trusted(
    certificates: Certificates,
    small: Path,
    tmp_path: Path,
    tool: Callable[[str], str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("MEDVID_TLS_CA", raising=False)
    with running_storescp(tool, tmp_path / "in", certificates=certificates) as port:
        complete, problem = _store([small], f"dicoms://ANY@localhost:{port}", attempts=1)
    assert not complete
    assert "TLS" in problem
    assert not list((tmp_path / "in").iterdir())


def test_tls_files_that_are_not_there(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEDVID_TLS_CA", "/nowhere/ca.pem")
    with pytest.raises(DeliveryError, match=r"expected PEM files.*ca\.pem"):
        store_files([small], parse_destination("dicoms://ANY@localhost:1"))


def test_nobody_listens(small: Path) -> None:
    complete, problem = _store([small], f"dicom://ANY@127.0.0.1:{free_port()}", attempts=2)
    assert not complete
    assert "expected a connection, found none" in problem


def test_a_wrong_ae_title_is_not_tried_again(small: Path, tmp_path: Path) -> None:
    with DicomNode(tmp_path / "in", aet="RIGHT") as node:
        report = store_files(
            [small], parse_destination(f"dicom://WRONG@127.0.0.1:{node.port}"), attempts=3
        )
    (outcome,) = report.instances
    assert (outcome.status, outcome.attempts) == ("refused", 1)
    assert "AE title" in outcome.reason


def test_a_full_peer_is_tried_again(small: Path, tmp_path: Path) -> None:
    node = DicomNode(tmp_path / "in", min_free_bytes=1 << 60)
    with node:
        complete, problem = _store([small], f"dicom://MEDVID@127.0.0.1:{node.port}", attempts=2)
        assert (complete, "0xA700" in problem) == (False, True)


def test_a_peer_that_comes_up_later(small: Path, tmp_path: Path) -> None:
    node = DicomNode(tmp_path / "in", port=free_port())
    late = threading.Timer(0.5, node.start)
    late.start()
    try:
        report = store_files(
            [small],
            parse_destination(f"dicom://MEDVID@127.0.0.1:{node.port}"),
            attempts=5,
            first_pause_seconds=0.5,
        )
    finally:
        late.join()
        node.stop()
    assert report.complete
    assert report.instances[0].attempts > 1


def test_a_peer_that_dies_in_the_middle(video: Path, small: Path) -> None:
    """A listener that takes the connection and then hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(
            target=lambda: [server.accept()[0].close() for _ in range(2)], daemon=True
        ).start()
        started = time.monotonic()
        complete, problem = _store(
            [video, small], f"dicom://ANY@127.0.0.1:{server.getsockname()[1]}", attempts=2
        )
    assert not complete
    assert "2 of 2" in problem
    assert time.monotonic() - started < 60


@pytest.mark.parametrize(
    "text", ["", "pacs", "dicom://host:104", "dicom://A@host", "ftp://x/y", "dicom://A@h:abc"]
)
def test_destinations_that_are_none(text: str) -> None:
    with pytest.raises(InputError, match=r"expected a destination like dicom://"):
        parse_destination(text)


def test_a_password_does_not_belong_into_an_address() -> None:
    with pytest.raises(InputError, match=r"MEDVID_STOW_USER"):
        parse_destination("https://me:secret@host/dicom-web")


@pytest.mark.parametrize(
    "text", ["dicom://PACS@10.0.0.5:104", "dicoms://A B@host:2762", "https://host/dicom-web"]
)
def test_destinations_read_as_they_are_written(text: str) -> None:
    assert str(parse_destination(text)) == text


def test_what_is_not_dicom_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("text")
    to = parse_destination("dicom://A@127.0.0.1:1")
    with pytest.raises(InputError, match=r"expected a DICOM file"):
        store_files([tmp_path / "a.txt"], to)
    with pytest.raises(InputError, match=r"found nothing there"):
        store_files([tmp_path / "b.dcm"], to)


def test_folders_give_their_dicom_files(tmp_path: Path, small: Path) -> None:
    assert dicom_files([tmp_path]) == [small]
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=r"expected \*\.dcm files"):
        dicom_files([tmp_path / "empty"])
