# SPDX-License-Identifier: Apache-2.0
"""A web page that shows the operation while it goes on: picture, findings, alerts, latency."""

from monai_medvid.preview.picture import PictureOptions
from monai_medvid.preview.server import PreviewServer
from monai_medvid.preview.state import PreviewState

__all__ = ["PictureOptions", "PreviewServer", "PreviewState"]
