# SPDX-License-Identifier: Apache-2.0
"""The first part of a multipart/related answer, read while it comes (PS3.18 8.6.1.2, RFC 2387)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from email.message import Message

_LONGEST_HEAD = 1 << 16


def boundary_of(content_type: str) -> bytes:
    """The boundary that a Content-Type names.

    Raises:
        ValueError: It is not a multipart type, or names none.
    """
    message = Message()
    message["Content-Type"] = content_type
    boundary = message.get_param("boundary")
    if message.get_content_maintype() != "multipart" or not isinstance(boundary, str):
        raise ValueError(f"expected a multipart answer, found {message.get_content_type()}.")
    return boundary.encode()


def first_part(chunks: Iterable[bytes], boundary: bytes) -> Iterator[bytes]:
    """The bytes of the first part, in pieces; what comes after it is not read.

    Args:
        chunks: The body as it comes.
        boundary: As ``boundary_of`` gives it.

    Raises:
        ValueError: There is no part, or it ends early.
    """
    source = iter(chunks)
    delimiter = b"\r\n--" + boundary
    held = _after_head(source, boundary)
    while (end := held.find(delimiter)) < 0:
        keep = len(delimiter) - 1  # the delimiter may begin in what is here
        if len(held) > keep:
            yield held[:-keep]
            held = held[-keep:]
        more = next(source, b"")
        if not more:
            raise ValueError("expected the end of a part, found the end of the answer.")
        held += more
    yield held[:end]


def _after_head(source: Iterator[bytes], boundary: bytes) -> bytes:
    """What is read already of the content."""
    held = b""
    for chunk in source:
        held += chunk
        begin = held.find(b"--" + boundary)
        end = held.find(b"\r\n\r\n", begin) if begin >= 0 else -1
        if end >= 0:
            return held[end + 4 :]
        if len(held) > _LONGEST_HEAD:
            break
    raise ValueError("expected a part with a header, found none.")
