# SPDX-License-Identifier: Apache-2.0
"""Where the fragments of encapsulated pixel data lie (PS3.5 A.4), found without reading them."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from monai_medvid.errors import VideoReadError
from monai_medvid.video.dicom_bytes import ByteSource

_ITEM = 0xE000FFFE  # (FFFE,E000) as one little endian number
_SEQUENCE_END = 0xE0DDFFFE  # (FFFE,E0DD)
_UNDEFINED = 0xFFFFFFFF
_HEAD = 8  # tag and length of an item
MOST_FRAGMENTS = 1 << 20
"""More are damage: nine hours of a coded image 30 times a second have fewer."""
START_BYTES = 12
"""How much of each fragment's beginning is kept, enough for any start marker."""


@dataclass(frozen=True)
class Span:
    """Bytes of a source: ``length`` bytes from ``offset``."""

    offset: int
    length: int


@dataclass(frozen=True)
class Fragments:
    """The items of encapsulated pixel data.

    Attributes:
        spans: The fragments in order, without the offset table; the last is cut to what exists.
        starts: The first bytes of each fragment.
        offsets: The Basic Offset Table: offsets from the first fragment's item tag; often empty.
        cut: Whether the data end inside the last fragment, or in something that is no item.
        short: Whether the last fragment is shorter than it says.
    """

    spans: tuple[Span, ...]
    starts: tuple[bytes, ...]
    offsets: tuple[int, ...]
    cut: bool
    short: bool = False

    @property
    def item_offsets(self) -> tuple[int, ...]:
        """Offset of each fragment's item tag from the first one's, as offset tables count them."""
        first = self.spans[0].offset if self.spans else 0
        return tuple(span.offset - first for span in self.spans)


def find_fragments(source: ByteSource, start: int, end: int) -> Fragments:
    """Walk over the items between two offsets of a source.

    Raises:
        VideoReadError: There are absurdly many.
    """
    spans: list[Span] = []
    starts: list[bytes] = []
    position, cut, short = start, False, False
    while position < end:
        head = source.read_at(position, min(_HEAD + START_BYTES, end - position))
        if len(head) < _HEAD:
            cut = True
            break
        tag, length = struct.unpack_from("<II", head)
        if tag != _ITEM or length == _UNDEFINED:
            cut = tag != _SEQUENCE_END
            break
        position += _HEAD
        if len(spans) == MOST_FRAGMENTS:
            msg = (
                f"Expected at most {MOST_FRAGMENTS} fragments of pixel data, found more: "
                "the object is damaged, or no video."
            )
            raise VideoReadError(msg)
        spans.append(Span(position, min(length, end - position)))
        starts.append(head[_HEAD : _HEAD + length])
        cut = short = position + length > end
        position += length
    offsets, fragments = _offset_table(source, spans, starts)
    return Fragments(tuple(spans[fragments:]), tuple(starts[fragments:]), offsets, cut, short)


def _offset_table(
    source: ByteSource, spans: list[Span], starts: list[bytes]
) -> tuple[tuple[int, ...], int]:
    """The first item's offsets (PS3.5 A.4), and at which item the fragments begin.

    Some writers forget the table; then the first item is a fragment already.
    """
    if not spans or not _is_offset_table(spans[0], starts[0]):
        return (), 0
    table = source.read_at(spans[0].offset, spans[0].length)
    return struct.unpack(f"<{len(table) // 4}I", table[: len(table) // 4 * 4]), 1


def _is_offset_table(span: Span, start: bytes) -> bool:
    # The first offset is always 0; no stream or coded image begins with four zero bytes.
    return span.length == 0 or (span.length % 4 == 0 and start[:4] == b"\0\0\0\0")
