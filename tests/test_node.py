# SPDX-License-Identifier: Apache-2.0
"""The node receives a video, analyzes it, and delivers what was found; faults lose nothing."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydicom import dcmread

from monai_medvid.dicom.wrap import wrap_video
from monai_medvid.errors import BundleError, DeliveryError, InputError
from monai_medvid.node import NodeConfig, load_config, run_node
from monai_medvid.pacs import DicomNode, parse_destination, store_files
from monai_medvid.pacs.orthanc import free_port
from monai_medvid.pacs.queue import JobQueue
from tests.clips import write_clip
from tests.pacs.peers import wait_for, write_small
from tests.tiny_bundle import make_bundle


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_bundle(tmp_path_factory.mktemp("bundle") / "red")


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("video")
    clip = write_clip(folder / "clip.mp4", frames=30)
    return wrap_video(clip, folder / "clip.dcm", patient_name="Nobody^Shall^See").path


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[DicomNode]:
    with DicomNode(tmp_path / "archive", aet="ARCHIVE") as node:
        yield node


def _config(folder: Path, bundle: Path, *destinations: str, attempts: int = 20) -> NodeConfig:
    return NodeConfig(
        folder=folder,
        port=free_port(),
        bundle=str(bundle),
        destinations=destinations,
        stable_seconds=0.5,
        retry_seconds=0.1,
        retry_attempts=attempts,
        min_free_gigabytes=0,
    )


def _run(config: NodeConfig, *paths: Path) -> list[str]:
    """Start a node, send it files, and wait until it has dealt with all of them."""
    said: list[str] = []
    stop = threading.Event()
    thread = threading.Thread(
        target=run_node,
        args=(config,),
        kwargs={"once": True, "announce": said.append, "stop": stop},
    )
    thread.start()
    try:
        wait_for(config.port)
        report = store_files(paths, parse_destination(f"dicom://MEDVID@127.0.0.1:{config.port}"))
        assert report.complete, report.problems
        thread.join(timeout=240)
        assert not thread.is_alive(), said
    finally:
        stop.set()
        thread.join(timeout=60)
    return said


def test_a_video_goes_in_and_findings_come_out(
    tmp_path: Path, bundle: Path, video: Path, archive: DicomNode
) -> None:
    config = _config(tmp_path / "node", bundle, f"dicom://ARCHIVE@127.0.0.1:{archive.port}")
    said = _run(config, video)
    arrived = {dcmread(path).Modality for path in archive.instances()}
    assert {"SR", "SEG", "KO"} <= arrived
    assert {dcmread(path).StudyInstanceUID for path in archive.instances()} == {
        dcmread(video).StudyInstanceUID
    }
    assert not any("Nobody" in line for line in said)
    queue = JobQueue(config.folder / "queue.db")
    assert [job.state for job in queue.jobs()] == ["done"]


def test_what_is_no_video_is_refused_with_a_reason(tmp_path: Path, bundle: Path) -> None:
    config = _config(tmp_path / "node", bundle)
    _run(config, write_small(tmp_path / "small.dcm"))
    (job,) = JobQueue(config.folder / "queue.db").jobs()
    assert job.state == "refused"
    assert "expected" in job.reason.lower()
    assert job.path.is_file()


def test_an_archive_that_is_down_parks_the_results(
    tmp_path: Path, bundle: Path, video: Path
) -> None:
    config = _config(tmp_path / "node", bundle, f"dicom://A@127.0.0.1:{free_port()}", attempts=1)
    _run(config, video)
    (job,) = JobQueue(config.folder / "queue.db").jobs()
    assert job.state == "parked"
    assert job.results is not None
    assert (job.results / "sr.dcm").is_file()


def test_a_restart_goes_on_where_it_stopped(
    tmp_path: Path, bundle: Path, video: Path, archive: DicomNode
) -> None:
    """A node that ended after receiving: the next one finds the job in the queue."""
    config = _config(tmp_path / "node", bundle, f"dicom://ARCHIVE@127.0.0.1:{archive.port}")
    config.folder.mkdir()
    header = dcmread(video, stop_before_pixels=True)
    queue = JobQueue(config.folder / "queue.db")
    queue.add(
        video,
        sop_instance_uid=header.SOPInstanceUID,
        study_instance_uid=header.StudyInstanceUID,
    )
    queue.close()
    run_node(config, once=True, announce=lambda line: None, stop=threading.Event())
    assert archive.instances()


def test_a_taken_port_ends_the_node(tmp_path: Path, bundle: Path, archive: DicomNode) -> None:
    config = NodeConfig(folder=tmp_path / "node", port=archive.port, bundle=str(bundle))
    with pytest.raises(DeliveryError, match=r"expected to listen"):
        run_node(config)


def test_a_bundle_that_cannot_be_used_ends_the_node(tmp_path: Path) -> None:
    config = NodeConfig(folder=tmp_path / "node", port=free_port(), bundle="no_such_bundle")
    with pytest.raises(BundleError):
        run_node(config)


def test_a_configuration(tmp_path: Path) -> None:
    path = tmp_path / "node.yaml"
    path.write_text(
        "folder: data\naet: X\nport: 1104\ncallers: [A, B]\n"
        "destinations: ['dicom://P@h:104']\nstable_seconds: 5\n"
    )
    config = load_config(path)
    assert config.folder == tmp_path / "data"
    assert (config.aet, config.port, config.callers) == ("X", 1104, ("A", "B"))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("aet: X", r"with 'folder'"),
        ("[", r"expected YAML"),
        ("folder: x\nprot: 1", r"unknown key 'prot'"),
        ("folder: x\nport: high", r"expected port .* to be int, found str"),
        ("folder: x\nport: true", r"expected port .* to be int, found bool"),
        ("folder: x\nseg: maybe", r"expected seg .* to be one of binary, labelmap, none"),
        ("folder: x\ndestinations: [nowhere]", r"expected a destination"),
    ],
)
def test_a_configuration_that_is_wrong(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "node.yaml"
    path.write_text(text)
    with pytest.raises(InputError, match=words):
        load_config(path)


def test_a_configuration_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"found none"):
        load_config(tmp_path / "none.yaml")
