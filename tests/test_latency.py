# SPDX-License-Identifier: Apache-2.0
"""Percentiles in constant memory, held against numpy's."""

from __future__ import annotations

import math
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monai_medvid.latency import LatencyHistogram, LatencySummary

TIMES = st.lists(st.floats(1e-5, 900.0), min_size=1, max_size=200)


def _filled(times: list[float]) -> LatencyHistogram:
    histogram = LatencyHistogram()
    for seconds in times:
        histogram.add(seconds)
    return histogram


@given(times=TIMES, percent=st.sampled_from([0, 1, 25, 50, 75, 90, 95, 99, 99.9, 100]))
def test_percentiles_are_numpys_within_a_bin(times: list[float], percent: float) -> None:
    expected = float(np.percentile(times, percent, method="inverted_cdf"))
    found = _filled(times).percentile(percent)
    assert expected * (1 - 1e-9) <= found <= expected * 1.02 * (1 + 1e-9)


@given(times=TIMES)
def test_count_mean_and_maximum_are_exact(times: list[float]) -> None:
    summary = _filled(times).summary()
    assert summary.count == len(times)
    assert summary.max_ms == 1e3 * max(times)
    assert math.isclose(summary.mean_ms, 1e3 * float(np.mean(times)), rel_tol=1e-9)
    assert summary.p50_ms <= summary.p95_ms <= summary.p99_ms <= summary.max_ms


def test_memory_does_not_grow() -> None:
    histogram = _filled([0.01])
    before = len(pickle.dumps(histogram))
    for number in range(20_000):
        histogram.add((number % 977) / 977)
    assert len(pickle.dumps(histogram)) < 4 * before
    assert len(histogram) == 20_001


def test_values_out_of_range_are_counted() -> None:
    histogram = _filled([-1.0, 0.0, 5000.0])
    assert histogram.percentile(50) <= 2e-5
    assert histogram.percentile(100) == 5000.0


def test_nothing_measured_says_so() -> None:
    assert LatencyHistogram().summary() == LatencySummary()
    assert str(LatencySummary()) == "not measured"
    assert LatencyHistogram().percentile(99) == 0


def test_a_summary_reads_by_itself() -> None:
    assert "max 20.0 ms over 2 frames" in str(_filled([0.01, 0.02]).summary())
    assert _filled([0.01]).summary().to_dict()["count"] == 1


@pytest.mark.parametrize("seconds", [math.nan, math.inf])
def test_what_is_no_time_is_refused(seconds: float) -> None:
    with pytest.raises(ValueError, match="seconds must be finite"):
        LatencyHistogram().add(seconds)


def test_what_is_no_percentage_is_refused() -> None:
    with pytest.raises(ValueError, match="percent must be within 0 and 100, got 101"):
        LatencyHistogram().percentile(101)
