# SPDX-License-Identifier: Apache-2.0
"""What is in an outbox stays there until every destination has it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from monai_medvid.errors import InputError, OutputError
from monai_medvid.pacs.delivery import Outcome
from monai_medvid.pacs.destination import Destination, parse_destination
from monai_medvid.pacs.outbox import Delivery, Outbox
from tests.pacs.peers import write_small

A, B = (parse_destination(f"dicom://{name}@10.0.0.5:104") for name in "AB")


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def _open(folder: Path, *destinations: Destination, clock: Clock | None = None) -> Outbox:
    return Outbox(folder / "spool", destinations or (A,), clock=clock or Clock())


def _files(folder: Path, count: int = 2) -> list[Path]:
    return [write_small(folder / f"Nobody Shall See {n}.dcm") for n in range(count)]


def _outcomes(delivery: Delivery, *statuses: str) -> list[Outcome]:
    return [
        Outcome(one.sop_instance_uid, one.sop_class_uid, status, None, 1, f"{status}.")  # type: ignore[arg-type]
        for one, status in zip(delivery.rest, statuses, strict=True)
    ]


def test_every_destination_gets_everything_in_order(tmp_path: Path) -> None:
    files = _files(tmp_path)
    box = _open(tmp_path, A, B)
    box.add(files)
    for destination in (A, B):
        delivery = box.due()
        assert delivery is not None
        assert delivery.destination == destination
        assert [one.path.read_bytes() for one in delivery.instances] == [
            file.read_bytes() for file in files
        ]
        box.record(delivery, _outcomes(delivery, "stored", "stored"), pause_seconds=1)
    assert box.due() is None
    assert box.left() == []
    assert [path for path in (tmp_path / "spool").iterdir() if path.is_dir()] == []


def test_the_result_folder_may_go(tmp_path: Path) -> None:
    files = _files(tmp_path)
    box = _open(tmp_path)
    box.add(files)
    kept = [file.read_bytes() for file in files]
    for file in files:
        file.unlink()
    delivery = box.due()
    assert delivery is not None
    assert [one.path.read_bytes() for one in delivery.rest] == kept


def test_another_file_system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", refuse)
    files = _files(tmp_path)
    box = _open(tmp_path)
    box.add(files)
    delivery = box.due()
    assert delivery is not None
    assert delivery.instances[1].path.read_bytes() == files[1].read_bytes()


def test_only_what_is_missing_is_sent_again_after_a_pause(tmp_path: Path) -> None:
    clock = Clock()
    box = _open(tmp_path, clock=clock)
    box.add(_files(tmp_path))
    first = box.due()
    assert first is not None
    report = box.record(first, _outcomes(first, "stored", "failed"), pause_seconds=30)
    assert (report.stored, report.complete) == (1, False)
    assert (box.due(), box.next_due()) == (None, 30)
    clock.now += 30
    again = box.due()
    assert again is not None
    assert [one.sop_instance_uid for one in again.rest] == [first.instances[1].sop_instance_uid]
    assert again.attempts == 1
    assert box.record(again, _outcomes(again, "stored"), pause_seconds=30).complete


def test_what_is_refused_waits_for_the_next_start(tmp_path: Path) -> None:
    box = _open(tmp_path)
    box.add(_files(tmp_path, 1))
    delivery = box.due()
    assert delivery is not None
    box.record(delivery, _outcomes(delivery, "refused"), pause_seconds=0)
    assert (box.due(), box.next_due()) == (None, None)
    (report,) = box.left()
    assert report.problems == (f"{A} did not take 1 of 1 objects: refused.",)
    box.close()
    assert _open(tmp_path).due() is not None


def test_a_corrected_address_gets_what_waits(tmp_path: Path) -> None:
    box = _open(tmp_path, A)
    box.add(_files(tmp_path))
    box.close()
    again = _open(tmp_path, B)
    delivery = again.due()
    assert delivery is not None
    assert delivery.destination == B
    again.record(delivery, _outcomes(delivery, "stored", "stored"), pause_seconds=1)
    assert again.left() == []


def test_a_destination_that_has_it_does_not_get_it_again(tmp_path: Path) -> None:
    box = _open(tmp_path, A, B)
    box.add(_files(tmp_path, 1))
    delivery = box.due()
    assert delivery is not None
    box.record(delivery, _outcomes(delivery, "stored"), pause_seconds=1)
    box.close()
    assert [report.destination for report in _open(tmp_path, A, B).left()] == [str(B)]
    assert _open(tmp_path, A).left() == []


def test_a_process_that_ended_while_it_took_in(tmp_path: Path) -> None:
    """The folder is there and the database does not know it; another is half there."""
    box = _open(tmp_path)
    box.add(_files(tmp_path))
    box.close()
    (tmp_path / "spool" / "outbox.db").unlink()
    half = tmp_path / "spool" / ".medvid-abc"
    half.mkdir()
    again = _open(tmp_path)
    assert len(again.left()) == 1
    assert not half.exists()


def test_the_same_result_twice_is_one(tmp_path: Path) -> None:
    files = _files(tmp_path)
    box = _open(tmp_path)
    box.add(files)
    box.add(files)
    assert len(box.left()) == 1
    box.add([])
    assert len(box.left()) == 1


def test_no_patient_is_in_names_and_reasons(tmp_path: Path) -> None:
    box = _open(tmp_path)
    box.add(_files(tmp_path))
    (report,) = box.left()
    said = [str(path) for path in (tmp_path / "spool").rglob("*")] + [str(report.to_dict())]
    assert not any("Nobody" in text for text in said)
    assert "it was not tried yet" in report.problems[0]


def test_what_cannot_be_taken_in(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="expected one destination"):
        Outbox(tmp_path, [])
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="expected a folder for the outbox"):
        Outbox(tmp_path / "file", [A])
    box = _open(tmp_path)
    with pytest.raises(InputError, match="expected a DICOM file"):
        box.add([tmp_path / "file"])
    assert box.left() == []


def test_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    box = _open(tmp_path)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("monai_medvid.pacs.outbox._take_in", full)
    with pytest.raises(OutputError, match="No space left on device"):
        box.add(_files(tmp_path))
    assert box.left() == []
