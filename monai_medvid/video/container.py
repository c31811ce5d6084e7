# SPDX-License-Identifier: Apache-2.0
"""One door for encoded streams: look inside, then choose who decodes."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO, Literal

from monai_medvid.video.choose import DecoderName, DeviceName, choose_decoder
from monai_medvid.video.decoder import FrameDecoder
from monai_medvid.video.examine import examine
from monai_medvid.video.media import Media


def open_container(
    source: Path | Callable[[], BinaryIO],
    *,
    decoder: DecoderName = "auto",
    device: DeviceName = "auto",
    kind: Literal["file", "dicom-video"] = "file",
    fps: Fraction | None = None,
) -> FrameDecoder:
    """Open an encoded stream: MP4, MOV, MKV, WebM, AVI, MPEG program, transport or bare stream.

    Args:
        source: A file, or a function that returns a fresh seekable stream of the bytes each time
            it is called (several may be in use at once).
        decoder: Who decodes; "auto" picks and says why in ``info.decoder_reason``.
        device: Where to decode.
        kind: What the stream came in.
        fps: Frames a second for streams that carry no time stamps.

    Raises:
        VideoReadError: The stream is refused.
        ModelError: ``device`` is "cuda" and there is no GPU.
    """
    examined = examine(Media(source), kind=kind, fps=fps)
    return choose_decoder(examined, decoder=decoder, device=device)
