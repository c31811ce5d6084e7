# SPDX-License-Identifier: Apache-2.0
"""The one small interface behind a live source: something that can be connected to, and lost."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Protocol

from monai_medvid.errors import VideoReadError
from monai_medvid.video.decoder import Frame
from monai_medvid.video.live_info import LiveKind

Arrival = tuple[Fraction | None, Frame]
"""The time of a frame on the source's own clock, None where arrival is the clock; its pixels."""


class LostError(VideoReadError):
    """A source does not answer, or answers no more; it may come back."""


class Feed(Protocol):
    """Gives frames as they come. One thread uses it.

    Attributes:
        kind: Device, stream or replay.
        shown: For messages; holds no secret.
        decoder: Which decoder reads it, as in ``VideoInfo``.
        codec: As coded; known once a connection was made.
        rate: Nominal frames a second; known likewise.
        corrupt: Packets and pictures that were damaged and left out.
    """

    kind: LiveKind
    shown: str
    decoder: str
    codec: str
    rate: Fraction
    corrupt: int

    @property
    def notes(self) -> list[str]:
        """What is odd, one sentence each."""

    def connect(self) -> Iterator[Arrival]:
        """Frames from now on. It ends where a file ends or when it is told to stop.

        Raises:
            LostError: The source does not answer, now or while frames are read.
            VideoReadError: It never will.
        """

    def close(self) -> None:
        """Give back what is held beyond a connection; safe to call twice."""
