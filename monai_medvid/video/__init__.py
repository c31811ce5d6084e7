# SPDX-License-Identifier: Apache-2.0
"""Open anything that holds a medical video, exactly."""

from monai_medvid.video.frames import FrameBatch
from monai_medvid.video.info import DicomIdentity, VideoInfo

__all__ = ["DicomIdentity", "FrameBatch", "VideoInfo"]
