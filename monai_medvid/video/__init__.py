# SPDX-License-Identifier: Apache-2.0
"""Open anything that holds a medical video, exactly."""

from monai_medvid.video.frames import FrameBatch
from monai_medvid.video.info import DicomIdentity, VideoInfo
from monai_medvid.video.open import open_video
from monai_medvid.video.video import Video

__all__ = ["DicomIdentity", "FrameBatch", "Video", "VideoInfo", "open_video"]
