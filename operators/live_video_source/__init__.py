# SPDX-License-Identifier: Apache-2.0
"""The newest frame of a capture device, a stream, or a file in real time."""

from operators.live_video_source.live_video_source import LiveVideoSourceOp

__all__ = ["LiveVideoSourceOp"]
