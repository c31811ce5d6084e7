# SPDX-License-Identifier: Apache-2.0
"""Whether an MP4 file tells more than its pictures (ISO/IEC 14496-12)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import BinaryIO

_PLAIN = frozenset(
    {b"ftyp", b"moov", b"mdat", b"free", b"skip", b"moof", b"mfra", b"sidx", b"styp"}
)
_PLAIN_IN_MOOV = frozenset({b"mvhd", b"trak", b"mvex", b"iods"})
_DATED = frozenset({b"mvhd", b"tkhd", b"mdhd"})
_ENTERED = frozenset({b"moov", b"trak", b"mdia"})
_LONGEST_FILLER = 64
_EMPTY_LIST = b"\0\0\0\x08ilst"
"""How FFmpeg ends the user data of a file that has no titles."""


def carries_more_than_pictures(stream: BinaryIO) -> bool:
    """Look for user data, metadata, foreign boxes, used filler and dates of making."""
    stream.seek(0, 2)
    return any(_tells(stream, box) for box in _boxes(stream, 0, stream.tell(), b""))


class _Box:
    """A box: its four letters, those of the one around it, and where its content lies."""

    def __init__(self, kind: bytes, parent: bytes, start: int, end: int) -> None:
        self.kind, self.parent, self.start, self.end = kind, parent, start, end


def _boxes(stream: BinaryIO, start: int, end: int, parent: bytes) -> Iterator[_Box]:
    while start + 8 <= end:
        stream.seek(start)
        size, kind = struct.unpack(">I4s", stream.read(8))
        content = start + 8
        if size == 1:
            (size,) = struct.unpack(">Q", stream.read(8))
            content += 8
        stop = end if size == 0 else start + size
        if stop > end or stop < content:
            yield _Box(b"????", parent, start, end)
            return
        box = _Box(kind, parent, content, stop)
        yield box
        if kind in _ENTERED:
            yield from _boxes(stream, content, stop, kind)
        start = stop


def _tells(stream: BinaryIO, box: _Box) -> bool:
    if not box.parent and box.kind not in _PLAIN:
        return True
    stream.seek(box.start)
    if box.kind == b"udta":
        content = stream.read(box.end - box.start)
        return bool(content) and not (len(content) < 64 and content.endswith(_EMPTY_LIST))
    if box.parent == b"moov" and box.kind not in _PLAIN_IN_MOOV:
        return True
    if box.kind in (b"meta", b"uuid"):
        return True
    if box.kind in (b"free", b"skip"):
        content = stream.read(box.end - box.start)
        return len(content) > _LONGEST_FILLER and any(content)
    if box.kind in _DATED:
        head = stream.read(20)
        times = head[4:20] if head[:1] == b"\x01" else head[4:12]
        return any(times)
    return False
