# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import pytest
from pydicom import dcmread

from monai_medvid.errors import DeliveryError
from monai_medvid.pacs import DicomNode, parse_destination, store_files
from monai_medvid.pacs.destination import WebDestination
from monai_medvid.pacs.orthanc import OrthancServer, free_port
from monai_medvid.pacs.read_back import from_node, from_orthanc, from_web, read_back
from tests.pacs.peers import write_small


@pytest.fixture
def paths(data_dir: Path, tmp_path: Path) -> list[Path]:
    video = data_dir / "dicom" / "video" / "es_h264_hp41_surgery.dcm"
    return [video, write_small(tmp_path / "small.dcm")]


def test_from_a_node(paths: list[Path], tmp_path: Path) -> None:
    with DicomNode(tmp_path / "in") as node:
        store_files(paths, parse_destination(f"dicom://MEDVID@127.0.0.1:{node.port}"))
        returned = read_back(paths, from_node(node))
        assert (returned.sent, returned.equal, returned.complete) == (2, 2, True)


def test_what_is_missing_or_changed_is_named(paths: list[Path], tmp_path: Path) -> None:
    video, small = paths
    with DicomNode(tmp_path / "in") as node:
        store_files([small], parse_destination(f"dicom://MEDVID@127.0.0.1:{node.port}"))
        kept = dcmread(node.instances()[0])
        kept.PatientName = "Another"
        kept.save_as(node.instances()[0])
        returned = read_back(paths, from_node(node))
    assert returned.missing == (dcmread(video).SOPInstanceUID,)
    assert returned.changed == (dcmread(small).SOPInstanceUID,)
    assert (returned.equal, returned.complete) == (0, False)


def test_from_orthanc_and_through_wado(paths: list[Path], server: OrthancServer) -> None:
    store_files(paths, parse_destination(f"dicom://{server.aet}@127.0.0.1:{server.dicom_port}"))
    assert read_back(paths, from_orthanc(server)).complete
    assert read_back(paths, from_web(WebDestination(server.dicom_web_url))).complete


def test_what_orthanc_never_got_is_missing(server: OrthancServer, tmp_path: Path) -> None:
    unsent = write_small(tmp_path / "unsent.dcm")
    for fetch in (from_orthanc(server), from_web(WebDestination(server.dicom_web_url))):
        assert len(read_back([unsent], fetch).missing) == 1


def test_a_peer_that_is_gone(tmp_path: Path) -> None:
    small = write_small(tmp_path / "small.dcm")
    nobody = WebDestination(f"http://127.0.0.1:{free_port()}/dicom-web")
    with pytest.raises(DeliveryError, match="to give back what was stored"):
        read_back([small], from_web(nobody, timeout_seconds=2))
    with pytest.raises(DeliveryError, match="to give back what was stored"):
        read_back([small], from_orthanc(OrthancServer(tmp_path / "never started")))
