# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, SecondaryCaptureImageStorage, generate_uid
from pynetdicom import AE
from pynetdicom.sop_class import Verification

from monai_medvid.errors import DeliveryError
from monai_medvid.pacs.listen import DicomNode, ReceivedInstance


def _instance(study: str = "1.2.3") -> Dataset:
    data = Dataset()
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data.SOPClassUID = SecondaryCaptureImageStorage
    data.SOPInstanceUID = generate_uid()
    data.StudyInstanceUID = study
    data.PatientID = "0"
    return data


def _send(node: DicomNode, data: Dataset, *, called: str = "MEDVID", caller: str = "TEST") -> int:
    entity = AE(ae_title=caller)
    entity.add_requested_context(SecondaryCaptureImageStorage, ExplicitVRLittleEndian)
    association = entity.associate(node.host, node.port, ae_title=called)
    if not association.is_established:
        return -1
    status = association.send_c_store(data)
    association.release()
    return int(status.Status)


@pytest.fixture
def node(tmp_path: Path) -> Iterator[DicomNode]:
    with DicomNode(tmp_path / "in") as started:
        yield started


def test_what_is_stored_lies_in_the_folder(node: DicomNode) -> None:
    data = _instance()
    assert _send(node, data) == 0x0000
    (path,) = node.instances()
    assert path.name == f"{data.SOPInstanceUID}.dcm"
    assert dcmread(path).PatientID == "0"
    assert list(node.folder.rglob("*.part")) == []


def test_the_owner_is_told(tmp_path: Path) -> None:
    told: list[ReceivedInstance] = []
    with DicomNode(tmp_path, on_stored=told.append) as node:
        data = _instance("1.2.9")
        _send(node, data)
    assert [(one.sop_instance_uid, one.study_instance_uid) for one in told] == [
        (data.SOPInstanceUID, "1.2.9")
    ]


def test_a_uid_cannot_leave_the_folder(node: DicomNode) -> None:
    data = _instance("../../elsewhere")
    assert _send(node, data) == 0x0000
    (path,) = node.instances()
    assert node.folder in path.resolve().parents


def test_a_full_disk_is_said(tmp_path: Path) -> None:
    with DicomNode(tmp_path, min_free_bytes=1 << 60) as node:
        assert _send(node, _instance()) == 0xA700
        assert node.instances() == []


@pytest.mark.parametrize(
    ("called", "caller"), [("OTHER", "FRIEND"), ("MEDVID", "STRANGER")], ids=["aet", "caller"]
)
def test_strangers_are_not_let_in(tmp_path: Path, called: str, caller: str) -> None:
    with DicomNode(tmp_path, callers=["FRIEND"]) as node:
        assert _send(node, _instance(), called=called, caller=caller) == -1
        assert _send(node, _instance(), caller="FRIEND") == 0


def test_echo(node: DicomNode) -> None:
    entity = AE()
    entity.add_requested_context(Verification)
    association = entity.associate(node.host, node.port, ae_title="MEDVID")
    assert association.send_c_echo().Status == 0x0000
    association.release()


def test_a_taken_port_is_refused(node: DicomNode, tmp_path: Path) -> None:
    with pytest.raises(DeliveryError, match=r"expected to listen on 127\.0\.0\.1"):
        DicomNode(tmp_path, port=node.port).start()


def test_dcmtk_can_send(node: DicomNode, data_dir: Path, tool: Callable[[str], str]) -> None:
    import subprocess

    path = data_dir / "dicom" / "video" / "es_h264_hp41_surgery.dcm"
    done = subprocess.run(
        [tool("dcmsend"), "-aec", "MEDVID", node.host, str(node.port), str(path)],
        capture_output=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    (stored,) = node.instances()
    assert dcmread(stored).PixelData == dcmread(path).PixelData
