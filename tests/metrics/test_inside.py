# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import math

import numpy as np
import pytest

from monai_medvid.metrics.inside import inside_metrics
from monai_medvid.metrics.result import Scope, ScorePair

SCOPE = Scope(split="test", rate=1)


def _pair(truth: list[float], scores: list[float], name: str) -> ScorePair:
    return ScorePair(name=name, truth=np.c_[truth], predicted=np.c_[scores])


def test_by_hand() -> None:
    one = _pair([1, 1, 0, math.nan], [0.9, 0.2, 0.1, 0.9], "one")  # 2 of 3 right
    two = _pair([1], [0.5], "two")  # right
    metrics = inside_metrics([one, two], SCOPE)
    assert metrics["accuracy"].value == pytest.approx((2 / 3 + 1) / 2)
    # Inside: 2 of 3 found; outside: 1 of 1.
    assert metrics["balanced accuracy"].value == pytest.approx((2 / 3 + 1) / 2)
    assert metrics["accuracy"].counts == {"videos": 2, "moments": 4}


def test_never_outside_is_undefined() -> None:
    metrics = inside_metrics([_pair([1, 1], [0.9, 0.9], "v")], SCOPE)
    assert metrics["accuracy"].value == 1
    assert math.isnan(metrics["balanced accuracy"].value)
