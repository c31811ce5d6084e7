# SPDX-License-Identifier: Apache-2.0
"""A video stream inside a DICOM file as a file of its own: nothing copied, nothing loaded."""

from __future__ import annotations

import io
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import TYPE_CHECKING

from monai_medvid.video.dicom_bytes import ByteSource
from monai_medvid.video.dicom_fragments import Span

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


class PayloadReader(io.RawIOBase):
    """The bytes of several spans of a source, one after the other, seekable and read-only.

    Fragments of one video stream are concatenated byte for byte (PS3.5 A.4, fragmentable syntaxes).

    Example:
        >>> source = ByteSource(io.BytesIO(b"..head..tail"))
        >>> PayloadReader(source, [Span(2, 4), Span(8, 4)]).read()
        b'headtail'
    """

    def __init__(self, source: ByteSource, spans: Sequence[Span]) -> None:
        super().__init__()
        self._source = source
        self._spans = [span for span in spans if span.length > 0]
        self._begins = list(accumulate((span.length for span in self._spans), initial=0))
        self._position = 0

    @property
    def size(self) -> int:
        """Length of the stream in bytes."""
        return self._begins[-1]

    def readable(self) -> bool:
        """Always: this is what it is for."""
        return True

    def seekable(self) -> bool:
        """Always: the spans are known from the start."""
        return True

    def tell(self) -> int:
        """Position in the stream, in bytes."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Move to a position; beyond the end is allowed and reads nothing there."""
        if whence not in (io.SEEK_SET, io.SEEK_CUR, io.SEEK_END):
            msg = f"whence must be 0, 1 or 2, got {whence}."
            raise ValueError(msg)
        base = (0, self._position, self.size)[whence]
        if base + offset < 0:
            msg = f"seek before the start of the stream: {base + offset}."
            raise ValueError(msg)
        self._position = base + offset
        return self._position

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        """Fill the buffer across fragment borders; short only at the end of the stream."""
        view = memoryview(buffer).cast("B")
        done = 0
        while done < len(view) and self._position < self.size:
            index = bisect_right(self._begins, self._position) - 1
            inside = self._position - self._begins[index]
            span = self._spans[index]
            wanted = min(len(view) - done, span.length - inside)
            part = self._source.read_at(span.offset + inside, wanted)
            if not part:
                break  # the file became shorter since it was opened
            view[done : done + len(part)] = part
            done += len(part)
            self._position += len(part)
        return done
