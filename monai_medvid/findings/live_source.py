# SPDX-License-Identifier: Apache-2.0
"""What was watched live, for the findings."""

from __future__ import annotations

from monai_medvid.findings.model import SourceSummary
from monai_medvid.video.live_info import LiveInfo

_RECORDED_CODEC = "h264"


def summarize_live(info: LiveInfo) -> SourceSummary:
    """What was analysed; for a file, see ``monai_medvid.analysis.summarize_source``.

    Where there is a recording, it is the video that findings refer to: numbers, times, length and
    checksum are those that ``open_video`` finds in it.

    Args:
        info: Of the source so far; final, with length and checksum, once it has ended.
    """
    return SourceSummary(
        name=info.name,
        sha256=info.sha256,
        width=info.width,
        height=info.height,
        frame_count=info.frame_count,
        frame_rate=info.frame_rate,
        duration=info.duration,
        constant_frame_rate=info.constant_frame_rate,
        codec=_RECORDED_CODEC if info.recording is not None else info.codec,
        kind=info.kind,
        complete=info.complete,
        decoder=info.decoder,
        warnings=info.warnings,
    )
