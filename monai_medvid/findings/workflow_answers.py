# SPDX-License-Identifier: Apache-2.0
"""Which answers of a workflow network count."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from monai_medvid.findings.options import FindingOptions
from monai_medvid.inference.workflow_batch import WorkflowBatch
from monai_medvid.models.channels import Channels


class Judged(NamedTuple):
    """What may be believed of a batch.

    Attributes:
        outside: (T,) probability that the camera is out of the body.
        known: (T,) whether the frame looks like what the network was trained on.
        clear: (T,) whether what the network says about the inside of the body counts.
    """

    outside: npt.NDArray[np.float32]
    known: npt.NDArray[np.bool_]
    clear: npt.NDArray[np.bool_]


def judge(batch: WorkflowBatch, channels: Channels, options: FindingOptions) -> Judged:
    """Judge a batch: familiar frames count, and while inside what is said about the inside."""
    outside = 1.0 - batch.answers[:, channels.find("inside").start]
    known = batch.familiarity >= options.minimum_familiarity
    return Judged(outside, known, known & (outside < options.interval_enter))
