# SPDX-License-Identifier: Apache-2.0
"""Average precision of many classes, with a stated rule for classes that never occur.

scikit-learn computes AP = sum of (recall step x precision), without interpolation. What it returns
for a class without a positive changed between versions (NaN, then 0), which is why it is never
asked: here such a class is NaN, and left out of means.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from sklearn.metrics import average_precision_score

from monai_medvid.metrics.result import Floats

NO_POSITIVE = "a class without a positive moment is undefined and left out of means"


def average_precision(truth: Floats, scores: Floats) -> npt.NDArray[np.float64]:
    """AP of each class.

    Args:
        truth: (T, C), a class occurs from 0.5 on; NaN where nobody knows.
        scores: (T, C), higher means more likely.

    Returns:
        (C,); NaN for a class that never occurs.
    """
    result = np.full(truth.shape[1], np.nan)
    for index, (true, score) in enumerate(zip(truth.T, scores.T, strict=True)):
        known = ~np.isnan(np.asarray(true, np.float64))
        positive = true[known] >= 0.5
        if positive.any():
            result[index] = average_precision_score(positive, score[known])
    return result
