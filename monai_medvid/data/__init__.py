# SPDX-License-Identifier: Apache-2.0
"""What MONAI trains and runs on: readers, datasets and a simulator."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from monai_medvid.data.reader import MedicalVideoReader, video_frame_dicts

__all__ = ["MedicalVideoReader", "video_frame_dicts"]


def __getattr__(name: str) -> Any:
    """Import the reader, and MONAI with it, only when it is asked for."""
    if name in __all__:
        from monai_medvid.data import reader

        return getattr(reader, name)
    msg = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(msg)
