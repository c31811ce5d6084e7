# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import threading

import pytest

from monai_medvid.background import Background
from monai_medvid.errors import OutputError


def test_work_is_done_in_order_and_elsewhere() -> None:
    work = Background[tuple[int, str]]("elsewhere")
    for number in range(3):
        work.submit(lambda number=number: (number, threading.current_thread().name))
    assert work.stop(timeout_seconds=10)
    assert [work.take() for _ in range(4)] == [*((n, "elsewhere") for n in range(3)), None]
    assert not work.busy


def test_nobody_waits_for_it() -> None:
    go = threading.Event()
    work = Background[bool]("slow")
    work.submit(lambda: go.wait(30))
    assert work.take() is None
    assert work.busy
    assert not work.ready
    assert not work.stop(timeout_seconds=0.05)
    go.set()
    assert work.stop(timeout_seconds=10)
    work.submit(lambda: False)
    assert work.stop(timeout_seconds=10)
    assert [work.take(), work.take()] == [True, False]


def test_an_error_comes_back_as_it_was_and_the_next_piece_is_done() -> None:
    def fail() -> str:
        raise ZeroDivisionError("the very one")

    work = Background[str]("failing")
    work.submit(fail)
    work.submit(lambda: "fine")
    work.stop(timeout_seconds=10)
    with pytest.raises(ZeroDivisionError, match="the very one"):
        work.take()
    assert work.take() == "fine"


def test_without_work_there_is_no_thread() -> None:
    before = threading.active_count()
    work = Background[int]("idle")
    assert threading.active_count() == before
    assert work.stop(timeout_seconds=0)


def test_finishing_tells_what_went_wrong_or_took_too_long() -> None:
    def fail() -> str:
        raise ZeroDivisionError("the very one")

    work = Background[str]("failing")
    work.submit(fail)
    with pytest.raises(ZeroDivisionError, match="the very one"):
        work.finish("report", timeout_seconds=10)
    go = threading.Event()
    work.submit(lambda: str(go.wait()))
    with pytest.raises(OutputError, match=r"the report to be written within 0\.01 s"):
        work.finish("report", timeout_seconds=0.01)
    go.set()
    work.finish("report", timeout_seconds=10)
