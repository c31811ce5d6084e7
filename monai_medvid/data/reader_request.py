# SPDX-License-Identifier: Apache-2.0
"""How a video, or one frame of it, is named to MONAI's transforms, which pass on names only."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import Any

FRAME_MARK = "#frame="
"""Between a path and a 0-based frame number: the name of one frame of a video."""

_ONE_FRAME = re.compile(rf"^(?P<path>.+){FRAME_MARK}(?P<number>\d+)$")


@dataclass(frozen=True)
class VideoRequest:
    """What is to be read: a source, and one of its frames or all that the reader selects."""

    path: str
    frame: int | None = None


def names_of(filename: Any) -> list[str]:
    """One name, or a sequence of names, as texts."""
    if isinstance(filename, (str, os.PathLike)):
        return [os.fspath(filename)]
    return [os.fspath(name) for name in filename]


def request_of(name: str, frame: int | None) -> VideoRequest:
    """What a name asks for; ``frame`` where it names none itself."""
    marked = _ONE_FRAME.match(name)
    if marked is None or os.path.exists(name):
        return VideoRequest(name, frame)
    return VideoRequest(marked["path"], int(marked["number"]))
