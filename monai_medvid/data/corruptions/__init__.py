# SPDX-License-Identifier: Apache-2.0
"""Corruptions of video at five severities: as a stream, and as MONAI transforms."""

from typing import TYPE_CHECKING, Any

from monai_medvid.data.corruptions.corruption import SEVERITIES
from monai_medvid.data.corruptions.stream import corrupt
from monai_medvid.data.corruptions.table import (
    Condition,
    choose_conditions,
    list_corruptions,
    make_corruption,
)

if TYPE_CHECKING:
    from monai_medvid.data.corruptions.transforms import RandCorruptVideo, RandCorruptVideod

__all__ = [
    "SEVERITIES",
    "Condition",
    "RandCorruptVideo",
    "RandCorruptVideod",
    "choose_conditions",
    "corrupt",
    "list_corruptions",
    "make_corruption",
]


def __getattr__(name: str) -> Any:
    """Import the transforms, and MONAI with them, only when they are asked for."""
    if name in ("RandCorruptVideo", "RandCorruptVideod"):
        from monai_medvid.data.corruptions import transforms

        return getattr(transforms, name)
    msg = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(msg)
