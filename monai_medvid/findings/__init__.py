# SPDX-License-Identifier: Apache-2.0
"""From probabilities to findings: smoothing, outlines, tracks and intervals."""

from monai_medvid.findings.builder import FindingsBuilder
from monai_medvid.findings.events import FindingEvent, LiveState
from monai_medvid.findings.model import (
    Findings,
    Interval,
    ModelSummary,
    Region,
    Ring,
    SourceSummary,
    Track,
)
from monai_medvid.findings.options import FindingOptions

__all__ = [
    "FindingEvent",
    "FindingOptions",
    "Findings",
    "FindingsBuilder",
    "Interval",
    "LiveState",
    "ModelSummary",
    "Region",
    "Ring",
    "SourceSummary",
    "Track",
]
