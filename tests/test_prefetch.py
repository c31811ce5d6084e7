# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from monai_medvid.prefetch import Prefetch


def alive() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "medvid-prefetch"]


def test_everything_arrives_in_order() -> None:
    with Prefetch(range(1000), depth=3) as items:
        assert list(items) == list(range(1000))
    assert not alive()


def test_the_producer_never_runs_further_ahead_than_its_depth() -> None:
    made = 0

    def count() -> Iterator[int]:
        nonlocal made
        for i in range(50):
            made = i + 1
            yield i

    with Prefetch(count(), depth=2) as items:
        for taken, _ in enumerate(items, start=1):
            time.sleep(0.001)
            assert made <= taken + 3  # two in the queue, one in hand


def test_a_failing_source_raises_where_it_is_awaited() -> None:
    def fail() -> Iterator[int]:
        yield 1
        raise OSError("the disc is gone")

    with Prefetch(fail()) as items:
        taken = iter(items)
        assert next(taken) == 1
        with pytest.raises(OSError, match="the disc is gone"):
            next(taken)
    assert not alive()


def test_a_failing_consumer_stops_the_producer_and_closes_its_source() -> None:
    closed = threading.Event()

    def endless() -> Iterator[int]:
        try:
            while True:
                yield 1
        finally:
            closed.set()

    def consume() -> None:
        with Prefetch(endless()) as items:
            for _ in items:
                raise KeyError("consumer")

    with pytest.raises(KeyError):
        consume()
    assert closed.is_set()
    assert not alive()


def test_stopping_twice_is_harmless() -> None:
    prefetch = Prefetch(range(3))
    with prefetch:
        pass
    prefetch.stop()


def test_a_source_that_hangs_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monai_medvid.prefetch._STOP_SECONDS", 0.05)
    release = threading.Event()

    def hang() -> Iterator[int]:
        release.wait(5)
        yield 1

    prefetch = Prefetch(hang())
    with pytest.raises(RuntimeError, match="did not end within"), prefetch:
        pass
    release.set()


def test_depth_must_be_positive() -> None:
    with pytest.raises(ValueError, match="depth must be 1 or more, got 0"):
        Prefetch([], depth=0)
