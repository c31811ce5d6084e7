# SPDX-License-Identifier: Apache-2.0
"""What answers rested on, packed small for the page."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from monai_medvid.errors import InputError
from monai_medvid.findings.model import Findings
from monai_medvid.inference.explain import Explanation

MOST = 20
"""Explanations on a page."""
WIDEST = 96
"""Pixels of a heat map; the page smooths it when it makes it larger."""


def pack_explanations(
    findings: Findings, explanations: Iterable[Explanation]
) -> list[dict[str, Any]]:
    """Of each explanation the finding's UID, a PNG and the ticks; the first ``MOST`` of them.

    Raises:
        InputError: An explanation is of no interval of the findings.
    """
    given = list(explanations)
    known = {interval.uid for interval in findings.intervals}
    if any(one.interval_uid not in known for one in given):
        raise InputError(
            "expected explanations of the intervals that were found, found one of another "
            "analysis. Explain the findings that are written."
        )
    return [
        {"uid": one.interval_uid, "heat": _picture(one.heat), "ticks": _ticks(one)}
        for one in given[:MOST]
    ]


def _ticks(one: Explanation) -> list[list[float]]:
    """Seconds, and the weight in thousandths."""
    pairs = zip(one.tick_seconds.tolist(), one.tick_weights.tolist(), strict=True)
    return [[round(seconds, 3), round(1000 * weight)] for seconds, weight in pairs]


def _picture(heat: npt.NDArray[np.float32]) -> str:
    """A PNG as data: URI: cold is transparent, hot is yellow.

    The colours are cividis (Nunez et al., PLoS ONE 2018): from blue to yellow, seen alike with
    every common colour vision, and unlike tissue.
    """
    scale = min(1.0, WIDEST / heat.shape[1])
    size = (max(1, round(heat.shape[1] * scale)), max(1, round(heat.shape[0] * scale)))
    small = cv2.resize(heat, size, interpolation=cv2.INTER_AREA)
    levels = np.round(np.clip(small, 0, 1) * 255).astype(np.uint8)
    colours = cv2.applyColorMap(levels, cv2.COLORMAP_CIVIDIS)
    _, data = cv2.imencode(".png", np.dstack([colours, levels]), [cv2.IMWRITE_PNG_COMPRESSION, 9])
    return "data:image/png;base64," + base64.b64encode(data.tobytes()).decode()
