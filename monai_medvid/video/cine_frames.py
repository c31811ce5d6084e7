# SPDX-License-Identifier: Apache-2.0
"""Where each frame of a multi-frame object lies: the data decide, tables and counts are hints."""

from __future__ import annotations

from dataclasses import dataclass

from monai_medvid.errors import VideoReadError
from monai_medvid.video.dicom_bytes import ByteSource
from monai_medvid.video.dicom_fragments import MOST_FRAGMENTS, Fragments, Span, find_fragments
from monai_medvid.video.dicom_header import PixelElement
from monai_medvid.video.dicom_syntaxes import END_MARKER, START_MARKERS, FrameCodec

CUT = "The file breaks off before its pixel data end: whole frames up to the break were kept."


@dataclass(frozen=True)
class FrameIndex:
    """The bytes of each frame.

    Attributes:
        frames: Spans of each frame, in order.
        warnings: What is odd, one sentence each.
        cut: Whether the file ends before its pixel data do.
        words: Whether pairs of bytes are exchanged: 8-bit samples in big endian 16-bit words.
    """

    source: ByteSource
    frames: tuple[tuple[Span, ...], ...]
    warnings: tuple[str, ...] = ()
    cut: bool = False
    words: bool = False

    def __len__(self) -> int:
        return len(self.frames)

    def data(self, number: int) -> bytes:
        """The coded bytes of a frame, its fragments put together."""
        spans = self.frames[number]
        if self.words:
            return self._exchanged(spans[0])
        return b"".join(self.source.read_at(span.offset, span.length) for span in spans)

    def _exchanged(self, span: Span) -> bytes:
        """Read whole words, which a frame of odd length shares with its neighbour."""
        before = (span.offset - self.frames[0][0].offset) % 2
        after = (before + span.length) % 2
        coded = self.source.read_at(span.offset - before, before + span.length + after)
        words = bytearray(len(coded))
        words[0::2], words[1::2] = coded[1::2], coded[0::2]
        return bytes(words[before : before + span.length])


def index_native(
    pixels: PixelElement, frame_bytes: int, expected: int | None, *, words: bool = False
) -> FrameIndex:
    """Frames of one plain value, each ``frame_bytes`` long (PS3.5 8.1.1).

    Raises:
        VideoReadError: There would be absurdly many.
    """
    held = pixels.end - pixels.offset
    count = held // frame_bytes
    if count > MOST_FRAGMENTS:
        msg = (
            f"Expected at most {MOST_FRAGMENTS} frames, found {count} of {frame_bytes} bytes: "
            "Rows and Columns are damaged, get a fresh copy."
        )
        raise VideoReadError(msg)
    frames = tuple((Span(pixels.offset + i * frame_bytes, frame_bytes),) for i in range(count))
    cut = pixels.length is not None and pixels.offset + pixels.length > pixels.end
    warnings = list(_count_warning(expected, count, "pixel data for"))
    if cut:
        warnings.append(CUT)
    return FrameIndex(pixels.source, frames, tuple(warnings), cut, words)


def index_encapsulated(
    pixels: PixelElement, codec: FrameCodec, expected: int | None, offsets: tuple[int, ...]
) -> FrameIndex:
    """Frames of encapsulated pixel data; ``offsets`` is the Extended Offset Table, often empty."""
    fragments = find_fragments(pixels.source, pixels.offset, pixels.end)
    groups, warnings = _group(fragments, codec, expected, offsets or fragments.offsets)
    frames = tuple(tuple(fragments.spans[i] for i in group) for group in groups)
    if fragments.cut:
        if frames and not _is_whole(pixels.source, frames[-1], fragments, codec):
            frames = frames[:-1]
        warnings.append(CUT)
    whole = tuple(spans for spans in frames if any(span.length for span in spans))
    if len(whole) < len(frames):
        warnings.append(f"{len(frames) - len(whole)} frames without data were left out.")
    warnings += _count_warning(expected, len(whole), "coded images for")
    return FrameIndex(pixels.source, whole, tuple(warnings), fragments.cut)


def _group(
    fragments: Fragments, codec: FrameCodec, expected: int | None, offsets: tuple[int, ...]
) -> tuple[list[list[int]], list[str]]:
    """Fragment numbers of each frame: by start markers where the codec has them, else by table."""
    count = len(fragments.spans)
    if not count:
        return [], []
    tabled = _starts_by_table(fragments, offsets)
    marked = _starts_by_marker(fragments, codec)
    warnings = []
    if offsets and tabled is None:
        warnings.append("The offset table points between fragments and was not used.")
    starts = tabled
    if marked is not None and tabled is not None and marked != tabled:
        warnings.append("The offset table disagrees with where coded images begin: not used.")
    if marked is not None:
        starts = marked
    if starts is None:
        starts = [0] if expected in (None, 1) else list(range(count))
    ends = [*starts[1:], count]
    return [list(range(a, b)) for a, b in zip(starts, ends, strict=True)], warnings


def _starts_by_table(fragments: Fragments, offsets: tuple[int, ...]) -> list[int] | None:
    """Fragment at which each frame begins; None where the table does not fit the fragments."""
    place = {offset: number for number, offset in enumerate(fragments.item_offsets)}
    starts = [place[offset] for offset in offsets if offset in place]
    beyond = [o for o in offsets if o not in place]
    fits = starts and starts[0] == 0 and starts == sorted(set(starts))
    if beyond and not (fragments.cut and min(beyond) > max(place, default=0)):
        return None
    return starts if fits else None


def _starts_by_marker(fragments: Fragments, codec: FrameCodec) -> list[int] | None:
    """Fragments that begin a coded image; None where the first does not look like one."""
    markers = START_MARKERS.get(codec)
    if not markers or not fragments.starts or not fragments.starts[0].startswith(markers):
        return None
    return [i for i, start in enumerate(fragments.starts) if start.startswith(markers)]


def _is_whole(
    source: ByteSource, spans: tuple[Span, ...], fragments: Fragments, codec: FrameCodec
) -> bool:
    """Whether the last frame of data that break off is complete."""
    if fragments.short:
        return False
    last = spans[-1]
    tail = source.read_at(max(last.offset, last.offset + last.length - 8), min(8, last.length))
    return codec not in START_MARKERS or tail.rstrip(b"\0").endswith(END_MARKER)


def _count_warning(expected: int | None, found: int, what: str) -> list[str]:
    if expected is None or expected == found:
        return []
    return [f"The header says NumberOfFrames {expected}, there are {what} {found}."]
