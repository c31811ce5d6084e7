# SPDX-License-Identifier: Apache-2.0
"""Sending goes on beside everything else, for a bounded time, and loses nothing."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from pydicom import dcmread

from monai_medvid.errors import InputError
from monai_medvid.pacs import DeliveryReport, DicomNode, Sender, SendOptions, parse_destination
from monai_medvid.pacs.orthanc import free_port
from tests.pacs.peers import running_storescp, write_small


def _sender(folder: Path, *destinations: str, patience: float = 20, timeout: float = 20) -> Sender:
    return Sender(
        folder / "spool",
        [parse_destination(text) for text in destinations],
        options=SendOptions(
            patience_seconds=patience, first_pause_seconds=0.1, timeout_seconds=timeout
        ),
    )


def _reports(sender: Sender) -> list[DeliveryReport]:
    """What a graph would see until it may end."""
    found = []
    while sender.busy or sender.ready:
        report = sender.take()
        found += [] if report is None else [report]
        time.sleep(0.01)
    return found


def test_two_destinations_take_everything(
    tmp_path: Path, small: Path, tool: Callable[[str], str]
) -> None:
    with (
        running_storescp(tool, tmp_path / "dcmtk") as port,
        DicomNode(tmp_path / "own") as node,
    ):
        sender = _sender(
            tmp_path, f"dicom://ANY@127.0.0.1:{port}", f"dicom://MEDVID@127.0.0.1:{node.port}"
        )
        sender.start()
        sender.add([small])
        reports = _reports(sender)
        sender.stop()
        assert [report.complete for report in reports] == [True, True]
        assert sender.undelivered == ()
        assert dcmread(*node.instances()) == dcmread(small)
    assert len(list((tmp_path / "dcmtk").iterdir())) == 1


def test_a_pacs_that_comes_up_later(tmp_path: Path, small: Path) -> None:
    node = DicomNode(tmp_path / "in", port=free_port())
    sender = _sender(tmp_path, f"dicom://MEDVID@127.0.0.1:{node.port}")
    sender.start()
    sender.add([small])
    late = threading.Timer(1.0, node.start)
    late.start()
    try:
        reports = _reports(sender)
    finally:
        late.join()
        sender.stop()
        node.stop()
    assert len(reports) > 1
    assert [report.complete for report in reports] == [False] * (len(reports) - 1) + [True]
    assert reports[-1].instances[0].attempts == len(reports)
    assert sender.undelivered == ()


def test_one_that_is_down_gets_it_at_the_next_start(tmp_path: Path, small: Path) -> None:
    port = free_port()
    to = f"dicom://MEDVID@127.0.0.1:{port}"
    sender = _sender(tmp_path, to, patience=0.5)
    sender.start()
    sender.add([small])
    _reports(sender)
    sender.stop()
    (line,) = sender.undelivered
    assert "did not take 1 of 1 objects: expected a connection, found none" in line
    assert "Nobody" not in line
    small.unlink()
    with DicomNode(tmp_path / "in", port=port) as node:
        again = _sender(tmp_path, to)
        again.start()
        assert [report.complete for report in _reports(again)] == [True]
        again.stop()
        assert len(node.instances()) == 1
    assert again.undelivered == ()


def test_one_that_does_not_answer_holds_nobody_up(tmp_path: Path, small: Path) -> None:
    """A listener that takes the connection and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        sender = _sender(
            tmp_path, f"dicom://A@127.0.0.1:{server.getsockname()[1]}", patience=0.5, timeout=120
        )
        sender.start()
        started = time.monotonic()
        sender.add([small])
        assert _reports(sender) == []
        sender.stop()
        assert time.monotonic() - started < 60
    (line,) = sender.undelivered
    assert "it was not tried yet" in line


def test_a_wrong_ae_title_does_not_use_up_patience(tmp_path: Path, small: Path) -> None:
    with DicomNode(tmp_path / "in", aet="RIGHT") as node:
        sender = _sender(tmp_path, f"dicom://WRONG@127.0.0.1:{node.port}", patience=300)
        sender.start()
        sender.add([small])
        (report,) = _reports(sender)
        sender.stop()
        assert not report.complete
        assert "AE title" in sender.undelivered[0]
        again = _sender(tmp_path, f"dicom://RIGHT@127.0.0.1:{node.port}")
        again.start()
        assert [report.complete for report in _reports(again)] == [True]
        again.stop()


def test_stop_tries_as_long_as_patience_lasts(tmp_path: Path, small: Path) -> None:
    node = DicomNode(tmp_path / "in", port=free_port())
    sender = _sender(tmp_path, f"dicom://MEDVID@127.0.0.1:{node.port}")
    sender.start()
    sender.add([small])
    late = threading.Timer(0.5, node.start)
    late.start()
    try:
        sender.stop()
    finally:
        late.join()
        node.stop()
    assert sender.undelivered == ()
    sender.stop()


def test_what_cannot_be_sent_is_an_error_of_the_one_who_takes_reports(tmp_path: Path) -> None:
    (tmp_path / "text.dcm").write_text("text")
    sender = _sender(tmp_path, "dicom://A@127.0.0.1:1")
    sender.start()
    sender.add([tmp_path / "text.dcm"])
    with pytest.raises(InputError, match="expected a DICOM file"):
        _reports(sender)
    sender.stop()


def test_before_the_start() -> None:
    sender = Sender(Path("nowhere"), [], options=SendOptions())
    with pytest.raises(RuntimeError, match="not started"):
        sender.add([])
    sender.stop()
    assert not sender.busy


def test_a_problem_of_our_own_certificates_is_a_failed_try(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MEDVID_TLS_CA", "/nowhere/ca.pem")
    sender = _sender(tmp_path, "dicoms://A@127.0.0.1:1", patience=0.3)
    sender.start()
    sender.add([write_small(tmp_path / "small.dcm")])
    _reports(sender)
    sender.stop()
    assert "expected PEM files" in sender.undelivered[0]
