# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import pytest

from monai_medvid.pacs.queue import JobQueue


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def queue(tmp_path: Path, clock: Clock) -> JobQueue:
    return JobQueue(tmp_path / "queue.db", clock=clock)


def _add(queue: JobQueue, uid: str, study: str = "1.1") -> None:
    queue.add(Path(f"/in/{uid}.dcm"), sop_instance_uid=uid, study_instance_uid=study)


def test_a_study_is_ready_when_nothing_was_added_for_a_while(queue: JobQueue, clock: Clock) -> None:
    _add(queue, "1.1.1")
    clock.now += 8
    _add(queue, "1.1.2")
    clock.now += 8
    assert queue.ready_to_analyze(stable_seconds=10) == []
    clock.now += 2
    ready = queue.ready_to_analyze(stable_seconds=10)
    assert [job.sop_instance_uid for job in ready] == ["1.1.1", "1.1.2"]


def test_studies_wait_for_themselves_only(queue: JobQueue, clock: Clock) -> None:
    _add(queue, "1", "a")
    clock.now += 20
    _add(queue, "2", "b")
    assert [job.sop_instance_uid for job in queue.ready_to_analyze(stable_seconds=10)] == ["1"]


def test_what_is_written_survives_the_process(tmp_path: Path, clock: Clock) -> None:
    first = JobQueue(tmp_path / "queue.db", clock=clock)
    _add(first, "1")
    first.mark(first.jobs()[0], "analyzed", results=tmp_path / "out")
    first.close()
    again = JobQueue(tmp_path / "queue.db", clock=clock)
    (job,) = again.ready_to_send()
    assert job.results == tmp_path / "out"
    assert again.unfinished() == 1


def test_a_failed_delivery_waits(queue: JobQueue, clock: Clock) -> None:
    _add(queue, "1")
    queue.mark(queue.jobs()[0], "analyzed")
    queue.postpone(queue.jobs()[0], seconds=30, reason="refused: 0xA700")
    assert queue.ready_to_send() == []
    clock.now += 30
    (job,) = queue.ready_to_send()
    assert (job.attempts, job.reason) == (1, "refused: 0xA700")


def test_done_is_done_until_it_is_received_again(queue: JobQueue) -> None:
    _add(queue, "1")
    queue.mark(queue.jobs()[0], "done")
    assert queue.unfinished() == 0
    _add(queue, "1")
    assert queue.unfinished() == 1
